//! Socket.IO protocol 5: what the messages of Engine.IO say.
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<ack>][<JSON>]    + the attachments, binary
//!
//! 0/custom,{"token":"123"}                               connect to /custom
//! 2["hello",1]                                           event
//! 212["hello",1]                                         event that wants ack 12
//! 312["thanks"]                                          ack 12
//! 51-["file",{"_placeholder":true,"num":0}]              event with one attachment
//! ```
//!
//! The arguments stay JSON text until somebody asks for a value: what comes in
//! goes out again byte for byte.

use super::Malformed;
use super::engine_io::MessageData;
use bytes::Bytes;
use placeholders::{named_attachments, placeholder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::fmt::Write as _;

/// Event names that mean something else to a client or a server.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// The arguments of an event or an ack: JSON, and bytes where a
/// `{"_placeholder":true,"num":N}` stands, N counting the attachments from 0.
#[derive(Clone, Debug, Default)]
pub struct Args {
    json: Vec<Box<RawValue>>,
    attachments: Vec<Bytes>,
}

impl Args {
    /// No arguments.
    pub fn none() -> Args {
        Args::default()
    }

    /// One argument. What cannot be written as JSON becomes `null`.
    pub fn one(value: &(impl Serialize + ?Sized)) -> Args {
        Args::none().and(value)
    }

    /// Adds an argument. What cannot be written as JSON becomes `null`.
    pub fn and(mut self, value: &(impl Serialize + ?Sized)) -> Args {
        let json = to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.json.push(json);
        self
    }

    /// Adds an argument that is bytes.
    pub fn and_bytes(self, bytes: impl Into<Bytes>) -> Args {
        let num = self.attachments.len();
        let mut args = self.and(&serde_json::json!({ "_placeholder": true, "num": num }));
        args.attachments.push(bytes.into());
        args
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The argument at `index`, if it is there and is a `T`.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Option<T> {
        serde_json::from_str(self.json.get(index)?.get()).ok()
    }

    /// The bytes that the argument at `index` stands for.
    pub fn bytes(&self, index: usize) -> Option<&Bytes> {
        let num = placeholder(self.json.get(index)?)?;
        self.attachments.get(num)
    }

    /// The arguments as JSON, with placeholders for bytes.
    pub fn json(&self) -> &[Box<RawValue>] {
        &self.json
    }

    /// The bytes.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Arguments from their parts.
    pub fn from_parts(json: Vec<Box<RawValue>>, attachments: Vec<Bytes>) -> Args {
        Args { json, attachments }
    }
}

/// One packet.
#[derive(Clone, Debug)]
pub enum SocketPacket {
    /// 0: to join a namespace; the server's answer says the socket's id.
    Connect(String, Option<Box<RawValue>>),
    /// 1: to leave it.
    Disconnect(String),
    /// 2, and 5 with bytes: the namespace, the event and its arguments, and the
    /// number of the ack that is wanted.
    Event(String, String, Args, Option<u64>),
    /// 3, and 6 with bytes: the answer to an event. Without a number it is to none.
    Ack(String, Option<u64>, Args),
    /// 4: the namespace was not joined, and why.
    ConnectError(String, Box<RawValue>),
}

impl SocketPacket {
    /// The packet as messages: a text, then its attachments.
    pub fn encode(&self) -> Vec<MessageData> {
        let mut text = String::new();
        let mut head = |kind: u8, args: Option<&Args>, namespace: &str| {
            // Writing into memory cannot fail.
            let _ = match args.map(|args| args.attachments.len()) {
                None | Some(0) => write!(text, "{kind}"),
                // The binary types are the plain ones plus three.
                Some(count) => write!(text, "{}{count}-", kind + 3),
            };
            if namespace != "/" {
                let _ = write!(text, "{namespace},");
            }
        };
        let mut attachments = &[][..];
        match self {
            SocketPacket::Connect(namespace, payload) => {
                head(0, None, namespace);
                text.push_str(payload.as_ref().map_or("", |payload| payload.get()));
            }
            SocketPacket::Disconnect(namespace) => head(1, None, namespace),
            SocketPacket::Event(namespace, event, args, ack) => {
                head(2, Some(args), namespace);
                if let Some(ack) = ack {
                    let _ = write!(text, "{ack}");
                }
                let event = Value::from(event.as_str()).to_string();
                write_array(&mut text, Some(&event), &args.json);
                attachments = &args.attachments;
            }
            SocketPacket::Ack(namespace, ack, args) => {
                head(3, Some(args), namespace);
                if let Some(ack) = ack {
                    let _ = write!(text, "{ack}");
                }
                write_array(&mut text, None, &args.json);
                attachments = &args.attachments;
            }
            SocketPacket::ConnectError(namespace, payload) => {
                head(4, None, namespace);
                text.push_str(payload.get());
            }
        }
        let mut messages = vec![MessageData::Text(text)];
        messages.extend(attachments.iter().cloned().map(MessageData::Binary));
        messages
    }
}

fn write_array(text: &mut String, first: Option<&str>, rest: &[Box<RawValue>]) {
    text.push('[');
    let items = first.into_iter().chain(rest.iter().map(|raw| raw.get()));
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
    text.push(']');
}

/// Puts messages together to packets.
#[derive(Debug)]
pub struct Decoder {
    /// The most bytes that a packet and its attachments may have.
    limit: usize,
    waiting: Option<PartialPacket>,
}

/// A packet whose attachments have not all come.
#[derive(Debug)]
struct PartialPacket {
    packet: SocketPacket,
    missing: usize,
    bytes: usize,
}

impl Decoder {
    /// A decoder for packets of at most `limit` bytes, attachments included.
    pub fn new(limit: usize) -> Decoder {
        Decoder {
            limit,
            waiting: None,
        }
    }

    /// Takes one message; gives the packet that it completes.
    ///
    /// # Errors
    /// What is against the protocol. Nothing may be decoded after it.
    pub fn decode(&mut self, data: &MessageData) -> Result<Option<SocketPacket>, Malformed> {
        match (data, self.waiting.take()) {
            (MessageData::Text(_), Some(_)) => Err(Malformed("an attachment was due, not a text")),
            (MessageData::Binary(_), None) => Err(Malformed("no attachment was due")),
            (MessageData::Text(text), None) => {
                let (packet, missing) = parse(text)?;
                let bytes = text.len();
                self.advance(packet, missing, bytes)
            }
            (MessageData::Binary(attachment), Some(mut waiting)) => {
                if let SocketPacket::Event(_, _, args, _) | SocketPacket::Ack(_, _, args) =
                    &mut waiting.packet
                {
                    args.attachments.push(attachment.clone());
                }
                let bytes = waiting.bytes + attachment.len();
                self.advance(waiting.packet, waiting.missing - 1, bytes)
            }
        }
    }

    fn advance(
        &mut self,
        packet: SocketPacket,
        missing: usize,
        bytes: usize,
    ) -> Result<Option<SocketPacket>, Malformed> {
        if bytes > self.limit {
            return Err(Malformed("the attachments are too large together"));
        }
        if missing == 0 {
            return Ok(Some(packet));
        }
        self.waiting = Some(PartialPacket {
            packet,
            missing,
            bytes,
        });
        Ok(None)
    }
}

/// A text as a packet, and how many attachments follow it.
fn parse(text: &str) -> Result<(SocketPacket, usize), Malformed> {
    let kind = text.bytes().next().ok_or(Malformed("an empty packet"))?;
    if !(b'0'..=b'6').contains(&kind) {
        return Err(Malformed("a packet begins with its type, 0 to 6"));
    }
    let mut rest = &text[1..];
    let mut count = 0;
    if matches!(kind, b'5' | b'6') {
        let (digits, behind) = rest
            .split_once('-')
            .ok_or(Malformed("a binary type is followed by a count and -"))?;
        count = number(digits)
            .filter(|count| *count > 0)
            .and_then(|count| usize::try_from(count).ok())
            .ok_or(Malformed("the count of attachments is a number from 1"))?;
        rest = behind;
    }
    let namespace = if rest.starts_with('/') {
        let (namespace, behind) = rest.split_once(',').unwrap_or((rest, ""));
        rest = behind;
        namespace
    } else {
        "/"
    };
    let json_at = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, json) = rest.split_at(json_at);
    let ack = match digits {
        "" => None,
        digits => Some(number(digits).ok_or(Malformed("the number is too large"))?),
    };
    let payload = match json {
        "" => None,
        json => Some(
            serde_json::from_str::<Box<RawValue>>(json)
                .map_err(|_| Malformed("the payload is not JSON"))?,
        ),
    };
    let namespace = namespace.to_owned();
    let packet = match kind {
        b'0' => {
            if payload.as_ref().is_some_and(|json| !is_object(json)) {
                return Err(Malformed("connect carries an object or nothing"));
            }
            SocketPacket::Connect(namespace, payload)
        }
        b'1' if payload.is_none() => SocketPacket::Disconnect(namespace),
        b'1' => return Err(Malformed("disconnect carries nothing")),
        b'4' => {
            let payload = payload.ok_or(Malformed("connect_error carries why"))?;
            if !(is_object(&payload) || payload.get().starts_with('"')) {
                return Err(Malformed("connect_error carries an object or a text"));
            }
            SocketPacket::ConnectError(namespace, payload)
        }
        _ => {
            let mut json: Vec<Box<RawValue>> = match payload {
                None => Vec::new(),
                Some(json) => serde_json::from_str(json.get())
                    .map_err(|_| Malformed("events and acks carry an array"))?,
            };
            // So the text bounds how many attachments are waited for.
            if count > 0 && !named_attachments(&json)?.into_iter().eq(0..count) {
                return Err(Malformed(
                    "placeholders name the attachments, all from 0 on",
                ));
            }
            if matches!(kind, b'2' | b'5') {
                let event = event_name(&json)?;
                json.remove(0);
                SocketPacket::Event(namespace, event, Args::from_parts(json, Vec::new()), ack)
            } else {
                SocketPacket::Ack(namespace, ack, Args::from_parts(json, Vec::new()))
            }
        }
    };
    Ok((packet, count))
}

/// Digits only: `parse` alone would take a sign.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn is_object(json: &RawValue) -> bool {
    json.get().starts_with('{')
}

/// A number is a name, too, as in the Node server. So is a text with half of a surrogate
/// pair: it stands for itself as JSON, for which nobody listens.
fn event_name(json: &[Box<RawValue>]) -> Result<String, Malformed> {
    let first = json.first().ok_or(Malformed("an event has a name"))?.get();
    if !first.starts_with(|c: char| matches!(c, '"' | '-') || c.is_ascii_digit()) {
        return Err(Malformed("an event's name is a text or a number"));
    }
    let name = serde_json::from_str(first).unwrap_or_else(|_| first.to_owned());
    if RESERVED.contains(&name.as_str()) {
        return Err(Malformed("this event's name is reserved"));
    }
    Ok(name)
}

mod placeholders;
#[cfg(test)]
mod tests;
