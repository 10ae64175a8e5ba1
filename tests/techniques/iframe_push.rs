//! Iframe push: a page that goes on, one script a message.

use crate::common::{course, course_with, eventually, get};
use crate::{ATTACKS, between, literal, parse, quick, subscribed};
use serde_json::json;

const BEFORE: &str = "<script>parent.postMessage(JSON.parse('";
const AFTER: &str = "'),location.origin);document.currentScript.remove()</script>\n";

#[test]
fn the_head_is_that_of_a_page_that_may_run_its_scripts_only() {
    let server = course();
    let mut client = server.get("/iframe-push/stream");
    let head = client.head();
    for field in [
        "Content-Type: text/html; charset=utf-8",
        "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; \
         frame-ancestors 'self'",
        "Transfer-Encoding: chunked",
        "Cache-Control: no-store",
        "X-Accel-Buffering: no",
        "X-Content-Type-Options: nosniff",
    ] {
        assert!(
            head.contains(&format!("\r\n{field}\r\n")),
            "{field}: {head}"
        );
    }
    let start = client.text_chunk().expect("goes on");
    assert!(
        start.starts_with("<!doctype html>\n<meta charset=\"utf-8\">"),
        "{start}"
    );
}

#[test]
fn each_message_is_a_script_that_it_cannot_leave() {
    let server = course();
    let data = |attack: &str| json!({ "text": attack, attack: [attack] });
    for attack in ATTACKS {
        server.publish("chat", &data(attack));
    }
    let mut client = server.get("/iframe-push/stream?after=0");
    client.head();
    client.chunk();
    subscribed(&server, "chat", 1);
    for attack in ATTACKS {
        server.publish("chat", &data(attack));
    }
    for attack in ATTACKS.iter().chain(&ATTACKS) {
        let script = client.text_chunk().expect("goes on");
        let json = between(&script, BEFORE, AFTER);
        let leaves = ['<', '\u{2028}', '\u{2029}', '\n', '\r'];
        assert!(!json.contains(leaves), "{json:?}");
        assert_eq!(literal(json)["data"], data(attack));
    }
}

#[test]
fn a_gap_is_posted_before_what_is_left() {
    let server = course();
    server.publish("chat", &1.into());
    let mut client = server.get("/iframe-push/stream?after=other-1");
    client.head();
    client.chunk();
    let gap = client.text_chunk().expect("goes on");
    assert_eq!(between(&gap, BEFORE, AFTER), "{\"gap\": true}");
    let next = client.text_chunk().expect("goes on");
    assert_eq!(literal(between(&next, BEFORE, AFTER))["data"], 1);
}

#[test]
fn the_heartbeat_is_an_empty_comment() {
    let server = course_with(&quick());
    let mut client = server.get("/iframe-push/stream");
    client.head();
    client.chunk();
    for _ in 0..3 {
        let beat = client.text_chunk().expect("goes on");
        assert_eq!(beat.trim_end(), "<!---->");
    }
}

#[test]
fn the_clock_is_the_servers() {
    let server = course();
    let mut client = server.get("/iframe-push/stream?topic=clock");
    client.head();
    client.chunk();
    let tick = client.text_chunk().expect("goes on");
    let message = literal(between(&tick, BEFORE, AFTER));
    assert_eq!(message["topic"], "clock");
    assert!(message["data"]["unix_ms"].is_u64(), "{message}");
    let time = message["data"]["time"].as_str().expect("a time");
    assert_eq!(
        (time.len(), &time[10..11], &time[19..]),
        (20, "T", "Z"),
        "{time}"
    );
}

#[test]
fn the_wrong_servers_post_to_the_wrong_windows_or_ask_for_the_time() {
    let server = course();
    let first = |name: &str| {
        let mut client = server.get(&format!("/mistakes/iframe-push/{name}"));
        let head = client.head();
        client.chunk();
        let script = client.text_chunk().expect("goes on");
        (head, script)
    };
    let (head, script) = first("fixed-origin");
    assert!(head.contains("frame-ancestors 'self'"), "{head}");
    assert!(!script.contains("location.origin"), "{script}");
    let (head, script) = first("any-target");
    assert!(!head.contains("frame-ancestors"), "{head}");
    assert!(script.contains("\"*\""), "{script}");
    let (_, script) = first("browser-clock");
    assert!(script.contains("new Date()"), "{script}");
}

/// The pages that take any message may do no harm, however they are opened.
#[test]
fn the_strangers_pages_are_in_a_sandbox() {
    let server = course();
    for name in ["other-site", "stranger", "inner-html", "text-content"] {
        let page = server.ask(&get(&format!("/mistakes/iframe-push/{name}"), ""));
        let policy = page.header("Content-Security-Policy").expect("a policy");
        assert!(policy.starts_with("sandbox allow-scripts;"), "{policy}");
    }
}

#[test]
fn the_timers_by_mistake_are_counted_and_end() {
    let server = course();
    let running = || {
        let answer = server.ask(&get("/mistakes/iframe-push/timers", ""));
        parse(answer.text())["running"].as_u64().expect("a number")
    };
    let come_and_leave = |name: &str| {
        let mut client = server.get(&format!("/mistakes/iframe-push/{name}"));
        client.head();
        assert!(client.text_chunk().expect("goes on").contains("<script>"));
        assert_eq!(running(), 1, "{name}");
    };
    let left = || {
        let health = server.ask(&get("/healthz", ""));
        let ended = &parse(health.text())["ended"];
        ended["ClientClosed"].as_u64().unwrap_or(0) + ended["Reset"].as_u64().unwrap_or(0)
    };
    come_and_leave("timer-cleared");
    eventually("the timer is cleared", || running() == 0);
    let before = left();
    come_and_leave("timer");
    eventually("the server sees that the reader left", || left() > before);
    assert_eq!(running(), 1);
    eventually("it ends by itself all the same", || running() == 0);
}
