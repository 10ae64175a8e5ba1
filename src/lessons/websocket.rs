//! Lesson 6, WebSocket: both ways at once, on one connection.
//!
//! It begins as an HTTP request that asks to stop speaking HTTP (RFC 6455). The
//! server proves that it understood: it joins the browser's key and a fixed text,
//! hashes both with SHA-1 and sends the hash in base64. That is no secret and no
//! encryption; it only shows that a WebSocket server answers, and not a cache.
//!
//! ```text
//! GET /websocket/socket HTTP/1.1             HTTP/1.1 101 Switching Protocols
//! Host: localhost:3000                       Upgrade: websocket
//! Upgrade: websocket                         Connection: Upgrade
//! Connection: Upgrade                        Sec-WebSocket-Accept: s3pPLMBi…
//! Sec-WebSocket-Version: 13
//! Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
//! ```
//!
//! A page cannot set headers on a WebSocket, so its cursor stands in the URL
//! (`?after=k3v9-7`). After the 101 nothing is HTTP any more. Each side sends
//! **frames**: two bytes or more that say the kind and the length, then the bytes.
//! What the browser sends is masked with four bytes of its choice, so that a script
//! cannot choose the bytes that a proxy on the way will see.
//!
//! ```text
//! server   81 05 "Hello"            text, 5 bytes        81 7e 00 92 {"id":…}  text, 146 bytes
//! browser  81 85 mask "Hello"^mask  the same, masked
//! server   89 00                    ping, the heartbeat  88 25 03 e9 "the…"    close, code 1001
//! browser  8a 80 mask               its pong
//! ```
//!
//! The connection's thread reads; what goes out passes the outbox, so a push
//! never waits for the browser to speak. `tungstenite` takes the frames apart
//! ([`crate::feed::conversation`]); to see it done by hand, read
//! [`crate::apps::handshake`].

use super::{cursor, topic};
use crate::apps::handshake;
use crate::bus::Message;
use crate::course::{House, Lesson, publish};
use crate::feed::conversation::{Say, close, converse, ping, text};
use crate::feed::{Encoding, Held, PLAIN, Reason};
use crate::http::{Access, Answer, Reply, Request, Route};
use std::sync::Arc;
use tungstenite::Message as Incoming;
use tungstenite::protocol::frame::coding::CloseCode;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 6,
    name: "websocket",
    title: "WebSocket",
    topics: &[],
    internal: &[],
    routes,
    asks_and_answers: false,
};

/// The largest message that the chat takes, and that the echo does, in bytes.
const CHAT_LIMIT: usize = 64 * 1024;
const ECHO_LIMIT: usize = 16 * 1024 * 1024;
/// The subprotocol that this server knows.
const SUBPROTOCOL: &str = "poll-to-push.v1";

fn routes(house: &Arc<House>) -> Vec<Route> {
    let house = house.clone();
    let mut routes = vec![
        // ANCHOR: routes
        Route::get("/websocket/socket", Access::OwnPages, move |request| {
            chat(&house, request)
        }),
        Route::get("/websocket/echo", Access::OwnPages, |request| {
            Ok(Reply::hold(accept(request)?, &PLAIN, |mut held: Held| {
                held.go_live(&FRAMES);
                converse(held, ECHO_LIMIT, Say::Answer);
            }))
        }),
        // ANCHOR_END: routes
    ];
    routes.extend(handshake::routes());
    routes
}

/// The handshake (RFC 6455, section 4.2): the 101 that accepts it.
///
/// # Errors
/// 426 for a request that is no upgrade, or is one to another version; 400 for
/// one that is malformed.
pub fn accept(request: &Request) -> Result<Answer, Answer> {
    if !request.header_has("Upgrade", "websocket") {
        let why = "this is a WebSocket: open it with new WebSocket(url)";
        return Err(Answer::error(426, why)
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade"));
    }
    if request.method != "GET"
        || request.minor_version == 0
        || !request.header_has("Connection", "Upgrade")
    {
        let why = "an upgrade is a GET of HTTP/1.1 with Connection: Upgrade";
        return Err(Answer::error(400, why));
    }
    // ANCHOR: version
    if request.header("Sec-WebSocket-Version") != Some("13") {
        return Err(Answer::error(426, "the version must be 13")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", 13));
    }
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    if !is_sixteen_bytes_in_base64(key) {
        let why = "Sec-WebSocket-Key must be 16 bytes in base64";
        return Err(Answer::error(400, why));
    }
    // ANCHOR_END: version
    // ANCHOR: proof
    // The key and 258EAFA5-E914-47DA-95CA-C5AB0DC85B11, hashed, in base64.
    let proof = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let mut answer = Answer::new(101)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Accept", proof);
    // ANCHOR_END: proof
    let offered = request.header("Sec-WebSocket-Protocol").unwrap_or_default();
    if offered.split(',').any(|name| name.trim() == SUBPROTOCOL) {
        answer = answer.header("Sec-WebSocket-Protocol", SUBPROTOCOL);
    }
    Ok(answer)
}

/// The last letter before `==` may have bits that mean nothing, as in the
/// standard's own example (section 4.1).
fn is_sixteen_bytes_in_base64(key: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let letters = key.strip_suffix("==").unwrap_or_default();
    letters.len() == 22 && letters.bytes().all(letter)
}

/// The chat: what is published goes out as text frames, what comes in as
/// `{"data": …}` is published (to `chat`, whichever topic is read), and neither
/// waits for the other. What is refused is answered by a frame `{"error": …}`.
fn chat(house: &Arc<House>, request: &Request) -> Result<Reply, Answer> {
    let topic = topic(house, request)?;
    // "From now on" means from the 101 on, and not from a moment later.
    let (cursor, _) = topic.pin(cursor(request)?);
    let house = house.clone();
    Ok(Reply::hold(
        accept(request)?,
        &PLAIN,
        move |mut held: Held| {
            // ANCHOR: chat
            // Kept until the end: to drop it is to leave the topic.
            let Ok(_subscription) = held.join(&topic, &cursor, &FRAMES) else {
                return held.end(&(FRAMES.farewell)(), Reason::Shutdown);
            };
            converse(held, CHAT_LIMIT, |message| match message {
                Incoming::Text(text) => match publish::publish(&house, text.as_bytes()) {
                    Ok(_) => Say::Nothing,
                    Err(error) => {
                        Say::Answer(String::from_utf8_lossy(&error.body).into_owned().into())
                    }
                },
                _ => Say::Close(CloseCode::Unsupported, "this chat takes text only"),
            });
            // ANCHOR_END: chat
        },
    ))
}

// ANCHOR: frames
/// How messages go out: one text frame each. Whoever answers no ping until the
/// next one is due is closed with 1011.
pub static FRAMES: Encoding = Encoding {
    message: |message: &Message| text(message.to_json()),
    gap: || text("{\"gap\": true}".to_owned()),
    heartbeat: ping,
    farewell: || close(CloseCode::Away, "the server is going down; come back"),
    silent: Some(|| close(CloseCode::Error, "no answer to a ping")),
};
// ANCHOR_END: frames
