//! The end of a session: said by the client, in order, or at once.

use super::upgrade::Upgrade;
use super::{
    DisconnectReason, HandlerSlot, ReadyState, Session, SessionHandler, SessionState, Transport,
};
use crate::feed::CloseReason;
use crate::feed::frames::close;
use crate::lock::lock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::protocol::frame::coding::CloseCode;

/// How long an orderly end waits for the poll that fetches it.
const LAST_POLL: Duration = Duration::from_secs(30);
/// How long the client's own close waits for a poll that was sent before it.
const POLL_ON_ITS_WAY: Duration = Duration::from_millis(50);

impl Session {
    /// The client said that it closes: its poll ends with a noop. That poll came
    /// before, but by a connection of its own: it may still be on its way here.
    pub fn on_close_packet(self: &Arc<Session>) {
        let until = Instant::now() + POLL_ON_ITS_WAY;
        let mut state = lock(&self.state);
        state.closed_by_client = true;
        while matches!(state.transport, Transport::Polling)
            && state.poll.is_none()
            && Instant::now() < until
        {
            state = self.wait(state, until);
        }
        drop(state);
        self.close(DisconnectReason::TransportClose);
    }

    /// Ends it in order: what was sent before goes out, and then the end.
    pub fn end(self: &Arc<Session>, why: DisconnectReason) {
        let mut state = lock(&self.state);
        if state.ready_state != ReadyState::Open {
            return;
        }
        if let Transport::WebSocket(writer) = &state.transport {
            let writer = writer.clone();
            drop(state);
            writer.end(why.close_frame().into(), why.close_reason());
            return self.close(why);
        }
        state.ready_state = ReadyState::Closing(why, Instant::now() + LAST_POLL);
        self.notify(&state);
        let upgrade = state.upgrade.take();
        let handler = state.take_handler();
        self.answer_poll(state);
        self.finish(handler, upgrade, why);
        self.check_later();
    }

    /// Ends it at once.
    pub fn close(self: &Arc<Session>, why: DisconnectReason) {
        let mut state = lock(&self.state);
        if matches!(state.ready_state, ReadyState::Closed(_)) {
            return;
        }
        let why = match state.ready_state {
            ReadyState::Closing(why, _) => why,
            _ => why,
        };
        state.ready_state = ReadyState::Closed(why);
        self.notify(&state);
        let writer = match &state.transport {
            Transport::WebSocket(writer) => Some(writer.clone()),
            Transport::Polling => None,
        };
        let upgrade = state.upgrade.take();
        let handler = state.take_handler();
        self.answer_poll(state);
        if let Some(writer) = writer {
            // Says nothing where the end was said before.
            writer.end(why.close_frame().into(), why.close_reason());
        }
        (self.forget)(&self.sid);
        self.finish(handler, upgrade, why);
    }

    fn finish(
        &self,
        handler: Option<Box<dyn SessionHandler>>,
        upgrade: Option<Upgrade>,
        why: DisconnectReason,
    ) {
        if let Some(upgrade) = upgrade {
            let frame = close(CloseCode::Normal, "the session is over");
            upgrade.writer.end(frame.into(), CloseReason::Finished);
        }
        if let Some(handler) = handler {
            self.jobs.push(move || handler.closed(why));
        }
    }
}

impl SessionState {
    /// The handler, if nobody works with it. Whoever does tells it the end.
    fn take_handler(&mut self) -> Option<Box<dyn SessionHandler>> {
        match std::mem::replace(&mut self.handler, HandlerSlot::Gone) {
            HandlerSlot::Here(handler) => Some(handler),
            away => {
                self.handler = away;
                None
            }
        }
    }
}
