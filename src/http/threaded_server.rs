//! The threaded server: one listening socket, one thread for each connection.
//!
//! Threads: `accept` takes connections in, whatever goes wrong, until the server stops
//! accepting; `conn-N` serves one (see `connection`); `load-shed` closes those that were
//! refused. The server owns them: its two stops end them, and wait for them in time. The registry's lock is
//! held for a look or a change only, never across a write.

use super::connection::Connection;
use super::load_shed::LoadShedder;
use super::reachable;
use super::request_reader::BrowserOf;
use super::response::Response;
use super::router::Router;
use crate::feed::{CloseCounters, CloseReason, ConnectionWriter, Heartbeats, socket_options};
use crate::lock::lock;
use crate::tap::{Tap, TapRegistry};
use crate::threads;
use crate::timer::Timer;
use socket2::SockRef;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The first pause after a failed `accept`; it doubles while accepting fails.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The longest one. A connection that closes ends a pause at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Connections that may be open besides those that are held, so that pages load, messages
/// are published and `/healthz` answers in a full house, too.
pub const KEPT_FREE: usize = 64;

/// What the server needs to know, and what it shares with the rest of the program.
pub struct ServerSettings {
    /// Connections held at once; [`KEPT_FREE`] more are served.
    pub max_connections: usize,
    /// Time between two heartbeats; it also bounds how long a peer may
    /// acknowledge nothing.
    pub heartbeat: Duration,
    /// Which browser may observe a request.
    pub browser_of: BrowserOf,
    /// For connections that linger.
    pub timer: Arc<Timer>,
    /// Where streaming connections are registered.
    pub heartbeats: Arc<Heartbeats>,
    /// Counts why connections end.
    pub close_counters: Arc<CloseCounters>,
    /// Where connections are captured.
    pub taps: Arc<TapRegistry>,
    /// Counts the open connections.
    pub connections: OpenConnections,
}

/// One connection, as the server sees it.
struct OpenConnection {
    writer: Arc<ConnectionWriter>,
    idle: Arc<AtomicBool>,
}

/// The connections that are open.
#[derive(Default)]
struct Registry {
    open: Mutex<HashMap<u64, OpenConnection>>,
    /// Signalled whenever one closes.
    closed: Condvar,
    /// How many are held.
    held: AtomicUsize,
    /// How many may be held; without a threaded server there is no limit.
    most_held: OnceLock<usize>,
}

impl Registry {
    /// Waits until `enough` holds of the number of connections, or `until`.
    fn wait(&self, until: Instant, enough: impl Fn(usize) -> bool) -> bool {
        let mut open = lock(&self.open);
        loop {
            if enough(open.len()) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            open = self
                .closed
                .wait_timeout(open, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// A running server.
pub struct ThreadedServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The listening socket once more, to wake `accept` without a descriptor more.
    listening: TcpListener,
    accept: Option<JoinHandle<()>>,
}

struct Shared {
    settings: ServerSettings,
    router: Arc<Router>,
    stopping: Arc<AtomicBool>,
}

/// How many connections a server has open, for `/healthz`.
#[derive(Clone, Default)]
pub struct OpenConnections(Arc<Registry>);

impl OpenConnections {
    /// How many there are now.
    pub fn count(&self) -> usize {
        lock(&self.0.open).len()
    }

    /// How many of them are held: they stream, or wait for the answer to a poll.
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::SeqCst)
    }

    /// A place for a connection whose response waits, or goes on.
    ///
    /// # Errors
    /// 503 when all of them are taken.
    pub fn hold(&self) -> Result<HeldPlace, Response> {
        let most = self.0.most_held.get().copied().unwrap_or(usize::MAX);
        let one_more = |held| (held < most).then_some(held + 1);
        let taken = self
            .0
            .held
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        match taken {
            Ok(_) => Ok(HeldPlace(self.0.clone())),
            Err(_) => {
                let why =
                    format!("{most} connections are held, as many as may be (--max-connections)");
                Err(Response::error(503, &why).header("Retry-After", 1))
            }
        }
    }
}

/// A held connection's place. Dropping it gives it back.
pub struct HeldPlace(Arc<Registry>);

impl Drop for HeldPlace {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ThreadedServer {
    /// Starts to serve on `listener`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        listener: TcpListener,
        settings: ServerSettings,
        router: Arc<Router>,
    ) -> io::Result<ThreadedServer> {
        let address = listener.local_addr()?;
        let listening = listener.try_clone()?;
        let _ = settings
            .connections
            .0
            .most_held
            .set(settings.max_connections);
        let load_shedder = LoadShedder::start(settings.close_counters.clone())?;
        let shared = Arc::new(Shared {
            settings,
            router,
            stopping: Arc::default(),
        });
        let accepting = shared.clone();
        let accept = threads::spawn("accept", move || accepting.accept(&listener, &load_shedder))?;
        Ok(ThreadedServer {
            shared,
            address,
            listening,
            accept: Some(accept),
        })
    }

