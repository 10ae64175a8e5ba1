//! The feed under stress: slow readers, full buffers, long replays.
//!
//! The course runs in a process of its own where its memory is looked at.

mod common;

use common::child::Course;
use common::{Client, SOON, course_with, eventually, get, masked, options, post, upgrade};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const READERS: usize = 450;
const STUCK: usize = 50;
const PUBLISHERS: usize = 4;
/// Messages of one publisher in one round. After each round the publishers wait
/// for the 450, and for nobody else.
const EACH: usize = 40;
const ROUNDS: usize = 10;
const ROUND: u64 = (PUBLISHERS * EACH) as u64;
const TOTAL: u64 = ROUND * ROUNDS as u64;
/// 1,600 of these are more than the kernel and the outbox hold for one client.
const TEXT: usize = 2 * 1024;

/// The number of a message in a chunk of NDJSON; 0 for the heartbeat.
fn number(line: &str) -> u64 {
    if line == "\n" {
        return 0;
    }
    let message: Value = serde_json::from_str(line).expect("a message");
    id_number(message["id"].as_str().expect("an id"))
}

fn id_number(id: &str) -> u64 {
    let (_, n) = id.split_once('-').expect("TAG-N");
    n.parse().expect("a number")
}

/// Reads messages up to `last`, which must come in order and once each, and
/// tells how far it is.
fn follow(client: &mut Client, mut seen: u64, last: u64, progress: &AtomicU64) {
    while seen < last {
        let line = client.text_chunk().expect("the stream goes on");
        match number(&line) {
            0 => {}
            n => {
                assert_eq!(n, seen + 1);
                seen = n;
                progress.store(seen, Ordering::Relaxed);
            }
        }
    }
}

/// Publishes [`EACH`] messages on one connection; returns the longest wait.
fn publish(address: SocketAddr) -> Duration {
    let body = json!({ "data": "x".repeat(TEXT) }).to_string();
    let request = post("/publish", "", &body);
    let mut client = Client::connect(address);
    let mut longest = Duration::ZERO;
    for _ in 0..EACH {
        let before = Instant::now();
        client.send(&request);
        assert_eq!(client.answer().status, 200);
        longest = longest.max(before.elapsed());
    }
    longest
}

#[cfg(target_os = "linux")]
#[test]
fn fifty_that_stop_reading_cost_the_other_four_hundred_and_fifty_nothing() {
    let course = Course::start(&["--history", "4000"]);
    let open = |mut client: Client| {
        client.send(get("/comet/stream?after=0", ""));
        assert!(client.head().starts_with("HTTP/1.1 200"));
        client
    };
    let stuck = (0..STUCK).map(|_| open(Client::connect_small(course.address)));
    let stuck: Vec<Client> = stuck.collect();
    let readers = (0..READERS).map(|_| open(course.connect()));
    let readers: Vec<Client> = readers.collect();
    eventually("all have joined", || {
        course.health()["topics"]["chat"]["subscribers"] == STUCK + READERS
    });
    let before = course.resident();
    let progress: Vec<AtomicU64> = readers.iter().map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for (mut reader, progress) in readers.into_iter().zip(&progress) {
            scope.spawn(move || follow(&mut reader, 0, TOTAL, progress));
        }
        for round in 1..=ROUNDS as u64 {
            thread::scope(|scope| {
                let publishers: Vec<_> = (0..PUBLISHERS)
                    .map(|_| scope.spawn(|| publish(course.address)))
                    .collect();
                for publisher in publishers {
                    let longest = publisher.join().expect("no panic");
                    // A publisher that waited for a stuck client would wait for
                    // its write deadline, 10 s.
                    assert!(longest < Duration::from_secs(8), "{longest:?}");
                }
            });
            eventually("the others have everything, as before", || {
                progress
                    .iter()
                    .all(|seen| seen.load(Ordering::Relaxed) >= round * ROUND)
            });
        }
    });
    // Too much waits, or it waits for too long: whichever comes first.
    eventually("the fifty are disconnected", || {
        course.health()["connections"] == 1
    });
    // The history, and what waited for the fifty: shared, and bounded.
    let grown = course.resident().saturating_sub(before);
    assert!(grown < 200 << 20, "{} MiB", grown >> 20);
    // Each reads what was still on its way, comes back with the last id that it
    // saw whole, and misses nothing.
    thread::scope(|scope| {
        for mut client in stuck {
            let course = &course;
            scope.spawn(move || {
                let cursor = last_id(&client.rest());
                let mut back = course.get(&format!("/comet/stream?after={cursor}"));
                back.head();
                follow(&mut back, id_number(&cursor), TOTAL, &AtomicU64::new(0));
            });
        }
    });
}

