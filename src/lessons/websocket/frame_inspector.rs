//! The handshake and the frames, byte by byte: the first demo of lesson 6.
//!
//! A WebSocket that tells the page what its own browser sent: the fields of the
//! request that take part, how the answer's hash comes about, and then every
//! frame as it passes the socket, the two Close frames included. The page cannot
//! see any of that by itself. Frames are taken apart here by hand, short ones
//! only, to show how; the lesson's own sockets leave that to `tungstenite`.

use crate::feed::websocket::PINGS;
use crate::feed::{CloseReason, IDENTITY, StreamingConnection};
use crate::http::websocket_handshake::accept;
use crate::http::{Access, Request, Response, Route};
use crate::lock::lock;
use crate::random;
use serde::Serialize;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use tungstenite::protocol::frame::coding::CloseCode;

/// The fixed text that is joined to the key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The fields of the request that take part in the handshake.
const FIELDS: [&str; 8] = [
    "Host",
    "Upgrade",
    "Connection",
    "Origin",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];
/// Connections whose frames are remembered.
const REMEMBERED: usize = 256;
/// Frames that are remembered of each.
const MOST_FRAMES: usize = 64;
/// The longest payload taken here; a longer one has another kind of length.
const LONGEST: usize = 125;

#[derive(Clone, Serialize)]
struct SeenFrame {
    from: &'static str,
    opcode: &'static str,
    bytes: String,
    payload: String,
}

/// The frames of one connection, by its ticket.
struct Record {
    ticket: String,
    frames: Vec<SeenFrame>,
}

type Records = Arc<Mutex<VecDeque<Record>>>;

/// Its URLs.
pub fn routes() -> Vec<Route> {
    let records = Records::default();
    let reading = records.clone();
    vec![
        Route::get("/websocket/handshake", Access::SameOrigin, move |request| {
            show(&records, request)
        }),
        Route::get("/websocket/frames", Access::AnyOrigin, move |request| {
            let ticket = request.query_param("ticket").unwrap_or_default();
            let records = lock(&reading);
            match records.iter().find(|record| record.ticket == ticket) {
                Some(record) => Ok(Response::json(200, &json!({ "frames": record.frames }))),
                None => Err(Response::error(
                    404,
                    "there is no such ticket; it may be too old",
                )),
            }
        }),
    ]
}

fn show(records: &Records, request: &Request) -> Result<Response, Response> {
    let head = accept(request)?;
    let ticket =
        random::token(20).map_err(|_| Response::error(500, "the system gave no random number"))?;
    let told = explain(request, &head, &ticket).to_string();
    let mut all = lock(records);
    if all.len() == REMEMBERED {
        all.pop_front();
    }
    all.push_back(Record {
        ticket: ticket.clone(),
        frames: Vec::new(),
    });
    drop(all);
    let records = records.clone();
    Ok(head.streaming(&IDENTITY, move |mut connection| {
        connection.go_live(&PINGS);
        // Longer than 125 bytes, so its length stands in two further bytes.
        let length = u16::try_from(told.len()).unwrap_or(u16::MAX);
        let mut first = vec![0b1000_0001, 126];
        first.extend_from_slice(&length.to_be_bytes());
        first.extend_from_slice(told.as_bytes());
        connection.send(&first);
        let note = |seen: SeenFrame| {
            let mut all = lock(&records);
            let record = all.iter_mut().find(|record| record.ticket == ticket);
            if let Some(record) = record.filter(|record| record.frames.len() < MOST_FRAMES) {
                record.frames.push(seen);
            }
        };
        echo(connection, note);
    }))
}

/// The handshake, step by step, from the reader's own request.
fn explain(request: &Request, head: &Response, ticket: &str) -> Value {
    let taking_part: Vec<_> = FIELDS
        .iter()
        .filter_map(|name| Some((*name, request.header(name)?)))
        .collect();
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    let joined = format!("{key}{GUID}");
    let hash = Sha1::digest(joined.as_bytes());
    json!({
        "ticket": ticket,
        "request": taking_part,
        "key": key,
        "guid": GUID,
        "joined": joined,
        "sha1": data_encoding::HEXLOWER.encode(&hash),
        "accept": data_encoding::BASE64.encode(&hash),
        "response": String::from_utf8_lossy(&head.to_stream_head(&IDENTITY)),
    })
}

/// A frame from the browser, taken apart (RFC 6455, section 5.2).
struct ClientFrame {
    opcode: u8,
    payload: Vec<u8>,
    /// How many bytes it took.
    length: usize,
}

