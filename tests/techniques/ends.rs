//! How each technique ends when the server goes down.

use crate::common::{Answer, Client, Server, course, get, lesson, masked};
use crate::{socket, subscribed};
use std::thread::scope;

/// Stops `server` while `client` looks on.
fn while_it_stops(mut server: Server, look: impl FnOnce() + Send) {
    scope(|scope| {
        let looking = scope.spawn(look);
        server.stop();
        looking.join().expect("seen");
    });
}

/// Reads chunks up to the last one, and then the end.
fn ends_with_a_last_chunk(mut client: Client) {
    while client.chunk().is_some() {}
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_stream_ends_with_its_last_chunk() {
    for path in ["/comet/stream", "/iframe-push/stream", "/sse/stream"] {
        let server = course();
        let mut client = server.get(path);
        client.head();
        subscribed(&server, "chat", 1);
        while_it_stops(server, || ends_with_a_last_chunk(client));
    }
    for path in ["/comet/nine", "/sse/clock"] {
        let server = course();
        let mut client = server.get(path);
        client.head();
        client.chunk();
        while_it_stops(server, || ends_with_a_last_chunk(client));
    }
}

#[test]
fn to_an_http_1_0_client_a_stream_ends_with_the_connection() {
    for (path, start) in [
        ("/comet/stream", ""),
        (
            "/iframe-push/stream",
            "<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n",
        ),
        ("/sse/stream", ""),
    ] {
        let server = course();
        let mut client = server.connect();
        client.send(format!("GET {path}?after=0 HTTP/1.0\r\n\r\n"));
        client.head();
        subscribed(&server, "chat", 1);
        while_it_stops(server, || {
            assert_eq!(client.rest(), start.as_bytes());
        });
    }
}

#[test]
fn what_was_published_comes_before_the_end() {
    let server = course();
    let mut client = server.get("/comet/stream");
    client.head();
    subscribed(&server, "chat", 1);
    for n in 0..500 {
        server.publish("chat", &n.into());
    }
    while_it_stops(server, || {
        for n in 0..500 {
            let line = client.text_chunk().expect("a message");
            assert!(line.contains(&format!("\"data\":{n},")), "{line}");
        }
        assert_eq!(client.chunk(), None);
    });
}

#[test]
fn a_web_socket_is_closed_with_1001() {
    for path in [
        "/websocket/socket",
        "/websocket/echo",
        "/websocket/handshake",
    ] {
        let server = course();
        let mut client = socket(&server, path);
        if path.ends_with("handshake") {
            client.frame();
        }
        // It is held by now: a ping is answered.
        client.send(masked(0x89, b""));
        assert_eq!(client.frame(), (0x8a, Vec::new()));
        while_it_stops(server, || {
            let (first, payload) = client.frame();
            assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
            assert_eq!(client.rest(), b"");
        });
    }
}

/// Stops `server` while a poll waits there. `None` when the server stopped before
/// it had read the poll's request, which cannot be seen from outside.
fn poll_while_it_stops(server: Server, target: &str) -> Option<Answer> {
    let mut client = server.arrived(&get(target, ""));
    server.health();
    let mut answer = None;
    while_it_stops(server, || {
        let read = client.stream().peek(&mut [0]);
        answer = (read.expect("an answer or the end") > 0).then(|| client.answer());
    });
    answer
}

#[test]
fn a_waiting_poll_answers_as_if_its_time_ran_out() {
    for start in [course as fn() -> Server, || lesson(2)] {
        let ask = |target| (0..20).find_map(|_| poll_while_it_stops(start(), target));
        let answer = ask("/long-polling/messages?wait=60").expect("an answer");
        assert_eq!(answer.status, 204);
        assert!(answer.header("Last-Event-ID").is_some());
        let page = ask("/long-polling/iframe?wait=60").expect("an answer");
        assert!(page.text().contains("\"messages\":[]"));
    }
}
