//! Composition root: builds state, routes and server from the chosen lessons; shuts
//! them down in order.

use super::listen::{Localhost, listen, raise_descriptors};
use super::own_servers::OwnServers;
use super::{LESSONS, chapters};
use crate::app::{AppState, Lesson, health, publish};
use crate::http::threaded_server::{ServerSettings, ThreadedServer};
use crate::http::tiny_http_relay::hand_on;
use crate::http::tiny_http_server::TinyHttpServer;
use crate::http::{Apart, OriginPolicy, Route, Router};
use crate::mistakes;
use crate::options::Options;
use crate::pages::Pages;
use crate::sources::Sources;
use crate::wire_view::{self, WireView};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a shutdown may take before connections are cut.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A course, or one lesson, that is being served.
pub struct Running {
    app: Arc<AppState>,
    server: ThreadedServer,
    /// Behind it, where one lesson alone runs on `tiny_http`.
    behind: Option<TinyHttpServer>,
    sources: Sources,
    /// Those that one browser each has.
    own_servers: Arc<OwnServers>,
    address: SocketAddr,
    localhost: Localhost,
}

impl Running {
    /// Serves `lessons` as `options` say, on the threaded server. The requests of one
    /// lesson alone that streams nothing are answered by `tiny_http` behind it.
    ///
    /// # Errors
    /// When the port is taken, or the system gives no thread.
    pub fn start(lessons: &[&Lesson], options: &Options) -> io::Result<Running> {
        Running::start_with(lessons, options, Vec::new())
    }

    /// As [`Running::start`], with routes of the caller's own: for tests.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn start_with(
        lessons: &[&Lesson],
        options: &Options,
        own_routes: Vec<Route>,
    ) -> io::Result<Running> {
        let (listener, localhost) = listen(SocketAddr::new(options.host, options.port))?;
        let address = listener.local_addr()?;
        let view = if options.no_wire_view {
            WireView::Off
        } else {
            WireView::On
        };
        let served = match lessons {
            [alone] if alone.uses_others => LESSONS,
            given => given,
        };
        let (topics, internal) = topics(served);
        let options = &Options {
            port: address.port(),
            ..options.clone()
        };
        let app = AppState::start(&topics, &internal, options, view == WireView::On)?;
        let alone = match lessons {
            [alone] => Some(alone.folder()),
            _ => None,
        };
        let pages = Pages::new(chapters(), alone, view);
        let mut router = router(&app, served, own_routes, pages);
        // Not of a lesson that needs the others: what it has of its own counts this process.
        let own = served.iter().filter(|lesson| !lesson.uses_others);
        let own_servers = OwnServers::new(&app, own.map(|lesson| lesson.routes).collect());
        let apart = own_servers.clone();
        let apart: Apart = Box::new(move |request| apart.respond(request));
        let mut behind = None;
        if let [alone] = lessons
            && alone.runs_on_tiny_http
        {
            let mut routes = wire_view::routes(&app);
            routes.extend(router.routes.extract_if(.., |route| route.threaded_only));
            let tiny_http = TinyHttpServer::start(Arc::new(router))?;
            let address = tiny_http.address;
            behind = Some(tiny_http);
            router = Router {
                apart: None,
                routes,
                fallback: Box::new(|_| None),
                behind: Some(Box::new(move |request| hand_on(address, request))),
                origin_policy: origin_policy(options),
            };
        }
        router.apart = Some(apart);
        let server = threaded(&app, listener, Arc::new(router))?;
        Ok(Running {
            sources: Sources::start(&app.bus)?,
            own_servers,
            app,
            server,
            behind,
            address,
            localhost,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether `localhost`, with this port, may lead to another program.
    pub fn localhost_is_taken(&self) -> bool {
        matches!(self.localhost, Localhost::Taken)
    }

    /// What the lessons share.
    pub fn app(&self) -> &Arc<AppState> {
        &self.app
    }

    /// Ends it in order: no further connection; nothing more is published and every
    /// stream gets its technique's own end ([`AppState::end_streams`]); after
    /// `SHUTDOWN_TIMEOUT` at most, connections are cut.
    pub fn shutdown(mut self) {
        let until = Instant::now() + SHUTDOWN_TIMEOUT;
        self.server.stop_accepting();
        self.sources.stop();
        self.app.end_streams();
        self.own_servers.stop();
        self.server.close_connections(until);
        // Now nobody hands on to it any more.
        if let Some(behind) = &mut self.behind {
            behind.stop(until);
        }
        self.app.timer.stop();
    }
}

/// The topics that `lessons` need: those that clients can name, and the internal ones.
fn topics(lessons: &[&Lesson]) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut topics = vec!["chat"];
    topics.extend(lessons.iter().flat_map(|lesson| lesson.topics));
    topics.sort_unstable();
    topics.dedup();
    let internal = lessons.iter().flat_map(|lesson| lesson.internal_topics);
    (topics, internal.copied().collect())
}

fn router(
    app: &Arc<AppState>,
    lessons: &[&Lesson],
    own_routes: Vec<Route>,
    pages: Pages,
) -> Router {
    let mut routes = own_routes;
    routes.extend([publish::route(app), health::route(app)]);
    routes.extend(wire_view::routes(app));
    for lesson in lessons {
        routes.extend((lesson.routes)(app));
        routes.extend(mistakes::routes(lesson.name, app));
    }
    Router {
        apart: None,
        routes,
        fallback: Box::new(move |request| pages.get(request)),
        behind: None,
        origin_policy: origin_policy(&app.options),
    }
}

pub(super) fn origin_policy(options: &Options) -> OriginPolicy {
    OriginPolicy {
        allow_host: options.allow_host.clone(),
        allow_origin: options.allow_origin.clone(),
    }
}

fn threaded(
    app: &Arc<AppState>,
    listener: TcpListener,
    router: Arc<Router>,
) -> io::Result<ThreadedServer> {
    let settings = ServerSettings {
        max_connections: raise_descriptors(app.options.max_connections),
        heartbeat: app.options.heartbeat,
        browser_of: wire_view::browser_of,
        timer: app.timer.clone(),
        heartbeats: app.heartbeats.clone(),
        close_counters: app.close_counters.clone(),
        taps: app.taps.clone(),
        connections: app.connections.clone(),
    };
    ThreadedServer::start(listener, settings, router)
}
