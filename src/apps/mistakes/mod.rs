//! Servers that are wrong on purpose: what learners' notes get wrong on the server's
//! side, to be run beside the right way. Each lesson's text says what is wrong.
//!
//! One file a lesson; its URLs begin with `/mistakes/`. Never copy from here.

pub mod comet;
pub mod iframe_push;
pub mod long_polling;
pub mod short_polling;
pub mod socket_io;
pub mod sse;
pub mod websocket;

use crate::course::House;
use crate::http::Route;
use std::sync::Arc;

/// The wrong servers of the lesson called `name`.
pub fn routes(name: &str, house: &Arc<House>) -> Vec<Route> {
    match name {
        "short-polling" => short_polling::routes(house),
        "long-polling" => long_polling::routes(),
        "comet" => comet::routes(house),
        "iframe-push" => iframe_push::routes(house),
        "sse" => sse::routes(house),
        "websocket" => websocket::routes(house),
        "socket-io" => socket_io::routes(house),
        _ => Vec::new(),
    }
}
