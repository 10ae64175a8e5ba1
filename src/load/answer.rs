//! Reads HTTP/1.1 answers out of bytes that come in any pieces (RFC 9112).
//!
//! Nothing here keeps bytes: each function looks at the front of what has come and says how
//! much of it is complete. What is not stays with the caller.

use super::failure::Failure;
use httparse::Status;
use std::borrow::Cow;

/// Fields of a head that are read.
const MOST_FIELDS: usize = 64;
/// A longer head, or line of a chunk's size, is none.
const LONGEST_HEAD: usize = 64 * 1024;

const NO_HTTP: Failure = Failure::Malformed("what came is no HTTP");

/// What a head says, as far as a subscriber needs it.
#[derive(Debug)]
pub struct Head<'a> {
    /// The status code.
    pub status: u16,
    /// The place in the topic behind this answer.
    pub last_event_id: Option<&'a str>,
    /// Whether the connection takes another request.
    pub keep_alive: bool,
    /// How the body is framed.
    pub framing: Framing,
}

/// How a body is framed (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It has so many bytes.
    Length(usize),
    /// In chunks.
    Chunked,
    /// It goes on until the connection ends.
    UntilEnd,
}

/// A whole answer.
#[derive(Debug)]
pub struct Whole<'a> {
    /// Its head.
    pub head: Head<'a>,
    /// Its body, without the framing.
    pub body: Cow<'a, [u8]>,
}

/// The head at the front of `bytes`, and its length. `None` when more must come.
///
/// # Errors
/// When it is no head.
pub fn head(bytes: &[u8]) -> Result<Option<(Head<'_>, usize)>, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() < LONGEST_HEAD => return Ok(None),
        _ => return Err(NO_HTTP),
    };
    let status = response.code.ok_or(NO_HTTP)?;
    let mut head = Head {
        status,
        last_event_id: None,
        keep_alive: response.version == Some(1),
        framing: Framing::UntilEnd,
    };
    // These have no body, whatever their head says (RFC 9112, section 6.3).
    let no_body = status < 200 || matches!(status, 204 | 304);
    if no_body {
        head.framing = Framing::Length(0);
    }
    for field in response.headers {
        let value = std::str::from_utf8(field.value).unwrap_or_default().trim();
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("Last-Event-ID") {
            head.last_event_id = Some(value);
        } else if is("Connection") && value.eq_ignore_ascii_case("close") {
            head.keep_alive = false;
        } else if is("Transfer-Encoding") && !no_body {
            head.framing = Framing::Chunked;
        } else if is("Content-Length") && head.framing == Framing::UntilEnd {
            head.framing = Framing::Length(value.parse().map_err(|_| NO_HTTP)?);
        }
    }
    Ok(Some((head, length)))
}

/// The whole answer at the front of `bytes`, and its length. `None` when more must come.
///
/// # Errors
/// When it is no answer, or one without an end of its own.
pub fn whole(bytes: &[u8]) -> Result<Option<(Whole<'_>, usize)>, Failure> {
    let Some((head, start)) = head(bytes)? else {
        return Ok(None);
    };
    match head.framing {
        Framing::Length(length) => {
            let end = start.saturating_add(length);
            Ok(bytes.get(start..end).map(|body| {
                let body = Cow::Borrowed(body);
                (Whole { head, body }, end)
            }))
        }
        Framing::Chunked => {
            let mut chunks = Chunks::default();
            let mut body = Vec::new();
            let taken = chunks.take(&bytes[start..], |data| body.extend_from_slice(data))?;
            Ok(chunks.ended().then(|| {
                let body = Cow::Owned(body);
                (Whole { head, body }, start + taken)
            }))
        }
        Framing::UntilEnd => Err(Failure::Malformed("an answer to a poll says no length")),
    }
}

/// Takes chunks apart (RFC 9112, section 7.1).
#[derive(Default)]
pub struct Chunks {
    place: ChunkPlace,
}

