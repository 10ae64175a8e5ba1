//! Parked polls: who answers, and what becomes of a client that does the unexpected.

use crate::common::{Client, Server, course, eventually, get, options};
use crate::subscribed;
use poll_to_push::course::LESSONS;
use poll_to_push::http::{Access, Response, Route};
use poll_to_push::options::Options;
use poll_to_push::origin::Origin;
use serde_json::{Value, json};
use socket2::SockRef;
use std::net::Shutdown;
use std::sync::Barrier;
use std::thread::scope;
use std::time::{Duration, Instant};

fn park(server: &Server, after: &str) -> Client {
    server.get(&format!("/long-polling/parked?after={after}&wait=60"))
}

/// A poll that is parked behind the newest message, and that message's id.
fn parked(server: &Server) -> (Client, String) {
    let before = chat(server).subscribers();
    let last = chat(server).last_id().to_string();
    let client = park(server, &last);
    subscribed(server, "chat", before + 1);
    (client, last)
}

fn chat(server: &Server) -> &poll_to_push::bus::Topic {
    server.running().app().bus.topic("chat").expect("chat")
}

/// Nothing is held any more.
fn all_given_back(server: &Server) {
    eventually("all is given back", || {
        server.running().app().connections.held() == 0 && chat(server).subscribers() == 0
    });
}

#[test]
fn a_request_before_the_answer_waits_its_turn() {
    let server = course();
    let (mut client, _) = parked(&server);
    client.send(get("/long-polling/parked?after=0&wait=60", ""));
    client.send(get("/short-polling/messages?after=0", ""));
    let id = server.publish("chat", &"news".into());
    for _ in 0..3 {
        assert_eq!(client.answer().json()["last_id"], *id);
    }
    all_given_back(&server);
}

#[test]
fn a_connection_goes_on_after_its_answer() {
    let server = course();
    let (mut client, _) = parked(&server);
    server.publish("chat", &1.into());
    assert_eq!(client.answer().status, 200);
    client.send(get("/healthz", ""));
    assert_eq!(client.answer().status, 200);
}

/// Where the thread can go back to `read`.
#[cfg(all(target_os = "linux", not(feature = "always-drain")))]
#[test]
fn a_closed_tab_is_seen_at_once() {
    let server = course();
    let (client, _) = parked(&server);
    drop(client);
    all_given_back(&server);
    eventually("the connection ended", || server.ended("ClientClosed") > 0);
}

/// Where the thread can go back to `read`.
#[cfg(all(target_os = "linux", not(feature = "always-drain")))]
#[test]
fn who_only_closed_the_sending_side_is_answered_without_news_and_at_once() {
    let server = course();
    let (mut client, last) = parked(&server);
    client.stream().shutdown(Shutdown::Write).expect("shut");
    let answer = client.answer();
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("Last-Event-ID"), Some(&*last));
    assert_eq!(client.rest(), b"");
    all_given_back(&server);
}

/// Half-closes and resets in the moment in which the answer is written: a whole answer or
/// none, and nothing stays behind.
#[test]
fn a_client_that_ends_while_it_is_answered_harms_nobody() {
    let server = course();
    for round in 0..150 {
        let (mut client, _) = parked(&server);
        let (mut other, _) = parked(&server);
        let together = Barrier::new(2);
        scope(|scope| {
            scope.spawn(|| {
                together.wait();
                server.publish("chat", &round.into());
            });
            together.wait();
            if round % 2 == 0 {
                client.stream().shutdown(Shutdown::Write).expect("shut");
                let answer = client.answer();
                assert!(matches!(answer.status, 200 | 204), "{answer:?}");
                assert_eq!(client.rest(), b"");
            } else {
                let socket = SockRef::from(client.stream());
                socket.set_linger(Some(Duration::ZERO)).expect("set");
                drop(client);
            }
        });
        assert_eq!(other.answer().json()["messages"][0]["data"], round);
        all_given_back(&server);
    }
}

/// A poll whose time runs out as its news comes gets the one or the other, and with its
/// cursor loses nothing.
#[test]
fn time_and_news_in_one_instant_give_one_answer() {
    let server = course();
    scope(|scope| {
        for _ in 0..40 {
            let server = &server;
            scope.spawn(move || {
                let mut connection = server.connect();
                let mut cursor = "0".to_owned();
                let mut seen: Vec<Value> = Vec::new();
                while seen.last() != Some(&json!("end")) {
                    connection.send(get(
                        &format!("/long-polling/parked?after={cursor}&wait=1"),
                        "",
                    ));
                    let answer = connection.answer();
                    if answer.status == 200 {
                        let told = answer.json();
                        for message in told["messages"].as_array().expect("messages") {
                            seen.push(message["data"].clone());
                        }
                    }
                    cursor = answer.header("Last-Event-ID").expect("a cursor").to_owned();
                }
                let expected: Vec<Value> = (0..4).map(Value::from).chain([json!("end")]).collect();
                assert_eq!(seen, expected);
            });
        }
        for n in 0..4 {
            // One of them publishes when its own time has run out.
            let last = chat(&server).last_id();
            let target = format!("/long-polling/parked?after={last}&wait=1");
            assert_eq!(server.ask(&get(&target, "")).status, 204);
            server.publish("chat", &n.into());
        }
        server.publish("chat", &"end".into());
    });
    all_given_back(&server);
}

