//! Wrong on purpose: the servers of lesson 5, server-sent events, and the right
//! ones beside them. Notes have them in JavaScript; the bytes are the same.

use crate::apps::clock;
use crate::course::House;
use crate::feed::{Encoding, Held, Reason};
use crate::http::{Access, Answer, Reply, Request, Route};
use crate::lessons::comet::framing;
use crate::sync::lock;
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// The time from one event to the next.
const TICK: Duration = Duration::from_millis(300);

type Handler = fn(&Request) -> Reply;

/// Its URLs.
pub fn routes(_house: &Arc<House>) -> Vec<Route> {
    let routes: [(&str, Handler); 15] = [
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
    let route = |(path, reply): (&'static str, Handler)| {
        Route::get(path, Access::Open, move |request| Ok(reply(request)))
    };
    routes.map(route).into()
}

/// An event stream whose bytes `talk` sends.
fn stream(request: &Request, talk: impl FnOnce(Held) + 'static) -> Reply {
    stream_of("text/event-stream", request, talk)
}

fn stream_of(kind: &str, request: &Request, talk: impl FnOnce(Held) + 'static) -> Reply {
    Reply::hold(Answer::stream(kind), framing(request), |mut held: Held| {
        held.go_live(&NOTHING);
        talk(held);
    })
}

/// Sends these bytes, and stays open.
fn say(bytes: impl Into<Vec<u8>>) -> impl FnOnce(Held) + 'static {
    let bytes = bytes.into();
    move |mut held: Held| {
        held.send(&bytes);
        held.read_until_closed();
    }
}

// The heartbeat is one line; a blank line behind it would end an event.
static NOTHING: Encoding = Encoding {
    message: |_| Vec::new(),
    gap: Vec::new,
    heartbeat: || b":\n".to_vec(),
    farewell: Vec::new,
    silent: None,
};

// ANCHOR: ticks
/// Right: the answer goes on, each event ends with a blank line, and what drives
/// this connection belongs to this connection. `pause` is `false` when the client left.
fn ticks(request: &Request) -> Reply {
    stream(request, |mut held| {
        while held.pause(TICK) && held.send(b"data: tick\n\n") {}
    })
}
// ANCHOR_END: ticks

// ANCHOR: one-event
/// Wrong: one event, and then the answer ends. For the browser that is a lost
/// connection.
fn one_event(request: &Request) -> Reply {
    stream(request, |held| {
        held.send(b"data: tick\n\n");
        held.end(b"", Reason::Finished);
    })
}
// ANCHOR_END: one-event

// ANCHOR: no-blank-line
/// Wrong: one line end after each event. All the lines belong to one event, and it
/// never ends.
fn no_blank_line(request: &Request) -> Reply {
    stream(request, |mut held| {
        while held.pause(TICK) && held.send(b"data: tick\n") {}
    })
}
// ANCHOR_END: no-blank-line

// ANCHOR: id-apart
/// Wrong: the id is closed off by a blank line, and the data comes after it.
fn id_apart(request: &Request) -> Reply {
    lost_in_the_middle(request, |n| {
        [format!("id: {n}\n\n"), format!("data: news {n}\n\n")]
    })
}

/// Right: no blank line inside an event.
fn id_together(request: &Request) -> Reply {
    lost_in_the_middle(request, |n| {
        [format!("id: {n}\n"), format!("data: news {n}\n\n")]
    })
}
// ANCHOR_END: id-apart

/// Three pieces of news, in two `halves` each. The first connection is lost between
/// the halves of the second.
fn lost_in_the_middle(request: &Request, halves: fn(u32) -> [String; 2]) -> Reply {
    let seen = last_seen(request);
    stream(request, move |mut held| {
        held.send(b"retry: 300\n\n");
        for n in seen.saturating_add(1)..=3 {
            let [first, second] = halves(n);
            held.send(first.as_bytes());
            if seen == 0 && n == 2 {
                return held.end(b"", Reason::Finished);
            }
            if !(held.pause(TICK) && held.send(second.as_bytes())) {
                return;
            }
        }
        held.read_until_closed();
    })
}

