//! Faults that a browser asks for, to see what becomes of its connections.
//!
//! What the tap copies it can also hold up: bytes from the browser before they are taken,
//! bytes to it before they leave. Everything above sees what it would see of a real one: a
//! full socket, a silent client. While no browser has a fault, that is a look at one atomic
//! number, as for the capture.

use crate::lock::lock;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a fault lasts, unless it is ended before.
pub const LASTS: Duration = Duration::from_secs(30);
/// A slow reader takes so many bytes at once, a connection, and so often.
pub const SLOW_PIECE: usize = 256;
/// See [`SLOW_PIECE`].
pub const SLOW_EVERY: Duration = Duration::from_millis(250);
/// How long a proxy gathers, and for how long it then lets pass.
pub const GATHERS: Duration = Duration::from_secs(5);
const LETS_PASS: Duration = Duration::from_millis(250);

/// What is wrong with all connections of one browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What the browser sends is not taken.
    Stall,
    /// The browser takes [`SLOW_PIECE`] bytes every [`SLOW_EVERY`] on each connection.
    SlowReader,
    /// A proxy on the way gathers for [`GATHERS`] what goes to the browser.
    Gather,
}

impl Fault {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Stall => "stall",
            Fault::SlowReader => "slow reader",
            Fault::Gather => "gather",
        }
    }

    /// The fault that a page asks for by its word.
    pub fn parse(word: &str) -> Option<Fault> {
        let all = [Fault::Stall, Fault::SlowReader, Fault::Gather];
        all.into_iter().find(|fault| fault.name() == word)
    }
}

/// The fault of one browser, if it has one now.
#[derive(Default)]
pub(super) struct Faults {
    now: Mutex<Option<(Fault, Instant)>>,
    /// Signalled when it begins or ends.
    changed: Condvar,
}

impl Faults {
    /// Begins `fault`, or ends the one there is. Whether there was one before.
    pub(super) fn set(&self, fault: Option<Fault>) -> bool {
        let since = Instant::now();
        let now = fault.map(|fault| (fault, since));
        let before = std::mem::replace(&mut *lock(&self.now), now);
        self.changed.notify_all();
        before.is_some()
    }

    /// Whether what goes to the browser may not leave at once.
    pub(super) fn holds_back(&self) -> bool {
        matches!(self.current(), Some((Fault::SlowReader | Fault::Gather, _)))
    }

    /// Waits until some of `wanted` bytes may leave, and says how many.
    pub(super) fn pace(&self, wanted: usize) -> usize {
        match self.current() {
            Some((fault @ Fault::SlowReader, _)) => {
                self.wait(fault, Instant::now() + SLOW_EVERY);
                match self.current() {
                    Some((Fault::SlowReader, _)) => wanted.min(SLOW_PIECE),
                    _ => wanted,
                }
            }
            Some((fault @ Fault::Gather, since)) => {
                let gathered = since.elapsed().as_millis() % GATHERS.as_millis();
                let passes = gathered < LETS_PASS.as_millis() && since.elapsed() >= GATHERS;
                if !passes {
                    let left = GATHERS.as_millis() - gathered;
                    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                    self.wait(fault, Instant::now() + left);
                }
                wanted
            }
            _ => wanted,
        }
    }

    /// Waits while what the browser sends is not to be taken.
    pub(super) fn wait_while_stalled(&self) {
        if let Some((fault @ Fault::Stall, since)) = self.current() {
            self.wait(fault, since + LASTS);
        }
    }

    fn current(&self) -> Option<(Fault, Instant)> {
        lock(&self.now).filter(|(_, since)| since.elapsed() < LASTS)
    }

    /// Waits until `until`, or until it is another fault.
    fn wait(&self, fault: Fault, until: Instant) {
        let mut now = lock(&self.now);
        while now.is_some_and(|(same, _)| same == fault) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(now, left);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
