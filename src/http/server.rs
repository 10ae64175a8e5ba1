//! Our own server: one listening socket, one thread for each connection.
//!
//! Threads: `accept` takes connections in and never ends before the server
//! does; `conn-N` serves one (see `connection`); `refuser` says 503. The server
//! owns them: `stop` ends them all and waits for each. The registry's lock is
//! held for a look or a change only, never across a write.

use super::connection::Connection;
use super::reachable;
use super::refuser::Refuser;
use super::router::Router;
use crate::feed::{Heart, Link, Reason, Tally, wire};
use crate::sync::lock;
use crate::tap::{Tap, Taps};
use crate::threads;
use socket2::SockRef;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The first pause after a failed `accept`; it doubles while accepting fails.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The longest one. A connection that closes ends a pause at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the server needs to know.
pub struct Settings {
    /// Connections served at once.
    pub max_connections: usize,
    /// Time between two heartbeats; it also bounds how long a peer may
    /// acknowledge nothing.
    pub heartbeat: Duration,
}

/// One connection, as the server sees it.
struct Entry {
    link: Arc<Link>,
    idle: Arc<AtomicBool>,
}

/// The connections that are open.
#[derive(Default)]
struct Registry {
    open: Mutex<HashMap<u64, Entry>>,
    /// Signalled whenever one closes.
    closed: Condvar,
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
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The listening socket once more, to wake `accept` without a descriptor more.
    listening: TcpListener,
    accept: Option<JoinHandle<()>>,
}

struct Shared {
    settings: Settings,
    router: Arc<Router>,
    heart: Arc<Heart>,
    tally: Arc<Tally>,
    taps: Arc<Taps>,
    registry: Arc<Registry>,
    stopping: Arc<AtomicBool>,
}

/// How many connections a server has open, for `/healthz`.
#[derive(Clone, Default)]
pub struct Open(Arc<Registry>);

impl Open {
    /// How many there are now.
    pub fn count(&self) -> usize {
        lock(&self.0.open).len()
    }
}

impl Server {
    /// Starts to serve on `listener`. `open` is where it counts connections.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        listener: TcpListener,
        settings: Settings,
        router: Arc<Router>,
        heart: Arc<Heart>,
        tally: Arc<Tally>,
        taps: Arc<Taps>,
        open: Open,
    ) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let listening = listener.try_clone()?;
        let refuser = Refuser::start(tally.clone())?;
        let shared = Arc::new(Shared {
            settings,
            router,
            heart,
            tally,
            taps,
            registry: open.0,
            stopping: Arc::default(),
        });
        let accepting = shared.clone();
        let accept = threads::spawn("accept", move || accepting.accept(&listener, &refuser))?;
        Ok(Server {
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
        if let Some(Err(_)) = self.accept.take().map(JoinHandle::join) {
            log::error!("the accepting thread had panicked");
        }
    }

    /// Ends every connection: idle ones now, the others when they are done or
    /// at `until`, whichever comes first. Returns when all are closed.
    pub fn close_connections(&self, until: Instant) {
        let registry = &self.shared.registry;
        let links = |only_idle: bool| -> Vec<Arc<Link>> {
            let open = lock(&registry.open);
            open.values()
                .filter(|entry| !only_idle || entry.idle.load(Ordering::SeqCst))
                .map(|entry| entry.link.clone())
                .collect()
        };
        for link in links(true) {
            link.close(Reason::Shutdown);
        }
        if registry.wait(until, |open| open == 0) {
            return;
        }
        for link in links(false) {
            link.close(Reason::Shutdown);
        }
        if !registry.wait(Instant::now() + Duration::from_millis(500), |open| {
            open == 0
        }) {
            log::warn!("some connections were still at work when the server stopped");
        }
    }
}

impl Shared {
    /// The accepting thread. Out of descriptors, it pauses until a connection
    /// closes; whatever `accept` says, it goes on.
    fn accept(&self, listener: &TcpListener, refuser: &Refuser) {
        let mut pause = FIRST_PAUSE;
        let mut number = 0;
        // ANCHOR: accept
        while !self.stopping.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok(_) if self.stopping.load(Ordering::SeqCst) => return,
                Ok((stream, peer)) => {
                    pause = FIRST_PAUSE;
                    number += 1;
                    self.admit(Arc::new(stream), peer.ip(), number, refuser);
                }
                Err(_) if self.stopping.load(Ordering::SeqCst) => return,
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    log::warn!("cannot accept: {error}; pausing for up to {pause:?}");
                    let before = lock(&self.registry.open).len();
                    let until = Instant::now() + pause;
                    self.registry.wait(until, |open| open < before);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        // ANCHOR_END: accept
    }

    fn admit(&self, stream: Arc<TcpStream>, peer: IpAddr, number: u64, refuser: &Refuser) {
        if lock(&self.registry.open).len() >= self.settings.max_connections {
            refuser.refuse(stream);
            return;
        }
        if wire::prepare(&stream, self.settings.heartbeat).is_err() {
            self.tally.count(Reason::Reset);
            return;
        }
        let tap = Tap::new(self.taps.clone(), number);
        let link = Link::new(stream.clone(), self.heart.clone(), tap.clone());
        let weak = Arc::downgrade(&link);
        tap.on_cut(move || {
            if let Some(link) = weak.upgrade() {
                link.close(Reason::Cut);
            }
        });
        let idle = Arc::new(AtomicBool::new(true));
        let connection = Connection {
            stream: stream.clone(),
            link: link.clone(),
            heart: self.heart.clone(),
            router: self.router.clone(),
            peer,
            idle: idle.clone(),
            stopping: self.stopping.clone(),
        };
        let entry = Entry {
            link: link.clone(),
            idle,
        };
        lock(&self.registry.open).insert(number, entry);
        let seat = Seat {
            registry: self.registry.clone(),
            number,
        };
        let tally = self.tally.clone();
        // ANCHOR: thread
        let spawned = threads::spawn(format!("conn-{number}"), move || {
            // Leaves the registry last, when everything else is given back.
            let _seat = seat;
            let served = catch_unwind(AssertUnwindSafe(|| connection.serve()));
            let reason = served.unwrap_or_else(|_| link.close(Reason::Panicked));
            log::debug!("connection {number} ended: {reason}");
            link.tap().ended(reason.name());
            tally.count(reason);
            drop(link);
        });
        // ANCHOR_END: thread
        if let Err(error) = spawned {
            log::warn!("no thread for a connection: {error}");
            refuser.refuse(stream);
        }
    }
}

/// A connection's place in the registry. Dropping it leaves.
struct Seat {
    registry: Arc<Registry>,
    number: u64,
}

impl Drop for Seat {
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
