//! A topic: one stream of messages with a history, and the four ways to read it
//! (at once, by waiting, parked, by subscribing).
//!
//! The history, its `Condvar` and the parked polls stand under one lock. [`Topic::publish`]
//! takes the next id, appends, wakes the waiting readers and sends into the channel, with
//! the parked polls, all under that lock: one order for everyone. [`Topic::subscribe`] takes
//! what was missed and sends the join into the channel under the same lock, so that no
//! message is lost or sent twice between the two.
//!
//! The order in which locks are taken: [`crate::architecture`].

mod park;

pub use park::ParkedWaiter;

use super::audience::{Audience, Filter};
use super::delivery::{self, Command, Subscriber};
use super::history::{History, ReadResult, Retention};
use super::message::{Cursor, Id, Message};
use super::parking::{Parking, Waiters, answer};
use crate::lock::lock;
use crate::threads;
use crossbeam_channel::{Sender, bounded};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Commands that may wait for the delivery thread. A publisher that finds the
/// channel full waits until the thread has taken one.
const CHANNEL: usize = 1024;

/// What one poll carries at most, in bytes, so that a short request cannot make
/// the server hold a copy of the whole history.
pub const POLL_BYTES: usize = 1024 * 1024;

/// The topic was closed: the server is going down.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is going down; come back with your last id")
    }
}

/// See [`Topic::on_publish`].
type OnPublish = Box<dyn Fn(&Message) + Send + Sync>;

/// One named stream of messages.
pub struct Topic {
    name: &'static str,
    /// No URL can name it.
    internal: bool,
    /// Run with every message, under `log`'s lock.
    on_publish: OnceLock<OnPublish>,
    log: Mutex<Log>,
    /// Signalled at each message, and when the topic closes.
    appended: Condvar,
    /// Into the delivery thread. Messages and joins go in under `log`'s lock.
    commands: Sender<Command>,
    /// Numbers the subscribers.
    next_subscriber: AtomicU64,
    /// How many there are, as the delivery thread last counted them.
    subscribers: Arc<AtomicUsize>,
    /// Joined by `close`.
    delivery: Mutex<Option<JoinHandle<()>>>,
}

/// What a topic keeps under its lock.
pub struct Log {
    history: History,
    /// What was read last since the newest message, and from where.
    last_read: Option<(Cursor, Arc<ReadResult>)>,
    closed: bool,
    parking: Parking,
    /// When the timer takes those out next whose time ran out.
    checks_at: Option<Instant>,
}

impl Log {
    /// What follows `cursor`: at most [`POLL_BYTES`], or one message. All who wait at one
    /// place get the same.
    pub fn after(&mut self, cursor: &Cursor) -> Arc<ReadResult> {
        match &self.last_read {
            Some((same, read)) if same == cursor => read.clone(),
            _ => {
                let read = Arc::new(self.history.after(cursor).limited_to(POLL_BYTES));
                self.last_read = Some((cursor.clone(), read.clone()));
                read
            }
        }
    }

    fn append(&mut self, message: Arc<Message>) {
        self.history.append(message);
        self.last_read = None;
    }

    /// The id of the newest message.
    pub fn last_id(&self) -> Id {
        self.history.last_id()
    }

    /// Whether the server is going down: no message will follow.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl Topic {
    /// Makes the topic and starts its delivery thread.
    ///
    /// # Errors
    /// When the system gives no thread or no random number for the tag.
    pub fn start(
        name: &'static str,
        internal: bool,
        retention: Retention,
    ) -> io::Result<Arc<Topic>> {
        let (commands, received) = bounded(CHANNEL);
        let subscribers = Arc::new(AtomicUsize::new(0));
        let counted = subscribers.clone();
        let delivery = threads::spawn(format!("delivery-{name}"), move || {
            delivery::run(&received, &counted);
        })?;
        Ok(Arc::new(Topic {
            name,
            internal,
            on_publish: OnceLock::new(),
            log: Mutex::new(Log {
                history: History::new(crate::random::token(8)?.into(), retention),
                last_read: None,
                closed: false,
                parking: Parking::default(),
                checks_at: None,
            }),
            appended: Condvar::new(),
            commands,
            next_subscriber: AtomicU64::new(1),
            subscribers,
            delivery: Mutex::new(Some(delivery)),
        }))
    }

    /// The topic's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is the server's own, which no URL can name.
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The id of the newest message.
    pub fn last_id(&self) -> Id {
        lock(&self.log).last_id()
    }

    /// How many messages the history holds.
    pub fn history_len(&self) -> usize {
        lock(&self.log).history.len()
    }

    /// How many subscribers there are, parked polls among them.
    pub fn subscribers(&self) -> usize {
        self.subscribers.load(Ordering::Relaxed) + lock(&self.log).parking.len()
    }

    /// Publishes `data`, written as compact JSON, and returns its id once the
    /// message is in the history and on its way to every subscriber.
    ///
    /// # Errors
    /// [`Closed`] when the server is going down; nothing was published then.
    pub fn publish(&self, event: &str, data: &impl Serialize) -> Result<Id, Closed> {
        self.append_and_send(event, data, None, false)
    }

    /// As [`Topic::publish`], for some of the subscribers that have a [`Filter`].
    ///
    /// # Errors
    /// As [`Topic::publish`].
    pub fn publish_to(
        &self,
        audience: Audience,
        event: &str,
        data: &impl Serialize,
    ) -> Result<Id, Closed> {
        self.append_and_send(event, data, Some(audience), false)
    }

