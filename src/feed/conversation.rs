//! A WebSocket conversation: the reading side, and the frames that go out.
//!
//! `tungstenite` runs over a held connection: its reads are the socket's, and
//! what it writes goes, whole frames at a time, into the outbox, as everything
//! does that leaves a connection.

use super::{Held, Reason};
use bytes::Bytes;
use std::io::{self, Read, Write};
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::Frame};
use tungstenite::{Error, Message, WebSocket, error::ProtocolError};

/// What follows a message from the browser.
pub enum Say {
    /// Nothing.
    Nothing,
    /// This.
    Answer(Message),
    /// A Close, with its code and why.
    Close(CloseCode, &'static str),
}

/// Reads until either side closes, and asks `hear` about every message.
/// tungstenite puts fragments together, unmasks, checks, and answers pings. A
/// message of more than `limit` bytes is answered by Close 1009, one against the
/// protocol by 1002, text that is not UTF-8 by 1007.
pub fn converse(mut held: Held, limit: usize, mut hear: impl FnMut(Message) -> Say) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let early = held.take_early();
    let mut socket =
        WebSocket::from_partially_read(BothWays(held), early, Role::Server, Some(config));
    let (last_frame, reason) = loop {
        let say = match socket.read() {
            Ok(Message::Close(frame)) => {
                // A Close is answered by one that says the same (section 5.5.1). A code
                // that may not be sent has already become 1002.
                break (bytes(Frame::close(frame)), Reason::ClientClosed);
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => hear(message),
            Ok(_) => Say::Nothing,
            Err(Error::Utf8(_)) => Say::Close(CloseCode::Invalid, "text must be UTF-8"),
            Err(Error::Capacity(_)) => Say::Close(CloseCode::Size, "the message is too large"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return,
            Err(Error::Protocol(_)) => Say::Close(CloseCode::Protocol, "against RFC 6455"),
            // The connection has ended; why, the house has noted.
            Err(_) => return,
        };
        match say {
            Say::Nothing => {}
            Say::Answer(message) => {
                // Not by `socket.send`, whose buffer would stay as large as the
                // largest message.
                if !socket.get_ref().0.send(&frame_of(message)) {
                    return;
                }
            }
            Say::Close(code, why) => break (close(code, why), Reason::ProtocolError),
        }
    };
    let BothWays(held) = socket.get_mut();
    held.say_end(&last_frame, reason);
    held.read_until_closed();
}

/// A whole message as one frame.
fn frame_of(message: Message) -> Vec<u8> {
    let kind = if message.is_text() {
        Data::Text
    } else {
        Data::Binary
    };
    bytes(Frame::message(
        message.into_data(),
        OpCode::Data(kind),
        true,
    ))
}

/// One text frame.
pub fn text(text: String) -> Vec<u8> {
    bytes(Frame::message(text, OpCode::Data(Data::Text), true))
}

/// One binary frame.
pub fn binary(payload: Bytes) -> Vec<u8> {
    bytes(Frame::message(payload, OpCode::Data(Data::Binary), true))
}

/// One Close frame.
pub fn close(code: CloseCode, why: &'static str) -> Vec<u8> {
    let reason = why.into();
    bytes(Frame::close(Some(CloseFrame { code, reason })))
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

/// The connection as tungstenite sees it: reads from the socket, writes whole
/// frames into the outbox. What it still wants to say after the end is dropped.
struct BothWays(Held);

impl Read for BothWays {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for BothWays {
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        self.0.send(frames);
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