#[derive(Default, PartialEq)]
enum ChunkPlace {
    #[default]
    Size,
    /// In a chunk: bytes that it still has, its line end among them.
    Data(u64),
    /// In the lines behind the last chunk.
    Trailer,
    End,
}

/// The line end behind a chunk's data.
const LINE_END: u64 = 2;

impl Chunks {
    /// Whether the last chunk and all behind it has come.
    pub fn ended(&self) -> bool {
        self.place == ChunkPlace::End
    }

    /// Hands the data at the front of `bytes` to `each`, piece by piece, and says how many
    /// bytes it has dealt with.
    ///
    /// # Errors
    /// When they are no chunks.
    pub fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize, Failure> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            match self.place {
                ChunkPlace::Size => match httparse::parse_chunk_size(rest) {
                    Ok(Status::Complete((length, 0))) => {
                        at += length;
                        self.place = ChunkPlace::Trailer;
                    }
                    Ok(Status::Complete((length, size))) => {
                        at += length;
                        self.place = ChunkPlace::Data(size.saturating_add(LINE_END));
                    }
                    Ok(Status::Partial) if rest.len() < LONGEST_HEAD => return Ok(at),
                    _ => return Err(Failure::Malformed("what came is no chunk")),
                },
                ChunkPlace::Data(left) => {
                    let taken = left.min(rest.len() as u64);
                    if taken == 0 {
                        return Ok(at);
                    }
                    // The smaller of two lengths, one of which is in memory.
                    let data = (left - LINE_END.min(left)).min(taken) as usize;
                    if data > 0 {
                        each(&rest[..data]);
                    }
                    at += taken as usize;
                    self.place = match left - taken {
                        0 => ChunkPlace::Size,
                        left => ChunkPlace::Data(left),
                    };
                }
                ChunkPlace::Trailer => {
                    let Some(end) = memchr::memchr(b'\n', rest) else {
                        return Ok(at);
                    };
                    at += end + 1;
                    if rest[..end].trim_ascii().is_empty() {
                        self.place = ChunkPlace::End;
                    }
                }
                ChunkPlace::End => return Ok(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
        last-event-id: a-7\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\nnext";
    const LENGTH: &[u8] =
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nhello!next";

    #[test]
    fn an_answer_is_whole_when_its_last_byte_is_there() {
        for (bytes, keep_alive) in [(CHUNKED, true), (LENGTH, false)] {
            let end = bytes.len() - 4;
            for cut in 0..end {
                assert!(whole(&bytes[..cut]).expect("no fault").is_none(), "{cut}");
            }
            let (answer, length) = whole(bytes).expect("no fault").expect("whole");
            assert_eq!((&*answer.body, length), (&b"hello!"[..], end));
            assert_eq!(answer.head.keep_alive, keep_alive);
        }
        let (head, _) = head(CHUNKED).expect("no fault").expect("a head");
        assert_eq!(head.last_event_id, Some("a-7"));
    }

    #[test]
    fn chunks_come_in_any_pieces() {
        let chunks = b"a\r\n0123456789\r\n3\r\nabc\r\n0\r\n\r\n";
        for cut in 0..chunks.len() {
            let mut state = Chunks::default();
            let mut data = Vec::new();
            let mut held = chunks[..cut].to_vec();
            let taken = state.take(&held, |piece| data.extend_from_slice(piece));
            held.drain(..taken.expect("chunks"));
            held.extend_from_slice(&chunks[cut..]);
            let taken = state.take(&held, |piece| data.extend_from_slice(piece));
            assert_eq!(taken, Ok(held.len()), "{cut}");
            assert!(state.ended() && data == b"0123456789abc", "{cut}: {data:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_a_fault() {
        for wrong in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
        ] {
            assert!(whole(wrong).is_err(), "{}", wrong.escape_ascii());
        }
        let nothing = b"HTTP/1.1 204 No Content\r\nLast-Event-ID: a-1\r\n\r\n";
        let (answer, length) = whole(nothing).expect("no fault").expect("whole");
        assert!(answer.body.is_empty() && length == nothing.len());
    }
}
