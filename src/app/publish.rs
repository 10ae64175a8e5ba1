//! `POST /publish`: checks a client's message and publishes it on `chat`.
//!
//! What a browser sends by WebSocket (lesson 6) goes through [`publish`], too; Socket.IO
//! (lesson 7) publishes on the topic itself.

use super::AppState;
use crate::bus::Id;
use crate::http::{Response, Route};
use crate::json;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// The longest name of an event, in bytes.
const MAX_EVENT_NAME: usize = 64;

/// What a client sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publication {
    data: Value,
    #[serde(default = "message")]
    event: String,
    #[serde(default = "chat")]
    topic: String,
}

fn message() -> String {
    "message".to_owned()
}

fn chat() -> String {
    "chat".to_owned()
}

/// Its route.
pub fn route(app: &Arc<AppState>) -> Route {
    app.post("/publish", |app, request| {
        let id = publish(app, &request.body)?;
        Ok(Response::json(200, &serde_json::json!({ "id": id })).header("Last-Event-ID", &id))
    })
}

/// Publishes what `body` says, `{"data": any JSON, "event"?: name}`, to `chat`.
/// `data` is written again compactly: the order of keys is kept, and numbers are
/// read as 64-bit integers or floats.
///
/// # Errors
/// 400 for what is no publication, 403 for a topic that is not for clients, 404
/// for one that does not exist, 503 when the server is going down.
pub fn publish(app: &AppState, body: &[u8]) -> Result<Id, Response> {
    let publication: Publication = json::object(body).map_err(|error| {
        let why = format!("the body must be {{\"data\": any JSON, \"event\"?: name}}: {error}");
        Response::error(400, &why)
    })?;
    let Publication { data, event, topic } = publication;
    if !is_event_name(&event) {
        let why = format!(
            "event must be a letter, then at most {} letters, digits, `_`, `.` or `-`, \
             and not open, error or gap",
            MAX_EVENT_NAME - 1
        );
        return Err(Response::error(400, &why));
    }
    let Some(found) = app.bus.topic(&topic) else {
        return Err(Response::error(404, &format!("there is no topic {topic}")));
    };
    if topic != "chat" {
        let why = format!("clients publish to chat; {topic} is the server's own");
        return Err(Response::error(403, &why));
    }
    found
        .publish(&event, &data)
        .map_err(|closed| Response::error(503, &closed.to_string()).header("Retry-After", 1))
}

/// `[A-Za-z][\w.-]{0,63}`, without the names that mean something else to a page.
fn is_event_name(name: &str) -> bool {
    let right = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= MAX_EVENT_NAME
        && name.bytes().all(right)
        && !matches!(name, "open" | "error" | "gap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_plain_name() {
        for right in ["message", "a", "A.b-c_9", &"x".repeat(64)] {
            assert!(is_event_name(right), "{right}");
        }
        for wrong in [
            "",
            "9a",
            "a b",
            "a\nb",
            "é",
            "open",
            "error",
            "gap",
            &"x".repeat(65),
        ] {
            assert!(!is_event_name(wrong), "{wrong}");
        }
    }
}
