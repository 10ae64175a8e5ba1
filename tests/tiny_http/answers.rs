//! What the library changes in answers.

use crate::common::{Client, get};
use crate::serve;
use std::io::{self, Write};
use tiny_http::{HTTPVersion, Header, Response};

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("a header")
}

/// The head of the answer when the handler says `response`.
fn head_of<R: io::Read + Send>(response: Response<R>, request: &str) -> String {
    let mut head = String::new();
    serve(
        |asked| asked.respond(response).expect("answered"),
        |client: &mut Client| {
            client.send(request);
            head = client.head();
        },
    );
    head
}

#[test]
fn it_drops_connection() {
    let response = Response::from_string("hi")
        .with_header(header("Connection", "close"))
        .with_header(header("Upgrade", "websocket"))
        .with_header(header("X-Other", "stays"));
    let head = head_of(response, &get("/", ""));
    assert!(head.contains("X-Other: stays\r\n"), "{head}");
    assert!(!head.contains("Connection"), "{head}");
    assert!(!head.contains("Upgrade"), "{head}");
}

#[test]
fn it_sends_a_length_of_zero_with_204_and_304() {
    for status in [204, 304] {
        let head = head_of(Response::empty(status), &get("/", ""));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("Content-Length: 0\r\n"), "{head}");
    }
}

#[test]
fn it_turns_to_chunks_from_32_768_bytes_on_unless_told_otherwise() {
    let of = |length: usize| Response::from_data(vec![b'x'; length]);
    let head_request = get("/", "").replacen("GET", "HEAD", 1);
    for request in [get("/", ""), head_request] {
        let head = head_of(of(32_767), &request);
        assert!(head.contains("Content-Length: 32767\r\n"), "{head}");
        let head = head_of(of(32_768), &request);
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
        let told = of(32_768).with_chunked_threshold(usize::MAX);
        let head = head_of(told, &request);
        assert!(head.contains("Content-Length: 32768\r\n"), "{head}");
    }
}

#[test]
fn it_takes_a_line_break_in_a_field_value() {
    let evil = header("X-Name", "value\r\nSet-Cookie: stolen=1");
    let head = head_of(Response::from_string("hi").with_header(evil), &get("/", ""));
    assert!(head.contains("\r\nSet-Cookie: stolen=1\r\n"), "{head}");
}

/// Counts the calls of `write`.
struct Counting(usize);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn it_makes_some_23_write_calls_for_a_ten_byte_answer() {
    let mut writer = Counting(0);
    Response::from_string("ten bytes!")
        .raw_print(&mut writer, HTTPVersion(1, 1), &[], false, None)
        .expect("written");
    assert!((15..=30).contains(&writer.0), "{} calls", writer.0);
}
