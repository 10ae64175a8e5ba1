//! The outbox: the one way out of a connection, whole frames at a time.
//!
//! A state machine over a [`Wire`]; it starts no thread. Its states:
//!
//! ```text
//!            nothing is left to write
//!         ┌────────────────────────────┐
//!         ▼                            │
//!       Live ── the wire is full ──▶ Behind ◀── new()
//!         │                            │
//!         └────── end(frame) ──┬───────┘
//!                              ▼
//!                           Ending ── close(reason), from any state ──▶ Ended
//! ```
//!
//! * `Live`: nothing waits. Whoever has bytes sends them, without waiting,
//!   under the lock.
//! * `Behind`: exactly one **drainer** owns the wire; everyone else only
//!   appends. The drainer takes a piece under the lock, writes it with the lock
//!   released, and turns `Live` under the lock when nothing is left. A new
//!   outbox is `Behind`, and the connection's own thread is that drainer.
//! * `Ending`: the end is queued behind what waits; nothing more is taken. When
//!   all is written, the write side is closed.
//! * `Ended`: for the first reason that was given. The wire is let go.
//!
//! A call that leaves bytes behind on a `Live` outbox answers
//! [`Sent::NeedsDrainer`]: the caller must then see that [`Outbox::drain`] runs.
//!
//! Lock order: an outbox's lock is the last one taken. Nobody publishes, waits
//! for a socket, or calls into another room while holding it.

use super::ending::Reason;
use super::sync::{Condvar, Mutex, MutexGuard};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages that may wait in an outbox.
pub const MAX_MESSAGES: usize = 1024;
/// Bytes that may wait in an outbox. One frame larger than this may enter an
/// empty one.
pub const MAX_BYTES: usize = 1024 * 1024;
/// How long a byte may wait before it has left, whatever went out before it.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// Small frames are joined into one write up to this many bytes.
const PIECE: usize = 64 * 1024;

/// The write side of a socket, as the outbox needs it.
pub trait Wire {
    /// Writes what fits now. [`io::ErrorKind::WouldBlock`] when nothing does.
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Writes some of the bytes; waits for room for at most `patience`, and
    /// answers [`io::ErrorKind::WouldBlock`] when that ran out.
    fn send(&self, bytes: &[u8], patience: Duration) -> io::Result<usize>;
    /// Says that no more bytes follow. The peer can still send.
    fn close_write(&self);
    /// Ends both directions. A thread that waits in `read` wakes.
    fn shut_down(&self);
}

/// What became of bytes that were handed in.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// They left, or wait for the drainer that is at work.
    Taken,
    /// Some of them wait, and nobody drains: see to it.
    NeedsDrainer,
    /// Not taken: the outbox is ending or has ended.
    Refused,
}

/// How a drainer's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing waits any more. The outbox is `Live`.
    Live,
    /// The end was written and the write side is closed.
    Finished,
    /// The outbox has ended.
    Ended,
}

/// Whether a drainer leaves when nothing waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It turns the outbox `Live` and leaves.
    UntilEmpty,
    /// It waits for more. For systems where nobody can send without waiting.
    UntilEnded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Live,
    Behind,
    Ending,
    Ended,
}

/// Bytes that wait, with what they count against the bound.
struct Waiting {
    bytes: Bytes,
    messages: usize,
    since: Instant,
}

struct Inner<W> {
    state: State,
    wire: Option<Arc<W>>,
    /// What waits, oldest first.
    queue: VecDeque<Waiting>,
    /// Totals of what waits, and of the piece that the drainer is writing.
    messages: usize,
    bytes: usize,
    reason: Option<Reason>,
    /// The write side was closed after the end.
    finished: bool,
}

/// See the module's text.
pub struct Outbox<W> {
    inner: Mutex<Inner<W>>,
    /// Signalled when there is room, when there is work, and at the end.
    changed: Condvar,
}

