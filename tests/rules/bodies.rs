//! Bodies: their length, how they are framed, and `Expect`.

use crate::common::{Client, Server, course, eventually, get, post};
use crate::{both, last_answer, refusal};
use std::net::Shutdown;

const BODY: &str = "{\"data\":1}";

/// A POST to `/publish` with just these fields, and `BODY`.
fn publish(fields: &str) -> String {
    format!("POST /publish HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{BODY}")
}

/// The answer to `request`, on whichever server, and the connection's end.
fn status(server: &Server, request: &str) -> u16 {
    let mut client = server.connect();
    let _ = client.try_send(request);
    client.answer().status
}

#[test]
fn a_length_that_is_none_is_400() {
    for (name, server) in &both() {
        for length in ["-1", "+10", "0x0a", "10, 10", "1 0", "ten", "10.0", ""] {
            let request = publish(&format!("Content-Length: {length}\r\n"));
            assert_eq!(status(server, &request), 400, "{name}: {length:?}");
        }
    }
}

#[test]
fn two_different_lengths_are_400_and_two_equal_ones_are_one() {
    for (name, server) in &both() {
        let two = publish("Content-Length: 10\r\nContent-Length: 11\r\n");
        assert_eq!(status(server, &two), 400, "{name}");
        let equal = publish("Content-Length: 10\r\nContent-Length: 10\r\n");
        assert_eq!(status(server, &equal), 200, "{name}");
    }
}

#[test]
fn a_length_with_a_transfer_encoding_is_400_whatever_the_order() {
    for (name, server) in &both() {
        for fields in [
            "Content-Length: 10\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 10\r\n",
            "Transfer-Encoding: identity\r\nContent-Length: 10\r\n",
        ] {
            assert_eq!(status(server, &publish(fields)), 400, "{name}: {fields}");
        }
    }
}

