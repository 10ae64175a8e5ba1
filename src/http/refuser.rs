//! The refusing thread: says 503 to connections that cannot be served.
//!
//! The answer goes out at once, without waiting. The thread, one for all of them,
//! only reads and drops what the refused clients had sent, for a moment: to close
//! a socket with unread input sends a reset, which can destroy the answer.

use super::answer::Answer;
use crate::feed::{Reason, Tally};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Refused connections that may wait to be closed; each has a descriptor.
const WAITING: usize = 32;
/// How long a refused connection is still read, counted from its refusal.
const PATIENCE: Duration = Duration::from_millis(200);

/// The way to the refusing thread.
pub struct Refuser {
    to_thread: Option<Sender<(Arc<TcpStream>, Instant)>>,
    answer: Vec<u8>,
    thread: Option<JoinHandle<()>>,
    tally: Arc<Tally>,
}

impl Refuser {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(tally: Arc<Tally>) -> io::Result<Refuser> {
        let (to_thread, streams) = bounded(WAITING);
        let thread = threads::spawn("refuser", move || run(&streams))?;
        Ok(Refuser {
            to_thread: Some(to_thread),
            answer: Answer::error(503, "there are too many connections; try again in a second")
                .header("Retry-After", 1)
                .to_bytes(true, false),
            thread: Some(thread),
            tally,
        })
    }

    /// Refuses one connection, without waiting.
    pub fn refuse(&self, stream: Arc<TcpStream>) {
        self.tally.count(Reason::Refused);
        // A client that is gone already needs no refusal.
        if self.say(&stream).is_ok()
            && let Some(to_thread) = &self.to_thread
        {
            // Full: the connection is closed at once.
            let _ = to_thread.try_send((stream, Instant::now() + PATIENCE));
        }
    }

    /// A new connection's buffer has room for an answer this short.
    fn say(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.write_all(&self.answer)?;
        stream.shutdown(Shutdown::Write)
    }
}

impl Drop for Refuser {
    fn drop(&mut self) {
        self.to_thread = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("the refusing thread had panicked");
        }
    }
}

fn run(streams: &Receiver<(Arc<TcpStream>, Instant)>) {
    for (stream, until) in streams {
        // However it ends, the connection is closed then.
        let _ = linger(&stream, until);
    }
}

/// The connections wait their turn side by side: one whose time has passed when
/// its turn comes is read once more, and closed.
fn linger(mut stream: &TcpStream, until: Instant) -> io::Result<()> {
    let mut dropped = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            stream.set_nonblocking(false)?;
            stream.set_read_timeout(Some(left))?;
        }
        if stream.read(&mut dropped)? == 0 || left.is_zero() {
            return Ok(());
        }
    }
}
