//! How long one publish takes to reach every subscriber.
//!
//! `cargo bench --bench fan_out`. It opens N comet streams to a course in this
//! process, publishes, and waits until the last stream has the message; and, to
//! compare, writes the same bytes to N sockets in a bare loop. Loopback only.

mod raw;

use poll_to_push::course::{LESSONS, Running};
use poll_to_push::options::Options;
use raw::{median, read_chunk, read_head};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const ROUNDS: usize = 30;

fn main() {
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit of open files");
    println!("subscribers   this server   bare loop   (median of {ROUNDS}, to the last byte read)");
    for subscribers in [100, 1_000, 4_000] {
        let ours = median(&fan_out(subscribers));
        let bare = median(&bare_loop(subscribers));
        println!("{subscribers:>11}   {ours:>11.2?}   {bare:>9.2?}");
    }
}

/// Reads from every stream until `length` bytes have come.
fn read_all(streams: &mut [TcpStream], length: usize) {
    let mut bytes = vec![0; length];
    for stream in streams {
        stream.read_exact(&mut bytes).expect("the message");
    }
}

fn fan_out(subscribers: usize) -> Vec<Duration> {
    let options = Options {
        port: 0,
        heartbeat: Duration::from_secs(3600),
        ..Options::default()
    };
    let running = Running::start(LESSONS, &options).expect("a server");
    let topic = running.app().bus.topic("chat").expect("chat").clone();
    let mut streams: Vec<TcpStream> = (0..subscribers)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address()).expect("connected");
            let request = b"GET /comet/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(request).expect("sent");
            read_head(&mut stream);
            stream
        })
        .collect();
    while topic.subscribers() < subscribers {
        std::thread::yield_now();
    }
    let times = (0..ROUNDS)
        .map(|round| {
            // Ids of one length: every chunk is as long as the first.
            let data = json!({ "round": format!("{round:05}") });
            let before = Instant::now();
            topic.publish("message", &data).expect("published");
            let length = read_chunk(&mut streams[0]);
            read_all(&mut streams[1..], length);
            before.elapsed()
        })
        .collect();
    drop(streams);
    running.shutdown();
    times
}

fn bare_loop(subscribers: usize) -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let mut pairs: Vec<(TcpStream, TcpStream)> = (0..subscribers)
        .map(|_| {
            let client = TcpStream::connect(address).expect("connected");
            let (server, _) = listener.accept().expect("accepted");
            server.set_nodelay(true).expect("set");
            (server, client)
        })
        .collect();
    let message = [b'x'; 130];
    (0..ROUNDS)
        .map(|_| {
            let before = Instant::now();
            for (server, _) in &mut pairs {
                server.write_all(&message).expect("sent");
            }
            for (_, client) in &mut pairs {
                read_all(std::slice::from_mut(client), message.len());
            }
            before.elapsed()
        })
        .collect()
}
