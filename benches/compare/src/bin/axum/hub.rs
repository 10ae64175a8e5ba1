//! What was published: its order, its history, and the bytes of each message, made once.

use axum::body::Bytes;
use axum::extract::ws::Utf8Bytes;
use axum::http::HeaderValue;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::broadcast;

/// How many messages are kept, and how far a subscriber may be behind.
pub const HISTORY: usize = 16_384;

pub type Subscription = broadcast::Receiver<Arc<Message>>;

/// A message as each technique writes it.
pub struct Message {
    pub json: Utf8Bytes,
    pub line: Bytes,
    pub sse: Bytes,
    /// The answer to a poll that waited for it.
    pub poll: Poll,
}

/// An answer to a poll.
pub struct Poll {
    pub body: Bytes,
    pub last_id: HeaderValue,
}

pub struct Hub {
    state: Mutex<State>,
}

struct State {
    published: u64,
    history: VecDeque<Arc<Message>>,
    live: broadcast::Sender<Arc<Message>>,
}

impl Default for Hub {
    fn default() -> Hub {
        let state = State {
            published: 0,
            history: VecDeque::new(),
            live: broadcast::Sender::new(HISTORY),
        };
        Hub {
            state: Mutex::new(state),
        }
    }
}

impl Hub {
    pub fn publish(&self, data: &RawValue) -> String {
        let mut state = self.lock();
        state.published += 1;
        let message = Arc::new(Message::new(state.published, data));
        if state.history.len() == HISTORY {
            state.history.pop_front();
        }
        state.history.push_back(message.clone());
        // An error says that nobody listens.
        let _ = state.live.send(message);
        id(state.published)
    }

    /// The answer to a poll that does not wait.
    pub fn after(&self, cursor: Option<&str>) -> Poll {
        let state = self.lock();
        let missed = state.missed(cursor).unwrap_or_default();
        answer(&missed, state.published)
    }

    /// What comes from now on, and, in the same step, what was missed, if anything.
    pub fn subscribe(&self, cursor: Option<&str>) -> (Subscription, Option<Poll>) {
        let state = self.lock();
        let missed = state.missed(cursor);
        let missed = missed.map(|missed| answer(&missed, state.published));
        (state.live.subscribe(), missed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn missed(&self, cursor: Option<&str>) -> Option<Vec<&str>> {
        let seen: u64 = cursor?.rsplit('-').next()?.parse().ok()?;
        let new = self.published.saturating_sub(seen) as usize;
        let known = self.history.len() - new.min(self.history.len());
        let missed = self.history.range(known..).map(|m| m.json.as_str());
        (new > 0).then(|| missed.collect())
    }
}

impl Message {
    fn new(number: u64, data: &RawValue) -> Message {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_millis();
        let id = id(number);
        let json = format!(
            r#"{{"id":"{id}","topic":"chat","event":"message","data":{data},"published_ms":{now}}}"#
        );
        Message {
            line: format!("{json}\n").into(),
            sse: format!("id: {id}\ndata: {json}\n\n").into(),
            poll: answer(&[&json], number),
            json: json.into(),
        }
    }
}

fn id(number: u64) -> String {
    format!("axum-{number}")
}

fn answer(messages: &[&str], last: u64) -> Poll {
    let (messages, last) = (messages.join(","), id(last));
    Poll {
        body: format!(r#"{{"messages":[{messages}],"last_id":"{last}"}}"#).into(),
        last_id: HeaderValue::from_str(&last).expect("letters and digits"),
    }
}
