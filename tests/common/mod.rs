//! What the tests share: a server on port 0, clients that speak raw bytes, and
//! waiting for a condition with a deadline.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod child;
pub mod proxy;

use poll_to_push::app::Lesson;
use poll_to_push::course::{LESSONS, Running};
use poll_to_push::http::Route;
use poll_to_push::options::Options;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::time::{Duration, Instant};

/// How long a test waits for something that must come.
pub const SOON: Duration = Duration::from_secs(20);

/// Options for a test: port 0, all else as usual.
pub fn options() -> Options {
    Options {
        port: 0,
        ..Options::default()
    }
}

/// The whole course on our own server.
pub fn course() -> Server {
    course_with(&options())
}

/// The whole course, as `options` say.
pub fn course_with(options: &Options) -> Server {
    Server::start(LESSONS, options, Vec::new())
}

/// Lesson `number` alone, as its binary serves it.
pub fn lesson(number: u8) -> Server {
    let lesson = LESSONS.iter().find(|lesson| lesson.number == number);
    Server::start(&[lesson.expect("a lesson")], &options(), Vec::new())
}

/// A course that can be asked, in this process or in one of its own.
pub struct Site {
    pub address: SocketAddr,
}

impl Site {
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Opens a connection and sends a GET for `target`.
    pub fn get(&self, target: &str) -> Client {
        let mut client = self.connect();
        client.send(get(target, ""));
        client
    }

    /// Opens a connection on which `request` has arrived: it is in one write with another, whose answer has come.
    pub fn arrived(&self, request: &str) -> Client {
        let mut client = self.connect();
        client.send(get("/healthz", "") + request);
        assert_eq!(client.answer().status, 200);
        client
    }

    /// One request of its own connection, and the whole answer.
    pub fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// `/healthz` as it is now.
    pub fn health(&self) -> Value {
        self.ask(&get("/healthz", "Connection: close\r\n")).json()
    }

    /// How many connections ended for `reason`.
    pub fn ended(&self, reason: &str) -> u64 {
        self.health()["ended"][reason].as_u64().unwrap_or(0)
    }
}

/// A server that is stopped at the end of its test.
pub struct Server {
    running: Option<Running>,
    site: Site,
}

impl Deref for Server {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Server {
    pub fn start(lessons: &[&Lesson], options: &Options, own_routes: Vec<Route>) -> Server {
        let running = Running::start_with(lessons, options, own_routes).expect("a server");
        let address = running.address();
        Server {
            running: Some(running),
            site: Site { address },
        }
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("not stopped yet")
    }

    /// Publishes straight onto the bus, and returns the id.
    pub fn publish(&self, topic: &str, data: &Value) -> String {
        let topic = self.running().app().bus.topic(topic).expect("a topic");
        topic.publish("message", data).expect("open").to_string()
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A GET of HTTP/1.1; `fields` are whole lines, each with its CR LF.
pub fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

/// A POST of HTTP/1.1.
pub fn post(target: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// An answer that has arrived whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The status line and the fields, as they came.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The words of a JSON error.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().expect("an error").to_owned()
    }
}

/// A client that speaks bytes.
pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("set");
        stream.set_read_timeout(Some(SOON)).expect("set");
        Client {
            reader: BufReader::new(stream),
        }
    }

    /// A client whose kernel takes little before it is read: at most some 64 KiB.
    pub fn connect_small(address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.set_recv_buffer_size(32 * 1024).expect("set");
        socket.connect(&address.into()).expect("a connection");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(SOON)).expect("set");
        Client::from_stream(stream)
    }

    /// A client on a stream that is open already.
    pub fn from_stream(stream: TcpStream) -> Client {
        Client {
            reader: BufReader::new(stream),
        }
    }

    pub fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("sent");
    }

    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())
    }

    /// Reads an answer with a known length (or without a body).
    pub fn answer(&mut self) -> Answer {
        let head = self.head();
        let mut answer = Answer {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .expect("a status"),
            head,
            body: Vec::new(),
        };
        let length = answer.header("Content-Length").unwrap_or("0");
        answer.body = vec![0; length.parse().expect("a length")];
        self.reader.read_exact(&mut answer.body).expect("a body");
        answer
    }

    /// Reads up to and with the blank line that ends a head.
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.reader.read_line(&mut head).expect("a head");
            assert!(read > 0, "the head ended: {head:?}");
        }
        head
    }

    /// Reads one chunk of a chunked body; `None` for the last.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut length = String::new();
        self.reader.read_line(&mut length).expect("a length");
        let length = usize::from_str_radix(length.trim_end(), 16).expect("in hex");
        let mut bytes = vec![0; length + 2];
        self.reader.read_exact(&mut bytes).expect("a chunk");
        assert_eq!(bytes.split_off(length), b"\r\n");
        (length > 0).then_some(bytes)
    }

    /// As [`Client::chunk`], as text.
    pub fn text_chunk(&mut self) -> Option<String> {
        self.chunk()
            .map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    /// As [`Client::answer`]; `None` when the connection ends before it is whole.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let there = self.reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        there.then(|| self.answer())
    }

    /// Reads until `marker` has come.
    pub fn read_until(&mut self, marker: &str) {
        let mut seen = Vec::new();
        loop {
            let arrived = self.reader.fill_buf().expect("bytes");
            assert!(!arrived.is_empty(), "it ended before {marker:?}");
            let length = arrived.len();
            seen.extend_from_slice(arrived);
            self.reader.consume(length);
            if seen
                .windows(marker.len())
                .any(|part| part == marker.as_bytes())
            {
                return;
            }
        }
    }

    /// Reads exactly `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes).expect("bytes");
        bytes
    }

    /// Everything up to the end of the connection. A reset counts as an end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        match self.reader.read_to_end(&mut all) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("after {} bytes: {error}", all.len()),
        }
        all
    }

    /// One frame from the server: opcode (with the FIN bit) and payload.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.bytes(2);
        assert_eq!(head[1] & 0x80, 0, "a server masks nothing");
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.bytes(2).try_into().expect("two"))),
            127 => {
                let length = u64::from_be_bytes(self.bytes(8).try_into().expect("eight"));
                usize::try_from(length).expect("fits")
            }
            short => usize::from(short),
        };
        (head[0], self.bytes(length))
    }
}

/// A frame as a browser sends it, masked. `first` is FIN and opcode.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).expect("short")),
        middle @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(middle).expect("middle").to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

/// The request of RFC 6455, section 1.3, for `target`.
pub fn upgrade(target: &str, fields: &str) -> String {
    get(
        target,
        &format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}"
        ),
    )
}

/// Waits until `condition` holds.
#[track_caller]
pub fn eventually(what: &str, condition: impl FnMut() -> bool) {
    within(SOON, what, condition);
}

/// Waits until `condition` holds, for at most `limit`.
#[track_caller]
pub fn within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < until, "not within {limit:?}: {what}");
        // The condition is asked of another process or thread, which cannot
        // wake this one.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
