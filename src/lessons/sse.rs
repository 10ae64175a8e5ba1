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
//! each message has its own id.

use super::comet::framing;
use super::{cursor, topic};
use crate::apps::clock;
use crate::bus::{Cursor, Message};
use crate::course::{House, Lesson};
use crate::feed::{Encoding, Held};
use crate::http::{Access, Answer, Reply, Request, Route};
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 5,
    name: "sse",
    title: "server-sent events",
    topics: &["clock", "ticker", "users"],
    internal: &[],
    routes,
    asks_and_answers: false,
};

fn routes(house: &Arc<House>) -> Vec<Route> {
    let (streaming, telling) = (house.clone(), house.clone());
    vec![
        Route::get("/sse/stream", Access::Open, move |request| {
            stream(&streaming, request)
        }),
        Route::get("/sse/clock", Access::Open, move |request| {
            tell_the_time(&telling, request)
        }),
    ]
}

// ANCHOR: stream
/// The technique: an answer of this type, and an event for each message. Where
/// to go on, the browser says itself, in `Last-Event-ID`.
fn stream(house: &House, request: &Request) -> Result<Reply, Answer> {
    let topic = topic(house, request)?;
    let asked = cursor(request)?;
    let from_now = asked == Cursor::Now;
    let (cursor, place) = topic.pin(asked);
    let head = head().header("Last-Event-ID", &place);
    Ok(Reply::hold(head, framing(request), move |held: Held| {
        if from_now {
            // An id without data fires no event. It tells the browser where it is,
            // if it loses the connection before the first event.
            held.send(format!("id: {place}\n\n").as_bytes());
        }
        held.follow(&topic, &cursor, &EVENTS);
    }))
}
// ANCHOR_END: stream

// ANCHOR: head
/// An event stream is always UTF-8. A browser that reads another `charset` here
/// gives up for good.
fn head() -> Answer {
    Answer::stream("text/event-stream; charset=utf-8")
}
// ANCHOR_END: head

// ANCHOR: events
/// One event per message. The message is JSON on one line; a line end inside it is
/// written `\n`, two characters, so it cannot end the event.
static EVENTS: Encoding = Encoding {
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
    heartbeat: || b":\n\n".to_vec(),
    farewell: Vec::new,
    silent: None,
};
// ANCHOR_END: events

// ANCHOR: clock
/// A smaller stream, as many first examples have it: "come back after ten
/// seconds", one event with a name of its own, then the time as plain text, every
/// second. The times have no id, so what a browser misses is lost.
fn tell_the_time(house: &House, request: &Request) -> Result<Reply, Answer> {
    let Some(topic) = house.bus.topic("clock").cloned() else {
        return Err(Answer::error(404, "there is no clock here"));
    };
    Ok(Reply::hold(head(), framing(request), move |held: Held| {
        let (id, now) = (topic.last_id(), clock::now());
        let start = format!("retry: 10000\nid: {id}\nevent: connecttime\ndata: {now}\n\n");
        held.send(start.as_bytes());
        held.follow(&topic, &Cursor::Now, &TIMES);
    }))
}
// ANCHOR_END: clock

// ANCHOR: times
/// The time alone: no id, no name.
static TIMES: Encoding = Encoding {
    message: |message: &Message| {
        format!("data: {}\n\n", clock::text(message.published_ms)).into_bytes()
    },
    gap: Vec::new,
    heartbeat: || b":\n\n".to_vec(),
    farewell: Vec::new,
    silent: None,
};
// ANCHOR_END: times
