//! What stands in front of the `tiny_http` server: the threaded server, which hands on
//! each request that it has read.
//!
//! So it is with every small server that strangers use: something robust stands before it
//! (nginx, mostly), takes the connections, reads each request whole, by rules and within
//! limits, and hands on what is clean. Without it, one line with a length of fourteen
//! digits ends a program on `tiny_http`, and the body of a request that it refuses is run
//! as the next request (lesson 3's text tells more).
//!
//! Each request goes on by a connection of its own, so nobody waits for another here.

use super::request::Request;
use super::response::{Body, Response};
use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take. A long poll waits for a minute at most.
const PATIENCE: Duration = Duration::from_secs(90);
/// The field in which the server behind is told who asks.
const PEER: &str = "X-Forwarded-For";
/// Fields that are about one connection, and those that this server says itself.
const OWN: [&str; 6] = [
    "connection",
    "content-length",
    "date",
    "expect",
    "keep-alive",
    "transfer-encoding",
];

/// The response of the server at `address`.
pub fn hand_on(address: SocketAddr, request: &Request) -> Response {
    exchange(address, request).unwrap_or_else(|error| {
        log::warn!("tiny_http did not answer {}: {error}", request.path);
        Response::error(502, "the server behind this one did not answer")
    })
}

/// Takes out who asks, as [`hand_on`] says it. `None` when a proxy asked: then the field
/// names more than one.
pub fn take_peer(request: &mut Request) -> Option<IpAddr> {
    let peer = request.header(PEER)?.parse().ok()?;
    let is_other = |(name, _): &(String, Vec<u8>)| !name.eq_ignore_ascii_case(PEER);
    request.headers.retain(is_other);
    Some(peer)
}

fn exchange(address: SocketAddr, request: &Request) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(&head(request))?;
    stream.write_all(&request.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    response(&answer, request.is_head())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP response"))
}

/// The head again, plainly. A field with a letter beyond ASCII is left out: `tiny_http`
/// would answer nothing at all.
fn head(request: &Request) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.{}\r\n",
        request.method, request.target, request.minor_version
    );
    for (name, value) in &request.headers {
        let own = OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
        let plain = std::str::from_utf8(value)
            .ok()
            .filter(|value| value.is_ascii());
        if let Some(value) = plain.filter(|_| !own && !name.eq_ignore_ascii_case(PEER)) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let (peer, length) = (request.peer, request.body.len());
    let before = request.header(PEER).map(|before| format!("{before}, "));
    let before = before.unwrap_or_default();
    head.push_str(&format!(
        "{PEER}: {before}{peer}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ));
    head.into_bytes()
}

fn response(answer: &[u8], head_only: bool) -> Option<Response> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = parsed.parse(answer).ok()? else {
        return None;
    };
    let mut response = Response::new(parsed.code?);
    let mut body_length = answer.len() - length;
    for field in parsed.headers.iter() {
        let value = std::str::from_utf8(field.value).ok()?;
        if head_only && field.name.eq_ignore_ascii_case("Content-Length") {
            body_length = value.parse().ok()?;
        }
        if !OWN.iter().any(|own| field.name.eq_ignore_ascii_case(own)) {
            let name = Cow::Owned(field.name.to_owned());
            response.headers.push((name, value.to_owned()));
        }
    }
    // Of the response to a HEAD only the body's length is sent.
    let body = if head_only {
        vec![0; body_length]
    } else {
        answer[length..].to_vec()
    };
    response.body = Body::Full(body.into());
    Some(response)
}
