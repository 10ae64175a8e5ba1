//! One delivery thread per topic: it takes commands from the topic's channel and
//! calls every subscriber, in order.
//!
//! A message comes with the polls that were parked when it was published; they are
//! answered here, each with the messages from that one on.
//!
//! A command is a message, a join, a leave, a room entered or left. All of them
//! come through one channel, so there is one order for everyone. The list of
//! subscribers and their rooms belong to this thread alone and need no lock. The
//! thread takes no lock of a topic, publishes nothing and never blocks on a socket:
//! a publisher that finds the channel full waits for this thread for a moment,
//! never for a subscriber.
//!
//! Two types implement [`Subscriber`]: `StreamSubscriber` in `feed::streaming`
//! (lessons 3 to 6) and `SocketSubscriber` in lesson 7's server.

use super::audience::Filter;
use super::history::ReadResult;
use super::message::Message;
use super::once::Once;
use super::parking::{Waiters, answer};
use super::topic::POLL_BYTES;
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Messages that one hand-over may carry. A batch goes out in one write.
const BATCH_MESSAGES: usize = 128;
/// Some messages of a batch: a bit for each.
type Selection = u128;
const _: () = assert!(BATCH_MESSAGES <= Selection::BITS as usize);
/// Bytes after which a batch takes no further message.
const BATCH_BYTES: usize = 128 * 1024;

/// Somebody who wants the messages of a topic from now on.
pub trait Subscriber: Send {
    /// Takes the batch without waiting. `false` means: gone, forget me. With a
    /// [`Filter`], the batch holds only what passed it.
    fn deliver(&self, batch: &mut Batch) -> bool;
}

/// What is sent through a topic's channel.
pub enum Command {
    /// A message was published, while these waited for one.
    Message(Arc<Message>, Waiters),
    /// A subscriber joined. It gets every message that comes after this and
    /// that its filter, if it has one, lets through.
    Join(u64, Option<Filter>, Box<dyn Subscriber>),
    /// The subscriber with this number left.
    Leave(u64),
    /// The subscriber with this number entered a room.
    Enter(u64, String),
    /// It left that room.
    Exit(u64, String),
    /// Somebody waits until all that came before this is handed over.
    Flush(Sender<()>),
    /// Nothing follows.
    Stop,
}

/// Messages that arrived together, and what was made of them, once for all
/// subscribers.
#[derive(Default)]
pub struct Batch {
    messages: Vec<Arc<Message>>,
    /// Who waited for which of them, and gets it and what is behind it.
    parked: Vec<(usize, Waiters)>,
    encoded: Vec<(EncodingKey, Bytes)>,
    /// See [`Batch::encode_once`].
    shared: Once,
}

/// Identifies how messages are encoded: the addresses of the two statics that do it,
/// a message format and a transfer coding. The same pair always gives the same bytes.
pub type EncodingKey = (usize, usize);

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
    /// are made for the first subscriber with this `key` and shared by the rest.
    pub fn bytes(&mut self, key: EncodingKey, encode: impl Fn(&Message, &mut Vec<u8>)) -> Bytes {
        if let Some((_, bytes)) = self.encoded.iter().find(|(other, _)| *other == key) {
            return bytes.clone();
        }
        let mut all = Vec::new();
        for message in &self.messages {
            encode(message, &mut all);
        }
        let bytes = Bytes::from(all);
        self.encoded.push((key, bytes.clone()));
        bytes
    }

    /// For a subscriber with a filter: what `encode` makes of all messages, made for the
    /// first subscriber that gets these and shared by the rest. The filtered subscribers of
    /// a topic agree on one `encode`.
    pub fn encode_once<T: Send + Sync + 'static>(
        &mut self,
        encode: impl Fn(&[Arc<Message>]) -> T,
    ) -> Arc<T> {
        self.shared.get(|| encode(&self.messages))
    }

    /// The messages from number `from` on, as a poll reads them.
    fn read_from(&self, from: usize) -> ReadResult {
        let messages = self.messages[from..].to_vec();
        let last_id = messages[messages.len() - 1].id.clone();
        ReadResult::new(messages, last_id, false).limited_to(POLL_BYTES)
    }

    /// Which of the messages pass `filter`.
    fn passing(&self, filter: &Filter) -> Selection {
        let passes = self.messages.iter().map(|message| filter.wants(message));
        let bits = passes.enumerate().map(|(n, it)| Selection::from(it) << n);
        bits.sum()
    }

    /// Those messages alone.
    fn select(&self, selection: Selection) -> Batch {
        let all = self.messages.iter().enumerate();
        let selected = all.filter(|(n, _)| selection >> n & 1 == 1);
        Batch {
            messages: selected.map(|(_, message)| message.clone()).collect(),
            ..Batch::default()
        }
    }
}

