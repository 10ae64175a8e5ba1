//! Wrong on purpose: the servers of lesson 4, iframe push; and the other sites that
//! profit from it.
//!
//! Another site is here a page with the policy `sandbox allow-scripts`: it comes from
//! this server, but the browser treats it as a stranger. Its origin is `null`.

use super::open_to_all;
use crate::app::inline_script::{IFRAME_POLICY, escape};
use crate::feed::{CloseReason, KeepAlive, StreamingConnection};
use crate::http::chunked::coding_for;
use crate::http::{Request, Response, Route};
use crate::threads;
use bytes::Bytes;
use crossbeam_channel::tick;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Its URLs.
pub fn routes() -> Vec<Route> {
    vec![
        open_to_all("/mistakes/iframe-push/fixed-origin", fixed_origin),
        open_to_all("/mistakes/iframe-push/any-target", any_target),
        open_to_all("/mistakes/iframe-push/browser-clock", browser_clock),
        open_to_all("/mistakes/iframe-push/timer", never_cleared),
        open_to_all("/mistakes/iframe-push/timer-cleared", cleared),
        open_to_all("/mistakes/iframe-push/timers", timers),
        open_to_all("/mistakes/iframe-push/other-site", |_| page(OTHER_SITE)),
        open_to_all("/mistakes/iframe-push/stranger", |_| page(STRANGER)),
        open_to_all("/mistakes/iframe-push/inner-html", |_| page(INNER_HTML)),
        open_to_all("/mistakes/iframe-push/text-content", |_| page(TEXT_CONTENT)),
    ]
}

/// How many scripts each stream has, and the time between them.
const SCRIPTS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(500);

/// A page of `SCRIPTS` scripts, which then ends.
fn scripts(request: &Request, policy: &str, script: impl Fn(u32) -> String + 'static) -> Response {
    let head =
        Response::stream_head("text/html; charset=utf-8").header("Content-Security-Policy", policy);
    head.streaming(coding_for(request), move |mut connection| {
        connection.send(b"<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n");
        for n in 1..=SCRIPTS {
            if !connection.pause(BETWEEN) || !connection.send(script(n).as_bytes()) {
                return;
            }
        }
        connection.end(b"", CloseReason::Finished);
    })
}

/// **The target origin is written into the server.** Who opens the page by the other
/// name of the same computer gets nothing. To let everyone see it, the name that is
/// written here is always the one that you did not use.
fn fixed_origin(request: &Request) -> Response {
    let written = match request.host().strip_prefix("localhost") {
        Some(port) => format!("{}://127.0.0.1{port}", request.scheme),
        None => "http://localhost:3000".to_owned(),
    };
    let written = escape(&json!(written).to_string());
    scripts(request, IFRAME_POLICY, move |n| {
        // ANCHOR: fixed-origin
        format!("<script>parent.postMessage({n}, {written})</script>\n")
        // ANCHOR_END: fixed-origin
    })
}

/// **Any target, and any site may frame it.**
fn any_target(request: &Request) -> Response {
    // ANCHOR: any-target
    let policy = "default-src 'none'; script-src 'unsafe-inline'";
    scripts(request, policy, |n| {
        format!("<script>parent.postMessage(\"secret {n}\", \"*\")</script>\n")
    })
    // ANCHOR_END: any-target
}

/// **The browser's clock.** The server sends a question, not a time.
fn browser_clock(request: &Request) -> Response {
    scripts(request, IFRAME_POLICY, |_| {
        // ANCHOR: browser-clock
        let time = "new Date().toISOString()";
        format!("<script>parent.postMessage({time}, location.origin)</script>\n")
        // ANCHOR_END: browser-clock
    })
}

/// How many timers run. A timer of the notes runs for ever; here each ends after ten
/// seconds, and there are not more than this many.
static TIMERS: AtomicUsize = AtomicUsize::new(0);
const MOST_TIMERS: usize = 64;
const TICKS: usize = 50;
const TICK: Duration = Duration::from_millis(200);

struct LooseTimer(Arc<AtomicBool>);

