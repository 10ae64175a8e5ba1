//! A topic's bounded history, and reading it from a cursor.
//!
//! A plain value; the topic keeps it under its lock.

use super::message::{Cursor, Id, Message};
use super::once::Once;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// What a topic's history may hold. The newest message is always kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Messages.
    pub messages: usize,
    /// Bytes, as [`Message::size`] counts them.
    pub bytes: usize,
}

/// What reading from a cursor gives.
#[derive(Debug)]
pub struct ReadResult {
    /// The messages after the cursor, oldest first.
    pub messages: Vec<Arc<Message>>,
    /// The cursor to come back with.
    pub last_id: Id,
    /// Messages between the cursor and these are gone, or may be: the cursor
    /// is too old, of another life of the topic, or past its head.
    pub gap: bool,
    /// The body that all who read this are answered with, once the first has made it.
    pub body: OnceLock<Bytes>,
    made: Once,
}

impl ReadResult {
    /// Of these messages, and nothing made of them yet.
    pub fn new(messages: Vec<Arc<Message>>, last_id: Id, gap: bool) -> ReadResult {
        ReadResult {
            messages,
            last_id,
            gap,
            body: OnceLock::new(),
            made: Once::default(),
        }
    }

    /// Nothing: the reader is up to date at `last_id`.
    pub fn nothing(last_id: Id) -> ReadResult {
        ReadResult::new(Vec::new(), last_id, false)
    }

    /// What `make` makes of it: once for all who read the same.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl Fn(&ReadResult) -> T) -> Arc<T> {
        self.made.get(|| make(self))
    }

    /// The oldest of the messages, up to `bytes` of them but at least one. A
    /// reader that comes back with `last_id` gets the next ones.
    pub fn limited_to(mut self, bytes: usize) -> ReadResult {
        let mut total = 0;
        let fits = |message: &&Arc<Message>| {
            total += message.size();
            total <= bytes
        };
        let fitting = self.messages.iter().take_while(fits).count().max(1);
        if fitting < self.messages.len() {
            self.messages.truncate(fitting);
            self.last_id = self.messages[fitting - 1].id.clone();
        }
        self
    }

    /// Whether there is nothing to tell the reader.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.gap
    }
}

/// The newest messages of one topic, and the count of all it ever had.
#[derive(Debug)]
pub struct History {
    tag: Arc<str>,
    head: u64,
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    retention: Retention,
}

impl History {
    /// An empty history of a new life, named by `tag`.
    pub fn new(tag: Arc<str>, retention: Retention) -> History {
        History {
            tag,
            head: 0,
            messages: VecDeque::new(),
            bytes: 0,
            retention,
        }
    }

    /// The id of the newest message; `TAG-0` before the first.
    pub fn last_id(&self) -> Id {
        Id {
            tag: self.tag.clone(),
            n: self.head,
        }
    }

    /// The id that the next message must carry.
    pub fn next_id(&self) -> Id {
        Id {
            tag: self.tag.clone(),
            n: self.head + 1,
        }
    }

    /// How many messages it holds now.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Appends the message that carries [`History::next_id`], and lets the
    /// oldest ones go while it is over its limits.
    pub fn append(&mut self, message: Arc<Message>) {
        debug_assert_eq!(message.id.n, self.head + 1);
        self.head = message.id.n;
        self.bytes += message.size();
        self.messages.push_back(message);
        while self.messages.len() > 1
            && (self.messages.len() > self.retention.messages || self.bytes > self.retention.bytes)
        {
            if let Some(oldest) = self.messages.pop_front() {
                self.bytes -= oldest.size();
            }
        }
    }

    /// What follows `cursor`. A cursor that cannot be honoured is answered with
    /// `gap` and all there is: never a silent loss.
    pub fn after(&self, cursor: &Cursor) -> ReadResult {
        let (messages, gap) = match cursor {
            Cursor::Now => (Vec::new(), false),
            Cursor::Start => (self.all(), false),
            Cursor::After(id) => match self.index_after(id) {
                Some(at) => (self.messages.iter().skip(at).cloned().collect(), false),
                None => (self.all(), true),
            },
            Cursor::Lost => (self.all(), true),
        };
        ReadResult::new(messages, self.last_id(), gap)
    }

