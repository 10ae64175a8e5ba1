//! TCP sockets: how they are written to, with and without waiting, per operating system.
//!
//! One `TcpStream` in an `Arc` serves both sides of a connection (`&TcpStream` reads
//! and writes): one descriptor per connection.

use super::close_reason::CloseReason;
use super::write_half::WriteHalf;
use crate::tap::Tap;
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::SockRef;
use std::io::{self, Write};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Whether whoever has bytes may send them without waiting.
///
/// Known to work on Linux. The kernel of macOS seems to ignore `MSG_DONTWAIT`
/// when sending, and Windows has no such flag; there, and with the feature
/// `always-drain`, each streaming connection has a drainer thread that does all its
/// writing.
pub const SENDS_DIRECTLY: bool = cfg!(all(
    any(target_os = "linux", target_os = "android"),
    not(feature = "always-drain")
));

/// The write side of a TCP connection.
pub struct TcpWriteHalf {
    /// The socket.
    pub stream: Arc<TcpStream>,
    /// Captures what leaves.
    pub tap: Arc<Tap>,
}

impl WriteHalf for TcpWriteHalf {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.tap.holds_back() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.send_now(bytes)
    }

    fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        let bytes = &bytes[..self.tap.pace(bytes.len())];
        // Mostly there is room, and then no time-out has to be set.
        match self.send_now(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return written,
        }
        self.stream.set_write_timeout(Some(patience))?;
        self.captured(|| (&*self.stream).write(bytes), bytes)
    }

    fn shutdown_write(&self) {
        // Fails only when the peer is gone already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn shutdown(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl TcpWriteHalf {
    /// Sends, and captures what left.
    fn captured(
        &self,
        send: impl FnOnce() -> io::Result<usize>,
        bytes: &[u8],
    ) -> io::Result<usize> {
        // A browser that has left takes nothing more, though the first write after that does
        // not fail. Asked before: it may leave as soon as it has what it wanted.
        if self.tap.is_observed() && self.peer_has_left() {
            self.tap.ended(CloseReason::ClientClosed.name());
        }
        let sent = send()?;
        self.tap.sent(&bytes[..sent]);
        Ok(sent)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let socket = SockRef::from(&*self.stream);
        self.captured(|| socket.send_with_flags(bytes, flags), bytes)
    }

    /// Whether it closed its side, and all that it sent was read.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn peer_has_left(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let flags = libc::MSG_DONTWAIT | libc::MSG_PEEK;
        let peeked = SockRef::from(&*self.stream).recv_with_flags(&mut byte, flags);
        matches!(peeked, Ok(0))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn peer_has_left(&self) -> bool {
        false
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn send_now(&self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
