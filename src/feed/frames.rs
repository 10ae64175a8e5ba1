//! Single WebSocket frames, as a server sends them: not masked (RFC 6455, section 5).

use bytes::Bytes;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

/// A whole message as one frame.
pub fn message(message: Message) -> Vec<u8> {
    let kind = if message.is_text() {
        Data::Text
    } else {
        Data::Binary
    };
    data(message.into_data(), kind)
}

/// One text frame.
pub fn text(text: String) -> Vec<u8> {
    data(text.into(), Data::Text)
}

/// One binary frame.
pub fn binary(payload: Bytes) -> Vec<u8> {
    data(payload, Data::Binary)
}

fn data(payload: Bytes, kind: Data) -> Vec<u8> {
    bytes(Frame::message(payload, OpCode::Data(kind), true))
}

/// One Close frame.
pub fn close(code: CloseCode, why: &'static str) -> Vec<u8> {
    let reason = why.into();
    close_like(Some(CloseFrame { code, reason }))
}

/// A Close frame that says what `frame` says.
pub fn close_like(frame: Option<CloseFrame>) -> Vec<u8> {
    bytes(Frame::close(frame))
}

/// A ping without a payload.
pub fn ping() -> Vec<u8> {
    bytes(Frame::ping(""))
}

fn bytes(frame: Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    let _ = frame.format(&mut bytes);
    bytes
}
