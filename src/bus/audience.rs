//! Messages for some subscribers only: rooms within a namespace.
//!
//! Socket.IO (lesson 7) needs this. Its broadcasts share one topic, and the topic's
//! delivery thread keeps each subscriber's [`Filter`]. The words are those of the
//! Node server's `BroadcastOptions`.

use super::message::Message;
use std::collections::HashSet;

/// Whom a message is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// The namespace that it is published in.
    pub namespace: String,
    /// Only those who are in one of these rooms; everyone in the namespace without any.
    pub rooms: Vec<String>,
    /// But nobody who is in one of these.
    pub except: Vec<String>,
}

/// Which messages a subscriber wants: those for its namespace and its rooms. Messages
/// for everyone are not among them.
///
/// It belongs to the delivery thread, which runs it for every message. It is a
/// plain value, so it neither locks nor blocks.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The subscriber's namespace.
    pub namespace: String,
    /// The rooms that it is in.
    pub rooms: HashSet<String>,
}

impl Filter {
    /// Whether `message` is for this subscriber.
    pub fn wants(&self, message: &Message) -> bool {
        let Some(audience) = &message.audience else {
            return false;
        };
        let in_one_of = |rooms: &[String]| rooms.iter().any(|room| self.rooms.contains(room));
        audience.namespace == self.namespace
            && (audience.rooms.is_empty() || in_one_of(&audience.rooms))
            && !in_one_of(&audience.except)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Id;
    use serde_json::value::RawValue;

    #[test]
    fn a_filter_takes_what_is_for_its_namespace_and_rooms() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter {
            namespace: "/".to_owned(),
            rooms: ["a", "b"].map(str::to_owned).into(),
        };
        let wants = |audience| {
            filter.wants(&Message {
                id: Id::parse("x-1").expect("an id"),
                topic: "t",
                event: "e".to_owned(),
                data: RawValue::NULL.to_owned(),
                published_ms: 0,
                audience,
                volatile: false,
            })
        };
        let to = |namespace: &str, rooms: &[&str], except: &[&str]| {
            wants(Some(Audience {
                namespace: namespace.to_owned(),
                rooms: names(rooms),
                except: names(except),
            }))
        };
        assert!(to("/", &[], &[]) && to("/", &["b", "c"], &["d"]));
        assert!(!to("/other", &[], &[]) && !to("/", &["c"], &[]));
        assert!(!to("/", &[], &["a"]) && !to("/", &["a"], &["b"]));
        assert!(!wants(None));
    }
}
