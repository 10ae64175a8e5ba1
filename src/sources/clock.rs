//! The clock: the server's time, once a second.

use crate::bus::Topic;
use crate::timestamp::rfc3339;
use crossbeam_channel::{Receiver, select, tick};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Publishes `{"time": "2026-11-21T14:30:05Z", "unix_ms": …}` every second.
pub fn run(topic: &Arc<Topic>, stopped: &Receiver<()>) {
    let seconds = tick(Duration::from_secs(1));
    loop {
        select! {
            recv(seconds) -> _ => {
                let now = Timestamp::now();
                let data = json!({ "time": rfc3339(now), "unix_ms": now.as_millisecond() });
                if topic.publish("message", &data).is_err() {
                    return;
                }
            }
            recv(stopped) -> _ => return,
        }
    }
}
