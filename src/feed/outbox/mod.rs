//! The outbox: the one way out of a connection, whole frames at a time.
//!
//! A state machine over a [`WriteHalf`]; it starts no thread. Its states:
//!
//! ```text
//!              nothing is left to write
//!          ┌──────────────────────────────┐
//!          ▼                              │
//!        Idle ── the socket is full ──▶ Draining ◀── new()
//!          │                              │
//!          └──── push_end(frame) ───┬─────┘
//!                                   ▼
//!                                Closing ── close(reason), from any state ──▶ Closed
//! ```
//!
//! * `Idle`: nothing waits. Whoever has bytes sends them, without waiting,
//!   under the lock.
//! * `Draining`: exactly one **drainer** owns the socket's write side; everyone else
//!   only appends. The drainer takes a piece under the lock, writes it with the lock
//!   released, and turns `Idle` under the lock when nothing is left. A new outbox
//!   is `Draining`, and the connection's own thread is that drainer.
//! * `Closing`: the end is queued behind what waits; nothing more is taken. When
//!   all is written, the write side is closed.
//! * `Closed`: for the first reason that was given. The socket is let go.
//!
//! A drainer that **owes** the peer a response can leave the outbox `Idle` as well
//! ([`Outbox::park`]): it goes back to `read`, and whoever has the response sends it
//! ([`Outbox::answer`]). Before it writes anything more it takes the write side back
//! ([`Outbox::take_back`]), which waits until the response is out.
//!
//! A call that leaves bytes behind in an `Idle` outbox answers
//! [`Pushed::NeedsDrainer`]: the caller must then see that [`Outbox::drain`] runs.
//!
//! Nobody publishes or waits for a socket while holding an outbox's lock. The bytes
//! that an `Idle` outbox sends pass the connection's tap, whose locks come after it.

mod owed;
mod queue;

pub use queue::{MAX_BYTES, MAX_MESSAGES};

use super::close_reason::CloseReason;
use super::sync::{Condvar, Mutex, MutexGuard};
use super::write_half::{WriteHalf, write_all};
use bytes::{Buf, Bytes};
use queue::Queue;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What became of bytes that were pushed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// They left, or wait for the drainer that is at work.
    Taken,
    /// Some of them wait, and nobody drains: see to it.
    NeedsDrainer,
    /// Not taken: the outbox is closing or closed.
    Refused,
}

/// How a drainer's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing waits any more. The outbox is `Idle`.
    Idle,
    /// The end was written and the write side is closed.
    Finished,
    /// The outbox is closed.
    Closed,
}

/// When a drainer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainUntil {
    /// When nothing waits: it turns the outbox `Idle`.
    Empty,
    /// At the end: it waits for more. For systems where nobody can send without
    /// waiting.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Draining,
    Closing,
    Closed,
}

struct OutboxState<W> {
    phase: Phase,
    write_half: Option<Arc<W>>,
    queue: Queue,
    reason: Option<CloseReason>,
    /// The write side was closed after the end.
    finished: bool,
    /// A request was read, and its response is still to come.
    owed: bool,
    /// The connection's thread waits to be the drainer again.
    wanted_back: bool,
}

/// See the module's text.
pub struct Outbox<W> {
    state: Mutex<OutboxState<W>>,
    /// Signalled when there is room, when there is work, and at the end.
    changed: Condvar,
}

