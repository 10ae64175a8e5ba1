//! A socket: one client in one namespace, as handlers see it.

use super::{Args, Broadcast, Namespace, let_broadcasts_pass};
use crate::bus::{Id, Subscription};
use crate::lessons::socket_io::codec::socket_io::SocketPacket;
use crate::lessons::socket_io::engine_io::{DisconnectReason, PacketGroup, Session};
use crate::lock::lock;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type EventHandler = Arc<dyn Fn(&Socket, Event) + Send + Sync>;
type OnDisconnect = Box<dyn FnOnce(&Socket, &'static str) + Send>;
type OnAck = Box<dyn FnOnce(&Socket, Result<Args, AckError>) + Send>;

/// Why no ack came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckError {
    /// Not in time.
    TimedOut,
    /// The client is gone.
    Disconnected,
}

/// A connected client. Cloning it gives the same one.
#[derive(Clone)]
pub struct Socket(Arc<SocketInner>);

struct SocketInner {
    id: String,
    namespace: Namespace,
    session: Arc<Session>,
    auth: Box<RawValue>,
    /// Secret, and for recovery only: by it the client is known when it is back.
    pid: Option<String>,
    recovered: bool,
    /// Where in the topic it began.
    since: Id,
    rooms: Mutex<BTreeSet<String>>,
    subscription: Mutex<Option<Subscription>>,
    handlers: Mutex<HashMap<String, EventHandler>>,
    on_disconnect: Mutex<Vec<OnDisconnect>>,
    acks: Mutex<HashMap<u64, OnAck>>,
    next_ack: AtomicU64,
    closed: AtomicBool,
}

/// What a socket is made of.
pub(super) struct SocketParts {
    pub id: String,
    pub auth: Box<RawValue>,
    pub pid: Option<String>,
    pub recovered: bool,
    pub since: Id,
    pub rooms: BTreeSet<String>,
    pub subscription: Subscription,
}

impl Socket {
    pub(super) fn new(namespace: Namespace, session: Arc<Session>, parts: SocketParts) -> Socket {
        Socket(Arc::new(SocketInner {
            id: parts.id,
            namespace,
            session,
            auth: parts.auth,
            pid: parts.pid,
            recovered: parts.recovered,
            since: parts.since,
            rooms: Mutex::new(parts.rooms),
            subscription: Mutex::new(Some(parts.subscription)),
            handlers: Mutex::default(),
            on_disconnect: Mutex::default(),
            acks: Mutex::default(),
            next_ack: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }))
    }

    /// Its id, which every client may know. It is also a room with this socket alone.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it is connected.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// The payload that the client connected with, JSON: `{}` if it sent none.
    pub fn auth(&self) -> &RawValue {
        &self.0.auth
    }

    /// Whether this is a client that came back, with its id and rooms, and got what
    /// it missed.
    pub fn recovered(&self) -> bool {
        self.0.recovered
    }

    /// Whether it is still connected.
    pub fn is_connected(&self) -> bool {
        !self.0.closed.load(Ordering::Acquire)
    }

    /// Runs `handler` for each event called `event`. A later handler of the same
    /// name takes the place of an earlier one.
    pub fn on(&self, event: &str, handler: impl Fn(&Socket, Event) + Send + Sync + 'static) {
        lock(&self.0.handlers).insert(event.to_owned(), Arc::new(handler));
    }

