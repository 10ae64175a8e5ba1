//! What the browser tests share: a real Chromium ([`browser`]), the course's
//! own programs as child processes ([`course`]), nginx and HAProxy in front of them
//! ([`proxy`]), and a small server that sends exactly the bytes that a test needs ([`raw`]).
//!
//! This crate knows the course only from outside: its programs, its pages.

pub mod browser;
mod chromium;
pub mod course;
#[path = "../../common/proxy.rs"]
pub mod proxy;
pub mod raw;

use std::time::{Duration, Instant};

/// How long a test waits for something that must come.
pub const SOON: Duration = Duration::from_secs(20);

/// Waits until `condition` holds.
#[track_caller]
pub fn eventually(what: &str, condition: impl FnMut() -> bool) {
    within(SOON, what, condition);
}

/// Waits until `condition` holds, for at most `limit`.
#[track_caller]
pub fn within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < until, "not within {limit:?}: {what}");
        // The condition is asked of another process, which cannot wake us.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
