//! Each technique passes, and nothing is held back.

use crate::common::{Client, get, masked, post, upgrade};
use crate::{Behind, behind_both, comes_one_by_one};
use std::time::{Duration, Instant};

#[test]
fn short_polls_bring_what_was_published() {
    behind_both(|behind| {
        behind.publish("hello");
        let answer = behind.ask(&get("/short-polling/messages?after=0", ""));
        assert_eq!(answer.json()["messages"][0]["data"], "hello");
    });
}

#[test]
fn a_long_poll_waits_for_seconds_and_is_answered_at_once() {
    behind_both(|behind| {
        let began = Instant::now();
        let mut waiting = behind.get("/long-polling/messages?wait=60");
        behind.until_held(1);
        // Another one's wait runs out meanwhile.
        let other = behind.ask(&get("/long-polling/messages?wait=4", ""));
        assert_eq!(other.status, 204);
        assert!(began.elapsed() >= Duration::from_secs(4));
        behind.publish("hello");
        assert_eq!(waiting.answer().json()["messages"][0]["data"], "hello");
    });
}

#[test]
fn streams_come_piece_by_piece() {
    for target in ["/comet/stream", "/iframe-push/stream", "/sse/stream"] {
        behind_both(|behind| comes_one_by_one(behind, &mut behind.stream(target)));
    }
}

#[test]
fn a_reader_who_goes_away_is_gone_at_the_course_too() {
    behind_both(|behind| {
        let reader = behind.stream("/sse/stream");
        drop(reader);
        behind.until_read_by(0);
    });
}

/// A WebSocket that is open.
pub fn socket(behind: &Behind, target: &str) -> Client {
    let mut client = behind.connect();
    let request = upgrade(target, &format!("Origin: {}\r\n", behind.origin()));
    client.send(behind.by_its_name(&request));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

fn say(client: &mut Client, text: &str) {
    client.send(masked(0x81, text.as_bytes()));
}

#[track_caller]
fn told(client: &mut Client) -> String {
    let (first, text) = client.frame();
    assert_eq!(first, 0x81, "a text: {text:?}");
    String::from_utf8(text).expect("text")
}

#[test]
fn a_websocket_speaks_both_ways() {
    behind_both(|behind| {
        let mut echo = socket(behind, "/websocket/echo");
        for text in ["one", "two"] {
            say(&mut echo, text);
            assert_eq!(told(&mut echo), text);
        }
        let mut chat = socket(behind, "/websocket/socket");
        behind.until_read_by(1);
        behind.publish("from a POST");
        assert!(told(&mut chat).contains("from a POST"));
        say(&mut chat, "{\"data\":\"from a frame\"}");
        assert!(told(&mut chat).contains("from a frame"));
    });
}

#[test]
fn a_session_of_socket_io_polls_and_then_changes_over() {
    behind_both(|behind| {
        let polling = "/socket.io/?EIO=4&transport=polling";
        let opened = behind.ask(&get(polling, ""));
        let opened: serde_json::Value =
            serde_json::from_str(opened.text().trim_start_matches('0')).expect("JSON");
        let sid = opened["sid"].as_str().expect("a session");
        let polling = format!("{polling}&sid={sid}");
        assert_eq!(behind.ask(&post(&polling, "", "40")).text(), "ok");
        let joined = behind.ask(&get(&polling, ""));
        assert!(joined.text().starts_with("40{\"sid\":"), "{joined:?}");
        let target = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
        let mut socket = socket(behind, &target);
        say(&mut socket, "2probe");
        assert_eq!(told(&mut socket), "3probe");
        say(&mut socket, "5");
        say(&mut socket, "420[\"chat message\",\"hello\"]");
        let told: Vec<_> = (0..2).map(|_| told(&mut socket)).collect();
        assert!(
            told.iter().any(|packet| packet.starts_with("430[")),
            "{told:?}"
        );
    });
}
