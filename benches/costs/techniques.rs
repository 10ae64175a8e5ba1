//! The techniques, each as its page does it: [`Technique::open`] brings a client to
//! where it listens, [`Technique::listen`] goes on from there.

use crate::client::{Client, Connection, field, pause};
use crate::heads;
use std::time::{Duration, Instant};

/// What a client can do to learn of news.
#[derive(Clone, Copy)]
pub enum Technique {
    /// Lesson 1, with this many seconds between an answer and the next question.
    ShortPolling(u64),
    /// Lesson 2.
    LongPolling,
    /// Lesson 3.
    Comet,
    /// Lesson 4.
    IframePush,
    /// Lesson 5.
    Sse,
    /// Lesson 6.
    WebSocket,
    /// Lesson 7, where no WebSocket comes through.
    SocketIoPolling,
    /// Lesson 7 as it is: it begins by polling and changes over.
    SocketIoWebSocket,
}

use Technique::*;

/// Where a client stands that listens.
pub struct Listening {
    connection: Connection,
    /// The last id, or lesson 7's session.
    place: String,
}

impl Technique {
    /// Its name in the tables: short, for a phone.
    pub fn name(self) -> String {
        match self {
            ShortPolling(seconds) => format!("polling, {seconds} s"),
            LongPolling => "long polling".to_owned(),
            Comet => "comet".to_owned(),
            IframePush => "iframe push".to_owned(),
            Sse => "SSE".to_owned(),
            WebSocket => "WebSocket".to_owned(),
            SocketIoPolling => "Socket.IO, polling".to_owned(),
            SocketIoWebSocket => "Socket.IO".to_owned(),
        }
    }

    /// Until the server holds what it holds of one who listens.
    pub fn open(self, client: &mut Client) -> Listening {
        let mut connection = client.connect();
        let mut place = String::new();
        match self {
            ShortPolling(_) => {
                client.ask(&mut connection, &short_poll(""));
                place = last_id(&client.answer(&mut connection).expect("an answer").0);
            }
            LongPolling => {
                let first = "/long-polling/messages?tab=k3v9x2m7&wait=0";
                client.ask(&mut connection, &heads::fetch(first, "2-long-polling"));
                place = last_id(&client.answer(&mut connection).expect("an answer").0);
                client.ask(&mut connection, &long_poll(&place));
            }
            Comet => {
                let head = heads::fetch_uncached("/comet/stream?", "3-comet");
                client.ask(&mut connection, &head);
                client.head(&mut connection).expect("a head");
            }
            IframePush => {
                let head = heads::iframe("/iframe-push/stream?topic=chat", "4-iframe-push");
                client.ask(&mut connection, &head);
                client.head(&mut connection).expect("a head");
            }
            Sse => {
                let head = heads::event_source("/sse/stream?topic=chat", "5-sse");
                client.ask(&mut connection, &head);
                client.head(&mut connection).expect("a head");
            }
            WebSocket => {
                let subprotocol = "Sec-WebSocket-Protocol: poll-to-push.v1\r\n";
                let head = heads::web_socket("/websocket/socket?after=0", subprotocol);
                client.ask(&mut connection, &head);
                client.head(&mut connection).expect("a head");
            }
            SocketIoPolling => {
                place = open_session(client, &mut connection);
                client.ask(&mut connection, &engine_poll(&place));
            }
            SocketIoWebSocket => {
                let mut polling = connection;
                place = open_session(client, &mut polling);
                client.ask(&mut polling, &engine_poll(&place));
                connection = client.connect();
                let target = format!("/socket.io/?EIO=4&transport=websocket&sid={place}");
                client.ask(&mut connection, &heads::web_socket(&target, ""));
                client.head(&mut connection).expect("a head");
                client.send_frame(&mut connection, TEXT, b"2probe");
                client.frame(&mut connection).expect("3probe");
                // The poll that waited is ended, so that nothing is lost in it.
                client.answer(&mut polling).expect("6");
                client.send_frame(&mut connection, TEXT, b"5");
            }
        }
        Listening { connection, place }
    }

    /// Listens until the client's time is over.
    pub fn listen(self, client: &mut Client, listening: Listening) {
        let Listening {
            mut connection,
            mut place,
        } = listening;
        match self {
            ShortPolling(seconds) => loop {
                let left = client.until.saturating_duration_since(Instant::now());
                pause(left.min(Duration::from_secs(seconds)));
                if Instant::now() >= client.until {
                    return;
                }
                client.ask(&mut connection, &short_poll(&format!("after={place}")));
                let Some((head, _)) = client.answer(&mut connection) else {
                    return;
                };
                place = last_id(&head);
            },
            LongPolling => {
                while let Some((head, _)) = client.answer(&mut connection) {
                    place = last_id(&head);
                    client.ask(&mut connection, &long_poll(&place));
                }
            }
            // The bytes are counted where they are read; nothing else is to do.
            Comet | IframePush | Sse => while client.read(&mut connection) {},
            WebSocket | SocketIoWebSocket => {
                while let Some((first, payload)) = client.frame(&mut connection) {
                    match (first, &payload[..]) {
                        (PING, payload) => client.send_frame(&mut connection, PONG, payload),
                        // Engine.IO has a ping of its own, in a text frame.
                        (TEXT, b"2") => client.send_frame(&mut connection, TEXT, b"3"),
                        _ => {}
                    }
                }
            }
            SocketIoPolling => {
                while let Some((_, packets)) = client.answer(&mut connection) {
                    if packets.split('\x1e').any(|packet| packet == "2") {
                        engine_post(client, &place, "3");
                    }
                    client.ask(&mut connection, &engine_poll(&place));
                }
            }
        }
    }
}

/// The first bytes of whole WebSocket frames.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

fn short_poll(query: &str) -> String {
    let target = format!("/short-polling/messages?{query}");
    heads::fetch(&target, "1-short-polling")
}

fn long_poll(place: &str) -> String {
    let target = format!("/long-polling/messages?tab=k3v9x2m7&after={place}&wait=25");
    heads::fetch(&target, "2-long-polling")
}

fn last_id(head: &str) -> String {
    field(head, "Last-Event-ID").expect("a last id").to_owned()
}

/// Lesson 7's client gives every request a `t` of 12 letters that is never the same.
const T: &str = "mwv3p6u3vvlq";

fn engine_poll(sid: &str) -> String {
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}&t={T}");
    heads::fetch(&target, "7-socket-io")
}

/// A connection of its own for each: a browser's would have been closed by the server
/// between one ping and the next. (So the count of threads is that of a
/// client that has not posted for 15 s.)
fn engine_post(client: &mut Client, sid: &str, packet: &str) {
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}&t={T}");
    let mut connection = client.connect();
    client.ask(
        &mut connection,
        &heads::post(&target, "7-socket-io", packet),
    );
    client.answer(&mut connection);
}

/// The session of Engine.IO, and in it the namespace `/` of Socket.IO.
fn open_session(client: &mut Client, connection: &mut Connection) -> String {
    let first = format!("/socket.io/?EIO=4&transport=polling&t={T}");
    client.ask(connection, &heads::fetch(&first, "7-socket-io"));
    let (_, open) = client.answer(connection).expect("an answer");
    let open: serde_json::Value = serde_json::from_str(&open[1..]).expect("JSON");
    let sid = open["sid"].as_str().expect("a sid").to_owned();
    engine_post(client, &sid, "40");
    client.ask(connection, &engine_poll(&sid));
    client.answer(connection).expect("the namespace");
    sid
}
