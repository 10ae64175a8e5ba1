//! Paths, methods and parameters, on both servers.

use crate::both;
use crate::common::{Server, course, eventually, get, lesson};
use std::time::{Duration, Instant};

#[test]
fn what_is_not_there_is_404() {
    for (name, server) in &both() {
        for path in ["/nothing", "/healthz/", "/publish/x", "/9-machines/", "/1-"] {
            let answer = server.ask(&get(path, ""));
            assert_eq!(answer.status, 404, "{name}: {path}");
            assert!(!answer.error().is_empty(), "{name}: {path}");
        }
    }
}

#[test]
fn a_wrong_method_is_405_and_told_the_right_ones() {
    for (name, server) in &both() {
        for (method, path, allow) in [
            ("GET", "/publish", "POST"),
            ("HEAD", "/publish", "POST"),
            ("POST", "/healthz", "GET, HEAD"),
            ("DELETE", "/short-polling/messages", "GET, HEAD"),
            ("PUT", "/short-polling/sign-in", "POST, GET, HEAD"),
            ("POST", "/1-short-polling/", "GET, HEAD"),
            ("OPTIONS", "/healthz", "GET, HEAD"),
            ("BREW", "/healthz", "GET, HEAD"),
        ] {
            let mut client = server.connect();
            client.send(format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            ));
            let head = client.head();
            assert!(
                head.starts_with("HTTP/1.1 405 "),
                "{name}: {method} {path} {head}"
            );
            let allow = format!("\r\nAllow: {allow}\r\n");
            assert!(head.contains(&allow), "{name}: {method} {path} {head}");
        }
    }
}

