//! A restart that one browser asks for: for it the server is another, for others the same.

use super::{Looker, cookie};
#[cfg(target_os = "linux")]
use crate::common::child::Course;
use crate::common::{Answer, Client, Server, course, eventually, get, post};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn ask(server: &Server, target: &str, cookie: &str) -> Answer {
    server.ask(&get(target, cookie))
}

/// The cursor that a page of this browser would come back with.
fn last_id(server: &Server, cookie: &str) -> String {
    let read = ask(server, "/short-polling/messages", cookie).json();
    read["last_id"].as_str().expect("an id").to_owned()
}

fn tag(id: &str) -> &str {
    id.rsplit_once('-').expect("TAG-N").0
}

fn publish(server: &Server, cookie: &str, data: &str) -> String {
    let answer = server.ask(&post(
        "/publish",
        cookie,
        &json!({ "data": data }).to_string(),
    ));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

fn sse(server: &Server, cookie: &str, after: &str) -> Client {
    let mut client = server.connect();
    client.send(get(&format!("/sse/stream?after={after}"), cookie));
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    client
}

#[test]
fn a_restart_cuts_one_browser_and_its_ids_are_of_another_life() {
    let server = course();
    let cookie = cookie(&server);
    let before = publish(&server, &cookie, "before");
    let mut looker = Looker::start(&server, &cookie);
    let (mut own, mut others) = (sse(&server, &cookie, &before), sse(&server, "", &before));
    eventually("both follow", || {
        server.health()["topics"]["chat"]["subscribers"] == 2
    });
    assert_eq!(looker.say("restart"), json!({ "restarted": true }));
    own.rest();

    let now = last_id(&server, &cookie);
    assert_ne!(tag(&now), tag(&before));
    let read = ask(
        &server,
        &format!("/short-polling/messages?after={before}"),
        &cookie,
    )
    .json();
    assert_eq!(
        (&read["gap"], &read["messages"]),
        (&json!(true), &json!([]))
    );

    let after = publish(&server, &cookie, "after");
    assert_eq!(after, format!("{}-1", tag(&now)));
    let mut back = sse(&server, &cookie, &before);
    let told = [back.text_chunk(), back.text_chunk()]
        .map(Option::unwrap_or_default)
        .concat();
    assert!(
        told.contains("event: gap") && told.contains("\"after\""),
        "{told}"
    );

    // The others' server has heard nothing of it.
    assert_eq!(last_id(&server, ""), before);
    let id = publish(&server, "", "to the others");
    let told = others.text_chunk().expect("a chunk");
    assert!(
        told.contains(&id) && told.contains("to the others"),
        "{told}"
    );
    assert_eq!(last_id(&server, &cookie), after);
}

#[test]
fn polls_that_wait_and_socket_io_are_at_the_browsers_own_server() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let open = |cookie| {
        let answer = ask(&server, "/socket.io/?EIO=4&transport=polling", cookie);
        let packet: Value = serde_json::from_str(&answer.text()[1..]).expect("JSON");
        packet["sid"].as_str().expect("a sid").to_owned()
    };
    let session = |sid: &str| format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let before = open(&cookie);
    looker.say("restart");
    assert_eq!(
        ask(&server, &session(&before), &cookie).status,
        400,
        "unknown sid"
    );

    let sid = open(&cookie);
    let sent = server.ask(&post(&session(&sid), &cookie, "40"));
    assert_eq!(sent.text(), "ok");
    assert!(
        ask(&server, &session(&sid), &cookie)
            .text()
            .starts_with("40{")
    );
    for path in ["/long-polling/messages", "/long-polling/parked"] {
        let mut waits = server.connect();
        waits.send(get(
            &format!("{path}?after={}", last_id(&server, &cookie)),
            &cookie,
        ));
        publish(&server, "", "for all others");
        let id = publish(&server, &cookie, path);
        let read = waits.answer().json();
        assert_eq!(read["messages"][0]["id"], id, "{read}");
    }
    let mut events = String::new();
    while events.matches("chat message").count() < 2 {
        events += ask(&server, &session(&sid), &cookie).text();
    }
    assert!(!events.contains("for all others"), "{events}");
}

#[test]
fn a_second_restart_is_another_life_and_the_end_of_the_view_gives_all_back() {
    let server = course();
    let cookie = cookie(&server);
    let shared = last_id(&server, &cookie);
    let mut looker = Looker::start(&server, &cookie);
    looker.say("restart");
    let first = last_id(&server, &cookie);
    let mut stream = sse(&server, &cookie, &first);
    looker.say("restart");
    stream.rest();
    let second = last_id(&server, &cookie);
    assert_ne!(tag(&first), tag(&second));
    let mut stream = sse(&server, &cookie, &second);
    drop(looker);
    stream.rest();
    eventually("the server of all answers", || {
        last_id(&server, &cookie) == shared
    });
}

#[test]
fn the_end_of_the_server_is_the_end_of_own_servers() {
    let mut server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    looker.say("restart");
    let mut stream = sse(&server, &cookie, "0");
    let mut waits = server.connect();
    waits.send(get("/long-polling/messages?wait=60", &cookie));
    // The stream, the poll and the view itself.
    eventually("all are held", || server.health()["held"] == 3);
    let began = Instant::now();
    server.stop();
    assert_eq!(waits.answer().status, 204);
    stream.rest();
    assert!(began.elapsed() < Duration::from_secs(5), "not cut at last");
}

#[cfg(target_os = "linux")]
#[test]
fn what_own_servers_had_is_given_back() {
    let course = Course::start(&[]);
    course.until_complete();
    let (threads, descriptors) = (course.threads(), course.descriptors());
    let mut looker = Looker::start(&course, &cookie(&course));
    for _ in 0..3 {
        assert_eq!(looker.say("restart"), json!({ "restarted": true }));
    }
    assert!(course.threads() > threads + 5, "a server of its own");
    drop(looker);
    eventually("all is given back", || {
        course.threads() <= threads && course.descriptors() <= descriptors
    });
}

#[test]
fn so_many_browsers_have_a_server_of_their_own_and_no_more() {
    const MOST: usize = 32;
    let server = course();
    let restart = |looker: &mut Looker| looker.say("restart");
    let mut lookers: Vec<_> = (0..=MOST)
        .map(|_| Looker::start(&server, &cookie(&server)))
        .collect();
    let (last, others) = lookers.split_last_mut().expect("some");
    assert!(
        others
            .iter_mut()
            .all(|one| restart(one)["restarted"] == true)
    );
    let refused = restart(last);
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|why| why.contains("32")),
        "{refused}"
    );
    // Who has one may have it restarted, and a place that is given back is free.
    assert_eq!(restart(&mut others[0])["restarted"], true);
    lookers.remove(0);
    let last = lookers.last_mut().expect("one");
    eventually("a place is free", || restart(last)["restarted"] == true);
}
