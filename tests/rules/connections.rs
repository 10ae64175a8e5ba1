//! How many connections, and what a fault costs.

use crate::common::{Client, Server, course, course_with, eventually, get, options, post, upgrade};
use crate::last_answer;
use poll_to_push::course::LESSONS;
use poll_to_push::feed::IDENTITY;
use poll_to_push::http::threaded_server::KEPT_FREE;
use poll_to_push::http::{Access, Response, Route};
use poll_to_push::options::Options;

#[test]
fn past_the_maximum_nothing_more_is_held_and_all_else_goes_on() {
    let server = course_with(&Options {
        max_connections: 4,
        ..options()
    });
    let mut stream = server.get("/comet/stream");
    assert!(stream.head().contains("200 OK"));
    let mut socket = server.connect();
    socket.send(upgrade("/websocket/socket", ""));
    assert!(socket.head().contains("101 "));
    let _poll = server.get("/long-polling/messages?wait=25");
    let session = server.ask(&get(
        "/engine.io/?EIO=4&transport=polling",
        "Connection: close\r\n",
    ));
    let sid = session.text();
    let sid = sid.split('"').nth(3).expect("a sid");
    let poll_of_session = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
    let mut polling = server.get(&poll_of_session);
    eventually("the house is full", || server.health()["held"] == 4);
    // The connection that was told so goes on.
    let mut asking = server.get("/sse/stream");
    assert_eq!(asking.answer().header("Retry-After"), Some("1"));
    asking.send(get("/healthz", ""));
    assert_eq!(asking.answer().status, 200);
    for (request, status) in [
        (get("/long-polling/messages?wait=25", ""), 503),
        (upgrade("/websocket/socket", ""), 503),
        (get("/5-sse/", ""), 200),
        (get("/healthz", ""), 200),
        (post("/publish", "", "{\"data\":1}"), 200),
        (post(&poll_of_session, "", "4hello"), 200),
    ] {
        let answer = server.ask(&request);
        assert_eq!(answer.status, status, "{request}");
    }
    assert_eq!(polling.answer().text(), "4hello");
    drop(stream);
    eventually("a place is free again", || {
        server.get("/comet/stream").head().contains("200 OK")
    });
}

#[test]
fn past_all_places_a_connection_gets_503_with_retry_after() {
    let server = course_with(&Options {
        max_connections: 3,
        ..options()
    });
    let mut asking: Vec<Client> = (0..3 + KEPT_FREE).map(|_| server.get("/healthz")).collect();
    for client in &mut asking {
        assert_eq!(client.answer().status, 200);
    }
    for _ in 0..3 {
        let mut refused = server.get("/healthz");
        let answer = last_answer(&mut refused);
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("Retry-After"), Some("1"));
        assert!(!answer.error().is_empty());
    }
    let first = &mut asking[0];
    first.send(get("/healthz", ""));
    let health = first.answer().json();
    assert_eq!(health["connections"], 3 + KEPT_FREE);
    assert_eq!(health["ended"]["Overloaded"], 3);
    // A place that is free again is taken.
    asking.pop();
    eventually("a free place", || {
        let mut next = server.get("/healthz");
        next.answer().status == 200
    });
}

/// The course with routes of which each has a fault.
fn faulty(lessons: usize) -> Server {
    let routes = vec![
        Route::get("/panic", Access::AnyOrigin, |_| panic!("on purpose")),
        Route::get("/panic-later", Access::AnyOrigin, |_| {
            let head = Response::stream_head("text/plain");
            Ok(head.streaming(&IDENTITY, |_| panic!("on purpose")))
        }),
    ];
    Server::start(&LESSONS[..lessons], &options(), routes)
}

#[test]
fn a_panic_in_a_handler_is_500_and_costs_one_connection() {
    let server = faulty(LESSONS.len());
    let mut other = server.get("/comet/stream");
    other.head();
    let mut client = server.connect();
    client.send(get("/panic", "") + &get("/healthz", ""));
    assert_eq!(last_answer(&mut client).status, 500);
    server.publish("chat", &"still here".into());
    assert!(other.text_chunk().expect("a line").contains("still here"));
    eventually("counted", || server.ended("Panicked") == 1);
}

#[test]
fn a_panic_in_a_held_connection_costs_that_connection() {
    let server = faulty(LESSONS.len());
    let mut client = server.get("/panic-later");
    client.head();
    assert_eq!(client.rest(), b"");
    eventually("counted", || server.ended("Panicked") == 1);
}

#[test]
fn a_panic_in_a_handler_is_500_on_the_library_too() {
    let server = faulty(1);
    assert_eq!(server.ask(&get("/panic", "")).status, 500);
    assert_eq!(server.ask(&get("/healthz", "")).status, 200);
    // The library cannot hold a connection, and says so.
    assert_eq!(server.ask(&get("/panic-later", "")).status, 500);
}

#[test]
fn every_end_has_its_reason() {
    let server = course();
    drop(server.connect());
    eventually("left", || server.ended("ClientClosed") == 1);
    let finished = server.ended("Finished");
    server.ask(&get("/healthz", "Connection: close\r\n"));
    // The two questions of `ended` count as well.
    eventually("done", || server.ended("Finished") >= finished + 2);
    assert_eq!(server.ask("nonsense\r\n\r\n").status, 400);
    eventually("refused", || server.ended("BadRequest") == 1);
}

#[test]
fn a_line_end_behind_a_request_begins_no_other() {
    let mut server = course();
    let mut client = server.connect();
    client.send(get("/healthz", "") + "\r\n");
    assert_eq!(client.answer().status, 200);
    client.send(get("/healthz", ""));
    assert_eq!(client.answer().status, 200);
    client.send("\r\n");
    // Still idle: a stop cuts it at once and does not wait for a request.
    let begun = std::time::Instant::now();
    server.stop();
    assert!(begun.elapsed() < std::time::Duration::from_secs(4));
    assert_eq!(client.rest(), b"");
}
