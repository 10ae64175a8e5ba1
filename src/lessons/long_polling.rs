//! Lesson 2, long polling: the browser asks once, and the server takes its time.
//!
//! The question is lesson 1's. The answer waits until there is news, or until
//! the wait is over; then the page asks again, with the new cursor:
//!
//! ```text
//! GET /long-polling/messages?after=k3v9-7&wait=25
//!        … 11 seconds pass; somebody publishes …      → 200 {"messages":[{…}],"last_id":"k3v9-8"}
//! GET /long-polling/messages?after=k3v9-8&wait=25
//!        … 25 seconds pass; nobody does …             → 204, Last-Event-ID: k3v9-8
//! ```
//!
//! The 204 comes at once when the server goes down. The page's next question then
//! fails, and it must pause before it asks again.
//!
//! On a blocking server the wait is a loop around a `Condvar`: [`wait_after`]. The
//! thread of this request sleeps there, and whoever publishes wakes it
//! ([`Topic::publish`](crate::bus::Topic::publish)). A page that leaves meanwhile is
//! noticed only when the thread wakes and writes. What comes between two questions is
//! not lost: the cursor says where to go on.
//!
//! A thread that sleeps for each page that waits is dear when thousands wait, for all of
//! them are woken at once. `/long-polling/parked` answers the same, and wakes none: its
//! poll is **parked**. The thread goes back to `read`, and who delivers writes the answer,
//! the same bytes for all ([`crate::app::parked_poll`]).
//!
//! A script and an iframe cannot see a 204, so they get the object with no
//! messages instead. The forms are lesson 1's ([`crate::app::poll_response`]).

use crate::app::parked_poll::park;
use crate::app::poll_response::{as_iframe_page, as_json, as_jsonp};
use crate::app::{AppState, Lesson, cursor_of};
use crate::bus::{Cursor, ReadResult, Topic};
use crate::http::{Access, Request, Response, Route};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// The wait when the page names none, in seconds. Proxies often cut a silent
/// answer at 30 or 60.
const DEFAULT_WAIT: u64 = 25;
/// The longest wait, in seconds, for clients that know their way has no proxy.
const LONGEST_WAIT: u64 = 60;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    runs_on_tiny_http: true,
    ..Lesson::new(2, "long-polling", "long polling", routes)
};

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    vec![
        // ANCHOR: messages
        app.get(
            "/long-polling/messages",
            Access::AnyOrigin,
            |app, request| poll(app, request).map(|read| as_news(&read)),
        ),
        // ANCHOR_END: messages
        // ANCHOR: parked
        app.get("/long-polling/parked", Access::AnyOrigin, |app, request| {
            let (topic, cursor) = (app.topic_of(request)?, cursor_of(request)?);
            Ok(park(app, topic, cursor, wait_of(request)?, as_news))
        })
        .on_threaded_server(),
        // ANCHOR_END: parked
        app.get("/long-polling/jsonp", Access::Jsonp, |app, request| {
            as_jsonp(request, || poll(app, request))
        }),
        app.get("/long-polling/iframe", Access::AnyOrigin, |app, request| {
            Ok(as_iframe_page(poll(app, request)))
        }),
    ]
}

// ANCHOR: as-news
/// What there is as JSON; and that there is nothing, without a body.
fn as_news(read: &ReadResult) -> Response {
    if read.is_empty() {
        let nothing = Response::new(204).header("Cache-Control", "no-store");
        return nothing.header("Last-Event-ID", &read.last_id);
    }
    as_json(read)
}
// ANCHOR_END: as-news

// ANCHOR: poll
fn poll(app: &AppState, request: &Request) -> Result<Arc<ReadResult>, Response> {
    let topic = app.topic_of(request)?;
    // Of those who wait there may be so many, and no more: 503.
    let _place = app.connections.hold()?;
    Ok(wait_after(&topic, &cursor_of(request)?, wait_of(request)?))
}
// ANCHOR_END: poll

/// The technique: look what there is after the cursor; if there is nothing, wait for
/// it. Empty when `timeout` ran out or the server goes down.
// ANCHOR: wait
pub fn wait_after(topic: &Topic, cursor: &Cursor, timeout: Duration) -> Arc<ReadResult> {
    let deadline = Instant::now() + timeout;
    let mut log = topic.log();
    // "From now on" means after what is the newest message now.
    let cursor = match cursor {
        Cursor::Now => &Cursor::After(log.last_id()),
        given => given,
    };
    loop {
        let read = log.after(cursor);
        let left = deadline.saturating_duration_since(Instant::now());
        if !read.is_empty() || left.is_zero() || log.is_closed() {
            return read;
        }
        // Lets the lock go while it sleeps, and has it again when it is woken.
        let woken = topic.appended().wait_timeout(log, left);
        (log, _) = woken.unwrap_or_else(PoisonError::into_inner);
    }
}
// ANCHOR_END: wait

/// `?wait=SECONDS`. A `HEAD` request does not wait.
// ANCHOR: wait-of
fn wait_of(request: &Request) -> Result<Duration, Response> {
    let seconds = match request.query_param("wait") {
        None => Some(DEFAULT_WAIT),
        // Digits only: `parse` alone would take a sign.
        Some(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
        Some(text) => text.parse().ok().filter(|wait| *wait <= LONGEST_WAIT),
    };
    match seconds {
        Some(_) if request.is_head() => Ok(Duration::ZERO),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => {
            let why = format!("wait must be a number of seconds from 0 to {LONGEST_WAIT}");
            Err(Response::error(400, &why))
        }
    }
}
// ANCHOR_END: wait-of
