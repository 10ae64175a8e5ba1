//! `/healthz`: how the server is, in numbers.

use super::House;
use crate::http::{Access, Answer, Route};
use crate::threads;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// `GET /healthz`.
pub fn routes(house: &Arc<House>) -> Vec<Route> {
    let house = house.clone();
    vec![Route::get("/healthz", Access::Open, move |_| {
        Ok(Answer::json(200, &health(&house)).into())
    })]
}

fn health(house: &House) -> Value {
    let ended: Map<String, Value> = house
        .tally
        .counts()
        .map(|(reason, count)| (reason.name().to_owned(), count.into()))
        .collect();
    let topics: Map<String, Value> = house
        .bus
        .topics()
        .iter()
        .map(|topic| {
            let state = json!({
                "last_id": topic.last_id(),
                "held": topic.held(),
                "subscribers": topic.subscribers(),
            });
            (topic.name().to_owned(), state)
        })
        .collect();
    json!({
        "connections": house.open.count(),
        "threads": threads::alive(),
        "sessions": house.sessions.load(Ordering::Relaxed),
        "ended": ended,
        "topics": topics,
    })
}
