//! A member: a socket as the topic's delivery thread sees it.

use crate::bus::{Batch, Message, Subscriber};
use crate::feed::outbox::MAX_MESSAGES;
use crate::lessons::socket_io::codec::socket::{Args, Packet};
use crate::lessons::socket_io::engine_io::{Ended, Parcel, Session};
use crate::sync::lock;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex};

/// An event on its way to many sockets: made once, shared by all.
pub struct Shared {
    parcel: Arc<Parcel>,
    volatile: bool,
}

/// What the topic carries of an event.
#[derive(Deserialize)]
struct Carried {
    args: Vec<Box<RawValue>>,
    attachments: Vec<String>,
}

impl Shared {
    /// The event that `message` carries. With `offsets`, it gets its place in the
    /// topic as a further argument, unless it is volatile: a client that comes back
    /// hands back the last one.
    pub fn of(message: &Message, offsets: bool) -> Shared {
        // The topic is written by this server alone.
        let args = serde_json::from_str(message.data.get()).map_or_else(
            |_| Args::none(),
            |carried: Carried| {
                let bytes = carried.attachments.iter().map(|base64| {
                    let bytes = data_encoding::BASE64.decode(base64.as_bytes());
                    bytes.unwrap_or_default().into()
                });
                Args::from_parts(carried.args, bytes.collect())
            },
        );
        let args = if offsets && !message.volatile {
            args.and(&message.id)
        } else {
            args
        };
        let space = message
            .audience
            .as_ref()
            .map_or("/", |audience| &audience.space);
        let packet = Packet::Event(space.to_owned(), message.event.clone(), args, None);
        Shared {
            parcel: Arc::new(Parcel::of(packet.encode())),
            volatile: message.volatile,
        }
    }

    /// What goes out.
    pub fn parcel(&self) -> &Arc<Parcel> {
        &self.parcel
    }

    /// Sends it to one of them, without waiting. `false` when that one is gone.
    fn offer(&self, session: &Arc<Session>) -> bool {
        if self.volatile {
            session.send_volatile(&self.parcel);
            return true;
        }
        session.offer(&self.parcel)
    }
}

/// Keeps back what is published between the join and the moment when the client
/// has been told that it is connected, and what it missed.
pub struct Gate {
    session: Arc<Session>,
    /// `None` once it is open.
    kept: Mutex<Option<Vec<Arc<Shared>>>>,
}

impl Gate {
    /// A closed gate.
    pub fn new(session: Arc<Session>) -> Arc<Gate> {
        Arc::new(Gate {
            session,
            kept: Mutex::new(Some(Vec::new())),
        })
    }

    /// Lets through what was kept back, and from now on everything. The delivery
    /// thread may stand before the gate, so this waits for nothing.
    pub fn open(&self) {
        let mut kept = lock(&self.kept);
        for event in kept.take().unwrap_or_default() {
            event.offer(&self.session);
        }
    }

    fn pass(&self, event: Arc<Shared>) -> bool {
        let mut kept = lock(&self.kept);
        match &mut *kept {
            None => {
                drop(kept);
                event.offer(&self.session)
            }
            Some(kept) if kept.len() < MAX_MESSAGES => {
                kept.push(event);
                true
            }
            Some(_) => {
                self.session.close(Ended::TransportError);
                false
            }
        }
    }
}

/// See the module's text.
pub struct Member {
    /// The way to the client.
    pub gate: Arc<Gate>,
    /// Whether events carry their offsets.
    pub offsets: bool,
}

impl Subscriber for Member {
    fn deliver(&self, batch: &mut Batch) -> bool {
        let offsets = self.offsets;
        self.gate
            .pass(batch.made(|message| Shared::of(message, offsets)))
    }
}
