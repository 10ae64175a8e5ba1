//! What two benches share: a client that reads answers byte by byte, and a median.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

/// The one in the middle.
pub fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Reads the head of an answer, and nothing behind it.
pub fn read_head(stream: &mut TcpStream) {
    read_to(stream, b"\r\n\r\n");
}

/// Reads one whole chunk and says how many bytes it took.
pub fn read_chunk(stream: &mut TcpStream) -> usize {
    let line = read_to(stream, b"\r\n");
    let text = std::str::from_utf8(&line).expect("text").trim_end();
    let length = usize::from_str_radix(text, 16).expect("in hex") + 2;
    stream.read_exact(&mut vec![0; length]).expect("a chunk");
    line.len() + length
}

fn read_to(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(end) {
        stream.read_exact(&mut byte).expect("a byte");
        bytes.push(byte[0]);
    }
    bytes
}
