//! Engine.IO's requests: handshake, poll, POST, and the way to a WebSocket.

use super::packet_group::payload;
use super::session::{DisconnectReason, RequestError, Session};
use super::{Engine, PING_FROM_CLIENT, websocket};
use crate::feed::IDENTITY;
use crate::http::websocket_handshake::accept;
use crate::http::{Request, Response};
use crate::lessons::socket_io::codec::engine_io::{EnginePacket, decode_payload};
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
fn refuse(code: Code, why: &str) -> Response {
    let message = match code {
        Code::TransportUnknown => "Transport unknown",
        Code::SessionIdUnknown => "Session ID unknown",
        Code::BadHandshakeMethod => "Bad handshake method",
        Code::BadRequest => "Bad request",
        Code::UnsupportedProtocolVersion => "Unsupported protocol version",
    };
    let told = json!({ "code": code as u8, "message": message, "error": why });
    Response::json(400, &told)
}

impl From<RequestError> for Response {
    fn from(refusal: RequestError) -> Response {
        match refusal {
            RequestError::UnknownSid => refuse(Code::SessionIdUnknown, "this session is over"),
            RequestError::WrongTransport => {
                refuse(Code::BadRequest, "this session goes on by its WebSocket")
            }
            RequestError::Overlap => {
                let why = "one request at a time for each direction; the session is over";
                refuse(Code::BadRequest, why)
            }
        }
    }
}

/// See [`Engine::handle_request`].
pub fn handle_request(engine: &Arc<Engine>, request: &Request) -> Result<Response, Response> {
    let transport = request.query_param("transport").unwrap_or_default();
    if !matches!(&*transport, "polling" | "websocket") {
        let why = "transport must be polling or websocket";
        return Err(refuse(Code::TransportUnknown, why));
    }
    let by_websocket = transport == "websocket";
    // Some clients write an empty one for none.
    let session = match request.query_param("sid").filter(|sid| !sid.is_empty()) {
        None => None,
        Some(sid) => Some(engine.find(&sid).ok_or(RequestError::UnknownSid)?),
    };
    if session.is_none() && request.method != "GET" {
        let why = "a session begins with a GET; without a sid there is none";
        return Err(refuse(Code::BadHandshakeMethod, why));
    }
    if by_websocket && !request.header_has("Upgrade", "websocket") {
        let why = "a WebSocket begins with an upgrade";
        return Err(refuse(Code::BadRequest, why));
    }
    if request.query_param("EIO").as_deref() != Some("4") {
        let why = "this server speaks EIO=4, Engine.IO protocol 4";
        // Within a session it is not the version that is wrong: it began with 4.
        let code = match session {
            None => Code::UnsupportedProtocolVersion,
            Some(_) => Code::BadRequest,
        };
        return Err(refuse(code, why));
    }
    match (session, by_websocket) {
        // ANCHOR: requests
        (None, false) => {
            let (_, open) = engine.open(None)?;
            Ok(payload(open.payload()))
        }
        (Some(session), false) => match request.method.as_str() {
            "GET" => Ok(poll(engine, &session)),
            "POST" => post(engine, &session, request),
            _ => Err(refuse(Code::BadRequest, "a poll is a GET or a POST")),
        },
        // ANCHOR_END: requests
        (session, true) => {
            let head = accept(request)?;
            let engine = engine.clone();
            Ok(head.streaming(&IDENTITY, move |connection| match session {
                None => websocket::open(&engine, connection),
                Some(session) => websocket::upgrade(&engine, &session, connection),
            }))
        }
    }
}

/// Lesson 2's parked poll, but what is sent waits in this one client's write buffer. The
/// next ping or the session's end answers it at the latest.
fn poll(engine: &Engine, session: &Arc<Session>) -> Response {
    let (session, until) = (session.clone(), engine.timeouts.over_at());
    Response::parked(until, move |pending| {
        let number = session.poll(pending);
        Box::new(move || session.poll_left(number))
    })
}

fn post(
    engine: &Arc<Engine>,
    session: &Arc<Session>,
    request: &Request,
) -> Result<Response, Response> {
    let mut handler = session.lock_handler(true)?;
    if request.body.len() > engine.max_payload {
        session.close(DisconnectReason::TransportError);
        let why = format!(
            "a body has at most {} bytes (maxPayload)",
            engine.max_payload
        );
        return Err(Response::error(413, &why));
    }
    if request.header("Content-Type") == Some("application/octet-stream") {
        session.close(DisconnectReason::TransportError);
        let why = "a body is text; bytes stand in it as b and base64";
        return Err(refuse(Code::BadRequest, why));
    }
    let wrong = |why: &str| {
        session.close(DisconnectReason::TransportError);
        refuse(Code::BadRequest, why)
    };
    // All of it is read before any of it counts.
    let packets = decode_payload(&request.body).map_err(|why| wrong(why.0))?;
    for packet in packets {
        match packet {
            EnginePacket::Message(data) => {
                if !handler.message(data) {
                    break;
                }
            }
            EnginePacket::Pong(_) => session.on_pong(),
            EnginePacket::Open(_) | EnginePacket::Upgrade | EnginePacket::Noop => {}
            EnginePacket::Close => {
                session.on_close_packet();
                break;
            }
            EnginePacket::Ping(_) => return Err(wrong(PING_FROM_CLIENT)),
        }
    }
    Ok(payload("ok"))
}
