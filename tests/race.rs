//! Lesson 8's own URLs: what the server costs, and the load program at a request.

mod common;

use common::{Answer, Client, Server, course, eventually, get, lesson, post};
use serde_json::{Value, json};

/// A run that is small: 20 subscribers, 10 messages, 100 a second.
fn small() -> Value {
    json!({"technique": "sse", "subscribers": 20, "messages": 10, "payload": 32, "rate": 100})
}

fn asked(body: &Value) -> String {
    post(
        "/race/load",
        "Content-Type: application/json\r\n",
        &body.to_string(),
    )
}

fn with(name: &str, value: Value) -> Value {
    let mut body = small();
    body[name] = value;
    body
}

fn ask(server: &Server, body: &Value) -> Answer {
    server.ask(&asked(body))
}

/// A run that has begun: its head has come.
fn begun(server: &Server, body: &Value) -> Client {
    let mut client = server.connect();
    client.send(asked(body));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        head.contains("Content-Type: application/x-ndjson\r\n"),
        "{head}"
    );
    client
}

/// All lines of a run.
fn lines(client: &mut Client) -> Vec<Value> {
    let mut text = String::new();
    while let Some(chunk) = client.text_chunk() {
        text += &chunk;
    }
    let read = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(read).collect()
}

#[test]
fn a_small_run_tells_how_far_it_is_and_then_reports() {
    for server in [course(), lesson(8)] {
        for technique in [
            "short-polling",
            "long-polling",
            "parked",
            "socket-io-polling",
        ] {
            let lines = lines(&mut begun(&server, &with("technique", json!(technique))));
            let (report, progress) = lines.split_last().expect("lines");
            let report = &report["report"];
            assert_eq!(report["technique"], technique);
            assert_eq!(report["ending"], "complete", "{report}");
            assert_eq!(report["deliveries"], 200, "{report}");
            assert_eq!(
                (&report["lost"], &report["doubled"]),
                (&json!(0), &json!(0))
            );
            assert!(!progress.is_empty());
            for line in progress {
                assert_eq!(
                    (&line["subscribers"], &line["messages"]),
                    (&json!(20), &json!(10))
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_run_is_refused_and_the_reason_said() {
    let server = course();
    for (body, why) in [
        (
            with("technique", json!("pigeon")),
            "must be one of: short-polling",
        ),
        (with("subscribers", json!(0)), "1 at least"),
        (
            with("subscribers", json!(2001)),
            "subscribers must be 2000 at most",
        ),
        (with("messages", json!(501)), "messages must be 500 at most"),
        (
            with("payload", json!(16385)),
            "payload must be 16384 at most",
        ),
        (with("payload", json!(31)), "at least 32 bytes"),
        (with("rate", json!(-1)), "rate must be"),
        (with("more", json!(1)), "unknown field"),
        (json!({"technique": "sse"}), "subscribers"),
        (json!([]), "the body must be"),
    ] {
        let answer = ask(&server, &body);
        assert_eq!(answer.status, 400, "{body}");
        let said = answer.error();
        assert!(said.contains(why), "{body}: {said}");
    }
    // None of them took the turn.
    lines(&mut begun(&server, &small()));
}

#[test]
fn one_run_at_a_time_and_a_page_that_leaves_ends_it() {
    let server = course();
    let long =
        json!({"technique": "sse", "subscribers": 20, "messages": 500, "payload": 32, "rate": 0.1});
    let client = begun(&server, &long);
    let answer = ask(&server, &small());
    assert_eq!(answer.status, 409);
    assert!(answer.error().contains("a run is going on"));
    drop(client);
    eventually("the turn is free", || ask_begins(&server));
    eventually("its subscribers are gone", || {
        server.health()["connections"].as_u64() < Some(10)
    });
}

/// Whether a small run may begin; it is run to its end.
fn ask_begins(server: &Server) -> bool {
    let mut client = server.connect();
    client.send(asked(&small()));
    let head = client.head();
    let begins = head.starts_with("HTTP/1.1 200 ");
    if begins {
        lines(&mut client);
    }
    begins
}

#[test]
fn the_server_says_what_it_costs() {
    let server = course();
    let cost = || {
        server
            .ask(&get("/race/server", "Connection: close\r\n"))
            .json()
    };
    let before = cost();
    assert!(before["connections"].as_u64() >= Some(1), "{before}");
    let held: Vec<_> = (0..20)
        .map(|_| server.get("/sse/stream?topic=chat"))
        .collect();
    eventually("they are counted", || {
        cost()["connections"].as_u64() >= Some(21)
    });
    if cfg!(target_os = "linux") {
        let now = cost();
        let more = |name: &str| now[name].as_u64() > before[name].as_u64();
        assert!(more("threads"), "{before} {now}");
        assert!(now["resident_bytes"].as_u64() > Some(1 << 20), "{now}");
        assert!(now["cpu_ms"].is_u64(), "{now}");
    }
    drop(held);
}
