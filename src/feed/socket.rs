//! TCP sockets: how they are written to, per operating system, and the options of
//! every connection.
//!
//! One `TcpStream` in an `Arc` serves both sides of a connection (`&TcpStream` reads
//! and writes): one descriptor per connection.

use super::write_half::{WRITE_DEADLINE, WriteHalf};
use crate::tap::Tap;
use socket2::SockRef;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What the kernel may hold of the bytes on their way out of one connection, in
/// bytes. Left to itself Linux lets it grow to 4 MiB, and ten thousand clients that
/// stop reading would hold 40 GiB.
const SEND_BUFFER: usize = 256 * 1024;

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
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let sent = SockRef::from(&*self.stream).send_with_flags(bytes, flags)?;
        self.tap.sent(&bytes[..sent]);
        Ok(sent)
    }

    /// Never called, for no outbox is `Idle` here; and harmless if it were.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn try_write(&self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(patience))?;
        let sent = (&*self.stream).write(bytes)?;
        self.tap.sent(&bytes[..sent]);
        Ok(sent)
    }

    fn shutdown_write(&self) {
        // Fails only when the peer is gone already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn shutdown(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Sets what every connection of the threaded server needs: no waiting for more bytes
/// before a small write leaves (Nagle), a bound to what the kernel holds for a peer
/// that does not read, and an end to one that acknowledges nothing.
///
/// The limit for the latter is 10 s, or three quarters of a heartbeat when that
/// is less: a heartbeat that is not acknowledged then ends the connection before
/// the next but one. Where the system has no such limit, the write deadline and
/// the unanswered ping do that work, later.
///
/// # Errors
/// When the socket is gone already.
pub fn set_options(stream: &TcpStream, heartbeat: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(SEND_BUFFER)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(stream)
        .set_tcp_user_timeout(Some(WRITE_DEADLINE.min(heartbeat.mul_f32(0.75))))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (heartbeat, WRITE_DEADLINE);
    Ok(())
}
