//! Packets sent as one unit, encoded once per transport and shared by all receivers.

use crate::feed::frames::{binary, text};
use crate::http::Response;
use crate::lessons::socket_io::codec::engine_io::{EnginePacket, MessageData, encode_payload};
use bytes::Bytes;
use std::sync::OnceLock;

/// Packets that go out together, such as a text and its attachments. The bytes
/// are made when the first session needs them, and shared by all.
#[derive(Debug)]
pub struct PacketGroup {
    packets: Vec<EnginePacket>,
    payload: OnceLock<String>,
    response: OnceLock<Bytes>,
    frames: OnceLock<Bytes>,
}

/// The response to a poll, and to a POST.
pub fn payload(packets: &str) -> Response {
    Response::of_type(200, "text/plain; charset=UTF-8", packets.to_owned())
}

impl PacketGroup {
    /// A group of `packets`.
    pub fn new(packets: Vec<EnginePacket>) -> PacketGroup {
        PacketGroup {
            packets,
            payload: OnceLock::new(),
            response: OnceLock::new(),
            frames: OnceLock::new(),
        }
    }

    /// Messages of the application.
    pub fn of(messages: Vec<MessageData>) -> PacketGroup {
        PacketGroup::new(messages.into_iter().map(EnginePacket::Message).collect())
    }

    /// How many packets it holds.
    pub fn count(&self) -> usize {
        self.packets.len()
    }

    /// What it counts against the bound of a write buffer, in bytes.
    pub fn size(&self) -> usize {
        let size = |packet: &EnginePacket| match packet {
            EnginePacket::Message(MessageData::Text(text)) => text.len(),
            EnginePacket::Message(MessageData::Binary(bytes)) => bytes.len(),
            _ => 0,
        };
        self.packets.iter().map(size).sum::<usize>() + 64
    }

    /// The packets as they stand in the body of a poll.
    pub fn payload(&self) -> &str {
        self.payload.get_or_init(|| encode_payload(&self.packets))
    }

    /// The whole response to a poll that gets these packets and no others, head and body.
    pub fn response(&self) -> Bytes {
        let make = || payload(self.payload()).to_bytes(false, false).into();
        self.response.get_or_init(make).clone()
    }

    /// The packets as WebSocket frames, one each.
    pub fn frames(&self) -> Bytes {
        let make = || {
            let mut frames = Vec::new();
            for packet in &self.packets {
                frames.extend(match packet.to_data() {
                    MessageData::Text(data) => text(data),
                    MessageData::Binary(data) => binary(data),
                });
            }
            frames.into()
        };
        self.frames.get_or_init(make).clone()
    }
}

impl From<EnginePacket> for PacketGroup {
    fn from(packet: EnginePacket) -> PacketGroup {
        PacketGroup::new(vec![packet])
    }
}
