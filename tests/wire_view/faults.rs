//! Faults that a browser asks for: what is wrong with its connections, and with no others.

use super::{Looker, cookie};
use crate::common::{Client, Server, course, course_with, eventually, get, options, post};
use poll_to_push::options::Options;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn stream(server: &Server, cookie: &str) -> Client {
    let mut client = server.connect();
    client.send(get("/comet/stream", cookie));
    client.head();
    client
}

/// A connection of the browser that is known: it has had an answer.
fn known(server: &Server, cookie: &str) -> Client {
    let mut client = server.connect();
    client.send(get("/healthz", cookie));
    assert_eq!(client.answer().status, 200);
    client
}

/// One of the browser with this cookie, and one of another.
fn two_streams(server: &Server, cookie: &str) -> (Client, Client) {
    let both = (stream(server, cookie), stream(server, ""));
    eventually("both follow", || {
        server.health()["topics"]["chat"]["subscribers"] == 2
    });
    both
}

#[test]
fn a_proxy_that_gathers_holds_back_one_browsers_bytes_and_then_passes_all() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let (mut own, mut other) = two_streams(&server, &cookie);
    let began = Instant::now();
    assert_eq!(looker.say("gather")["fault"], "gather");
    for n in 0..3 {
        server.publish("chat", &n.into());
        assert!(
            other
                .text_chunk()
                .expect("a chunk")
                .contains(&format!("\"data\":{n},"))
        );
    }
    let others = began.elapsed();
    for n in 0..3 {
        assert!(
            own.text_chunk()
                .expect("a chunk")
                .contains(&format!("\"data\":{n},"))
        );
    }
    assert!(others < Duration::from_secs(4), "{others:?}");
    assert!(
        began.elapsed() >= Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_slow_reader_takes_a_little_at_a_time_until_it_is_calm() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let (mut own, mut other) = two_streams(&server, &cookie);
    assert_eq!(looker.say("slow reader")["fault"], "slow reader");
    let began = Instant::now();
    server.publish("chat", &"x".repeat(1_000).into());
    other.text_chunk();
    let others = began.elapsed();
    own.text_chunk();
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(others < took, "{others:?} {took:?}");
    // What would take a minute comes at once when it is over.
    server.publish("chat", &"x".repeat(60_000).into());
    assert_eq!(looker.say("calm")["fault"], Value::Null);
    own.text_chunk();
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_a_stalled_browser_sends_is_taken_when_it_is_calm() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let mut own = known(&server, &cookie);
    assert_eq!(looker.say("stall")["fault"], "stall");
    own.send(post("/publish", &cookie, "{\"data\":\"late\"}"));
    // Another browser is served meanwhile.
    let asked = post("/publish", "", "{\"data\":\"soon\"}");
    assert_eq!(server.ask(&asked).status, 200);
    let messages = || {
        let read = server
            .ask(&get("/short-polling/messages?after=0", ""))
            .json();
        read["messages"].as_array().expect("messages").len()
    };
    assert_eq!(messages(), 1);
    assert_eq!(looker.say("calm")["fault"], Value::Null);
    assert_eq!(own.answer().status, 200);
    assert_eq!(messages(), 2);
}

#[test]
fn a_fault_ends_with_the_view_that_asked_for_it_and_a_wrong_word_is_told() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let mut own = known(&server, &cookie);
    let words = looker.say("break everything");
    assert!(
        words["error"]
            .as_str()
            .is_some_and(|why| why.contains("gather")),
        "{words}"
    );
    looker.say("stall");
    own.send(get("/healthz", &cookie));
    drop(looker);
    assert_eq!(own.answer().status, 200);
}

/// Behind a proxy the browser may be anywhere.
#[test]
fn a_fault_is_for_a_browser_on_this_machine_or_where_it_is_allowed() {
    for allow_faults in [false, true] {
        let server = course_with(&Options {
            allow_faults,
            ..options()
        });
        let far = format!("{}X-Forwarded-Proto: http\r\n", cookie(&server));
        let mut looker = Looker::start(&server, &far);
        for (word, told, done) in [
            ("stall", "fault", json!("stall")),
            ("restart", "restarted", json!(true)),
        ] {
            let answer = looker.say(word);
            assert_eq!(answer[told] == done, allow_faults, "{answer}");
            let why = answer["error"].as_str().unwrap_or("");
            assert_eq!(why.contains("--allow-faults"), !allow_faults, "{answer}");
        }
    }
}
