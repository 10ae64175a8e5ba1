//! The server's side of Socket.IO, in the spirit of the Node one.
//!
//! ```no_run
//! # use poll_to_push::lessons::socket_io::server::{Args, Server};
//! # fn talk(io: &Server) {
//! io.of("/").on_connection(|socket| {
//!     socket.emit("welcome", Args::one(socket.id()));
//!     socket.on("say", |socket, event| {
//!         socket.broadcast().emit("said", event.args);
//!     });
//!     socket.on("add", |_, event| {
//!         let sum: f64 = event.args.get(0).unwrap_or(0.0) + event.args.get(1).unwrap_or(0.0);
//!         event.ack(Args::one(&sum));
//!     });
//!     socket.join("everyone");
//! });
//! # }
//! ```
//!
//! A handler runs in the thread that read the packet, one at a time for each client.
//! It may wait; that holds up this client alone. Disconnect handlers and acks that did not
//! come run in the thread `jobs`, one for all clients of a URL.
//!
//! What goes to more than one socket is published on the bus, in a topic that no URL
//! can name. Its delivery thread knows the rooms. Joining and leaving a room travel
//! through the same channel as messages, so there is one order: who joined before a
//! message was published gets it.
//!
//! A broadcast: `Broadcast::emit` → `Topic::publish_to` → the topic's channel → its
//! delivery thread, for each socket that the audience fits → `HoldBack` →
//! `Session::send_or_close` → the write buffer, or the WebSocket's outbox. The event is
//! encoded once, by the first of them.
//!
//! Read `socket` (one client in one namespace), `client` (the namespaces of one
//! session), `subscriber` (a socket as the delivery thread sees it), `payload` (what
//! the topic carries of an event), `recovery`.

mod client;
mod payload;
mod recovery;
mod socket;
mod subscriber;

pub use crate::lessons::socket_io::codec::socket_io::Args;
pub use socket::{AckError, Event, Socket};

use super::engine_io::{Session, SessionHandler};
use crate::bus::{Audience, Topic};
use crate::lock::lock;
use crate::options::SocketIoOptions;
use payload::EventPayload;
use recovery::Recovery;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Told of each new socket.
type OnConnection = Box<dyn Fn(&Socket) + Send + Sync>;
/// Looks at the payload with which a client wants to connect.
type Middleware = Box<dyn Fn(&RawValue) -> Result<(), ConnectError> + Send + Sync>;

/// Why a client may not join a namespace: its `connect_error` event.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectError {
    /// The error's message.
    pub message: String,
    /// What else the client is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A Socket.IO server: its namespaces. Cloning it gives the same one.
#[derive(Clone)]
pub struct Server(Arc<ServerInner>);

struct ServerInner {
    topic: Arc<Topic>,
    settings: SocketIoOptions,
    recovery: Option<Arc<Recovery>>,
    namespaces: Mutex<HashMap<String, Namespace>>,
}

impl Server {
    /// A server whose broadcasts go through `topic`.
    pub fn new(topic: Arc<Topic>, settings: &SocketIoOptions) -> Server {
        Server(Arc::new(ServerInner {
            topic,
            settings: settings.clone(),
            recovery: settings.recovery.then(Arc::default),
            namespaces: Mutex::default(),
        }))
    }

    /// The namespace called `name`, such as `/` or `/push`. It is there from the
    /// first call on; a client that asks for one that is not is refused.
    pub fn of(&self, name: &str) -> Namespace {
        let mut namespaces = lock(&self.0.namespaces);
        let make = || {
            Namespace(Arc::new(NamespaceInner {
                name: name.to_owned(),
                topic: self.0.topic.clone(),
                recovery: self.0.recovery.clone(),
                on_connection: Mutex::default(),
                middlewares: Mutex::default(),
                sockets: Mutex::default(),
            }))
        };
        namespaces
            .entry(name.to_owned())
            .or_insert_with(make)
            .clone()
    }

