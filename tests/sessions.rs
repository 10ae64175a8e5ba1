//! A thousand Socket.IO sessions, and what is left of them when they vanish.

#![cfg(target_os = "linux")]

mod common;

use common::child::Course;
use common::{Client, SOON, get, masked, post, upgrade, within};
use serde_json::Value;
use socket2::{SockFilter, SockRef};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const SESSIONS: usize = 1_000;
const PING_INTERVAL: Duration = Duration::from_secs(6);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// What a loaded machine may need on top to run a thousand threads to their ends.
const SLACK: Duration = Duration::from_secs(10);
const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

/// Each of these tests needs thousands of descriptors: one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A session that polls and waits in `/`; its connection holds a GET that waits.
fn polling(course: &Course) -> Client {
    let mut client = course.connect();
    client.send(get(OPEN, ""));
    let opened = client.answer();
    let open: Value = serde_json::from_str(&opened.text()[1..]).expect("JSON");
    let target = format!("{OPEN}&sid={}", open["sid"].as_str().expect("a sid"));
    client.send(post(&target, "", "40"));
    assert_eq!(client.answer().text(), "ok");
    let mut heard = String::new();
    while !heard.contains("[\"auth\"") {
        client.send(get(&target, ""));
        heard.push_str(client.answer().text());
    }
    client.send(get(&target, ""));
    client
}

/// A session that is a WebSocket, in `/`.
fn websocket(course: &Course) -> Client {
    let mut client = course.connect();
    client.send(upgrade("/socket.io/?EIO=4&transport=websocket", ""));
    assert!(client.head().starts_with("HTTP/1.1 101"));
    client.frame();
    client.send(masked(0x81, b"40"));
    while !client.frame().1.starts_with(b"42[\"auth\"") {}
    client
}

fn open_and_vanish(half_open: bool) {
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let course = Course::start(&[
        "--ping-interval-ms",
        &milliseconds(PING_INTERVAL),
        "--ping-timeout-ms",
        &milliseconds(PING_TIMEOUT),
        // Retention how long a peer that is silent may acknowledge nothing.
        "--heartbeat-ms",
        "1000",
    ]);
    course.until_complete();
    let (threads, descriptors) = (course.threads(), course.descriptors());
    let began = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..SESSIONS / 2 {
        clients.push(polling(&course));
        clients.push(websocket(&course));
    }
    // Before the first of them is pinged, else some would be gone already.
    assert!(
        began.elapsed() < PING_INTERVAL + PING_TIMEOUT,
        "too slow to count"
    );
    within(SOON, "all are there", || {
        course.health()["sessions"] == SESSIONS
    });
    assert_eq!(
        course.health()["topics"]["socket.io"]["subscribers"],
        SESSIONS
    );
    if half_open {
        for client in &clients {
            let code = (libc::BPF_RET | libc::BPF_K).try_into().expect("small");
            let take_nothing = SockFilter::new(code, 0, 0, 0);
            SockRef::from(client.stream())
                .attach_filter(&[take_nothing])
                .expect("attached");
        }
    } else {
        clients.clear();
    }
    let limit = PING_INTERVAL + PING_TIMEOUT + Duration::from_secs(1);
    within(limit + SLACK, "everything is given back", || {
        // To ask for the health takes a thread and a descriptor of its own.
        course.threads() <= threads
            && course.descriptors() <= descriptors
            && course.health()["sessions"] == 0
            && course.health()["connections"] == 1
    });
    within(SOON, "nobody is subscribed", || {
        course.health()["topics"]["socket.io"]["subscribers"] == 0
    });
}

#[test]
fn a_thousand_sessions_are_given_back_when_their_clients_close() {
    open_and_vanish(false);
}

#[test]
fn a_thousand_sessions_are_given_back_when_they_fall_silent() {
    open_and_vanish(true);
}
