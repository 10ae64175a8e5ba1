//! Time limits: all of them side by side, for they take long.

use crate::common::{Client, course, eventually, get, within};
use crate::last_answer;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::thread::scope;
use std::time::{Duration, Instant};

const HEAD: &str =
    "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\nX-Padding: y\r\n\r\n";
/// In seconds, with room for a busy machine.
const TEN: Range<f32> = 9.9..25.0;
const FIFTEEN: Range<f32> = 14.9..30.0;

/// Reads that may take longer than either.
fn be_patient(client: &Client) {
    let patience = Some(Duration::from_secs(40));
    client.stream().set_read_timeout(patience).expect("set");
}

/// Sends `bytes`, one a second, until something comes back.
fn drip(client: &mut Client, bytes: &[u8]) {
    for byte in bytes {
        client.send([*byte]);
        let second = Some(Duration::from_secs(1));
        client.stream().set_read_timeout(second).expect("set");
        match client.stream().peek(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => {
                other.expect("an answer");
                be_patient(client);
                return;
            }
        }
    }
    panic!("all was sent and nothing came back");
}

#[track_caller]
fn assert_took(since: Instant, range: &Range<f32>) {
    let took = since.elapsed().as_secs_f32();
    assert!(range.contains(&took), "{took} s is not in {range:?}");
}

#[test]
fn who_takes_too_long_is_told_so_or_closed() {
    let server = course();
    let start = Instant::now();
    scope(|scope| {
        // Neither a head nor a body is waited for longer, however it comes.
        scope.spawn(|| {
            let mut client = server.connect();
            be_patient(&client);
            client.send("GET /healthz HTTP/1.1\r\nHost: loc");
            assert_eq!(last_answer(&mut client).status, 408);
            assert_took(start, &TEN);
        });
        scope.spawn(|| {
            let mut client = server.connect();
            drip(&mut client, HEAD.as_bytes());
            assert_eq!(last_answer(&mut client).status, 408);
            assert_took(start, &TEN);
        });
        scope.spawn(|| {
            let mut client = server.connect();
            be_patient(&client);
            client.send(HEAD);
            client.send("{\"data\":");
            assert_eq!(last_answer(&mut client).status, 408);
            assert_took(start, &TEN);
        });
        scope.spawn(|| {
            let mut client = server.connect();
            client.send(HEAD);
            drip(&mut client, &[b' '; 39]);
            assert_eq!(last_answer(&mut client).status, 408);
            assert_took(start, &TEN);
        });
        // Who said nothing is not answered.
        scope.spawn(|| {
            let mut client = server.connect();
            be_patient(&client);
            assert_eq!(client.rest(), b"");
            assert_took(start, &FIFTEEN);
        });
        scope.spawn(|| {
            let mut client = server.get("/healthz");
            be_patient(&client);
            assert_eq!(client.answer().status, 200);
            assert_eq!(client.rest(), b"");
            assert_took(start, &FIFTEEN);
        });
        // A held connection may be silent for as long as it likes.
        scope.spawn(|| {
            let mut client = server.get("/comet/stream");
            be_patient(&client);
            client.head();
            // The heartbeat comes after 15 s, when the others have ended.
            assert_eq!(client.text_chunk().as_deref(), Some("\n"));
            server.publish("chat", &1.into());
            let next = client.text_chunk().expect("a line");
            assert!(next.contains("\"data\":1"), "{next}");
        });
    });
    for (reason, count) in [
        ("HeadTimedOut", 2),
        ("BodyIncomplete", 2),
        ("NoRequest", 1),
        ("IdleTimedOut", 1),
    ] {
        eventually(reason, || server.ended(reason) == count);
    }
}

#[test]
fn who_reads_its_last_answer_slowly_is_not_waited_for() {
    let server = course();
    let mut client = server.connect();
    client.send(get("/healthz", "Connection: close\r\n"));
    client.answer();
    assert_eq!(client.stream().read(&mut [0]).expect("its end"), 0);
    // This side stays open; the server gives it up after a second.
    within(Duration::from_secs(10), "given up", || {
        server.health()["connections"] == 1
    });
}
