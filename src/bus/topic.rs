//! A topic: one stream of messages with a history, and the three ways to read it.
//!
//! The history and its `Condvar` stand under one lock. To publish is to take
//! the next id, append, wake the waiting readers and send into the channel, all
//! under that lock: one order for everyone. To subscribe is to take what was
//! missed and to send the join into the channel, in one step under the same
//! lock, so that nothing falls between the two and nothing comes twice.
//!
//! Lock order: the topic's lock comes before an outbox's. The delivery thread
//! takes only the latter. A topic that echoes into another is locked first.

use super::delivery::{self, Order, Subscriber};
use super::history::{Bounds, History, News};
use super::message::{Audience, Cursor, Filter, Id, Message};
use crate::sync::lock;
use crate::threads;
use crossbeam_channel::{Sender, bounded};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Orders that may wait for the delivery thread. A publisher that finds the
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

/// See [`Topic::echo_into`].
type Echo = Box<dyn Fn(&Message) + Send + Sync>;

/// One named stream of messages.
pub struct Topic {
    name: &'static str,
    /// No URL can name it.
    internal: bool,
    /// Run with every message, under `log`'s lock.
    echo: OnceLock<Echo>,
    log: Mutex<Log>,
    /// Signalled at each message, and when the topic closes.
    news: Condvar,
    /// Into the delivery thread. Messages and joins go in under `log`'s lock.
    orders: Sender<Order>,
    /// Numbers the subscribers.
    next_subscriber: AtomicU64,
    /// How many there are, as the delivery thread last counted them.
    subscribers: Arc<AtomicUsize>,
    /// Joined by `close`.
    delivery: Mutex<Option<JoinHandle<()>>>,
}

struct Log {
    history: History,
    closed: bool,
}

impl Topic {
    /// Makes the topic and starts its delivery thread.
    ///
    /// # Errors
    /// When the system gives no thread or no random number for the tag.
    pub fn start(name: &'static str, internal: bool, bounds: Bounds) -> io::Result<Arc<Topic>> {
        let (orders, incoming) = bounded(CHANNEL);
        let subscribers = Arc::new(AtomicUsize::new(0));
        let counted = subscribers.clone();
        let delivery = threads::spawn(format!("delivery-{name}"), move || {
            delivery::run(&incoming, &counted);
        })?;
        Ok(Arc::new(Topic {
            name,
            internal,
            echo: OnceLock::new(),
            log: Mutex::new(Log {
                history: History::new(crate::random::token(8)?.into(), bounds),
                closed: false,
            }),
            news: Condvar::new(),
            orders,
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
        lock(&self.log).history.last_id()
    }

    /// How many messages the history holds.
    pub fn held(&self) -> usize {
        lock(&self.log).history.held()
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.subscribers.load(Ordering::Relaxed)
    }

    /// Publishes `data`, written as compact JSON, and returns its id once the
    /// message is in the history and on its way to every subscriber.
    ///
    /// # Errors
    /// [`Closed`] when the server is going down; nothing was published then.
    pub fn publish(&self, event: &str, data: &impl Serialize) -> Result<Id, Closed> {
        self.say(event, data, None, false)
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
        self.say(event, data, Some(audience), false)
    }

    /// As [`Topic::publish_to`], but only for those who are there now: the message
    /// gets no id and is not remembered.
    ///
    /// # Errors
    /// As [`Topic::publish`].
    pub fn whisper(
        &self,
        audience: Audience,
        event: &str,
        data: &impl Serialize,
    ) -> Result<(), Closed> {
        self.say(event, data, Some(audience), true).map(drop)
    }

    fn say(
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
        // ANCHOR: wake
        if !volatile {
            log.history.append(message.clone());
            self.news.notify_all();
        }
        // ANCHOR_END: wake
        if let Some(echo) = self.echo.get() {
            echo(&message);
        }
        // Fails only after `close`, which is excluded under this lock.
        let _ = self.orders.send(Order::Message(message));
        Ok(id)
    }

    /// From now on `echo` is run with every message, in the topic's one order: it
    /// publishes it on another topic, in that topic's form. It runs under this
    /// topic's lock, so the other topic must never be echoed back. The first call
    /// counts.
    pub fn echo_into(&self, echo: impl Fn(&Message) + Send + Sync + 'static) {
        let _ = self.echo.set(Box::new(echo));
    }

    /// Waits until all that was published before is handed to every subscriber:
    /// for the delivery thread, that is, and never for a socket.
    pub fn flush(&self) {
        let (passed, wait) = bounded(1);
        if self.orders.send(Order::Mark(passed)).is_ok() {
            // Errs when the topic was closed meanwhile; all is handed over then.
            let _ = wait.recv();
        }
    }

    /// The id after which an answer to `cursor` begins. "From now on" becomes
    /// "after that id", so that the reader can be told it and come back to it.
    pub fn pin(&self, cursor: Cursor) -> (Cursor, Id) {
        let place = lock(&self.log).history.place(&cursor);
        match cursor {
            Cursor::Now => (Cursor::After(place.clone()), place),
            given => (given, place),
        }
    }

    /// What follows `cursor`, at once: short polling. At most [`POLL_BYTES`], or
    /// one message.
    pub fn after(&self, cursor: &Cursor) -> News {
        let news = lock(&self.log).history.after(cursor);
        news.limited_to(POLL_BYTES)
    }

    /// What follows `cursor`, as soon as there is something: long polling.
    /// At most [`POLL_BYTES`], or one message. Empty news when `timeout` ran out or
    /// the topic closed.
    pub fn wait_after(&self, cursor: &Cursor, timeout: Duration) -> News {
        let deadline = Instant::now() + timeout;
        let mut log = lock(&self.log);
        // From now on: from what is the newest message now.
        let cursor = match cursor {
            Cursor::Now => &Cursor::After(log.history.last_id()),
            given => given,
        };
        // ANCHOR: wait
        loop {
            let news = log.history.after(cursor);
            let left = deadline.saturating_duration_since(Instant::now());
            if !news.is_empty() || left.is_zero() || log.closed {
                drop(log);
                return news.limited_to(POLL_BYTES);
            }
            log = self
                .news
                .wait_timeout(log, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        // ANCHOR_END: wait
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
    ) -> Result<(News, Subscription), Closed> {
        let number = self.next_subscriber.fetch_add(1, Ordering::Relaxed);
        let log = lock(&self.log);
        if log.closed {
            return Err(Closed);
        }
        let news = log.history.after(cursor);
        let _ = self.orders.send(Order::Join(number, filter, subscriber));
        drop(log);
        let subscription = Subscription {
            topic: self.clone(),
            number,
        };
        Ok((news, subscription))
    }

    /// See [`super::Bus::close`].
    pub fn close(&self) {
        let mut log = lock(&self.log);
        if !log.closed {
            log.closed = true;
            let _ = self.orders.send(Order::Stop);
            self.news.notify_all();
        }
        drop(log);
        let delivery = lock(&self.delivery).take();
        if let Some(Err(_)) = delivery.map(JoinHandle::join) {
            log::error!("the delivery thread of {} had panicked", self.name);
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
            .orders
            .send(Order::Enter(self.number, room.to_owned()));
    }

    /// Leaves a room again.
    pub fn exit(&self, room: &str) {
        let _ = self
            .topic
            .orders
            .send(Order::Exit(self.number, room.to_owned()));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = self.topic.orders.send(Order::Leave(self.number));
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
}
