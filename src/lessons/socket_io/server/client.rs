//! A client: one Engine.IO session, and its sockets, one in each namespace.

use super::member::{Gate, Member, Shared};
use super::recovery::Saved;
use super::socket::{Beginning, Socket};
use super::{ConnectError, Namespace, Server};
use crate::bus::{Closed, Cursor, Filter, News, Subscription};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine::Data;
use crate::lessons::socket_io::codec::socket::{Decoder, Packet};
use crate::lessons::socket_io::engine_io::{Ended, Parcel, Receiver, Session};
use crate::random;
use crate::sync::lock;
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

    fn send(&self, packet: &Packet) {
        self.session.send(&Arc::new(Parcel::of(packet.encode())));
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
        let admissions = lock(&namespace.0.admissions).clone();
        if let Some(error) = admissions.iter().find_map(|admit| admit(&auth).err()) {
            self.refuse(name, &error);
            return Ok(());
        }
        let Ok(socket) = self.welcome(&namespace, auth) else {
            self.session.end(Ended::ServerShuttingDown);
            return Ok(());
        };
        self.session.settled();
        self.sockets.insert(name.to_owned(), socket.clone());
        let handlers = lock(&namespace.0.on_connection).clone();
        for handler in handlers {
            handler(&socket);
        }
        Ok(())
    }

    fn refuse(&self, name: &str, error: &ConnectError) {
        let why = to_raw_value(error).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.send(&Packet::ConnectError(name.to_owned(), why));
    }

    /// Joins the topic, tells the client that it is connected and what it missed,
    /// and lets come what comes.
    fn welcome(&self, namespace: &Namespace, auth: Box<RawValue>) -> Result<Socket, Closed> {
        let space = &namespace.0;
        let claimed = space
            .recovery
            .as_ref()
            .and_then(|recovery| recovery.claim(&auth, &space.name));
        let recovered = match claimed {
            Some((pid, saved)) => self.rejoin(namespace, saved)?.map(|joined| (pid, joined)),
            None => None,
        };
        let was_recovered = recovered.is_some();
        let (pid, joined) = match recovered {
            Some((pid, joined)) => (Some(pid), joined),
            None => {
                let pid = space.recovery.is_some().then(secret).transpose()?;
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
        self.send(&Packet::Connect(space.name.clone(), told));
        for message in joined
            .news
            .messages
            .iter()
            .filter(|m| joined.filter.wants(m))
        {
            let event = Shared::of(message, pid.is_some());
            self.session.send(event.parcel());
        }
        let beginning = Beginning {
            id: joined.id,
            auth,
            pid,
            recovered: was_recovered,
            since: joined.news.last_id,
            rooms: joined.filter.rooms.into_iter().collect(),
            subscription: joined.subscription,
        };
        let socket = Socket::new(namespace.clone(), self.session.clone(), beginning);
        socket.enter();
        joined.gate.open();
        space.topic.flush();
        Ok(socket)
    }

    /// Joins as the socket that was saved; `None` when history does not reach back.
    fn rejoin(&self, namespace: &Namespace, saved: Saved) -> Result<Option<Joined>, Closed> {
        let joined = self.join(namespace, saved.id, saved.rooms, &saved.cursor)?;
        Ok(Some(joined).filter(|joined| !joined.news.gap))
    }

    fn join(
        &self,
        namespace: &Namespace,
        id: String,
        rooms: BTreeSet<String>,
        cursor: &Cursor,
    ) -> Result<Joined, Closed> {
        let space = &namespace.0;
        let mut filter = Filter {
            space: space.name.clone(),
            rooms: rooms.into_iter().collect(),
        };
        filter.rooms.insert(id.clone());
        let gate = Gate::new(self.session.clone());
        let member = Member {
            gate: gate.clone(),
            offsets: space.recovery.is_some(),
        };
        let (news, subscription) =
            space
                .topic
                .subscribe(cursor, Some(filter.clone()), Box::new(member))?;
        Ok(Joined {
            id,
            filter,
            news,
            gate,
            subscription,
        })
    }
}

/// A place in the topic.
struct Joined {
    id: String,
    filter: Filter,
    news: News,
    gate: Arc<Gate>,
    subscription: Subscription,
}

/// An id that nobody guesses. Without a random source nobody can be let in.
fn secret() -> Result<String, Closed> {
    random::token(ID_LETTERS).map_err(|error| {
        log::error!("no random number for an id: {error}");
        Closed
    })
}

impl Receiver for Client {
    fn message(&mut self, data: Data) -> Result<(), Malformed> {
        let Some(packet) = self.decoder.decode(&data)? else {
            return Ok(());
        };
        match packet {
            Packet::Connect(namespace, payload) => self.connect(&namespace, payload)?,
            Packet::Event(namespace, name, args, ack) => {
                if let Some(socket) = self.socket(&namespace)? {
                    socket.hear(name, args, ack);
                }
            }
            Packet::Ack(namespace, number, args) => {
                if let Some(socket) = self.socket(&namespace)? {
                    socket.answered(number, Ok(args));
                }
            }
            Packet::Disconnect(namespace) => {
                if let Some(socket) = self.socket(&namespace)? {
                    socket.over("client namespace disconnect", false);
                }
                self.sockets.remove(&namespace);
            }
            Packet::ConnectError(..) => {
                return Err(Malformed("connect_error is the server's word"));
            }
        }
        Ok(())
    }

    fn closed(mut self: Box<Self>, why: Ended) {
        for (_, socket) in self.sockets.drain() {
            socket.over(why.as_str(), why != Ended::ParseError);
        }
    }
}