/// A subscriber, and what it wants if it does not want everything.
struct Joined {
    filter: Option<Filter>,
    subscriber: Box<dyn Subscriber>,
}

/// Runs until [`Command::Stop`], or until nobody can send any more.
pub fn run(commands: &Receiver<Command>, subscribers: &AtomicUsize) {
    let mut joined: BTreeMap<u64, Joined> = BTreeMap::new();
    let mut waiting: Option<Command> = None;
    loop {
        let command = match waiting.take() {
            Some(command) => command,
            None => match commands.recv() {
                Ok(command) => command,
                Err(_) => return,
            },
        };
        match command {
            Command::Message(first, parked) => {
                let (batch, next) = gather(first, parked, commands);
                waiting = next;
                hand_over(batch, &mut joined);
            }
            Command::Join(number, filter, subscriber) => {
                joined.insert(number, Joined { filter, subscriber });
            }
            Command::Leave(number) => {
                joined.remove(&number);
            }
            Command::Enter(number, room) => {
                if let Some(filter) = joined.get_mut(&number).and_then(|s| s.filter.as_mut()) {
                    filter.rooms.insert(room);
                }
            }
            Command::Exit(number, room) => {
                if let Some(filter) = joined.get_mut(&number).and_then(|s| s.filter.as_mut()) {
                    filter.rooms.remove(&room);
                }
            }
            // Fails only when nobody waits any more.
            Command::Flush(passed) => drop(passed.send(())),
            Command::Stop => return,
        }
        subscribers.store(joined.len(), Ordering::Relaxed);
    }
}

fn hand_over(mut batch: Batch, joined: &mut BTreeMap<u64, Joined>) {
    for (from, waiters) in std::mem::take(&mut batch.parked) {
        answer(&batch.read_from(from), waiters.into_values());
    }
    let mut selected: HashMap<Selection, Batch> = HashMap::new();
    joined.retain(|_, one| {
        let Some(filter) = &one.filter else {
            return one.subscriber.deliver(&mut batch);
        };
        match batch.passing(filter) {
            0 => true,
            selection => one.subscriber.deliver(
                selected
                    .entry(selection)
                    .or_insert_with(|| batch.select(selection)),
            ),
        }
    });
}

/// Takes the messages that are already there, up to the first other command.
fn gather(
    first: Arc<Message>,
    parked: Waiters,
    commands: &Receiver<Command>,
) -> (Batch, Option<Command>) {
    let mut bytes = 0;
    let mut batch = Batch::default();
    let mut next = Some(Command::Message(first, parked));
    loop {
        match next {
            Some(Command::Message(message, parked)) => {
                bytes += message.size();
                if !parked.is_empty() {
                    batch.parked.push((batch.messages.len(), parked));
                }
                batch.messages.push(message);
            }
            other => return (batch, other),
        }
        if batch.messages.len() >= BATCH_MESSAGES || bytes >= BATCH_BYTES {
            return (batch, None);
        }
        next = commands.try_recv().ok();
    }
}
