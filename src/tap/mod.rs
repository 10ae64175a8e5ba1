//! The tap: what passes a connection's socket, told to those who look.
//!
//! The wire view in the pages shows a browser the bytes of its own connections. All
//! bytes of a connection of our server pass one reader and one writer; both call the
//! connection's [`Tap`]. While nobody looks, that is a look at one atomic number. While
//! somebody does, a copy of the bytes goes into the looker's bounded channel by
//! `try_send`: what does not fit is counted, and never waited for.
//!
//! A browser is known by a random cookie (`cookie`), and a looker is told of the
//! connections that carry the same one. `watch` puts it into bytes.
//!
//! Threads: none here; a looker's own are in [`crate::course::wire`]. The locks here are
//! taken last, also under an outbox's, and held for a look or a change only.

pub mod cookie;
pub mod watch;

use crate::sync::lock;
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

/// Bytes kept of what passed at once. Of the rest only its length is told.
pub const KEPT: usize = 4096;
/// The same while [`BUSY`] passages wait for a looker: it would see no more anyway.
const KEPT_WHEN_BUSY: usize = 64;
const BUSY: usize = 16;
/// Passages that may wait for one looker: with [`KEPT`], some 2 MiB.
const WAITING: usize = 512;

/// All taps of one server.
pub struct Taps {
    on: bool,
    /// How many look. All that a connection reads while it is zero.
    looking: AtomicUsize,
    /// Lookers so far.
    lookers: AtomicU64,
    browsers: Mutex<HashMap<String, Weak<Browser>>>,
    began: Instant,
}

/// One browser: its connections, and who looks at them.
struct Browser {
    taps: Arc<Taps>,
    token: String,
    connections: Mutex<HashMap<u64, Weak<Tap>>>,
    lookers: Mutex<Vec<Looker>>,
}

struct Looker {
    number: u64,
    passages: Sender<Passage>,
    missed: Arc<AtomicU64>,
}

/// What passed.
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
pub struct Passage {
    /// The connection's number.
    pub connection: u64,
    /// When, counted from the start of the server.
    pub at: Duration,
    /// Which way.
    pub kind: Kind,
    /// How many bytes passed.
    pub length: usize,
    /// The first of them, at most [`KEPT`].
    pub bytes: Bytes,
}

