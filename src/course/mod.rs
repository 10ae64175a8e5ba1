//! The course: the lessons put together into one running server.
//!
//! [`LESSONS`] is the table of contents. [`Running::start`] makes the bus, the
//! heart, the routes of the lessons that are served, and the server under them;
//! [`Running::stop`] ends all of it in order. `publish`, `health` and `wire` are the
//! URLs that every lesson has.

pub mod health;
pub mod program;
pub mod publish;
pub mod wire;

use crate::apps::{self, Apps};
use crate::bus::Bus;
use crate::feed::{Heart, Tally};
use crate::http::library::Library;
use crate::http::pages::{Pages, Wire};
use crate::http::server::{Open, Server, Settings};
use crate::http::{Guard, Route, Router};
use crate::lessons;
use crate::options::Options;
use crate::sync::lock;
use crate::tap::Taps;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a stop may take before connections are cut.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Connections that may wait to be accepted. The system may allow fewer.
const BACKLOG: i32 = 4096;
/// Descriptors kept free for everything that is not a connection.
const SPARE_DESCRIPTORS: u64 = 64;

/// One lesson of the course.
pub struct Lesson {
    /// Its number, from 1.
    pub number: u8,
    /// The technique's one name: in URLs, folders and modules (there with `_`).
    pub name: &'static str,
    /// Its title, as the binary prints it.
    pub title: &'static str,
    /// The topics it needs besides `chat`.
    pub topics: &'static [&'static str],
    /// The topics of its own that no URL can name.
    pub internal: &'static [&'static str],
    /// Its URLs.
    pub routes: fn(&Arc<House>) -> Vec<Route>,
    /// Whether the library's server can serve it when it runs alone.
    pub asks_and_answers: bool,
}

impl Lesson {
    /// The folder of its page and its text: `5-sse`.
    pub fn folder(&self) -> String {
        format!("{}-{}", self.number, self.name)
    }
}

/// The lessons in reading order.
pub const LESSONS: &[&Lesson] = &[
    &lessons::short_polling::LESSON,
    &lessons::long_polling::LESSON,
    &lessons::comet::LESSON,
    &lessons::iframe_push::LESSON,
    &lessons::sse::LESSON,
    &lessons::websocket::LESSON,
    &lessons::socket_io::LESSON,
];

