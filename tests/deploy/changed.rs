//! What the texts say that these proxies do by themselves, or when a line is missing.

use crate::common::proxy::Kind;
use crate::common::{get, masked, post, upgrade};
use crate::techniques::socket;
use crate::{Behind, QUIET, behind_both_with, comes_one_by_one};
use std::time::{Duration, Instant};

/// nginx as it comes: HTTP/1.0 to the course, which knows no chunks.
const OLD_HTTP: (&str, &str) = ("proxy_http_version 1.1;", "");
/// nginx as it comes: it gathers, unless the answer forbids it.
const GATHERS: (&str, &str) = ("proxy_buffering off;", "");
/// It gathers, whatever the answer says.
const DEAF: (&str, &str) = (
    "proxy_buffering off;",
    "proxy_ignore_headers X-Accel-Buffering;",
);

/// Until the first of five lines comes, which the course sends at once. The last one it
/// sends two seconds later.
fn until_the_first_line(changes: &[(&str, &str)]) -> Duration {
    let behind = Behind::start(Kind::Nginx, &QUIET, changes);
    let began = Instant::now();
    behind.get("/mistakes/comet/flush").read_until("\"n\":1");
    began.elapsed()
}

#[test]
fn nginx_gathers_a_stream_that_nothing_protects() {
    let took = until_the_first_line(&[OLD_HTTP, DEAF]);
    assert!(took >= Duration::from_millis(1900), "{took:?}");
}

#[test]
fn nginx_gathers_no_stream_whose_field_a_line_or_chunks_protect() {
    let off = (
        DEAF.0,
        "proxy_buffering off; proxy_ignore_headers X-Accel-Buffering;",
    );
    for changes in [&[OLD_HTTP, GATHERS][..], &[OLD_HTTP, off], &[DEAF]] {
        let behind = Behind::start(Kind::Nginx, &QUIET, changes);
        comes_one_by_one(&behind, &mut behind.stream("/sse/stream"));
    }
}

/// How long messages are on their way to a reader of `/sse/stream`, the quickest first.
fn delays(changes: &[(&str, &str)]) -> Vec<Duration> {
    let behind = Behind::start(Kind::HaProxy, &QUIET, changes);
    let mut stream = behind.stream("/sse/stream");
    let delays = (0..9).map(|n| {
        let text = format!("message {n}");
        let began = Instant::now();
        behind.publish(&text);
        stream.read_until(&text);
        began.elapsed()
    });
    let mut delays: Vec<_> = delays.collect();
    delays.sort();
    delays
}

#[test]
fn haproxy_is_late_with_small_pieces_unless_it_is_told() {
    // A machine that is busy makes all of them longer, and none shorter.
    let late = Duration::from_millis(150);
    let untold = delays(&[("option http-no-delay", "")]);
    assert!(untold[4] >= late, "{untold:?}");
    let told = delays(&[]);
    assert!(told[0] < late, "{told:?}");
}

#[test]
fn nginx_passes_no_upgrade_on_unless_it_is_told() {
    let lines = [
        ("proxy_set_header Upgrade $http_upgrade;", ""),
        ("proxy_set_header Connection $connection_upgrade;", ""),
    ];
    let behind = Behind::start(Kind::Nginx, &QUIET, &lines);
    assert_eq!(behind.ask(&upgrade("/websocket/echo", "")).status, 426);
    // A session of Socket.IO stays with its polls.
    let opened = behind.ask(&get("/socket.io/?EIO=4&transport=polling", ""));
    let opened: serde_json::Value =
        serde_json::from_str(opened.text().trim_start_matches('0')).expect("JSON");
    let sid = opened["sid"].as_str().expect("a session");
    let by = |transport| format!("/socket.io/?EIO=4&transport={transport}&sid={sid}");
    assert_eq!(behind.ask(&upgrade(&by("websocket"), "")).status, 400);
    assert_eq!(behind.ask(&post(&by("polling"), "", "40")).text(), "ok");
}

/// How long a proxy waits for more of an answer, and of what was upgraded.
const PATIENCE: [(Kind, &str); 2] = [
    (Kind::Nginx, "proxy_read_timeout 75s"),
    (Kind::HaProxy, "timeout server 75s"),
];
const PATIENCE_WITH_TUNNELS: [(Kind, &str); 2] = [
    (Kind::Nginx, "proxy_read_timeout 75s"),
    (Kind::HaProxy, "timeout tunnel 75s"),
];

fn cut_to(time: &str, lines: [(Kind, &'static str); 2]) -> [(Kind, &'static str, String); 2] {
    lines.map(|(kind, line)| (kind, line, line.replace("75s", time)))
}

#[test]
fn a_poll_that_waits_too_long_is_answered_by_the_proxy_with_a_page() {
    behind_both_with(&[], &cut_to("2s", PATIENCE), |behind| {
        let answer = behind.ask(&get("/long-polling/messages?wait=60", ""));
        assert_eq!(answer.status, 504);
        assert_eq!(answer.header("Content-Type"), Some("text/html"));
        assert!(answer.text().contains("<html>"), "{}", answer.text());
    });
}

#[test]
fn what_is_silent_for_too_long_is_cut() {
    behind_both_with(&QUIET, &cut_to("2s", PATIENCE), |behind| {
        behind.stream("/comet/stream").rest();
    });
    behind_both_with(&QUIET, &cut_to("2s", PATIENCE_WITH_TUNNELS), |behind| {
        let rest = socket(behind, "/websocket/echo").rest();
        assert_eq!(rest, b"", "no Close frame");
    });
}

/// Far below four seconds. And a pong must come before the next one.
const BEATS: [&str; 2] = ["--heartbeat-ms", "1500"];
const LONGER: Duration = Duration::from_secs(6);

#[test]
fn a_heartbeat_keeps_what_is_silent() {
    behind_both_with(&BEATS, &cut_to("4s", PATIENCE), |behind| {
        let mut stream = behind.stream("/comet/stream");
        let began = Instant::now();
        while began.elapsed() < LONGER {
            stream.read_until("\n");
        }
        behind.publish("still there");
        stream.read_until("still there");
    });
    behind_both_with(&BEATS, &cut_to("4s", PATIENCE_WITH_TUNNELS), |behind| {
        let mut echo = socket(behind, "/websocket/echo");
        let began = Instant::now();
        while began.elapsed() < LONGER {
            let (first, payload) = echo.frame();
            assert_eq!(first, 0x89, "a ping: {payload:?}");
            echo.send(masked(0x8a, &payload));
        }
        echo.send(masked(0x81, b"still there"));
        // A ping may be on its way.
        let came = || echo.frame().1 == b"still there";
        assert!(std::iter::repeat_with(came).take(3).any(|it_is| it_is));
    });
}
