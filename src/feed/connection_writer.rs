//! The shared write handle of a connection: its outbox, a thread to drain it when the
//! socket is full, and the time that the peer has to answer our end.

use super::close_reason::CloseReason;
use super::outbox::{DrainUntil, Drained, Outbox, Pushed};
use super::socket::{SENDS_DIRECTLY, TcpWriteHalf};
use crate::tap::Tap;
use crate::threads;
use crate::timer::Timer;
use bytes::Bytes;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a peer may take to close its side after we closed ours.
pub const LINGER: Duration = Duration::from_secs(2);

/// The write side of one connection, shared by all who have something to send.
pub struct ConnectionWriter {
    outbox: Outbox<TcpWriteHalf>,
    timer: Arc<Timer>,
    tap: Arc<Tap>,
}

impl ConnectionWriter {
    /// The writer of a new connection. The caller is its drainer: it alone may
    /// [`ConnectionWriter::write_ahead`], until it calls [`ConnectionWriter::go_live`].
    pub fn new(stream: Arc<TcpStream>, timer: Arc<Timer>, tap: Arc<Tap>) -> Arc<ConnectionWriter> {
        let write_half = TcpWriteHalf {
            stream,
            tap: tap.clone(),
        };
        Arc::new(ConnectionWriter {
            outbox: Outbox::new(Arc::new(write_half)),
            timer,
            tap,
        })
    }

    /// Captures what passes this connection.
    pub fn tap(&self) -> &Arc<Tap> {
        &self.tap
    }

    /// The drainer's own bytes: see [`Outbox::write_ahead`]. `false` when the
    /// connection is over.
    pub fn write_ahead(&self, bytes: &[u8]) -> bool {
        self.outbox.write_ahead(bytes)
    }

    /// Sends bytes that hold `messages` whole messages, and never waits: see
    /// [`Outbox::push_or_close`]. `false` when the connection is over.
    pub fn send_or_close(self: &Arc<ConnectionWriter>, bytes: Bytes, messages: usize) -> bool {
        let pushed = self.outbox.push_or_close(bytes, messages);
        self.see_to_drainer(pushed)
    }

    /// Sends one frame, and waits for room: see [`Outbox::push_blocking`]. `false` when
    /// the connection is over.
    pub fn send_blocking(self: &Arc<ConnectionWriter>, bytes: Bytes) -> bool {
        let pushed = self.outbox.push_blocking(bytes);
        self.see_to_drainer(pushed)
    }

    /// Sends the last bytes: see [`Outbox::push_end`]. The peer then has [`LINGER`] to
    /// close its side.
    pub fn end(self: &Arc<ConnectionWriter>, bytes: Bytes, reason: CloseReason) {
        let pushed = self.outbox.push_end(bytes, reason);
        self.see_to_end(pushed);
    }

    fn see_to_end(self: &Arc<ConnectionWriter>, pushed: Pushed) {
        self.see_to_drainer(pushed);
        if pushed == Pushed::Taken && self.outbox.is_finished() {
            self.linger();
        }
    }

    /// Closes the write side behind what was written: the end of an ordinary
    /// response. Only for the drainer.
    pub fn finish(self: &Arc<ConnectionWriter>, reason: CloseReason) {
        let _ = self.outbox.push_end(Bytes::new(), reason);
        self.drain(DrainUntil::Empty);
    }

    /// The caller, who is the drainer, owes the peer a response and may go back to
    /// `read`: from here on whoever has it [`ConnectionWriter::answer`]s.
    pub fn park(&self) {
        self.outbox.park(SENDS_DIRECTLY);
    }

    /// After [`ConnectionWriter::park`], when somebody has been told to answer. Where
    /// nobody can send without waiting, this thread waits for the response and writes it.
    pub fn see_to_answer(self: &Arc<ConnectionWriter>) {
        if !SENDS_DIRECTLY {
            self.outbox.wait_until_answered();
            self.drain(DrainUntil::Empty);
        }
    }

    /// The response that is owed, without waiting; with a reason, the last one of this
    /// connection.
    pub fn answer(self: &Arc<ConnectionWriter>, bytes: Bytes, last: Option<CloseReason>) {
        let pushed = self.outbox.answer(bytes, last);
        match last {
            Some(_) => self.see_to_end(pushed),
            None => drop(self.see_to_drainer(pushed)),
        }
    }

    /// Whether a response is owed.
    pub fn owes(&self) -> bool {
        self.outbox.owes()
    }

    /// Makes the caller the drainer again: see [`Outbox::take_back`].
    pub fn take_back(&self) -> bool {
        self.outbox.take_back()
    }

    /// Ends the connection now, and says for which reason it ended: see
    /// [`Outbox::close`].
    pub fn close(&self, reason: CloseReason) -> CloseReason {
        self.outbox.close(reason)
    }

    /// Whether the connection is open and nothing waits to be sent.
    pub fn is_caught_up(&self) -> bool {
        self.outbox.is_caught_up()
    }

    /// Whether the end was said.
    pub fn is_closing(&self) -> bool {
        self.outbox.is_closing()
    }

    /// Writes what waits, then hands the write side to whoever has bytes (or to
    /// a drainer thread, where nobody can send without waiting). The caller,
    /// who was the drainer, is free to wait in `read`.
    pub fn go_live(self: &Arc<ConnectionWriter>) {
        if SENDS_DIRECTLY {
            self.drain(DrainUntil::Empty);
        } else {
            self.spawn_drainer();
        }
    }

    /// Whether the bytes were taken; if some of them wait, somebody will drain them.
    fn see_to_drainer(self: &Arc<ConnectionWriter>, pushed: Pushed) -> bool {
        if pushed == Pushed::NeedsDrainer {
            self.spawn_drainer();
        }
        pushed != Pushed::Refused
    }

    fn spawn_drainer(self: &Arc<ConnectionWriter>) {
        let writer = self.clone();
        let until = if SENDS_DIRECTLY {
            DrainUntil::Empty
        } else {
            DrainUntil::Closed
        };
        let spawned = threads::spawn("drainer", move || {
            writer.drain(until);
        });
        if let Err(error) = spawned {
            log::warn!("no thread to drain a connection: {error}");
            self.close(CloseReason::SlowConsumer);
        }
    }

    fn drain(self: &Arc<ConnectionWriter>, until: DrainUntil) {
        if self.outbox.drain(until) == Drained::Finished {
            self.linger();
        }
    }

    /// Gives the peer [`LINGER`] to close its side.
    fn linger(self: &Arc<ConnectionWriter>) {
        let writer = Arc::downgrade(self);
        self.timer.at(Instant::now() + LINGER, move || {
            if let Some(writer) = writer.upgrade() {
                writer.close(CloseReason::Finished);
            }
        });
    }
}
