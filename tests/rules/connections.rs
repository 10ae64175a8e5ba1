//! How many connections, and what a fault costs.

use crate::common::{Server, course, course_with, eventually, get, options};
use crate::last_answer;
use poll_to_push::course::LESSONS;
use poll_to_push::feed::IDENTITY;
use poll_to_push::http::{Access, Response, Route};
use poll_to_push::options::Options;

#[test]
fn past_the_maximum_a_connection_gets_503_with_retry_after() {
    let server = course_with(&Options {
        max_connections: 3,
        ..options()
    });
    // Those that are served, held ones among them.
    let mut asking = server.get("/healthz");
    assert_eq!(asking.answer().json()["connections"], 1);
    let mut stream = server.get("/comet/stream");
    assert!(stream.head().contains("200 OK"));
    let mut idle = server.get("/healthz");
    assert_eq!(idle.answer().json()["connections"], 3);
    for _ in 0..3 {
        let mut refused = server.get("/healthz");
        let answer = last_answer(&mut refused);
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("Retry-After"), Some("1"));
        assert!(!answer.error().is_empty());
    }
    asking.send(get("/healthz", ""));
    let health = asking.answer().json();
    assert_eq!(health["connections"], 3);
    assert_eq!(health["ended"]["Overloaded"], 3);
    // A place that is free again is taken.
    drop(stream);
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
