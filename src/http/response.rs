//! An HTTP response, whole or streaming, and its bytes.

use super::pending_response::{OnLeave, Parked, PendingResponse};
use crate::feed::{StreamingConnection, TransferCoding};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;
use std::fmt::{self, Debug, Display, Write as _};
use std::time::{Instant, SystemTime};

/// The name and the value of a header field.
pub type Field = (Cow<'static, str>, String);

/// A response (RFC 9110, section 15).
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The fields, without those that the server adds: `Date`, `Content-Length`,
    /// `Connection`, `Transfer-Encoding`.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Body,
    /// It is the last one of its connection.
    pub close: bool,
}

/// The body of a response.
pub enum Body {
    /// All of it.
    Full(Bytes),
    /// It goes on after the head, until the connection ends; or, behind a 101, the
    /// connection belongs to another protocol. The threaded server alone can do this.
    Streaming(Streaming),
    /// All of the response comes later. The threaded server alone can do this.
    Parked(Parked),
}

/// A response that goes on after its head.
pub struct Streaming {
    /// How the bytes that follow are wrapped.
    pub coding: &'static TransferCoding,
    /// What the connection's own thread does then, until the connection ends.
    pub run: Box<dyn FnOnce(StreamingConnection)>,
}

impl Body {
    /// A whole body as text; none of a streaming one.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// As [`Body::bytes`], given away.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Body::Full(bytes) => bytes,
            Body::Streaming(_) | Body::Parked(_) => Bytes::new(),
        }
    }

    /// The bytes of a whole body; none of a streaming one.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Body::Full(bytes) => bytes,
            Body::Streaming(_) | Body::Parked(_) => b"",
        }
    }
}

impl Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Full(bytes) => write!(f, "{}", String::from_utf8_lossy(bytes)),
            Body::Streaming(_) => f.write_str("streaming"),
            Body::Parked(_) => f.write_str("parked"),
        }
    }
}

impl Response {
    /// A response without fields or body.
    pub fn new(status: u16) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Body::Full(Bytes::new()),
            close: false,
        }
    }

    /// Makes this the last response of its connection.
    pub fn and_close(mut self) -> Response {
        self.close = true;
        self
    }

    /// A response of `content_type` that browsers take for just that, and that
    /// nobody stores.
    pub fn of_type(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response {
        let mut response = Response::new(status)
            .header("Content-Type", content_type)
            .header("Cache-Control", "no-store")
            .header("X-Content-Type-Options", "nosniff");
        response.body = Body::Full(body.into());
        response
    }

    /// The head of a stream. Besides [`Response::of_type`] it tells nginx not to
    /// gather it. [`Response::streaming`] says what follows.
    pub fn stream_head(content_type: &str) -> Response {
        Response::of_type(200, content_type, "").header("X-Accel-Buffering", "no")
    }

    /// This head, and then whatever `run` sends, in this `coding`, from the
    /// connection's own thread.
    pub fn streaming(
        mut self,
        coding: &'static TransferCoding,
        run: impl FnOnce(StreamingConnection) + 'static,
    ) -> Response {
        let run = Box::new(run);
        self.body = Body::Streaming(Streaming { coding, run });
        self
    }

    /// No response yet: the request is parked, and `park` is given the response to write
    /// when it is there, at `until` at the latest.
    pub fn parked(
        until: Instant,
        park: impl FnOnce(PendingResponse) -> OnLeave + 'static,
    ) -> Response {
        let mut response = Response::new(200);
        let park = Box::new(park);
        response.body = Body::Parked(Parked { until, park });
        response
    }

    /// A JSON response.
    pub fn json(status: u16, value: &impl Serialize) -> Response {
        match serde_json::to_vec(value) {
            Ok(body) => Response::of_type(status, "application/json", body),
            Err(error) => {
                log::error!("a response that is not JSON: {error}");
                Response::error(500, "the answer could not be written as JSON")
            }
        }
    }

    /// `{"error": …}`: what was wrong, and what is right.
    pub fn error(status: u16, what_and_why: &str) -> Response {
        let body = json!({ "error": what_and_why }).to_string();
        Response::of_type(status, "application/json", body)
    }

    /// Adds a field. A value with control bytes could end the field and begin
    /// another, so it turns the response into a 500.
    pub fn header(mut self, name: &'static str, value: impl Display) -> Response {
        let value = value.to_string();
        if value
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            log::error!("a control byte in the value of {name}: {value:?}");
            return Response::error(500, "an answer had a control byte in its head");
        }
        self.headers.push((Cow::Borrowed(name), value));
        self
    }

    /// The body, taken out; an empty one is left.
    pub fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.body, Body::Full(Bytes::new()))
    }

    /// Whether a body may follow this status (RFC 9110, section 6.4.1).
    fn has_body(&self) -> bool {
        !(self.status < 200 || self.status == 204 || self.status == 304)
    }

    /// A whole response as bytes: head and, unless `head_only`, body.
    pub fn to_bytes(&self, close: bool, head_only: bool) -> Vec<u8> {
        let mut head = self.status_line_and_fields();
        if self.has_body() {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.bytes().len());
        }
        if close {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if self.has_body() && !head_only {
            bytes.extend_from_slice(self.body.bytes());
        }
        bytes
    }

    /// The head of a response that goes on. A stream ends with its connection;
    /// an upgrade (101) says what it upgrades to itself.
    pub fn to_stream_head(&self, coding: &TransferCoding) -> Vec<u8> {
        let mut head = self.status_line_and_fields();
        if let Some(coding) = coding.name {
            let _ = write!(head, "Transfer-Encoding: {coding}\r\n");
        }
        if self.status != 101 {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn status_line_and_fields(&self) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nDate: {}\r\n",
            self.status,
            reason_phrase(self.status),
            httpdate::fmt_http_date(SystemTime::now())
        );
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head
    }
}

/// The words for the codes that this server uses (RFC 9110, section 15).
fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &Response, head_only: bool) -> String {
        String::from_utf8(response.to_bytes(false, head_only)).expect("text")
    }

    #[test]
    fn a_response_has_its_length_and_no_content_has_none() {
        let response = Response::of_type(200, "text/plain", "hello");
        assert!(text(&response, false).ends_with("Content-Length: 5\r\n\r\nhello"));
        assert!(text(&response, true).ends_with("Content-Length: 5\r\n\r\n"));
        assert!(!text(&Response::new(204), false).contains("Content-Length"));
    }

    #[test]
    fn a_field_cannot_be_broken_out_of() {
        for evil in ["a\r\nSet-Cookie: x=1", "a\nb", "a\0b"] {
            let response = Response::new(200).header("X-Test", evil);
            assert_eq!(response.status, 500);
            assert!(!text(&response, false).contains("X-Test"));
        }
    }
}
