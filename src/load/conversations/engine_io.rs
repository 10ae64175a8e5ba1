//! Lesson 7: Socket.IO 5 in Engine.IO 4, by long polling and by WebSocket.
//!
//! What is published anywhere in the chat comes as the event `chat message`.

use super::super::answer::whole;
use super::super::failure::Failure;
use super::websocket::{Frames, send};
use super::{Conversation, RunContext, Step};
use serde::Deserialize;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// Stands between the packets of a poll's body.
const SEPARATOR: u8 = 0x1e;

/// Connects to the namespace `/`.
const CONNECT: &str = "40";
const PONG: &str = "3";

/// What the first packet says.
#[derive(Deserialize)]
struct Opening {
    sid: String,
}

/// Deals with one packet. What is to be said to it goes to `reply`.
fn packet(
    packet: &[u8],
    context: &RunContext,
    step: &mut Step,
    mut reply: impl FnMut(&'static str, &mut Step),
) -> Result<(), Failure> {
    match packet {
        [b'2', ..] => reply(PONG, step),
        [b'0', ..] => reply(CONNECT, step),
        [b'4', b'2', ..] => context.marker.find(packet, &mut step.found),
        [b'4', b'0', ..] => step.joined = true,
        [b'4', b'4', ..] => return Err(Failure::Malformed("the namespace was refused")),
        [b'1', ..] | [b'4', b'1', ..] => return Err(Failure::Ended),
        _ => {}
    }
    Ok(())
}

/// A subscriber whose session is a WebSocket from the start.
pub struct ByWebSocket<'a> {
    context: &'a RunContext,
    frames: Frames,
}

impl<'a> ByWebSocket<'a> {
    /// One that has asked nothing yet.
    pub fn new(context: &'a RunContext) -> ByWebSocket<'a> {
        let frames = Frames::default();
        ByWebSocket { context, frames }
    }
}

impl Conversation for ByWebSocket<'_> {
    fn connected(&mut self, step: &mut Step) {
        Frames::handshake(
            self.context,
            format_args!("?EIO=4&transport=websocket"),
            step,
        );
    }

    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let context = self.context;
        self.frames.received(
            bytes,
            step,
            |_| (),
            |message, step| {
                packet(message, context, step, |text, step| {
                    let text = Frame::message(text, OpCode::Data(Data::Text), true);
                    send(text, &mut step.out);
                })
            },
        )
    }
}

/// A subscriber that polls. It has one connection: its answers to pings go between two polls.
pub struct ByPolling<'a> {
    context: &'a RunContext,
    /// Empty until the session is open.
    sid: String,
    /// Packets to be sent, in the form of a body.
    replies: String,
}

impl<'a> ByPolling<'a> {
    /// One that has asked nothing yet.
    pub fn new(context: &'a RunContext) -> ByPolling<'a> {
        ByPolling {
            context,
            sid: String::new(),
            replies: String::new(),
        }
    }

    fn ask(&mut self, step: &mut Step) {
        let ByPolling { context, sid, .. } = self;
        if sid.is_empty() {
            context.get(format_args!("?EIO=4&transport=polling"), "", step);
        } else if self.replies.is_empty() {
            context.get(format_args!("?EIO=4&transport=polling&sid={sid}"), "", step);
        } else {
            let query = format_args!("?EIO=4&transport=polling&sid={sid}");
            context.post(query, &self.replies, step);
            self.replies.clear();
        }
    }

    fn open(&mut self, body: &[u8]) -> Result<(), Failure> {
        let json = body.strip_prefix(b"0").and_then(|body| {
            let packet = body.split(|byte| *byte == SEPARATOR).next()?;
            serde_json::from_slice::<Opening>(packet).ok()
        });
        let opening = json.ok_or(Failure::Malformed("the session was not opened"))?;
        // It goes into a URL as it is.
        let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if opening.sid.is_empty() || !opening.sid.bytes().all(right) {
            return Err(Failure::Malformed(
                "the session's id does not fit into a URL",
            ));
        }
        self.sid = opening.sid;
        Ok(())
    }
}

impl Conversation for ByPolling<'_> {
    fn connected(&mut self, step: &mut Step) {
        self.ask(step);
    }

    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let Some((answer, length)) = whole(bytes)? else {
            return Ok(0);
        };
        if answer.head.status != 200 {
            return Err(Failure::Status(answer.head.status));
        }
        if self.sid.is_empty() {
            self.open(&answer.body)?;
        }
        step.polls += 1;
        let replies = &mut self.replies;
        for one in answer.body.split(|byte| *byte == SEPARATOR) {
            packet(one, self.context, step, |text, _| {
                if !replies.is_empty() {
                    replies.push(char::from(SEPARATOR));
                }
                replies.push_str(text);
            })?;
        }
        if answer.head.keep_alive {
            self.ask(step);
        } else {
            step.connect = true;
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, cut_everywhere};
    use super::*;
    use crate::load::Technique;

    fn answer(body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
    }

    #[test]
    fn packets_of_a_poll_are_read_however_they_are_cut() {
        let context = context(Technique::SocketIoPolling);
        let events: Vec<_> = [1, 2]
            .map(|n| format!("42[\"chat message\",\"{}\"]", context.marker.mark(n)))
            .into();
        let bytes = [
            answer("0{\"sid\":\"a-b\",\"pingInterval\":1}"),
            answer("ok"),
            answer("40{\"sid\":\"c\"}\u{1e}42[\"auth\",{}]"),
            answer(&format!("{}\u{1e}2\u{1e}{}", events[0], events[1])),
        ];
        cut_everywhere(&context, bytes.concat().as_bytes(), &[1, 2]);
    }

    #[test]
    fn a_session_opens_joins_and_answers_pings() {
        let context = context(Technique::SocketIoPolling);
        let mut poll = ByPolling::new(&context);
        let mut step = Step::default();
        let mut said = |poll: &mut ByPolling, body: Option<&str>| {
            step.out.clear();
            match body {
                None => poll.connected(&mut step),
                Some(body) => {
                    poll.received(answer(body).as_bytes(), &mut step)
                        .expect("right");
                }
            }
            (String::from_utf8_lossy(&step.out).into_owned(), step.joined)
        };
        let (get, _) = said(&mut poll, None);
        assert!(get.starts_with("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"));
        let (post, _) = said(&mut poll, Some("0{\"sid\":\"a\"}"));
        assert!(post.starts_with("POST /socket.io/?EIO=4&transport=polling&sid=a HTTP"));
        assert!(post.ends_with("\r\n\r\n40"), "{post}");
        assert!(
            said(&mut poll, Some("ok"))
                .0
                .starts_with("GET /socket.io/?")
        );
        let (get, joined) = said(&mut poll, Some("40{\"sid\":\"b\"}"));
        assert!(get.starts_with("GET") && joined);
        assert!(said(&mut poll, Some("2")).0.ends_with("\r\n\r\n3"));
    }

    #[test]
    fn what_ends_a_session_is_a_fault() {
        let context = context(Technique::SocketIoPolling);
        for wrong in [
            "",
            "1",
            "{}",
            "0{}",
            "0{\"sid\":\"a b\"}",
            "0{\"sid\":\"a\"}\u{1e}41",
        ] {
            let mut poll = ByPolling::new(&context);
            let received = poll.received(answer(wrong).as_bytes(), &mut Step::default());
            assert!(received.is_err(), "{wrong}");
        }
    }
}
