//! A client: one Engine.IO session, and its sockets, one in each namespace.

use super::recovery::{Claim, Saved};
use super::socket::{Socket, SocketParts};
use super::subscriber::{EncodedEvent, HoldBack, SocketSubscriber};
use super::{ConnectError, Namespace, Server};
use crate::bus::{Closed, Cursor, Filter, ReadResult, Subscription};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine_io::MessageData;
use crate::lessons::socket_io::codec::socket_io::{Decoder, SocketPacket};
use crate::lessons::socket_io::engine_io::{
    DisconnectReason, PacketGroup, Session, SessionHandler,
};
use crate::lock::lock;
use crate::random;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A packet with its attachments may be this many times as large as a payload.
const ATTACHMENTS: usize = 10;
/// Letters of an id, five random bits each.
const ID_LETTERS: usize = 20;

/// See the module's text.
pub struct Client {
    server: Server,
    session: Arc<Session>,
    decoder: Decoder,
    sockets: HashMap<String, Socket>,
}

impl Client {
    /// The server's end of `session`.
    pub fn new(server: Server, session: Arc<Session>) -> Client {
        let decoder = Decoder::new(server.0.settings.max_payload * ATTACHMENTS);
        Client {
            server,
            session,
            decoder,
            sockets: HashMap::new(),
        }
    }

    fn send(&self, packet: &SocketPacket) {
        self.session
            .send(&Arc::new(PacketGroup::of(packet.encode())));
    }

    /// The socket in a namespace. `None`: the server has disconnected it, and the
    /// client may not know yet.
    fn socket(&self, namespace: &str) -> Result<Option<Socket>, Malformed> {
        let socket = self.sockets.get(namespace);
        let socket = socket.ok_or(Malformed("first of all, connect"))?;
        Ok(Some(socket.clone()).filter(Socket::is_connected))
    }

    /// A client wants to join a namespace.
    fn connect(&mut self, name: &str, payload: Option<Box<RawValue>>) -> Result<(), Malformed> {
        if self.sockets.get(name).is_some_and(Socket::is_connected) {
            return Err(Malformed("connected already"));
        }
        let namespace = lock(&self.server.0.namespaces).get(name).cloned();
        let auth = payload.unwrap_or_else(|| {
            RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
        });
        let Some(namespace) = namespace else {
            let message = "Invalid namespace".to_owned();
            self.refuse(
                name,
                &ConnectError {
                    message,
                    data: None,
                },
            );
            return Ok(());
        };
        let middlewares = lock(&namespace.0.middlewares).clone();
        if let Some(error) = middlewares.iter().find_map(|check| check(&auth).err()) {
            self.refuse(name, &error);
            return Ok(());
        }
        let Ok(socket) = self.welcome(&namespace, auth) else {
            self.session.end(DisconnectReason::ServerShuttingDown);
            return Ok(());
        };
        self.session.connected();
        self.sockets.insert(name.to_owned(), socket.clone());
        let handlers = lock(&namespace.0.on_connection).clone();
        for handler in handlers {
            handler(&socket);
        }
        Ok(())
    }

    fn refuse(&self, name: &str, error: &ConnectError) {
        let why = to_raw_value(error).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.send(&SocketPacket::ConnectError(name.to_owned(), why));
    }

    /// Joins the topic, tells the client that it is connected and what it missed,
    /// and lets come what comes.
    fn welcome(&self, namespace: &Namespace, auth: Box<RawValue>) -> Result<Socket, Closed> {
        let inner = &namespace.0;
        let recovered = match self.claimed(namespace, &auth) {
            Some((pid, saved)) => self.rejoin(namespace, saved)?.map(|joined| (pid, joined)),
            None => None,
        };
        let was_recovered = recovered.is_some();
        let (pid, joined) = match recovered {
            Some((pid, joined)) => (Some(pid), joined),
            None => {
                let pid = inner.recovery.is_some().then(secret).transpose()?;
                (
                    pid,
                    self.join(namespace, secret()?, BTreeSet::new(), &Cursor::Now)?,
                )
            }
        };
        let mut told = json!({ "sid": joined.id });
        if let Some(pid) = &pid {
            told["pid"] = pid.as_str().into();
        }
        let told = to_raw_value(&told).ok();
        self.send(&SocketPacket::Connect(inner.name.clone(), told));
        for message in joined
            .missed
            .messages
            .iter()
            .filter(|m| joined.filter.wants(m))
        {
            let event = EncodedEvent::of(std::slice::from_ref(message), pid.is_some());
            self.session.send(event.packets());
        }
        let parts = SocketParts {
            id: joined.id,
            auth,
            pid,
            recovered: was_recovered,
            since: joined.missed.last_id,
            rooms: joined.filter.rooms.into_iter().collect(),
            subscription: joined.subscription,
        };
        let socket = Socket::new(namespace.clone(), self.session.clone(), parts);
        socket.register();
        joined.gate.open();
        inner.topic.flush();
        Ok(socket)
    }

