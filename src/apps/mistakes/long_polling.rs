//! Wrong on purpose: the servers of lesson 2, long polling.

use crate::http::{Access, Answer, Route};

/// Its URLs.
pub fn routes() -> Vec<Route> {
    vec![Route::get(
        "/mistakes/long-polling/away",
        Access::Open,
        |_| Ok(away().into()),
    )]
}

// ANCHOR: away
/// What a proxy says while the server behind it is started again: not JSON, but a
/// page for people.
fn away() -> Answer {
    let page = "<html><body><h1>503 Service Unavailable</h1></body></html>\n";
    Answer::of_type(503, "text/html; charset=utf-8", page)
}
// ANCHOR_END: away
