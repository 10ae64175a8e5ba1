//! The application's state: what all lessons share.

use crate::bus::{Bus, Topic};
use crate::feed::{CloseCounters, Heartbeats};
use crate::http::threaded_server::OpenConnections;
use crate::http::{Access, Request, Response, Route};
use crate::lock::lock;
use crate::options::Options;
use crate::tap::TapRegistry;
use crate::timer::Timer;
use std::any::Any;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};

/// Restarts the server for the browser with this token alone, until what is returned is
/// dropped; or says why not.
pub type RestartFor = Box<dyn Fn(&str) -> Result<Box<dyn Any>, String> + Send + Sync>;

/// What all lessons share.
pub struct AppState {
    /// The topics.
    pub bus: Bus,
    /// Runs what is due at a time.
    pub timer: Arc<Timer>,
    /// Where streaming connections are registered.
    pub heartbeats: Arc<Heartbeats>,
    /// Counts why connections end.
    pub close_counters: Arc<CloseCounters>,
    /// Captures connections for the wire view.
    pub taps: Arc<TapRegistry>,
    /// Counts the open connections of the threaded server.
    pub connections: OpenConnections,
    /// Counts the open Engine.IO sessions.
    pub sessions: Arc<AtomicUsize>,
    /// As the program was told; the port is the one that was had.
    pub options: Options,
    /// How a browser can have the server restarted for it alone. Nothing where it cannot.
    pub restart_for: OnceLock<RestartFor>,
    /// See [`AppState::on_shutdown`].
    on_shutdown: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

impl AppState {
    /// The state of a new server with these topics; the `internal` ones no URL can
    /// name. `wire_view`: whether connections can be observed.
    ///
    /// # Errors
    /// When the system gives no thread or no random number.
    pub fn start(
        topics: &[&'static str],
        internal: &[&'static str],
        options: &Options,
        wire_view: bool,
    ) -> io::Result<Arc<AppState>> {
        AppState::new(topics, internal, options, wire_view).map(Arc::new)
    }

    /// As after a restart: the same topics on a new bus, which is empty, and a new timer.
    /// The places for connections are those of this state.
    ///
    /// # Errors
    /// As [`AppState::start`].
    pub fn restarted(&self) -> io::Result<Arc<AppState>> {
        let names = |internal| {
            let topics = self.bus.topics().iter();
            let of_that_kind = topics.filter(move |topic| topic.is_internal() == internal);
            of_that_kind.map(|topic| topic.name()).collect::<Vec<_>>()
        };
        let new = AppState::new(&names(false), &names(true), &self.options, false)?;
        Ok(Arc::new(AppState {
            close_counters: self.close_counters.clone(),
            connections: self.connections.clone(),
            sessions: self.sessions.clone(),
            ..new
        }))
    }

    fn new(
        topics: &[&'static str],
        internal: &[&'static str],
        options: &Options,
        wire_view: bool,
    ) -> io::Result<AppState> {
        let timer = Timer::start()?;
        Ok(AppState {
            bus: Bus::new(topics, internal, options.history)?,
            heartbeats: Heartbeats::start(&timer, options.heartbeat),
            timer,
            close_counters: Arc::default(),
            taps: TapRegistry::new(wire_view),
            connections: OpenConnections::default(),
            sessions: Arc::default(),
            options: options.clone(),
            restart_for: OnceLock::new(),
            on_shutdown: Mutex::default(),
        })
    }

    /// A route for reading, whose handler is given this state.
    pub fn get<H>(self: &Arc<AppState>, path: &'static str, access: Access, handler: H) -> Route
    where
        H: Fn(&Arc<AppState>, &Request) -> Result<Response, Response> + Send + Sync + 'static,
    {
        let app = self.clone();
        Route::get(path, access, move |request| handler(&app, request))
    }

    /// A route that changes something, whose handler is given this state.
    pub fn post<H>(self: &Arc<AppState>, path: &'static str, handler: H) -> Route
    where
        H: Fn(&Arc<AppState>, &Request) -> Result<Response, Response> + Send + Sync + 'static,
    {
        let app = self.clone();
        Route::post(path, move |request| handler(&app, request))
    }

    /// The topic in `?topic=`; `chat`, which is always there, without one.
    ///
    /// # Errors
    /// 404 for a topic that no lesson declared.
    pub fn topic_of(&self, request: &Request) -> Result<Arc<Topic>, Response> {
        let name = request.query_param("topic").unwrap_or("chat".into());
        let found = self.bus.topic(&name).cloned();
        found.ok_or_else(|| Response::error(404, &format!("there is no topic {name} here")))
    }

    /// Runs `task` when the server goes down, after all that was published is
    /// delivered and before connections are closed.
    pub fn on_shutdown(&self, task: impl FnOnce() + Send + 'static) {
        lock(&self.on_shutdown).push(Box::new(task));
    }

    /// The first half of a shutdown: nothing more is published; waiting polls answer
    /// as if their time ran out; what was published is delivered; lessons end what is
    /// theirs; every stream gets its technique's own end.
    pub fn end_streams(&self) {
        self.bus.close();
        let tasks = std::mem::take(&mut *lock(&self.on_shutdown));
        tasks.into_iter().for_each(|task| task());
        self.heartbeats.end_all();
    }
}
