//! What waits in an outbox: frames, oldest first, and what they count against its
//! bound. A plain value; the outbox keeps it under its lock.

use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

/// Messages that may wait in an outbox.
pub const MAX_MESSAGES: usize = 1024;
/// Bytes that may wait in an outbox. One frame larger than this may enter an
/// empty one. The kernel holds some more: see `socket_options::SEND_BUFFER`.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Small frames are joined into one write up to this many bytes.
const PIECE: usize = 64 * 1024;

/// Bytes that wait, with what they count against the bound.
struct Waiting {
    bytes: Bytes,
    messages: usize,
    since: Instant,
}

/// What a piece counts against the bound.
#[derive(Clone, Copy)]
pub(super) struct Size {
    bytes: usize,
    messages: usize,
}

/// See the module's text.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Totals of what waits, and of the piece that the drainer is writing.
    messages: usize,
    bytes: usize,
}

impl Queue {
    /// Whether nothing waits. A piece may still be on its way out.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing waits, and no piece is on its way out.
    pub(super) fn all_has_left(&self) -> bool {
        self.bytes == 0
    }

    /// Whether it takes so much more. An empty one takes a frame of any size.
    pub(super) fn has_room(&self, bytes: usize, messages: usize) -> bool {
        self.bytes == 0
            || (self.bytes + bytes <= MAX_BYTES && self.messages + messages <= MAX_MESSAGES)
    }

    pub(super) fn push(&mut self, bytes: Bytes, messages: usize) {
        if bytes.is_empty() {
            return;
        }
        self.bytes += bytes.len();
        self.messages += messages;
        self.waiting.push_back(Waiting {
            bytes,
            messages,
            since: Instant::now(),
        });
    }

    /// The oldest frames, joined while they are small, and the time of the oldest.
    /// They go on counting against the bound until [`Queue::has_left`].
    pub(super) fn take_piece(&mut self) -> (Bytes, Instant, Size) {
        let mut size = Size {
            bytes: 0,
            messages: 0,
        };
        let mut since = None;
        let mut joined: Vec<u8> = Vec::new();
        while let Some(next) = self.waiting.front() {
            if size.bytes > 0 && size.bytes + next.bytes.len() > PIECE {
                break;
            }
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            since.get_or_insert(next.since);
            size.bytes += next.bytes.len();
            size.messages += next.messages;
            if joined.is_empty() && (self.waiting.is_empty() || next.bytes.len() >= PIECE) {
                // Alone: shared as it is, not copied.
                return (next.bytes, next.since, size);
            }
            joined.extend_from_slice(&next.bytes);
        }
        (joined.into(), since.unwrap_or_else(Instant::now), size)
    }

    /// A piece was written: its room is free again.
    pub(super) fn has_left(&mut self, size: Size) {
        self.bytes = self.bytes.saturating_sub(size.bytes);
        self.messages = self.messages.saturating_sub(size.messages);
    }
}
