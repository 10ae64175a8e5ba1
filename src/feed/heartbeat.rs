//! Heartbeats of streaming connections, and their last bytes when the server goes
//! down.
//!
//! Every connection that is live is registered here. The timer's thread sends each its
//! heartbeat, and ends those whose peer must answer one and did not. The registry's
//! lock is released before bytes go out.

use super::close_reason::CloseReason;
use super::connection_writer::ConnectionWriter;
use crate::lock::lock;
use crate::timer::Timer;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is sent on one connection so that it is known to be alive, and at its end;
/// ready bytes, in the connection's transfer coding.
pub struct Beats {
    /// The heartbeat.
    pub heartbeat: Bytes,
    /// The last bytes when the server goes down.
    pub closing: Bytes,
    /// For a protocol whose peer must answer heartbeats: the last bytes to one that
    /// does not.
    pub on_pong_timeout: Option<Bytes>,
}

struct LiveConnection {
    writer: Arc<ConnectionWriter>,
    beats: Beats,
    /// The peer was heard since the last heartbeat.
    heard: AtomicBool,
}

#[derive(Default)]
struct LiveConnections {
    by_number: HashMap<u64, Arc<LiveConnection>>,
    /// Everyone was told that the server goes down; who comes now is told at once.
    closing: bool,
}

/// The registry of live connections.
#[derive(Default)]
pub struct Heartbeats {
    entries: Mutex<LiveConnections>,
    next: AtomicU64,
}

impl Heartbeats {
    /// A registry whose connections get a heartbeat every `interval`.
    pub fn start(timer: &Arc<Timer>, interval: Duration) -> Arc<Heartbeats> {
        let heartbeats = Arc::<Heartbeats>::default();
        let weak = Arc::downgrade(&heartbeats);
        timer.every(interval, move || match weak.upgrade() {
            Some(heartbeats) => {
                heartbeats.beat();
                true
            }
            None => false,
        });
        heartbeats
    }

    /// Registers a connection, until the guard is dropped.
    pub fn register(
        self: &Arc<Heartbeats>,
        writer: &Arc<ConnectionWriter>,
        beats: Beats,
    ) -> HeartbeatGuard {
        let entry = Arc::new(LiveConnection {
            writer: writer.clone(),
            beats,
            heard: AtomicBool::new(true),
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let closing = {
            let mut entries = lock(&self.entries);
            entries.by_number.insert(number, entry.clone());
            entries.closing
        };
        if closing {
            writer.end(entry.beats.closing.clone(), CloseReason::Shutdown);
        }
        HeartbeatGuard {
            heartbeats: self.clone(),
            number,
            entry,
        }
    }

    /// Ends every registered connection in its technique's own way: the server goes
    /// down.
    pub fn end_all(&self) {
        lock(&self.entries).closing = true;
        for entry in self.all() {
            entry
                .writer
                .end(entry.beats.closing.clone(), CloseReason::Shutdown);
        }
    }

    /// A copy, so that no lock is held while bytes go out.
    fn all(&self) -> Vec<Arc<LiveConnection>> {
        lock(&self.entries).by_number.values().cloned().collect()
    }

    fn beat(&self) {
        for entry in self.all() {
            match &entry.beats.on_pong_timeout {
                Some(last) if !entry.heard.swap(false, Ordering::Relaxed) => {
                    entry.writer.end(last.clone(), CloseReason::PongTimeout);
                }
                _ => {
                    entry.writer.send_or_close(entry.beats.heartbeat.clone(), 0);
                }
            }
        }
    }
}

/// A connection's place in the registry. Dropping it leaves.
pub struct HeartbeatGuard {
    heartbeats: Arc<Heartbeats>,
    number: u64,
    entry: Arc<LiveConnection>,
}

impl HeartbeatGuard {
    /// Notes that the peer is there.
    pub fn heard(&self) {
        self.entry.heard.store(true, Ordering::Relaxed);
    }
}

impl Drop for HeartbeatGuard {
    fn drop(&mut self) {
        lock(&self.heartbeats.entries)
            .by_number
            .remove(&self.number);
    }
}
