//! The feed: how a message reaches a connection that is held open.
//!
//! Written once, for comet, iframe push, SSE, WebSocket and, later, Socket.IO.
//! A push lesson hands over a response head and an [`Encoding`], the functions
//! from message to bytes; that encoding *is* the lesson. States, deadlines,
//! reasons and cursors stay in here.
//!
//! A held connection has one thread, and it waits in `read`: a closed tab is
//! noticed at once, and nobody has to be woken to deliver. What goes out passes
//! the connection's outbox. Read `outbox` (the states), `link` (its threads),
//! `held` (a connection's life), `heart` (the timer), `ending` (the reasons), and
//! `conversation` (what a WebSocket adds: the other way).

pub mod conversation;
pub mod ending;
pub mod heart;
pub mod held;
pub mod link;
pub mod outbox;
mod sync;
pub mod wire;

pub use ending::{Reason, Tally};
pub use heart::Heart;
pub use held::Held;
pub use link::Link;

use crate::bus::Message;
use bytes::Bytes;

/// How one technique puts its news into bytes.
pub struct Encoding {
    /// One message.
    pub message: fn(&Message) -> Vec<u8>,
    /// "Some messages are lost", before what is left of them.
    pub gap: fn() -> Vec<u8>,
    /// Nothing, said so that the connection is known to be alive.
    pub heartbeat: fn() -> Vec<u8>,
    /// The technique's own last words when the server goes down; may be empty.
    pub farewell: fn() -> Vec<u8>,
    /// For a protocol in which the peer answers heartbeats: the last words to
    /// one that does not.
    pub silent: Option<fn() -> Vec<u8>>,
}

/// How the bytes of an [`Encoding`] are put on the connection: as HTTP chunks,
/// or as they are.
pub struct Framing {
    /// The value of `Transfer-Encoding`, if the response has one.
    pub transfer_encoding: Option<&'static str>,
    /// Wraps the bytes of one piece.
    pub wrap: fn(&[u8]) -> Vec<u8>,
    /// What follows the last piece.
    pub last: &'static [u8],
}

/// The bytes as they are: for WebSocket frames, and for HTTP/1.0.
pub static PLAIN: Framing = Framing {
    transfer_encoding: None,
    wrap: <[u8]>::to_vec,
    last: b"",
};

impl Framing {
    /// Wraps one piece. Nothing stays nothing: an empty chunk would mean the end.
    fn frame(&self, piece: &[u8]) -> Bytes {
        if piece.is_empty() {
            return Bytes::new();
        }
        (self.wrap)(piece).into()
    }

    /// The last piece, and what says that it is the last.
    fn end(&self, piece: &[u8]) -> Bytes {
        let mut all = Vec::from(self.frame(piece));
        all.extend_from_slice(self.last);
        all.into()
    }
}