/// What the lessons share.
pub struct House {
    /// The topics.
    pub bus: Bus,
    /// The timer of held connections.
    pub heart: Arc<Heart>,
    /// Why connections ended.
    pub tally: Arc<Tally>,
    /// Where the wire view looks at connections.
    pub taps: Arc<Taps>,
    /// How many are open.
    pub open: Open,
    /// How many Engine.IO sessions are open.
    pub sessions: Arc<AtomicUsize>,
    /// As the program was told.
    pub options: Options,
    /// What lessons do when the server goes down: see [`House::at_stop`].
    stops: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

impl House {
    /// Does `what` when the server goes down, after all that was published is
    /// handed over and before connections are closed.
    pub fn at_stop(&self, what: impl FnOnce() + Send + 'static) {
        lock(&self.stops).push(Box::new(what));
    }
}

/// The folders of the texts that are served. Those that stand before and behind the
/// lessons belong to the whole course.
fn served(lessons: &[&Lesson]) -> Vec<String> {
    let folders = lessons.iter().map(|lesson| lesson.folder());
    let around = ["0-http", "comparison"].map(str::to_owned);
    match lessons {
        [_] => folders.collect(),
        _ => folders.chain(around).collect(),
    }
}

enum Serving {
    Library(Library),
    Ours(Server),
}

/// A course, or one lesson, that is being served.
pub struct Running {
    house: Arc<House>,
    serving: Serving,
    apps: Apps,
    address: SocketAddr,
}

impl Running {
    /// Serves `lessons` as `options` say. One lesson that only asks and answers
    /// runs on the library's server, all else on our own.
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
        let listener = listen(SocketAddr::new(options.host, options.port))?;
        let address = listener.local_addr()?;
        let mut topics = vec!["chat"];
        topics.extend(lessons.iter().flat_map(|lesson| lesson.topics));
        topics.sort_unstable();
        topics.dedup();
        let internal: Vec<_> = lessons
            .iter()
            .flat_map(|lesson| lesson.internal)
            .copied()
            .collect();
        // The library's server has no place where bytes could be looked at.
        let wire = match lessons {
            [alone] if alone.asks_and_answers => Wire::Library,
            _ if options.no_wire => Wire::Off,
            _ => Wire::On,
        };
        let house = Arc::new(House {
            bus: Bus::new(&topics, &internal, options.history)?,
            heart: Heart::start(options.heartbeat)?,
            tally: Arc::default(),
            taps: Taps::new(wire == Wire::On),
            open: Open::default(),
            sessions: Arc::default(),
            options: options.clone(),
            stops: Mutex::default(),
        });
        let mut routes = own_routes;
        routes.extend(publish::routes(&house));
        routes.extend(health::routes(&house));
        routes.extend(wire::routes(&house));
        routes.extend(lessons.iter().flat_map(|lesson| (lesson.routes)(&house)));
        let wrong = |lesson: &&Lesson| apps::mistakes::routes(lesson.name, &house);
        routes.extend(lessons.iter().flat_map(wrong));
        let router = Arc::new(Router {
            routes,
            pages: Pages {
                lessons: served(lessons),
                wire,
            },
            guard: Guard {
                allow_host: options.allow_host.clone(),
                allow_origin: options.allow_origin.clone(),
            },
        });
        let serving = match wire {
            Wire::Library => {
                for option in &options.only_ours {
                    log::warn!("{option} is ignored: this lesson runs on tiny_http");
                }
                Serving::Library(Library::start(listener, router)?)
            }
            _ => Serving::Ours(Server::start(
                listener,
                Settings {
                    max_connections: raise_descriptors(options.max_connections),
                    heartbeat: options.heartbeat,
                },
                router,
                house.heart.clone(),
                house.tally.clone(),
                house.taps.clone(),
                house.open.clone(),
            )?),
        };
        let apps = apps::start(&house.bus)?;
        Ok(Running {
            house,
            serving,
            apps,
            address,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the lessons share.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Ends it in order: no further connection; nothing more is published;
    /// waiting polls answer as if their time ran out; what was published is
    /// delivered; lessons end what is theirs; every stream gets its technique's own
    /// end; after 5 s at most, sockets are cut.
    pub fn stop(mut self) {
        let until = Instant::now() + STOP_WITHIN;
        if let Serving::Ours(server) = &mut self.serving {
            server.stop_accepting();
        }
        self.apps.stop();
        self.house.bus.close();
        let stops = std::mem::take(&mut *lock(&self.house.stops));
        stops.into_iter().for_each(|stop| stop());
        self.house.heart.farewell();
        match &mut self.serving {
            Serving::Ours(server) => server.close_connections(until),
            Serving::Library(library) => library.stop(until),
        }
        self.house.heart.stop();
    }
}

/// A listening socket. `TcpListener::bind` lets 128 connections wait to be
/// accepted; when a class of two hundred comes back at once, the rest would try
/// again a second later.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As `TcpListener::bind` does: on Windows it would mean something else.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the soft limit of descriptors to the hard one, and says how many
/// connections that is enough for.
fn raise_descriptors(wanted: usize) -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            log::warn!("the limit of open files is unknown: {error}");
            return wanted;
        }
    };
    let possible = usize::try_from(limit.saturating_sub(SPARE_DESCRIPTORS)).unwrap_or(usize::MAX);
    if possible < wanted {
        log::warn!(
            "at most {limit} files may be open, so at most {possible} connections instead of \
             {wanted}; `ulimit -n` or --max-connections changes that"
        );
    }
    wanted.min(possible.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_whole_school_may_wait_to_be_accepted() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("bound");
        // Nobody accepts. One that finds no place would try again after a second.
        let patience = Duration::from_millis(900);
        let _waiting: Vec<_> = (0..400)
            .map(|_| TcpStream::connect_timeout(&address, patience).expect("a place"))
            .collect();
    }
}
