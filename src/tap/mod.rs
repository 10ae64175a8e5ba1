//! Byte capture for the wire view: copies what a browser's connections send and
//! receive to that browser.
//!
//! All bytes of a connection of the threaded server pass one reader and one writer;
//! both call the connection's [`Tap`]. While nobody observes, that is a look at one
//! atomic number. While somebody does, a copy of the bytes goes into the observer's
//! bounded channel by `try_send`: what does not fit is counted, and never waited for.
//!
//! The browser of a connection is a token that the server is given with each request
//! (see `wire_view`), and an observer is told of the connections with the same one.
//! `registry` knows who observes what; `batch` puts captured pieces into bytes; `fault` is
//! what a browser can ask to be wrong with its connections.
//!
//! Threads: none here; an observer's own is in `wire_view`. The locks here are taken
//! last, also under an outbox's, and held for a look or a change only.

pub mod batch;
pub mod fault;
mod registry;

pub use registry::{Observation, TapRegistry};

use crate::lock::lock;
use bytes::Bytes;
use fault::Faults;
use registry::Browser;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Bytes kept of what passed at once. Of the rest only its length is told.
pub const SNAPLEN: usize = 4096;
/// The same while more than [`BUSY`] pieces wait for every observer: they would see no
/// more anyway.
const SNAPLEN_WHEN_BUSY: usize = 64;
const BUSY: usize = 16;

/// What was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes from the browser.
    In,
    /// Bytes to the browser.
    Out,
    /// The connection ended, for this reason.
    End(&'static str),
}

/// Bytes that passed a socket in one piece.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The connection's number.
    pub connection: u64,
    /// When, counted from the start of the server.
    pub at: Duration,
    /// Which way.
    pub kind: Kind,
    /// How many bytes passed.
    pub length: usize,
    /// The first of them, at most [`SNAPLEN`].
    pub bytes: Bytes,
}

/// What a connection was asked for last, and by whom.
struct Asked {
    browser: Arc<Browser>,
    target: String,
}

/// One connection's tap.
pub struct Tap {
    taps: Arc<TapRegistry>,
    number: u64,
    /// Nothing before the first request, and for requests that are not shown.
    asked: Mutex<Option<Asked>>,
    cut: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Its end was told.
    over: AtomicBool,
}

impl Tap {
    /// The tap of connection `number`.
    pub fn new(taps: Arc<TapRegistry>, number: u64) -> Arc<Tap> {
        Arc::new(Tap {
            taps,
            number,
            asked: Mutex::default(),
            cut: OnceLock::new(),
            over: AtomicBool::new(false),
        })
    }

    /// Says how this connection can be cut.
    pub fn on_cut(&self, cut: impl Fn() + Send + Sync + 'static) {
        // There is one way only, set once.
        let _ = self.cut.set(Box::new(cut));
    }

    /// A request for `target` came, with this head, from the browser that `token`
    /// names. `None` for one that is not shown.
    pub fn request(self: &Arc<Tap>, token: Option<&str>, target: &str, head: &[u8]) {
        if !self.taps.on {
            return;
        }
        let browser = token.map(|token| self.taps.browser(token));
        let asked = browser.map(|browser| Asked {
            browser,
            target: target.to_owned(),
        });
        if let Some(asked) = &asked {
            lock(&asked.browser.connections).insert(self.number, Arc::downgrade(self));
        }
        let before = std::mem::replace(&mut *lock(&self.asked), asked);
        self.leave(before, false);
        self.received(head);
    }

    /// Takes this connection out of its browser's list, unless it is still there for
    /// the next request.
    fn leave(&self, before: Option<Asked>, ended: bool) {
        let Some(before) = before else { return };
        let now = lock(&self.asked)
            .as_ref()
            .map(|asked| asked.browser.clone());
        let stays = now.is_some_and(|now| Arc::ptr_eq(&now, &before.browser));
        if ended || !stays {
            lock(&before.browser.connections).remove(&self.number);
        }
    }

    /// Bytes came from the browser.
    pub fn received(&self, bytes: &[u8]) {
        self.capture(Kind::In, bytes);
    }

    /// Bytes went to the browser.
    pub fn sent(&self, bytes: &[u8]) {
        self.capture(Kind::Out, bytes);
    }

    /// Whether somebody is told of what passes here now.
    pub fn is_observed(&self) -> bool {
        if self.taps.observing.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let asked = lock(&self.asked);
        asked
            .as_ref()
            .is_some_and(|asked| !lock(&asked.browser.observers).is_empty())
    }

    /// The connection ended. Told once; what passes after it is not told.
    pub fn ended(&self, reason: &'static str) {
        if !self.over.swap(true, Ordering::Relaxed) {
            self.capture(Kind::End(reason), b"");
        }
    }

    /// Whether what goes to the browser may not leave at once: see [`fault`].
    pub fn holds_back(&self) -> bool {
        self.with_faults(Faults::holds_back).unwrap_or(false)
    }

