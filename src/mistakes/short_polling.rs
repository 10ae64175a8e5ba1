//! Wrong on purpose: the servers of lesson 1, short polling.
//!
//! They are right in all but one thing: they are slow. What a page does wrong
//! shows only when an answer takes its time.

use crate::app::AppState;
use crate::app::poll_response::{as_iframe_page, as_json, as_jsonp};
use crate::bus::{Cursor, ReadResult};
use crate::http::{Access, Request, Response, Route};
use crossbeam_channel::after;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a page may make an answer take, in milliseconds.
const SLOWEST: u64 = 3000;

/// Its URLs: lesson 1's answers, each after `?ms=` milliseconds.
pub fn routes(app: &Arc<AppState>) -> Vec<Route> {
    vec![
        app.get(
            "/mistakes/short-polling/slow",
            Access::AnyOrigin,
            |app, request| slowly(app, request).map(|read| as_json(&read)),
        ),
        app.get(
            "/mistakes/short-polling/slow-script",
            Access::Jsonp,
            |app, request| as_jsonp(request, || slowly(app, request)),
        ),
        app.get(
            "/mistakes/short-polling/slow-page",
            Access::AnyOrigin,
            |app, request| Ok(as_iframe_page(slowly(app, request))),
        ),
    ]
}

/// No news, and not at once.
fn slowly(app: &AppState, request: &Request) -> Result<Arc<ReadResult>, Response> {
    let asked = request.query_param("ms").and_then(|ms| ms.parse().ok());
    let Some(ms) = asked.filter(|ms| *ms <= SLOWEST) else {
        let why = format!("ms must be a number of milliseconds from 0 to {SLOWEST}");
        return Err(Response::error(400, &why));
    };
    // A server with too much to do. It ends by itself, so it keeps no shutdown waiting
    // for long.
    let _ = after(Duration::from_millis(ms)).recv();
    let chat = app.bus.topic("chat");
    let chat = chat.ok_or_else(|| Response::error(404, "there is no topic chat here"))?;
    Ok(chat.after(&Cursor::Now))
}