    /// Runs `handler` when this socket is gone, with the reason in the words of the
    /// Node server.
    pub fn on_disconnect(&self, handler: impl FnOnce(&Socket, &'static str) + Send + 'static) {
        lock(&self.0.on_disconnect).push(Box::new(handler));
    }

    /// Sends an event to this client. With recovery on it is remembered, and
    /// carries its offset as its last argument.
    pub fn emit(&self, event: &str, args: Args) {
        if self.0.pid.is_some() {
            self.0.namespace.to(self.id()).emit(event, args);
        } else {
            self.send(&SocketPacket::Event(
                self.name(),
                event.to_owned(),
                args,
                None,
            ));
        }
    }

    /// Sends an event that wants an ack. `then` gets the ack, or why there is none,
    /// within `patience`.
    pub fn emit_with_ack(
        &self,
        event: &str,
        args: Args,
        patience: Duration,
        then: impl FnOnce(&Socket, Result<Args, AckError>) + Send + 'static,
    ) {
        let number = self.0.next_ack.fetch_add(1, Ordering::Relaxed);
        lock(&self.0.acks).insert(number, Box::new(then));
        if !self.is_connected() {
            return self.on_ack(number, Err(AckError::Disconnected));
        }
        let socket = Arc::downgrade(&self.0);
        self.0.session.after(patience, move || {
            if let Some(inner) = socket.upgrade() {
                Socket(inner).on_ack(number, Err(AckError::TimedOut));
            }
        });
        self.send(&SocketPacket::Event(
            self.name(),
            event.to_owned(),
            args,
            Some(number),
        ));
    }

    /// Whom to send to: everyone in the namespace but this socket.
    pub fn broadcast(&self) -> Broadcast {
        self.0.namespace.except(self.id())
    }

    /// Whom to send to: the sockets in `room`, but not this one.
    pub fn to(&self, room: &str) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Enters a room.
    pub fn join(&self, room: &str) {
        if lock(&self.0.rooms).insert(room.to_owned())
            && let Some(subscription) = &*lock(&self.0.subscription)
        {
            subscription.enter(room);
        }
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        if lock(&self.0.rooms).remove(room)
            && let Some(subscription) = &*lock(&self.0.subscription)
        {
            subscription.exit(room);
        }
    }

    /// The rooms it is in, its own id among them.
    pub fn rooms(&self) -> Vec<String> {
        lock(&self.0.rooms).iter().cloned().collect()
    }

    /// Disconnects it from this namespace; with `close`, from all of them, and
    /// closes the connection.
    pub fn disconnect(&self, close: bool) {
        if self.is_connected() {
            self.send(&SocketPacket::Disconnect(self.name()));
            self.on_close("server namespace disconnect", false);
        }
        if close {
            self.0.session.end(DisconnectReason::ForcedServerClose);
        }
    }

    fn name(&self) -> String {
        self.0.namespace.name().to_owned()
    }

    /// Sends a packet to this client alone.
    pub(super) fn send(&self, packet: &SocketPacket) {
        let_broadcasts_pass(&self.0.namespace.0.topic);
        if self.is_connected() {
            self.0
                .session
                .send(&Arc::new(PacketGroup::of(packet.encode())));
        }
    }

    /// An event came.
    pub(super) fn on_event(&self, name: String, args: Args, ack: Option<u64>) {
        let handler = lock(&self.0.handlers).get(&name).cloned();
        let Some(handler) = handler else { return };
        let ack = ack.map(|number| (self.clone(), number));
        handler(self, Event { name, args, ack });
    }

    /// An ack came, or will not. One that nobody waits for is dropped.
    pub(super) fn on_ack(&self, number: u64, ack: Result<Args, AckError>) {
        let then = lock(&self.0.acks).remove(&number);
        if let Some(then) = then {
            then(self, ack);
        }
    }

    /// It is gone. `comes_back`: a client that may be recovered.
    pub(super) fn on_close(&self, why: &'static str, comes_back: bool) {
        if self.0.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        // To drop the subscription is to leave the topic.
        let left = lock(&self.0.subscription).take();
        drop(left);
        self.deregister(comes_back);
        let acks = std::mem::take(&mut *lock(&self.0.acks));
        for then in acks.into_values() {
            then(self, Err(AckError::Disconnected));
        }
        let handlers = std::mem::take(&mut *lock(&self.0.on_disconnect));
        for handler in handlers {
            handler(self, why);
        }
        lock(&self.0.handlers).clear();
    }

    /// Takes its place among the sockets of the namespace.
    pub(super) fn register(&self) {
        let namespace = &self.0.namespace.0;
        if let (Some(recovery), Some(pid)) = (&namespace.recovery, &self.0.pid) {
            recovery.register(pid, self.id(), &namespace.name);
        }
        lock(&namespace.sockets).insert(self.0.id.clone(), self.clone());
    }

    /// Gives its place up, unless the same client has come back and taken it.
    fn deregister(&self, comes_back: bool) {
        let namespace = &self.0.namespace.0;
        let mut sockets = lock(&namespace.sockets);
        let here = sockets.get(self.id());
        if here.is_some_and(|other| !Arc::ptr_eq(&other.0, &self.0)) {
            return;
        }
        sockets.remove(self.id());
        drop(sockets);
        if let (Some(recovery), Some(pid)) = (&namespace.recovery, &self.0.pid) {
            if comes_back {
                let rooms = lock(&self.0.rooms).clone();
                recovery.save(pid, self.id(), &namespace.name, rooms, self.0.since.clone());
            } else {
                recovery.forget(pid);
            }
        }
    }

    /// Its client is back on another connection: this one is over.
    pub(super) fn give_way(&self) {
        self.on_close(DisconnectReason::TransportClose.as_str(), true);
        self.0.session.close(DisconnectReason::TransportClose);
    }
}

/// An event from a client.
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Args,
    ack: Option<(Socket, u64)>,
}

impl Event {
    /// Whether the client wants an ack.
    pub fn wants_ack(&self) -> bool {
        self.ack.is_some()
    }

    /// Acknowledges it: the client's function is called with `args`. Nothing happens if
    /// it wants no ack.
    pub fn ack(self, args: Args) {
        if let Some((socket, number)) = self.ack {
            socket.send(&SocketPacket::Ack(socket.name(), Some(number), args));
        }
    }
}
