//! Wrong on purpose: the servers of lesson 3, HTTP streaming.
//!
//! Beside each wrong one stands the right one, which differs in that one thing.

use super::open_to_all;
use crate::feed::CloseReason;
use crate::http::chunked::coding_for;
use crate::http::{Body, Request, Response, Route};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Its URLs.
pub fn routes() -> Vec<Route> {
    vec![
        open_to_all("/mistakes/comet/no-flush", no_flush),
        open_to_all("/mistakes/comet/flush", flush),
        open_to_all("/mistakes/comet/guessed-type", guessed_type),
        open_to_all("/mistakes/comet/said-type", said_type),
        open_to_all("/mistakes/comet/close-together", close_together),
        open_to_all("/mistakes/comet/cache-controller", cache_controller),
        open_to_all("/mistakes/comet/cache-control", cache_control),
    ]
}

/// How many lines each stream has, and the time between them.
const LINES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(500);
const SHORT: Duration = Duration::from_millis(10);

fn line(n: u32) -> String {
    format!("{}\n", json!({ "n": n, "of": LINES }))
}

/// **No flush.** The lines go into a buffer, as most languages' writers do it. It
/// is sent when it is full, or at the end. Five lines never fill it.
fn no_flush(request: &Request) -> Response {
    let head = Response::stream_head("application/x-ndjson");
    head.streaming(coding_for(request), |mut connection| {
        // ANCHOR: no-flush
        let mut buffer = Vec::new();
        for n in 1..=LINES {
            buffer.extend_from_slice(line(n).as_bytes());
            if buffer.len() >= 8 * 1024 {
                connection.send(&buffer);
                buffer.clear();
            }
            if !connection.pause(BETWEEN) {
                return;
            }
        }
        connection.send(&buffer);
        connection.end(b"", CloseReason::Finished);
        // ANCHOR_END: no-flush
    })
}

/// Right: each line is sent when it is there.
fn flush(request: &Request) -> Response {
    stream_lines(Response::stream_head("application/x-ndjson"), request)
}

fn stream_lines(head: Response, request: &Request) -> Response {
    head.streaming(coding_for(request), |mut connection| {
        // ANCHOR: flush
        for n in 1..=LINES {
            if !connection.send(line(n).as_bytes()) || !connection.pause(BETWEEN) {
                return;
            }
        }
        connection.end(b"", CloseReason::Finished);
        // ANCHOR_END: flush
    })
}

/// **A type that the browser wants to guess.** It looks at the first bytes of
/// `text/plain` to see whether it is really text, and holds them back meanwhile.
fn guessed_type(request: &Request) -> Response {
    // ANCHOR: guessed-type
    let head = Response::new(200)
        .header("Content-Type", "text/plain")
        .header("Cache-Control", "no-store");
    // ANCHOR_END: guessed-type
    stream_lines(head, request)
}

/// Right: the same, and "do not guess".
fn said_type(request: &Request) -> Response {
    // ANCHOR: said-type
    let head = Response::new(200)
        .header("Content-Type", "text/plain")
        .header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff");
    // ANCHOR_END: said-type
    stream_lines(head, request)
}

/// Nothing is wrong here. The last lines come so close together, and so close to
/// the end, that a page which looks at `readyState` 3 alone does not see them all.
fn close_together(request: &Request) -> Response {
    let head = Response::stream_head("application/x-ndjson");
    head.streaming(coding_for(request), |mut connection| {
        for n in 1..=LINES {
            let pause = if n < 3 { BETWEEN } else { SHORT };
            if !connection.send(line(n).as_bytes()) || (n < LINES && !connection.pause(pause)) {
                return;
            }
        }
        connection.end(b"", CloseReason::Finished);
    })
}

/// How many answers the two servers below have made.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

fn next_answer() -> Response {
    let number = ANSWERS.fetch_add(1, Ordering::Relaxed) + 1;
    let mut response = Response::new(200)
        .header("Content-Type", "application/json")
        .header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT");
    response.body = Body::Full(json!({ "answer": number }).to_string().into());
    response
}

/// **No such header.** To the browser it is an unknown word, and it may store an
/// answer that says only when it was last changed.
fn cache_controller(_request: &Request) -> Response {
    // ANCHOR: cache-controller
    let response = next_answer().header("Cache-controller", "no-cache");
    // ANCHOR_END: cache-controller
    response
}

/// Right: the header that there is.
fn cache_control(_request: &Request) -> Response {
    // ANCHOR: cache-control
    let response = next_answer().header("Cache-Control", "no-store");
    // ANCHOR_END: cache-control
    response
}
