//! Routing, for both servers: from a request to its response.

use super::cors;
use super::origin_policy::OriginPolicy;
use super::request::Request;
use super::response::Response;

/// From a request to its response. An error is a response, too.
pub type Handler = Box<dyn Fn(&Request) -> Result<Response, Response> + Send + Sync>;

/// What answers where no route matches: the pages. `None` is a 404.
pub type Fallback = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// What answers some requests apart from all others, and is asked first.
pub type Apart = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// How a request is handed on to a server behind this one, which does all else.
pub type Behind = Box<dyn Fn(&Request) -> Response + Send + Sync>;

/// Which pages may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Those of any origin: the browser itself keeps the response from foreign ones.
    AnyOrigin,
    /// Those of the server's own origin: it changes something, or it is a WebSocket,
    /// which the browser does not guard.
    SameOrigin,
    /// As `SameOrigin`, for a response that is a script, whose request has no
    /// `Origin`.
    Jsonp,
}

/// The method of a route that tells methods apart by itself: see [`Route::any`].
const ANY: &str = "*";

/// One path and what answers it.
pub struct Route {
    /// `GET` (which answers `HEAD` as well), `POST`, or `*` for any.
    pub method: &'static str,
    /// The path, exactly.
    pub path: &'static str,
    /// Which pages may use it.
    pub access: Access,
    /// What answers it.
    pub handler: Handler,
    /// Its response streams or is parked, which the threaded server alone can do.
    pub threaded_only: bool,
}

impl Route {
    /// A route for reading.
    pub fn get<H>(path: &'static str, access: Access, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Response, Response> + Send + Sync + 'static,
    {
        Route {
            method: "GET",
            path,
            access,
            handler: Box::new(handler),
            threaded_only: false,
        }
    }

    /// This route, where the threaded server answers it.
    pub fn on_threaded_server(self) -> Route {
        Route {
            threaded_only: true,
            ..self
        }
    }

    /// A route that changes something.
    pub fn post<H>(path: &'static str, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Response, Response> + Send + Sync + 'static,
    {
        Route {
            method: "POST",
            ..Route::get(path, Access::SameOrigin, handler)
        }
    }

    /// A route that takes every method (and refuses the wrong ones in its own
    /// words), but for the question that browsers ask before they use one.
    pub fn any<H>(path: &'static str, handler: H) -> Route
    where
        H: Fn(&Request) -> Result<Response, Response> + Send + Sync + 'static,
    {
        Route {
            method: ANY,
            ..Route::get(path, Access::SameOrigin, handler)
        }
    }
}

/// All routes of a server, what answers elsewhere, and who may ask.
pub struct Router {
    /// Asked before the routes.
    pub apart: Option<Apart>,
    /// Looked through in order.
    pub routes: Vec<Route>,
    /// What answers where no route matches.
    pub fallback: Fallback,
    /// A server behind this one, to which all goes on that is for none of the routes.
    pub behind: Option<Behind>,
    /// Who may ask.
    pub origin_policy: OriginPolicy,
}

impl Router {
    /// The response to `request`, whose `Host` was checked.
    pub fn respond(&self, request: &Request) -> Response {
        if let Some(response) = self.apart.as_ref().and_then(|apart| apart(request)) {
            return response;
        }
        if let Some(behind) = &self.behind
            && !self.routes.iter().any(|route| route.path == request.path)
        {
            let response = behind(request);
            // It was shared there, if the server behind made it.
            let shared = |(name, _): &(_, _)| name == "Access-Control-Allow-Origin";
            return match response.headers.iter().any(shared) {
                true => response,
                false => self.share(response, request.header("Origin")),
            };
        }
        let response = self.find(request).unwrap_or_else(|refusal| refusal);
        self.share(response, request.header("Origin"))
    }

    /// `response`, readable for the page of `origin` that asked, if that is allowed. What
    /// is not made by [`Router::respond`] passes here by itself.
    pub fn share(&self, response: Response, origin: Option<&str>) -> Response {
        match self.origin_policy.allowed_origin(origin) {
            Some(origin) => cors::allow(response, origin),
            None => response,
        }
    }

    fn find(&self, request: &Request) -> Result<Response, Response> {
        let here = || self.routes.iter().filter(|r| r.path == request.path);
        let method = if request.is_head() {
            "GET"
        } else {
            request.method.as_str()
        };
        let origin = self.origin_policy.allowed_origin(request.header("Origin"));
        let preflight = request.method == "OPTIONS" && origin.is_some();
        let takes = |route: &&Route| route.method == method || route.method == ANY;
        if let Some(route) = here().find(takes).filter(|_| !preflight) {
            match route.access {
                Access::AnyOrigin => {}
                Access::SameOrigin => self.origin_policy.check_origin(request)?,
                Access::Jsonp => self.origin_policy.check_jsonp(request)?,
            }
            return (route.handler)(request);
        }
        let page = (self.fallback)(request);
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
            return Err(Response::error(404, &why));
        }
        let allowed_methods = allowed.join(", ");
        if preflight {
            let asked_fields = request.header("Access-Control-Request-Headers");
            return Ok(cors::preflight(&allowed_methods, asked_fields));
        }
        match page {
            Some(page) if method == "GET" => Ok(page),
            _ => {
                let why = format!("{} takes {allowed_methods}", request.path);
                Err(Response::error(405, &why).header("Allow", allowed_methods))
            }
        }
    }
}