    /// Waits, where a fault wants it, until some of `wanted` bytes may leave; how many.
    pub fn pace(&self, wanted: usize) -> usize {
        self.with_faults(|faults| faults.pace(wanted))
            .unwrap_or(wanted)
    }

    /// Waits, where a fault wants it, before what came is taken.
    pub fn wait_while_stalled(&self) {
        self.with_faults(Faults::wait_while_stalled);
    }

    fn with_faults<T>(&self, run: impl FnOnce(&Faults) -> T) -> Option<T> {
        if self.taps.faulty.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let asked = lock(&self.asked);
        let browser = asked.as_ref()?.browser.clone();
        drop(asked);
        Some(run(&browser.faults))
    }

    #[inline]
    fn capture(&self, kind: Kind, bytes: &[u8]) {
        if self.taps.observing.load(Ordering::Relaxed) > 0 {
            self.tell_observers(kind, bytes);
        }
    }

    #[cold]
    fn tell_observers(&self, kind: Kind, bytes: &[u8]) {
        let asked = lock(&self.asked);
        let Some(asked) = asked.as_ref() else { return };
        let observers = lock(&asked.browser.observers);
        let is_end = matches!(kind, Kind::End(_));
        let over = self.over.load(Ordering::Relaxed);
        if observers.is_empty() || (!is_end && (over || bytes.is_empty())) {
            return;
        }
        let busy = observers
            .iter()
            .all(|observer| observer.captured.len() > BUSY);
        let kept = if busy { SNAPLEN_WHEN_BUSY } else { SNAPLEN };
        let captured = Captured {
            connection: self.number,
            at: self.taps.now(),
            kind,
            length: bytes.len(),
            bytes: Bytes::copy_from_slice(&bytes[..bytes.len().min(kept)]),
        };
        for observer in observers.iter() {
            if observer.captured.try_send(captured.clone()).is_err() {
                observer.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let before = lock(&self.asked).take();
        self.leave(before, true);
    }
}

#[cfg(test)]
mod tests {
    use super::registry::WAITING;
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn asked(taps: &Arc<TapRegistry>, number: u64, token: &str) -> Arc<Tap> {
        let tap = Tap::new(taps.clone(), number);
        tap.request(Some(token), "/x", b"GET /x");
        tap
    }

    #[test]
    fn an_observer_is_told_of_its_own_browser_only() {
        let taps = TapRegistry::new(true);
        let own = asked(&taps, 1, "a");
        let other = asked(&taps, 2, "b");
        let observation = taps.observe("a");
        assert_eq!(observation.connections(), [(1, "/x".to_owned())]);
        other.sent(b"secret");
        own.sent(b"mine");
        own.ended("Finished");
        let told: Vec<_> = observation.captured().try_iter().collect();
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].connection, &told[0].bytes[..]), (1, &b"mine"[..]));
        assert_eq!(told[1].kind, Kind::End("Finished"));
    }

    #[test]
    fn who_stops_looking_takes_nobody_elses_place() {
        let taps = TapRegistry::new(true);
        let tap = asked(&taps, 1, "a");
        let (first, second) = (taps.observe("a"), taps.observe("a"));
        drop(first);
        drop(taps.observe("a"));
        tap.sent(b"still told");
        assert_eq!(second.captured().try_iter().count(), 1);
    }

    #[test]
    fn a_request_that_is_not_shown_hides_what_follows_it() {
        let taps = TapRegistry::new(true);
        let tap = asked(&taps, 1, "a");
        let observation = taps.observe("a");
        tap.request(None, "/wire/socket", b"GET /wire/socket");
        tap.sent(b"what the view itself is sent");
        assert_eq!(observation.captured().try_iter().count(), 0);
        assert_eq!(observation.connections(), []);
        assert_eq!(taps.cut("a"), 0);
    }

    #[test]
    fn an_observer_that_is_slow_misses_and_is_told_how_much() {
        let taps = TapRegistry::new(true);
        let tap = asked(&taps, 1, "a");
        let observation = taps.observe("a");
        for _ in 0..WAITING + 7 {
            tap.sent(&[0; SNAPLEN + 1]);
        }
        assert_eq!(observation.missed().load(Ordering::Relaxed), 7);
        let first = observation.captured().try_recv().expect("a captured");
        assert_eq!((first.length, first.bytes.len()), (SNAPLEN + 1, SNAPLEN));
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let taps = TapRegistry::new(true);
        let (one, two) = (asked(&taps, 1, "a"), asked(&taps, 2, "a"));
        let cut = Arc::new(AtomicUsize::new(0));
        let cutting = cut.clone();
        two.on_cut(move || {
            cutting.fetch_add(1, Ordering::Relaxed);
        });
        drop(one);
        assert_eq!((taps.cut("a"), cut.load(Ordering::Relaxed)), (1, 1));
        drop((two, taps.observe("a")));
        assert!(lock(&taps.browsers).is_empty());
        assert_eq!(taps.observing.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn taps_that_are_off_know_no_browser() {
        let taps = TapRegistry::new(false);
        let _tap = asked(&taps, 1, "a");
        assert!(lock(&taps.browsers).is_empty());
    }
}
