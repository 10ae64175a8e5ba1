//! The TCP options of every connection of the threaded server.

use socket2::SockRef;
use std::io;
use std::net::TcpStream;
use std::time::Duration;

/// What the kernel may hold of the bytes on their way out of one connection, in
/// bytes. Left to itself Linux lets it grow to 4 MiB, and ten thousand clients that
/// stop reading would hold 40 GiB.
const SEND_BUFFER: usize = 256 * 1024;

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
pub fn set(stream: &TcpStream, heartbeat: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(SEND_BUFFER)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(stream).set_tcp_user_timeout(Some(
        super::write_half::WRITE_DEADLINE.min(heartbeat.mul_f32(0.75)),
    ))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = heartbeat;
    Ok(())
}
