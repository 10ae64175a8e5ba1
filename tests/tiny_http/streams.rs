//! Answers that go on, and reading while writing.

use crate::common::{SOON, get, upgrade};
use crate::{is_silent, serve};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io::{self, Read, Write};
use tiny_http::{ReadWrite, Request, Response, StatusCode};

/// A body that grows by what is sent to it.
struct Growing {
    /// Told of each `read`: what was read before has been taken by then.
    asked: Sender<()>,
    pieces: Receiver<Vec<u8>>,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.asked.send(());
        match self.pieces.recv() {
            Ok(piece) => {
                buffer[..piece.len()].copy_from_slice(&piece);
                Ok(piece.len())
            }
            // The other side is gone: the end.
            Err(_) => Ok(0),
        }
    }
}

fn growing() -> (Growing, Receiver<()>, Sender<Vec<u8>>) {
    let (asked, is_asked) = unbounded();
    let (more, pieces) = unbounded();
    (Growing { asked, pieces }, is_asked, more)
}

fn answer(request: Request, body: Growing) {
    let response = Response::new(StatusCode(200), Vec::new(), body, None, None);
    // Fails when the test has ended early.
    let _ = request.respond(response);
}

#[test]
fn a_streamed_response_arrives_in_one_piece_at_the_end() {
    let (body, asked, more) = growing();
    serve(
        |request| answer(request, body),
        move |client| {
            client.send(get("/", ""));
            let mut all = String::new();
            for n in 1..=10 {
                asked.recv_timeout(SOON).expect("asked");
                assert!(is_silent(client), "before event {n}");
                let event = format!("event {n}\n");
                all += &event;
                more.send(event.into()).expect("taken");
            }
            asked.recv_timeout(SOON).expect("asked");
            assert!(is_silent(client), "not even the head");
            drop(more);
            assert!(client.head().contains("Transfer-Encoding: chunked"));
            assert_eq!(client.text_chunk(), Some(all));
            assert_eq!(client.chunk(), None);
        },
    );
}

#[test]
fn it_gathers_8_kib_before_it_sends_a_chunk() {
    let (body, asked, more) = growing();
    serve(
        |request| answer(request, body),
        move |client| {
            client.send(get("/", ""));
            for _ in 0..8 {
                asked.recv_timeout(SOON).expect("asked");
                more.send(vec![b'x'; 1023]).expect("taken");
            }
            asked.recv_timeout(SOON).expect("asked");
            assert!(is_silent(client), "8,184 bytes wait");
            more.send(vec![b'x'; 16]).expect("taken");
            client.head();
            assert_eq!(client.chunk().map(|chunk| chunk.len()), Some(8192));
            drop(more);
            assert_eq!(client.chunk().map(|chunk| chunk.len()), Some(8));
        },
    );
}

#[test]
fn to_an_http_1_0_client_it_reads_the_whole_body_first() {
    let (body, asked, more) = growing();
    serve(
        |request| answer(request, body),
        move |client| {
            client.send("GET / HTTP/1.0\r\n\r\n");
            // More than any buffer on the way holds.
            for n in 0..100 {
                asked.recv_timeout(SOON).expect("asked");
                assert!(is_silent(client), "after {n} pieces");
                // `read_to_end` begins with 32 bytes of room.
                more.send(vec![b'x'; 32]).expect("taken");
            }
            drop(more);
            assert!(client.head().contains("Content-Length: 3200\r\n"));
        },
    );
}

#[test]
fn into_writer_is_the_way_around() {
    let (go_on, may_go_on) = unbounded::<()>();
    serve(
        move |request| {
            let mut writer = request.into_writer();
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            writer.write_all(head.as_bytes()).expect("written");
            writer.write_all(b"6\r\nevent\n\r\n").expect("written");
            writer.flush().expect("flushed");
            let _ = may_go_on.recv();
        },
        move |client| {
            client.send(get("/", ""));
            client.head();
            assert_eq!(client.text_chunk().as_deref(), Some("event\n"));
            // The handler was at work all the time.
            go_on.send(()).expect("it waits");
        },
    );
}

#[test]
fn an_upgrade_is_one_box_for_both_ways() {
    // By its type: reading needs all of it, `&mut`, and so does writing; and
    // there is no second one to be had.
    type Upgrade = fn(Request, &str, Response<io::Empty>) -> Box<dyn ReadWrite + Send>;
    let upgraded: Upgrade = Request::upgrade;
    serve(
        move |request| {
            let mut both = upgraded(request, "websocket", Response::empty(101));
            let mut heard = [0; 4];
            both.read_exact(&mut heard).expect("heard");
            both.write_all(&heard).expect("said");
            both.flush().expect("said");
        },
        |client| {
            client.send(upgrade("/", ""));
            assert!(client.head().starts_with("HTTP/1.1 101 "));
            client.send("ping");
            assert_eq!(client.bytes(4), b"ping");
        },
    );
}
