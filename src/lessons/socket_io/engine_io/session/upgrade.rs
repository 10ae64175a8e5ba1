//! The upgrade: a WebSocket takes over from polling.

use super::{ReadyState, Session, Transport};
use crate::feed::ConnectionWriter;
use crate::lock::lock;
use std::sync::Arc;
use std::time::Instant;

/// A WebSocket that wants to take over.
pub struct Upgrade {
    pub writer: Arc<ConnectionWriter>,
    /// It has sent its probe: polls are ended now, to let the client change.
    pub probed: bool,
    pub until: Instant,
}

impl Session {
    /// A WebSocket wants to take over. `false` when another one does, or has.
    pub fn begin_upgrade(self: &Arc<Session>, writer: &Arc<ConnectionWriter>) -> bool {
        let mut state = lock(&self.state);
        let taken = state.upgrade.is_some() || matches!(state.transport, Transport::WebSocket(_));
        if taken || state.ready_state != ReadyState::Open {
            return false;
        }
        state.upgrade = Some(Upgrade {
            writer: writer.clone(),
            probed: false,
            until: Instant::now() + self.timeouts.upgrade_timeout,
        });
        drop(state);
        self.check_later();
        true
    }

    /// It has sent its probe: a poll that waits is ended, and so is the next.
    pub fn probed(&self, writer: &Arc<ConnectionWriter>) -> bool {
        let mut state = lock(&self.state);
        let ours = |upgrade: &&mut Upgrade| Arc::ptr_eq(&upgrade.writer, writer);
        let Some(upgrade) = state.upgrade.as_mut().filter(ours) else {
            return false;
        };
        upgrade.probed = true;
        self.changed.notify_all();
        true
    }

    /// The client has changed over: what is buffered goes out by the WebSocket, and
    /// then all else does. `false` when it may not.
    pub fn upgraded(&self, writer: &Arc<ConnectionWriter>) -> bool {
        let mut state = lock(&self.state);
        let ours = |upgrade: &Upgrade| upgrade.probed && Arc::ptr_eq(&upgrade.writer, writer);
        if !state.upgrade.as_ref().is_some_and(ours) || state.ready_state != ReadyState::Open {
            return false;
        }
        state.upgrade = None;
        // ANCHOR: upgraded
        let mut frames = Vec::new();
        let count = state.write_buffer.len();
        for group in std::mem::take(&mut state.write_buffer) {
            frames.extend_from_slice(&group.frames());
        }
        state.write_buffer_bytes = 0;
        // Only the answer to the probe went out before, so there is room; and this
        // never waits.
        writer.send_or_close(frames.into(), count);
        state.transport = Transport::WebSocket(writer.clone());
        // A poll that still waits ends.
        self.changed.notify_all();
        // ANCHOR_END: upgraded
        true
    }

    /// The WebSocket that wanted to take over is gone. The session goes on polling.
    pub fn give_up_upgrade(&self, writer: &Arc<ConnectionWriter>) {
        let mut state = lock(&self.state);
        let ours = |upgrade: &mut Upgrade| Arc::ptr_eq(&upgrade.writer, writer);
        state.upgrade.take_if(ours);
    }
}
