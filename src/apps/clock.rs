//! The clock: the server's time, once a second.

use crate::bus::Topic;
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
                let data = json!({ "time": format(now), "unix_ms": now.as_millisecond() });
                if topic.publish("message", &data).is_err() {
                    return;
                }
            }
            recv(stopped) -> _ => return,
        }
    }
}

/// The time now, as text.
pub fn now() -> String {
    format(Timestamp::now())
}

/// `unix_ms`, milliseconds since 1970, as text: `2026-11-21T14:30:05Z`.
pub fn text(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format(time.unwrap_or_default())
}

fn format(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_is_written_to_the_second() {
        assert_eq!(super::text(1_795_271_405_678), "2026-11-21T14:30:05Z");
    }
}
