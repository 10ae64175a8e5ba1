//! Lesson 6: the browser's side of a WebSocket.

use super::limits::{accept, serve};
use super::page;
use poll_to_push_browser_tests::raw::Raw;
use serde_json::json;
use std::sync::mpsc;
use std::time::Duration;

const OPEN: &str = r#"
window.events = [];
window.connect = (...protocols) => {
  window.socket = new WebSocket("ws://" + location.host + "/socket", protocols);
  for (const name of ["open", "message", "error", "close"]) {
    socket.addEventListener(name, (event) => events.push([name, event.code ?? event.data ?? null]));
  }
};
"#;

#[test]
fn send_while_connecting_throws() {
    let (_raw, _window, page) = page(serve);
    let thrown = page.run(&format!(
        "{OPEN} connect();
         const state = socket.readyState;
         try {{ socket.send('early'); }} catch (error) {{ return [state, error.name]; }}"
    ));
    assert_eq!(thrown, json!([0, "InvalidStateError"]));
}

#[test]
fn send_after_the_close_drops_the_text_and_says_nothing() {
    let (_raw, _window, page) = page(serve);
    page.run(&format!("{OPEN} connect()"));
    page.until("socket.readyState === 1");
    let state = page.run("socket.close(); socket.send('late'); return socket.readyState");
    assert_eq!(state, 2);
}

#[test]
fn a_page_may_close_only_with_1000_and_3000_to_4999() {
    let (_raw, _window, page) = page(serve);
    let refused = page.run(
        "const refused = [];
         for (const code of [999, 1000, 1001, 1006, 2999, 3000, 4999, 5000]) {
           const socket = new WebSocket('ws://' + location.host + '/socket');
           try { socket.close(code); } catch (error) { refused.push([code, error.name]); }
         }
         return refused.filter(([, name]) => name === 'InvalidAccessError').map(([code]) => code);",
    );
    assert_eq!(refused, json!([999, 1001, 1006, 2999, 5000]));
}

#[test]
fn a_subprotocol_that_the_server_does_not_echo_ends_in_error_and_1006() {
    let (_raw, _window, page) = page(serve);
    page.run(&format!("{OPEN} connect('unknown.v9')"));
    page.until("events.length === 2");
    assert_eq!(
        page.run("return events"),
        json!([["error", null], ["close", 1006]])
    );
}

#[test]
fn a_page_of_another_origin_may_connect_and_only_the_server_can_say_no() {
    let (raw, window, _page) = page(serve);
    let page = window.open(&format!("http://127.0.0.1:{}/", raw.port));
    page.run(&format!(
        "window.socket = new WebSocket('ws://localhost:{}/socket')",
        raw.port
    ));
    page.until("socket.readyState === 1");
    let asked = raw.asked("/socket");
    let foreign = format!("http://127.0.0.1:{}", raw.port);
    assert_eq!(asked[0].header("Origin"), Some(&*foreign));
}

#[test]
fn an_answer_with_a_wrong_sum_never_opens() {
    let (_raw, _window, page) = page(|_, wire| {
        wire.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        );
        wire.hold();
    });
    page.run(&format!("{OPEN} connect()"));
    page.until("events.length === 2");
    assert_eq!(
        page.run("return events"),
        json!([["error", null], ["close", 1006]])
    );
}

/// Opens a socket, sends it these frames, and gives what the browser sends back.
fn frames(bytes: &'static [u8], answer: usize) -> (Vec<u8>, serde_json::Value) {
    let (sender, receiver) = mpsc::channel();
    let (_raw, _window, page) = page(move |asked, wire| {
        accept(asked, wire);
        wire.send(bytes);
        let _ = sender.send(wire.read(answer));
        wire.until("end");
    });
    page.run(&format!("{OPEN} connect()"));
    let sent = receiver
        .recv_timeout(super::SOON)
        .expect("asked")
        .expect("answered");
    page.until("events.some(([name]) => name === 'message')");
    (sent, page.run("return events"))
}

#[test]
fn the_browser_answers_a_ping_and_no_script_sees_it() {
    // A ping with the payload "hi", and a text to wait for.
    let (sent, events) = frames(b"\x89\x02hi\x81\x01x", 8);
    // A pong with the same payload, masked.
    assert_eq!(sent[..2], [0x8a, 0x82]);
    let payload: Vec<u8> = (0..2).map(|i| sent[6 + i] ^ sent[2 + i]).collect();
    assert_eq!(payload, b"hi");
    assert_eq!(events, json!([["open", null], ["message", "x"]]));
}