#[test]
fn a_get_without_upgrade_on_a_web_socket_is_426() {
    let server = course();
    for path in [
        "/websocket/socket",
        "/websocket/echo",
        "/websocket/handshake",
    ] {
        let answer = server.ask(&get(path, ""));
        assert_eq!(answer.status, 426, "{path}");
        assert_eq!(answer.header("Upgrade"), Some("websocket"), "{path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    for (name, server) in &both() {
        for path in [
            "/1-short-polling/",
            "/style.css",
            "/short-polling/messages",
            "/nothing",
        ] {
            let whole = server.ask(&get(path, ""));
            let mut client = server.connect();
            let head = get(path, "Connection: close\r\n").replacen("GET", "HEAD", 1);
            client.send(head);
            let head = client.head();
            let line = format!("HTTP/1.1 {} ", whole.status);
            assert!(head.starts_with(&line), "{name}: {path} {head}");
            let length = format!("\r\nContent-Length: {}\r\n", whole.body.len());
            assert!(head.contains(&length), "{name}: {path} {head}");
            assert_eq!(client.rest(), b"", "{name}: {path}");
        }
    }
}

#[test]
fn head_on_a_stream_answers_at_once_and_subscribes_to_nothing() {
    let server = course();
    server.publish("chat", &"a message".into());
    for path in [
        "/comet/stream?after=0",
        "/comet/nine",
        "/iframe-push/stream?after=0",
        "/sse/stream?after=0",
        "/sse/clock",
    ] {
        let mut whole = server.get(path);
        let mut client = server.connect();
        client.send(get(path, "").replacen("GET", "HEAD", 1));
        let (head, whole_head) = (client.head(), whole.head());
        let fields = |head: &str| -> Vec<String> {
            let lines = head.lines().filter(|line| !line.starts_with("Date:"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(fields(&head), fields(&whole_head), "{path}");
        drop(whole);
        // This one is still open; if it had a place in a topic, it would show.
        eventually("no subscriber", || {
            let topics = &server.health()["topics"];
            topics["chat"]["subscribers"] == 0 && topics["clock"]["subscribers"] == 0
        });
        assert_eq!(client.rest(), b"", "{path}");
    }
}

#[test]
fn head_on_a_long_poll_does_not_wait() {
    for server in [course(), lesson(2)] {
        let start = Instant::now();
        let mut client = server.connect();
        let target = "/long-polling/messages?wait=60";
        client.send(get(target, "").replacen("GET", "HEAD", 1));
        assert!(client.head().starts_with("HTTP/1.1 204 "));
        assert!(start.elapsed() < Duration::from_secs(15));
    }
}

#[test]
fn no_path_climbs_out_of_the_pages() {
    for (name, server) in &both() {
        assert_eq!(server.ask(&get("/style.css", "")).status, 200, "{name}");
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/%2E%2e%2fCargo.toml",
            "/..%2fCargo.toml",
            "/..\\Cargo.toml",
            "/..%5cCargo.toml",
            "/%5c..%5cCargo.toml",
            "/1-short-polling/../../Cargo.toml",
            "/1-short-polling/%2e%2e/%2e%2e/Cargo.toml",
            "/1-short-polling/..%2f..%2fCargo.toml",
            "/1-short-polling/../style.css",
            "/./style.css",
            "/....//Cargo.toml",
            "/%252e%252e/Cargo.toml",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/%2fetc%2fpasswd",
            "/1-short-polling//etc/passwd",
            "/style.css%00",
            "/style.css%00.png",
            "/%00",
            "/C:/Windows/win.ini",
            "/c:%5cwindows%5cwin.ini",
            "/file:///etc/passwd",
        ] {
            let answer = server.ask(&get(path, ""));
            assert_eq!(answer.status, 404, "{name}: {path}");
        }
        // Bytes that are no UTF-8; the first is an overlong dot.
        for path in ["/%c0%ae%c0%ae/Cargo.toml", "/%ff"] {
            assert_eq!(server.ask(&get(path, "")).status, 400, "{name}: {path}");
        }
    }
}

/// Every path that takes a topic and a cursor, on this server, with its fields.
fn readers(name: &str) -> Vec<String> {
    let polls = ["/short-polling/messages?"];
    let more = [
        "/long-polling/messages?wait=0&",
        "/comet/stream?",
        "/iframe-push/stream?",
        "/sse/stream?",
    ];
    let more = more.iter().filter(|_| name == "ours");
    polls
        .iter()
        .chain(more)
        .map(|path| (*path).to_owned())
        .collect()
}

#[test]
fn an_unknown_topic_is_404() {
    for (name, server) in &both() {
        for path in readers(name) {
            for topic in ["nothing", "", "Chat", "chat%20"] {
                let answer = server.ask(&get(&format!("{path}topic={topic}"), ""));
                assert_eq!(answer.status, 404, "{name}: {path} {topic}");
            }
        }
    }
}

#[test]
fn an_after_of_nonsense_is_400() {
    for (name, server) in &both() {
        for path in readers(name) {
            for after in [
                "nonsense",
                "",
                "1",
                "00",
                "-1",
                "a-",
                "-",
                "a-01",
                "A-1",
                "a-1-2",
                "a-%2B1",
                "a-18446744073709551616",
                "abcdefghijklmnopq-1",
                "%FF",
                "a-1%00",
                "0%20",
            ] {
                let answer = server.ask(&get(&format!("{path}after={after}"), ""));
                assert_eq!(answer.status, 400, "{name}: {path} {after:?}");
                assert!(answer.error().contains("after"), "{answer:?}");
            }
        }
    }
}

fn wait(server: &Server, path: &str, wait: &str) -> (u16, String) {
    let target = format!("/long-polling/{path}after=0&wait={wait}");
    let answer = server.ask(&get(&target, ""));
    (answer.status, answer.text().to_owned())
}

#[test]
fn a_wait_out_of_range_is_400() {
    for server in [course(), lesson(2)] {
        // Something to read, so that a wait that is taken does not wait.
        server.publish("chat", &1.into());
        for wrong in [
            "61",
            "-1",
            "",
            "x",
            "1.5",
            "%2B5",
            "99999999999999999999",
            "1%20",
        ] {
            assert_eq!(wait(&server, "messages?", wrong).0, 400, "{wrong:?}");
            // Errors here are told to the page, which cannot see a status.
            for path in ["jsonp?callback=news&", "iframe?"] {
                let (status, text) = wait(&server, path, wrong);
                assert_eq!(status, 200, "{path} {wrong:?}");
                assert!(
                    text.contains("{\"error\":\"wait"),
                    "{path} {wrong:?} {text}"
                );
            }
        }
        for right in ["0", "1", "60"] {
            assert_eq!(wait(&server, "messages?", right).0, 200, "{right}");
        }
    }
}
