//! How a WebSocket ends: Close frames and their codes.

use crate::common::{Client, Server, course, course_with, eventually, masked, options};
use crate::{quick, socket, subscribed};
use poll_to_push::options::Options;
use std::thread::scope;
use std::time::Duration;

const ECHO: &str = "/websocket/echo";
const CHAT: &str = "/websocket/socket";

/// Reads a Close with `code`, and then the end of the connection.
#[track_caller]
fn closed(client: &mut Client, code: u16, what: &str) {
    let (first, payload) = client.frame();
    assert_eq!(first, 0x88, "{what}: {}", payload.escape_ascii());
    assert_eq!(payload.get(..2), Some(&code.to_be_bytes()[..]), "{what}");
    assert!(std::str::from_utf8(&payload[2..]).is_ok(), "{what}");
    assert_eq!(client.rest(), b"", "{what}");
}

/// Sends `bytes` on a new socket, which is closed with `code` for it.
#[track_caller]
fn closes(server: &Server, path: &str, bytes: &[u8], code: u16) {
    let mut client = socket(server, path);
    client.send(bytes);
    let shown = bytes[..bytes.len().min(16)].escape_ascii().to_string();
    closed(&mut client, code, &format!("{path} {shown}"));
}

#[test]
fn against_the_protocol_is_1002() {
    let server = course();
    let unmasked = b"\x81\x05Hello";
    let two_starts = [masked(0x01, b"a"), masked(0x01, b"b")].concat();
    for path in [ECHO, CHAT] {
        closes(&server, path, unmasked, 1002);
        closes(&server, path, b"\x89\0", 1002);
        // Reserved bits, reserved kinds.
        for first in [0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f] {
            closes(&server, path, &masked(first, b"x"), 1002);
        }
        // A control frame in fragments, and one that is too long.
        closes(&server, path, &masked(0x09, b"x"), 1002);
        closes(&server, path, &masked(0x08, b""), 1002);
        closes(&server, path, &masked(0x89, &[b'x'; 126]), 1002);
        // Fragments that do not fit together.
        closes(&server, path, &masked(0x80, b"x"), 1002);
        closes(&server, path, &masked(0x00, b"x"), 1002);
        closes(&server, path, &two_starts, 1002);
    }
    // A length with its highest bit set is against the protocol, or too large.
    let mut client = socket(&server, ECHO);
    client.send(start_of_frame(0x81, u64::MAX));
    let (first, payload) = client.frame();
    assert_eq!(first, 0x88);
    let code = u16::from_be_bytes([payload[0], payload[1]]);
    assert!(matches!(code, 1002 | 1009), "{code}");
}

#[test]
fn a_close_with_a_code_that_may_not_be_sent_is_1002() {
    let server = course();
    for path in [ECHO, CHAT] {
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            closes(&server, path, &masked(0x88, &code.to_be_bytes()), 1002);
        }
        // Half a code.
        closes(&server, path, &masked(0x88, b"\x03"), 1002);
    }
}

#[test]
fn text_that_is_not_utf_8_is_1007() {
    let server = course();
    let across = [masked(0x01, b"caf\xc3"), masked(0x80, b"x")].concat();
    let unended = [masked(0x01, b"caf\xc3"), masked(0x80, b"")].concat();
    for path in [ECHO, CHAT] {
        for text in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"] {
            closes(&server, path, &masked(0x81, text), 1007);
        }
        closes(&server, path, &across, 1007);
        closes(&server, path, &unended, 1007);
    }
}

