//! Wrong on purpose: the servers of lesson 2, long polling.

use crate::http::{Access, Response, Route};

/// Its URLs.
pub fn routes() -> Vec<Route> {
    vec![Route::get(
        "/mistakes/long-polling/away",
        Access::AnyOrigin,
        |_| Ok(away()),
    )]
}

// ANCHOR: away
/// What a proxy says while the server behind it is started again: not JSON, but a
/// page for people.
fn away() -> Response {
    let page = "<html><body><h1>503 Service Unavailable</h1></body></html>\n";
    Response::of_type(503, "text/html; charset=utf-8", page)
}
// ANCHOR_END: away
