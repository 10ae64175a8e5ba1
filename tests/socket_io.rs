//! Lesson 7 over raw sockets: what the two protocols say, and what must not matter.

mod common;

#[path = "socket_io/api.rs"]
mod api;
#[path = "socket_io/heartbeat.rs"]
mod heartbeat;
#[path = "socket_io/malformed.rs"]
mod malformed;
#[path = "socket_io/polling.rs"]
mod polling;
#[path = "socket_io/recovery.rs"]
mod recovery;
#[path = "socket_io/sockets.rs"]
mod sockets;
#[path = "socket_io/upgrade.rs"]
mod upgrade;

use common::{Answer, Client, Server, Site, course_with, get, masked, options, post};
use poll_to_push::options::{Options, SocketIoOptions};
use serde_json::Value;
use std::time::Duration;

const ENGINE: &str = "/engine.io/";
const SOCKET: &str = "/socket.io/";

/// Options with these protocol values; else as usual.
fn with(socket_io: SocketIoOptions) -> Options {
    Options {
        socket_io,
        ..options()
    }
}

/// Pings that a test can wait for, as the protocols' own checks have them.
fn quick() -> SocketIoOptions {
    SocketIoOptions {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..SocketIoOptions::default()
    }
}

fn server(socket_io: SocketIoOptions) -> Server {
    course_with(&with(socket_io))
}

/// A session that polls.
struct Session<'a> {
    site: &'a Site,
    path: &'static str,
    sid: String,
}

impl<'a> Session<'a> {
    fn open(site: &'a Site, path: &'static str) -> Session<'a> {
        let opened = site.ask(&get(&format!("{path}?EIO=4&transport=polling"), ""));
        assert_eq!(opened.status, 200);
        Session {
            site,
            path,
            sid: sid(opened.text()),
        }
    }

    fn target(&self, transport: &str) -> String {
        let Session { path, sid, .. } = self;
        format!("{path}?EIO=4&transport={transport}&sid={sid}")
    }

    /// A GET that is on its way.
    fn getting(&self) -> Client {
        self.site.get(&self.target("polling"))
    }

    fn get(&self) -> Answer {
        self.getting().answer()
    }

    /// A GET that is answered 200.
    #[track_caller]
    fn packets(&self) -> String {
        let answer = self.get();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().to_owned()
    }

    fn post(&self, body: &str) -> Answer {
        self.site.ask(&post(&self.target("polling"), "", body))
    }

    /// A POST that is answered `ok`.
    #[track_caller]
    fn say(&self, body: &str) {
        let answer = self.post(body);
        assert_eq!((answer.status, answer.text()), (200, "ok"));
    }

    /// The second connection of an upgrade, after its 101.
    fn websocket(&self) -> Client {
        websocket(self.site, &self.target("websocket"))
    }
}

/// The session id in an open packet.
#[track_caller]
fn sid(open: &str) -> String {
    let open: Value = serde_json::from_str(open.strip_prefix('0').expect("open")).expect("JSON");
    open["sid"].as_str().expect("a sid").to_owned()
}

/// A WebSocket, after its 101.
#[track_caller]
fn websocket(site: &Site, target: &str) -> Client {
    let mut client = site.connect();
    client.send(common::upgrade(target, ""));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

/// A session that is a WebSocket from the start, after its open packet.
fn direct(site: &Site, path: &str) -> Client {
    let mut client = websocket(site, &format!("{path}?EIO=4&transport=websocket"));
    assert!(text(&mut client).starts_with('0'));
    client
}

/// A socket in `/`, after its `auth` event.
fn connected(site: &Site) -> Client {
    let mut client = direct(site, SOCKET);
    say(&mut client, "40");
    assert!(text(&mut client).starts_with("40{\"sid\":"));
    assert!(text(&mut client).starts_with("42[\"auth\",{"));
    client
}

fn say(client: &mut Client, packet: &str) {
    client.send(masked(0x81, packet.as_bytes()));
}

/// The next text frame.
#[track_caller]
fn text(client: &mut Client) -> String {
    let (first, payload) = client.frame();
    assert_eq!(first, 0x81, "{payload:?}");
    String::from_utf8(payload).expect("text")
}

/// The code of the Close frame that comes next.
#[track_caller]
fn closes(client: &mut Client) -> u16 {
    let (first, payload) = client.frame();
    assert_eq!(first, 0x88, "{}", String::from_utf8_lossy(&payload));
    u16::from_be_bytes([payload[0], payload[1]])
}

/// That an answer is a 400 with the protocol's code.
#[track_caller]
fn refused(answer: &Answer, code: u64) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["code"], code, "{told}");
    for words in ["message", "error"] {
        assert!(
            !told[words].as_str().unwrap_or_default().is_empty(),
            "{told}"
        );
    }
}