    /// The pid and the socket that `auth` claims, if it is remembered. A socket that is
    /// still there has lost its connection, and gives way.
    fn claimed(&self, namespace: &Namespace, auth: &RawValue) -> Option<(String, Saved)> {
        let inner = &namespace.0;
        let recovery = inner.recovery.as_ref()?;
        let claim = Claim::of(auth)?;
        let id = recovery.id_of(&claim.pid)?;
        let before = lock(&inner.sockets).get(&id).cloned();
        if let Some(socket) = before {
            socket.give_way();
        }
        let saved = recovery.find(&claim, &inner.name)?;
        Some((claim.pid, saved))
    }

    /// Joins as the socket that was saved; `None` when history does not reach back.
    fn rejoin(&self, namespace: &Namespace, saved: Saved) -> Result<Option<JoinedTopic>, Closed> {
        let joined = self.join(namespace, saved.id, saved.rooms, &saved.cursor)?;
        Ok(Some(joined).filter(|joined| !joined.missed.gap))
    }

    fn join(
        &self,
        namespace: &Namespace,
        id: String,
        rooms: BTreeSet<String>,
        cursor: &Cursor,
    ) -> Result<JoinedTopic, Closed> {
        let inner = &namespace.0;
        let mut filter = Filter {
            namespace: inner.name.clone(),
            rooms: rooms.into_iter().collect(),
        };
        filter.rooms.insert(id.clone());
        let gate = HoldBack::new(self.session.clone());
        let member = SocketSubscriber {
            gate: gate.clone(),
            offsets: inner.recovery.is_some(),
        };
        let (missed, subscription) =
            inner
                .topic
                .subscribe(cursor, Some(filter.clone()), Box::new(member))?;
        Ok(JoinedTopic {
            id,
            filter,
            missed,
            gate,
            subscription,
        })
    }
}

/// A place in the topic.
struct JoinedTopic {
    id: String,
    filter: Filter,
    missed: ReadResult,
    gate: Arc<HoldBack>,
    subscription: Subscription,
}

/// An id that nobody guesses. Without a random source nobody can be let in.
fn secret() -> Result<String, Closed> {
    random::token(ID_LETTERS).map_err(|error| {
        log::error!("no random number for an id: {error}");
        Closed
    })
}

impl SessionHandler for Client {
    fn message(&mut self, data: MessageData) -> Result<(), Malformed> {
        let Some(packet) = self.decoder.decode(&data)? else {
            return Ok(());
        };
        match packet {
            SocketPacket::Connect(namespace, payload) => self.connect(&namespace, payload)?,
            SocketPacket::Event(namespace, name, args, ack) => {
                if let Some(socket) = self.socket(&namespace)? {
                    socket.on_event(name, args, ack);
                }
            }
            SocketPacket::Ack(namespace, number, args) => {
                if let (Some(socket), Some(number)) = (self.socket(&namespace)?, number) {
                    socket.on_ack(number, Ok(args));
                }
            }
            SocketPacket::Disconnect(namespace) => {
                if let Some(socket) = self.socket(&namespace)? {
                    socket.on_close("client namespace disconnect", false);
                }
                self.sockets.remove(&namespace);
            }
            SocketPacket::ConnectError(..) => {
                return Err(Malformed("connect_error is the server's word"));
            }
        }
        Ok(())
    }

    fn closed(mut self: Box<Self>, why: DisconnectReason) {
        for (_, socket) in self.sockets.drain() {
            socket.on_close(why.as_str(), why != DisconnectReason::ParseError);
        }
    }
}
