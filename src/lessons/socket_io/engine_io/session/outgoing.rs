//! Outgoing packets: buffered while the client polls, sent at once by a WebSocket.

use super::{
    DisconnectReason, HandlerSlot, ReadyState, RequestError, Session, SessionState, Transport,
};
use crate::bus::HISTORY_BYTES;
use crate::feed::outbox::{MAX_BYTES, MAX_MESSAGES};
use crate::feed::write_half::WRITE_DEADLINE;
use crate::lessons::socket_io::codec::engine_io::SEPARATOR;
use crate::lessons::socket_io::engine_io::PacketGroup;
use crate::lock::lock;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Instant;

impl Session {
    /// Sends `group`. From a handler of this session it waits for room, so that a
    /// client that sends faster than it reads is slowed; from anywhere else it
    /// is [`Session::send_or_close`]. `false` when it is over.
    pub fn send(self: &Arc<Session>, group: &Arc<PacketGroup>) -> bool {
        let me = thread::current().id();
        let own = matches!(lock(&self.state).handler, HandlerSlot::Away(thread) if thread == me);
        self.deliver(group, own)
    }

    /// Sends `group` without waiting. The session of a client that is too slow is
    /// closed. `false` when it is over.
    pub fn send_or_close(self: &Arc<Session>, group: &Arc<PacketGroup>) -> bool {
        self.deliver(group, false)
    }

    fn deliver(self: &Arc<Session>, group: &Arc<PacketGroup>, may_wait: bool) -> bool {
        let mut state = lock(&self.state);
        let until = Instant::now() + WRITE_DEADLINE;
        loop {
            if state.ready_state != ReadyState::Open {
                return false;
            }
            if let Transport::WebSocket(writer) = &state.transport {
                let writer = writer.clone();
                drop(state);
                return if may_wait {
                    writer.send_blocking(group.frames())
                } else {
                    writer.send_or_close(group.frames(), 1)
                };
            }
            if state.has_room(group) {
                state.buffer(group);
                self.changed.notify_all();
                return true;
            }
            if !may_wait || Instant::now() >= until {
                drop(state);
                log::debug!("a session's client polls too slowly");
                self.close(DisconnectReason::TransportError);
                return false;
            }
            state = self.wait(state, until);
        }
    }

    /// Sends `group` if it can leave at once, and drops it if not.
    pub fn send_volatile(self: &Arc<Session>, group: &Arc<PacketGroup>) {
        let mut state = lock(&self.state);
        if state.ready_state != ReadyState::Open {
            return;
        }
        match &state.transport {
            Transport::Polling if state.polled && state.write_buffer.is_empty() => {
                state.buffer(group);
                self.changed.notify_all();
            }
            Transport::Polling => {}
            Transport::WebSocket(writer) => {
                let writer = writer.clone();
                drop(state);
                if writer.is_caught_up() {
                    writer.send_or_close(group.frames(), 1);
                }
            }
        }
    }

    /// A GET: waits until there is something to say, and takes all of it. The flag
    /// says that it was the last word.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn poll(self: &Arc<Session>) -> Result<(String, bool), RequestError> {
        let mut state = lock(&self.state);
        if matches!(state.ready_state, ReadyState::Closed(_)) {
            return Err(RequestError::UnknownSid);
        }
        if matches!(state.transport, Transport::WebSocket(_)) {
            return Err(RequestError::WrongTransport);
        }
        if state.polled {
            drop(state);
            self.close(DisconnectReason::TransportError);
            return Err(RequestError::Overlap);
        }
        state.polled = true;
        self.changed.notify_all();
        loop {
            // ANCHOR: poll
            let mut body = String::new();
            for group in std::mem::take(&mut state.write_buffer) {
                add(&mut body, group.payload());
            }
            state.write_buffer_bytes = 0;
            let over = state.ready_state != ReadyState::Open;
            let changes = state.is_probed() || matches!(state.transport, Transport::WebSocket(_));
            if over {
                add(&mut body, if state.closed_by_client { "6" } else { "1" });
            } else if changes && body.is_empty() {
                add(&mut body, "6");
            }
            // ANCHOR_END: poll
            if !body.is_empty() {
                state.polled = false;
                // Whoever waits for room has it now.
                self.changed.notify_all();
                if let ReadyState::Closing(why, _) = state.ready_state {
                    state.ready_state = ReadyState::Closed(why);
                    drop(state);
                    (self.forget)(&self.sid);
                }
                return Ok((body, over));
            }
            // ANCHOR: wait
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            // ANCHOR_END: wait
        }
    }
}

fn add(body: &mut String, packets: &str) {
    if !body.is_empty() {
        body.push(SEPARATOR);
    }
    body.push_str(packets);
}

/// Bytes that may be buffered for a client that changes over to a WebSocket: a replay of a
/// whole history, and what may always be buffered. Such a client polls no more, and it
/// waits for the answer to its POST before it goes on; so that POST must not wait for a
/// poll.
const UPGRADE_BYTES: usize = HISTORY_BYTES + MAX_BYTES;

impl SessionState {
    /// Whether a WebSocket was probed and is about to take over.
    fn is_probed(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.probed)
    }

    fn has_room(&self, group: &PacketGroup) -> bool {
        let bytes = self.write_buffer_bytes + group.size();
        self.write_buffer.is_empty()
            || (self.is_probed() && bytes <= UPGRADE_BYTES)
            || (self.write_buffer.len() < MAX_MESSAGES && bytes <= MAX_BYTES)
    }

    fn buffer(&mut self, group: &Arc<PacketGroup>) {
        self.write_buffer_bytes += group.size();
        self.write_buffer.push_back(group.clone());
    }
}
