//! Delivery: the one thread at a topic's end that hands messages to subscribers.
//!
//! Orders come through the topic's channel in one order for everyone: a
//! message, a join, a leave, a room entered or left. The list of subscribers and
//! the rooms that they are in belong to this thread alone, so it needs no lock. The thread takes no lock of the topic, publishes
//! nothing and never blocks on a socket: a publisher that finds the channel
//! full waits for this thread for a moment, never for a subscriber.

use super::message::{Filter, Message};
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Messages that one hand-over may carry. A batch goes out in one write.
const BATCH_MESSAGES: usize = 128;
/// Bytes after which a batch takes no further message.
const BATCH_BYTES: usize = 128 * 1024;

/// Somebody who wants the messages of a topic from now on.
pub trait Subscriber: Send {
    /// Takes the batch without waiting. `false` means: gone, forget me. With a
    /// [`Filter`], each batch is one message that passed it.
    fn deliver(&self, batch: &mut Batch) -> bool;
}

/// What travels through a topic's channel.
pub enum Order {
    /// A message was published.
    Message(Arc<Message>),
    /// A subscriber joined. It gets every message that is ordered after this and
    /// that its filter, if it has one, lets through.
    Join(u64, Option<Filter>, Box<dyn Subscriber>),
    /// The subscriber with this number left.
    Leave(u64),
    /// The subscriber with this number entered a room.
    Enter(u64, String),
    /// It left that room.
    Exit(u64, String),
    /// Somebody waits until all that was ordered before this is handed over.
    Mark(Sender<()>),
    /// Nothing follows.
    Stop,
}

/// Messages that arrived together, and what was made of them, once for all
/// subscribers.
#[derive(Default)]
pub struct Batch {
    messages: Vec<Arc<Message>>,
    made: Vec<(FormKey, Bytes)>,
    /// See [`Batch::made`].
    other: Option<Arc<dyn Any + Send + Sync>>,
}

/// Names a form that messages are encoded in: addresses of what encodes them.
pub type FormKey = (usize, usize);

impl Batch {
    /// How many messages it holds.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// All messages, each encoded by `encode`, one after the other. The bytes
    /// are made for the first subscriber of a form and shared by the rest.
    pub fn bytes(&mut self, form: FormKey, encode: impl Fn(&Message, &mut Vec<u8>)) -> Bytes {
        if let Some((_, bytes)) = self.made.iter().find(|(key, _)| *key == form) {
            return bytes.clone();
        }
        let mut all = Vec::new();
        for message in &self.messages {
            encode(message, &mut all);
        }
        let bytes = Bytes::from(all);
        self.made.push((form, bytes.clone()));
        bytes
    }

    /// For a subscriber with a filter, whose batches are one message each: what
    /// `make` makes of it, made for the first subscriber and shared by the rest.
    /// The filtered subscribers of a topic agree on one `make`.
    pub fn made<T: Any + Send + Sync>(&mut self, make: impl FnOnce(&Message) -> T) -> Arc<T> {
        let made = self.other.take().and_then(|made| made.downcast().ok());
        let made = made.unwrap_or_else(|| Arc::new(make(&self.messages[0])));
        self.other = Some(made.clone());
        made
    }

    /// The same messages, each in a batch of its own.
    fn singly(&self) -> Vec<Batch> {
        let single = |message: &Arc<Message>| Batch {
            messages: vec![message.clone()],
            ..Batch::default()
        };
        self.messages.iter().map(single).collect()
    }
}

/// A subscriber, and what it wants if it does not want everything.
struct Seat {
    filter: Option<Filter>,
    subscriber: Box<dyn Subscriber>,
}

/// Runs until [`Order::Stop`], or until nobody can send any more.
pub fn run(orders: &Receiver<Order>, subscribers: &AtomicUsize) {
    let mut seats: BTreeMap<u64, Seat> = BTreeMap::new();
    let mut waiting: Option<Order> = None;
    loop {
        let order = match waiting.take() {
            Some(order) => order,
            None => match orders.recv() {
                Ok(order) => order,
                Err(_) => return,
            },
        };
        match order {
            Order::Message(first) => {
                let (batch, next) = gather(first, orders);
                waiting = next;
                hand_over(batch, &mut seats);
            }
            Order::Join(number, filter, subscriber) => {
                seats.insert(number, Seat { filter, subscriber });
            }
            Order::Leave(number) => {
                seats.remove(&number);
            }
            Order::Enter(number, room) => {
                if let Some(filter) = seats.get_mut(&number).and_then(|s| s.filter.as_mut()) {
                    filter.rooms.insert(room);
                }
            }
            Order::Exit(number, room) => {
                if let Some(filter) = seats.get_mut(&number).and_then(|s| s.filter.as_mut()) {
                    filter.rooms.remove(&room);
                }
            }
            // Fails only when nobody waits any more.
            Order::Mark(passed) => drop(passed.send(())),
            Order::Stop => return,
        }
        subscribers.store(seats.len(), Ordering::Relaxed);
    }
}

fn hand_over(mut batch: Batch, seats: &mut BTreeMap<u64, Seat>) {
    let mut singly: Option<Vec<Batch>> = None;
    seats.retain(|_, seat| match &seat.filter {
        None => seat.subscriber.deliver(&mut batch),
        Some(filter) => singly
            .get_or_insert_with(|| batch.singly())
            .iter_mut()
            .filter(|single| filter.wants(&single.messages[0]))
            .all(|single| seat.subscriber.deliver(single)),
    });
}

/// Takes the messages that are already there, up to the first other order.
fn gather(first: Arc<Message>, orders: &Receiver<Order>) -> (Batch, Option<Order>) {
    let mut bytes = first.size();
    let mut batch = Batch::default();
    batch.messages.push(first);
    while batch.messages.len() < BATCH_MESSAGES && bytes < BATCH_BYTES {
        match orders.try_recv() {
            Ok(Order::Message(message)) => {
                bytes += message.size();
                batch.messages.push(message);
            }
            Ok(other) => return (batch, Some(other)),
            Err(_) => break,
        }
    }
    (batch, None)
}