    /// As [`Topic::publish_to`], but only for those who are there now: the message
    /// gets no id and is not remembered.
    ///
    /// # Errors
    /// As [`Topic::publish`].
    pub fn publish_volatile(
        &self,
        audience: Audience,
        event: &str,
        data: &impl Serialize,
    ) -> Result<(), Closed> {
        self.append_and_send(event, data, Some(audience), true)
            .map(drop)
    }

    fn append_and_send(
        &self,
        event: &str,
        data: &impl Serialize,
        audience: Option<Audience>,
        volatile: bool,
    ) -> Result<Id, Closed> {
        let data = to_raw_value(data).expect("what is published was JSON before");
        let mut log = lock(&self.log);
        if log.closed {
            return Err(Closed);
        }
        let id = if volatile {
            log.history.last_id()
        } else {
            log.history.next_id()
        };
        let message = Arc::new(Message {
            id: id.clone(),
            topic: self.name,
            event: event.to_owned(),
            data,
            published_ms: unix_ms(),
            audience,
            volatile,
        });
        let mut parked = Waiters::new();
        // ANCHOR: wake
        if !volatile {
            log.append(message.clone());
            self.appended.notify_all();
            parked = log.parking.take_all();
        }
        // ANCHOR_END: wake
        if let Some(on_publish) = self.on_publish.get() {
            on_publish(&message);
        }
        // Fails only after `close`, which is excluded under this lock.
        let _ = self.commands.send(Command::Message(message, parked));
        Ok(id)
    }

    /// From now on `forward` is run with every message, in the topic's one order: it
    /// publishes it on another topic, in that topic's form. It runs under this
    /// topic's lock, so the other topic must never forward back. The first call
    /// counts.
    pub fn on_publish(&self, forward: impl Fn(&Message) + Send + Sync + 'static) {
        let _ = self.on_publish.set(Box::new(forward));
    }

    /// Waits until all that was published before is handed to every subscriber:
    /// for the delivery thread, that is, and never for a socket.
    pub fn flush(&self) {
        let (passed, wait) = bounded(1);
        if self.commands.send(Command::Flush(passed)).is_ok() {
            // Errs when the topic was closed meanwhile; all is handed over then.
            let _ = wait.recv();
        }
    }

    /// The id after which reading from `cursor` begins. "From now on" becomes
    /// "after that id", so that the reader can be told it and come back to it.
    pub fn resolve(&self, cursor: Cursor) -> (Cursor, Id) {
        let position = lock(&self.log).history.position(&cursor);
        match cursor {
            Cursor::Now => (Cursor::After(position.clone()), position),
            given => (given, position),
        }
    }

    /// What follows `cursor`, at once: short polling. At most [`POLL_BYTES`], or
    /// one message.
    pub fn after(&self, cursor: &Cursor) -> Arc<ReadResult> {
        lock(&self.log).after(cursor)
    }

    /// The history, locked. While a reader holds it nobody can publish on this topic:
    /// look, and wait on [`Topic::appended`] or let it go. Lesson 2 reads so.
    pub fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    /// Signalled at each message, and when the topic closes. It belongs to
    /// [`Topic::log`].
    pub fn appended(&self) -> &Condvar {
        &self.appended
    }

    /// Joins `subscriber` and returns what it missed. It is handed every later
    /// message (with a `filter`, every one that passes it) until it says that it is
    /// gone or the [`Subscription`] is dropped. What it missed is all there is: to
    /// filter that is the caller's part.
    ///
    /// # Errors
    /// [`Closed`] when the server is going down.
    pub fn subscribe(
        self: &Arc<Topic>,
        cursor: &Cursor,
        filter: Option<Filter>,
        subscriber: Box<dyn Subscriber>,
    ) -> Result<(ReadResult, Subscription), Closed> {
        let number = self.next_subscriber.fetch_add(1, Ordering::Relaxed);
        let log = lock(&self.log);
        if log.closed {
            return Err(Closed);
        }
        let missed = log.history.after(cursor);
        let _ = self
            .commands
            .send(Command::Join(number, filter, subscriber));
        drop(log);
        let subscription = Subscription {
            topic: self.clone(),
            number,
        };
        Ok((missed, subscription))
    }

    /// See [`super::Bus::close`].
    pub fn close(&self) {
        let mut log = lock(&self.log);
        if !log.closed {
            log.closed = true;
            let _ = self.commands.send(Command::Stop);
            self.appended.notify_all();
        }
        let (parked, last_id) = (log.parking.take_all(), log.last_id());
        drop(log);
        answer(&ReadResult::nothing(last_id), parked.into_values());
        let delivery = lock(&self.delivery).take();
        if let Some(thread) = delivery {
            threads::join(thread);
        }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        self.close();
    }
}

/// A subscriber's place in a topic. Dropping it leaves.
pub struct Subscription {
    topic: Arc<Topic>,
    number: u64,
}

impl Subscription {
    /// Enters a room: from the next message on, those for the room are let
    /// through. Only for a subscriber with a [`Filter`].
    pub fn enter(&self, room: &str) {
        // Fails when the delivery thread has ended, and its list with it; so below.
        let _ = self
            .topic
            .commands
            .send(Command::Enter(self.number, room.to_owned()));
    }

    /// Leaves a room again.
    pub fn exit(&self, room: &str) {
        let _ = self
            .topic
            .commands
            .send(Command::Exit(self.number, room.to_owned()));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = self.topic.commands.send(Command::Leave(self.number));
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
}
