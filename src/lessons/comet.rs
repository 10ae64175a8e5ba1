//! Lesson 3, HTTP streaming (comet): one answer that goes on and on.
//!
//! The page asks once. The server sends the head of its answer, keeps the
//! connection, and writes each message when it comes. HTTP/1.1 has a form for an
//! answer whose length is not known at the start, the **chunked** transfer
//! coding (RFC 9112, section 7.1): each chunk is its length in hex, a line end,
//! that many bytes, a line end. A chunk of length 0 is the end; it comes when the
//! server goes down, or, in the demo, after nine messages.
//!
//! ```text
//! HTTP/1.1 200 OK
//! Content-Type: application/x-ndjson
//! Transfer-Encoding: chunked
//!
//! 6a                                  ← 106 bytes follow, in hex
//! {"id":"k3v9-8","topic":"chat",…}    ← one message, one line
//!
//! 1                                   ← the heartbeat: an empty line
//!
//! ```
//!
//! A chunk is a matter between server and browser. The page sees bytes as they
//! arrive, and one line may come in two pieces, so the page splits at line ends
//! and not at chunks. (With `text/plain` the head must say `nosniff`: without it
//! Chromium gives an `XMLHttpRequest` nothing before the end, to guess the type.)
//!
//! How a message gets here: the thread of this connection sleeps in `read`. The
//! topic's delivery thread takes the message out of the crossbeam channel and writes
//! it to this socket itself ([follow one message](crate::architecture)). So a page that
//! leaves is noticed at once, and each chunk leaves at once (`TCP_NODELAY`). The coding
//! is in [`crate::http::chunked`], because lessons 4 and 5 need it too.
//!
//! Comet is the older word, of 2006, for all techniques in which the server writes
//! first; RFC 6202 calls this one "HTTP streaming".

use crate::app::{AppState, Lesson, cursor_of};
use crate::bus::Message;
use crate::feed::{CloseReason, KeepAlive, MessageFormat};
use crate::http::chunked::coding_for;
use crate::http::{Access, Request, Response, Route};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson::new(3, "comet", "HTTP streaming (comet)", routes);

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    vec![
        app.get("/comet/stream", Access::AnyOrigin, |app, request| {
            stream(app, request)
        }),
        Route::get("/comet/nine", Access::AnyOrigin, |request| {
            Ok(nine_messages(request))
        }),
        Route::get("/comet/split", Access::AnyOrigin, |request| {
            Ok(split_line(request))
        }),
    ]
}

/// The technique: a head, and then one line for each message, for as long as both
/// sides want. `connection.follow` is not part of the lesson: it writes what the
/// client missed, and sleeps in `read` until the connection has ended. What is
/// published meanwhile the topic's delivery thread writes, put into bytes by [`LINES`].
// ANCHOR: stream
fn stream(app: &AppState, request: &Request) -> Result<Response, Response> {
    let topic = app.topic_of(request)?;
    // The head says after which id the stream begins. A page that loses the stream
    // before the first message can come back to that place.
    let (cursor, begins_after) = topic.resolve(cursor_of(request)?);
    let head = Response::stream_head("application/x-ndjson").header("Last-Event-ID", begins_after);
    Ok(head.streaming(coding_for(request), move |connection| {
        connection.follow(&topic, &cursor, &LINES);
    }))
}
// ANCHOR_END: stream

/// Newline-delimited JSON: one message per line. There are no words for the end:
/// the last chunk says it.
// ANCHOR: lines
static LINES: MessageFormat = MessageFormat {
    message: |message: &Message| format!("{}\n", message.to_json()).into_bytes(),
    gap: || b"{\"gap\": true}\n".to_vec(),
    keep_alive: HEARTBEAT,
};

const HEARTBEAT: KeepAlive = KeepAlive::heartbeat(|| b"\n".to_vec());
// ANCHOR_END: lines

/// How many messages the demo has, and the time between them.
const NINE: u32 = 9;
const BETWEEN: Duration = Duration::from_secs(1);

/// The demo: nine messages, one per second, and then the end. It follows no topic;
/// `go_live` gives it heartbeats only. The page asks for it three times: it reads
/// two of the answers as they grow, and one when it has ended.
fn nine_messages(request: &Request) -> Response {
    let head = Response::stream_head("application/x-ndjson");
    head.streaming(coding_for(request), |mut connection| {
        connection.go_live(&HEARTBEAT);
        // ANCHOR: nine
        for n in 1..=NINE {
            let text = format!("message {n} of {NINE}");
            let line = json!({ "n": n, "of": NINE, "text": text });
            if !connection.send(format!("{line}\n").as_bytes()) {
                return;
            }
            // The pause is a `read` with a time-out: a closed tab ends it at once.
            if n < NINE && !connection.pause(BETWEEN) {
                return;
            }
        }
        connection.end(b"", CloseReason::Finished);
        // ANCHOR_END: nine
    })
}

/// One line on purpose in two chunks. The cut goes through the letter `ü`, which
/// is two bytes in UTF-8.
// ANCHOR: split
const HALVES: [&[u8]; 2] = [
    b"{\"text\":\"one line, two chunks: gr\xc3",
    b"\xbc\xc3\x9fe\"}\n",
];

fn split_line(request: &Request) -> Response {
    let head = Response::stream_head("application/x-ndjson");
    head.streaming(coding_for(request), |mut connection| {
        if connection.send(HALVES[0]) && connection.pause(BETWEEN) && connection.send(HALVES[1]) {
            connection.end(b"", CloseReason::Finished);
        }
    })
}
// ANCHOR_END: split