impl Taps {
    /// Taps that can be looked at if `on`; else they tell nobody anything.
    pub fn new(on: bool) -> Arc<Taps> {
        Arc::new(Taps {
            on,
            looking: AtomicUsize::new(0),
            lookers: AtomicU64::new(0),
            browsers: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// Whether anything can be looked at here.
    pub fn on(&self) -> bool {
        self.on
    }

    /// The time now, as [`Passage::at`] counts it.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn browser(self: &Arc<Taps>, token: &str) -> Arc<Browser> {
        let mut browsers = lock(&self.browsers);
        if let Some(browser) = browsers.get(token).and_then(Weak::upgrade) {
            return browser;
        }
        let browser = Arc::new(Browser {
            taps: self.clone(),
            token: token.to_owned(),
            connections: Mutex::default(),
            lookers: Mutex::default(),
        });
        browsers.insert(token.to_owned(), Arc::downgrade(&browser));
        browser
    }

    /// Begins to look at the connections of the browser that `token` names.
    pub fn look(self: &Arc<Taps>, token: &str) -> Look {
        let browser = self.browser(token);
        let (sender, passages) = bounded(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let number = self.lookers.fetch_add(1, Ordering::Relaxed);
        lock(&browser.lookers).push(Looker {
            number,
            passages: sender,
            missed: missed.clone(),
        });
        self.looking.fetch_add(1, Ordering::Relaxed);
        Look {
            browser,
            number,
            passages,
            missed,
        }
    }

    /// Cuts the connections of the browser that `token` names; how many there were.
    pub fn cut(self: &Arc<Taps>, token: &str) -> usize {
        let all: Vec<_> = self.browser(token).all();
        for tap in &all {
            if let Some(cut) = tap.cut.get() {
                cut();
            }
            // Its own thread may be asleep, and say so later.
            tap.ended("Cut");
        }
        all.len()
    }
}

impl Browser {
    /// Its connections, as a copy, so that no lock is held while they are used.
    fn all(&self) -> Vec<Arc<Tap>> {
        let connections = lock(&self.connections);
        connections.values().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let mut browsers = lock(&self.taps.browsers);
        // Another one may have taken the name since the last who held this let go.
        if browsers
            .get(&self.token)
            .is_some_and(|weak| weak.strong_count() == 0)
        {
            browsers.remove(&self.token);
        }
    }
}

/// Somebody who looks. Dropping it ends that.
pub struct Look {
    browser: Arc<Browser>,
    number: u64,
    passages: Receiver<Passage>,
    missed: Arc<AtomicU64>,
}

impl Look {
    /// What passes. The channel ends when the `Look` is dropped.
    pub fn passages(&self) -> Receiver<Passage> {
        self.passages.clone()
    }

    /// Where passages are counted that did not fit in.
    pub fn missed(&self) -> Arc<AtomicU64> {
        self.missed.clone()
    }

    /// The browser's connections that are open, with what each was asked for last.
    pub fn connections(&self) -> Vec<(u64, String)> {
        let all = self.browser.all().into_iter();
        all.filter_map(|tap| {
            let asked = lock(&tap.asked);
            asked
                .as_ref()
                .map(|asked| (tap.number, asked.target.clone()))
        })
        .collect()
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        lock(&self.browser.lookers).retain(|looker| looker.number != self.number);
        self.browser.taps.looking.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a connection was asked for last, and by whom.
struct Asked {
    browser: Arc<Browser>,
    target: String,
}

/// One connection's tap.
pub struct Tap {
    taps: Arc<Taps>,
    number: u64,
    /// Nothing before the first request, and for requests that are not shown.
    asked: Mutex<Option<Asked>>,
    cut: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Its end was told.
    over: AtomicBool,
}

impl Tap {
    /// The tap of connection `number`.
    pub fn new(taps: Arc<Taps>, number: u64) -> Arc<Tap> {
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
        self.came(head);
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
    pub fn came(&self, bytes: &[u8]) {
        self.tell(Kind::In, bytes);
    }

    /// Bytes went to the browser.
    pub fn went(&self, bytes: &[u8]) {
        self.tell(Kind::Out, bytes);
    }

    /// The connection ended. Told once.
    pub fn ended(&self, reason: &'static str) {
        if !self.over.swap(true, Ordering::Relaxed) {
            self.tell(Kind::End(reason), b"");
        }
    }

    #[inline]
    fn tell(&self, kind: Kind, bytes: &[u8]) {
        if self.taps.looking.load(Ordering::Relaxed) > 0 {
            self.tell_lookers(kind, bytes);
        }
    }

    #[cold]
    fn tell_lookers(&self, kind: Kind, bytes: &[u8]) {
        let asked = lock(&self.asked);
        let Some(asked) = asked.as_ref() else { return };
        let lookers = lock(&asked.browser.lookers);
        if lookers.is_empty() || (bytes.is_empty() && !matches!(kind, Kind::End(_))) {
            return;
        }
        let busy = lookers.iter().all(|looker| looker.passages.len() > BUSY);
        let kept = if busy { KEPT_WHEN_BUSY } else { KEPT };
        let passage = Passage {
            connection: self.number,
            at: self.taps.now(),
            kind,
            length: bytes.len(),
            bytes: Bytes::copy_from_slice(&bytes[..bytes.len().min(kept)]),
        };
        for looker in lookers.iter() {
            if looker.passages.try_send(passage.clone()).is_err() {
                looker.missed.fetch_add(1, Ordering::Relaxed);
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
    use super::*;

    fn asked(taps: &Arc<Taps>, number: u64, token: &str) -> Arc<Tap> {
        let tap = Tap::new(taps.clone(), number);
        tap.request(Some(token), "/x", b"GET /x");
        tap
    }

    #[test]
    fn a_looker_is_told_of_its_own_browser_only() {
        let taps = Taps::new(true);
        let own = asked(&taps, 1, "a");
        let other = asked(&taps, 2, "b");
        let look = taps.look("a");
        assert_eq!(look.connections(), [(1, "/x".to_owned())]);
        other.went(b"secret");
        own.went(b"mine");
        own.ended("Finished");
        let told: Vec<_> = look.passages().try_iter().collect();
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].connection, &told[0].bytes[..]), (1, &b"mine"[..]));
        assert_eq!(told[1].kind, Kind::End("Finished"));
    }

    #[test]
    fn who_stops_looking_takes_nobody_elses_place() {
        let taps = Taps::new(true);
        let tap = asked(&taps, 1, "a");
        let (first, second) = (taps.look("a"), taps.look("a"));
        drop(first);
        drop(taps.look("a"));
        tap.went(b"still told");
        assert_eq!(second.passages().try_iter().count(), 1);
    }

    #[test]
    fn a_request_that_is_not_shown_hides_what_follows_it() {
        let taps = Taps::new(true);
        let tap = asked(&taps, 1, "a");
        let look = taps.look("a");
        tap.request(None, "/wire/socket", b"GET /wire/socket");
        tap.went(b"what the view itself is sent");
        assert_eq!(look.passages().try_iter().count(), 0);
        assert_eq!(look.connections(), []);
        assert_eq!(taps.cut("a"), 0);
    }

    #[test]
    fn a_looker_that_is_slow_misses_and_is_told_how_much() {
        let taps = Taps::new(true);
        let tap = asked(&taps, 1, "a");
        let look = taps.look("a");
        for _ in 0..WAITING + 7 {
            tap.went(&[0; KEPT + 1]);
        }
        assert_eq!(look.missed().load(Ordering::Relaxed), 7);
        let first = look.passages().try_recv().expect("a passage");
        assert_eq!((first.length, first.bytes.len()), (KEPT + 1, KEPT));
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let taps = Taps::new(true);
        let (one, two) = (asked(&taps, 1, "a"), asked(&taps, 2, "a"));
        let cut = Arc::new(AtomicUsize::new(0));
        let cutting = cut.clone();
        two.on_cut(move || {
            cutting.fetch_add(1, Ordering::Relaxed);
        });
        drop(one);
        assert_eq!((taps.cut("a"), cut.load(Ordering::Relaxed)), (1, 1));
        drop((two, taps.look("a")));
        assert!(lock(&taps.browsers).is_empty());
        assert_eq!(taps.looking.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn taps_that_are_off_know_no_browser() {
        let taps = Taps::new(false);
        let _tap = asked(&taps, 1, "a");
        assert!(lock(&taps.browsers).is_empty());
    }
}
