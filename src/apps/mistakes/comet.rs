//! Wrong on purpose: the servers of lesson 3, HTTP streaming.
//!
//! Beside each wrong one stands the right one, which differs in that one thing.

use crate::course::House;
use crate::feed::{Held, Reason};
use crate::http::{Access, Answer, Reply, Request, Route};
use crate::lessons::comet::framing;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Its URLs.
pub fn routes(_house: &Arc<House>) -> Vec<Route> {
    let route = |path, handler: fn(&Request) -> Reply| {
        Route::get(path, Access::Open, move |request| Ok(handler(request)))
    };
    vec![
        route("/mistakes/comet/no-flush", no_flush),
        route("/mistakes/comet/flush", flush),
        route("/mistakes/comet/guessed-type", guessed_type),
        route("/mistakes/comet/said-type", said_type),
        route("/mistakes/comet/close-together", close_together),
        route("/mistakes/comet/cache-controller", cache_controller),
        route("/mistakes/comet/cache-control", cache_control),
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
fn no_flush(request: &Request) -> Reply {
    let head = Answer::stream("application/x-ndjson");
    Reply::hold(head, framing(request), |mut held: Held| {
        // ANCHOR: no-flush
        let mut buffer = Vec::new();
        for n in 1..=LINES {
            buffer.extend_from_slice(line(n).as_bytes());
            if buffer.len() >= 8 * 1024 {
                held.send(&buffer);
                buffer.clear();
            }
            if !held.pause(BETWEEN) {
                return;
            }
        }
        held.send(&buffer);
        held.end(b"", Reason::Finished);
        // ANCHOR_END: no-flush
    })
}

/// Right: each line is sent when it is there.
fn flush(request: &Request) -> Reply {
    hold_lines(Answer::stream("application/x-ndjson"), request)
}

fn hold_lines(head: Answer, request: &Request) -> Reply {
    Reply::hold(head, framing(request), |mut held: Held| {
        // ANCHOR: flush
        for n in 1..=LINES {
            if !held.send(line(n).as_bytes()) || !held.pause(BETWEEN) {
                return;
            }
        }
        held.end(b"", Reason::Finished);
        // ANCHOR_END: flush
    })
}

/// **A type that the browser wants to guess.** It looks at the first bytes of
/// `text/plain` to see whether it is really text, and holds them back meanwhile.
fn guessed_type(request: &Request) -> Reply {
    // ANCHOR: guessed-type
    let head = Answer::new(200)
        .header("Content-Type", "text/plain")
        .header("Cache-Control", "no-store");
    // ANCHOR_END: guessed-type
    hold_lines(head, request)
}

/// Right: the same, and "do not guess".
fn said_type(request: &Request) -> Reply {
    // ANCHOR: said-type
    let head = Answer::new(200)
        .header("Content-Type", "text/plain")
        .header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff");
    // ANCHOR_END: said-type
    hold_lines(head, request)
}

/// Nothing is wrong here. The last lines come so close together, and so close to
/// the end, that a page which looks at `readyState` 3 alone does not see them all.
fn close_together(request: &Request) -> Reply {
    let head = Answer::stream("application/x-ndjson");
    Reply::hold(head, framing(request), |mut held: Held| {
        for n in 1..=LINES {
            let pause = if n < 3 { BETWEEN } else { SHORT };
            if !held.send(line(n).as_bytes()) || (n < LINES && !held.pause(pause)) {
                return;
            }
        }
        held.end(b"", Reason::Finished);
    })
}

/// How many answers the two servers below have made.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

fn next_answer() -> Answer {
    let number = ANSWERS.fetch_add(1, Ordering::Relaxed) + 1;
    let mut answer = Answer::new(200)
        .header("Content-Type", "application/json")
        .header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT");
    answer.body = json!({ "answer": number }).to_string().into_bytes();
    answer
}

/// **No such header.** To the browser it is an unknown word, and it may store an
/// answer that says only when it was last changed.
fn cache_controller(_request: &Request) -> Reply {
    // ANCHOR: cache-controller
    let answer = next_answer().header("Cache-controller", "no-cache");
    // ANCHOR_END: cache-controller
    answer.into()
}

/// Right: the header that there is.
fn cache_control(_request: &Request) -> Reply {
    // ANCHOR: cache-control
    let answer = next_answer().header("Cache-Control", "no-store");
    // ANCHOR_END: cache-control
    answer.into()
}
