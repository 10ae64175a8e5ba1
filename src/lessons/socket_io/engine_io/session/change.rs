//! The upgrade: a WebSocket takes over from polling.

use super::{Life, Session, Transport};
use crate::feed::Link;
use crate::sync::lock;
use std::sync::Arc;
use std::time::Instant;

/// A WebSocket that wants to take over.
pub struct Upgrade {
    pub link: Arc<Link>,
    /// It has sent its probe: polls are ended now, to let the client change.
    pub probed: bool,
    pub until: Instant,
}

impl Session {
    /// A WebSocket wants to take over. `false` when another one does, or has.
    pub fn begin_upgrade(self: &Arc<Session>, link: &Arc<Link>) -> bool {
        let mut state = lock(&self.state);
        let taken = state.upgrade.is_some() || matches!(state.transport, Transport::WebSocket(_));
        if taken || state.life != Life::Open {
            return false;
        }
        state.upgrade = Some(Upgrade {
            link: link.clone(),
            probed: false,
            until: Instant::now() + self.times.upgrade_timeout,
        });
        drop(state);
        self.look_later();
        true
    }

    /// It has sent its probe: a poll that waits is ended, and so is the next.
    pub fn probed(&self, link: &Arc<Link>) -> bool {
        let mut state = lock(&self.state);
        let ours = |upgrade: &&mut Upgrade| Arc::ptr_eq(&upgrade.link, link);
        let Some(upgrade) = state.upgrade.as_mut().filter(ours) else {
            return false;
        };
        upgrade.probed = true;
        self.changed.notify_all();
        true
    }

    /// The client has changed over: what is parked goes out by the WebSocket, and
    /// then all else does. `false` when it may not.
    pub fn upgraded(&self, link: &Arc<Link>) -> bool {
        let mut state = lock(&self.state);
        let ours = |upgrade: &Upgrade| upgrade.probed && Arc::ptr_eq(&upgrade.link, link);
        if !state.upgrade.as_ref().is_some_and(ours) || state.life != Life::Open {
            return false;
        }
        state.upgrade = None;
        // ANCHOR: upgraded
        let mut frames = Vec::new();
        let count = state.parked.len();
        for parcel in std::mem::take(&mut state.parked) {
            frames.extend_from_slice(&parcel.frames());
        }
        state.parked_bytes = 0;
        // Only the answer to the probe went out before, so there is room, and an
        // offer never waits.
        link.offer(frames.into(), count);
        state.transport = Transport::WebSocket(link.clone());
        // A poll that still waits ends.
        self.changed.notify_all();
        // ANCHOR_END: upgraded
        true
    }

    /// The WebSocket that wanted to take over is gone. The session goes on polling.
    pub fn give_up_upgrade(&self, link: &Arc<Link>) {
        let mut state = lock(&self.state);
        let ours = |upgrade: &mut Upgrade| Arc::ptr_eq(&upgrade.link, link);
        state.upgrade.take_if(ours);
    }
}
