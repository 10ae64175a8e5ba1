//! WebSocket: the handshake, the echo, ping and pong; frames made by hand.

use crate::common::{Client, Server, course, get, masked, upgrade};
use crate::socket;

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const PATHS: [&str; 3] = [
    "/websocket/socket",
    "/websocket/echo",
    "/websocket/handshake",
];

#[test]
fn the_handshake_proves_that_the_key_was_understood() {
    let server = course();
    for path in PATHS {
        let mut client = server.connect();
        let offered = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        client.send(upgrade(path, offered));
        let head = client.head();
        assert!(
            head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
            "{head}"
        );
        for field in [
            "Upgrade: websocket",
            "Connection: Upgrade",
            // RFC 6455, section 1.3.
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ] {
            assert!(
                head.contains(&format!("\r\n{field}\r\n")),
                "{field}: {head}"
            );
        }
        for field in [
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Protocol",
            "Content-Length",
            "Transfer-Encoding",
            "Connection: close",
        ] {
            assert!(!head.contains(field), "{field}: {head}");
        }
    }
}

#[test]
fn field_values_are_tokens_in_any_case() {
    let server = course();
    let mut client = server.connect();
    // As Firefox sends them.
    let fields = format!(
        "upgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\nsec-websocket-version: 13\r\n{KEY}"
    );
    client.send(get("/websocket/echo", &fields));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
}

#[test]
fn a_handshake_without_a_right_key_is_400() {
    let server = course();
    for path in PATHS {
        for key in [
            "",
            "Sec-WebSocket-Key: \r\n",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
            "Sec-WebSocket-Key: not base64 at all !!!!!!\r\n",
        ] {
            let asked = upgrade(path, "").replace(KEY, key);
            assert_eq!(server.ask(&asked).status, 400, "{path} {key:?}");
        }
    }
}

#[test]
fn a_key_may_have_bits_that_mean_nothing_at_its_end() {
    let server = course();
    // RFC 6455, section 4.1.
    let asked = upgrade("/websocket/echo", "")
        .replace("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==");
    let mut client = server.connect();
    client.send(asked);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
}

#[test]
fn another_version_is_426_and_told_the_right_one() {
    let server = course();
    for path in PATHS {
        for version in [
            "",
            "Sec-WebSocket-Version: 8\r\n",
            "Sec-WebSocket-Version: 14\r\n",
        ] {
            let asked = upgrade(path, "").replace("Sec-WebSocket-Version: 13\r\n", version);
            let answer = server.ask(&asked);
            assert_eq!(answer.status, 426, "{path} {version:?}");
            assert_eq!(answer.header("Sec-WebSocket-Version"), Some("13"));
        }
    }
}

#[test]
fn what_is_no_upgrade_is_refused() {
    let server = course();
    let status = |request: &str| server.ask(request).status;
    for path in PATHS {
        let right = upgrade(path, "");
        assert_eq!(status(&right.replace("Upgrade: websocket\r\n", "")), 426);
        assert_eq!(status(&right.replace("websocket\r\n", "h2c\r\n")), 426);
        assert_eq!(status(&right.replace("Connection: Upgrade\r\n", "")), 400);
        assert_eq!(status(&right.replace("HTTP/1.1", "HTTP/1.0")), 400);
        let post = right.replacen("GET", "POST", 1);
        assert_eq!(
            status(&post.replace("Host:", "Content-Length: 0\r\nHost:")),
            405
        );
    }
    let socket = |query: &str| upgrade(&format!("/websocket/socket?{query}"), "");
    assert_eq!(status(&socket("topic=nothing")), 404);
    assert_eq!(status(&socket("after=nonsense")), 400);
}

