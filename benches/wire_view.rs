//! What the wire view costs the stream that it shows.
//!
//! `cargo bench --bench wire_view`. A browser's stream and its echo of 1 MB, three times: with
//! the view turned off (`--no-wire`), with the view and nobody looking, and with somebody
//! looking at them. Each round begins anew, with another of the three first: what else the
//! machine does, and where the memory of a thread comes to lie, falls on all alike (one of
//! three echoes that stay open took twice as long as the others, whoever looked). Loopback
//! only.

mod raw;

use poll_to_push::course::{LESSONS, Running};
use poll_to_push::options::Options;
use raw::{median, read_chunk, read_head};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Rounds, and messages and echoes in each.
const ROUNDS: usize = 20;
const MESSAGES: usize = 1000;
const ECHOES: usize = 5;
const MEGABYTE: usize = 1 << 20;

const WAYS: [Way; 3] = [
    Way {
        name: "--no-wire",
        no_wire_view: true,
        looks: false,
    },
    Way {
        name: "nobody looks",
        no_wire_view: false,
        looks: false,
    },
    Way {
        name: "one looks",
        no_wire_view: false,
        looks: true,
    },
];

fn main() {
    let mut seen = WAYS.map(|_| Seen::default());
    for round in 0..ROUNDS {
        for turn in 0..WAYS.len() {
            let way = (round + turn) % WAYS.len();
            Run::start(&WAYS[way]).round(&mut seen[way]);
        }
    }
    println!("median, from publish to the stream's reader, and of an echo of 1 MB:");
    println!("                 message      1 MB   passages told");
    for (way, seen) in WAYS.iter().zip(seen) {
        let (message, echo) = (median(&seen.messages), median(&seen.echoes));
        let name = way.name;
        println!("{name:<14} {message:>9.1?} {echo:>9.1?}   {}", seen.told);
    }
}

struct Way {
    name: &'static str,
    no_wire_view: bool,
    looks: bool,
}

#[derive(Default)]
struct Seen {
    messages: Vec<Duration>,
    echoes: Vec<Duration>,
    /// Passages that the looker was told of.
    told: usize,
}

struct Run {
    running: Running,
    stream: TcpStream,
    echo: TcpStream,
    looker: Option<JoinHandle<usize>>,
}

impl Run {
    fn start(way: &Way) -> Run {
        let options = Options {
            port: 0,
            heartbeat: Duration::from_secs(3600),
            no_wire_view: way.no_wire_view,
            ..Options::default()
        };
        let running = Running::start(LESSONS, &options).expect("a server");
        // As a browser that opened a page.
        let cookie = "Cookie: poll-to-push=aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
        let open = |target: &str, fields: &str| {
            let mut stream = TcpStream::connect(running.address()).expect("connected");
            stream.set_nodelay(true).expect("set");
            let request =
                format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{cookie}{fields}\r\n");
            stream.write_all(request.as_bytes()).expect("sent");
            read_head(&mut stream);
            stream
        };
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let looker = way.looks.then(|| {
            let view = open("/wire/socket", upgrade);
            #[expect(clippy::disallowed_methods, reason = "a client, not the server")]
            std::thread::spawn(move || count(view))
        });
        let stream = open("/comet/stream", "");
        let echo = open("/websocket/echo", upgrade);
        let topic = running.app().bus.topic("chat").expect("chat");
        while topic.subscribers() < 1 {
            std::thread::yield_now();
        }
        Run {
            stream,
            echo,
            looker,
            running,
        }
    }

    fn round(mut self, seen: &mut Seen) {
        let topic = self.running.app().bus.topic("chat").expect("chat").clone();
        let data = json!("forty letters of text, as a chat has them");
        for _ in 0..MESSAGES {
            let before = Instant::now();
            topic.publish("message", &data).expect("published");
            read_chunk(&mut self.stream);
            seen.messages.push(before.elapsed());
        }
        let frame = masked(MEGABYTE);
        let mut back = vec![0; 10 + MEGABYTE];
        for _ in 0..ECHOES {
            let before = Instant::now();
            let mut writer = self.echo.try_clone().expect("a second handle");
            let frame = frame.clone();
            #[expect(clippy::disallowed_methods, reason = "a client, not the server")]
            let sending = std::thread::spawn(move || writer.write_all(&frame));
            self.echo.read_exact(&mut back).expect("the echo");
            sending.join().expect("it ends").expect("sent");
            seen.echoes.push(before.elapsed());
        }
        // Else the server waits for them to leave.
        drop((self.stream, self.echo));
        self.running.shutdown();
        if let Some(looker) = self.looker {
            seen.told += looker.join().expect("it ends");
        }
    }
}

/// A binary frame of `length` zero bytes, masked.
fn masked(length: usize) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend_from_slice(&(length as u64).to_be_bytes());
    frame.extend_from_slice(&[1, 2, 3, 4]);
    frame.extend((0..length).map(|n| [1, 2, 3, 4][n % 4]));
    frame
}

/// Reads the view's frames to the end, and counts the passages in them.
fn count(mut view: TcpStream) -> usize {
    let mut all = Vec::new();
    // The server ends it.
    let _ = view.read_to_end(&mut all);
    all.windows(8)
        .filter(|bytes| bytes == b"\"length\"")
        .count()
}
