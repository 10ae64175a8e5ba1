//! Outgoing packets: buffered while the client polls, sent at once by a WebSocket.

use super::{
    DisconnectReason, HandlerSlot, ReadyState, RequestError, Session, SessionState, Transport,
};
use crate::bus::HISTORY_BYTES;
use crate::feed::outbox::{MAX_BYTES, MAX_MESSAGES};
use crate::feed::write_half::WRITE_DEADLINE;
use crate::http::{PendingResponse, Response};
use crate::lessons::socket_io::codec::engine_io::{EnginePacket, SEPARATOR};
use crate::lessons::socket_io::engine_io::PacketGroup;
use crate::lessons::socket_io::engine_io::packet_group::payload;
use crate::lock::lock;
use std::sync::{Arc, MutexGuard};
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
                    writer.send_or_close(group.frames(), group.count())
                };
            }
            if state.has_room(group) {
                state.buffer(group);
                self.answer_poll(state);
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
            Transport::Polling if state.poll.is_some() => {
                state.buffer(group);
                self.answer_poll(state);
            }
            Transport::Polling => {}
            Transport::WebSocket(writer) => {
                let writer = writer.clone();
                drop(state);
                if writer.is_caught_up() {
                    writer.send_or_close(group.frames(), group.count());
                }
            }
        }
    }

    /// A GET: `pending` is answered with all that is buffered, when there is something.
    /// The number names it for [`Session::poll_left`].
    pub fn poll(self: &Arc<Session>, pending: PendingResponse) -> u64 {
        let mut state = lock(&self.state);
        let refused = if matches!(state.ready_state, ReadyState::Closed(_)) {
            Some(RequestError::UnknownSid)
        } else if matches!(state.transport, Transport::WebSocket(_)) {
            Some(RequestError::WrongTransport)
        } else if state.poll.is_some() {
            Some(RequestError::Overlap)
        } else {
            None
        };
        if let Some(refused) = refused {
            drop(state);
            if refused == RequestError::Overlap {
                self.close(DisconnectReason::TransportError);
            }
            pending.answer(refused.into());
            return 0;
        }
        state.polls += 1;
        state.poll = Some(pending);
        let number = state.polls;
        self.notify(&state);
        self.answer_poll(state);
        number
    }

    /// The client has closed the connection on which its poll waits: it is gone.
    pub fn poll_left(self: &Arc<Session>, number: u64) {
        let state = lock(&self.state);
        let waits = state.poll.is_some() && state.polls == number;
        drop(state);
        if waits {
            self.close(DisconnectReason::TransportError);
        }
    }

    /// Answers the poll that waits, if one does and there is something to say. Lets the
    /// lock go before anything is written.
    pub(super) fn answer_poll(&self, mut state: MutexGuard<'_, SessionState>) {
        let Some(pending) = state.poll.take() else {
            return;
        };
        // ANCHOR: poll
        let mut groups = std::mem::take(&mut state.write_buffer);
        state.write_buffer_packets = 0;
        state.write_buffer_bytes = 0;
        let over = state.ready_state != ReadyState::Open;
        let changes = state.is_probed() || matches!(state.transport, Transport::WebSocket(_));
        if over && !state.closed_by_client {
            groups.push_back(Arc::new(EnginePacket::Close.into()));
        } else if over || (changes && groups.is_empty()) {
            groups.push_back(Arc::new(EnginePacket::Noop.into()));
        }
        if groups.is_empty() {
            state.poll = Some(pending);
            return;
        }
        // ANCHOR_END: poll
        // Whoever waits for room has it now.
        self.notify(&state);
        let mut last_word = false;
        if let ReadyState::Closing(why, _) = state.ready_state {
            state.ready_state = ReadyState::Closed(why);
            last_word = true;
        }
        drop(state);
        if last_word {
            (self.forget)(&self.sid);
        }
        match (groups.len(), over) {
            (1, false) if pending.is_plain() => pending.answer_plain(groups[0].response()),
            (_, false) => pending.answer(payload_of(&groups)),
            // What follows would be refused; and a client that is gone without a word
            // would keep its connection open.
            (_, true) => pending.answer(payload_of(&groups).and_close()),
        }
    }
}

/// The response to a poll: packets, with a separator between them.
fn payload_of<'a>(groups: impl IntoIterator<Item = &'a Arc<PacketGroup>>) -> Response {
    let mut body = String::new();
    for group in groups {
        add(&mut body, group.payload());
    }
    payload(&body)
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
        let packets = self.write_buffer_packets + group.count();
        let bytes = self.write_buffer_bytes + group.size();
        self.write_buffer.is_empty()
            || (self.is_probed() && bytes <= UPGRADE_BYTES)
            || (packets <= MAX_MESSAGES && bytes <= MAX_BYTES)
    }

    fn buffer(&mut self, group: &Arc<PacketGroup>) {
        self.write_buffer_packets += group.count();
        self.write_buffer_bytes += group.size();
        self.write_buffer.push_back(group.clone());
    }
}
