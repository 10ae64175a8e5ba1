//! Engine.IO protocol 4: a session over long polling, over a WebSocket, or first
//! over the one and then over the other.
//!
//! It is lesson 2 and lesson 6 put together. It carries messages both ways for an
//! application that it knows nothing of, a [`SessionHandler`].
//!
//! ```text
//! browser                                            server
//! GET  ?EIO=4&transport=polling                    → 200 0{"sid":"k3…","upgrades":["websocket"],…}
//! POST ?EIO=4&transport=polling&sid=k3…   4hello   → 200 ok
//! GET  ?EIO=4&transport=polling&sid=k3…            → … waits …  200 4hello
//!
//! GET  ?EIO=4&transport=websocket&sid=k3…          → 101        the upgrade
//!      2probe →    ← 3probe    and the poll that waits ends: 200 6
//!      5 →                     from here on all goes by the WebSocket
//!      ← 2         3 →         every 25 s: still there?
//! ```
//!
//! Read `session` (the states), then `http` (the requests) and `websocket` (the
//! second transport). `packet_group` is what goes out, `job_queue` what is put off.

mod http;
pub mod job_queue;
pub mod packet_group;
pub mod session;
mod websocket;

pub use packet_group::PacketGroup;
pub use session::{DisconnectReason, Session, SessionHandler};

use super::codec::Malformed;
use super::codec::engine_io::{EnginePacket, MessageData};
use crate::feed::ConnectionWriter;
use crate::http::{Request, Response};
use crate::lock::lock;
use crate::options::SocketIoOptions;
use crate::random;
use crate::timer::Timer;
use job_queue::JobQueue;
use serde_json::json;
use session::Timeouts;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an upgrade may take, as in the Node server.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Why a ping ends its session.
const PING_FROM_CLIENT: &str = "the server sends pings, and a client pongs";
/// Letters of a session id, five random bits each.
const SID_LETTERS: usize = 20;

/// Makes the application's end of a new session.
pub type Application = Box<dyn Fn(&Arc<Session>) -> Box<dyn SessionHandler> + Send + Sync>;

/// What the sessions of one URL share.
pub struct Engine {
    timeouts: Timeouts,
    /// The largest body or WebSocket message that is taken, in bytes.
    max_payload: usize,
    max_sessions: usize,
    timer: Arc<Timer>,
    jobs: JobQueue,
    application: Application,
    table: Arc<Table>,
    /// All engines' sessions together, for `/healthz`.
    count: Arc<AtomicUsize>,
}

/// The sessions by their ids; `None` when the server goes down.
type Table = Mutex<Option<HashMap<String, Arc<Session>>>>;

impl Engine {
    /// An engine whose sessions speak to `application`. At most `max_sessions` are
    /// open at once; `count` counts them.
    pub fn new(
        settings: &SocketIoOptions,
        max_sessions: usize,
        timer: Arc<Timer>,
        count: Arc<AtomicUsize>,
        application: Application,
    ) -> Arc<Engine> {
        Arc::new(Engine {
            timeouts: Timeouts {
                ping_interval: settings.ping_interval,
                ping_timeout: settings.ping_timeout,
                upgrade_timeout: UPGRADE_TIMEOUT,
            },
            max_payload: settings.max_payload,
            max_sessions,
            timer,
            jobs: JobQueue::default(),
            application,
            table: Arc::new(Mutex::new(Some(HashMap::new()))),
            count,
        })
    }

    /// Handles one request for this engine's URL.
    ///
    /// # Errors
    /// The response to a request that breaks the protocol.
    pub fn handle_request(self: &Arc<Engine>, request: &Request) -> Result<Response, Response> {
        http::handle_request(self, request)
    }

    /// Ends every session in order, and takes no new one. Returns when the
    /// application was told.
    pub fn shutdown(&self) {
        let sessions = lock(&self.table).take().unwrap_or_default();
        for session in sessions.values() {
            self.count.fetch_sub(1, Ordering::Relaxed);
            session.end(DisconnectReason::ServerShuttingDown);
        }
        self.jobs.finish();
    }

    /// The session called `sid`, if it is not over.
    fn find(&self, sid: &str) -> Option<Arc<Session>> {
        let session = lock(&self.table).as_ref()?.get(sid).cloned()?;
        (!session.is_over()).then_some(session)
    }

    /// A new session, over a WebSocket's `writer` or polling, and the packet that opens it.
    fn open(
        &self,
        writer: Option<Arc<ConnectionWriter>>,
    ) -> Result<(Arc<Session>, Arc<PacketGroup>), Response> {
        let unavailable = |why| Response::error(503, why).header("Retry-After", 5);
        let sid =
            random::token(SID_LETTERS).map_err(|_| unavailable("no random number for an id"))?;
        let (table, count) = (self.table.clone(), self.count.clone());
        let forget = move |sid: &str| {
            if lock(&table)
                .as_mut()
                .and_then(|table| table.remove(sid))
                .is_some()
            {
                count.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let session = Session::new(
            sid.clone(),
            self.timeouts,
            self.timer.clone(),
            self.jobs.clone(),
            Box::new(forget),
        );
        let upgrades: &[&str] = if writer.is_some() {
            &[]
        } else {
            &["websocket"]
        };
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let open = json!({
            "sid": sid,
            "upgrades": upgrades,
            "pingInterval": milliseconds(self.timeouts.ping_interval),
            "pingTimeout": milliseconds(self.timeouts.ping_timeout),
            "maxPayload": self.max_payload,
        });
        let open = EnginePacket::Open(open.to_string());
        {
            let mut table = lock(&self.table);
            let Some(table) = table.as_mut() else {
                return Err(unavailable("the server is going down; come back"));
            };
            if table.len() >= self.max_sessions {
                return Err(unavailable("there are too many sessions; come back later"));
            }
            table.insert(sid, session.clone());
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        session.open((self.application)(&session), writer);
        Ok((session, Arc::new(open.into())))
    }
}

/// The application of the bare `/engine.io/`: every message comes back as it is.
pub fn echo(session: &Arc<Session>) -> Box<dyn SessionHandler> {
    Box::new(EchoHandler(session.clone()))
}

struct EchoHandler(Arc<Session>);

impl SessionHandler for EchoHandler {
    fn message(&mut self, data: MessageData) -> Result<(), Malformed> {
        self.0.send(&Arc::new(PacketGroup::of(vec![data])));
        Ok(())
    }

    fn closed(self: Box<Self>, _why: DisconnectReason) {}
}
