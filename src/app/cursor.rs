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
    match request.header_values("Last-Event-ID").next() {
        None | Some(b"") => {}
        Some(value) => {
            let text = std::str::from_utf8(value).ok();
            return Ok(text.and_then(Cursor::parse).unwrap_or(Cursor::Lost));
        }
    }
    match request.query_param("after") {
        None => Ok(Cursor::Now),
        Some(text) => Cursor::parse(&text).ok_or_else(|| {
            let why = "after must be 0 (all there is) or the last id you saw, like k3v9-12";
            Response::error(400, why)
        }),
    }
}
