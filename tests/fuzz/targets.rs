//! What the fuzz targets do with bytes, for `tests/corpus.rs` too.

#![allow(dead_code, reason = "each fuzz target uses one of them")]

use poll_to_push::lessons::socket_io::codec::engine_io::{
    EnginePacket, MessageData, decode_payload, encode_payload,
};
use poll_to_push::lessons::socket_io::codec::socket_io::Decoder;

/// The body of a poll: what is taken is taken again when it is written.
pub fn engine_payload(bytes: &[u8]) {
    let Ok(packets) = decode_payload(bytes) else {
        return;
    };
    let written = encode_payload(&packets);
    assert_eq!(decode_payload(written.as_bytes()), Ok(packets));
}

/// A text message of a WebSocket; the same holds for it.
pub fn engine_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(packet) = EnginePacket::from_text(text) else {
        return;
    };
    match packet.to_data() {
        MessageData::Text(written) => assert_eq!(EnginePacket::from_text(&written), Ok(packet)),
        binary => assert_eq!(packet, EnginePacket::Message(binary)),
    }
}

/// Messages of Socket.IO, one behind the other. A line that begins with `b` is
/// bytes, any other is text. What is taken is taken again when it is written.
pub fn socket_messages(bytes: &[u8]) {
    let mut decoder = Decoder::new(100_000);
    for line in bytes.split(|byte| *byte == b'\n') {
        let message = match line.strip_prefix(b"b") {
            Some(binary) => MessageData::Binary(binary.to_vec().into()),
            None => match std::str::from_utf8(line) {
                Ok(text) => MessageData::Text(text.to_owned()),
                Err(_) => return,
            },
        };
        let Ok(packet) = decoder.decode(&message) else {
            return;
        };
        let Some(packet) = packet else { continue };
        let written = packet.encode();
        let mut again = Decoder::new(usize::MAX);
        let packets: Vec<_> = written
            .iter()
            .filter_map(|message| again.decode(message).expect("it was right before"))
            .collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0].encode(), written);
    }
}
