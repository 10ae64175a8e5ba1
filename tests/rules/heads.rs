//! Request heads on our own server.

use crate::common::{Server, course, eventually, get, post};
use crate::{both, last_answer, refusal};

/// The status of `head` with `Host` in it, on a connection that then ends.
fn refused(server: &Server, head: impl AsRef<[u8]>) -> u16 {
    refusal(server, head).status
}

#[test]
fn a_request_line_of_a_megabyte_without_an_end_is_431() {
    let server = course();
    let line = format!("GET /{}", "x".repeat(1_000_000));
    assert_eq!(refused(&server, line), 431);
    eventually("counted", || server.ended("HeadTooLarge") == 1);
}

#[test]
fn ten_thousand_fields_are_431() {
    let server = course();
    let fields = "X-Name: y\r\n".repeat(10_000);
    assert_eq!(refused(&server, get("/healthz", &fields)), 431);
}

#[test]
fn a_hundred_fields_are_taken_and_one_more_is_not() {
    let server = course();
    // `Host` is one of them.
    let fields = "X: y\r\n".repeat(99);
    assert_eq!(server.ask(&get("/healthz", &fields)).status, 200);
    let fields = "X: y\r\n".repeat(100);
    assert_eq!(refused(&server, get("/healthz", &fields)), 431);
}

#[test]
fn a_head_of_16_kib_is_taken_and_one_byte_more_is_not() {
    let server = course();
    let around = get("/healthz", "X: \r\n").len();
    let of = |length: usize| {
        get(
            "/healthz",
            &format!("X: {}\r\n", "y".repeat(length - around)),
        )
    };
    let most = of(16 * 1024);
    assert_eq!(most.len(), 16 * 1024);
    assert_eq!(server.ask(&most).status, 200);
    assert_eq!(refused(&server, of(16 * 1024 + 1)), 431);
}

#[test]
fn what_follows_a_head_does_not_count_as_head() {
    let server = course();
    let mut client = server.connect();
    let body = format!("{{\"data\":\"{}\"}}", "x".repeat(100_000));
    client.send(post("/publish", "", &body));
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_head_may_come_in_pieces() {
    let server = course();
    let mut client = server.connect();
    for byte in get("/healthz", "").as_bytes() {
        client.send([*byte]);
    }
    assert_eq!(client.answer().status, 200);
}

#[test]
fn control_bytes_in_a_head_are_400() {
    let server = course();
    for head in [
        &b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"GET /healthz\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x7fb\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x1bb\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\0Y: ab\r\n\r\n",
        b"G\0T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        assert_eq!(refused(&server, head), 400, "{}", head.escape_ascii());
    }
}

#[test]
fn malformed_lines_in_a_head_are_400() {
    let server = course();
    for head in [
        "GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G(T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n: empty name\r\n\r\n",
    ] {
        assert_eq!(refused(&server, head), 400, "{head:?}");
    }
}

#[test]
fn non_ascii_in_a_request_line_is_400_and_in_a_field_value_is_opaque() {
    let server = course();
    for head in [
        &b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz?\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"G\xc3\xa9T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-\xc3\xa9: a\r\n\r\n",
    ] {
        assert_eq!(refused(&server, head), 400, "{}", head.escape_ascii());
    }
    for value in [&b"\xc3\xa9"[..], b"\xe9", b"\xff\xfe"] {
        let mut client = server.connect();
        client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
        client.send(value);
        client.send(b"\r\n\r\n");
        assert_eq!(client.answer().status, 200, "{}", value.escape_ascii());
    }
}

#[test]
fn a_version_that_is_not_spoken_here_is_505() {
    let server = course();
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"] {
        let head = format!("GET /healthz {version}\r\nHost: localhost\r\n\r\n");
        assert_eq!(refused(&server, head), 505, "{version}");
    }
}

#[test]
fn other_protocols_are_told_that_this_is_none_of_theirs() {
    let server = course();
    // The preface of RFC 9113, section 3.4.
    let http_2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(refused(&server, http_2), 505);
    // A request of HTTP/0.9 has no version.
    let status = refused(&server, "GET /\r\n\r\n");
    assert!(matches!(status, 400 | 505), "{status}");
    // The start of a TLS ClientHello: a handshake record of TLS 1.0.
    let mut hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    hello.resize(517, 0xa5);
    assert_eq!(refused(&server, hello), 400);
}