impl<W: Wire> Outbox<W> {
    /// A new outbox is `Behind`: the caller is its drainer.
    pub fn new(wire: Arc<W>) -> Outbox<W> {
        Outbox {
            inner: Mutex::new(Inner {
                state: State::Behind,
                wire: Some(wire),
                queue: VecDeque::new(),
                messages: 0,
                bytes: 0,
                reason: None,
                finished: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<W>> {
        self.inner
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'a>(&self, inner: MutexGuard<'a, Inner<W>>) -> MutexGuard<'a, Inner<W>> {
        let waited = self.changed.wait(inner);
        waited.unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes `bytes`, which hold `messages` whole messages, without waiting:
    /// the way in for delivery and heartbeats. Past the bound the outbox ends
    /// as [`Reason::FellBehind`]; the client comes back with its cursor.
    pub fn offer(&self, bytes: Bytes, messages: usize) -> Sent {
        let mut inner = self.lock();
        match inner.state {
            State::Live => {
                let direct = inner.send_now(bytes, messages);
                self.sent(inner, direct)
            }
            State::Behind if inner.has_room(bytes.len(), messages) => {
                inner.append(bytes, messages);
                self.changed.notify_all();
                Sent::Taken
            }
            State::Behind => {
                self.close_locked(inner, Reason::FellBehind);
                Sent::Refused
            }
            State::Ending | State::Ended => Sent::Refused,
        }
    }

    /// Takes one frame, and waits for room if there is none: the way in for the
    /// connection's own thread, so that a peer that sends faster than it reads
    /// is slowed, not cut. The drainer's deadline bounds the wait. Must not be
    /// called by the drainer, which would wait for itself.
    pub fn put(&self, bytes: Bytes) -> Sent {
        let mut inner = self.lock();
        loop {
            match inner.state {
                State::Live => {
                    let direct = inner.send_now(bytes, 1);
                    return self.sent(inner, direct);
                }
                State::Behind if inner.has_room(bytes.len(), 1) => {
                    inner.append(bytes, 1);
                    self.changed.notify_all();
                    return Sent::Taken;
                }
                State::Behind => {
                    inner = self.wait(inner);
                }
                State::Ending | State::Ended => return Sent::Refused,
            }
        }
    }

    /// Queues the last bytes of this connection. They go out behind what waits;
    /// then the write side is closed. Nothing is taken after this.
    pub fn end(&self, bytes: Bytes, reason: Reason) -> Sent {
        let mut inner = self.lock();
        match inner.state {
            State::Live => {
                inner.reason = Some(reason);
                let direct = inner.send_now(bytes, 0);
                match direct {
                    Direct::Sent => {
                        inner.state = State::Ending;
                        inner.finish();
                    }
                    Direct::Behind => inner.state = State::Ending,
                    Direct::Failed(_) => {}
                }
                self.sent(inner, direct)
            }
            State::Behind => {
                inner.append(bytes, 0);
                inner.state = State::Ending;
                inner.reason = Some(reason);
                self.changed.notify_all();
                Sent::Taken
            }
            State::Ending | State::Ended => Sent::Refused,
        }
    }

    /// Ends the outbox now, whatever waits, and returns the reason that counts:
    /// the first one given.
    pub fn close(&self, reason: Reason) -> Reason {
        self.close_locked(self.lock(), reason)
    }

    /// Whether nothing waits, so that bytes would leave at once.
    pub fn is_live(&self) -> bool {
        let inner = self.lock();
        matches!(inner.state, State::Live | State::Behind) && inner.bytes == 0
    }

    /// Whether the end was said (`end` or `close`).
    pub fn is_over(&self) -> bool {
        matches!(self.lock().state, State::Ending | State::Ended)
    }

    /// Whether all was written, the end included, and the write side is closed.
    pub fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// Writes `bytes` at once, ahead of what waits. Only for the drainer of a
    /// `Behind` outbox: it is how heads, answers and replays go out. These bytes
    /// do not count against the bound. `false` when the outbox is over, now or
    /// before.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let inner = self.lock();
        let behind = inner.state == State::Behind;
        let wire = inner.wire.clone().filter(|_| behind);
        drop(inner);
        let Some(wire) = wire else { return false };
        match write_all(&*wire, &mut &bytes[..], Instant::now()) {
            Ok(()) => true,
            Err(reason) => {
                self.close(reason);
                false
            }
        }
    }

    /// The drainer's work: writes what waits until nothing does.
    pub fn drain(&self, stay: Stay) -> Drained {
        let mut inner = self.lock();
        loop {
            let Some(wire) = inner.wire.clone() else {
                return Drained::Ended;
            };
            if inner.queue.is_empty() {
                match (inner.state, stay) {
                    (State::Ending, _) => {
                        inner.finish();
                        return Drained::Finished;
                    }
                    (_, Stay::UntilEmpty) => {
                        inner.state = State::Live;
                        // A `put` that waited for room sends for itself now.
                        self.changed.notify_all();
                        return Drained::Live;
                    }
                    (_, Stay::UntilEnded) => {
                        inner = self.wait(inner);
                        continue;
                    }
                }
            }
            let (mut piece, since, counted) = inner.take_piece();
            drop(inner);
            let written = write_all(&*wire, &mut piece, since);
            inner = self.lock();
            inner.forget(counted);
            self.changed.notify_all();
            if let Err(reason) = written {
                self.close_locked(inner, reason);
                return Drained::Ended;
            }
        }
    }

    /// What the caller is told of a direct send; a failed one ends the outbox.
    fn sent(&self, inner: MutexGuard<'_, Inner<W>>, direct: Direct) -> Sent {
        match direct {
            Direct::Sent => Sent::Taken,
            Direct::Behind => Sent::NeedsDrainer,
            Direct::Failed(reason) => {
                self.close_locked(inner, reason);
                Sent::Refused
            }
        }
    }

    fn close_locked(&self, mut inner: MutexGuard<'_, Inner<W>>, reason: Reason) -> Reason {
        inner.state = State::Ended;
        let reason = *inner.reason.get_or_insert(reason);
        inner.queue.clear();
        inner.bytes = 0;
        inner.messages = 0;
        let wire = inner.wire.take();
        drop(inner);
        self.changed.notify_all();
        // With the lock released: it is a system call, and others may wait.
        if let Some(wire) = wire {
            wire.shut_down();
        }
        reason
    }
}

/// What a piece counts against the bound.
#[derive(Clone, Copy)]
struct Counted {
    bytes: usize,
    messages: usize,
}

/// What became of bytes that were sent without waiting.
enum Direct {
    Sent,
    /// The rest waits, and the outbox is `Behind`.
    Behind,
    Failed(Reason),
}

impl<W: Wire> Inner<W> {
    /// `Live` only: sends what fits, and keeps the rest for a drainer.
    fn send_now(&mut self, mut bytes: Bytes, messages: usize) -> Direct {
        let Some(wire) = &self.wire else {
            return Direct::Failed(Reason::Reset);
        };
        while bytes.has_remaining() {
            match wire.send_now(&bytes) {
                Ok(0) => return Direct::Failed(Reason::Reset),
                Ok(sent) => bytes.advance(sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.state = State::Behind;
                    self.append(bytes, messages);
                    return Direct::Behind;
                }
                Err(error) => return Direct::Failed(Reason::of_write(&error)),
            }
        }
        Direct::Sent
    }

    /// An empty outbox takes a frame of any size.
    fn has_room(&self, bytes: usize, messages: usize) -> bool {
        self.bytes == 0
            || (self.bytes + bytes <= MAX_BYTES && self.messages + messages <= MAX_MESSAGES)
    }

    fn append(&mut self, bytes: Bytes, messages: usize) {
        if bytes.is_empty() {
            return;
        }
        self.bytes += bytes.len();
        self.messages += messages;
        self.queue.push_back(Waiting {
            bytes,
            messages,
            since: Instant::now(),
        });
    }

    /// The oldest frames, joined while they are small, and the time of the
    /// oldest. They go on counting against the bound until they have left.
    fn take_piece(&mut self) -> (Bytes, Instant, Counted) {
        let mut counted = Counted {
            bytes: 0,
            messages: 0,
        };
        let mut since = None;
        let mut joined: Vec<u8> = Vec::new();
        while let Some(next) = self.queue.front() {
            if counted.bytes > 0 && counted.bytes + next.bytes.len() > PIECE {
                break;
            }
            let Some(next) = self.queue.pop_front() else {
                break;
            };
            since.get_or_insert(next.since);
            counted.bytes += next.bytes.len();
            counted.messages += next.messages;
            if joined.is_empty() && (self.queue.is_empty() || next.bytes.len() >= PIECE) {
                // Alone: shared as it is, not copied.
                return (next.bytes, next.since, counted);
            }
            joined.extend_from_slice(&next.bytes);
        }
        (joined.into(), since.unwrap_or_else(Instant::now), counted)
    }

    fn forget(&mut self, counted: Counted) {
        self.bytes = self.bytes.saturating_sub(counted.bytes);
        self.messages = self.messages.saturating_sub(counted.messages);
    }

    fn finish(&mut self) {
        self.finished = true;
        if let Some(wire) = &self.wire {
            wire.close_write();
        }
    }
}

/// Writes all of `bytes`, the oldest of which waits since `since`.
fn write_all<W: Wire>(wire: &W, bytes: &mut impl Buf, since: Instant) -> Result<(), Reason> {
    while bytes.has_remaining() {
        let patience = WRITE_DEADLINE.saturating_sub(since.elapsed());
        if patience.is_zero() {
            return Err(Reason::WriteTimedOut);
        }
        match wire.send(bytes.chunk(), patience) {
            Ok(0) => return Err(Reason::Reset),
            Ok(sent) => bytes.advance(sent),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Reason::of_write(&error)),
        }
    }
    Ok(())
}
