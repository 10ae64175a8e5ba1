//! Incoming messages: the handler, which one thread at a time may take.

use super::{DisconnectReason, HandlerSlot, ReadyState, RequestError, Session, Transport};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine_io::MessageData;
use crate::lock::lock;
use std::sync::Arc;
use std::thread;

/// The application's end of a session.
pub trait SessionHandler: Send {
    /// Takes one message.
    ///
    /// # Errors
    /// When it is against the application's protocol: the session ends.
    fn message(&mut self, data: MessageData) -> Result<(), Malformed>;

    /// The session is over; the last call.
    fn closed(self: Box<Self>, why: DisconnectReason);
}

impl Session {
    /// Takes the handler out, to work with it. Dropping the [`HandlerGuard`] puts it
    /// back.
    ///
    /// # Errors
    /// [`RequestError`]; an overlap ends the session.
    pub fn lock_handler(self: &Arc<Session>, polling: bool) -> Result<HandlerGuard, RequestError> {
        let mut state = lock(&self.state);
        if state.ready_state != ReadyState::Open {
            return Err(RequestError::UnknownSid);
        }
        if polling && matches!(state.transport, Transport::WebSocket(_)) {
            return Err(RequestError::WrongTransport);
        }
        let away = HandlerSlot::Away(thread::current().id());
        match std::mem::replace(&mut state.handler, away) {
            HandlerSlot::Here(handler) => Ok(HandlerGuard {
                session: self.clone(),
                handler: Some(handler),
            }),
            other => {
                state.handler = other;
                drop(state);
                self.close(DisconnectReason::TransportError);
                Err(RequestError::Overlap)
            }
        }
    }
}

/// The handler, taken out by one thread.
pub struct HandlerGuard {
    session: Arc<Session>,
    handler: Option<Box<dyn SessionHandler>>,
}

impl HandlerGuard {
    /// Hands one message to the application. `false` when it was wrong, and the
    /// session has ended.
    pub fn message(&mut self, data: MessageData) -> bool {
        let Some(handler) = &mut self.handler else {
            return false;
        };
        match handler.message(data) {
            Ok(()) => true,
            Err(why) => {
                log::debug!("a session ends: {why}");
                self.session.end(DisconnectReason::ParseError);
                false
            }
        }
    }
}

impl Drop for HandlerGuard {
    fn drop(&mut self) {
        let Some(handler) = self.handler.take() else {
            return;
        };
        if thread::panicking() {
            self.session.close(DisconnectReason::TransportError);
        }
        let mut state = lock(&self.session.state);
        let why = match state.ready_state {
            ReadyState::Open => {
                state.handler = HandlerSlot::Here(handler);
                return;
            }
            ReadyState::Closing(why, _) | ReadyState::Closed(why) => why,
        };
        state.handler = HandlerSlot::Gone;
        drop(state);
        self.session.jobs.push(move || handler.closed(why));
    }
}
