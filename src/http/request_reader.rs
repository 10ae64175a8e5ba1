//! Reading request heads and bodies. Deadlines are absolute, so a client that sends
//! one byte a second is cut like a silent one.
//!
//! Request heads are parsed by `httparse`.

use super::request::Request;
use super::response::Response;
use crate::feed::CloseReason;
use crate::tap::Tap;
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The largest request head, in bytes.
pub const MAX_HEAD: usize = 16 * 1024;
/// The most header fields.
pub const MAX_HEADERS: usize = 100;
/// Most requests have no more.
const USUAL_HEADERS: usize = 24;
/// From the first byte of a head to its last.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// From the end of the head to the last byte of the body.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// Before the first byte, and between one request and the next.
pub const IDLE_DEADLINE: Duration = Duration::from_secs(15);
/// Bytes read at once. They stand on the thread's stack, where a page that was
/// touched once stays resident for as long as the connection.
const READ: usize = 2 * 1024;
/// After a last response: what is still read, so that the response is not lost to a
/// reset, in bytes and in time.
const LINGER_BYTES: usize = 64 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// Time-outs that differ by less are taken for the same.
const SAME_PATIENCE: Duration = Duration::from_millis(5);

/// Why no request could be read.
pub enum ReadError {
    /// There is nobody to respond to.
    Closed(CloseReason),
    /// This response is due, and then the connection ends.
    Reject(Response, CloseReason),
}

fn reject(status: u16, why: &str, reason: CloseReason) -> ReadError {
    ReadError::Reject(Response::error(status, why), reason)
}

/// What came of one `read`.
enum Filled {
    Some,
    /// The client closed its side.
    Closed,
    TimedOut,
}

/// Which browser may observe a request in its wire view: a token that names it. `None`
/// for a request that is not shown.
pub type BrowserOf = fn(&Request) -> Option<&str>;

/// Reads requests, one after the other, from one connection.
pub struct RequestReader<'a> {
    stream: &'a TcpStream,
    tap: &'a Arc<Tap>,
    browser_of: BrowserOf,
    /// What was read and not used yet.
    buffer: Vec<u8>,
    /// The socket's read time-out, as it was set last; none at first.
    read_timeout: Duration,
}