/// The start of a frame of `length` bytes, which need not follow.
fn start_of_frame(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0xff][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

#[test]
fn one_byte_more_than_16_mib_is_1009_on_the_echo() {
    let server = course();
    let limit = 16 * 1024 * 1024;
    for first in [0x81, 0x82, 0x02] {
        closes(&server, ECHO, &start_of_frame(first, limit + 1), 1009);
    }
    closes(&server, ECHO, &start_of_frame(0x82, u64::MAX >> 1), 1009);
    let mut client = socket(&server, ECHO);
    for opcode in [0x02, 0x00, 0x00, 0x00] {
        client.send(masked(opcode, &vec![0; 4 * 1024 * 1024]));
    }
    client.send(masked(0x80, b"x"));
    closed(&mut client, 1009, "in fragments");
}

#[test]
fn one_byte_more_than_64_kib_is_1009_in_the_chat() {
    let server = course();
    let message = |length: usize| format!("{{\"data\":\"{}\"}}", "x".repeat(length - 11));
    let mut client = socket(&server, CHAT);
    subscribed(&server, "chat", 1);
    client.send(masked(0x81, message(64 * 1024).as_bytes()));
    let (first, back) = client.frame();
    assert!(first == 0x81 && back.starts_with(b"{\"id\":"));
    closes(
        &server,
        CHAT,
        &masked(0x81, message(64 * 1024 + 1).as_bytes()),
        1009,
    );
    closes(&server, CHAT, &start_of_frame(0x81, 64 * 1024 + 1), 1009);
}

#[test]
fn binary_in_the_chat_is_1003() {
    let server = course();
    closes(&server, CHAT, &masked(0x82, b"{\"data\":1}"), 1003);
    closes(&server, CHAT, &masked(0x82, b""), 1003);
}

#[test]
fn a_close_is_answered_by_one_that_says_the_same_and_nothing_follows() {
    let server = course();
    for path in [ECHO, CHAT, "/websocket/handshake"] {
        for code in [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4999,
        ] {
            let mut client = socket(&server, path);
            if path.ends_with("handshake") {
                client.frame();
            }
            let payload = [&u16::to_be_bytes(code)[..], b"why not"].concat();
            // Behind a Close nothing is heard any more.
            let more = [masked(0x88, &payload), masked(0x81, b"{\"data\":1}")].concat();
            client.send(more);
            assert_eq!(client.frame(), (0x88, payload), "{path}");
            assert_eq!(client.rest(), b"", "{path}");
        }
        let mut client = socket(&server, path);
        if path.ends_with("handshake") {
            client.frame();
        }
        client.send(masked(0x88, b""));
        assert_eq!(client.frame(), (0x88, Vec::new()), "{path}");
        assert_eq!(client.rest(), b"", "{path}");
    }
    assert_eq!(server.health()["topics"]["chat"]["held"], 0);
    eventually("counted", || server.ended("ClientClosed") >= 39);
}

#[test]
fn no_message_follows_a_close() {
    let server = course();
    scope(|scope| {
        let (done, is_done) = crossbeam_channel::bounded::<()>(0);
        let server = &server;
        scope.spawn(move || {
            while is_done.try_recv() == Err(crossbeam_channel::TryRecvError::Empty) {
                server.publish("chat", &"again and again".into());
                // Slower than a client falls behind that is kept from reading.
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
        for _ in 0..20 {
            let mut client = socket(server, CHAT);
            assert_eq!(client.frame().0, 0x81);
            client.send(masked(0x88, &1000_u16.to_be_bytes()));
            let last = loop {
                match client.frame() {
                    (0x81, _) => {}
                    other => break other,
                }
            };
            assert_eq!(last, (0x88, 1000_u16.to_be_bytes().to_vec()));
            assert_eq!(client.rest(), b"");
        }
        drop(done);
    });
}

#[test]
fn a_peer_that_answers_no_ping_is_1011() {
    let server = course_with(&quick());
    for path in [ECHO, CHAT] {
        let mut client = socket(&server, path);
        assert_eq!(client.frame(), (0x89, Vec::new()), "{path}");
        closed(&mut client, 1011, path);
    }
    eventually("counted", || server.ended("PongTimeout") == 2);
}

#[test]
fn a_peer_that_answers_pings_stays() {
    let server = course_with(&Options {
        // Long enough for a busy machine to answer in.
        heartbeat: Duration::from_secs(5),
        ..options()
    });
    let mut sockets = [ECHO, CHAT].map(|path| socket(&server, path));
    for _ in 0..4 {
        for client in &mut sockets {
            assert_eq!(client.frame(), (0x89, Vec::new()));
            client.send(masked(0x8a, b""));
        }
    }
    for client in &mut sockets {
        client.send(masked(0x88, b""));
        assert_eq!(client.frame().0, 0x88);
    }
}

#[test]
fn a_peer_that_leaves_without_a_close_is_let_go() {
    let server = course();
    for path in [ECHO, CHAT] {
        drop(socket(&server, path));
    }
    eventually("let go", || server.health()["connections"] == 1);
    subscribed(&server, "chat", 0);
}
