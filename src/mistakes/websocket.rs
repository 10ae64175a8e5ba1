//! Wrong on purpose: the servers of lesson 6, WebSocket.
//!
//! One answers the handshake wrongly, as the reader chooses, so that one sees what the
//! browser refuses. One lets pages of every origin in.

use crate::feed::IDENTITY;
use crate::feed::websocket::{self, Action, PINGS};
use crate::http::websocket_handshake::accept;
use crate::http::{Access, Request, Response, Route};
use crate::lock::lock;
use serde::Serialize;
use serde_json::json;
use sha1::{Digest, Sha1};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The fixed text that every WebSocket server joins to the key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Wrong: another one. Its last digit is a 2.
const OTHER_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B12";
/// Answers that are remembered, for the page to ask for.
const REMEMBERED: usize = 64;
/// The longest ticket that a page may choose, in bytes.
const LONGEST_TICKET: usize = 40;
/// The largest message that comes back, in bytes.
const LIMIT: usize = 1024;

/// What one handshake was answered. No script can see that; this page asks for it.
#[derive(Serialize)]
struct Answered {
    #[serde(skip)]
    ticket: String,
    /// The browser's key.
    key: String,
    /// The sum that belongs to it.
    right: String,
    /// The head that was sent.
    head: String,
}

type Memory = Arc<Mutex<VecDeque<Answered>>>;

/// Its URLs.
pub fn routes() -> Vec<Route> {
    let memory = Memory::default();
    let reading = memory.clone();
    vec![
        Route::get(
            "/mistakes/websocket/handshake",
            Access::SameOrigin,
            move |request| handshake(&memory, request),
        ),
        Route::get(
            "/mistakes/websocket/answered",
            Access::AnyOrigin,
            move |request| answered(&reading, request),
        ),
        // ANCHOR: open-door
        // Wrong: `Access::AnyOrigin` looks at no `Origin`. It should be `Access::SameOrigin`.
        Route::get(
            "/mistakes/websocket/open-door",
            Access::AnyOrigin,
            |request| Ok(echo(accept(request)?)),
        ),
        // ANCHOR_END: open-door
    ]
}

/// Answers as `?how=` says, and remembers it under the page's `?ticket=`.
fn handshake(memory: &Memory, request: &Request) -> Result<Response, Response> {
    // A request that is wrong itself is refused as everywhere.
    accept(request)?;
    let how = request.query_param("how").unwrap_or_default();
    let ticket = request.query_param("ticket").unwrap_or_default();
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    if ticket.len() > LONGEST_TICKET {
        let why = format!("a ticket has at most {LONGEST_TICKET} bytes");
        return Err(Response::error(400, &why));
    }
    let head = head(&how, key);
    let mut all = lock(memory);
    if all.len() == REMEMBERED {
        all.pop_front();
    }
    all.push_back(Answered {
        ticket: ticket.into_owned(),
        key: key.to_owned(),
        right: sum("right", key),
        head: String::from_utf8_lossy(&head.to_stream_head(&IDENTITY)).into_owned(),
    });
    Ok(echo(head))
}

fn answered(memory: &Memory, request: &Request) -> Result<Response, Response> {
    let ticket = request.query_param("ticket").unwrap_or_default();
    let all = lock(memory);
    match all.iter().find(|answered| answered.ticket == ticket) {
        Some(answered) => Ok(Response::json(200, &json!(answered))),
        None => Err(Response::error(
            404,
            "there is no such ticket; it may be old",
        )),
    }
}

/// Every message comes back, if the browser gets so far.
fn echo(head: Response) -> Response {
    head.streaming(&IDENTITY, |mut connection| {
        connection.go_live(&PINGS);
        websocket::serve(connection, LIMIT, Action::Send);
    })
}

// ANCHOR: sums
/// The sum for a key, and what comes out when one step is done wrong.
fn sum(how: &str, key: &str) -> String {
    let right = Sha1::digest(format!("{key}{GUID}"));
    match how {
        // Another fixed text.
        "wrong-guid" => base64(&Sha1::digest(format!("{key}{OTHER_GUID}"))),
        // The key's 16 bytes. But the key is joined as it is written.
        "decoded-key" => base64(&Sha1::digest([&bytes_of(key), GUID.as_bytes()].concat())),
        // The hash in hex. But the 20 bytes themselves must be in base64.
        "hex" => data_encoding::HEXLOWER.encode(&right),
        // One letter of the right sum is another one.
        "changed-letter" => change_first_letter(&base64(&right)),
        _ => base64(&right),
    }
}
// ANCHOR_END: sums

// ANCHOR: head
/// The head of the answer: right, or without one of its fields.
fn head(how: &str, key: &str) -> Response {
    let mut head = Response::new(101);
    if how != "no-upgrade" {
        head = head.header("Upgrade", "websocket");
    }
    if how != "no-connection" {
        head = head.header("Connection", "Upgrade");
    }
    if how != "no-accept" {
        head = head.header("Sec-WebSocket-Accept", sum(how, key));
    }
    if how == "version" {
        // Belongs into a refusal (426) only.
        head = head.header("Sec-WebSocket-Version", 13);
    }
    head
}
// ANCHOR_END: head

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// The bytes that `key` writes in base64. Permissive: the last letter before `==` may
/// have bits that mean nothing.
fn bytes_of(key: &str) -> Vec<u8> {
    let bytes = data_encoding::BASE64_MIME_PERMISSIVE.decode(key.as_bytes());
    bytes.unwrap_or_default()
}

fn change_first_letter(sum: &str) -> String {
    let other = if sum.starts_with('A') { 'B' } else { 'A' };
    let rest = sum.get(1..).unwrap_or_default();
    format!("{other}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_is_right_and_all_others_differ_from_it() {
        // RFC 6455, section 1.3.
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        assert_eq!(sum("right", key), right);
        assert_eq!(sum("hex", key), "b37a4f2cc0624f1690f64606cf385945b2bec4ea");
        assert_eq!(sum("changed-letter", key), "A3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for how in ["wrong-guid", "decoded-key"] {
            let wrong = sum(how, key);
            assert_ne!(wrong, right, "{how}");
            assert_eq!(wrong.len(), right.len(), "{how}");
        }
        assert_eq!(bytes_of(key), b"the sample nonce");
        // Bits at the end that mean nothing (section 4.1).
        assert_eq!(bytes_of("AQIDBAUGBwgJCgsMDQ4PEC==").len(), 16);
    }
}
