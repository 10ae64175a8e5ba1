//! WebSocket over a streaming connection: the tungstenite read loop.
//!
//! `tungstenite` takes the frames apart; its reads are the socket's. What it writes
//! goes, whole frames at a time, into the outbox, as all bytes do that leave a
//! connection. Single frames are made in `frames`.

use super::frames::{self, close, close_like, ping};
use super::{CloseReason, KeepAlive, StreamingConnection};
use std::io::{self, Read, Write};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket, error::ProtocolError};

// ANCHOR: keep-alive
/// The heartbeat is a ping. A browser that has sent nothing when the next one is due,
/// not even the pong, is closed with 1011; all are closed with 1001 when the server
/// goes down (RFC 6455, sections 5.5 and 7.4).
pub const PINGS: KeepAlive = KeepAlive {
    heartbeat: ping,
    closing: || close(CloseCode::Away, "the server is going down; come back"),
    on_pong_timeout: Some(|| close(CloseCode::Error, "no answer to a ping")),
};
// ANCHOR_END: keep-alive

/// What follows a message from the browser.
pub enum Action {
    /// Read on.
    Continue,
    /// Send this, and read on.
    Send(Message),
    /// Close, with this code and why.
    Close(CloseCode, &'static str),
}

/// Reads until either side closes, and asks `on_message` about every message.
/// tungstenite puts fragments together, unmasks, checks, and answers pings. A
/// message of more than `limit` bytes is answered by Close 1009, one against the
/// protocol by 1002, text that is not UTF-8 by 1007.
pub fn serve(
    mut connection: StreamingConnection,
    limit: usize,
    mut on_message: impl FnMut(Message) -> Action,
) {
    let config = WebSocketConfig::default()
        // It is kept as long as the connection, and most of them send little.
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let read_buf = connection.take_read_buf();
    let duplex = Duplex(connection);
    let mut socket = WebSocket::from_partially_read(duplex, read_buf, Role::Server, Some(config));
    let (last_frame, reason) = loop {
        let action = match socket.read() {
            Ok(Message::Close(frame)) => {
                // A Close is answered by one that says the same (section 5.5.1). A code
                // that may not be sent has already become 1002.
                break (close_like(frame), CloseReason::ClientClosed);
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => on_message(message),
            Ok(_) => Action::Continue,
            Err(Error::Utf8(_)) => Action::Close(CloseCode::Invalid, "text must be UTF-8"),
            Err(Error::Capacity(_)) => Action::Close(CloseCode::Size, "the message is too large"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return,
            Err(Error::Protocol(_)) => Action::Close(CloseCode::Protocol, "against RFC 6455"),
            // The connection has ended; its reason is stored already.
            Err(_) => return,
        };
        match action {
            Action::Continue => {}
            Action::Send(message) => {
                // Not by `socket.send`, whose buffer would stay as large as the
                // largest message.
                if !socket.get_ref().0.send(&frames::message(message)) {
                    return;
                }
            }
            Action::Close(code, why) => break (close(code, why), CloseReason::ProtocolError),
        }
    };
    let Duplex(connection) = socket.get_mut();
    connection.queue_end(&last_frame, reason);
    connection.read_until_closed();
}

/// The connection as tungstenite sees it: reads from the socket, writes whole
/// frames into the outbox. What it still wants to say after the end is dropped.
struct Duplex(StreamingConnection);

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Duplex {
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        self.0.send(frames);
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
