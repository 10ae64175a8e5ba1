//! Lesson 5, server-sent events: one answer that goes on, in a format that
//! browsers read by themselves.
//!
//! The answer is lesson 3's. What is new is an agreement on what stands in it
//! (WHATWG HTML, section 9.2): lines of `name: value`, and a blank line that ends
//! each event. The page needs no code to parse it: `new EventSource(url)`.
//!
//! ```text
//! id: k3v9-8                ← what the browser will come back with
//! event: price              ← only if the publisher chose a kind
//! data: {"id":"k3v9-8",…}   ← what the page gets
//!                           ← the blank line: now the event fires
//! :                         ← a comment; the page never sees it: the heartbeat
//!
//! ```
//!
//! When the connection breaks, or the server ends it, the browser comes back by
//! itself. It waits a few seconds of its own choice, or the milliseconds that a line
//! `retry:` named (the clock below sends one), and says in the header
//! `Last-Event-ID` which id it saw last. The server goes on from there. That is why
//! each message has its own id. (The head of our answer has that field, too. This is the
//! course's own use of it; the standard has it in requests only.) A comment now and then
//! is the standard's own advice, against proxies that cut a silent connection (section
//! 9.2.7).
//!
//! The chunks are lesson 3's, and so is the way of a message from the crossbeam channel
//! to this connection ([follow one message](crate::architecture)).

use crate::app::{AppState, Lesson, cursor_of_event_source};
use crate::bus::{Cursor, Message};
use crate::feed::{KeepAlive, MessageFormat};
use crate::http::chunked::coding_for;
use crate::http::{Access, Request, Response, Route};
use crate::timestamp;
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    topics: &["clock", "ticker", "users"],
    ..Lesson::new(5, "sse", "server-sent events", routes)
};

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    vec![
        app.get("/sse/stream", Access::AnyOrigin, |app, request| {
            stream(app, request)
        }),
        app.get("/sse/clock", Access::AnyOrigin, |app, request| {
            clock(app, request)
        }),
    ]
}

// ANCHOR: stream
/// The technique: an answer of this type, and an event for each message. Where
/// to go on, the browser says itself, in `Last-Event-ID`.
fn stream(app: &AppState, request: &Request) -> Result<Response, Response> {
    let topic = app.topic_of(request)?;
    let asked = cursor_of_event_source(request)?;
    let from_now = asked == Cursor::Now;
    let (cursor, begins_after) = topic.resolve(asked);
    let head = head().header("Last-Event-ID", &begins_after);
    Ok(head.streaming(coding_for(request), move |connection| {
        if from_now {
            // An id without data fires no event. It tells the browser where it is,
            // if it loses the connection before the first event.
            connection.send(format!("id: {begins_after}\n\n").as_bytes());
        }
        connection.follow(&topic, &cursor, &EVENTS);
    }))
}
// ANCHOR_END: stream

// ANCHOR: head
/// An event stream is always UTF-8. A browser that reads another `charset` here
/// gives up for good.
fn head() -> Response {
    Response::stream_head("text/event-stream; charset=utf-8")
}
// ANCHOR_END: head

// ANCHOR: events
/// One event per message. The message is JSON on one line; a line end inside it is
/// written `\n`, two characters, so it cannot end the event.
static EVENTS: MessageFormat = MessageFormat {
    message: |message: &Message| {
        let event = match message.event.as_str() {
            "message" => String::new(),
            name => format!("event: {name}\n"),
        };
        let json = message.to_json();
        format!("id: {}\n{event}data: {json}\n\n", message.id).into_bytes()
    },
    // No id, for it is no message. The browser keeps the last one it saw.
    gap: || b"event: gap\ndata: {}\n\n".to_vec(),
    keep_alive: COMMENTS,
};

/// The heartbeat: a comment without words. No page sees it.
const COMMENTS: KeepAlive = KeepAlive::heartbeat(|| b":\n\n".to_vec());
// ANCHOR_END: events

// ANCHOR: clock
/// A smaller stream, as many first examples have it: "come back after ten
/// seconds", one event with a name of its own, then the time as plain text, every
/// second. The times have no id, so what a browser misses is lost.
fn clock(app: &AppState, request: &Request) -> Result<Response, Response> {
    let Some(topic) = app.bus.topic("clock").cloned() else {
        return Err(Response::error(404, "there is no clock here"));
    };
    Ok(head().streaming(coding_for(request), move |connection| {
        let (id, now) = (topic.last_id(), timestamp::now());
        let start = format!("retry: 10000\nid: {id}\nevent: connecttime\ndata: {now}\n\n");
        connection.send(start.as_bytes());
        connection.follow(&topic, &Cursor::Now, &TIMES);
    }))
}
// ANCHOR_END: clock

// ANCHOR: times
/// The time alone: no id, no name.
static TIMES: MessageFormat = MessageFormat {
    message: |message: &Message| {
        let time = timestamp::from_unix_ms(message.published_ms);
        format!("data: {time}\n\n").into_bytes()
    },
    gap: Vec::new,
    keep_alive: COMMENTS,
};
// ANCHOR_END: times