#[test]
fn head_waits_for_nothing_and_has_no_body() {
    let server = course();
    server.publish("chat", &1.into());
    let mut client = server.connect();
    for (after, status) in [("0", "200"), ("", "204")] {
        let target = format!("/long-polling/parked?wait=60&after={after}");
        let target = target.trim_end_matches("&after=");
        client.send(format!("HEAD {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let head = client.head();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    client.send(get("/healthz", ""));
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_last_request_is_answered_and_closed() {
    let server = course();
    for (version, field) in [("1.0", ""), ("1.1", "Connection: close\r\n")] {
        let last = chat(&server).last_id();
        let mut client = server.connect();
        client.send(format!(
            "GET /long-polling/parked?after={last}&wait=60 HTTP/{version}\r\nHost: localhost\r\n{field}\r\n"
        ));
        subscribed(&server, "chat", 1);
        server.publish("chat", &1.into());
        let answer = client.answer();
        assert_eq!(answer.header("Connection"), Some("close"));
        assert_eq!(answer.json()["messages"][0]["data"], 1);
        assert_eq!(client.rest(), b"");
    }
}

/// The bytes are shared by all, but for those who need fields of their own.
#[test]
fn a_page_of_another_origin_gets_its_fields_and_nobody_else_does() {
    let options = Options {
        allow_origin: vec![Origin::parse("https://elsewhere.example").expect("an origin")],
        ..options()
    };
    let server = crate::common::course_with(&options);
    let mut foreign = server.connect();
    foreign.send(get(
        "/long-polling/parked?wait=60",
        "Origin: https://elsewhere.example\r\n",
    ));
    subscribed(&server, "chat", 1);
    let (mut own, _) = parked(&server);
    server.publish("chat", &1.into());
    let field = "Access-Control-Allow-Origin";
    assert_eq!(
        foreign.answer().header(field),
        Some("https://elsewhere.example")
    );
    assert_eq!(own.answer().header(field), None);
}

#[test]
fn news_that_comes_together_is_one_answer_in_order() {
    let server = course();
    let (mut client, _) = parked(&server);
    scope(|scope| {
        for n in 0..50 {
            let server = &server;
            scope.spawn(move || server.publish("chat", &n.into()));
        }
    });
    let mut numbers = Vec::new();
    while numbers.len() < 50 {
        let told = client.answer().json();
        for message in told["messages"].as_array().expect("messages") {
            numbers.push(message["data"].as_u64().expect("a number"));
        }
        let cursor = told["last_id"].as_str().expect("an id");
        client.send(get(
            &format!("/long-polling/parked?after={cursor}&wait=60"),
            "",
        ));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

/// Fifty who read nothing have an answer each that fills their sockets; the others do not
/// wait for them.
#[test]
fn who_reads_nothing_slows_nobody() {
    let server = course();
    let request = get("/long-polling/parked?wait=60", "");
    let deaf: Vec<Client> = (0..50)
        .map(|_| {
            let mut client = Client::connect_small(server.address);
            client.send(&request);
            client
        })
        .collect();
    let mut readers: Vec<Client> = (0..450)
        .map(|_| server.get("/long-polling/parked?wait=60"))
        .collect();
    subscribed(&server, "chat", 500);
    let began = Instant::now();
    server.publish("chat", &"x".repeat(1_000_000).into());
    for client in &mut readers {
        assert_eq!(client.answer().status, 200);
    }
    // Well before anybody is given up on.
    assert!(began.elapsed() < Duration::from_secs(9));
    eventually("the others were given up on", || {
        server.ended("WriteTimedOut") == 50
    });
    drop(deaf);
    all_given_back(&server);
}

#[test]
fn the_end_of_the_server_answers_two_thousand() {
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let mut server = course();
    let mut clients: Vec<Client> = (0..2_000)
        .map(|_| server.get("/long-polling/parked?wait=60"))
        .collect();
    let bus = chat(&server).last_id().to_string();
    eventually("all are parked", || chat(&server).subscribers() == 2_000);
    scope(|scope| {
        scope.spawn(|| server.stop());
        for client in &mut clients {
            let answer = client.answer();
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("Last-Event-ID"), Some(&*bus));
            assert_eq!(answer.header("Connection"), Some("close"));
            client.stream().shutdown(Shutdown::Both).expect("shut");
        }
    });
}

/// Whoever had the response let it go: nobody else could give it.
#[test]
fn a_response_that_nobody_has_any_more_ends_its_connection() {
    let until = || Instant::now() + Duration::from_secs(60);
    let dropped = Route::get("/dropped", Access::AnyOrigin, move |_| {
        Ok(Response::parked(until(), |pending| {
            drop(pending);
            Box::new(|| ())
        }))
    });
    let server = Server::start(LESSONS, &options(), vec![dropped]);
    assert_eq!(server.get("/dropped").rest(), b"");
    all_given_back(&server);
}
