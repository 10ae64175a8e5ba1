//! An Engine.IO session: outgoing packets are buffered while polling; incoming messages
//! go to one handler at a time.
//!
//! One client, by whatever transport it is reached. What is sent while the client polls
//! waits in the **write buffer** until a GET takes all of it. The upgrade hands
//! the buffered packets to a WebSocket, and makes it the way out when none is left, so
//! that none is lost and none comes twice.
//!
//! | ready state | how it goes on |
//! |---|---|
//! | `Open`, by polling | a POST is read by its own thread, a GET takes the write buffer or is parked until there is something |
//! | `Open`, a WebSocket probes | the same; once the probe was answered, polls end with a noop |
//! | `Open`, by WebSocket | the WebSocket's thread reads, its outbox sends |
//! | `Closing` | the end is said; a poll may still fetch what was sent before it |
//! | `Closed` | gone from the table of sessions; its id is unknown |
//!
//! Whoever has read something (a POST, or the WebSocket's thread) takes the
//! [`SessionHandler`] out, and puts it back. So messages come one at a time and in
//! order, and no lock is held meanwhile.
//!
//! `outgoing` is the way out, `inbound` the way in, `upgrade` the change of transport,
//! `heartbeat` the pings and all deadlines, `closing` the end.

mod closing;
mod disconnect_reason;
mod heartbeat;
mod inbound;
mod outgoing;
mod upgrade;

pub use disconnect_reason::DisconnectReason;
pub use inbound::{HandlerGuard, SessionHandler};

use super::job_queue::JobQueue;
use super::packet_group::PacketGroup;
use crate::feed::ConnectionWriter;
use crate::http::PendingResponse;
use crate::lock::lock;
use crate::timer::Timer;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use upgrade::Upgrade;

/// Where the handler is.
enum HandlerSlot {
    Here(Box<dyn SessionHandler>),
    /// A thread works with it.
    Away(ThreadId),
    Gone,
}

enum Transport {
    Polling,
    WebSocket(Arc<ConnectionWriter>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadyState {
    Open,
    /// The end is said; a poll may still fetch it until then.
    Closing(DisconnectReason, Instant),
    Closed(DisconnectReason),
}

struct SessionState {
    ready_state: ReadyState,
    transport: Transport,
    upgrade: Option<Upgrade>,
    /// Polling: what waits for the next GET.
    write_buffer: VecDeque<Arc<PacketGroup>>,
    write_buffer_packets: usize,
    write_buffer_bytes: usize,
    /// Polling: the GET that waits, and how many came.
    poll: Option<PendingResponse>,
    polls: u64,
    /// The client itself said that it closes: its poll ends with a noop.
    closed_by_client: bool,
    handler: HandlerSlot,
    next_ping: Instant,
    /// The pong to the last ping must be here by then.
    pong_by: Option<Instant>,
    /// The client must have joined a namespace by then.
    connect_by: Option<Instant>,
    /// When the timer checks the deadlines next.
    checks_at: Option<Instant>,
    /// Threads that wait for `changed`.
    waiting: usize,
}

/// The times and limits that a session lives by.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the last sign of life to the next ping.
    pub ping_interval: Duration,
    /// From a ping to its pong.
    pub ping_timeout: Duration,
    /// From the opening of a second connection to the end of the upgrade.
    pub upgrade_timeout: Duration,
}

impl Timeouts {
    /// When a session that begins to wait now has sent a ping or is over.
    pub fn over_at(&self) -> Instant {
        Instant::now() + self.ping_interval + self.ping_timeout
    }
}

/// See the module's text.
pub struct Session {
    /// Its id, which is secret: whoever knows it is the client.
    pub sid: String,
    timeouts: Timeouts,
    timer: Arc<Timer>,
    jobs: JobQueue,
    /// Takes it out of the table of sessions.
    forget: Box<dyn Fn(&str) + Send + Sync>,
    state: Mutex<SessionState>,
    /// Signalled when a poll came or has taken what was buffered, and when the ready state
    /// changes.
    changed: Condvar,
}

/// Why a request cannot be served; see `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
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
        timeouts: Timeouts,
        timer: Arc<Timer>,
        jobs: JobQueue,
        forget: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Arc<Session> {
        Arc::new(Session {
            sid,
            timeouts,
            timer,
            jobs,
            forget,
            state: Mutex::new(SessionState {
                ready_state: ReadyState::Open,
                transport: Transport::Polling,
                upgrade: None,
                write_buffer: VecDeque::new(),
                write_buffer_packets: 0,
                write_buffer_bytes: 0,
                poll: None,
                polls: 0,
                closed_by_client: false,
                handler: HandlerSlot::Gone,
                next_ping: Instant::now() + timeouts.ping_interval,
                pong_by: None,
                connect_by: None,
                checks_at: None,
                waiting: 0,
            }),
            changed: Condvar::new(),
        })
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, SessionState>,
        until: Instant,
    ) -> MutexGuard<'a, SessionState> {
        state.waiting += 1;
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout(state, left);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waiting -= 1;
        state
    }

    /// Wakes who waits, which is a system call; mostly nobody does.
    fn notify(&self, state: &SessionState) {
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Begins: `handler` gets what comes, over `writer`'s connection if it is a
    /// WebSocket.
    pub fn open(
        self: &Arc<Session>,
        handler: Box<dyn SessionHandler>,
        writer: Option<Arc<ConnectionWriter>>,
    ) {
        let mut state = lock(&self.state);
        state.handler = HandlerSlot::Here(handler);
        if let Some(writer) = writer {
            state.transport = Transport::WebSocket(writer);
        }
        drop(state);
        self.check_later();
    }
}
