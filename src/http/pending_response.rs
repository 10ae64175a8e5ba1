//! A parked request: it was read, and its response comes later.
//!
//! A handler whose response is not there yet returns [`Response::parked`]. The connection
//! then owes a response: its thread goes back to `read`, where it sees at once that the
//! client leaves, and whoever has the response writes it, in whatever thread. No thread
//! is woken for it. A request that comes before the response waits its turn. (Where nobody
//! can send without waiting, off Linux, the connection's thread waits for the response and
//! writes it.)

use super::response::{Field, Response};
use super::threaded_server::HeldPlace;
use crate::feed::{CloseReason, ConnectionWriter};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What a handler asks for whose response comes later.
pub struct Parked {
    /// When the response will be there at the latest, as far as is known.
    pub until: Instant,
    /// Is given the response to write, and says what to do when the client leaves
    /// before.
    pub park: Box<dyn FnOnce(PendingResponse) -> OnLeave>,
}

/// Run in the connection's thread when the client leaves; also when the response is on
/// its way by then. Whoever has a [`PendingResponse`] answers now: a client that only
/// closed its sending side can still read it.
pub type OnLeave = Box<dyn FnOnce()>;

/// A response that is owed. If it is dropped, the connection is closed.
pub struct PendingResponse {
    writer: Arc<ConnectionWriter>,
    /// Fields that the response to this request must have, whatever it is.
    fields: Vec<Field>,
    /// The request was a `HEAD`.
    head_only: bool,
    /// The request is the last one of its connection.
    last: bool,
    stopping: Arc<AtomicBool>,
    /// Given back with the response.
    _place: HeldPlace,
    answered: bool,
}

impl PendingResponse {
    pub(super) fn new(
        writer: Arc<ConnectionWriter>,
        fields: Vec<Field>,
        head_only: bool,
        last: bool,
        stopping: Arc<AtomicBool>,
        place: HeldPlace,
    ) -> PendingResponse {
        PendingResponse {
            writer,
            fields,
            head_only,
            last,
            stopping,
            _place: place,
            answered: false,
        }
    }

    /// Writes the response, without waiting.
    pub fn answer(mut self, mut response: Response) {
        let last = self.last_reason(response.close);
        response.headers.append(&mut self.fields);
        let bytes = response.to_bytes(last.is_some(), self.head_only);
        self.send(bytes.into(), last);
    }

    /// Whether the response needs nothing that others do not have, so that its bytes may
    /// be made once for many.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty() && !self.head_only && self.last_reason(false).is_none()
    }

    /// Writes the bytes of a response that goes on with its connection. Only where it
    /// [`PendingResponse::is_plain`].
    pub fn answer_plain(mut self, bytes: Bytes) {
        self.send(bytes, None);
    }

    fn send(&mut self, bytes: Bytes, last: Option<CloseReason>) {
        self.answered = true;
        self.writer.answer(bytes, last);
    }

    fn last_reason(&self, close: bool) -> Option<CloseReason> {
        if self.stopping.load(Ordering::SeqCst) {
            Some(CloseReason::Shutdown)
        } else {
            (self.last || close).then_some(CloseReason::Finished)
        }
    }
}

impl Drop for PendingResponse {
    fn drop(&mut self) {
        if !self.answered {
            self.writer.close(CloseReason::Panicked);
        }
    }
}