/// The number that the browser comes back with; 0 when it comes for the first time.
fn last_seen(request: &Request) -> u32 {
    let id = request.header("Last-Event-ID");
    id.and_then(|id| id.parse().ok()).unwrap_or(0)
}

// ANCHOR: constant-id
/// Wrong: every event has the same id. It does not say how far the browser is.
fn constant_id(request: &Request) -> Reply {
    three(request, |_| 1)
}

/// Right: an id of its own for each event.
fn counting_id(request: &Request) -> Reply {
    three(request, |n| n)
}

/// Three events, those after the last one that the browser saw. Then the
/// connection is lost.
fn three(request: &Request, id: fn(u32) -> u32) -> Reply {
    let seen = last_seen(request);
    stream(request, move |mut held| {
        held.send(b"retry: 300\n\n");
        for n in (1..=3).map(|more| seen.saturating_add(more)) {
            let event = format!("id: {}\ndata: news {n}\n\n", id(n));
            if !(held.send(event.as_bytes()) && held.pause(TICK)) {
                return;
            }
        }
        held.end(b"", Reason::Finished);
    })
}
// ANCHOR_END: constant-id

/// In the notes: one variable. Here: one for each `?run=`, so that readers do not meet.
static INTERVAL: LazyLock<Mutex<HashMap<String, Arc<AtomicBool>>>> = LazyLock::new(Mutex::default);

// ANCHOR: one-interval
/// Wrong: every client's timer goes into the same place, over the one before. Who
/// leaves stops the timer that is there.
fn one_interval(request: &Request) -> Reply {
    let run = request.parameter("run").unwrap_or_default().into_owned();
    stream(request, move |mut held| {
        let running = Arc::new(AtomicBool::new(true));
        lock(&INTERVAL).insert(run.clone(), running.clone());
        while held.pause(TICK) && !held.is_over() {
            if running.load(Ordering::Relaxed) {
                held.send(b"data: tick\n\n");
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
fn not_json(request: &Request) -> Reply {
    let now = clock::now();
    stream(request, say(format!("data: {{\"time\": {now}}}\n\n")))
}

/// Right: a JSON library writes it.
fn good_json(request: &Request) -> Reply {
    let time = json!({ "time": clock::now() });
    stream(request, say(format!("data: {time}\n\n")))
}
// ANCHOR_END: not-json

// ANCHOR: gbk
const GBK: &[u8] = b"data: \xC4\xE3\xBA\xC3\n\n"; // 你好 ("hello") in GBK

/// Wrong: an event stream is always UTF-8. A browser refuses any other charset.
fn charset_gbk(request: &Request) -> Reply {
    stream_of("text/event-stream; charset=gbk", request, say(GBK))
}

/// Wrong: the browser reads these bytes as UTF-8, which they are not.
fn gbk_bytes(request: &Request) -> Reply {
    stream(request, say(GBK))
}

/// Right: a Rust string is UTF-8 already.
fn utf_8(request: &Request) -> Reply {
    stream_of(
        "text/event-stream; charset=utf-8",
        request,
        say("data: 你好\n\n"),
    )
}
// ANCHOR_END: gbk

// ANCHOR: line-break
/// Wrong: what somebody wrote goes into the stream as it is, with its line breaks.
fn line_break(request: &Request) -> Reply {
    let text = request.parameter("text").unwrap_or_default();
    stream(request, say(format!("data: {text}\n\n")))
}

/// Right: JSON writes a line break as `\n`, two characters.
fn line_break_json(request: &Request) -> Reply {
    let text = json!(request.parameter("text").unwrap_or_default());
    stream(request, say(format!("data: {text}\n\n")))
}
// ANCHOR_END: line-break
