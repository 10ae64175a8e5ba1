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
//! A Close is answered by a Close that says the same (section 5.5.1). A message may
//! come in several frames, fragments (section 5.4); both are [`websocket::serve`]'s work,
//! where `tungstenite` takes the frames apart. To see that done by hand, read
//! [`frame_inspector`].
//!
//! The connection's thread only reads. Where a frame goes out: the topic's delivery
//! thread takes the message out of the crossbeam channel, `TEXT_FRAMES` makes a frame
//! of it, and `ConnectionWriter::send_or_close` writes it to this socket ([follow one
//! message](crate::architecture)). The timer's thread sends the pings
//! ([`crate::feed::heartbeat`]). So a push never waits for the browser to speak. The
//! opening handshake is in [`crate::http::websocket_handshake`], because lesson 7 needs it
//! too.

pub mod frame_inspector;

use crate::app::{AppState, Lesson, cursor_of, publish};
use crate::bus::Message;
use crate::feed::frames::text;
use crate::feed::websocket::{self, Action, PINGS};
use crate::feed::{CloseReason, IDENTITY, MessageFormat};
use crate::http::websocket_handshake::accept;
use crate::http::{Access, Request, Response, Route};
use std::sync::Arc;
use tungstenite::protocol::frame::coding::CloseCode;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson::new(6, "websocket", "WebSocket", routes);

/// The largest message that the chat takes, and that the echo does, in bytes.
const CHAT_LIMIT: usize = 64 * 1024;
const ECHO_LIMIT: usize = 16 * 1024 * 1024;

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    let mut routes = vec![
        // ANCHOR: routes
        app.get("/websocket/socket", Access::SameOrigin, |app, request| {
            chat(app, request)
        }),
        Route::get("/websocket/echo", Access::SameOrigin, |request| {
            Ok(accept(request)?.streaming(&IDENTITY, |mut connection| {
                connection.go_live(&PINGS);
                websocket::serve(connection, ECHO_LIMIT, Action::Send);
            }))
        }),
        // ANCHOR_END: routes
    ];
    routes.extend(frame_inspector::routes());
    routes
}

/// The chat: what is published goes out as text frames, what comes in as
/// `{"data": …}` is published (to `chat`, whichever topic is read), and neither
/// waits for the other. What is refused is answered by a frame `{"error": …}`.
fn chat(app: &Arc<AppState>, request: &Request) -> Result<Response, Response> {
    let topic = app.topic_of(request)?;
    // "From now on" means from the 101 on, and not from a moment later.
    let (cursor, _) = topic.resolve(cursor_of(request)?);
    let app = app.clone();
    let head = accept(request)?;
    Ok(head.streaming(&IDENTITY, move |mut connection| {
        // ANCHOR: chat
        // Kept until the end: to drop it is to leave the topic.
        let Ok(_subscription) = connection.subscribe(&topic, &cursor, &TEXT_FRAMES) else {
            return connection.end(&(PINGS.closing)(), CloseReason::Shutdown);
        };
        websocket::serve(connection, CHAT_LIMIT, |message| match message {
            tungstenite::Message::Text(text) => match publish::publish(&app, text.as_bytes()) {
                Ok(_) => Action::Continue,
                Err(error) => Action::Send(error.body.text().into()),
            },
            _ => Action::Close(CloseCode::Unsupported, "this chat takes text only"),
        });
        // ANCHOR_END: chat
    }))
}

// ANCHOR: frames
/// How messages go out: one text frame each.
static TEXT_FRAMES: MessageFormat = MessageFormat {
    message: |message: &Message| text(message.to_json()),
    gap: || text("{\"gap\": true}".to_owned()),
    keep_alive: PINGS,
};
// ANCHOR_END: frames