#[test]
fn the_absolute_form_names_the_host_itself() {
    let server = course();
    let asked = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(server.ask(&asked("http://localhost/healthz")).status, 200);
    assert_eq!(refused(&server, asked("http://evil.example/healthz")), 421);
    assert_eq!(refused(&server, asked("http://a@localhost/healthz")), 400);
}

#[test]
fn the_absolute_form_does_not_replace_a_missing_or_second_host() {
    let server = course();
    let asked = |fields: &str| format!("GET http://localhost/healthz HTTP/1.1\r\n{fields}\r\n");
    // RFC 9112, section 3.2: whatever the form of the target.
    let two = "Host: localhost\r\nHost: localhost\r\n";
    for fields in ["", two, "Host: a b\r\n"] {
        assert_eq!(refused(&server, asked(fields)), 400, "{fields:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = course();
    let mut client = server.connect();
    let mut all = String::new();
    for n in 0..20 {
        all += &post("/publish", "", &format!("{{\"data\":{n}}}"));
        all += &get("/nothing", "");
    }
    all += &get("/long-polling/messages?after=0", "Connection: close\r\n");
    client.send(all);
    for n in 0..20 {
        let id = client.answer().json()["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        assert!(id.ends_with(&format!("-{}", n + 1)), "{id}");
        assert_eq!(client.answer().status, 404);
    }
    let last = last_answer(&mut client);
    assert_eq!(last.json()["messages"].as_array().map(Vec::len), Some(20));
}

#[test]
fn a_client_that_half_closed_is_still_answered() {
    let server = course();
    for target in ["/healthz", "/long-polling/messages?wait=1"] {
        let mut client = server.get(target);
        let stream = client.stream();
        stream.shutdown(std::net::Shutdown::Write).expect("half");
        assert!(matches!(client.answer().status, 200 | 204), "{target}");
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn a_client_that_leaves_within_a_head_is_not_answered() {
    let server = course();
    let mut client = server.connect();
    client.send("GET /healthz HTTP/1.1\r\nHo");
    let stream = client.stream();
    stream.shutdown(std::net::Shutdown::Write).expect("half");
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_connection_goes_on_until_one_side_says_close() {
    let server = course();
    let mut client = server.connect();
    for _ in 0..3 {
        client.send(get("/healthz", ""));
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("Connection")), (200, None));
    }
    client.send(get("/healthz", "Connection: Keep-Alive, CLOSE\r\n"));
    assert_eq!(last_answer(&mut client).status, 200);
}

#[test]
fn an_http_1_0_client_needs_no_host_and_gets_one_answer() {
    let server = course();
    let answer = refusal(&server, "GET /healthz HTTP/1.0\r\n\r\n");
    assert_eq!(answer.status, 200);
    let kept = "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(refusal(&server, kept).status, 200);
}

#[test]
fn an_http_1_0_client_gets_its_stream_unchunked() {
    let server = course();
    server.publish("chat", &"hello".into());
    for (path, word) in [
        ("/comet/stream", "{\"id\":"),
        ("/iframe-push/stream", "<!doctype html>"),
        ("/sse/stream", "id: "),
    ] {
        let mut client = server.connect();
        client.send(format!("GET {path}?after=0 HTTP/1.0\r\n\r\n"));
        let head = client.head();
        assert!(!head.contains("Transfer-Encoding"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
        assert!(head.contains("Connection: close"), "{head}");
        assert_eq!(client.bytes(word.len()), word.as_bytes(), "{path}");
    }
}

#[test]
fn letters_beyond_ascii_in_a_field_and_empty_lines_before_a_request_are_taken() {
    for (name, server) in &both() {
        let cookie = "Cookie: name=Gr\u{fc}\u{df}e; b=2\r\n";
        let mut client = server.connect();
        client.send(get("/healthz", cookie));
        assert_eq!(client.answer().status, 200, "{name}");
        client.send("\r\n\r\n".to_owned() + &get("/healthz", ""));
        assert_eq!(client.answer().status, 200, "{name}");
    }
}
