//! Lesson 6's app: the handshake worked out, and the frames as they passed.

use crate::common::{Client, Server, course, get, masked, upgrade};
use crate::parse;
use serde_json::{Value, json};

/// A socket of the app, the head of its answer, and what it is told first.
fn shown(server: &Server, fields: &str) -> (Client, String, Value) {
    let mut client = server.connect();
    client.send(upgrade("/websocket/handshake", fields));
    let head = client.head();
    let (first, text) = client.frame();
    assert_eq!(first, 0x81);
    let told = parse(std::str::from_utf8(&text).expect("text"));
    (client, head, told)
}

fn frames(server: &Server, told: &Value) -> Value {
    let ticket = told["ticket"].as_str().expect("a ticket");
    let answer = server.ask(&get(&format!("/websocket/frames?ticket={ticket}"), ""));
    assert_eq!(answer.status, 200);
    answer.json()["frames"].clone()
}

#[test]
fn the_handshake_is_worked_out_from_the_readers_own_request() {
    let server = course();
    let fields = "Origin: http://localhost\r\nSec-WebSocket-Protocol: a, b\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate\r\nX-Other: not told\r\n";
    let (_client, head, told) = shown(&server, fields);
    let taking_part = json!([
        ["Host", "localhost"],
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Origin", "http://localhost"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Protocol", "a, b"],
        ["Sec-WebSocket-Extensions", "permessage-deflate"],
    ]);
    assert_eq!(told["request"], taking_part);
    // RFC 6455, section 1.3, step by step.
    assert_eq!(told["key"], "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(told["guid"], "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let joined = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    assert_eq!(told["joined"], joined);
    assert_eq!(told["sha1"], "b37a4f2cc0624f1690f64606cf385945b2bec4ea");
    assert_eq!(told["accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    // The answer that it tells is the one that was sent, `Date` aside.
    let fields = |head: &str| -> Vec<String> {
        let lines = head.lines().filter(|line| !line.starts_with("Date:"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        fields(told["response"].as_str().expect("a head")),
        fields(&head)
    );
}

#[test]
fn every_frame_is_told_byte_by_byte_both_closes_included() {
    let server = course();
    let (mut client, _, told) = shown(&server, "");
    assert_eq!(frames(&server, &told), json!([]));
    // RFC 6455, section 5.7: "Hello", masked, has the mask of `masked`.
    client.send(masked(0x81, b"Hello"));
    assert_eq!(client.frame(), (0x81, b"Hello".to_vec()));
    assert_eq!(client.frame(), (0x89, b"still there?".to_vec()));
    client.send(masked(0x82, b"\x01"));
    assert_eq!(client.frame(), (0x82, b"\x01".to_vec()));
    client.send(masked(0x89, b"p"));
    assert_eq!(client.frame(), (0x8a, b"p".to_vec()));
    client.send(masked(0x8a, b""));
    let close = [&1000_u16.to_be_bytes()[..], b"bye"].concat();
    client.send(masked(0x88, &close));
    assert_eq!(client.frame(), (0x88, close));
    assert_eq!(client.rest(), b"");
    let frame = |from: &str, opcode: &str, bytes: &str, payload: &str| json!({ "from": from, "opcode": opcode, "bytes": bytes, "payload": payload });
    let expected = json!([
        frame(
            "browser",
            "text",
            "81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "Hello"
        ),
        frame("server", "text", "81 05 48 65 6c 6c 6f", "Hello"),
        frame(
            "server",
            "ping",
            "89 0c 73 74 69 6c 6c 20 74 68 65 72 65 3f",
            "still there?"
        ),
        frame("browser", "binary", "82 81 37 fa 21 3d 36", "\u{1}"),
        frame("server", "binary", "82 01 01", "\u{1}"),
        frame("browser", "ping", "89 81 37 fa 21 3d 47", "p"),
        frame("server", "pong", "8a 01 70", "p"),
        frame("browser", "pong", "8a 80 37 fa 21 3d", ""),
        frame(
            "browser",
            "close",
            "88 85 37 fa 21 3d 34 12 43 44 52",
            "1000 bye"
        ),
        frame("server", "close", "88 05 03 e8 62 79 65", "1000 bye"),
    ]);
    assert_eq!(frames(&server, &told), expected);
}

#[test]
fn an_unknown_ticket_is_404() {
    let server = course();
    for query in ["", "?ticket=", "?ticket=nothing"] {
        let answer = server.ask(&get(&format!("/websocket/frames{query}"), ""));
        assert_eq!(answer.status, 404, "{query}");
    }
}

#[test]
fn what_the_app_does_not_take_is_1002() {
    let server = course();
    for wrong in [
        b"\x81\x05Hello".to_vec(),
        masked(0x01, b"a fragment"),
        masked(0xc1, b"a reserved bit"),
        masked(0x83, b"a reserved opcode"),
        masked(0x8b, b""),
        masked(0x80, b"the rest of nothing"),
        masked(0x81, &[b'x'; 126]),
    ] {
        let (mut client, _, _) = shown(&server, "");
        client.send(&wrong);
        let (first, payload) = client.frame();
        assert_eq!((first, &payload[..2]), (0x88, &1002_u16.to_be_bytes()[..]));
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn a_close_that_may_not_be_sent_is_not_sent_back() {
    let server = course();
    let codes = [999_u16, 1005, 1006, 1015].map(|code| code.to_be_bytes().to_vec());
    let not_utf_8 = [&1000_u16.to_be_bytes()[..], b"\xff"].concat();
    for wrong in codes.into_iter().chain([b"\x03".to_vec(), not_utf_8]) {
        let (mut client, _, _) = shown(&server, "");
        client.send(masked(0x88, &wrong));
        let (first, payload) = client.frame();
        assert_eq!(first, 0x88);
        let code = u16::from_be_bytes([payload[0], payload[1]]);
        assert!(
            matches!(code, 1002 | 1007),
            "{} for {}",
            code,
            wrong.escape_ascii()
        );
    }
}

#[test]
fn a_very_long_request_is_told_whole() {
    let server = course();
    // Longer than 125 bytes is certain; the head's limit bounds it.
    let field = format!("Sec-WebSocket-Protocol: {}\r\n", "x".repeat(15_000));
    let (_client, _, told) = shown(&server, &field);
    assert_eq!(told["request"].as_array().map(Vec::len), Some(6));
}

/// `/mistakes/websocket/`: wrong on purpose, and only as far as it says.
#[test]
fn the_wrong_servers_are_wrong_as_they_say() {
    let server = course();
    let right = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let mut seen = Vec::new();
    for how in [
        "right",
        "changed-letter",
        "wrong-guid",
        "decoded-key",
        "hex",
        "no-accept",
        "no-upgrade",
        "no-connection",
        "version",
    ] {
        let mut client = server.connect();
        let path = format!("/mistakes/websocket/handshake?how={how}&ticket=t-{how}");
        client.send(upgrade(&path, ""));
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{how}: {head}");
        let fine = ["right", "no-upgrade", "no-connection", "version"].contains(&how);
        assert_eq!(head.contains(right), fine, "{how}: {head}");
        // What it tells the page is what it sent.
        let told = server.ask(&get(
            &format!("/mistakes/websocket/answered?ticket=t-{how}"),
            "",
        ));
        let told = told.json();
        assert_eq!(told["key"], "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(told["right"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let told = told["head"].as_str().expect("a head");
        assert_eq!(told.trim_end(), head.trim_end());
        seen.push(head);
    }
    // Each in its own way.
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 9);
    let answer = server.ask(&get("/mistakes/websocket/answered?ticket=none", ""));
    assert_eq!(answer.status, 404);
    let long = format!("/mistakes/websocket/handshake?ticket={}", "x".repeat(41));
    assert_eq!(server.ask(&upgrade(&long, "")).status, 400);
    // A request that is wrong is refused here, too, and a foreign page.
    let path = "/mistakes/websocket/handshake";
    assert_eq!(server.ask(&get(path, "")).status, 426);
    let foreign = "Origin: http://example.org\r\n";
    assert_eq!(server.ask(&upgrade(path, foreign)).status, 403);
    // Not so at the open door: that is its mistake.
    let mut client = server.connect();
    client.send(upgrade("/mistakes/websocket/open-door", foreign));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send(masked(0x81, b"hello"));
    assert_eq!(client.frame(), (0x81, b"hello".to_vec()));
}

#[test]
fn a_key_and_a_version_stand_once_and_subprotocols_are_one_list() {
    let server = course();
    let status = |fields: &str| {
        let mut client = server.connect();
        client.send(upgrade("/websocket/socket", fields));
        client.head()
    };
    for twice in [
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Sec-WebSocket-Key: x\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Version: 8\r\n",
    ] {
        let head = status(twice);
        assert!(head.starts_with("HTTP/1.1 400 "), "{twice}: {head}");
    }
    let list = "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b, poll-to-push.v1\r\n";
    let head = status(list);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(
        head.contains("\r\nSec-WebSocket-Protocol: poll-to-push.v1\r\n"),
        "{head}"
    );
    let other = status("Sec-WebSocket-Protocol: POLL-TO-PUSH.V1\r\n");
    assert!(!other.contains("Sec-WebSocket-Protocol"), "{other}");
}
