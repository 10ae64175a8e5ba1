//! The upgrade: a WebSocket takes over from polling.

use super::{DisconnectReason, ReadyState, Session, SessionState, Transport};
use crate::feed::ConnectionWriter;
use crate::lock::lock;
use bytes::Bytes;
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
        // Whoever waits for room has more of it now.
        self.notify(&state);
        self.answer_poll(state);
        true
    }

    /// The client has changed over: what is buffered goes out by the WebSocket, and
    /// then all else does. Called by the WebSocket's own thread, which waits for room.
    /// `false` when it may not, or when either is over.
    pub fn upgraded(self: &Arc<Session>, writer: &Arc<ConnectionWriter>) -> bool {
        let ours = |upgrade: &Upgrade| Arc::ptr_eq(&upgrade.writer, writer);
        let mut begun = false;
        loop {
            let mut state = lock(&self.state);
            if !state.upgrade.as_ref().is_some_and(ours) || state.ready_state != ReadyState::Open {
                drop(state);
                if begun {
                    // Some packets went by the WebSocket already: polls cannot go on.
                    self.close(DisconnectReason::TransportError);
                }
                return false;
            }
            // ANCHOR: upgraded
            if state.write_buffer.is_empty() {
                state.upgrade = None;
                state.transport = Transport::WebSocket(writer.clone());
                // A poll that still waits ends.
                self.notify(&state);
                self.answer_poll(state);
                return true;
            }
            let frames = state.take_frames();
            drop(state);
            begun = true;
            // What is sent meanwhile is buffered behind it, and taken next.
            if !writer.send_blocking(frames) {
                self.close(DisconnectReason::TransportClose);
                return false;
            }
            // ANCHOR_END: upgraded
        }
    }

    /// The WebSocket that wanted to take over is gone. The session goes on polling.
    pub fn give_up_upgrade(&self, writer: &Arc<ConnectionWriter>) {
        let mut state = lock(&self.state);
        let ours = |upgrade: &mut Upgrade| Arc::ptr_eq(&upgrade.writer, writer);
        state.upgrade.take_if(ours);
    }
}

/// Buffered packets that go over to the WebSocket in one write, in bytes.
const PIECE: usize = 64 * 1024;

impl SessionState {
    /// The oldest buffered packets, as WebSocket frames.
    fn take_frames(&mut self) -> Bytes {
        let mut frames = Vec::new();
        while frames.len() < PIECE
            && let Some(group) = self.write_buffer.pop_front()
        {
            self.write_buffer_packets -= group.count();
            self.write_buffer_bytes -= group.size();
            frames.extend_from_slice(&group.frames());
        }
        frames.into()
    }
}
