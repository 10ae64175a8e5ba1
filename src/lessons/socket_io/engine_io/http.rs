//! Engine.IO's requests: handshake, poll, POST, and the way to a WebSocket.

use super::session::{Ended, Refusal, Session};
use super::{Engine, websocket};
use crate::feed::PLAIN;
use crate::http::{Answer, Reply, Request};
use crate::lessons::socket_io::codec::engine::{Packet, decode_payload};
use crate::lessons::websocket::accept;
use serde_json::json;
use std::sync::Arc;

/// The protocol's error codes, in order from 0.
#[derive(Clone, Copy)]
enum Code {
    TransportUnknown,
    SessionIdUnknown,
    BadHandshakeMethod,
    BadRequest,
    UnsupportedProtocolVersion = 5,
}

/// A 400 with the protocol's own code and words, and ours.
fn refuse(code: Code, why: &str) -> Answer {
    let message = match code {
        Code::TransportUnknown => "Transport unknown",
        Code::SessionIdUnknown => "Session ID unknown",
        Code::BadHandshakeMethod => "Bad handshake method",
        Code::BadRequest => "Bad request",
        Code::UnsupportedProtocolVersion => "Unsupported protocol version",
    };
    let told = json!({ "code": code as u8, "message": message, "error": why });
    Answer::json(400, &told)
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        match refusal {
            Refusal::UnknownSid => refuse(Code::SessionIdUnknown, "this session is over"),
            Refusal::WrongTransport => {
                refuse(Code::BadRequest, "this session goes on by its WebSocket")
            }
            Refusal::Overlap => {
                let why = "one request at a time for each direction; the session is over";
                refuse(Code::BadRequest, why)
            }
        }
    }
}

/// See [`Engine::answer`].
pub fn answer(engine: &Arc<Engine>, request: &Request) -> Result<Reply, Answer> {
    let transport = request.parameter("transport").unwrap_or_default();
    if !matches!(&*transport, "polling" | "websocket") {
        let why = "transport must be polling or websocket";
        return Err(refuse(Code::TransportUnknown, why));
    }
    let by_websocket = transport == "websocket";
    let session = match request.parameter("sid") {
        None => None,
        Some(sid) => Some(engine.find(&sid).ok_or(Refusal::UnknownSid)?),
    };
    if session.is_none() && request.method != "GET" {
        let why = "a session begins with a GET; without a sid there is none";
        return Err(refuse(Code::BadHandshakeMethod, why));
    }
    if request.parameter("EIO").as_deref() != Some("4") {
        let why = "this server speaks EIO=4, Engine.IO protocol 4";
        return Err(refuse(Code::UnsupportedProtocolVersion, why));
    }
    match (session, by_websocket) {
        // ANCHOR: requests
        (None, false) => {
            let (_, open) = engine.open(None)?;
            Ok(body(open.payload()).into())
        }
        (Some(session), false) => match request.method.as_str() {
            "GET" => poll(&session).map(Reply::from),
            "POST" => post(engine, &session, request).map(Reply::from),
            _ => Err(refuse(Code::BadRequest, "a poll is a GET or a POST")),
        },
        // ANCHOR_END: requests
        (session, true) => {
            if !request.header_has("Upgrade", "websocket") {
                return Err(refuse(
                    Code::BadRequest,
                    "a WebSocket begins with an upgrade",
                ));
            }
            let head = accept(request)?;
            let engine = engine.clone();
            Ok(Reply::hold(head, &PLAIN, move |held| match session {
                None => websocket::open(&engine, held),
                Some(session) => websocket::upgrade(&engine, &session, held),
            }))
        }
    }
}

fn body(packets: &str) -> Answer {
    Answer::of_type(200, "text/plain; charset=UTF-8", packets)
}

/// Lesson 2's long poll, but the news are parked for this one client.
fn poll(session: &Arc<Session>) -> Result<Answer, Answer> {
    let (packets, last) = session.poll()?;
    let answer = body(&packets);
    // What follows would be refused; and a client that is gone without a word
    // would keep its connection open.
    Ok(if last { answer.and_close() } else { answer })
}

fn post(engine: &Arc<Engine>, session: &Arc<Session>, request: &Request) -> Result<Answer, Answer> {
    let mut turn = session.take_turn(true)?;
    if request.body.len() > engine.max_payload {
        session.close(Ended::TransportError);
        let why = format!(
            "a body has at most {} bytes (maxPayload)",
            engine.max_payload
        );
        return Err(Answer::error(413, &why));
    }
    if request.header("Content-Type") == Some("application/octet-stream") {
        session.close(Ended::TransportError);
        let why = "a body is text; bytes stand in it as b and base64";
        return Err(refuse(Code::BadRequest, why));
    }
    let wrong = |why: &str| {
        session.close(Ended::TransportError);
        refuse(Code::BadRequest, why)
    };
    // All of it is read before any of it counts.
    let packets = decode_payload(&request.body).map_err(|why| wrong(why.0))?;
    for packet in packets {
        match packet {
            Packet::Message(data) => {
                if !turn.message(data) {
                    break;
                }
            }
            Packet::Pong(_) => session.pong(),
            Packet::Noop => {}
            Packet::Close => {
                session.goodbye();
                break;
            }
            Packet::Open(_) | Packet::Ping(_) | Packet::Upgrade => {
                return Err(wrong("a client sends close, pong, message and noop"));
            }
        }
    }
    Ok(body("ok"))
}
