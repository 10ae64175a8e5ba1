//! Connection state recovery: the memory of clients that may come back.
//!
//! Each socket gets a secret `pid`. When its connection is lost, its id and rooms are
//! kept under that pid for two minutes. A client that connects with the pid and the
//! offset of the last event that it saw becomes that socket again, and gets what it
//! missed out of the topic's history. It is lesson 5's `Last-Event-ID`, by hand.

use crate::bus::{Cursor, Id};
use crate::lock::lock;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long a client may be away, as in the Node server.
const MEMORY: Duration = Duration::from_secs(120);

/// Clients that are remembered at once.
const MOST: usize = 10_000;

/// A client that is away.
pub struct Saved {
    /// The socket's id.
    pub id: String,
    /// The rooms it was in.
    pub rooms: BTreeSet<String>,
    /// Where in the topic to go on.
    pub cursor: Cursor,
    namespace: String,
    until: Instant,
}

/// The clients that are away, by their pids.
#[derive(Default)]
pub struct Recovery(Mutex<HashMap<String, Saved>>);

/// What a client that wants to be recovered connects with.
#[derive(Deserialize)]
struct Claim {
    pid: String,
    offset: Option<String>,
}

impl Recovery {
    /// Remembers a socket that is gone. `since` is where it began, for a client that
    /// has seen no event.
    pub fn save(&self, pid: &str, id: &str, namespace: &str, rooms: BTreeSet<String>, since: Id) {
        let now = Instant::now();
        let mut saved = lock(&self.0);
        saved.retain(|_, saved| saved.until > now);
        if saved.len() >= MOST {
            log::warn!("{MOST} clients are away; one more is not remembered");
            return;
        }
        saved.insert(
            pid.to_owned(),
            Saved {
                id: id.to_owned(),
                rooms,
                cursor: Cursor::After(since),
                namespace: namespace.to_owned(),
                until: now + MEMORY,
            },
        );
    }

    /// The pid and the socket that `payload` claims, if it is remembered. It is
    /// handed out once.
    // ANCHOR: claim
    pub fn claim(&self, payload: &RawValue, namespace: &str) -> Option<(String, Saved)> {
        let claim: Claim = crate::json::object(payload.get().as_bytes()).ok()?;
        let mut all = lock(&self.0);
        if all.get(&claim.pid)?.namespace != namespace {
            return None;
        }
        let mut saved = all.remove(&claim.pid)?;
        if saved.until <= Instant::now() {
            return None;
        }
        if let Some(offset) = claim.offset {
            saved.cursor = Cursor::After(Id::parse(&offset)?);
        }
        Some((claim.pid, saved))
    }
    // ANCHOR_END: claim
}
