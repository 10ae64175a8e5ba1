//! The bytes of each technique, as the contract has them.

mod common;

#[path = "techniques/comet.rs"]
mod comet;
#[path = "techniques/cursors.rs"]
mod cursors;
#[path = "techniques/ends.rs"]
mod ends;
#[path = "techniques/handshake.rs"]
mod handshake;
#[path = "techniques/iframe_push.rs"]
mod iframe_push;
#[path = "techniques/long_polling.rs"]
mod long_polling;
#[path = "techniques/parked.rs"]
mod parked;
#[path = "techniques/short_polling.rs"]
mod short_polling;
#[path = "techniques/sign_in.rs"]
mod sign_in;
#[path = "techniques/sse.rs"]
mod sse;
#[path = "techniques/websocket.rs"]
mod websocket;
#[path = "techniques/websocket_chat.rs"]
mod websocket_chat;
#[path = "techniques/websocket_ends.rs"]
mod websocket_ends;
#[path = "techniques/wrapping.rs"]
mod wrapping;

use common::{Client, Server, eventually, options, upgrade};
use poll_to_push::options::Options;
use serde_json::Value;
use std::time::Duration;

/// Data that tries to leave what it is wrapped in.
const ATTACKS: [&str; 16] = [
    "</script><script>alert(1)</script>",
    "</SCRIPT >",
    "<!--<script>",
    "-->]]>",
    "\u{2028}\u{2029}",
    "\"'`\\",
    "\"},location.origin);alert(1);({\"a\":\"",
    ");alert(1);//",
    "a\nb",
    "a\rb\r\nc\n\nd",
    "a\nevent: x\nid: 1\ndata: y\n\n",
    "\0\u{1b}\u{7f}\u{feff}",
    "${alert(1)}",
    "é𝄞",
    "'),location.origin);alert(1);('",
    "__proto__",
];

/// Heartbeats that a test can wait for.
fn quick() -> Options {
    Options {
        heartbeat: Duration::from_millis(200),
        ..options()
    }
}

/// Waits until `topic` has this many subscribers.
#[track_caller]
fn subscribed(server: &Server, topic: &str, count: usize) {
    let topic = server.running().app().bus.topic(topic).expect("a topic");
    eventually("subscribed", || topic.subscribers() == count);
}

/// A WebSocket, after its handshake.
fn socket(server: &Server, target: &str) -> Client {
    let mut client = server.connect();
    client.send(upgrade(target, ""));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

/// What `JSON.parse` of `text` would be.
#[track_caller]
fn parse(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("{error}: {text:?}"),
    }
}

/// What `JSON.parse('text')` would be, in a script.
#[track_caller]
fn literal(text: &str) -> Value {
    let mut json = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        assert_ne!(
            letter,
            '\'',
            "the string ends before {:?}",
            letters.as_str()
        );
        json.push(match letter {
            '\\' => match letters.next().expect("an escape") {
                'u' => {
                    let digits: String = letters.by_ref().take(4).collect();
                    let number = u32::from_str_radix(&digits, 16).expect("four digits");
                    char::from_u32(number).expect("a letter")
                }
                same @ ('\\' | '\'') => same,
                other => panic!("no escape of ours: \\{other}"),
            },
            plain => plain,
        });
    }
    parse(&json)
}

/// What stands between `before` and `after`, which are all the rest.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let inner = text
        .strip_prefix(before)
        .and_then(|text| text.strip_suffix(after));
    inner.unwrap_or_else(|| panic!("{text:?} is not {before:?} … {after:?}"))
}
