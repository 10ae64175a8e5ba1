//! A session: one client, by whatever transport it is reached.
//!
//! Its way out is **parked** while the client polls: what is sent waits here until
//! the next GET takes all of it. The upgrade hands the parked packets to a
//! WebSocket, under the session's lock, so that none is lost and none comes twice.
//!
//! Its way in is a [`Receiver`], the application's end. Whoever has read something
//! (a POST, or the WebSocket's thread) takes the receiver out, and puts it back. So
//! messages come one at a time and in order, and no lock is held meanwhile.
//!
//! Lock order: a topic's, then a session's, then an outbox's.
//!
//! Here is the way out, and the end; `turn` is the way in, `change` the upgrade,
//! `beat` the pings and what must be done by when.

mod beat;
mod change;
mod turn;

pub use turn::{Receiver, Turn};

use super::errands::Errands;
use super::parcel::Parcel;
use crate::feed::conversation::close;
use crate::feed::outbox::{MAX_BYTES, MAX_MESSAGES, WRITE_DEADLINE};
use crate::feed::{Heart, Link, Reason};
use crate::lessons::socket_io::codec::engine::SEPARATOR;
use crate::sync::lock;
use change::Upgrade;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use tungstenite::protocol::frame::coding::CloseCode;

/// How long an orderly end waits for the poll that fetches it.
const LAST_POLL: Duration = Duration::from_secs(30);
/// How long a goodbye waits for a poll that was sent before it.
const POLL_ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Why a session ended, in the words of the Node server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client closed the connection, or said goodbye.
    TransportClose,
    /// The client broke Engine.IO's protocol, or read too slowly.
    TransportError,
    /// No pong came.
    PingTimeout,
    /// The client broke the application's protocol.
    ParseError,
    /// The application ended it.
    ForcedServerClose,
    /// The server goes down.
    ServerShuttingDown,
}

impl Ended {
    /// The words.
    pub fn as_str(self) -> &'static str {
        match self {
            Ended::TransportClose => "transport close",
            Ended::TransportError => "transport error",
            Ended::PingTimeout => "ping timeout",
            Ended::ParseError => "parse error",
            Ended::ForcedServerClose => "forced server close",
            Ended::ServerShuttingDown => "server shutting down",
        }
    }

    /// The last frame of a WebSocket that ends so (RFC 6455, section 7.4).
    fn frame(self) -> Vec<u8> {
        let code = match self {
            Ended::TransportClose | Ended::ForcedServerClose => CloseCode::Normal,
            Ended::TransportError | Ended::ParseError => CloseCode::Policy,
            Ended::PingTimeout => CloseCode::Error,
            Ended::ServerShuttingDown => CloseCode::Away,
        };
        close(code, self.as_str())
    }

    /// How the end of its connection is counted.
    fn reason(self) -> Reason {
        match self {
            Ended::TransportClose => Reason::ClientClosed,
            Ended::ForcedServerClose => Reason::Finished,
            Ended::TransportError | Ended::ParseError => Reason::ProtocolError,
            Ended::PingTimeout => Reason::PeerSilent,
            Ended::ServerShuttingDown => Reason::Shutdown,
        }
    }
}

/// Where the receiver is.
enum Seat {
    Here(Box<dyn Receiver>),
    /// A thread works with it.
    Away(ThreadId),
    Gone,
}

enum Transport {
    Polling,
    WebSocket(Arc<Link>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// The end is said; a poll may still fetch it until then.
    Ending(Ended, Instant),
    Over(Ended),
}

struct State {
    life: Life,
    transport: Transport,
    upgrade: Option<Upgrade>,
    /// Polling: what waits for the next GET.
    parked: VecDeque<Arc<Parcel>>,
    parked_bytes: usize,
    /// Polling: a GET waits.
    polled: bool,
    /// The client itself said that it closes: its poll ends with a noop.
    said_goodbye: bool,
    receiver: Seat,
    next_ping: Instant,
    /// The pong to the last ping must be here by then.
    pong_by: Option<Instant>,
    /// The application must have what it waits for by then.
    settle_by: Option<Instant>,
    /// When the timer looks next.
    looks_at: Option<Instant>,
}

/// The times and limits that a session lives by.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From the last sign of life to the next ping.
    pub ping_interval: Duration,
    /// From a ping to its pong.
    pub ping_timeout: Duration,
    /// From the opening of a second connection to the end of the upgrade.
    pub upgrade_timeout: Duration,
}

