//! The refusing thread: says 503 to connections that cannot be served.
//!
//! One thread for all of them, so that refusing a flood costs no more than one
//! thread. What it cannot take in time is dropped without an answer.

use super::answer::Answer;
use crate::feed::{Reason, Tally};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Connections that may wait for their refusal.
const WAITING: usize = 64;
/// How long one refusal may take, the client's request being read and dropped.
const PATIENCE: Duration = Duration::from_millis(200);

/// The way to the refusing thread.
pub struct Refuser {
    to_thread: Option<Sender<Arc<TcpStream>>>,
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
            thread: Some(thread),
            tally,
        })
    }

    /// Refuses one connection, without waiting.
    pub fn refuse(&self, stream: Arc<TcpStream>) {
        self.tally.count(Reason::Refused);
        if let Some(to_thread) = &self.to_thread {
            // Full: the connection is dropped, and so closed.
            let _ = to_thread.try_send(stream);
        }
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

fn run(streams: &Receiver<Arc<TcpStream>>) {
    let answer = Answer::error(503, "there are too many connections; try again in a second")
        .header("Retry-After", 1)
        .to_bytes(true, false);
    for stream in streams {
        // A client that is gone already needs no refusal.
        let _ = say(&stream, &answer);
    }
}

fn say(mut stream: &TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)?;
    let until = Instant::now() + PATIENCE;
    let mut dropped = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut dropped)? == 0 {
            return Ok(());
        }
    }
}
