//! Who observes what: the browsers of one server, their connections, and the
//! observers of each.

use super::fault::{Fault, Faults};
use super::{Captured, Tap};
use crate::lock::lock;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// Captured pieces that may wait for one observer: with [`super::SNAPLEN`], some 2 MiB.
pub(super) const WAITING: usize = 512;

/// The taps of one server.
pub struct TapRegistry {
    pub(super) on: bool,
    /// How many observers there are. All that a connection reads while it is zero.
    pub(super) observing: AtomicUsize,
    /// How many browsers have a fault. Nothing is held up while it is zero.
    pub(super) faulty: AtomicUsize,
    /// Numbers the observers.
    next_observer: AtomicU64,
    pub(super) browsers: Mutex<HashMap<String, Weak<Browser>>>,
    began: Instant,
}

/// One browser: its connections, and who observes them.
pub(super) struct Browser {
    taps: Arc<TapRegistry>,
    token: String,
    pub(super) connections: Mutex<HashMap<u64, Weak<Tap>>>,
    pub(super) observers: Mutex<Vec<Observer>>,
    pub(super) faults: Faults,
}

pub(super) struct Observer {
    number: u64,
    pub(super) captured: Sender<Captured>,
    pub(super) missed: Arc<AtomicU64>,
}

impl TapRegistry {
    /// A registry whose taps can be observed if `on`; else they capture nothing.
    pub fn new(on: bool) -> Arc<TapRegistry> {
        Arc::new(TapRegistry {
            on,
            observing: AtomicUsize::new(0),
            faulty: AtomicUsize::new(0),
            next_observer: AtomicU64::new(0),
            browsers: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// Whether anything can be observed here.
    pub fn on(&self) -> bool {
        self.on
    }

    /// The time now, as [`Captured::at`] counts it.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn browser(self: &Arc<TapRegistry>, token: &str) -> Arc<Browser> {
        let mut browsers = lock(&self.browsers);
        if let Some(browser) = browsers.get(token).and_then(Weak::upgrade) {
            return browser;
        }
        let browser = Arc::new(Browser {
            taps: self.clone(),
            token: token.to_owned(),
            connections: Mutex::default(),
            observers: Mutex::default(),
            faults: Faults::default(),
        });
        browsers.insert(token.to_owned(), Arc::downgrade(&browser));
        browser
    }

    /// Begins to observe the connections of the browser that `token` names.
    pub fn observe(self: &Arc<TapRegistry>, token: &str) -> Observation {
        let browser = self.browser(token);
        let (sender, captured) = bounded(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let number = self.next_observer.fetch_add(1, Ordering::Relaxed);
        lock(&browser.observers).push(Observer {
            number,
            captured: sender,
            missed: missed.clone(),
        });
        self.observing.fetch_add(1, Ordering::Relaxed);
        Observation {
            browser,
            number,
            captured,
            missed,
        }
    }

    /// Cuts the connections of the browser that `token` names; how many there were.
    pub fn cut(self: &Arc<TapRegistry>, token: &str) -> usize {
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

/// An observer's end of it. Dropping it ends the observation, and the browser's fault.
pub struct Observation {
    browser: Arc<Browser>,
    number: u64,
    captured: Receiver<Captured>,
    missed: Arc<AtomicU64>,
}

impl Observation {
    /// What passes. The channel ends when the `Observation` is dropped.
    pub fn captured(&self) -> Receiver<Captured> {
        self.captured.clone()
    }

    /// Begins a fault of this browser's connections, or ends the one there is.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let taps = &self.browser.taps;
        if fault.is_some() {
            taps.faulty.fetch_add(1, Ordering::Relaxed);
        }
        if self.browser.faults.set(fault) {
            taps.faulty.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Counts the captured pieces that did not fit in.
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

impl Drop for Observation {
    fn drop(&mut self) {
        self.set_fault(None);
        lock(&self.browser.observers).retain(|observer| observer.number != self.number);
        self.browser.taps.observing.fetch_sub(1, Ordering::Relaxed);
    }
}
