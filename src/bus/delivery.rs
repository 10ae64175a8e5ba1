//! Delivery: the one thread at a topic's end that hands messages to subscribers.
//!
//! Orders come through the topic's channel in one order for everyone: a
//! message, a join, a leave. The list of subscribers belongs to this thread
//! alone, so it needs no lock. The thread takes no lock of the topic, publishes
//! nothing and never blocks on a socket: a publisher that finds the channel
//! full waits for this thread for a moment, never for a subscriber.

use super::message::Message;
use bytes::Bytes;
use crossbeam_channel::Receiver;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Messages that one hand-over may carry. A batch goes out in one write.
const BATCH_MESSAGES: usize = 128;
/// Bytes after which a batch takes no further message.
const BATCH_BYTES: usize = 128 * 1024;

/// Somebody who wants every message of a topic from now on.
pub trait Subscriber: Send {
    /// Takes the batch without waiting. `false` means: gone, forget me.
    fn deliver(&self, batch: &mut Batch) -> bool;
}

/// What travels through a topic's channel.
pub enum Order {
    /// A message was published.
    Message(Arc<Message>),
    /// A subscriber joined. It gets every message that is ordered after this.
    Join(u64, Box<dyn Subscriber>),
    /// The subscriber with this number left.
    Leave(u64),
    /// Nothing follows.
    Stop,
}

/// Messages that arrived together, and their bytes, made once for each form.
#[derive(Default)]
pub struct Batch {
    messages: Vec<Arc<Message>>,
    made: Vec<(FormKey, Bytes)>,
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
}

/// Runs until [`Order::Stop`], or until nobody can send any more.
pub fn run(orders: &Receiver<Order>, subscribers: &AtomicUsize) {
    let mut list: Vec<(u64, Box<dyn Subscriber>)> = Vec::new();
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
                let (mut batch, next) = gather(first, orders);
                waiting = next;
                list.retain(|(_, subscriber)| subscriber.deliver(&mut batch));
            }
            Order::Join(number, subscriber) => list.push((number, subscriber)),
            Order::Leave(number) => list.retain(|(other, _)| *other != number),
            Order::Stop => return,
        }
        subscribers.store(list.len(), Ordering::Relaxed);
    }
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