impl LooseTimer {
    /// Does `work` again and again, in a thread of its own.
    fn start(work: impl Fn() + Send + 'static) -> LooseTimer {
        let cleared = Arc::new(AtomicBool::new(false));
        let timer = LooseTimer(cleared.clone());
        TIMERS.fetch_add(1, Ordering::Relaxed);
        let started = threads::spawn("mistake-timer", move || {
            for _ in tick(TICK).iter().take(TICKS) {
                if cleared.load(Ordering::Relaxed) {
                    break;
                }
                work();
            }
            TIMERS.fetch_sub(1, Ordering::Relaxed);
        });
        if started.is_err() {
            TIMERS.fetch_sub(1, Ordering::Relaxed);
        }
        timer
    }

    fn clear(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A page to which `serve` writes from a timer.
fn ticking(request: &Request, serve: fn(StreamingConnection, LooseTimer)) -> Response {
    if TIMERS.load(Ordering::Relaxed) >= MOST_TIMERS {
        let seconds = TICK.as_secs_f32() * TICKS as f32;
        let why = format!("too many timers run already; wait {seconds:.0} seconds");
        return Response::error(503, &why);
    }
    let coding = coding_for(request);
    let head = Response::stream_head("text/html; charset=utf-8")
        .header("Content-Security-Policy", IFRAME_POLICY);
    head.streaming(coding, move |mut connection| {
        connection.go_live(&COMMENTS);
        let writer = connection.writer().clone();
        let script = b"<script>document.currentScript.remove()</script>\n";
        let bytes = Bytes::from((coding.wrap)(script));
        // ANCHOR: timer
        let timer = LooseTimer::start(move || {
            // It answers whether the reader is still there. Nobody looks.
            writer.send_or_close(bytes.clone(), 1);
        });
        // ANCHOR_END: timer
        serve(connection, timer);
    })
}

const COMMENTS: KeepAlive = KeepAlive::heartbeat(|| b"<!---->\n".to_vec());

/// **The timer is never cleared.** The reader leaves; the timer goes on.
fn never_cleared(request: &Request) -> Response {
    ticking(request, |mut connection, _timer| {
        // ANCHOR: never-cleared
        connection.read_until_closed();
        // The reader has left. The timer does not know.
        // ANCHOR_END: never-cleared
    })
}

/// Right: who starts a timer for a connection ends it with the connection.
fn cleared(request: &Request) -> Response {
    ticking(request, |mut connection, timer| {
        // ANCHOR: cleared
        connection.read_until_closed();
        timer.clear();
        // ANCHOR_END: cleared
    })
}

fn timers(_request: &Request) -> Response {
    Response::json(200, &json!({ "running": TIMERS.load(Ordering::Relaxed) }))
}

/// A page that the browser treats as another site's.
fn page(html: &'static str) -> Response {
    Response::of_type(200, "text/html; charset=utf-8", html).header(
        "Content-Security-Policy",
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; \
             frame-src 'self'; frame-ancestors 'self'",
    )
}

/// Another site, which frames a stream of ours and reads what it posts. It tells the
/// lesson's page what it has read.
const OTHER_SITE: &str = r#"<!doctype html><title>another site</title><body><script>
addEventListener("message", (event) => parent.postMessage(event.data, "*"));
const frame = document.createElement("iframe");
const wrong = location.search === "?wrong";
frame.src = wrong ? "/mistakes/iframe-push/any-target" : "/iframe-push/stream?topic=clock";
document.body.append(frame);
</script>
"#;

/// Another site, which posts to our page what it likes.
// ANCHOR: stranger
const STRANGER: &str = r#"<!doctype html><title>a stranger</title><script>
parent.postMessage({ topic: "clock", data: { time: "party time" } }, "*");
</script>
"#;
// ANCHOR_END: stranger

/// A page without a policy against scripts in the data (`'unsafe-inline'`), which shows
/// what arrives as HTML.
// ANCHOR: inner-html
const INNER_HTML: &str = r#"<!doctype html><title>HTML</title><body><script>
addEventListener("message", (event) => { document.body.innerHTML = event.data; });
</script>
"#;
// ANCHOR_END: inner-html

/// Right: the same page, and what arrives is text.
// ANCHOR: text-content
const TEXT_CONTENT: &str = r#"<!doctype html><title>text</title><body><script>
addEventListener("message", (event) => { document.body.textContent = event.data; });
</script>
"#;
// ANCHOR_END: text-content
