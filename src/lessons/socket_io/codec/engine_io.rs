//! Engine.IO protocol 4: packets that both transports carry.
//!
//! ```text
//!                  in a WebSocket message       in the body of a poll
//! open             text   0{"sid":…}            0{"sid":…}
//! message          text   4hello                4hello
//! message, binary  binary 01 02 03 04           bAQIDBA==
//! several          a message each               4hello␞2␞4world       (␞ is the byte 1e)
//! ```

use super::Malformed;
use bytes::Bytes;
use data_encoding::BASE64;

/// Stands between the packets in the body of a poll: the record separator.
pub const SEPARATOR: char = '\x1e';

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageData {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// One packet (section "Protocol" of the Engine.IO protocol).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnginePacket {
    /// 0: the server's first word, JSON.
    Open(String),
    /// 1: the session is over.
    Close,
    /// 2: are you there? From the client it carries `probe`, in an upgrade.
    Ping(String),
    /// 3: yes.
    Pong(String),
    /// 4, or `b` for bytes in a poll: what the application says.
    Message(MessageData),
    /// 5: from now on by WebSocket.
    Upgrade,
    /// 6: nothing; it ends a poll.
    Noop,
}

impl EnginePacket {
    /// A text message.
    pub fn text(text: impl Into<String>) -> EnginePacket {
        EnginePacket::Message(MessageData::Text(text.into()))
    }

    /// Reads a packet that is text: a text message of a WebSocket, or one packet of
    /// a poll that does not begin with `b`.
    ///
    /// # Errors
    /// When its type is none, or it carries what its type must not.
    pub fn from_text(text: &str) -> Result<EnginePacket, Malformed> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(Malformed("an empty packet"))?;
        let rest = chars.as_str();
        let bare = |packet| match rest {
            "" => Ok(packet),
            _ => Err(Malformed("close, upgrade and noop carry nothing")),
        };
        match kind {
            '0' => Ok(EnginePacket::Open(rest.to_owned())),
            '1' => bare(EnginePacket::Close),
            '2' => Ok(EnginePacket::Ping(rest.to_owned())),
            '3' => Ok(EnginePacket::Pong(rest.to_owned())),
            '4' => Ok(EnginePacket::text(rest)),
            '5' => bare(EnginePacket::Upgrade),
            '6' => bare(EnginePacket::Noop),
            _ => Err(Malformed("a packet begins with its type, 0 to 6")),
        }
    }

    /// The packet as a WebSocket message: text, or bytes as they are.
    pub fn to_data(&self) -> MessageData {
        match self {
            EnginePacket::Message(binary @ MessageData::Binary(_)) => binary.clone(),
            other => {
                let mut text = String::new();
                other.write(&mut text);
                MessageData::Text(text)
            }
        }
    }

    /// Adds the packet to the body of a poll.
    fn write(&self, out: &mut String) {
        let (kind, rest) = match self {
            EnginePacket::Open(rest) => ('0', rest.as_str()),
            EnginePacket::Close => ('1', ""),
            EnginePacket::Ping(rest) => ('2', rest.as_str()),
            EnginePacket::Pong(rest) => ('3', rest.as_str()),
            EnginePacket::Message(MessageData::Text(rest)) => ('4', rest.as_str()),
            EnginePacket::Message(MessageData::Binary(bytes)) => {
                out.push('b');
                return BASE64.encode_append(bytes, out);
            }
            EnginePacket::Upgrade => ('5', ""),
            EnginePacket::Noop => ('6', ""),
        };
        out.push(kind);
        out.push_str(rest);
    }
}

/// Packets as the body of a poll.
pub fn encode_payload<'a>(packets: impl IntoIterator<Item = &'a EnginePacket>) -> String {
    let mut body = String::new();
    for packet in packets {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        packet.write(&mut body);
    }
    body
}

/// The packets in the body of a poll.
///
/// # Errors
/// When one of them is malformed: none counts then.
pub fn decode_payload(body: &[u8]) -> Result<Vec<EnginePacket>, Malformed> {
    let body = std::str::from_utf8(body).map_err(|_| Malformed("a body must be UTF-8"))?;
    let decode = |packet: &str| match packet.strip_prefix('b') {
        Some(base64) => {
            let bytes = BASE64.decode(base64.as_bytes()).ok();
            // The crate takes several pieces, each with its padding, for one.
            let one_piece = !base64.trim_end_matches('=').contains('=');
            bytes
                .filter(|_| one_piece)
                .map(|bytes| EnginePacket::Message(MessageData::Binary(bytes.into())))
                .ok_or(Malformed("behind a b stands base64"))
        }
        None => EnginePacket::from_text(packet),
    };
    body.split(SEPARATOR).map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(bytes: &'static [u8]) -> EnginePacket {
        EnginePacket::Message(MessageData::Binary(Bytes::from_static(bytes)))
    }

    #[test]
    fn the_examples_of_the_protocol() {
        for (body, packets) in [
            (
                "4hello\x1e2\x1e4world",
                vec![
                    EnginePacket::text("hello"),
                    EnginePacket::Ping(String::new()),
                    EnginePacket::text("world"),
                ],
            ),
            (
                "4hello\x1ebAQIDBA==",
                vec![EnginePacket::text("hello"), binary(&[1, 2, 3, 4])],
            ),
            ("2probe", vec![EnginePacket::Ping("probe".to_owned())]),
            ("3probe", vec![EnginePacket::Pong("probe".to_owned())]),
            ("5", vec![EnginePacket::Upgrade]),
            ("1\x1e6", vec![EnginePacket::Close, EnginePacket::Noop]),
            ("4", vec![EnginePacket::text("")]),
            ("b", vec![binary(&[])]),
        ] {
            assert_eq!(
                decode_payload(body.as_bytes()).as_ref(),
                Ok(&packets),
                "{body:?}"
            );
            assert_eq!(encode_payload(&packets), body);
        }
        let open = "0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],\
                    \"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
        let packet = EnginePacket::from_text(open).expect("a packet");
        assert_eq!(packet.to_data(), MessageData::Text(open.to_owned()));
        assert_eq!(
            binary(&[1, 2, 3, 4]).to_data(),
            MessageData::Binary(Bytes::from_static(&[1, 2, 3, 4]))
        );
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for wrong in [
            "",
            "abc",
            "7",
            "8x",
            "1x",
            "5x",
            "6x",
            "\x1e",
            "4a\x1e",
            "\x1e4a",
            "bAQ",
            "b!",
            "bAqI=BA0=",
            "4a\x1ez",
        ] {
            assert!(decode_payload(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(decode_payload(b"4\xff").is_err());
        assert!(
            EnginePacket::from_text("bAQIDBA==").is_err(),
            "only in a poll"
        );
    }
}
