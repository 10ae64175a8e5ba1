//! A response that is owed: the connection's thread may read meanwhile.

use super::{CloseReason, Outbox, Phase, Pushed, WriteHalf};
use bytes::Bytes;

impl<W: WriteHalf> Outbox<W> {
    /// The drainer leaves, and owes the peer a response. With `idle` whoever
    /// [`Outbox::answer`]s sends it; without, it is queued, and the caller drains it
    /// ([`Outbox::wait_until_answered`]).
    pub fn park(&self, idle: bool) {
        let mut state = self.lock();
        if state.phase == Phase::Draining {
            state.owed = true;
            if idle {
                state.phase = Phase::Idle;
            }
        }
    }

    /// The response that is owed, without waiting; with a reason, it is the last one of
    /// this connection. Refused where none is owed.
    pub fn answer(&self, bytes: Bytes, last: Option<CloseReason>) -> Pushed {
        let mut state = self.lock();
        if !std::mem::take(&mut state.owed) {
            return Pushed::Refused;
        }
        // A wake is a system call, and mostly nobody waits.
        let wake = std::mem::take(&mut state.wanted_back);
        let pushed = match last {
            Some(reason) => self.push_end_locked(state, bytes, reason),
            // A response is no message of many that may fall behind: it always enters.
            None => self.push_or_close_locked(state, bytes, 0),
        };
        if wake {
            self.changed.notify_all();
        }
        pushed
    }

    /// Whether a response is owed.
    pub fn owes(&self) -> bool {
        self.lock().owed
    }

    /// Waits until no response is owed.
    pub fn wait_until_answered(&self) {
        let mut state = self.lock();
        while state.owed {
            state.wanted_back = true;
            state = self.wait(state);
        }
    }

    /// Makes the caller, who had parked, the drainer again, once the response that it
    /// owed is out. `false` when that was the last one, or when the outbox is closed.
    pub fn take_back(&self) -> bool {
        let mut state = self.lock();
        loop {
            match state.phase {
                Phase::Idle if !state.owed => {
                    state.phase = Phase::Draining;
                    return true;
                }
                Phase::Closed => return false,
                Phase::Closing if state.finished => return false,
                _ => {
                    state.wanted_back = true;
                    state = self.wait(state);
                }
            }
        }
    }
}