/// See the module's text.
pub struct Session {
    /// Its id, which is secret: whoever knows it is the client.
    pub sid: String,
    times: Times,
    heart: Arc<Heart>,
    errands: Errands,
    /// Takes it out of the table of sessions.
    forget: Box<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
    /// Signalled when something was parked or taken, and at every change of life.
    changed: Condvar,
}

/// Why a request cannot be served; see `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such session (any more).
    UnknownSid,
    /// The session is reached by another transport.
    WrongTransport,
    /// Another request of this kind is under way, which ends the session.
    Overlap,
}

impl Session {
    /// A new session that polls.
    pub fn new(
        sid: String,
        times: Times,
        heart: Arc<Heart>,
        errands: Errands,
        forget: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Arc<Session> {
        Arc::new(Session {
            sid,
            times,
            heart,
            errands,
            forget,
            state: Mutex::new(State {
                life: Life::Open,
                transport: Transport::Polling,
                upgrade: None,
                parked: VecDeque::new(),
                parked_bytes: 0,
                polled: false,
                said_goodbye: false,
                receiver: Seat::Gone,
                next_ping: Instant::now() + times.ping_interval,
                pong_by: None,
                settle_by: None,
                looks_at: None,
            }),
            changed: Condvar::new(),
        })
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout(state, left);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Begins: `receiver` hears what comes, over `link` if it is a WebSocket.
    pub fn open(self: &Arc<Session>, receiver: Box<dyn Receiver>, link: Option<Arc<Link>>) {
        let mut state = lock(&self.state);
        state.receiver = Seat::Here(receiver);
        if let Some(link) = link {
            state.transport = Transport::WebSocket(link);
        }
        drop(state);
        self.look_later();
    }

    /// Sends `parcel`. From a handler of this session it waits for room, so that a
    /// client that sends faster than it reads is slowed; from anywhere else it
    /// is an [`Session::offer`]. `false` when it is over.
    pub fn send(self: &Arc<Session>, parcel: &Arc<Parcel>) -> bool {
        let me = thread::current().id();
        let own = matches!(lock(&self.state).receiver, Seat::Away(thread) if thread == me);
        self.give(parcel, own)
    }

    /// Sends `parcel` without waiting. A client that is too slow is ended. `false`
    /// when it is over.
    pub fn offer(self: &Arc<Session>, parcel: &Arc<Parcel>) -> bool {
        self.give(parcel, false)
    }

    fn give(self: &Arc<Session>, parcel: &Arc<Parcel>, may_wait: bool) -> bool {
        let mut state = lock(&self.state);
        let until = Instant::now() + WRITE_DEADLINE;
        loop {
            if state.life != Life::Open {
                return false;
            }
            if let Transport::WebSocket(link) = &state.transport {
                let link = link.clone();
                drop(state);
                return if may_wait {
                    link.put(parcel.frames())
                } else {
                    link.offer(parcel.frames(), 1)
                };
            }
            let room = state.parked.is_empty()
                || (state.parked.len() < MAX_MESSAGES
                    && state.parked_bytes + parcel.size() <= MAX_BYTES);
            if room {
                state.park(parcel);
                self.changed.notify_all();
                return true;
            }
            if !may_wait || Instant::now() >= until {
                drop(state);
                log::debug!("a session's client polls too slowly");
                self.close(Ended::TransportError);
                return false;
            }
            state = self.wait(state, until);
        }
    }

    /// Sends `parcel` if it can leave at once, and drops it if not.
    pub fn send_volatile(self: &Arc<Session>, parcel: &Arc<Parcel>) {
        let mut state = lock(&self.state);
        if state.life != Life::Open {
            return;
        }
        match &state.transport {
            Transport::Polling if state.polled && state.parked.is_empty() => {
                state.park(parcel);
                self.changed.notify_all();
            }
            Transport::Polling => {}
            Transport::WebSocket(link) => {
                let link = link.clone();
                drop(state);
                if link.is_live() {
                    link.offer(parcel.frames(), 1);
                }
            }
        }
    }

    /// A GET: waits until there is something to say, and takes all of it. The flag
    /// says that it was the last word.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn poll(self: &Arc<Session>) -> Result<(String, bool), Refusal> {
        let mut state = lock(&self.state);
        if matches!(state.life, Life::Over(_)) {
            return Err(Refusal::UnknownSid);
        }
        if matches!(state.transport, Transport::WebSocket(_)) {
            return Err(Refusal::WrongTransport);
        }
        if state.polled {
            drop(state);
            self.close(Ended::TransportError);
            return Err(Refusal::Overlap);
        }
        state.polled = true;
        self.changed.notify_all();
        loop {
            // ANCHOR: poll
            let mut body = String::new();
            for parcel in std::mem::take(&mut state.parked) {
                add(&mut body, parcel.payload());
            }
            state.parked_bytes = 0;
            let over = state.life != Life::Open;
            let changes = state.upgrade.as_ref().is_some_and(|upgrade| upgrade.probed)
                || matches!(state.transport, Transport::WebSocket(_));
            if over {
                add(&mut body, if state.said_goodbye { "6" } else { "1" });
            } else if changes && body.is_empty() {
                add(&mut body, "6");
            }
            // ANCHOR_END: poll
            if !body.is_empty() {
                state.polled = false;
                // Whoever waits for room has it now.
                self.changed.notify_all();
                if let Life::Ending(why, _) = state.life {
                    state.life = Life::Over(why);
                    drop(state);
                    (self.forget)(&self.sid);
                }
                return Ok((body, over));
            }
            // ANCHOR: wait
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            // ANCHOR_END: wait
        }
    }

    /// The client said that it closes: its poll ends with a noop. That poll came
    /// before, but by a connection of its own: it may still be on its way here.
    pub fn goodbye(self: &Arc<Session>) {
        let until = Instant::now() + POLL_ON_ITS_WAY;
        let mut state = lock(&self.state);
        state.said_goodbye = true;
        while matches!(state.transport, Transport::Polling)
            && !state.polled
            && Instant::now() < until
        {
            state = self.wait(state, until);
        }
        drop(state);
        self.close(Ended::TransportClose);
    }

    /// Ends it in order: what was sent before goes out, and then the end.
    pub fn end(self: &Arc<Session>, why: Ended) {
        let mut state = lock(&self.state);
        if state.life != Life::Open {
            return;
        }
        if let Transport::WebSocket(link) = &state.transport {
            let link = link.clone();
            drop(state);
            link.end(why.frame().into(), why.reason());
            return self.close(why);
        }
        state.life = Life::Ending(why, Instant::now() + LAST_POLL);
        self.changed.notify_all();
        let upgrade = state.upgrade.take();
        let receiver = state.give_receiver_away();
        drop(state);
        self.finish(receiver, upgrade, why);
        self.look_later();
    }

    /// Ends it at once.
    pub fn close(self: &Arc<Session>, why: Ended) {
        let mut state = lock(&self.state);
        if matches!(state.life, Life::Over(_)) {
            return;
        }
        let why = match state.life {
            Life::Ending(why, _) => why,
            _ => why,
        };
        state.life = Life::Over(why);
        self.changed.notify_all();
        let link = match &state.transport {
            Transport::WebSocket(link) => Some(link.clone()),
            Transport::Polling => None,
        };
        let upgrade = state.upgrade.take();
        let receiver = state.give_receiver_away();
        drop(state);
        if let Some(link) = link {
            // Says nothing where the end was said before.
            link.end(why.frame().into(), why.reason());
        }
        (self.forget)(&self.sid);
        self.finish(receiver, upgrade, why);
    }

    fn finish(&self, receiver: Option<Box<dyn Receiver>>, upgrade: Option<Upgrade>, why: Ended) {
        if let Some(upgrade) = upgrade {
            let frame = close(CloseCode::Normal, "the session is over");
            upgrade.link.end(frame.into(), Reason::Finished);
        }
        if let Some(receiver) = receiver {
            self.errands.run(move || receiver.closed(why));
        }
    }
}

fn add(body: &mut String, packets: &str) {
    if !body.is_empty() {
        body.push(SEPARATOR);
    }
    body.push_str(packets);
}

impl State {
    fn park(&mut self, parcel: &Arc<Parcel>) {
        self.parked_bytes += parcel.size();
        self.parked.push_back(parcel.clone());
    }

    /// The receiver, if nobody works with it. Whoever does tells it the end.
    fn give_receiver_away(&mut self) -> Option<Box<dyn Receiver>> {
        match std::mem::replace(&mut self.receiver, Seat::Gone) {
            Seat::Here(receiver) => Some(receiver),
            away => {
                self.receiver = away;
                None
            }
        }
    }
}
