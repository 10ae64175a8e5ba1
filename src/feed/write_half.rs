//! The write side of a socket, as the outbox needs it: bytes, and nothing of frames.
//!
//! `socket` implements it for TCP. The outbox's loom tests have one of their own.

use super::close_reason::CloseReason;
use bytes::Buf;
use std::io;
use std::time::{Duration, Instant};

/// How long a byte may wait before it has left, whatever went out before it.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// The write side of a socket.
pub trait WriteHalf {
    /// Writes what fits now. [`io::ErrorKind::WouldBlock`] when nothing does.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Writes some of the bytes; waits for room for at most `patience`, and
    /// answers [`io::ErrorKind::WouldBlock`] when that ran out.
    fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<usize>;
    /// Says that no more bytes follow. The peer can still send.
    fn shutdown_write(&self);
    /// Ends both directions. A thread that waits in `read` wakes.
    fn shutdown(&self);
}

/// Writes all of `bytes`, the oldest of which waits since `since`.
pub(super) fn write_all<W: WriteHalf>(
    write_half: &W,
    bytes: &mut impl Buf,
    since: Instant,
) -> Result<(), CloseReason> {
    while bytes.has_remaining() {
        let patience = WRITE_DEADLINE.saturating_sub(since.elapsed());
        if patience.is_zero() {
            return Err(CloseReason::WriteTimedOut);
        }
        match write_half.write_within(bytes.chunk(), patience) {
            Ok(0) => return Err(CloseReason::Reset),
            Ok(sent) => bytes.advance(sent),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CloseReason::of_write(&error)),
        }
    }
    Ok(())
}
