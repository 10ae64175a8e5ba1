//! Lesson 6, and the frames that lesson 7 needs, too (RFC 6455).

use super::super::answer::head;
use super::super::failure::Failure;
use super::{Conversation, RunContext, Step};
use std::fmt::Arguments;
use std::io::Cursor;
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

/// A mask keeps what a script chose from reaching a proxy as it is (section 10.3). No
/// script chose these bytes, so any mask will do.
const MASK: [u8; 4] = [0x2d; 4];

/// A larger frame is none of the contract's.
const LARGEST_FRAME: u64 = 16 * 1024 * 1024;

/// The client's end of a WebSocket, below its messages.
#[derive(Default)]
pub struct Frames {
    open: bool,
    /// A message whose last fragment has not come.
    fragments: Vec<u8>,
}

impl Frames {
    /// Asks for the upgrade.
    pub fn handshake(context: &RunContext, query: Arguments<'_>, step: &mut Step) {
        let fields = format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {}\r\n",
            generate_key()
        );
        context.get(query, &fields, step);
    }

    /// Hands every message in `bytes` to `each`, answers pings, and says how many bytes it
    /// dealt with. `opened` is called once, before the first message.
    ///
    /// # Errors
    /// When the upgrade was refused, what came is no frame, or it is a Close.
    pub fn received(
        &mut self,
        bytes: &[u8],
        step: &mut Step,
        opened: impl FnOnce(&mut Step),
        mut each: impl FnMut(&[u8], &mut Step) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let mut at = 0;
        if !self.open {
            let Some((head, length)) = head(bytes)? else {
                return Ok(0);
            };
            if head.status != 101 {
                return Err(Failure::Status(head.status));
            }
            self.open = true;
            opened(step);
            at = length;
        }
        while let Some(frame) = frame(&bytes[at..])? {
            let ServerFrame {
                header, payload, ..
            } = frame;
            at += frame.length;
            match header.opcode {
                OpCode::Control(Control::Ping) => {
                    send(Frame::pong(payload.to_vec()), &mut step.out);
                }
                OpCode::Control(Control::Close) => return Err(Failure::Ended),
                OpCode::Control(_) => {}
                OpCode::Data(Data::Text | Data::Binary) if header.is_final => {
                    each(payload, step)?;
                }
                OpCode::Data(_) => {
                    self.fragments.extend_from_slice(payload);
                    if header.is_final {
                        each(&self.fragments, step)?;
                        self.fragments.clear();
                    }
                }
            }
        }
        Ok(at)
    }
}

/// A frame with its payload, and how long both are.
struct ServerFrame<'a> {
    header: FrameHeader,
    payload: &'a [u8],
    length: usize,
}

/// The frame at the front of `bytes`. `None` when more must come.
fn frame(bytes: &[u8]) -> Result<Option<ServerFrame<'_>>, Failure> {
    const NO_FRAME: Failure = Failure::Malformed("what came is no WebSocket frame of a server");
    let mut cursor = Cursor::new(bytes);
    let Some((header, size)) = FrameHeader::parse(&mut cursor).map_err(|_| NO_FRAME)? else {
        return Ok(None);
    };
    if header.mask.is_some() || header.rsv1 || header.rsv2 || header.rsv3 || size > LARGEST_FRAME {
        return Err(NO_FRAME);
    }
    // Both are small enough: a header has 14 bytes at most.
    let start = cursor.position() as usize;
    let end = start + size as usize;
    Ok(bytes.get(start..end).map(|payload| ServerFrame {
        header,
        payload,
        length: end,
    }))
}

/// Puts a frame behind what is to be sent.
pub fn send(mut frame: Frame, out: &mut Vec<u8>) {
    frame.header_mut().mask = Some(MASK);
    // Writing into memory cannot fail.
    let _ = frame.format(out);
}

/// A subscriber of lesson 6.
pub struct PlainSocket<'a> {
    context: &'a RunContext,
    frames: Frames,
}

impl<'a> PlainSocket<'a> {
    /// One that has asked nothing yet.
    pub fn new(context: &'a RunContext) -> PlainSocket<'a> {
        let frames = Frames::default();
        PlainSocket { context, frames }
    }
}

impl Conversation for PlainSocket<'_> {
    fn connected(&mut self, step: &mut Step) {
        Frames::handshake(self.context, format_args!(""), step);
    }

    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let marker = &self.context.marker;
        self.frames.received(
            bytes,
            step,
            |step| step.joined = true,
            |message, step| {
                marker.find(message, &mut step.found);
                Ok(())
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, cut_everywhere};
    use super::*;
    use crate::load::Technique;

    fn server_frames(frames: impl IntoIterator<Item = Frame>) -> Vec<u8> {
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        for frame in frames {
            frame.format(&mut bytes).expect("memory");
        }
        bytes
    }

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let context = context(Technique::WebSocket);
        let text = |text: String| Frame::message(text, OpCode::Data(Data::Text), true);
        let long = format!("{}{}", "x".repeat(200), context.marker.mark(2));
        let bytes = server_frames([text(context.marker.mark(1)), Frame::ping("hi"), text(long)]);
        cut_everywhere(&context, &bytes, &[1, 2]);
    }

    #[test]
    fn a_message_in_fragments_is_one() {
        let context = context(Technique::WebSocket);
        let mark = context.marker.mark(3);
        let (one, two) = mark.split_at(20);
        let (one, two) = (one.to_owned(), two.to_owned());
        let bytes = server_frames([
            Frame::message(one, OpCode::Data(Data::Text), false),
            Frame::ping(""),
            Frame::message(two, OpCode::Data(Data::Continue), true),
        ]);
        cut_everywhere(&context, &bytes, &[3]);
    }

    #[test]
    fn a_ping_gets_its_pong_and_a_close_is_the_end() {
        let context = context(Technique::WebSocket);
        let mut socket = PlainSocket::new(&context);
        let mut step = Step::default();
        let bytes = server_frames([Frame::ping("hi")]);
        assert_eq!(socket.received(&bytes, &mut step), Ok(bytes.len()));
        let masked = [b'h' ^ MASK[0], b'i' ^ MASK[0]];
        let pong = [&[0x8a, 0x82][..], &MASK, &masked].concat();
        assert_eq!(step.out, pong);
        assert_eq!(socket.received(&[0x88, 0], &mut step), Err(Failure::Ended));
        assert!(socket.received(&[0x81, 0x80], &mut step).is_ok());
        let masked = [0x81, 0x81, 1, 2, 3, 4, 5];
        assert!(socket.received(&masked, &mut step).is_err());
    }
}
