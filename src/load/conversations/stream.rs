//! Lessons 3 to 5: one answer that goes on, in lines, scripts or events.

use super::super::answer::{Chunks, Framing, head};
use super::super::failure::Failure;
use super::super::held::Held;
use super::super::marker::{Mark, Marker};
use super::super::plan::Technique;
use super::{Conversation, RunContext, Step};
use std::convert::Infallible;

/// A subscriber that reads a stream.
pub struct Stream<'a> {
    context: &'a RunContext,
    pieces: Pieces,
    body: Coding,
}

/// How the answer's body is framed.
enum Coding {
    /// No head yet.
    Unknown,
    Chunked(Chunks),
    Identity,
}

impl<'a> Stream<'a> {
    /// One that has asked nothing yet.
    pub fn new(context: &'a RunContext) -> Stream<'a> {
        Stream {
            context,
            pieces: Pieces::new(context.technique),
            body: Coding::Unknown,
        }
    }

    fn take_head(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let Some((head, length)) = head(bytes)? else {
            return Ok(0);
        };
        if head.status != 200 {
            return Err(Failure::Status(head.status));
        }
        self.body = match head.framing {
            Framing::Chunked => Coding::Chunked(Chunks::default()),
            Framing::UntilEnd => Coding::Identity,
            Framing::Length(_) => return Err(Failure::Malformed("a stream has no length")),
        };
        step.joined = true;
        Ok(length)
    }
}

impl Conversation for Stream<'_> {
    fn connected(&mut self, step: &mut Step) {
        let fields = match self.context.technique {
            Technique::Sse => "Accept: text/event-stream\r\n",
            _ => "",
        };
        self.context.get(format_args!(""), fields, step);
    }

    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let mut at = 0;
        if matches!(self.body, Coding::Unknown) {
            at = self.take_head(bytes, step)?;
        }
        let (pieces, marker) = (&mut self.pieces, &self.context.marker);
        let rest = &bytes[at..];
        match &mut self.body {
            Coding::Unknown => {}
            Coding::Identity => {
                pieces.feed(rest, marker, &mut step.found);
                at = bytes.len();
            }
            Coding::Chunked(chunks) => {
                at += chunks.take(rest, |data| pieces.feed(data, marker, &mut step.found))?;
                if chunks.ended() {
                    return Err(Failure::Ended);
                }
            }
        }
        Ok(at)
    }
}

/// Takes a stream's body apart. A message has arrived when its piece is complete.
struct Pieces {
    form: Form,
    held: Held,
}

#[derive(Clone, Copy)]
enum Form {
    Lines,
    Scripts,
    Events,
}

impl Pieces {
    fn new(technique: Technique) -> Pieces {
        let form = match technique {
            Technique::IframePush => Form::Scripts,
            Technique::Sse => Form::Events,
            _ => Form::Lines,
        };
        let held = Held::default();
        Pieces { form, held }
    }

    fn feed(&mut self, bytes: &[u8], marker: &Marker, found: &mut Vec<Mark>) {
        let form = self.form;
        let Ok(()) = self.held.feed(bytes, |bytes| {
            let end = match form {
                Form::Lines => memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1),
                Form::Scripts => {
                    let end: &[u8] = b"</script>";
                    memchr::memmem::rfind(bytes, end).map_or(0, |at| at + end.len())
                }
                Form::Events => last_blank_line(bytes),
            };
            marker.find(&bytes[..end], found);
            Ok::<_, Infallible>(end)
        });
    }
}

/// The end of the last event: of the last blank line. Lines end in LF or CR LF.
fn last_blank_line(bytes: &[u8]) -> usize {
    let ends = memchr::memrchr_iter(b'\n', bytes);
    for end in ends {
        let line_before = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        if line_before.ends_with(b"\n") {
            return end + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, cut_everywhere};
    use super::*;

    #[test]
    fn each_form_is_read_however_it_is_cut() {
        for (technique, form) in [
            (Technique::Comet, "\n{\"id\":\"a-1\",\"data\":\"MARK\"}\n"),
            (
                Technique::Sse,
                "id: a-1\n\nid: a-2\r\ndata: MARK\r\n\r\n:\n\n",
            ),
            (
                Technique::IframePush,
                "<!doctype html><!----><script>parent.postMessage(JSON.parse('MARK'))</script>\n",
            ),
        ] {
            let context = context(technique);
            let body = form.replace("MARK", &context.marker.mark(5));
            let size = body.len();
            let whole = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n"
            );
            cut_everywhere(&context, whole.as_bytes(), &[5]);
            let (one, two) = body.split_at(size / 2);
            let halves = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n",
                one.len(),
                two.len()
            );
            cut_everywhere(&context, halves.as_bytes(), &[5]);
            let identity = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
            cut_everywhere(&context, identity.as_bytes(), &[5]);
        }
    }

    #[test]
    fn a_message_has_arrived_when_its_piece_is_complete() {
        for (technique, form) in [
            (Technique::Comet, "MARK"),
            (Technique::Sse, "data: MARK\n"),
            (Technique::IframePush, "<script>MARK</scrip"),
        ] {
            let context = context(technique);
            let mut pieces = Pieces::new(technique);
            let mut found = Vec::new();
            let body = form.replace("MARK", &context.marker.mark(5));
            pieces.feed(body.as_bytes(), &context.marker, &mut found);
            assert!(found.is_empty(), "{technique}");
            let rest: &[u8] = if technique == Technique::IframePush {
                b"t>"
            } else {
                b"\n"
            };
            pieces.feed(rest, &context.marker, &mut found);
            assert_eq!(found.len(), 1, "{technique}");
        }
    }

    #[test]
    fn a_stream_that_ends_is_a_fault() {
        let context = context(Technique::Comet);
        let mut stream = Stream::new(&context);
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        let ended = stream.received(bytes, &mut Step::default());
        assert_eq!(ended, Err(Failure::Ended));
    }
}
