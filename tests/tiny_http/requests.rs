//! What the library makes of requests that strangers send.

use crate::common::{Answer, Client, get};
use crate::server;
use std::sync::mpsc::channel;
use std::thread::scope;
use tiny_http::{Method, Response};

/// Sends `bytes` to the library, which refuses each POST and reads no body. Gives the paths
/// of the requests that it handed out, and the answers.
fn handed_out(bytes: impl AsRef<[u8]>, answers: usize) -> (Vec<String>, Vec<Option<Answer>>) {
    let (server, address) = server();
    let mut client = Client::connect(address);
    client.send(bytes);
    let (paths, seen) = channel();
    scope(|scope| {
        scope.spawn(|| {
            for request in server.incoming_requests() {
                let status = if *request.method() == Method::Post {
                    411
                } else {
                    200
                };
                paths.send(request.url().to_owned()).expect("heard");
                let _ = request.respond(Response::empty(status));
            }
        });
        let answers = (0..answers).map(|_| client.try_answer()).collect();
        server.unblock();
        (seen.try_iter().collect(), answers)
    })
}

#[test]
fn the_body_of_a_refused_request_is_run_as_the_next_request() {
    let inside = get("/inside", "");
    for length in [
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 4, 4\r\n",
        "Content-Length: 0\r\nContent-Length: 40\r\n",
    ] {
        let outside = format!("POST /outside HTTP/1.1\r\nHost: localhost\r\n{length}\r\n");
        let (paths, _) = handed_out(outside + &inside, 2);
        assert_eq!(paths, ["/outside", "/inside"], "{length}");
    }
}

#[test]
fn a_cookie_with_a_letter_beyond_ascii_gets_no_answer() {
    let asked = get("/", "Cookie: name=Gr\u{fc}\u{df}e\r\n");
    let (paths, answers) = handed_out(asked, 1);
    assert!(paths.is_empty() && answers[0].is_none(), "{paths:?}");
}

#[test]
fn an_empty_line_before_a_request_is_400() {
    let (paths, answers) = handed_out("\r\n".to_owned() + &get("/", ""), 1);
    assert!(paths.is_empty(), "{paths:?}");
    assert_eq!(answers[0].as_ref().map(|answer| answer.status), Some(400));
}

#[test]
fn its_100_continue_has_a_length() {
    let (server, address) = server();
    let mut client = Client::connect(address);
    client.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
    );
    scope(|scope| {
        scope.spawn(|| {
            let mut request = server.recv().expect("a request");
            let mut body = String::new();
            let _ = request.as_reader().read_to_string(&mut body);
            let _ = request.respond(Response::empty(200));
        });
        let head = client.head();
        client.send("ab");
        assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
        assert!(head.contains("\r\nContent-Length: 0\r\n"), "{head}");
    });
}
