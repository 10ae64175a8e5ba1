//! Common mistakes on the server's side, made on purpose, each beside its fix. Each
//! lesson's text says what is wrong.
//!
//! "The notes" are scraps of server code that learners come with, in PHP and
//! JavaScript; the mistakes are theirs. One file per lesson; its URLs begin with
//! `/mistakes/`. Never copy from here.

pub mod comet;
pub mod iframe_push;
pub mod long_polling;
pub mod short_polling;
pub mod socket_io;
pub mod sse;
pub mod websocket;

use crate::app::AppState;
use crate::http::{Access, Request, Response, Route};
use std::sync::Arc;

/// A URL that pages of every origin may read.
fn open_to_all(path: &'static str, handler: fn(&Request) -> Response) -> Route {
    Route::get(path, Access::AnyOrigin, move |request| Ok(handler(request)))
}

/// The wrong servers of the lesson called `name`.
pub fn routes(name: &str, app: &Arc<AppState>) -> Vec<Route> {
    match name {
        "short-polling" => short_polling::routes(app),
        "long-polling" => long_polling::routes(),
        "comet" => comet::routes(),
        "iframe-push" => iframe_push::routes(),
        "sse" => sse::routes(),
        "websocket" => websocket::routes(),
        "socket-io" => socket_io::routes(app),
        _ => Vec::new(),
    }
}