#[test]
fn the_subprotocol_is_chosen_if_it_is_offered() {
    let server = course();
    let chosen = "\r\nSec-WebSocket-Protocol: poll-to-push.v1\r\n";
    for (offered, is_chosen) in [
        ("poll-to-push.v1", true),
        ("other, poll-to-push.v1", true),
        ("other", false),
        ("poll-to-push.v10", false),
        // A name is compared to the letter; a browser refuses one it never offered.
        ("POLL-TO-PUSH.V1", false),
    ] {
        let mut client = server.connect();
        let field = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        client.send(upgrade("/websocket/echo", &field));
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_eq!(head.contains(chosen), is_chosen, "{offered}: {head}");
        assert_eq!(head.contains("Sec-WebSocket-Protocol"), is_chosen, "{head}");
    }
}

fn echo(server: &Server) -> Client {
    socket(server, "/websocket/echo")
}

#[test]
fn text_and_binary_come_back_as_they_are() {
    let server = course();
    let mut client = echo(&server);
    for text in ["", "hello", "é𝄞\u{2028}", "\0"] {
        client.send(masked(0x81, text.as_bytes()));
        assert_eq!(client.frame(), (0x81, text.as_bytes().to_vec()));
    }
    // Around the borders between the three kinds of length.
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000] {
        let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
        client.send(masked(0x82, &bytes));
        assert_eq!(client.frame(), (0x82, bytes));
    }
}

#[test]
fn frames_may_come_with_the_handshake_and_in_any_pieces() {
    let server = course();
    let mut client = server.connect();
    let mut all = upgrade("/websocket/echo", "").into_bytes();
    all.extend(masked(0x81, b"early"));
    all.extend(masked(0x81, b"more"));
    client.send(all);
    client.head();
    assert_eq!(client.frame(), (0x81, b"early".to_vec()));
    assert_eq!(client.frame(), (0x81, b"more".to_vec()));
    for byte in masked(0x81, b"byte by byte") {
        client.send([byte]);
    }
    assert_eq!(client.frame(), (0x81, b"byte by byte".to_vec()));
}

#[test]
fn fragments_are_one_message() {
    let server = course();
    let mut client = echo(&server);
    // A character in two fragments, an empty one, and a ping between them.
    client.send(masked(0x01, b"caf\xc3"));
    client.send(masked(0x00, b""));
    client.send(masked(0x89, b"between"));
    assert_eq!(client.frame(), (0x8a, b"between".to_vec()));
    client.send(masked(0x80, b"\xa9"));
    assert_eq!(client.frame(), (0x81, "café".as_bytes().to_vec()));
    client.send(masked(0x02, b"\xff"));
    client.send(masked(0x80, b"\xfe"));
    assert_eq!(client.frame(), (0x82, b"\xff\xfe".to_vec()));
}

#[test]
fn a_message_of_16_mib_comes_back_in_one_frame_or_in_any_number() {
    let server = course();
    let mut client = echo(&server);
    let bytes = vec![b'x'; 16 * 1024 * 1024];
    client.send(masked(0x82, &bytes));
    let (first, back) = client.frame();
    assert!(
        first == 0x82 && back == bytes,
        "{first:x}, {} bytes",
        back.len()
    );
    let mut pieces = bytes.chunks(10_000).peekable();
    let mut opcode = 0x01;
    while let Some(piece) = pieces.next() {
        let last = if pieces.peek().is_none() { 0x80 } else { 0 };
        client.send(masked(last | opcode, piece));
        opcode = 0;
    }
    let (first, back) = client.frame();
    assert!(
        first == 0x81 && back == bytes,
        "{first:x}, {} bytes",
        back.len()
    );
}

#[test]
fn a_ping_gets_a_pong_with_its_bytes() {
    let server = course();
    for path in ["/websocket/echo", "/websocket/socket"] {
        let mut client = socket(&server, path);
        // A pong that nobody asked for is nothing.
        client.send(masked(0x8a, b"unasked"));
        for payload in [&b""[..], b"ping", &[0xff; 125]] {
            client.send(masked(0x89, payload));
            assert_eq!(client.frame(), (0x8a, payload.to_vec()), "{path}");
        }
    }
}
