//! A client that counts: what it asked, what it sent, what it received, and when
//! each of the ten messages was there.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The data of message `number`: 40 bytes, which nothing else that is sent looks like.
pub fn message(number: usize) -> String {
    format!("message {number:02} of ten that are sent in order")
}

/// Waits: on a channel that brings nothing before its time.
pub fn pause(time: Duration) {
    let _ = crossbeam_channel::after(time).recv();
}

/// One client, with as many connections as its technique needs.
pub struct Client {
    address: SocketAddr,
    /// It listens until then.
    pub until: Instant,
    /// Requests made, an upgrade included.
    pub requests: usize,
    /// Bytes written to sockets.
    pub sent: usize,
    /// Bytes read from sockets.
    pub received: usize,
    /// When each message was read, in order.
    pub arrivals: Vec<Instant>,
    /// The last bytes that were read, in which the next message may begin.
    tail: Vec<u8>,
}

/// A connection and what was read from it but not used yet.
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr, until: Instant) -> Client {
        Client {
            address,
            until,
            requests: 0,
            sent: 0,
            received: 0,
            arrivals: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Opens a connection. As in a browser, small writes leave at once.
    pub fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_nodelay(true).expect("set");
        Connection {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends a request.
    pub fn ask(&mut self, connection: &mut Connection, request: &str) {
        self.requests += 1;
        self.send(connection, request.as_bytes());
    }

    /// Sends bytes that are no request.
    pub fn send(&mut self, connection: &mut Connection, bytes: &[u8]) {
        connection.stream.write_all(bytes).expect("sent");
        self.sent += bytes.len();
    }

    /// Reads what there is. `false` when the time to listen is over.
    pub fn read(&mut self, connection: &mut Connection) -> bool {
        let mut bytes = [0; 16 * 1024];
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            connection.stream.set_read_timeout(Some(left)).expect("set");
            match connection.stream.read(&mut bytes) {
                Ok(0) => panic!("the server ended a connection that should go on"),
                Ok(read) => {
                    self.received += read;
                    connection.unread.extend_from_slice(&bytes[..read]);
                    self.look_for_messages(&bytes[..read]);
                    return true;
                }
                Err(error) if is_over(error.kind()) => {}
                Err(error) => panic!("a connection broke: {error}"),
            }
        }
    }

    fn look_for_messages(&mut self, bytes: &[u8]) {
        let now = Instant::now();
        self.tail.extend_from_slice(bytes);
        loop {
            let next = message(self.arrivals.len());
            let mut places = self.tail.windows(next.len());
            let Some(place) = places.position(|place| place == next.as_bytes()) else {
                break;
            };
            self.tail.drain(..place + next.len());
            self.arrivals.push(now);
        }
        let kept = self.tail.len().saturating_sub(message(0).len());
        self.tail.drain(..kept);
    }

    /// Reads the head of an answer.
    pub fn head(&mut self, connection: &mut Connection) -> Option<String> {
        loop {
            let end = connection
                .unread
                .windows(4)
                .position(|at| at == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = connection.unread.split_off(end + 4);
                let head = std::mem::replace(&mut connection.unread, rest);
                return Some(String::from_utf8(head).expect("text"));
            }
            if !self.read(connection) {
                return None;
            }
        }
    }

    /// Reads a whole answer, head and body. `None` when the time is over before.
    pub fn answer(&mut self, connection: &mut Connection) -> Option<(String, String)> {
        let head = self.head(connection)?;
        let length = field(&head, "Content-Length").map_or(0, |it| it.parse().expect("a number"));
        while connection.unread.len() < length {
            if !self.read(connection) {
                return None;
            }
        }
        let rest = connection.unread.split_off(length);
        let body = std::mem::replace(&mut connection.unread, rest);
        Some((head, String::from_utf8(body).expect("text")))
    }

    /// Reads one WebSocket frame: its first byte and its payload. From a server it
    /// has no mask.
    pub fn frame(&mut self, connection: &mut Connection) -> Option<(u8, Vec<u8>)> {
        loop {
            let (start, length) = match connection.unread[..] {
                [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
                [_, length, ..] if length < 126 => (2, usize::from(length)),
                [_, 127, ..] => panic!("a frame of 64 KiB is not expected here"),
                _ => (2, usize::MAX - 2),
            };
            if connection.unread.len() >= start + length {
                let rest = connection.unread.split_off(start + length);
                let frame = std::mem::replace(&mut connection.unread, rest);
                return Some((frame[0], frame[start..].to_vec()));
            }
            if !self.read(connection) {
                return None;
            }
        }
    }

    /// Sends a short WebSocket frame, masked as a browser must. (The mask may be any.)
    pub fn send_frame(&mut self, connection: &mut Connection, first: u8, payload: &[u8]) {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let length = u8::try_from(payload.len()).expect("short");
        let mut frame = vec![first, 0x80 | length];
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        self.send(connection, &frame);
    }
}

/// A read that ended because its time did.
fn is_over(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// The value of a field of a head.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
