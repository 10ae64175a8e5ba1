//! The message, its id, and the cursor with which a client asks for what follows.
//!
//! Plain values: no lock, no thread, no I/O.

use super::audience::Audience;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

/// The id of a message: `TAG-N`.
///
/// N counts 1, 2, 3… within one life of the topic; TAG names that life. A
/// client treats the whole as opaque: it hands back the last one it saw. N of 0
/// stands before the first message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id {
    /// Names one life of a topic: 1 to 16 of `[a-z0-9]`.
    pub tag: Arc<str>,
    /// The number within that life, from 1.
    pub n: u64,
}

impl Id {
    /// Reads `TAG-N`. `None` for anything else, leading zeros included, so that
    /// one position has one spelling.
    pub fn parse(text: &str) -> Option<Id> {
        let (tag, n) = text.split_once('-')?;
        let tag_is_right = (1..=16).contains(&tag.len())
            && tag
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let n_is_right = n == "0" || (!n.starts_with('0') && n.bytes().all(|b| b.is_ascii_digit()));
        if !(tag_is_right && n_is_right) {
            return None;
        }
        Some(Id {
            tag: tag.into(),
            n: n.parse().ok()?,
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.tag, self.n)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a client wants to go on reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// No cursor was given: from now on.
    Now,
    /// `0`: from the start of what the history holds.
    Start,
    /// After the message with this id.
    After(Id),
    /// A `Last-Event-ID` that this server never made. An `EventSource` stops
    /// for good at a 400, so this is answered with a gap instead.
    Lost,
}

impl Cursor {
    /// Reads an `after=` value: `0` or an id. `None` means it is neither.
    pub fn parse(text: &str) -> Option<Cursor> {
        match text {
            "0" => Some(Cursor::Start),
            _ => Id::parse(text).map(Cursor::After),
        }
    }
}

/// What was published, once.
#[derive(Debug)]
pub struct Message {
    /// Its place in the topic's one order.
    pub id: Id,
    /// The topic's name.
    pub topic: &'static str,
    /// The kind of message; `message` unless the publisher chose another.
    pub event: String,
    /// What was published: compact JSON.
    pub data: Box<RawValue>,
    /// When it was published, in milliseconds since 1970.
    pub published_ms: u64,
    /// Whom it is for; everyone without one.
    pub audience: Option<Audience>,
    /// It is delivered once and not kept in the history: it has no id of its own,
    /// but that of the message before it.
    pub volatile: bool,
}

impl Message {
    /// The message as clients see it, on one line:
    /// `{"id": …, "topic": …, "event": …, "data": …, "published_ms": …}`.
    pub fn to_json(&self) -> String {
        // A struct of strings, a number and JSON that was parsed before cannot
        // fail to be written.
        serde_json::to_string(self).expect("a message is always JSON")
    }

    /// What the message counts against the history's bound, in bytes: its text
    /// and an estimate of the rest.
    pub fn size(&self) -> usize {
        self.data.get().len() + self.event.len() + 128
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Message", 5)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("topic", self.topic)?;
        fields.serialize_field("event", &self.event)?;
        fields.serialize_field("data", &self.data)?;
        fields.serialize_field("published_ms", &self.published_ms)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = Id::parse("k3v9-18446744073709551615").expect("an id");
        assert_eq!(id.n, u64::MAX);
        assert_eq!(id.to_string(), "k3v9-18446744073709551615");
        assert_eq!(Id::parse("a-0").expect("before the first").n, 0);
    }

    #[test]
    fn an_id_has_one_spelling_only() {
        for wrong in [
            "",
            "-",
            "a-",
            "-1",
            "a-01",
            "a-+1",
            "a--1",
            "A-1",
            "a-18446744073709551616",
            "a b-1",
            "abcdefghijklmnopq-1",
            "a-1 ",
            "é-1",
        ] {
            assert_eq!(Id::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_cursor_is_zero_or_an_id() {
        assert_eq!(Cursor::parse("0"), Some(Cursor::Start));
        assert!(matches!(Cursor::parse("a-7"), Some(Cursor::After(_))));
        assert_eq!(Cursor::parse("7"), None);
        assert_eq!(Cursor::parse("00"), None);
    }
}
