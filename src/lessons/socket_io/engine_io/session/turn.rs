//! The way in: the application's end of a session, and whose turn it is.

use super::{Ended, Life, Refusal, Seat, Session, Transport};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine::Data;
use crate::sync::lock;
use std::sync::Arc;
use std::thread;

/// The application's end of a session.
pub trait Receiver: Send {
    /// Takes one message.
    ///
    /// # Errors
    /// When it is against the application's protocol: the session ends.
    fn message(&mut self, data: Data) -> Result<(), Malformed>;

    /// The session is over; the last call.
    fn closed(self: Box<Self>, why: Ended);
}

impl Session {
    /// Takes the receiver out, to work with it. Dropping the [`Turn`] puts it back.
    ///
    /// # Errors
    /// [`Refusal`]; an overlap ends the session.
    pub fn take_turn(self: &Arc<Session>, polling: bool) -> Result<Turn, Refusal> {
        let mut state = lock(&self.state);
        if state.life != Life::Open {
            return Err(Refusal::UnknownSid);
        }
        if polling && matches!(state.transport, Transport::WebSocket(_)) {
            return Err(Refusal::WrongTransport);
        }
        let away = Seat::Away(thread::current().id());
        match std::mem::replace(&mut state.receiver, away) {
            Seat::Here(receiver) => Ok(Turn {
                session: self.clone(),
                receiver: Some(receiver),
            }),
            other => {
                state.receiver = other;
                drop(state);
                self.close(Ended::TransportError);
                Err(Refusal::Overlap)
            }
        }
    }
}

/// The receiver, taken out by one thread.
pub struct Turn {
    session: Arc<Session>,
    receiver: Option<Box<dyn Receiver>>,
}

impl Turn {
    /// Hands one message to the application. `false` when it was wrong, and the
    /// session has ended.
    pub fn message(&mut self, data: Data) -> bool {
        let Some(receiver) = &mut self.receiver else {
            return false;
        };
        match receiver.message(data) {
            Ok(()) => true,
            Err(why) => {
                log::debug!("a session ends: {why}");
                self.session.end(Ended::ParseError);
                false
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(receiver) = self.receiver.take() else {
            return;
        };
        if thread::panicking() {
            self.session.close(Ended::TransportError);
        }
        let mut state = lock(&self.session.state);
        let why = match state.life {
            Life::Open => {
                state.receiver = Seat::Here(receiver);
                return;
            }
            Life::Ending(why, _) | Life::Over(why) => why,
        };
        state.receiver = Seat::Gone;
        drop(state);
        self.session.errands.run(move || receiver.closed(why));
    }
}
