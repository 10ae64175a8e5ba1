//! Engine.IO protocol 4: packets that both transports carry.
//!
//! ```text
//!                  in a WebSocket message       in the body of a poll
//! open             text   0{"sid":…}            0{"sid":…}
//! message          text   4hello                4hello
//! message, binary  binary 01 02 03 04           bAQIDBA==
//! several          a message each               4hello␞2␞4world       (␞ is the byte 1e)
//! ```
//!
//! A client may write bytes as in a poll over a WebSocket, too.

use super::Malformed;
use bytes::Bytes;
use data_encoding::{BASE64, BASE64_NOPAD, Encoding};
use std::sync::LazyLock;

/// Stands between the packets in the body of a poll: the record separator.
pub const SEPARATOR: char = '\x1e';

/// Base64 as clients write it: some break the lines, leave bits behind the last byte, or
/// use the letters for URLs. Padding is taken off before.
static BASE64_LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut base64 = BASE64_NOPAD.specification();
    base64.ignore.push_str(" \t\r\n");
    base64.translate.from.push_str("-_");
    base64.translate.to.push_str("+/");
    base64.check_trailing_bits = false;
    base64.encoding().expect("letters that are not ambiguous")
});

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
    /// 4, or `b` for bytes in base64: what the application says.
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
    /// a poll. What stands behind a type that carries nothing is passed over.
    ///
    /// # Errors
    /// When its type is none, or it is not base64 behind a `b`.
    pub fn from_text(text: &str) -> Result<EnginePacket, Malformed> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(Malformed("an empty packet"))?;
        let rest = chars.as_str();
        match kind {
            '0' => Ok(EnginePacket::Open(rest.to_owned())),
            '1' => Ok(EnginePacket::Close),
            '2' => Ok(EnginePacket::Ping(rest.to_owned())),
            '3' => Ok(EnginePacket::Pong(rest.to_owned())),
            '4' => Ok(EnginePacket::text(rest)),
            '5' => Ok(EnginePacket::Upgrade),
            '6' => Ok(EnginePacket::Noop),
            'b' => decode_base64(rest)
                .map(|bytes| EnginePacket::Message(MessageData::Binary(bytes.into())))
                .ok_or(Malformed("behind a b stands base64")),
            _ => Err(Malformed("a packet begins with its type, 0 to 6 or b")),
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

fn decode_base64(base64: &str) -> Option<Vec<u8>> {
    let base64 = base64.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    BASE64_LENIENT.decode(base64.as_bytes()).ok()
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
    body.split(SEPARATOR).map(EnginePacket::from_text).collect()
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
            "\x1e",
            "4a\x1e",
            "\x1e4a",
            "bA",
            "b!",
            "bAQ!I",
            "bAqI=BA0=",
            "4a\x1ez",
        ] {
            assert!(decode_payload(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(decode_payload(b"4\xff").is_err());
    }

    #[test]
    fn bytes_come_as_clients_write_them() {
        for base64 in [
            "AQIDBA==",
            "AQIDBA==\n",
            "AQID\r\nBA==\r\n",
            " AQ\tIDBA",
            "AQIDBA=",
            "AQIDBB==", // bits behind the last byte
        ] {
            let packet = EnginePacket::from_text(&format!("b{base64}"));
            assert_eq!(packet, Ok(binary(&[1, 2, 3, 4])), "{base64:?}");
        }
        let packet = EnginePacket::from_text("b-_8");
        assert_eq!(packet, Ok(binary(&[0xfb, 0xff])), "letters for URLs");
    }

    #[test]
    fn what_a_type_does_not_carry_is_passed_over() {
        for (text, packet) in [
            ("1x", EnginePacket::Close),
            ("52", EnginePacket::Upgrade),
            ("6x", EnginePacket::Noop),
        ] {
            assert_eq!(EnginePacket::from_text(text), Ok(packet));
        }
    }
}
