//! An answer: status, fields and body, whichever server writes it.

use crate::feed::{Framing, Held};
use serde::Serialize;
use serde_json::json;
use std::fmt::{Display, Write as _};
use std::time::SystemTime;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The fields, without those that the server adds: `Date`, `Content-Length`,
    /// `Connection`, `Transfer-Encoding`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// It is the last one of its connection.
    pub closes: bool,
}

/// What a handler says to a request.
pub enum Reply {
    /// An answer, whole.
    Answer(Answer),
    /// A connection that stays open. Our own server alone can do this.
    Hold(Hold),
}

/// A response that goes on after its head.
pub struct Hold {
    /// The head; its body is not used.
    pub head: Answer,
    /// How the bytes that follow are wrapped.
    pub framing: &'static Framing,
    /// What the connection's own thread does then, until the connection ends.
    pub run: Box<dyn FnOnce(Held)>,
}

impl Reply {
    /// A connection that stays open.
    pub fn hold(
        head: Answer,
        framing: &'static Framing,
        run: impl FnOnce(Held) + 'static,
    ) -> Reply {
        Reply::Hold(Hold {
            head,
            framing,
            run: Box::new(run),
        })
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Reply {
        Reply::Answer(answer)
    }
}

impl Answer {
    /// An answer without fields or body.
    pub fn new(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            closes: false,
        }
    }

    /// Makes this the last answer of its connection.
    pub fn and_close(mut self) -> Answer {
        self.closes = true;
        self
    }

    /// An answer of `content_type` that browsers take for just that, and that
    /// nobody stores.
    pub fn of_type(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let mut answer = Answer::new(status)
            .header("Content-Type", content_type)
            .header("Cache-Control", "no-store")
            .header("X-Content-Type-Options", "nosniff");
        answer.body = body.into();
        answer
    }

    /// The head of a stream. Besides [`Answer::of_type`] it tells nginx not to
    /// gather it.
    pub fn stream(content_type: &str) -> Answer {
        Answer::of_type(200, content_type, "").header("X-Accel-Buffering", "no")
    }

    /// A JSON answer.
    pub fn json(status: u16, value: &impl Serialize) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer::of_type(status, "application/json", body),
            Err(error) => {
                log::error!("an answer that is not JSON: {error}");
                Answer::error(500, "the answer could not be written as JSON")
            }
        }
    }

    /// `{"error": …}`: what was wrong, and what is right.
    pub fn error(status: u16, what_and_why: &str) -> Answer {
        let body = json!({ "error": what_and_why }).to_string();
        Answer::of_type(status, "application/json", body)
    }

    /// Adds a field. A value with control bytes could end the field and begin
    /// another, so it turns the answer into a 500.
    pub fn header(mut self, name: &'static str, value: impl Display) -> Answer {
        let value = value.to_string();
        if value
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            log::error!("a control byte in the value of {name}: {value:?}");
            return Answer::error(500, "an answer had a control byte in its head");
        }
        self.headers.push((name, value));
        self
    }

    /// Whether a body may follow this status (RFC 9110, section 6.4.1).
    fn has_body(&self) -> bool {
        !(self.status < 200 || self.status == 204 || self.status == 304)
    }

    /// The answer as bytes: head and, unless `head_only`, body.
    pub fn to_bytes(&self, close: bool, head_only: bool) -> Vec<u8> {
        let mut head = self.status_line_and_fields();
        if self.has_body() {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        if close {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if self.has_body() && !head_only {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }

    /// The head of a response that goes on. A stream ends with its connection;
    /// an upgrade (101) says what it upgrades to itself.
    pub fn to_stream_head(&self, framing: &Framing) -> Vec<u8> {
        let mut head = self.status_line_and_fields();
        if let Some(coding) = framing.transfer_encoding {
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
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: &Answer, head_only: bool) -> String {
        String::from_utf8(answer.to_bytes(false, head_only)).expect("text")
    }

    #[test]
    fn an_answer_has_its_length_and_no_content_has_none() {
        let answer = Answer::of_type(200, "text/plain", "hello");
        assert!(text(&answer, false).ends_with("Content-Length: 5\r\n\r\nhello"));
        assert!(text(&answer, true).ends_with("Content-Length: 5\r\n\r\n"));
        assert!(!text(&Answer::new(204), false).contains("Content-Length"));
    }

    #[test]
    fn a_field_cannot_be_broken_out_of() {
        for evil in ["a\r\nSet-Cookie: x=1", "a\nb", "a\0b"] {
            let answer = Answer::new(200).header("X-Test", evil);
            assert_eq!(answer.status, 500);
            assert!(!text(&answer, false).contains("X-Test"));
        }
    }
}
