//! Engine.IO over HTTP long polling.

use crate::common::{Answer, eventually, get, options, post, upgrade};
use crate::{ENGINE, SOCKET, Session, direct, quick, refused, server, sid, text};
use poll_to_push::options::{Options, SocketIoOptions};
use poll_to_push::origin::Origin;
use serde_json::json;

#[test]
fn a_session_opens_with_the_protocols_values() {
    let server = server(quick());
    for path in [ENGINE, SOCKET] {
        let opened = server.ask(&get(&format!("{path}?EIO=4&transport=polling"), ""));
        let sid = sid(opened.text());
        assert!(sid.len() >= 20, "{sid}");
        let mut told: serde_json::Value = serde_json::from_str(&opened.text()[1..]).expect("JSON");
        told["sid"] = "x".into();
        let expected = json!({
            "sid": "x",
            "upgrades": ["websocket"],
            "pingInterval": 300,
            "pingTimeout": 200,
            "maxPayload": 1_000_000,
        });
        assert_eq!(told, expected);
        assert_eq!(
            opened.header("Content-Type"),
            Some("text/plain; charset=UTF-8")
        );
        assert_eq!(opened.header("Cache-Control"), Some("no-store"));
        let mut socket = server.connect();
        socket.send(upgrade(&format!("{path}?EIO=4&transport=websocket"), ""));
        socket.head();
        assert!(text(&mut socket).contains("\"upgrades\":[],"));
    }
    let other = Session::open(&server, ENGINE);
    assert_ne!(other.sid, Session::open(&server, ENGINE).sid);
}

#[test]
fn a_wrong_request_gets_the_protocols_code() {
    let server = server(SocketIoOptions::default());
    let ask = |query: &str| server.ask(&get(&format!("{ENGINE}?{query}"), ""));
    refused(&ask("EIO=4"), 0);
    refused(&ask("EIO=4&transport=abc"), 0);
    refused(&ask("EIO=4&transport=polling&sid=unknown"), 1);
    refused(&ask("EIO=4&transport=websocket"), 3);
    refused(&ask("EIO=3&transport=websocket"), 3);
    for version in ["", "EIO=3&", "EIO=abc&", "EIO=44&"] {
        refused(&ask(&format!("{version}transport=polling")), 5);
        let target = format!("{ENGINE}?{version}transport=websocket");
        refused(&server.ask(&upgrade(&target, "")), 5);
    }
    refused(
        &server.ask(&upgrade(&format!("{ENGINE}?EIO=4&transport=abc"), "")),
        0,
    );
    let unknown = format!("{ENGINE}?EIO=4&transport=websocket&sid=unknown");
    refused(&server.ask(&upgrade(&unknown, "")), 1);
    let open = format!("{ENGINE}?EIO=4&transport=polling");
    refused(&server.ask(&post(&open, "", "4hello")), 2);
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = post(&open, "", "").replacen("POST", method, 1);
        refused(&server.ask(&request), 2);
    }
    // Within a session it is the request that is wrong.
    let session = Session::open(&server, ENGINE);
    let target = session.target("polling").replace("EIO=4", "EIO=3");
    refused(&server.ask(&get(&target, "")), 3);
    session.say("1");
    // A HEAD opens nothing.
    let mut client = server.connect();
    client.send(get(&open, "").replacen("GET", "HEAD", 1));
    assert!(client.head().starts_with("HTTP/1.1 400 "));
    assert_eq!(server.health()["sessions"], 0);
}

#[test]
fn messages_come_back_as_they_are() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    for body in [
        "4hello",
        "4test1\x1e4test2\x1e4test3",
        "4hello\x1ebAQIDBA==",
        "4",
        "4é𝄞\u{2028}",
        "b",
    ] {
        session.say(body);
        assert_eq!(session.packets(), body);
    }
}

/// Some clients write `sid=` in the first request, where there is none yet.
#[test]
fn an_empty_sid_is_none() {
    let server = server(SocketIoOptions::default());
    let target = format!("{ENGINE}?EIO=4&transport=polling&sid=");
    let opened = server.ask(&get(&target, ""));
    assert_eq!(opened.status, 200);
    sid(opened.text());
}

/// Clients on Java break the lines of base64, and end the last one, too.
#[test]
fn base64_may_have_lines() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    session.say("bAQID\nBA==\n\x1e0\x1e5\x1e6x\x1ebAQIDBA");
    assert_eq!(session.packets(), "bAQIDBA==\x1ebAQIDBA==");
}

#[test]
fn a_poll_waits_for_something_to_say() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut waiting = session.getting();
    session.say("4late");
    assert_eq!(waiting.answer().text(), "4late");
}

