//! Wrong on purpose: the servers of lesson 5, server-sent events, and the right
//! ones beside them. The notes have them in JavaScript; the bytes are the same.

use super::open_to_all;
use crate::feed::{CloseReason, KeepAlive, StreamingConnection};
use crate::http::chunked::coding_for;
use crate::http::{Request, Response, Route};
use crate::lock::lock;
use crate::timestamp;
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// The time from one event to the next.
const TICK: Duration = Duration::from_millis(300);

type WrongServer = fn(&Request) -> Response;

/// Its URLs.
pub fn routes() -> Vec<Route> {
    let routes: [(&str, WrongServer); 15] = [
        ("/mistakes/sse/ticks", ticks),
        ("/mistakes/sse/one-event", one_event),
        ("/mistakes/sse/no-blank-line", no_blank_line),
        ("/mistakes/sse/id-apart", id_apart),
        ("/mistakes/sse/id-together", id_together),
        ("/mistakes/sse/constant-id", constant_id),
        ("/mistakes/sse/counting-id", counting_id),
        ("/mistakes/sse/one-interval", one_interval),
        ("/mistakes/sse/not-json", not_json),
        ("/mistakes/sse/json", good_json),
        ("/mistakes/sse/charset-gbk", charset_gbk),
        ("/mistakes/sse/gbk-bytes", gbk_bytes),
        ("/mistakes/sse/utf-8", utf_8),
        ("/mistakes/sse/line-break", line_break),
        ("/mistakes/sse/line-break-json", line_break_json),
    ];
    routes.map(|(path, reply)| open_to_all(path, reply)).into()
}

/// An event stream whose bytes `talk` sends.
fn stream(request: &Request, talk: impl FnOnce(StreamingConnection) + 'static) -> Response {
    stream_of("text/event-stream", request, talk)
}

fn stream_of(
    kind: &str,
    request: &Request,
    talk: impl FnOnce(StreamingConnection) + 'static,
) -> Response {
    Response::stream_head(kind).streaming(coding_for(request), |mut connection| {
        connection.go_live(&ONE_LINE);
        talk(connection);
    })
}

/// Sends these bytes, and stays open.
fn say(bytes: impl Into<Vec<u8>>) -> impl FnOnce(StreamingConnection) + 'static {
    let bytes = bytes.into();
    move |mut connection: StreamingConnection| {
        connection.send(&bytes);
        connection.read_until_closed();
    }
}

// The heartbeat is one line; a blank line behind it would end an event.
const ONE_LINE: KeepAlive = KeepAlive::heartbeat(|| b":\n".to_vec());

// ANCHOR: ticks
/// Right: the answer goes on, each event ends with a blank line, and what drives
/// this connection belongs to this connection. `pause` is `false` when the client left.
fn ticks(request: &Request) -> Response {
    stream(request, |mut connection| {
        while connection.pause(TICK) && connection.send(b"data: tick\n\n") {}
    })
}
// ANCHOR_END: ticks

// ANCHOR: one-event
/// Wrong: one event, and then the answer ends. For the browser that is a lost
/// connection.
fn one_event(request: &Request) -> Response {
    stream(request, |connection| {
        connection.send(b"data: tick\n\n");
        connection.end(b"", CloseReason::Finished);
    })
}
// ANCHOR_END: one-event

// ANCHOR: no-blank-line
/// Wrong: one line end after each event. All the lines belong to one event, and it
/// never ends.
fn no_blank_line(request: &Request) -> Response {
    stream(request, |mut connection| {
        while connection.pause(TICK) && connection.send(b"data: tick\n") {}
    })
}
// ANCHOR_END: no-blank-line

// ANCHOR: id-apart
/// Wrong: the id is closed off by a blank line, and the data comes after it.
fn id_apart(request: &Request) -> Response {
    lost_in_the_middle(request, |n| {
        [format!("id: {n}\n\n"), format!("data: news {n}\n\n")]
    })
}

/// Right: no blank line inside an event.
fn id_together(request: &Request) -> Response {
    lost_in_the_middle(request, |n| {
        [format!("id: {n}\n"), format!("data: news {n}\n\n")]
    })
}
// ANCHOR_END: id-apart

