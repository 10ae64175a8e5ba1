//! The codec: from bytes to packets and back. No I/O, no state but a packet that
//! waits for its attachments.
//!
//! Two protocols, one inside the other: [`engine_io`] is Engine.IO protocol 4, whose
//! `message` packets carry the packets of [`socket_io`], Socket.IO protocol 5. [`tokens`]
//! looks into their JSON.
//!
//! ```text
//! 4 2 /custom, 7 ["hello",{"a":1}]
//! │ │ │        │ └ the event and its arguments, as JSON
//! │ │ │        └ the sender wants an ack with this number
//! │ │ └ the namespace; none is /
//! │ └ Socket.IO: event
//! └ Engine.IO: message
//! ```

pub mod engine_io;
pub mod socket_io;
pub mod tokens;

use std::fmt;

/// What came is no packet: why. The session that it came on must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