#[test]
fn two_polls_at_once_end_the_session() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut first = session.getting();
    // One of the two is the second, whichever comes to be read first.
    let mut second = session.getting();
    let answers = [first.answer(), second.answer()];
    let overlap = answers
        .iter()
        .position(|answer| answer.status == 400)
        .expect("one");
    refused(&answers[overlap], 3);
    let Answer { status, body, .. } = &answers[1 - overlap];
    assert_eq!((*status, &body[..]), (200, &b"1"[..]));
    refused(&session.get(), 1);
    refused(&session.post("4x"), 1);
}

#[test]
fn the_client_says_goodbye() {
    let server = server(SocketIoOptions::default());
    // The two go by connections of their own. A poll that is read much later finds nothing.
    let in_time = (0..20).find_map(|_| {
        let session = Session::open(&server, ENGINE);
        let mut waiting = session.getting();
        session.say("1");
        let answer = waiting.answer();
        (answer.status == 200).then_some((session, answer))
    });
    let (session, answer) = in_time.expect("a poll that waited");
    assert_eq!(answer.text(), "6");
    refused(&session.get(), 1);
    refused(&session.post("4after close"), 1);
    assert_eq!(server.health()["sessions"], 0);
}

#[test]
fn a_payload_may_be_as_large_as_was_said_and_no_larger() {
    let mut server = server(SocketIoOptions {
        max_payload: 1_000,
        ..SocketIoOptions::default()
    });
    let other = Session::open(&server, ENGINE);
    let session = Session::open(&server, ENGINE);
    let fits = format!("4{}", "x".repeat(999));
    session.say(&fits);
    assert_eq!(session.packets(), fits);
    let answer = session.post(&format!("{fits}x"));
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("1000"), "{}", answer.text());
    refused(&session.get(), 1);
    // The others do not notice.
    other.say("4hello");
    assert_eq!(other.packets(), "4hello");
    server.stop();
}

#[test]
fn a_client_that_does_not_poll_is_not_kept_for_ever() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, SOCKET);
    session.say("40");
    // Everyone hears what is said, and this one fetches nothing.
    let chat = server.running().app().bus.topic("chat").expect("chat");
    for n in 0..1_200 {
        chat.publish("message", &n).expect("open");
    }
    eventually("it is given up", || server.health()["sessions"] == 0);
    refused(&session.get(), 1);
}

#[test]
fn sessions_are_bounded() {
    let server = crate::common::course_with(&Options {
        max_connections: 3,
        ..options()
    });
    let _sessions: Vec<_> = (0..3).map(|_| Session::open(&server, ENGINE)).collect();
    let open = get(
        &format!("{ENGINE}?EIO=4&transport=polling"),
        "Connection: close\r\n",
    );
    eventually("full", || {
        let answer = server.ask(&open);
        answer.status == 503 && answer.header("Retry-After").is_some()
    });
}

#[test]
fn pages_of_other_sites_come_only_when_they_are_named() {
    let friend = "Origin: https://friend.example\r\n";
    let ask = |options: &Options, request: &str| crate::common::course_with(options).ask(request);
    let open = format!("{SOCKET}?EIO=4&transport=polling");
    let named = Options {
        allow_origin: vec![Origin::parse("https://friend.example").expect("an origin")],
        ..options()
    };
    assert_eq!(ask(&options(), &get(&open, friend)).status, 403);
    let answer = ask(&named, &get(&open, friend));
    assert_eq!(answer.status, 200);
    let allowed = answer.header("Access-Control-Allow-Origin");
    assert_eq!(allowed, Some("https://friend.example"));
    let first = get(&open, friend).replacen("GET", "OPTIONS", 1);
    let answer = ask(&named, &first);
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("Access-Control-Allow-Methods"),
        Some("POST, GET, HEAD")
    );
    let socket = upgrade(&format!("{SOCKET}?EIO=4&transport=websocket"), friend);
    assert_eq!(ask(&options(), &socket).status, 403);
    assert_eq!(ask(&named, &socket).status, 101);
}

#[test]
fn a_stop_ends_sessions_in_order() {
    let mut server = server(SocketIoOptions::default());
    let address = server.address;
    let site = crate::common::Site { address };
    let session = Session::open(&site, ENGINE);
    let mut waiting = site.arrived(&get(&session.target("polling"), ""));
    let mut socket = direct(&site, ENGINE);
    eventually("it waits", || server.health()["connections"] == 3);
    server.stop();
    assert_eq!(waiting.answer().text(), "1");
    assert_eq!(crate::closes(&mut socket), 1001);
}