    /// Stops accepting. Connections that are open go on.
    pub fn stop_accepting(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes `accept` on Linux, where it needs no descriptor. Elsewhere it is
        // refused, and a connection to ourselves does it.
        let _ = SockRef::from(&self.listening).shutdown(Shutdown::Both);
        let _ = TcpStream::connect_timeout(&reachable(self.address), Duration::from_secs(1));
        if let Some(thread) = self.accept.take() {
            threads::join(thread);
        }
    }

    /// Ends every connection: idle ones now, the others when they are done or
    /// at `until`, whichever comes first. Returns when all are closed.
    pub fn close_connections(&self, until: Instant) {
        let registry = self.shared.registry();
        let writers = |only_idle: bool| -> Vec<Arc<ConnectionWriter>> {
            let open = lock(&registry.open);
            open.values()
                .filter(|entry| !only_idle || entry.idle.load(Ordering::SeqCst))
                .map(|entry| entry.writer.clone())
                .collect()
        };
        for writer in writers(true).iter().filter(|writer| !writer.owes()) {
            writer.close(CloseReason::Shutdown);
        }
        if registry.wait(until, |open| open == 0) {
            return;
        }
        for writer in writers(false) {
            writer.close(CloseReason::Shutdown);
        }
        if !registry.wait(Instant::now() + Duration::from_millis(500), |open| {
            open == 0
        }) {
            log::warn!("some connections were still at work when the server stopped");
        }
    }
}

impl Shared {
    fn registry(&self) -> &Arc<Registry> {
        &self.settings.connections.0
    }

    /// The accepting thread. Out of descriptors, it pauses until a connection
    /// closes; whatever `accept` says, it goes on.
    fn accept(&self, listener: &TcpListener, load_shedder: &LoadShedder) {
        let mut pause = FIRST_PAUSE;
        let mut number = 0;
        // ANCHOR: accept
        while !self.stopping.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok(_) if self.stopping.load(Ordering::SeqCst) => return,
                Ok((stream, peer)) => {
                    pause = FIRST_PAUSE;
                    number += 1;
                    self.admit(Arc::new(stream), peer.ip(), number, load_shedder);
                }
                Err(_) if self.stopping.load(Ordering::SeqCst) => return,
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    log::warn!("cannot accept: {error}; pausing for up to {pause:?}");
                    let before = lock(&self.registry().open).len();
                    let until = Instant::now() + pause;
                    self.registry().wait(until, |open| open < before);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        // ANCHOR_END: accept
    }

    fn admit(&self, stream: Arc<TcpStream>, peer: IpAddr, number: u64, load_shedder: &LoadShedder) {
        let most = self.settings.max_connections.saturating_add(KEPT_FREE);
        if lock(&self.registry().open).len() >= most {
            load_shedder.refuse(stream);
            return;
        }
        if socket_options::set(&stream, self.settings.heartbeat).is_err() {
            self.settings.close_counters.count(CloseReason::Reset);
            return;
        }
        let tap = Tap::new(self.settings.taps.clone(), number);
        let timer = self.settings.timer.clone();
        let writer = ConnectionWriter::new(stream.clone(), timer, tap.clone());
        let weak = Arc::downgrade(&writer);
        tap.on_cut(move || {
            if let Some(writer) = weak.upgrade() {
                writer.close(CloseReason::Cut);
            }
        });
        let idle = Arc::new(AtomicBool::new(true));
        let connection = Connection {
            stream: stream.clone(),
            writer: writer.clone(),
            heartbeats: self.settings.heartbeats.clone(),
            connections: self.settings.connections.clone(),
            router: self.router.clone(),
            peer,
            browser_of: self.settings.browser_of,
            idle: idle.clone(),
            stopping: self.stopping.clone(),
        };
        let entry = OpenConnection {
            writer: writer.clone(),
            idle,
        };
        lock(&self.registry().open).insert(number, entry);
        let registered = Registered {
            registry: self.registry().clone(),
            number,
        };
        let close_counters = self.settings.close_counters.clone();
        // ANCHOR: thread
        let spawned = threads::spawn(format!("conn-{number}"), move || {
            // Leaves the registry last, when everything else is given back.
            let _registered = registered;
            threads::never_preempt();
            let served = catch_unwind(AssertUnwindSafe(|| connection.serve()));
            let reason = served.unwrap_or_else(|_| writer.close(CloseReason::Panicked));
            log::debug!("connection {number} ended: {reason}");
            writer.tap().ended(reason.name());
            close_counters.count(reason);
            drop(writer);
        });
        // ANCHOR_END: thread
        if let Err(error) = spawned {
            log::warn!("no thread for a connection: {error}");
            load_shedder.refuse(stream);
        }
    }
}

/// A connection's place in the registry. Dropping it leaves.
struct Registered {
    registry: Arc<Registry>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let entry = lock(&self.registry.open).remove(&self.number);
        // The last of the socket goes before anyone is told of the free place.
        drop(entry);
        self.registry.closed.notify_all();
    }
}

/// Whether a failed `accept` says nothing about the next one.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}
