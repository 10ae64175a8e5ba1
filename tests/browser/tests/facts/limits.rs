//! Six connections to one host, and what is not counted among them.

use super::{Asked, Wire, page};
use serde_json::json;
use tungstenite::handshake::derive_accept_key;

/// The answer to a WebSocket's request.
pub(super) fn accept(asked: &Asked, wire: &mut Wire) {
    let key = asked.header("Sec-WebSocket-Key").unwrap_or_default();
    let sum = derive_accept_key(key.as_bytes());
    wire.send(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {sum}\r\n\r\n"
    ));
}

/// `/socket` is a WebSocket that says nothing; `/quick` is answered at once; all
/// else stays open.
pub(super) fn serve(asked: &Asked, wire: &mut Wire) {
    match asked.path() {
        "/socket" => {
            accept(asked, wire);
            wire.hold();
        }
        "/quick" => wire.answer("200 OK", "", "quick"),
        "/frame" => {
            wire.begin("Content-Type: text/html");
            wire.chunk("<p>");
            wire.hold();
        }
        _ => {
            wire.begin("Content-Type: text/event-stream");
            wire.chunk(": hello\n\n");
            wire.hold();
        }
    }
}

#[test]
fn six_event_sources_open_the_seventh_and_a_fetch_wait_and_a_web_socket_opens() {
    let (raw, window, page) = page(serve);
    page.run(
        "window.sources = [];
         for (let n = 1; n <= 6; n++) sources.push(new EventSource('/stream?' + n));
         await until('six are open', () => sources.every((source) => source.readyState === 1));
         window.errors = 0;
         for (let n = 7; n <= 8; n++) {
           const source = new EventSource('/stream?' + n);
           source.onerror = () => errors++;
           sources.push(source);
         }
         window.answer = null;
         fetch('/quick').then((response) => response.text()).then((text) => { answer = text; });
         const socket = new WebSocket('ws://' + location.host + '/socket');
         await until('the WebSocket is open', () => socket.readyState === 1);",
    );
    let states = page.run("return [sources.map((source) => source.readyState), errors, answer]");
    assert_eq!(states, json!([[1, 1, 1, 1, 1, 1, 0, 0], 0, null]));
    // Not even asked for: the waiting is in the browser.
    assert_eq!([raw.count("/stream?7"), raw.count("/quick")], [0, 0]);
    // All tabs together have six.
    let other = window.blank();
    other.run(&format!("location.href = '{}'", raw.url("/quick")));
    page.run("for (const source of sources) source.close()");
    page.until("answer === 'quick'");
    other.until("document.body?.textContent === 'quick'");
}

#[test]
fn six_endless_iframes_use_all_connections_as_well() {
    let (raw, _window, page) = page(serve);
    page.run(
        "window.frames6 = [];
         for (let n = 1; n <= 6; n++) {
           const frame = document.createElement('iframe');
           frame.src = '/frame?' + n;
           document.body.append(frame);
           frames6.push(frame);
         }",
    );
    for n in 1..=6 {
        raw.until_asked(&format!("/frame?{n}"), 1);
    }
    page.run(
        "window.answer = null;
         fetch('/quick').then((response) => response.text()).then((text) => { answer = text; });
         const socket = new WebSocket('ws://' + location.host + '/socket');
         await until('the WebSocket is open', () => socket.readyState === 1);",
    );
    assert_eq!(raw.count("/quick"), 0);
    page.run("frames6[0].remove()");
    page.until("answer === 'quick'");
}

#[test]
fn one_tab_can_lead_for_all_by_web_locks_and_a_broadcast_channel() {
    let (raw, window, first) = page(|_, _| {});
    let second = window.open(&raw.url("/"));
    let lead = "window.heard = [];
        window.leads = false;
        window.channel = new BroadcastChannel('news');
        channel.onmessage = (event) => heard.push(event.data);
        navigator.locks.request('leader', () => { leads = true; return new Promise(() => {}); });";
    first.run(lead);
    first.until("leads");
    second.run(lead);
    first.run("channel.postMessage('news')");
    second.until("heard.length === 1");
    assert_eq!(second.run("return leads"), false);
    first.close();
    second.until("leads");
}

#[test]
fn web_locks_need_a_secure_context_and_a_broadcast_channel_does_not() {
    let (raw, window, local) = page(|_, _| {});
    let has = "return [isSecureContext, 'locks' in navigator, typeof BroadcastChannel]";
    assert_eq!(local.run(has), json!([true, true, "function"]));
    let by_address = window.open(&format!("http://127.0.0.1:{}/", raw.port));
    assert_eq!(by_address.run(has), json!([true, true, "function"]));
    // A page that is neither encrypted nor of this machine, without a second machine.
    let foreign = window.open("data:text/html,foreign");
    assert_eq!(foreign.run(has), json!([false, false, "function"]));
}
