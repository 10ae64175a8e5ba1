//! The lessons: one module a technique, in reading order.
//!
//! 1. [`short_polling`]: ask again and again.
//! 2. [`long_polling`]: ask once, and be answered when there is news.
//! 3. [`comet`]: one answer that goes on.
//! 4. [`iframe_push`]: one page that goes on, a script at a time.
//! 5. [`sse`]: one answer that goes on, in a format that browsers read.
//! 6. [`websocket`]: both ways at once.
//!
//! Here is what they share: which topic a request means, and from where on.

pub mod comet;
pub mod iframe_push;
pub mod long_polling;
pub mod short_polling;
pub mod sse;
pub mod websocket;

use crate::bus::{Cursor, Topic};
use crate::course::House;
use crate::http::{Answer, Request};
use std::sync::Arc;

/// The topic in `?topic=`; `chat` without one.
///
/// # Errors
/// 404 for a topic that no lesson declared.
pub fn topic(house: &House, request: &Request) -> Result<Arc<Topic>, Answer> {
    let name = request.parameter("topic").unwrap_or("chat".into());
    let found = house.bus.topic(&name).cloned();
    found.ok_or_else(|| Answer::error(404, &format!("there is no topic {name} here")))
}

/// Where the client wants to go on: the field `Last-Event-ID`, else `?after=`,
/// else from now on.
///
/// # Errors
/// 400 for an `after` that is no cursor. Nonsense in `Last-Event-ID` is a gap
/// instead: a 400 would stop an `EventSource` for good.
pub fn cursor(request: &Request) -> Result<Cursor, Answer> {
    match request.header_values("Last-Event-ID").next() {
        None | Some(b"") => {}
        Some(value) => {
            let text = std::str::from_utf8(value).ok();
            return Ok(text.and_then(Cursor::parse).unwrap_or(Cursor::Lost));
        }
    }
    match request.parameter("after") {
        None => Ok(Cursor::Now),
        Some(text) => Cursor::parse(&text).ok_or_else(|| {
            let why = "after must be 0 (all there is) or the last id you saw, like k3v9-12";
            Answer::error(400, why)
        }),
    }
}