#[test]
fn a_body_of_unknown_length_is_411() {
    for (name, server) in &both() {
        assert_eq!(status(server, &publish("")), 411, "{name}");
        let chunked = format!(
            "POST /publish HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
             a\r\n{BODY}\r\n0\r\n\r\n"
        );
        assert_eq!(status(server, &chunked), 411, "{name}");
        let get = get("/healthz", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n";
        assert_eq!(status(server, &get), 411, "{name}");
    }
}

#[test]
fn a_refused_length_ends_a_connection_of_ours() {
    let server = course();
    for (status, fields) in [
        (400, "Content-Length: -1\r\n"),
        (400, "Content-Length: 10\r\nTransfer-Encoding: chunked\r\n"),
        (411, ""),
        (413, "Content-Length: 1048577\r\n"),
    ] {
        assert_eq!(refusal(&server, publish(fields)).status, status, "{fields}");
    }
    // What was refused was not read as a request of its own.
    assert_eq!(server.health()["topics"]["chat"]["held"], 0);
}

#[test]
fn a_body_of_a_mebibyte_is_taken() {
    for (name, server) in &both() {
        let body = format!("{{\"data\":\"{}\"}}", "x".repeat(1024 * 1024 - 11));
        assert_eq!(body.len(), 1024 * 1024);
        assert_eq!(status(server, &post("/publish", "", &body)), 200, "{name}");
    }
}

#[test]
fn one_byte_more_is_413_before_it_is_read() {
    for (name, server) in &both() {
        for length in ["1048577", "99999999999999999999999999"] {
            // Only the head is sent.
            let head = format!(
                "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            );
            assert_eq!(status(server, &head), 413, "{name}: {length}");
        }
    }
}

#[test]
fn a_body_cut_short_is_400_and_publishes_nothing() {
    let server = course();
    let mut client = server.connect();
    // What is there is whole JSON: only its length is wrong.
    client.send(publish("Content-Length: 11\r\n"));
    client.stream().shutdown(Shutdown::Write).expect("half");
    assert_eq!(last_answer(&mut client).status, 400);
    assert_eq!(server.health()["topics"]["chat"]["held"], 0);
}

#[test]
fn a_body_belongs_to_its_request_and_not_to_the_next() {
    let server = course();
    let mut client = server.connect();
    // A GET with a body, which looks like a request.
    let inner = get("/nothing", "");
    let outer = get("/healthz", &format!("Content-Length: {}\r\n", inner.len()));
    client.send(outer + &inner + &get("/healthz", "Connection: close\r\n"));
    assert_eq!(client.answer().status, 200);
    assert_eq!(last_answer(&mut client).status, 200);
}

#[test]
fn a_100_comes_once_the_length_was_accepted() {
    let server = course();
    let mut client = server.connect();
    client.send(
        "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\
         Expect: 100-Continue\r\n\r\n",
    );
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(BODY);
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_100_comes_for_nothing_that_is_refused_by_its_head() {
    let server = course();
    for (status, host, fields) in [
        (413, "localhost", "Content-Length: 1048577\r\n"),
        (411, "localhost", ""),
        (400, "localhost", "Content-Length: -1\r\n"),
        (421, "evil.example", "Content-Length: 10\r\n"),
    ] {
        let head = format!(
            "POST /publish HTTP/1.1\r\nHost: {host}\r\n{fields}Expect: 100-continue\r\n\r\n"
        );
        assert_eq!(refusal(&server, head).status, status);
    }
}

#[test]
fn an_http_1_0_client_is_sent_no_100() {
    let server = course();
    let mut client = server.connect();
    // RFC 9110, section 10.1.1: it would take the 100 for its answer.
    client.send(format!(
        "POST /publish HTTP/1.0\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{BODY}"
    ));
    assert_eq!(last_answer(&mut client).status, 200);
}

#[test]
fn any_other_expectation_is_417() {
    for (name, server) in &both() {
        let request = publish("Content-Length: 10\r\nExpect: 200-ok\r\n");
        assert_eq!(status(server, &request), 417, "{name}");
    }
}

#[test]
fn an_answer_is_not_lost_to_a_reset() {
    let server = course();
    let mut client = server.connect();
    // More than the server reads before it refuses, less than it drops after.
    let body = "x".repeat(50_000);
    let host = "Host: evil.example";
    let request = post("/publish", "", &body).replace("Host: localhost", host);
    client.send(request);
    let answer = client.answer();
    assert_eq!(answer.status, 421);
    assert_eq!(client.rest(), b"");
    client.send("and a little more");
    client.stream().shutdown(Shutdown::Write).expect("half");
    // A server that closed with bytes unread would have sent a reset by then.
    let own = 1;
    eventually("closed", || server.health()["connections"] == own);
    assert!(no_error(&client), "the connection was reset");
}

fn no_error(client: &Client) -> bool {
    client.stream().take_error().expect("asked").is_none()
}

#[test]
fn a_body_ends_where_its_length_says_whatever_the_connection_asks_for() {
    for (name, server) in &both() {
        // tiny_http hands out everything that follows such a head.
        let request = publish("Content-Length: 10\r\nConnection: Upgrade\r\n");
        assert_eq!(status(server, &request), 200, "{name}");
    }
}

#[test]
fn what_is_inside_a_refused_body_is_not_run() {
    let inside = post("/publish", "", BODY);
    for (name, server) in &both() {
        for length in [
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Content-Length: 4, 4\r\n",
            "Content-Length: 0\r\nContent-Length: 40\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 99999999999999\r\n",
            "Content-Length: 1048577\r\n",
        ] {
            let outside = format!("POST /publish HTTP/1.1\r\nHost: localhost\r\n{length}\r\n");
            let answer = refusal(server, outside + &inside);
            assert!(answer.status >= 400, "{name} {length}: {answer:?}");
        }
        assert_eq!(server.health()["topics"]["chat"]["held"], 0, "{name}");
    }
}

#[test]
fn a_100_continue_has_no_length() {
    for (name, server) in &both() {
        let mut client = server.connect();
        let expects = "Expect: 100-continue\r\n";
        let request = post("/publish", expects, BODY);
        let (head, body) = request.split_at(request.len() - BODY.len());
        client.send(head);
        assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n", "{name}");
        client.send(body);
        assert_eq!(client.answer().status, 200, "{name}");
    }
}