    /// The id after which reading from `cursor` begins, as an id of this life.
    pub fn position(&self, cursor: &Cursor) -> Id {
        let n = match cursor {
            Cursor::Now => self.head,
            Cursor::After(id) if self.index_after(id).is_some() => id.n,
            _ => self.head - self.messages.len() as u64,
        };
        Id {
            tag: self.tag.clone(),
            n,
        }
    }

    fn all(&self) -> Vec<Arc<Message>> {
        self.messages.iter().cloned().collect()
    }

    /// Where in `messages` the first one after `id` stands.
    fn index_after(&self, id: &Id) -> Option<usize> {
        if id.tag != self.tag || id.n > self.head {
            return None;
        }
        let forgotten = self.head - self.messages.len() as u64;
        usize::try_from(id.n.checked_sub(forgotten)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    fn history(messages: usize, bytes: usize, published: u64) -> History {
        let mut history = History::new("life".into(), Retention { messages, bytes });
        for n in 1..=published {
            let message = Message {
                id: history.next_id(),
                topic: "chat",
                event: "message".into(),
                data: to_raw_value(&n).expect("JSON"),
                published_ms: 0,
                audience: None,
                volatile: false,
            };
            history.append(Arc::new(message));
        }
        history
    }

    fn read(history: &History, cursor: &str) -> (Vec<u64>, bool) {
        let result = history.after(&Cursor::parse(cursor).expect("a cursor"));
        (result.messages.iter().map(|m| m.id.n).collect(), result.gap)
    }

    #[test]
    fn a_cursor_inside_gets_what_follows_it() {
        let history = history(3, 1 << 20, 5);
        assert_eq!(read(&history, "life-5"), (vec![], false));
        assert_eq!(read(&history, "life-4"), (vec![5], false));
        assert_eq!(read(&history, "life-2"), (vec![3, 4, 5], false));
        assert_eq!(read(&history, "0"), (vec![3, 4, 5], false));
    }

    #[test]
    fn a_cursor_outside_gets_a_gap_and_all_there_is() {
        let history = history(3, 1 << 20, 5);
        for lost in ["life-1", "life-0", "life-6", "other-5"] {
            assert_eq!(read(&history, lost), (vec![3, 4, 5], true), "{lost}");
        }
        assert!(history.after(&Cursor::Lost).gap);
    }

    #[test]
    fn before_the_first_is_no_gap_while_nothing_was_forgotten() {
        assert_eq!(read(&history(3, 1 << 20, 2), "life-0"), (vec![1, 2], false));
        assert_eq!(read(&history(3, 1 << 20, 0), "life-0"), (vec![], false));
    }

    #[test]
    fn a_limited_read_ends_early_and_says_where() {
        let history = history(100, 1 << 20, 5);
        let read = |bytes| history.after(&Cursor::Start).limited_to(bytes);
        let size = read(1).messages[0].size();
        assert_eq!((read(1).messages.len(), read(1).last_id.n), (1, 1));
        assert_eq!(
            (read(3 * size).messages.len(), read(3 * size).last_id.n),
            (3, 3)
        );
        assert_eq!(
            (read(9 * size).messages.len(), read(9 * size).last_id.n),
            (5, 5)
        );
        let nothing = history.after(&Cursor::Now).limited_to(1);
        assert_eq!((nothing.messages.len(), nothing.last_id.n), (0, 5));
    }

    #[test]
    fn every_cursor_has_a_position_in_this_life() {
        let history = history(3, 1 << 20, 5);
        for (cursor, position) in [("0", 2), ("life-4", 4), ("life-1", 2), ("other-4", 2)] {
            let cursor = Cursor::parse(cursor).expect("a cursor");
            let id = history.position(&cursor);
            assert_eq!((&*id.tag, id.n), ("life", position), "{cursor:?}");
        }
        assert_eq!(history.position(&Cursor::Now).n, 5);
    }

    #[test]
    fn bytes_bound_it_too_but_the_newest_stays() {
        assert_eq!(read(&history(100, 300, 5), "0"), (vec![4, 5], false));
        assert_eq!(read(&history(100, 1, 5), "0"), (vec![5], false));
    }
}
