//! Pings, and what is gone when its time is.

use crate::common::{SOON, eventually, within};
use crate::{ENGINE, SOCKET, Session, closes, direct, quick, refused, say, server, text};
use poll_to_push::options::SocketIoOptions;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// Pings as often as [`quick`], and this much time for an answer.
fn patient(ping_timeout: Duration) -> SocketIoOptions {
    SocketIoOptions {
        ping_timeout,
        ..quick()
    }
}

#[test]
fn a_poll_is_pinged_and_goes_on_with_its_pong() {
    let server = server(patient(SOON));
    let session = Session::open(&server, ENGINE);
    for _ in 0..4 {
        assert_eq!(session.packets(), "2");
        session.say("3");
    }
}

#[test]
fn a_socket_is_pinged_and_goes_on_with_its_pong() {
    let server = server(patient(SOON));
    let mut client = direct(&server, ENGINE);
    for _ in 0..4 {
        assert_eq!(text(&mut client), "2");
        say(&mut client, "3");
    }
}

#[test]
fn a_socket_without_a_pong_is_closed() {
    let server = server(patient(Duration::from_secs(3)));
    let began = Instant::now();
    let mut client = direct(&server, ENGINE);
    assert_eq!(text(&mut client), "2");
    assert_eq!(closes(&mut client), 1011);
    assert!(began.elapsed() >= Duration::from_millis(3_290));
    eventually("it is counted", || server.ended("PongTimeout") == 1);
}

#[test]
fn a_session_is_gone_when_its_time_is() {
    let server = server(quick());
    let session = Session::open(&server, ENGINE);
    // Nothing to wait for: this is the time itself that is tested.
    let until = Instant::now() + Duration::from_millis(500);
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        park_timeout(left);
    }
    refused(&session.get(), 1);
    eventually("forgotten", || server.health()["sessions"] == 0);
}

#[test]
fn a_poll_that_waits_ends_with_its_session() {
    let server = server(patient(Duration::from_secs(3)));
    let session = Session::open(&server, ENGINE);
    assert_eq!(session.packets(), "2");
    let mut waiting = session.getting();
    let answer = waiting.answer();
    assert_eq!((answer.status, answer.text()), (200, "1"));
    assert_eq!(answer.header("Connection"), Some("close"));
    refused(&session.get(), 1);
}

#[test]
fn a_session_that_joins_no_namespace_is_closed() {
    let server = server(SocketIoOptions {
        connect_timeout: Duration::from_secs(3),
        ..SocketIoOptions::default()
    });
    let mut client = direct(&server, SOCKET);
    assert_eq!(closes(&mut client), 1000);
    let session = Session::open(&server, SOCKET);
    assert_eq!(session.packets(), "1");
    // One that joins stays.
    let mut client = crate::connected(&server);
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(3_500) {
        say(&mut client, "420[\"echo\"]");
        assert_eq!(text(&mut client), "430[]");
    }
    // The bare echo waits for nothing.
    let mut bare = direct(&server, ENGINE);
    say(&mut bare, "4x");
    assert_eq!(text(&mut bare), "4x");
}

#[test]
fn a_half_open_upgrade_is_closed_and_the_session_goes_on() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut probe = session.websocket();
    say(&mut probe, "2probe");
    assert_eq!(text(&mut probe), "3probe");
    // It never says 5. Ten seconds are the protocol's usual time.
    let mut code = 0;
    within(Duration::from_secs(15), "closed", || {
        code = closes(&mut probe);
        true
    });
    assert_eq!(code, 1008);
    session.say("4still here");
    assert_eq!(session.packets(), "4still here");
}
