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
//! On a blocking server the wait is one line: the thread of this request sleeps on
//! the topic's `Condvar` ([`Topic::wait_after`](crate::bus::Topic::wait_after)), and
//! whoever publishes wakes it. What comes between two questions is not lost: the
//! cursor says where to go on.
//!
//! A script and an iframe cannot see a 204, so they get the object with no
//! messages instead.

use super::short_polling::{as_json, as_page, as_script};
use super::{cursor, topic};
use crate::bus::News;
use crate::course::{House, Lesson};
use crate::http::{Access, Answer, Request, Route};
use std::sync::Arc;
use std::time::Duration;

/// The wait when the page names none, in seconds. Proxies often cut a silent
/// answer at 30 or 60.
const DEFAULT_WAIT: u64 = 25;
/// The longest wait, in seconds, for clients that know their way has no proxy.
const LONGEST_WAIT: u64 = 60;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 2,
    name: "long-polling",
    title: "long polling",
    topics: &[],
    internal: &[],
    routes,
    asks_and_answers: true,
};

fn routes(house: &Arc<House>) -> Vec<Route> {
    let (by_ajax, by_script, by_iframe) = (house.clone(), house.clone(), house.clone());
    vec![
        // ANCHOR: messages
        Route::get("/long-polling/messages", Access::Open, move |request| {
            let news = ask(&by_ajax, request)?;
            if news.is_empty() {
                let nothing = Answer::new(204).header("Cache-Control", "no-store");
                return Ok(nothing.header("Last-Event-ID", &news.last_id).into());
            }
            Ok(as_json(&news).into())
        }),
        // ANCHOR_END: messages
        Route::get("/long-polling/jsonp", Access::Script, move |request| {
            as_script(request, || ask(&by_script, request))
        }),
        Route::get("/long-polling/iframe", Access::Open, move |request| {
            Ok(as_page(ask(&by_iframe, request)))
        }),
    ]
}

// ANCHOR: ask
/// The technique: look what there is after the cursor; if there is nothing,
/// wait for it.
fn ask(house: &House, request: &Request) -> Result<News, Answer> {
    let topic = topic(house, request)?;
    let cursor = cursor(request)?;
    let wait = wait(request)?;
    Ok(topic.wait_after(&cursor, wait))
}
// ANCHOR_END: ask

/// `?wait=SECONDS`. A `HEAD` request does not wait.
fn wait(request: &Request) -> Result<Duration, Answer> {
    // ANCHOR: wait
    let seconds = match request.parameter("wait") {
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
            Err(Answer::error(400, &why))
        }
    }
    // ANCHOR_END: wait
}
