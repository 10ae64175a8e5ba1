//! A socket as a bus subscriber. Its gate holds events back until the client has been
//! told that it is connected.

use super::payload::EventPayload;
use crate::bus::{Batch, Message, Subscriber};
use crate::feed::outbox::MAX_MESSAGES;
use crate::lessons::socket_io::codec::socket_io::{Args, SocketPacket};
use crate::lessons::socket_io::engine_io::{DisconnectReason, PacketGroup, Session};
use crate::lock::lock;
use std::sync::{Arc, Mutex};

/// Events on their way to many sockets: encoded once, shared by all.
pub struct EncodedEvents(Vec<EncodedEvent>);

impl EncodedEvents {
    /// The events that `messages` carry. Those that follow each other go out in one write,
    /// but for volatile ones, which leave alone or not at all.
    pub fn of(messages: &[Arc<Message>], offsets: bool) -> EncodedEvents {
        let runs = messages.chunk_by(|one, next| !one.volatile && !next.volatile);
        EncodedEvents(runs.map(|run| EncodedEvent::of(run, offsets)).collect())
    }

    fn packets(&self) -> usize {
        self.0.iter().map(|event| event.packets.count()).sum()
    }

    /// Sends them to one socket, without waiting. `false` when that one is gone.
    fn send_to(&self, session: &Arc<Session>) -> bool {
        self.0.iter().all(|event| event.send_to(session))
    }
}

/// Events that go out together.
pub struct EncodedEvent {
    packets: Arc<PacketGroup>,
    volatile: bool,
}

impl EncodedEvent {
    /// The events that `messages` carry. With `offsets`, each gets its place in the topic as
    /// a further argument, unless it is volatile: a client that comes back hands back the
    /// last one.
    pub fn of(messages: &[Arc<Message>], offsets: bool) -> EncodedEvent {
        let packets = messages
            .iter()
            .flat_map(|message| packet_of(message, offsets).encode());
        EncodedEvent {
            packets: Arc::new(PacketGroup::of(packets.collect())),
            volatile: messages.iter().any(|message| message.volatile),
        }
    }

    /// What goes out.
    pub fn packets(&self) -> &Arc<PacketGroup> {
        &self.packets
    }

    /// Sends it to one of them, without waiting. `false` when that one is gone.
    fn send_to(&self, session: &Arc<Session>) -> bool {
        if self.volatile {
            session.send_volatile(&self.packets);
            return true;
        }
        session.send_or_close(&self.packets)
    }
}

fn packets(kept: &[Arc<EncodedEvents>]) -> usize {
    kept.iter().map(|events| events.packets()).sum()
}

fn packet_of(message: &Message, offsets: bool) -> SocketPacket {
    // The topic is written by this server alone.
    let args = serde_json::from_str(message.data.get())
        .map_or_else(|_| Args::none(), EventPayload::into_args);
    let args = if offsets && !message.volatile {
        args.and(&message.id)
    } else {
        args
    };
    let audience = message.audience.as_ref();
    let namespace = audience.map_or("/", |audience| &audience.namespace);
    SocketPacket::Event(namespace.to_owned(), message.event.clone(), args, None)
}

/// Keeps back what is published between the join and the moment when the client
/// has been told that it is connected, and what it missed.
pub struct HoldBack {
    session: Arc<Session>,
    /// `None` once it is open.
    kept: Mutex<Option<Vec<Arc<EncodedEvents>>>>,
}

impl HoldBack {
    /// A gate that is closed.
    pub fn new(session: Arc<Session>) -> Arc<HoldBack> {
        Arc::new(HoldBack {
            session,
            kept: Mutex::new(Some(Vec::new())),
        })
    }

    /// Lets through what was kept back, and from now on everything. The delivery
    /// thread may stand before the gate, so this waits for nothing.
    pub fn open(&self) {
        let mut kept = lock(&self.kept);
        for events in kept.take().unwrap_or_default() {
            events.send_to(&self.session);
        }
    }

    fn pass(&self, events: Arc<EncodedEvents>) -> bool {
        let mut kept = lock(&self.kept);
        match &mut *kept {
            None => {
                drop(kept);
                events.send_to(&self.session)
            }
            Some(kept) if packets(kept) + events.packets() <= MAX_MESSAGES => {
                kept.push(events);
                true
            }
            Some(_) => {
                self.session.close(DisconnectReason::TransportError);
                false
            }
        }
    }
}

/// See the module's text.
pub struct SocketSubscriber {
    /// The way to the client.
    pub gate: Arc<HoldBack>,
    /// Whether events carry their offsets.
    pub offsets: bool,
}

impl Subscriber for SocketSubscriber {
    fn deliver(&self, batch: &mut Batch) -> bool {
        let offsets = self.offsets;
        self.gate
            .pass(batch.encode_once(|messages| EncodedEvents::of(messages, offsets)))
    }
}
