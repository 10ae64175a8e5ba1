//! Streaming connections: subscribe, replay, outbox, heartbeats, close reasons.
//!
//! Written once, for comet, iframe push, SSE, WebSocket and Socket.IO. A lesson
//! supplies only a response head and a [`MessageFormat`], the functions from message
//! to bytes; that format *is* the lesson. States, deadlines and cursors stay in here.
//!
//! A streaming connection has one thread, and it waits in `read`: a closed tab is
//! noticed at once, and no thread has to be woken to deliver. Four layers write, each
//! with verbs of its own:
//!
//! | layer | adds | verbs |
//! |---|---|---|
//! | [`streaming`] | a technique's pieces, in a transfer coding | `send`, `end` |
//! | [`connection_writer`] | the drainer's thread, the time to close | `send_or_close`, `send_blocking`, `write_ahead`, `answer` |
//! | [`outbox`] | whole frames in order, bounded | `push_or_close`, `push_blocking`, `drain`, `answer` |
//! | [`socket`] | bytes, with and without waiting | `try_write`, `write_within` |
//!
//! A poll that is parked is a connection that takes one answer: `park` leaves the write side
//! to whoever has it, and `take_back` has it again (`http::pending_response`).
//!
//! Read `outbox` (the states), `connection_writer` (its threads), `streaming` (a
//! connection's life), `heartbeat`, `close_reason`, and `websocket` with `frames` (what
//! a WebSocket adds: the other way).

pub mod close_reason;
pub mod connection_writer;
pub mod frames;
pub mod heartbeat;
pub mod outbox;
pub mod socket;
pub mod socket_options;
pub mod streaming;
mod sync;
pub mod websocket;
pub mod write_half;

pub use close_reason::{CloseCounters, CloseReason};
pub use connection_writer::ConnectionWriter;
pub use heartbeat::Heartbeats;
pub use streaming::StreamingConnection;

use crate::bus::Message;
use bytes::Bytes;

/// How one technique puts messages into bytes.
pub struct MessageFormat {
    /// One message.
    pub message: fn(&Message) -> Vec<u8>,
    /// "Some messages are lost", before what is left of them.
    pub gap: fn() -> Vec<u8>,
    /// Its signs of life.
    pub keep_alive: KeepAlive,
}

/// How a technique shows that a connection is alive, and how it ends one.
pub struct KeepAlive {
    /// Nothing, sent so that the connection is known to be alive.
    pub heartbeat: fn() -> Vec<u8>,
    /// The technique's own last bytes when the server goes down; may be empty.
    pub closing: fn() -> Vec<u8>,
    /// For a protocol whose peer must answer heartbeats: the last bytes to one that
    /// does not.
    pub on_pong_timeout: Option<fn() -> Vec<u8>>,
}

impl KeepAlive {
    /// A heartbeat that nobody answers, and no bytes of its own for the end.
    pub const fn heartbeat(heartbeat: fn() -> Vec<u8>) -> KeepAlive {
        KeepAlive {
            heartbeat,
            closing: Vec::new,
            on_pong_timeout: None,
        }
    }
}

/// How the bytes of a streaming response are put on the connection (RFC 9112,
/// section 7): `http::chunked` has the chunked coding.
pub struct TransferCoding {
    /// The value of `Transfer-Encoding`, if the response has one.
    pub name: Option<&'static str>,
    /// Wraps the bytes of one piece.
    pub wrap: fn(&[u8]) -> Vec<u8>,
    /// What follows the last piece.
    pub last: &'static [u8],
}

/// No transfer coding, the bytes as they are: for WebSocket frames, and for HTTP/1.0.
pub static IDENTITY: TransferCoding = TransferCoding {
    name: None,
    wrap: <[u8]>::to_vec,
    last: b"",
};

impl TransferCoding {
    /// One piece. Nothing stays nothing: an empty chunk would mean the end.
    fn piece(&self, piece: &[u8]) -> Bytes {
        if piece.is_empty() {
            return Bytes::new();
        }
        (self.wrap)(piece).into()
    }

    /// The last piece, and what says that it is the last.
    fn last_piece(&self, piece: &[u8]) -> Bytes {
        let mut all = Vec::from(self.piece(piece));
        all.extend_from_slice(self.last);
        all.into()
    }
}
