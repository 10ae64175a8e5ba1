//! Wrong on purpose: the servers of lesson 7, Socket.IO.

use crate::course::House;
use crate::http::Route;
use std::sync::Arc;

/// Its URLs.
pub fn routes(_house: &Arc<House>) -> Vec<Route> {
    Vec::new()
}