/// The id of the last line that arrived whole in a chunked body.
fn last_id(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let whole = text.rfind("\n\r\n").expect("a line");
    let id = text[..whole].rfind("{\"id\":\"").expect("an id") + 7;
    let end = text[id..].find('"').expect("its end");
    text[id..id + end].to_owned()
}

/// Publishes on the bus, from this thread.
fn publish_on(server: &common::Server, count: u64, text: usize) {
    let data = json!("y".repeat(text));
    for _ in 0..count {
        server.publish("chat", &data);
    }
}

#[test]
fn no_frame_is_torn_while_buffers_are_full_and_pings_and_pongs_go_on() {
    let mut options = options();
    // Long, for it also bounds how long a loaded machine may leave us unread.
    options.heartbeat = Duration::from_secs(8);
    let server = course_with(&options);
    let mut client = Client::connect_small(server.address);
    client.send(upgrade("/websocket/socket?after=0", ""));
    assert!(client.head().starts_with("HTTP/1.1 101"));
    eventually("it has joined", || {
        server.health()["topics"]["chat"]["subscribers"] == 1
    });
    // More than the kernel takes, less than the outbox's bound beyond it: the
    // drainer comes, goes, and comes again while the client reads in bursts.
    const MESSAGES: u64 = 3_000;
    const TEXT: usize = 4_000;
    thread::scope(|scope| {
        let server = &server;
        let (read, may_go_on) = crossbeam_channel::bounded::<()>(4);
        scope.spawn(move || {
            for _ in 0..MESSAGES / 100 {
                publish_on(server, 100, TEXT);
                // Never further ahead than the outbox can hold.
                if may_go_on.recv_timeout(SOON).is_err() {
                    return;
                }
            }
        });
        let mut seen = 0;
        let (mut pings, mut pongs) = (0, 0);
        while seen < MESSAGES || pings == 0 || pongs < MESSAGES / 10 {
            match client.frame() {
                (0x81, payload) => {
                    let message: Value = serde_json::from_slice(&payload).expect("whole");
                    assert_eq!(message["data"].as_str().map(str::len), Some(TEXT));
                    let n = id_number(message["id"].as_str().expect("an id"));
                    assert_eq!(n, seen + 1, "out of order");
                    seen = n;
                    if seen % 100 == 50 {
                        // A burst of our own: each gets its pong, somewhere between.
                        for _ in 0..10 {
                            client.send(masked(0x89, b"are you there?"));
                        }
                        let _ = read.send(());
                    }
                }
                (0x89, payload) => {
                    pings += 1;
                    client.send(masked(0x8a, &payload));
                }
                (0x8a, payload) => {
                    pongs += 1;
                    assert_eq!(payload, b"are you there?");
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_client_that_stops_for_a_while_gets_whole_frames_when_it_reads_on() {
    let mut options = options();
    options.history = 10_000;
    let server = course_with(&options);
    let mut client = Client::connect_small(server.address);
    client.send(upgrade("/websocket/socket", ""));
    client.head();
    eventually("it has joined", || {
        server.health()["topics"]["chat"]["subscribers"] == 1
    });
    // Fill the kernel's buffers and then the outbox, message by message, until
    // the outbox ends it; everything before that must be whole and in order.
    const TEXT: usize = 10_000;
    let mut published = 0;
    eventually("it fell behind", || {
        publish_on(&server, 50, TEXT);
        published += 50;
        server.ended("SlowConsumer") == 1
    });
    let bytes = client.rest();
    let mut rest = &bytes[..];
    let mut seen = 0;
    while let Some((opcode, payload, after)) = split_frame(rest) {
        rest = after;
        if opcode == 0x81 {
            let message: Value = serde_json::from_slice(payload).expect("whole");
            seen += 1;
            assert_eq!(id_number(message["id"].as_str().expect("an id")), seen);
        } else {
            assert_eq!((opcode, payload), (0x89, &b""[..]), "a ping");
        }
    }
    assert!(seen > 0 && seen < published);
}

/// The frame at the start of `bytes`, if it is whole.
fn split_frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let (length, rest) = match head[1] {
        126 => {
            let (length, rest) = rest.split_at_checked(2)?;
            (
                usize::from(u16::from_be_bytes(length.try_into().ok()?)),
                rest,
            )
        }
        127 => panic!("no frame here is that long"),
        short => (usize::from(short), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((head[0], payload, rest))
}

#[test]
fn a_replay_larger_than_the_outbox_arrives_whole_and_is_not_overtaken() {
    let mut options = options();
    options.history = 4_000;
    let server = course_with(&options);
    // 6 MiB: six times what an outbox may hold.
    publish_on(&server, 1_500, 4_000);
    let mut client = server.connect();
    client.send(upgrade("/websocket/socket?after=0", ""));
    client.head();
    thread::scope(|scope| {
        // While the replay is under way, live messages come.
        scope.spawn(|| publish_on(&server, 300, 10));
        let mut seen = 0;
        while seen < 1_800 {
            let (opcode, payload) = client.frame();
            if opcode == 0x89 {
                continue;
            }
            assert_eq!(opcode, 0x81);
            let message: Value = serde_json::from_slice(&payload).expect("whole");
            let n = id_number(message["id"].as_str().expect("an id"));
            assert_eq!(n, seen + 1, "overtaken, lost or twice");
            seen = n;
        }
    });
}

#[test]
fn a_peer_that_sends_faster_than_it_reads_is_slowed_and_not_cut() {
    let server = course_with(&options());
    let mut client = server.connect();
    client.send(upgrade("/websocket/echo", ""));
    client.head();
    const MESSAGES: usize = 400;
    const SIZE: usize = 64 * 1024;
    let mut sending = Client::from_stream(client.stream().try_clone().expect("a second handle"));
    thread::scope(|scope| {
        // 25 MiB of echoes, and a ping behind each, before the first is read:
        // far more than both kernels and the outbox hold, so this thread is
        // slowed down until the reading begins.
        let sender = scope.spawn(move || {
            for n in 0..MESSAGES {
                let byte = u8::try_from(n % 251).expect("small");
                sending.send(masked(0x82, &vec![byte; SIZE]));
                sending.send(masked(0x89, &[byte]));
            }
        });
        let until = Instant::now() + Duration::from_secs(2);
        while !sender.is_finished() && Instant::now() < until {
            thread::park_timeout(Duration::from_millis(50));
        }
        assert!(!sender.is_finished(), "it was never slowed");
        let (mut echoes, mut pongs) = (0, 0);
        while echoes < MESSAGES || pongs < MESSAGES {
            match client.frame() {
                (0x82, payload) => {
                    assert_eq!(payload.len(), SIZE);
                    assert!(
                        payload
                            .iter()
                            .all(|byte| usize::from(*byte) == echoes % 251)
                    );
                    echoes += 1;
                }
                (0x8a, payload) => {
                    assert_eq!(usize::from(payload[0]), pongs % 251);
                    pongs += 1;
                }
                // A ping of the server's own, on a machine that is slow.
                (0x89, _) => {}
                (opcode, _) => panic!("opcode {opcode:#x}"),
            }
        }
    });
    assert_eq!(server.ended("SlowConsumer"), 0);
}
