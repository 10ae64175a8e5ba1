//! The bus: in-process publish/subscribe. Named topics, each with a bounded history
//! that can be replayed.
//!
//! Lessons publish and read here; the feed subscribes here. The bus knows no HTTP
//! and no socket. Read `message` (what a message is), `history` (what is kept), then
//! `topic` (publish, wait, park, subscribe) and `delivery` (the thread that calls the
//! subscribers, and answers `parking`'s polls); `audience` is for lesson 7.

pub mod audience;
pub mod delivery;
pub mod history;
pub mod message;
mod once;
pub mod parking;
pub mod topic;

pub use audience::{Audience, Filter};
pub use delivery::{Batch, Subscriber};
pub use history::{ReadResult, Retention};
pub use message::{Cursor, Id, Message};
pub use parking::Waiter;
pub use topic::{Closed, Subscription, Topic};

use std::io;
use std::sync::Arc;

/// Bytes that one topic's history may hold, whatever the number of messages.
pub const HISTORY_BYTES: usize = 8 * 1024 * 1024;

/// The topics of one server: a fixed set, declared by its lessons.
pub struct Bus {
    topics: Vec<Arc<Topic>>,
}

impl Bus {
    /// Makes a bus with a topic of each name, each with its delivery thread. The
    /// `internal` ones are the server's own.
    ///
    /// # Errors
    /// When the system gives no thread or no random number.
    pub fn new(
        names: &[&'static str],
        internal: &[&'static str],
        history_messages: usize,
    ) -> io::Result<Bus> {
        let retention = Retention {
            messages: history_messages,
            bytes: HISTORY_BYTES,
        };
        let topics = names
            .iter()
            .map(|name| (name, false))
            .chain(internal.iter().map(|name| (name, true)))
            .map(|(name, internal)| Topic::start(name, internal, retention))
            .collect::<io::Result<_>>()?;
        Ok(Bus { topics })
    }

    /// The topic called `name`, if a lesson declared it for clients.
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        let mut open = self.topics.iter().filter(|topic| !topic.is_internal());
        open.find(|topic| topic.name() == name)
    }

    /// The topic called `name`, if a lesson declared it for itself.
    pub fn internal(&self, name: &str) -> Option<&Arc<Topic>> {
        let mut internal = self.topics.iter().filter(|topic| topic.is_internal());
        internal.find(|topic| topic.name() == name)
    }

    /// Every topic.
    pub fn topics(&self) -> &[Arc<Topic>] {
        &self.topics
    }

    /// Ends the bus: publishing fails from here on, who waits is answered as
    /// if the time ran out, and what was published is delivered. Returns when
    /// every delivery thread has ended.
    pub fn close(&self) {
        for topic in &self.topics {
            topic.close();
        }
    }
}
