//! Connection state recovery: the memory of clients that may come back.
//!
//! Each socket gets a secret `pid`. When its connection is lost, its id and rooms are
//! kept under that pid for two minutes. A client that connects with the pid and the
//! offset of the last event that it saw becomes that socket again, and gets what it
//! missed out of the topic's history. It is lesson 5's `Last-Event-ID`, by hand.

use crate::bus::{Cursor, Id};
use crate::json;
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

/// What is known of a socket that may be recovered.
#[derive(Clone)]
pub struct Saved {
    /// The socket's id.
    pub id: String,
    /// The rooms it was in.
    pub rooms: BTreeSet<String>,
    /// Where in the topic to go on.
    pub cursor: Cursor,
    namespace: String,
    /// When it is forgotten; `None` while its connection is there.
    until: Option<Instant>,
}

/// The sockets that may be recovered, by their pids.
#[derive(Default)]
pub struct Recovery(Mutex<HashMap<String, Saved>>);

/// What a client that wants to be recovered connects with.
#[derive(Deserialize)]
pub struct Claim {
    /// The socket that it was.
    pub pid: String,
    /// The last event that it saw.
    offset: Option<String>,
}

impl Claim {
    /// What `payload` claims, if it does.
    pub fn of(payload: &RawValue) -> Option<Claim> {
        json::object(payload.get().as_bytes()).ok()
    }
}

impl Recovery {
    /// Remembers a socket that is there. Its client may be back before anybody has
    /// noticed that it was gone.
    pub fn register(&self, pid: &str, id: &str, namespace: &str) {
        let saved = Saved {
            id: id.to_owned(),
            rooms: BTreeSet::new(),
            cursor: Cursor::Lost,
            namespace: namespace.to_owned(),
            until: None,
        };
        lock(&self.0).insert(pid.to_owned(), saved);
    }

    /// Remembers a socket that is gone. `since` is where it began, for a client that
    /// has seen no event.
    pub fn save(&self, pid: &str, id: &str, namespace: &str, rooms: BTreeSet<String>, since: Id) {
        let now = Instant::now();
        let mut all = lock(&self.0);
        let mut away = 0;
        all.retain(|_, saved| {
            let kept = saved.until.is_none_or(|until| until > now);
            away += usize::from(kept && saved.until.is_some());
            kept
        });
        if away >= MOST {
            log::warn!("{MOST} clients are away; one more is not remembered");
            all.remove(pid);
            return;
        }
        all.insert(
            pid.to_owned(),
            Saved {
                id: id.to_owned(),
                rooms,
                cursor: Cursor::After(since),
                namespace: namespace.to_owned(),
                until: Some(now + MEMORY),
            },
        );
    }

    /// Forgets a socket that left for good.
    pub fn forget(&self, pid: &str) {
        lock(&self.0).remove(pid);
    }

    /// The id of the socket with this pid, if it may be recovered.
    pub fn id_of(&self, pid: &str) -> Option<String> {
        lock(&self.0).get(pid).map(|saved| saved.id.clone())
    }

    /// What is remembered of the socket that is claimed. It stays remembered: a client
    /// whose connection is lost again while it is told what it missed comes once more.
    // ANCHOR: claim
    pub fn find(&self, claim: &Claim, namespace: &str) -> Option<Saved> {
        let mut saved = lock(&self.0).get(&claim.pid)?.clone();
        let late = saved.until.is_none_or(|until| until <= Instant::now());
        if late || saved.namespace != namespace {
            return None;
        }
        if let Some(offset) = &claim.offset {
            saved.cursor = Cursor::After(Id::parse(offset)?);
        }
        Some(saved)
    }
    // ANCHOR_END: claim
}
