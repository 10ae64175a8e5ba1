//! A parcel: packets that belong together, and their bytes for each transport.

use crate::feed::conversation::{binary, text};
use crate::lessons::socket_io::codec::engine::{Data, Packet, encode_payload};
use bytes::Bytes;
use std::sync::OnceLock;

/// Packets that go out together, such as a text and its attachments. The bytes
/// are made when the first session needs them, and shared by all.
#[derive(Debug)]
pub struct Parcel {
    packets: Vec<Packet>,
    payload: OnceLock<String>,
    frames: OnceLock<Bytes>,
}

impl Parcel {
    /// A parcel of `packets`.
    pub fn new(packets: Vec<Packet>) -> Parcel {
        Parcel {
            packets,
            payload: OnceLock::new(),
            frames: OnceLock::new(),
        }
    }

    /// Messages of the application.
    pub fn of(messages: Vec<Data>) -> Parcel {
        Parcel::new(messages.into_iter().map(Packet::Message).collect())
    }

    /// What it counts against the bound of a parked outbox, in bytes.
    pub fn size(&self) -> usize {
        let size = |packet: &Packet| match packet {
            Packet::Message(Data::Text(text)) => text.len(),
            Packet::Message(Data::Binary(bytes)) => bytes.len(),
            _ => 0,
        };
        self.packets.iter().map(size).sum::<usize>() + 64
    }

    /// The packets as they stand in the body of a poll.
    pub fn payload(&self) -> &str {
        self.payload.get_or_init(|| encode_payload(&self.packets))
    }

    /// The packets as WebSocket frames, one each.
    pub fn frames(&self) -> Bytes {
        let make = || {
            let mut frames = Vec::new();
            for packet in &self.packets {
                frames.extend(match packet.to_data() {
                    Data::Text(data) => text(data),
                    Data::Binary(data) => binary(data),
                });
            }
            frames.into()
        };
        self.frames.get_or_init(make).clone()
    }
}

impl From<Packet> for Parcel {
    fn from(packet: Packet) -> Parcel {
        Parcel::new(vec![packet])
    }
}