    /// Forgets the namespaces and their handlers, which may hold on to this server.
    /// Nobody can connect any more.
    pub fn forget(&self) {
        let namespaces = std::mem::take(&mut *lock(&self.0.namespaces));
        for namespace in namespaces.values() {
            // Taken out first: what is dropped may hold on to connections.
            let handlers = std::mem::take(&mut *lock(&namespace.0.on_connection));
            let middlewares = std::mem::take(&mut *lock(&namespace.0.middlewares));
            drop((handlers, middlewares));
        }
    }

    /// The server's end of a new Engine.IO session.
    pub fn client(&self, session: &Arc<Session>) -> Box<dyn SessionHandler> {
        session.expect_connect_within(self.0.settings.connect_timeout);
        Box::new(client::Client::new(self.clone(), session.clone()))
    }
}

/// A namespace: sockets that share rooms and handlers. Cloning it gives the same one.
#[derive(Clone)]
pub struct Namespace(Arc<NamespaceInner>);

struct NamespaceInner {
    name: String,
    topic: Arc<Topic>,
    /// The memory of who was here; without one, nobody is recovered.
    recovery: Option<Arc<Recovery>>,
    on_connection: Mutex<Vec<Arc<OnConnection>>>,
    middlewares: Mutex<Vec<Arc<Middleware>>>,
    sockets: Mutex<HashMap<String, Socket>>,
}

impl Namespace {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs `handler` for each socket that connects.
    pub fn on_connection(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) {
        lock(&self.0.on_connection).push(Arc::new(Box::new(handler)));
    }

    /// Lets `check` look at the payload of whoever wants to connect. An error
    /// becomes the client's `connect_error`. The Node server calls it a middleware.
    pub fn use_middleware(
        &self,
        check: impl Fn(&RawValue) -> Result<(), ConnectError> + Send + Sync + 'static,
    ) {
        lock(&self.0.middlewares).push(Arc::new(Box::new(check)));
    }

    /// The sockets that are connected now.
    pub fn sockets(&self) -> Vec<Socket> {
        lock(&self.0.sockets).values().cloned().collect()
    }

    /// Sends an event to every socket.
    pub fn emit(&self, event: &str, args: Args) {
        self.everyone().emit(event, args);
    }

    /// Whom to send to: the sockets in `room`.
    pub fn to(&self, room: &str) -> Broadcast {
        self.everyone().to(room)
    }

    /// Whom to send to: everyone but the sockets in `room`.
    pub fn except(&self, room: &str) -> Broadcast {
        self.everyone().except(room)
    }

    fn everyone(&self) -> Broadcast {
        Broadcast {
            topic: self.0.topic.clone(),
            audience: Audience {
                namespace: self.0.name.clone(),
                ..Audience::default()
            },
            volatile: false,
        }
    }
}

/// Whom an event goes to.
#[must_use]
pub struct Broadcast {
    topic: Arc<Topic>,
    audience: Audience,
    volatile: bool,
}

impl Broadcast {
    /// Also the sockets in `room`. Who is in two of the rooms gets it once.
    pub fn to(mut self, room: &str) -> Broadcast {
        self.audience.rooms.push(room.to_owned());
        self
    }

    /// But not the sockets in `room`.
    pub fn except(mut self, room: &str) -> Broadcast {
        self.audience.except.push(room.to_owned());
        self
    }

    /// Whoever cannot take it at once misses it.
    pub fn volatile(mut self) -> Broadcast {
        self.volatile = true;
        self
    }

    /// Sends it. When the server goes down, nothing is sent.
    pub fn emit(self, event: &str, args: Args) {
        let payload = EventPayload::of(&args);
        let published = if self.volatile {
            self.topic.publish_volatile(self.audience, event, &payload)
        } else {
            self.topic
                .publish_to(self.audience, event, &payload)
                .map(drop)
        };
        match published {
            Ok(()) => PUBLISHED.set(true),
            Err(closed) => log::debug!("{event} was not sent: {closed}"),
        }
    }
}

thread_local! {
    /// This thread has published something that delivery may still have before it.
    static PUBLISHED: Cell<bool> = const { Cell::new(false) };
}

/// Lets what this thread published go first, so that what a handler says arrives in
/// the order in which it was said, whether it goes to one or to all.
fn let_broadcasts_pass(topic: &Topic) {
    if PUBLISHED.replace(false) {
        topic.flush();
    }
}
