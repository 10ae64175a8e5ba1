//! The limit: a bare write loop, the unit in which every server is measured.
//!
//! It does the least that a fan-out can do: the heads of the streams are answered at
//! once, and a publish writes one chunk, made once, to every socket in a plain loop. No
//! history, no time-outs, no bound; a reader who stops stops everyone.
//!
//! `limit PORT`

use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\
    Transfer-Encoding: chunked\r\n\r\n";

#[derive(Default)]
struct Streams {
    sockets: Vec<TcpStream>,
    published: u64,
}

#[derive(Deserialize)]
struct Publication<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

fn main() -> io::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.expect("limit PORT")))?;
    let streams = Mutex::new(Streams::default());
    println!("limit: http://{}", listener.local_addr()?);
    thread::scope(|scope| {
        for socket in listener.incoming().flatten() {
            // A thread for a head, or for a publisher; a stream has none.
            scope.spawn(|| serve(socket, &streams));
        }
    });
    Ok(())
}

fn serve(socket: TcpStream, streams: &Mutex<Streams>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(1024, &socket);
    loop {
        let mut line = String::new();
        let mut length = 0;
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        loop {
            let mut field = String::new();
            reader.read_line(&mut field)?;
            if field.trim_end().is_empty() {
                break;
            }
            let (name, value) = field.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        if line.starts_with("GET /comet/stream") {
            (&socket).write_all(STREAM)?;
            lock(streams).sockets.push(socket);
            return Ok(());
        }
        if !line.starts_with("POST /publish") {
            return (&socket).write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let id = publish(&body, streams)?;
        let answer = format!("{{\"id\":\"{id}\"}}");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
        let length = answer.len();
        (&socket)
            .write_all(format!("{head}\r\nContent-Length: {length}\r\n\r\n{answer}").as_bytes())?;
    }
}

/// The loop that all of this is about.
fn publish(body: &[u8], streams: &Mutex<Streams>) -> io::Result<String> {
    let data = serde_json::from_slice::<Publication>(body)?.data;
    let mut streams = lock(streams);
    streams.published += 1;
    let id = format!("limit-{}", streams.published);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_millis();
    let line = format!(
        "{{\"id\":\"{id}\",\"topic\":\"chat\",\"event\":\"message\",\"data\":{data},\
         \"published_ms\":{now}}}\n"
    );
    let chunk = format!("{:x}\r\n{line}\r\n", line.len());
    // Who has left is not written to again.
    let write = |socket: &mut TcpStream| socket.write_all(chunk.as_bytes()).is_ok();
    streams.sockets.retain_mut(|socket| write(socket));
    Ok(id)
}

fn lock(streams: &Mutex<Streams>) -> std::sync::MutexGuard<'_, Streams> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}
