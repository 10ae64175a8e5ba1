//! Where a client wants to go on reading, out of its request.

use crate::bus::Cursor;
use crate::http::{Request, Response};

/// Where the client wants to go on: the header `Last-Event-ID`, else `?after=`,
/// else from now on ([`Cursor::Now`]).
///
/// # Errors
/// 400 for an `after` that is no cursor. An invalid `Last-Event-ID` is a gap
/// instead ([`Cursor::Lost`]): a 400 would stop an `EventSource` forever.
pub fn cursor_of(request: &Request) -> Result<Cursor, Response> {
    let last_id = request.header_values("Last-Event-ID").next();
    if let Some(last_id) = last_id.filter(|id| !id.is_empty()) {
        return Ok(at_last_id(std::str::from_utf8(last_id).ok()));
    }
    match request.query_param("after") {
        None => Ok(Cursor::Now),
        Some(text) => Cursor::parse(&text).ok_or_else(|| {
            let why = "after must be 0 (all there is) or the last id you saw, like k3v9-12";
            Response::error(400, why)
        }),
    }
}

/// As [`cursor_of`], for a client that is no browser's `EventSource`, too. Where such a
/// one cannot set `Last-Event-ID`, as between two origins, it says its last id in the URL
/// that it was given.
///
/// # Errors
/// As [`cursor_of`].
pub fn cursor_of_event_source(request: &Request) -> Result<Cursor, Response> {
    // The first is the default of the polyfill `event-source-polyfill`.
    let names = ["lastEventId", "last-event-id"];
    let mut said = names
        .into_iter()
        .filter_map(|name| request.query_param(name));
    match said.find(|id| !id.is_empty()) {
        Some(last_id) if request.header("Last-Event-ID").is_none() => {
            Ok(at_last_id(Some(&last_id)))
        }
        _ => cursor_of(request),
    }
}

fn at_last_id(last_id: Option<&str>) -> Cursor {
    last_id.and_then(Cursor::parse).unwrap_or(Cursor::Lost)
}