/// The frame at the start of `bytes`; `None` when more is needed.
///
/// ```text
///  byte 0            byte 1            bytes 2 to 5     the rest
///  1 000 0001        1 0000101         the mask         "Hello", masked
///  │     └ opcode    │ └ length: 5
///  └ the last frame  └ masked
///    of the message
/// ```
fn take_apart(bytes: &[u8]) -> Result<Option<ClientFrame>, String> {
    let &[first, second, ..] = bytes else {
        return Ok(None);
    };
    // ANCHOR: take-apart
    let length = usize::from(second & 0b0111_1111);
    if first & 0b1111_0000 != 0b1000_0000 {
        return Err("one whole frame per message here, no extension".to_owned());
    }
    if second & 0b1000_0000 == 0 {
        return Err("a browser masks what it sends".to_owned());
    }
    if length > LONGEST {
        return Err(format!("at most {LONGEST} bytes here"));
    }
    let Some(masked) = bytes.get(6..6 + length) else {
        return Ok(None);
    };
    let mask = &bytes[2..6];
    let payload = masked
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    Ok(Some(ClientFrame {
        opcode: first & 0b0000_1111,
        payload,
        length: 6 + length,
    }))
    // ANCHOR_END: take-apart
}

/// Echoes until either side closes, and notes every frame.
fn echo(mut connection: StreamingConnection, note: impl Fn(SeenFrame)) {
    let mut bytes = connection.take_read_buf();
    let mut piece = [0; 512];
    loop {
        let frame = match take_apart(&bytes) {
            Ok(Some(frame)) => frame,
            Ok(None) => match connection.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    bytes.extend_from_slice(&piece[..read]);
                    continue;
                }
            },
            Err(why) => {
                let last = frame_of(CLOSE, &closing(1002, &why));
                return connection.end(&last, CloseReason::ProtocolError);
            }
        };
        note(seen(
            "browser",
            &bytes[..frame.length],
            frame.opcode,
            &frame.payload,
        ));
        bytes.drain(..frame.length);
        if frame.opcode == TEXT && std::str::from_utf8(&frame.payload).is_err() {
            let last = frame_of(CLOSE, &closing(1007, "text must be UTF-8"));
            return connection.end(&last, CloseReason::ProtocolError);
        }
        let answer = match frame.opcode {
            CLOSE => {
                let (payload, reason) = answer_to_close(&frame.payload);
                let last = frame_of(CLOSE, &payload);
                note(seen("server", &last, CLOSE, &payload));
                return connection.end(&last, reason);
            }
            PING => frame_of(PONG, &frame.payload),
            PONG => continue,
            TEXT | BINARY => frame_of(frame.opcode, &frame.payload),
            _ => {
                let last = frame_of(CLOSE, &closing(1002, "this opcode is reserved"));
                return connection.end(&last, CloseReason::ProtocolError);
            }
        };
        note(seen(
            "server",
            &answer,
            answer[0] & 0b0000_1111,
            &frame.payload,
        ));
        connection.send(&answer);
        // Behind each word a ping of ours, so that the reader sees the pong.
        if frame.opcode == TEXT {
            let ping = frame_of(PING, QUESTION);
            note(seen("server", &ping, PING, QUESTION));
            connection.send(&ping);
        }
    }
}

/// The same code and words back, unless the code may not be sent (section 7.4).
fn answer_to_close(payload: &[u8]) -> (Vec<u8>, CloseReason) {
    let right = match payload {
        [] => true,
        [_] => false,
        [high, low, why @ ..] => {
            let code = CloseCode::from(u16::from_be_bytes([*high, *low]));
            code.is_allowed() && std::str::from_utf8(why).is_ok()
        }
    };
    if right {
        (payload.to_vec(), CloseReason::ClientClosed)
    } else {
        (
            closing(1002, "no Close may say this"),
            CloseReason::ProtocolError,
        )
    }
}

/// What our pings carry; a pong must carry the same.
const QUESTION: &[u8] = b"still there?";

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame of ours: not masked. At most 125 bytes.
fn frame_of(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(125);
    let mut frame = vec![0b1000_0000 | opcode, length];
    frame.extend_from_slice(&payload[..usize::from(length)]);
    frame
}

fn closing(code: u16, why: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(why.as_bytes());
    payload
}

fn seen(from: &'static str, bytes: &[u8], opcode: u8, payload: &[u8]) -> SeenFrame {
    let hex: Vec<String> = bytes.iter().take(64).map(|b| format!("{b:02x}")).collect();
    let payload = match (opcode, payload) {
        (CLOSE, [high, low, why @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            format!("{code} {}", String::from_utf8_lossy(why))
                .trim_end()
                .to_owned()
        }
        _ => String::from_utf8_lossy(payload).into_owned(),
    };
    SeenFrame {
        from,
        opcode: match opcode {
            TEXT => "text",
            BINARY => "binary",
            CLOSE => "close",
            PING => "ping",
            PONG => "pong",
            _ => "other",
        },
        bytes: hex.join(" "),
        payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_taken_apart() {
        // RFC 6455, section 5.7: a masked "Hello".
        let bytes = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let frame = take_apart(&bytes).expect("right").expect("whole");
        assert_eq!((frame.opcode, &frame.payload[..]), (1, &b"Hello"[..]));
        assert_eq!(frame.length, 11);
        assert!(take_apart(&bytes[..10]).expect("right").is_none());
        assert_eq!(
            frame_of(1, b"Hello"),
            [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        );
    }
}
