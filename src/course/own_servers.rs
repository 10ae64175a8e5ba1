//! A server of its own for one browser, in this process.
//!
//! What becomes of a page when the server is restarted? The history is gone, the ids begin
//! with a new tag, sessions are not known any more. A class shares the server, so it cannot
//! be restarted for one. Instead that one browser gets a second server, behind the same
//! socket: a new state with a bus, sources and a Socket.IO of its own, and all lessons' URLs
//! on it. All of it is real. What it does not have of a restart is the moment in which nobody
//! listens.
//!
//! It lives until the wire view that asked for it is closed, or asks once more. Then the
//! browser is back at the server of all, for which its cursors are again of another bus.
//!
//! Threads: those of a server, without one that accepts. [`OwnServers`] owns them all.

use super::running::origin_policy;
use crate::app::{AppState, publish};
use crate::http::{Request, Response, Route, Router};
use crate::lock::lock;
use crate::sources::Sources;
use crate::wire_view;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Browsers that may have a server of their own at once: each takes some 15 threads.
const MOST: usize = 32;

/// The URLs of one lesson.
pub type LessonRoutes = fn(&Arc<AppState>) -> Vec<Route>;

/// All servers that belong to one browser each.
pub struct OwnServers {
    app: Arc<AppState>,
    routes: Vec<LessonRoutes>,
    /// By the browser's token.
    servers: Mutex<HashMap<String, Arc<OwnServer>>>,
    /// How many there are: all that a request reads while there is none.
    count: AtomicUsize,
}

/// One of them.
struct OwnServer {
    app: Arc<AppState>,
    router: Router,
    sources: Mutex<Sources>,
}

impl OwnServers {
    /// None yet. They will be as `app` was at its start, with these lessons' URLs; and
    /// `app` can be asked for them.
    pub fn new(app: &Arc<AppState>, routes: Vec<LessonRoutes>) -> Arc<OwnServers> {
        let servers = Arc::new(OwnServers {
            app: app.clone(),
            routes,
            servers: Mutex::default(),
            count: AtomicUsize::new(0),
        });
        let weak = Arc::downgrade(&servers);
        // A state has one set of lessons, so this is the first and only time.
        let _ = app.restart_for.set(Box::new(move |token| {
            let servers = weak.upgrade().ok_or("the server is going down")?;
            Ok(Box::new(servers.restart_for(token)?))
        }));
        servers
    }

    /// The response of the browser's own server, if it has one and the URL is a lesson's.
    pub fn respond(&self, request: &Request) -> Option<Response> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let token = wire_view::browser_of(request)?;
        let own = lock(&self.servers).get(token).cloned()?;
        let mut routes = own.router.routes.iter();
        let is_there = routes.any(|route| route.path == request.path);
        is_there.then(|| own.router.respond(request))
    }

    fn restart_for(self: Arc<OwnServers>, token: &str) -> Result<Lease, String> {
        let own = OwnServer::start(&self.app, &self.routes)
            .map_err(|error| format!("no second server could be started: {error}"))?;
        let own = Arc::new(own);
        let mut servers = lock(&self.servers);
        if servers.len() >= MOST && !servers.contains_key(token) {
            drop(servers);
            own.stop();
            return Err(format!(
                "{MOST} browsers have a server of their own, as many as may"
            ));
        }
        servers.insert(token.to_owned(), own.clone());
        self.count.store(servers.len(), Ordering::Relaxed);
        drop(servers);
        self.app.taps.cut(token);
        Ok(Lease {
            servers: Arc::downgrade(&self),
            token: token.to_owned(),
            own,
        })
    }

    /// Gives the browser back to the server of all, unless `own` is not its server any more.
    fn end(&self, token: &str, own: &Arc<OwnServer>) {
        let mut servers = lock(&self.servers);
        if servers.get(token).is_none_or(|now| !Arc::ptr_eq(now, own)) {
            return;
        }
        servers.remove(token);
        self.count.store(servers.len(), Ordering::Relaxed);
        drop(servers);
        self.app.taps.cut(token);
    }

    /// Ends all of them.
    pub fn stop(&self) {
        let all = std::mem::take(&mut *lock(&self.servers));
        self.count.store(0, Ordering::Relaxed);
        all.values().for_each(|own| own.stop());
    }
}

impl OwnServer {
    fn start(of: &AppState, lessons: &[LessonRoutes]) -> io::Result<OwnServer> {
        let app = of.restarted()?;
        let mut routes = vec![publish::route(&app)];
        routes.extend(lessons.iter().flat_map(|routes| routes(&app)));
        let router = Router {
            apart: None,
            routes,
            fallback: Box::new(|_| None),
            behind: None,
            origin_policy: origin_policy(&app.options),
        };
        let sources = Sources::start(&app.bus).inspect_err(|_| stop(&app))?;
        Ok(OwnServer {
            app,
            router,
            sources: Mutex::new(sources),
        })
    }

    /// More than once does no harm.
    fn stop(&self) {
        lock(&self.sources).stop();
        stop(&self.app);
    }
}

fn stop(app: &AppState) {
    app.end_streams();
    app.timer.stop();
}

/// For as long as it is held, the browser has this server.
struct Lease {
    servers: Weak<OwnServers>,
    token: String,
    own: Arc<OwnServer>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(servers) = self.servers.upgrade() {
            servers.end(&self.token, &self.own);
        }
        self.own.stop();
    }
}