/// Three pieces of news, in two `halves` each. The first connection is lost between
/// the halves of the second.
fn lost_in_the_middle(request: &Request, halves: fn(u32) -> [String; 2]) -> Response {
    let seen = last_seen(request);
    stream(request, move |mut connection| {
        connection.send(b"retry: 300\n\n");
        for n in seen.saturating_add(1)..=3 {
            let [first, second] = halves(n);
            connection.send(first.as_bytes());
            if seen == 0 && n == 2 {
                return connection.end(b"", CloseReason::Finished);
            }
            if !(connection.pause(TICK) && connection.send(second.as_bytes())) {
                return;
            }
        }
        connection.read_until_closed();
    })
}

/// The number that the browser comes back with; 0 when it comes for the first time.
fn last_seen(request: &Request) -> u32 {
    let id = request.header("Last-Event-ID");
    id.and_then(|id| id.parse().ok()).unwrap_or(0)
}

// ANCHOR: constant-id
/// Wrong: every event has the same id. It does not say how far the browser is.
fn constant_id(request: &Request) -> Response {
    three(request, |_| 1)
}

/// Right: an id of its own for each event.
fn counting_id(request: &Request) -> Response {
    three(request, |n| n)
}

/// Three events, those after the last one that the browser saw. Then the
/// connection is lost.
fn three(request: &Request, id: fn(u32) -> u32) -> Response {
    let seen = last_seen(request);
    stream(request, move |mut connection| {
        connection.send(b"retry: 300\n\n");
        for n in (1..=3).map(|more| seen.saturating_add(more)) {
            let event = format!("id: {}\ndata: news {n}\n\n", id(n));
            if !(connection.send(event.as_bytes()) && connection.pause(TICK)) {
                return;
            }
        }
        connection.end(b"", CloseReason::Finished);
    })
}
// ANCHOR_END: constant-id

/// In the notes: one variable. Here: one for each `?run=`, so that readers do not meet.
static INTERVAL: LazyLock<Mutex<HashMap<String, Arc<AtomicBool>>>> = LazyLock::new(Mutex::default);

// ANCHOR: one-interval
/// Wrong: every client's timer goes into the same place, over the one before. Who
/// leaves stops the timer that is there.
fn one_interval(request: &Request) -> Response {
    let run = request.query_param("run").unwrap_or_default().into_owned();
    stream(request, move |mut connection| {
        let running = Arc::new(AtomicBool::new(true));
        lock(&INTERVAL).insert(run.clone(), running.clone());
        while connection.pause(TICK) && !connection.is_closing() {
            if running.load(Ordering::Relaxed) {
                connection.send(b"data: tick\n\n");
            }
        }
        if let Some(found) = lock(&INTERVAL).remove(&run) {
            found.store(false, Ordering::Relaxed);
        }
    })
}
// ANCHOR_END: one-interval

// ANCHOR: not-json
/// Wrong: a time without quotes is not JSON.
fn not_json(request: &Request) -> Response {
    let now = timestamp::now();
    stream(request, say(format!("data: {{\"time\": {now}}}\n\n")))
}

/// Right: a JSON library writes it.
fn good_json(request: &Request) -> Response {
    let time = json!({ "time": timestamp::now() });
    stream(request, say(format!("data: {time}\n\n")))
}
// ANCHOR_END: not-json

// ANCHOR: gbk
const GBK: &[u8] = b"data: \xC4\xE3\xBA\xC3\n\n"; // 你好 ("hello") in GBK

/// Wrong: an event stream is always UTF-8. A browser refuses any other charset.
fn charset_gbk(request: &Request) -> Response {
    stream_of("text/event-stream; charset=gbk", request, say(GBK))
}

/// Wrong: the browser reads these bytes as UTF-8, which they are not.
fn gbk_bytes(request: &Request) -> Response {
    stream(request, say(GBK))
}

/// Right: a Rust string is UTF-8 already.
fn utf_8(request: &Request) -> Response {
    stream_of(
        "text/event-stream; charset=utf-8",
        request,
        say("data: 你好\n\n"),
    )
}
// ANCHOR_END: gbk

// ANCHOR: line-break
/// Wrong: what somebody wrote goes into the stream as it is, with its line breaks.
fn line_break(request: &Request) -> Response {
    let text = request.query_param("text").unwrap_or_default();
    stream(request, say(format!("data: {text}\n\n")))
}

/// Right: JSON writes a line break as `\n`, two characters.
fn line_break_json(request: &Request) -> Response {
    let text = json!(request.query_param("text").unwrap_or_default());
    stream(request, say(format!("data: {text}\n\n")))
}
// ANCHOR_END: line-break
