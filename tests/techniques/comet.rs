//! Comet: chunks, one a message.

use crate::common::{Client, Server, course, course_with, get, post};
use crate::{ATTACKS, between, parse, quick, subscribed};
use std::time::{Duration, Instant};

fn stream(server: &Server, query: &str) -> Client {
    let mut client = server.get(&format!("/comet/stream?{query}"));
    client.head();
    client
}

#[test]
fn the_head_says_that_the_answer_goes_on() {
    let server = course();
    for path in ["/comet/stream", "/comet/nine"] {
        let mut client = server.get(path);
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for field in [
            "Content-Type: application/x-ndjson",
            "Transfer-Encoding: chunked",
            "Cache-Control: no-store",
            "X-Accel-Buffering: no",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ] {
            assert!(
                head.contains(&format!("\r\n{field}\r\n")),
                "{field}: {head}"
            );
        }
        assert!(!head.contains("Content-Length"), "{head}");
    }
}

#[test]
fn each_message_is_a_chunk_of_its_own_replayed_or_live() {
    let server = course();
    for attack in ATTACKS {
        server.publish("chat", &attack.into());
    }
    let mut client = stream(&server, "after=0");
    subscribed(&server, "chat", 1);
    for attack in ATTACKS {
        server.publish("chat", &attack.into());
    }
    for attack in ATTACKS.iter().chain(&ATTACKS) {
        let line = client.text_chunk().expect("goes on");
        let json = between(&line, "", "\n");
        assert!(!json.contains(['\n', '\r']), "one line: {json:?}");
        assert_eq!(parse(json)["data"], *attack);
    }
}

#[test]
fn a_message_is_the_same_line_however_it_came() {
    let server = course();
    let mut live = stream(&server, "");
    subscribed(&server, "chat", 1);
    server.ask(&post(
        "/publish",
        "",
        "{\"data\":{\"a\":[1]},\"event\":\"price\"}",
    ));
    let live = live.text_chunk().expect("goes on");
    let replayed = stream(&server, "after=0").text_chunk();
    assert_eq!(replayed.as_deref(), Some(&*live));
    let polled = server.ask(&get("/short-polling/messages?after=0", ""));
    assert!(polled.text().contains(live.trim_end()), "{live}");
    assert!(
        live.contains("\"event\":\"price\",\"data\":{\"a\":[1]},"),
        "{live}"
    );
}

#[test]
fn the_heartbeat_is_an_empty_line() {
    let server = course_with(&quick());
    let mut client = stream(&server, "");
    for _ in 0..3 {
        assert_eq!(client.text_chunk().as_deref(), Some("\n"));
    }
}

#[test]
fn a_gap_is_a_line_before_what_is_left() {
    let server = course();
    server.publish("chat", &1.into());
    let mut client = stream(&server, "after=other-1");
    assert_eq!(client.text_chunk().as_deref(), Some("{\"gap\": true}\n"));
    let next = client.text_chunk().expect("goes on");
    assert!(next.contains("\"data\":1,"), "{next}");
}

#[test]
fn the_head_says_where_the_stream_begins() {
    let server = course();
    let last = server.publish("chat", &1.into());
    let start = format!("{}0", last.trim_end_matches(|c: char| c.is_ascii_digit()));
    for (query, place) in [
        ("", &*last),
        ("?after=0", &start),
        // A cursor of another life: the place is in this one.
        ("?after=other-1", &start),
    ] {
        let mut client = server.get(&format!("/comet/stream{query}"));
        let head = client.head();
        assert!(
            head.contains(&format!("\r\nLast-Event-ID: {place}\r\n")),
            "{head}"
        );
    }
}

#[test]
fn what_the_client_sends_on_a_stream_is_dropped() {
    let server = course();
    let mut client = stream(&server, "");
    subscribed(&server, "chat", 1);
    client.send(get("/healthz", ""));
    client.send("x".repeat(100_000));
    server.publish("chat", &1.into());
    let line = client.text_chunk().expect("goes on");
    assert!(line.contains("\"data\":1,"), "{line}");
}

#[test]
fn nine_messages_come_one_a_second_and_then_the_end() {
    let server = course();
    let start = Instant::now();
    let mut client = server.get("/comet/nine");
    client.head();
    for n in 1..=9 {
        let line = client.text_chunk().expect("nine lines");
        let message = parse(between(&line, "", "\n"));
        assert_eq!((&message["n"], &message["of"]), (&n.into(), &9.into()));
        let due = Duration::from_secs(n - 1);
        let took = start.elapsed();
        assert!(took >= due, "{n} came after {took:?}");
        assert!(
            took < due + Duration::from_secs(5),
            "{n} came after {took:?}"
        );
    }
    assert_eq!(client.chunk(), None);
    assert_eq!(client.rest(), b"");
}

#[test]
fn one_line_comes_in_two_chunks_cut_inside_a_letter() {
    let server = course();
    let start = Instant::now();
    let mut client = server.get("/comet/split");
    client.head();
    let (first, second) = (client.chunk(), client.chunk());
    assert!(start.elapsed() >= Duration::from_millis(900));
    let (first, second) = (first.expect("goes on"), second.expect("goes on"));
    assert!(std::str::from_utf8(&first).is_err(), "{first:?}");
    let line = String::from_utf8([first, second].concat()).expect("UTF-8");
    let message = parse(between(&line, "", "\n"));
    assert_eq!(message["text"], "one line, two chunks: grüße");
    assert_eq!(client.chunk(), None);
}

#[test]
fn the_wrong_servers_are_wrong_in_one_thing() {
    let server = course();
    let path = |name: &str| format!("/mistakes/comet/{name}");
    let head = |name: &str| {
        let mut client = server.get(&path(name));
        client.head()
    };
    assert!(!head("guessed-type").contains("nosniff"));
    assert!(head("said-type").contains("\r\nX-Content-Type-Options: nosniff\r\n"));
    for (name, chunks) in [("no-flush", 1), ("flush", 5), ("close-together", 5)] {
        let mut client = server.get(&path(name));
        client.head();
        let mut lines = String::new();
        for _ in 0..chunks {
            lines += &client.text_chunk().expect("goes on");
        }
        assert_eq!(lines.lines().count(), 5, "{name}: {lines}");
        assert_eq!(client.chunk(), None, "{name}");
    }
    let wrong = server.ask(&get(&path("cache-controller"), ""));
    assert_eq!(wrong.header("Cache-controller"), Some("no-cache"));
    assert_eq!(wrong.header("Cache-Control"), None);
}