impl<W: WriteHalf> Outbox<W> {
    /// A new outbox is `Draining`: the caller is its drainer.
    pub fn new(write_half: Arc<W>) -> Outbox<W> {
        Outbox {
            state: Mutex::new(OutboxState {
                phase: Phase::Draining,
                write_half: Some(write_half),
                queue: Queue::default(),
                reason: None,
                finished: false,
                owed: false,
                wanted_back: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, OutboxState<W>> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, OutboxState<W>>) -> MutexGuard<'a, OutboxState<W>> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes `bytes`, which hold `messages` whole messages, without waiting:
    /// the way in for delivery and heartbeats. Past the bound the outbox closes
    /// as [`CloseReason::SlowConsumer`]; the client comes back with its cursor.
    pub fn push_or_close(&self, bytes: Bytes, messages: usize) -> Pushed {
        self.push_or_close_locked(self.lock(), bytes, messages)
    }

    fn push_or_close_locked(
        &self,
        mut state: MutexGuard<'_, OutboxState<W>>,
        bytes: Bytes,
        messages: usize,
    ) -> Pushed {
        match state.phase {
            Phase::Idle => {
                let direct = state.send_now(bytes, messages);
                self.pushed(state, direct)
            }
            Phase::Draining if state.queue.has_room(bytes.len(), messages) => {
                state.queue.push(bytes, messages);
                self.changed.notify_all();
                Pushed::Taken
            }
            Phase::Draining => {
                self.close_locked(state, CloseReason::SlowConsumer);
                Pushed::Refused
            }
            Phase::Closing | Phase::Closed => Pushed::Refused,
        }
    }

    /// Takes one frame, and waits for room if there is none: the way in for the
    /// connection's own thread, so that a peer that sends faster than it reads
    /// is slowed, not cut. The drainer's deadline bounds the wait. Must not be
    /// called by the drainer, which would wait for itself.
    pub fn push_blocking(&self, bytes: Bytes) -> Pushed {
        let mut state = self.lock();
        loop {
            match state.phase {
                Phase::Idle => {
                    let direct = state.send_now(bytes, 1);
                    return self.pushed(state, direct);
                }
                Phase::Draining if state.queue.has_room(bytes.len(), 1) => {
                    state.queue.push(bytes, 1);
                    self.changed.notify_all();
                    return Pushed::Taken;
                }
                Phase::Draining => {
                    state = self.wait(state);
                }
                Phase::Closing | Phase::Closed => return Pushed::Refused,
            }
        }
    }

    /// Queues the last bytes of this connection. They go out behind what waits;
    /// then the write side is closed. Nothing is taken after this.
    pub fn push_end(&self, bytes: Bytes, reason: CloseReason) -> Pushed {
        self.push_end_locked(self.lock(), bytes, reason)
    }

    fn push_end_locked(
        &self,
        mut state: MutexGuard<'_, OutboxState<W>>,
        bytes: Bytes,
        reason: CloseReason,
    ) -> Pushed {
        match state.phase {
            Phase::Idle => {
                state.reason = Some(reason);
                let direct = state.send_now(bytes, 0);
                match direct {
                    Direct::Sent => {
                        state.phase = Phase::Closing;
                        state.finish();
                    }
                    Direct::Queued => state.phase = Phase::Closing,
                    Direct::Failed(_) => {}
                }
                self.pushed(state, direct)
            }
            Phase::Draining => {
                state.queue.push(bytes, 0);
                state.phase = Phase::Closing;
                state.reason = Some(reason);
                self.changed.notify_all();
                Pushed::Taken
            }
            Phase::Closing | Phase::Closed => Pushed::Refused,
        }
    }

    /// Closes the outbox now, whatever waits, and returns the reason that counts:
    /// the first one given.
    pub fn close(&self, reason: CloseReason) -> CloseReason {
        self.close_locked(self.lock(), reason)
    }

    /// Whether it is open and nothing that was pushed waits.
    pub fn is_caught_up(&self) -> bool {
        let state = self.lock();
        matches!(state.phase, Phase::Idle | Phase::Draining) && state.queue.all_has_left()
    }

    /// Whether the end was said (`push_end` or `close`).
    pub fn is_closing(&self) -> bool {
        matches!(self.lock().phase, Phase::Closing | Phase::Closed)
    }

    /// Whether all was written, the end included, and the write side is closed.
    pub fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// Writes `bytes` at once, ahead of what waits. Only for the drainer of a
    /// `Draining` outbox: it is how heads, responses and replays go out. These bytes
    /// do not count against the bound. `false` when the outbox is over, now or
    /// before.
    pub fn write_ahead(&self, bytes: &[u8]) -> bool {
        let state = self.lock();
        let draining = state.phase == Phase::Draining;
        let write_half = state.write_half.clone().filter(|_| draining);
        drop(state);
        let Some(write_half) = write_half else {
            return false;
        };
        match write_all(&*write_half, &mut &bytes[..], Instant::now()) {
            Ok(()) => true,
            Err(reason) => {
                self.close(reason);
                false
            }
        }
    }

    /// The drainer's work: writes what waits until nothing does.
    pub fn drain(&self, until: DrainUntil) -> Drained {
        let mut state = self.lock();
        loop {
            let Some(write_half) = state.write_half.clone() else {
                return Drained::Closed;
            };
            if state.queue.is_empty() {
                match (state.phase, until) {
                    (Phase::Closing, _) => {
                        state.finish();
                        self.changed.notify_all();
                        return Drained::Finished;
                    }
                    (_, DrainUntil::Empty) => {
                        state.phase = Phase::Idle;
                        // Whoever waited for room sends for itself now.
                        self.changed.notify_all();
                        return Drained::Idle;
                    }
                    (_, DrainUntil::Closed) => {
                        state = self.wait(state);
                        continue;
                    }
                }
            }
            let (mut piece, since, size) = state.queue.take_piece();
            drop(state);
            let written = write_all(&*write_half, &mut piece, since);
            state = self.lock();
            state.queue.has_left(size);
            self.changed.notify_all();
            if let Err(reason) = written {
                self.close_locked(state, reason);
                return Drained::Closed;
            }
        }
    }

    /// What the caller is told of a direct send; a failed one closes the outbox.
    fn pushed(&self, state: MutexGuard<'_, OutboxState<W>>, direct: Direct) -> Pushed {
        match direct {
            Direct::Sent => Pushed::Taken,
            Direct::Queued => Pushed::NeedsDrainer,
            Direct::Failed(reason) => {
                self.close_locked(state, reason);
                Pushed::Refused
            }
        }
    }

    fn close_locked(
        &self,
        mut state: MutexGuard<'_, OutboxState<W>>,
        reason: CloseReason,
    ) -> CloseReason {
        state.phase = Phase::Closed;
        state.owed = false;
        let reason = *state.reason.get_or_insert(reason);
        state.queue = Queue::default();
        let write_half = state.write_half.take();
        drop(state);
        self.changed.notify_all();
        // With the lock released: it is a system call, and others may wait.
        if let Some(write_half) = write_half {
            write_half.shutdown();
        }
        reason
    }
}

/// What became of bytes that were sent without waiting.
enum Direct {
    Sent,
    /// The rest waits, and the outbox is `Draining`.
    Queued,
    Failed(CloseReason),
}

impl<W: WriteHalf> OutboxState<W> {
    /// `Idle` only: sends what fits, and keeps the rest for a drainer.
    fn send_now(&mut self, mut bytes: Bytes, messages: usize) -> Direct {
        let Some(write_half) = &self.write_half else {
            return Direct::Failed(CloseReason::Reset);
        };
        while bytes.has_remaining() {
            match write_half.try_write(&bytes) {
                Ok(0) => return Direct::Failed(CloseReason::Reset),
                Ok(sent) => bytes.advance(sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.phase = Phase::Draining;
                    self.queue.push(bytes, messages);
                    return Direct::Queued;
                }
                Err(error) => return Direct::Failed(CloseReason::of_write(&error)),
            }
        }
        Direct::Sent
    }

    fn finish(&mut self) {
        self.finished = true;
        if let Some(write_half) = &self.write_half {
            write_half.shutdown_write();
        }
    }
}
