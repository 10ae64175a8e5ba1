//! Load shedding: answers 503 above the connection limit, with one thread for all
//! refused clients.
//!
//! The accepting thread writes the response at once, without waiting. The thread,
//! `load-shed`, only reads and drops what the refused clients had sent, for a moment:
//! closing a socket with unread input sends a reset, which can destroy the response.

use super::response::Response;
use crate::feed::{CloseCounters, CloseReason};
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

/// The way to the load shedding thread.
pub struct LoadShedder {
    to_thread: Option<Sender<(Arc<TcpStream>, Instant)>>,
    response: Vec<u8>,
    thread: Option<JoinHandle<()>>,
    close_counters: Arc<CloseCounters>,
}

impl LoadShedder {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(close_counters: Arc<CloseCounters>) -> io::Result<LoadShedder> {
        let (to_thread, streams) = bounded(WAITING);
        let thread = threads::spawn("load-shed", move || run(&streams))?;
        Ok(LoadShedder {
            to_thread: Some(to_thread),
            response: Response::error(503, "there are too many connections; try again in a second")
                .header("Retry-After", 1)
                .to_bytes(true, false),
            thread: Some(thread),
            close_counters,
        })
    }

    /// Refuses one connection, without waiting.
    pub fn refuse(&self, stream: Arc<TcpStream>) {
        self.close_counters.count(CloseReason::Overloaded);
        // A client that is gone already needs no refusal.
        if self.send(&stream).is_ok()
            && let Some(to_thread) = &self.to_thread
        {
            // Full: the connection is closed at once.
            let _ = to_thread.try_send((stream, Instant::now() + PATIENCE));
        }
    }

    /// A new connection's buffer has room for a response this short.
    fn send(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.write_all(&self.response)?;
        stream.shutdown(Shutdown::Write)
    }
}

impl Drop for LoadShedder {
    fn drop(&mut self) {
        self.to_thread = None;
        if let Some(thread) = self.thread.take() {
            threads::join(thread);
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
