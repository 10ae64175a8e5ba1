//! The lessons: one module a technique, in reading order.
//!
//! 1. [`short_polling`]: ask again and again.
//! 2. [`long_polling`]: ask once, and be answered when there is news.
//! 3. [`comet`]: one answer that goes on.
//! 4. [`iframe_push`]: one page that goes on, a script at a time.
//! 5. [`sse`]: one answer that goes on, in a format that browsers read.
//! 6. [`websocket`]: both ways at once.
//! 7. [`socket_io`]: events, answers and rooms, on top of lessons 2 and 6.
//!
//! What all of them share:
//!
//! **A message** is one line of JSON. `data` is any JSON that somebody published;
//! `event` is its kind:
//!
//! ```text
//! {"id":"k3v9-8","topic":"chat","event":"message","data":"hi","published_ms":1795276523123}
//! ```
//!
//! **To publish**, a page sends `POST /publish` with `{"data": …}`. That is the
//! same in every lesson ([`crate::course::publish`]) and goes to the topic `chat`.
//!
//! **A cursor** says where a page wants to go on. It is the last id that the page
//! saw, as `?after=k3v9-8`, or `?after=0` for all that is kept. Without one: from
//! now on. `k3v9` names one run of the topic, `8` counts its messages; to the page
//! the whole is just a word that it hands back.
//!
//! **A gap** is the answer to a cursor that is too old, or from before a restart:
//! "some messages are lost". All that is still kept follows, and then what is new.
//! A page may see messages a second time then.
//!
//! **A heartbeat** goes out on open connections, every 15 seconds
//! (`--heartbeat-ms`). It keeps proxies from cutting a silent connection, and lets
//! the server find out that a client is gone.
//!
//! **A client that reads too slowly** is cut, in the middle of a message if need
//! be. It comes back with its cursor.

pub mod comet;
pub mod iframe_push;
pub mod long_polling;
pub mod scripts;
pub mod short_polling;
pub mod socket_io;
pub mod sse;
pub mod websocket;

use crate::bus::{Cursor, Topic};
use crate::course::House;
use crate::http::{Answer, Request};
use std::sync::Arc;

/// The topic in `?topic=`; `chat`, which is always there, without one.
///
/// # Errors
/// 404 for a topic that no lesson declared in its [`LESSON`](short_polling::LESSON).
pub fn topic(house: &House, request: &Request) -> Result<Arc<Topic>, Answer> {
    let name = request.parameter("topic").unwrap_or("chat".into());
    let found = house.bus.topic(&name).cloned();
    found.ok_or_else(|| Answer::error(404, &format!("there is no topic {name} here")))
}

/// Where the client wants to go on: the header `Last-Event-ID`, else `?after=`,
/// else from now on ([`Cursor::Now`]).
///
/// # Errors
/// 400 for an `after` that is no cursor. An invalid `Last-Event-ID` is a gap
/// instead ([`Cursor::Lost`]): a 400 would stop an `EventSource` forever.
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