#[test]
fn a_connection_that_ends_without_a_close_is_1006_and_the_browser_never_comes_back() {
    let (raw, _window, page) = page(move |asked, wire| {
        accept(asked, wire);
        wire.until("cut");
        wire.shut();
    });
    page.run(&format!("{OPEN} connect()"));
    page.until("events.length === 1");
    raw.release("cut");
    page.until("events.some(([name]) => name === 'close')");
    assert_eq!(page.run("return events.at(-1)"), json!(["close", 1006]));
    // An EventSource would be back after three seconds at the latest.
    page.run("await new Promise((done) => setTimeout(done, 3500))");
    assert_eq!(raw.count("/socket"), 1);
}

#[test]
fn alert_stops_the_page_and_messages_wait_for_it() {
    let (sender, receiver) = mpsc::channel();
    let (_raw, _window, page) = page(move |asked, wire| {
        accept(asked, wire);
        // One letter from the page, just before it calls `alert`.
        let _ = sender.send(wire.read(7));
        wire.send(b"\x81\x01x");
        wire.until("end");
    });
    page.run(&format!("{OPEN} connect()"));
    page.until("socket.readyState === 1");
    page.run(
        "window.ticks = 0;
         socket.addEventListener('message', () => { window.heard = performance.now(); });
         setTimeout(() => {
           setInterval(() => ticks++, 10);
           const before = performance.now();
           socket.send('a');
           alert('open!');
           window.free = performance.now();
           window.blocked = [free - before, ticks];
         });",
    );
    receiver
        .recv_timeout(super::SOON)
        .expect("asked")
        .expect("read");
    // Long enough to see that nothing happens meanwhile.
    std::thread::park_timeout(Duration::from_millis(500));
    page.press_ok();
    page.until("window.heard");
    let seen = page.run("return [blocked[0] >= 400, blocked[1], heard >= free]");
    assert_eq!(seen, json!([true, 0, true]));
}

#[test]
fn the_cookies_of_a_host_go_to_a_web_socket_on_another_port_of_it() {
    let (raw, _window, page) = page(serve);
    let other = Raw::start(serve);
    page.run(&format!(
        "document.cookie = 'who=ada; SameSite=Strict';
         window.socket = new WebSocket('ws://localhost:{}/socket')",
        other.port
    ));
    page.until("socket.readyState === 1");
    let asked = &other.asked("/socket")[0];
    let foreign = format!("http://localhost:{}", raw.port);
    assert_eq!(asked.header("Origin"), Some(&*foreign));
    assert_eq!(asked.header("Cookie"), Some("who=ada"));
}

#[test]
fn five_letters_by_post_take_almost_600_bytes_and_a_frame_takes_eleven() {
    let (raw, _window, page) = page(serve);
    let body = "{\"data\":\"Hello\"}";
    page.run(&format!(
        "await fetch('/quick?post', {{
           method: 'POST', body: '{body}', headers: {{ 'Content-Type': 'application/json' }},
         }})"
    ));
    let size = raw.asked("/quick?post")[0].head.len() + body.len();
    assert!((500..700).contains(&size), "{size}");

    // Exactly eleven: the frame of the next letter begins behind them.
    let (sender, receiver) = mpsc::channel();
    let (_raw, _window, page) = super::page(move |asked, wire| {
        accept(asked, wire);
        let _ = sender.send(wire.read(11 + 7));
        wire.until("end");
    });
    page.run(&format!("{OPEN} connect()"));
    page.until("socket.readyState === 1");
    page.run("socket.send('Hello'); socket.send('!')");
    let sent = receiver
        .recv_timeout(super::SOON)
        .expect("asked")
        .expect("read");
    assert_eq!(
        [&sent[..2], &sent[11..13]],
        [&[0x81, 0x85], &[0x81, 0x81]],
        "{sent:x?}"
    );
}

#[test]
fn sha_1_in_the_page_needs_a_secure_context() {
    let (raw, window, page) = page(serve);
    let there = "return typeof crypto.subtle";
    assert_eq!(page.run(there), "object");
    // Leads to this machine as well, but is not one of the addresses that count as secure.
    let page = window.open(&format!("http://0.0.0.0:{}/", raw.port));
    assert_eq!(page.run(there), "undefined");
}
