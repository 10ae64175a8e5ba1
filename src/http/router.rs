//! The router: from a request to the reply, for both servers.

use super::answer::{Answer, Reply};
use super::guard::Guard;
use super::pages::Pages;
use super::request::Request;

/// What a handler is: a function from request to reply. An error is an answer,
/// too.
pub type Handler = Box<dyn Fn(&Request) -> Result<Reply, Answer> + Send + Sync>;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone: the browser itself keeps the answer from foreign pages.
    Open,
    /// No page of a foreign origin: it changes something, or it is a WebSocket,
    /// which the browser does not guard.
    OwnPages,
    /// As `OwnPages`, for an answer that is a script, whose request has no
    /// `Origin`.
    Script,
}

/// The method of a route that tells methods apart by itself: see [`Route::any`].
const ANY: &str = "*";

/// One path and what answers it.
pub struct Route {
    /// `GET` (which answers `HEAD` as well), `POST`, or `*` for any.
    pub method: &'static str,
    /// The path, exactly.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What answers it.
    pub handler: Handler,
}

impl Route {
    /// A route for reading.
    pub fn get<H>(path: &'static str, access: Access, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Reply, Answer> + Send + Sync + 'static,
    {
        Route {
            method: "GET",
            path,
            access,
            handler: Box::new(handler),
        }
    }

    /// A route that changes something.
    pub fn post<H>(path: &'static str, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Reply, Answer> + Send + Sync + 'static,
    {
        Route {
            method: "POST",
            path,
            access: Access::OwnPages,
            handler: Box::new(handler),
        }
    }

    /// A route that takes every method (and refuses the wrong ones in its own
    /// words), but for the question that browsers ask before they use one.
    pub fn any<H>(path: &'static str, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Reply, Answer> + Send + Sync + 'static,
    {
        Route {
            method: ANY,
            path,
            access: Access::OwnPages,
            handler: Box::new(handler),
        }
    }
}

/// All routes of a server, with its pages and its guard.
pub struct Router {
    /// Looked through in order.
    pub routes: Vec<Route>,
    /// What is served where no route matches.
    pub pages: Pages,
    /// Who may ask.
    pub guard: Guard,
}

impl Router {
    /// The reply to `request`.
    pub fn reply(&self, request: &Request) -> Reply {
        if let Err(refusal) = self.guard.check_host(request) {
            return refusal.into();
        }
        let reply = self.find(request).unwrap_or_else(|refusal| refusal.into());
        match self.guard.allowed_origin(request) {
            Some(origin) => allow(reply, origin),
            None => reply,
        }
    }

    fn find(&self, request: &Request) -> Result<Reply, Answer> {
        let here = || self.routes.iter().filter(|r| r.path == request.path);
        let method = if request.is_head() {
            "GET"
        } else {
            request.method.as_str()
        };
        // A page of an allowed origin asks first (Fetch standard, CORS preflight).
        let asks_first =
            request.method == "OPTIONS" && self.guard.allowed_origin(request).is_some();
        let takes = |route: &&Route| route.method == method || route.method == ANY;
        if let Some(route) = here().find(takes).filter(|_| !asks_first) {
            match route.access {
                Access::Open => {}
                Access::OwnPages => self.guard.check_origin(request)?,
                Access::Script => self.guard.check_script(request)?,
            }
            return (route.handler)(request);
        }
        let page = self.pages.get(request);
        let mut allowed: Vec<_> = here().map(|route| route.method).collect();
        if allowed.contains(&ANY) {
            allowed = vec!["POST", "GET"];
        }
        if page.is_some() || allowed.contains(&"GET") {
            allowed.retain(|method| *method != "GET");
            allowed.extend(["GET", "HEAD"]);
        }
        if allowed.is_empty() {
            let why = format!("there is nothing at {}", request.path);
            return Err(Answer::error(404, &why));
        }
        if asks_first {
            return Ok(Answer::new(204)
                .header("Access-Control-Allow-Methods", allowed.join(", "))
                .header(
                    "Access-Control-Allow-Headers",
                    "Content-Type, Last-Event-ID",
                )
                .into());
        }
        match page {
            Some(page) if method == "GET" => Ok(page.into()),
            _ => {
                let allowed = allowed.join(", ");
                let why = format!("{} takes {allowed}", request.path);
                Err(Answer::error(405, &why).header("Allow", allowed))
            }
        }
    }
}

/// Lets a page of `origin` read the reply.
fn allow(reply: Reply, origin: &str) -> Reply {
    let with = |answer: Answer| {
        answer
            .header("Access-Control-Allow-Origin", origin)
            .header("Access-Control-Expose-Headers", "Last-Event-ID")
            .header("Vary", "Origin")
    };
    match reply {
        Reply::Answer(answer) => with(answer).into(),
        Reply::Hold(mut hold) => {
            hold.head = with(hold.head);
            Reply::Hold(hold)
        }
    }
}