impl<'a> RequestReader<'a> {
    /// Begins to read from `stream`. What it reads is captured by `tap`, for the
    /// browser that `browser_of` names.
    pub fn new(
        stream: &'a TcpStream,
        tap: &'a Arc<Tap>,
        browser_of: BrowserOf,
    ) -> RequestReader<'a> {
        RequestReader {
            stream,
            tap,
            browser_of,
            buffer: Vec::new(),
            read_timeout: Duration::MAX,
        }
    }

    /// What was read behind the last request and not processed as HTTP.
    pub fn into_read_buf(mut self) -> Vec<u8> {
        self.buffer.shrink_to_fit();
        self.buffer
    }

    /// Waits for the first byte of a request.
    ///
    /// # Errors
    /// [`ReadError::Closed`] when none comes; for the reason `when_silent` at `deadline`.
    pub fn wait_for_first_byte(
        &mut self,
        deadline: Instant,
        when_silent: CloseReason,
    ) -> Result<(), ReadError> {
        loop {
            // Line ends before a request say nothing (RFC 9112, section 2.2).
            let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let empty = self.buffer.iter().take_while(|b| is_line_end(b)).count();
            self.buffer.drain(..empty);
            if !self.buffer.is_empty() {
                return Ok(());
            }
            match self.fill(deadline)? {
                Filled::Some => {}
                Filled::Closed => return Err(ReadError::Closed(CloseReason::ClientClosed)),
                Filled::TimedOut => return Err(ReadError::Closed(when_silent)),
            }
        }
    }

    /// Reads one request head.
    ///
    /// # Errors
    /// [`ReadError::Reject`] with 400 for a malformed head, 408 for one that is not
    /// complete in time, 431 for one that is too large, 505 for another version.
    pub fn head(&mut self, peer: IpAddr) -> Result<Request, ReadError> {
        let deadline = Instant::now() + HEAD_DEADLINE;
        loop {
            if let Some((request, length)) = parse::<USUAL_HEADERS>(&self.buffer, peer)? {
                self.capture(&request, &self.buffer[..length]);
                self.buffer.drain(..length);
                return Ok(request);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(too_large());
            }
            match self.fill(deadline)? {
                Filled::Some => {}
                Filled::Closed => return Err(ReadError::Closed(CloseReason::ClientClosed)),
                Filled::TimedOut => {
                    let why = not_within("request head", HEAD_DEADLINE);
                    return Err(reject(408, &why, CloseReason::HeadTimedOut));
                }
            }
        }
    }

    /// `Origin` in a head that was refused as a whole, as far as it was read.
    pub fn origin(&self) -> Option<String> {
        let lines = self.buffer.split(|byte| *byte == b'\n');
        let mut fields = lines.filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'));
        let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("Origin"))?;
        Some(value.trim().to_owned())
    }

    fn capture(&self, request: &Request, head: &[u8]) {
        let target = match request.query.as_str() {
            "" => request.path.clone(),
            query => format!("{}?{query}", request.path),
        };
        self.tap.request((self.browser_of)(request), &target, head);
    }

    /// Reads a body of `length` bytes.
    ///
    /// # Errors
    /// 408 when it is not complete in time, 400 when it is cut short.
    pub fn body(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        let deadline = Instant::now() + BODY_DEADLINE;
        while self.buffer.len() < length {
            match self.fill(deadline)? {
                Filled::Some => {}
                Filled::Closed => {
                    let got = self.buffer.len();
                    let why = format!("the body ended after {got} of {length} bytes");
                    return Err(reject(400, &why, CloseReason::BodyIncomplete));
                }
                Filled::TimedOut => {
                    let why = not_within("body", BODY_DEADLINE);
                    return Err(reject(408, &why, CloseReason::BodyIncomplete));
                }
            }
        }
        self.tap.received(&self.buffer[..length]);
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// After the last response: reads and drops, within limits. Closing a socket
    /// with unread input sends a reset, which can destroy the response.
    pub fn linger(&mut self) {
        let deadline = Instant::now() + LINGER;
        let mut left = LINGER_BYTES;
        while left > 0 {
            self.buffer.clear();
            match self.fill(deadline) {
                Ok(Filled::Some) => left = left.saturating_sub(self.buffer.len()),
                _ => return,
            }
        }
    }

    /// Reads what there is, once, and adds it to the buffer.
    fn fill(&mut self, deadline: Instant) -> Result<Filled, ReadError> {
        let mut bytes = [0; READ];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Filled::TimedOut);
            }
            let read = self.read(&mut bytes, left);
            self.tap.wait_while_stalled();
            match read {
                Ok(0) => return Ok(Filled::Closed),
                Ok(read) => {
                    self.buffer.extend_from_slice(&bytes[..read]);
                    return Ok(Filled::Some);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if cfg!(windows) && error.kind() == ErrorKind::TimedOut => {}
                Err(error) => return Err(ReadError::Closed(CloseReason::of_read(&error))),
            }
        }
    }

    // ANCHOR: read
    fn read(&mut self, bytes: &mut [u8], patience: Duration) -> io::Result<usize> {
        // From request to request it is the same, and to set it is a system call.
        if self.read_timeout.abs_diff(patience) > SAME_PATIENCE {
            self.stream.set_read_timeout(Some(patience))?;
            self.read_timeout = patience;
        }
        let mut stream = self.stream;
        stream.read(bytes)
    }
    // ANCHOR_END: read
}

fn not_within(what: &str, limit: Duration) -> String {
    format!("the {what} was not complete within {} s", limit.as_secs())
}

fn too_large() -> ReadError {
    let kib = MAX_HEAD / 1024;
    let why = format!("a request head may have at most {kib} KiB and {MAX_HEADERS} header fields");
    reject(431, &why, CloseReason::HeadTooLarge)
}

/// The head at the start of `buffer` and its length; `None` when more is needed. First
/// there is room for `HEADERS` header fields; room for all is much of the stack.
#[inline(never)]
fn parse<const HEADERS: usize>(
    buffer: &[u8],
    peer: IpAddr,
) -> Result<Option<(Request, usize)>, ReadError> {
    let bad = |status, why: &str| reject(status, why, CloseReason::BadRequest);
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(buffer) {
        Err(httparse::Error::TooManyHeaders) if HEADERS < MAX_HEADERS => {
            return parse::<MAX_HEADERS>(buffer, peer);
        }
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => {
            return Err(too_large());
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::Version) => {
            return Err(bad(505, "this server speaks HTTP/1.1 and HTTP/1.0"));
        }
        Err(error) => return Err(bad(400, &format!("malformed request head: {error}"))),
    };
    let (Some(method), Some(target), Some(minor_version)) = (head.method, head.path, head.version)
    else {
        return Err(bad(400, "malformed request line"));
    };
    let fields = head
        .headers
        .iter()
        .map(|field| (field.name.to_owned(), field.value.to_vec()))
        .collect();
    let request = Request::new(method, target, minor_version, fields, peer)
        .map_err(|refusal| ReadError::Reject(refusal, CloseReason::BadRequest))?;
    Ok(Some((request, length)))
}
