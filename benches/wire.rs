//! What the wire view costs the stream that it shows.
//!
//! `cargo bench --bench wire`. A browser's stream and its echo of 1 MB, three times: with
//! the view turned off (`--no-wire`), with the view and nobody looking, and with somebody
//! looking at them. The rounds of the three are mixed, so that what else the machine does
//! falls on all alike. Loopback only.

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

fn main() {
    let mut runs = [
        Run::start("--no-wire", true, false),
        Run::start("nobody looks", false, false),
        Run::start("one looks", false, true),
    ];
    for _ in 0..ROUNDS {
        for run in &mut runs {
            run.round();
        }
    }
    println!("median, from publish to the stream's reader, and of an echo of 1 MB:");
    println!("                 message      1 MB   passages told");
    for run in runs {
        println!(
            "{:<14} {:>9.1?} {:>9.1?}   {}",
            run.name,
            median(&run.messages),
            median(&run.echoes),
            run.looker.map_or("-".to_owned(), |looker| {
                run.running.stop();
                looker
                    .join()
                    .map_or("?".to_owned(), |told| format!("{told}"))
            }),
        );
    }
}

struct Run {
    name: &'static str,
    running: Running,
    stream: TcpStream,
    echo: TcpStream,
    looker: Option<JoinHandle<usize>>,
    messages: Vec<Duration>,
    echoes: Vec<Duration>,
}

impl Run {
    fn start(name: &'static str, no_wire: bool, looks: bool) -> Run {
        let options = Options {
            port: 0,
            heartbeat: Duration::from_secs(3600),
            no_wire,
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
        let looker = looks.then(|| {
            let view = open("/wire/socket", upgrade);
            #[expect(clippy::disallowed_methods, reason = "a client, not the server")]
            std::thread::spawn(move || count(view))
        });
        let stream = open("/comet/stream", "");
        let echo = open("/websocket/echo", upgrade);
        let topic = running.house().bus.topic("chat").expect("chat");
        while topic.subscribers() < 1 {
            std::thread::yield_now();
        }
        Run {
            name,
            stream,
            echo,
            looker,
            messages: Vec::new(),
            echoes: Vec::new(),
            running,
        }
    }

    fn round(&mut self) {
        let topic = self
            .running
            .house()
            .bus
            .topic("chat")
            .expect("chat")
            .clone();
        let data = json!("forty letters of text, as a chat has them");
        for _ in 0..MESSAGES {
            let before = Instant::now();
            topic.publish("message", &data).expect("published");
            read_chunk(&mut self.stream);
            self.messages.push(before.elapsed());
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
            self.echoes.push(before.elapsed());
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
