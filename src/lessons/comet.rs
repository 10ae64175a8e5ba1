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
//! and not at chunks. `nosniff` in the head matters: without it a browser may
//! hold text back to guess its type.

use super::{cursor, topic};
use crate::bus::Message;
use crate::course::{House, Lesson};
use crate::feed::{Encoding, Framing, Held, PLAIN, Reason};
use crate::http::{Access, Answer, Reply, Request, Route};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 3,
    name: "comet",
    title: "HTTP streaming (comet)",
    topics: &[],
    internal: &[],
    routes,
    asks_and_answers: false,
};

fn routes(house: &Arc<House>) -> Vec<Route> {
    let house = house.clone();
    vec![
        Route::get("/comet/stream", Access::Open, move |request| {
            stream(&house, request)
        }),
        Route::get("/comet/nine", Access::Open, |request| Ok(nine(request))),
        Route::get("/comet/split", Access::Open, |request| Ok(split(request))),
    ]
}

/// The technique: a head, and then one line for each message, for as long as both
/// sides want. `held.follow` is not part of the lesson: it writes what the client
/// missed, then whatever is published, each put into bytes by [`LINES`], and
/// returns when the connection has ended.
// ANCHOR: stream
fn stream(house: &House, request: &Request) -> Result<Reply, Answer> {
    let topic = topic(house, request)?;
    // The head says after which id the stream begins. A page that loses the stream
    // before the first message can come back to that place.
    let (cursor, place) = topic.pin(cursor(request)?);
    let head = Answer::stream("application/x-ndjson").header("Last-Event-ID", place);
    Ok(Reply::hold(head, framing(request), move |held| {
        held.follow(&topic, &cursor, &LINES);
    }))
}
// ANCHOR_END: stream

/// Newline-delimited JSON: one message per line. There are no words for the end:
/// the last chunk says it.
// ANCHOR: lines
static LINES: Encoding = Encoding {
    message: |message: &Message| format!("{}\n", message.to_json()).into_bytes(),
    gap: || b"{\"gap\": true}\n".to_vec(),
    heartbeat: || b"\n".to_vec(),
    farewell: Vec::new,
    silent: None,
};
// ANCHOR_END: lines

/// One chunk: the length in hex, the bytes, each with a line end. Nobody calls it
/// with no bytes, which would be the last chunk.
// ANCHOR: chunk
fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

static CHUNKED: Framing = Framing {
    transfer_encoding: Some("chunked"),
    wrap: chunk,
    last: b"0\r\n\r\n",
};
// ANCHOR_END: chunk

/// How an answer to `request` goes on: in chunks. HTTP/1.0 does not know them;
/// there the bytes come as they are, and end with the connection.
pub fn framing(request: &Request) -> &'static Framing {
    if request.minor_version == 0 {
        &PLAIN
    } else {
        &CHUNKED
    }
}

/// How many messages the demo has, and the time between them.
const NINE: u32 = 9;
const BETWEEN: Duration = Duration::from_secs(1);

/// The demo: nine messages, one per second, and then the end. It follows no topic;
/// `go_live` gives it heartbeats only. The page asks for it three times: it reads
/// two of the answers as they grow, and one when it has ended.
fn nine(request: &Request) -> Reply {
    let head = Answer::stream("application/x-ndjson");
    Reply::hold(head, framing(request), |mut held: Held| {
        held.go_live(&LINES);
        // ANCHOR: nine
        for n in 1..=NINE {
            let text = format!("message {n} of {NINE}");
            let line = json!({ "n": n, "of": NINE, "text": text });
            if !held.send(format!("{line}\n").as_bytes()) {
                return;
            }
            // The pause is a `read` with a time-out: a closed tab ends it at once.
            if n < NINE && !held.pause(BETWEEN) {
                return;
            }
        }
        held.end(b"", Reason::Finished);
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

fn split(request: &Request) -> Reply {
    let head = Answer::stream("application/x-ndjson");
    Reply::hold(head, framing(request), |mut held: Held| {
        if held.send(HALVES[0]) && held.pause(BETWEEN) && held.send(HALVES[1]) {
            held.end(b"", Reason::Finished);
        }
    })
}
// ANCHOR_END: split

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_its_length_in_hex_and_its_bytes() {
        assert_eq!(chunk(b"hello\n"), b"6\r\nhello\n\r\n");
        assert!(chunk(&[b'x'; 106]).starts_with(b"6a\r\nx"));
    }
}
