//! `GET /healthz`: counters as JSON.

use super::AppState;
use crate::http::{Access, Response, Route};
use crate::threads;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Its route.
pub fn route(app: &Arc<AppState>) -> Route {
    app.get("/healthz", Access::AnyOrigin, |app, _| {
        Ok(Response::json(200, &health(app)))
    })
}

fn health(app: &AppState) -> Value {
    let ended: Map<String, Value> = app
        .close_counters
        .counts()
        .map(|(reason, count)| (reason.name().to_owned(), count.into()))
        .collect();
    let topics: Map<String, Value> = app
        .bus
        .topics()
        .iter()
        .map(|topic| {
            let state = json!({
                "last_id": topic.last_id(),
                "held": topic.history_len(),
                "subscribers": topic.subscribers(),
            });
            (topic.name().to_owned(), state)
        })
        .collect();
    json!({
        "connections": app.connections.count(),
        "held": app.connections.held(),
        "threads": threads::alive(),
        "sessions": app.sessions.load(Ordering::Relaxed),
        "ended": ended,
        "topics": topics,
    })
}
