//! What is against the protocols, on both transports. Each costs its session only.

use crate::common::{Client, Site, eventually};
use crate::{ENGINE, SOCKET, Session, closes, connected, direct, masked, refused, say, server};
use poll_to_push::options::SocketIoOptions;

/// Packets that are none of Engine.IO, or that a client may not send.
const NOT_ENGINE: [&str; 9] = ["", "abc", "7", "8", "-", "bA", "b%", "2", "2x"];

/// Messages that are none of Socket.IO, or come at the wrong time.
const NOT_SOCKET: [&str; 26] = [
    "",
    "abc",
    "7",
    "0[]",
    "0{",
    "0",
    "1{}",
    "2",
    "2{}",
    "2[]",
    "2[{}]",
    "2[\"a\"",
    "2abc[\"message-with-ack\"]",
    "2[\"disconnect\"]",
    "2/other,[\"a\"]",
    "31{}",
    "4",
    "4{}",
    "4\"x\"",
    "5[\"a\"]",
    "50-[\"a\"]",
    "51-[\"a\"]",
    "51-[\"a\",{\"_placeholder\":true,\"num\":7}]",
    "51-[\"\\ud83d\",{\"_placeholder\":true}]",
    "599999999999-[\"a\",{\"_placeholder\":true,\"num\":0}]",
    "61-1[]",
];

/// The server as it was: another session still gets its answers.
#[track_caller]
fn unhurt(other: &mut Client) {
    say(other, "420[\"echo\",\"x\"]");
    assert_eq!(crate::text(other), "430[\"x\"]");
}

fn polling<'a>(site: &'a Site) -> Session<'a> {
    let session = Session::open(site, SOCKET);
    session.say("40");
    session.packets();
    session
}

#[test]
fn no_packet_of_engine_io() {
    let server = server(SocketIoOptions::default());
    let mut other = connected(&server);
    for wrong in NOT_ENGINE {
        let session = Session::open(&server, ENGINE);
        let mut waiting = session.getting();
        refused(&session.post(wrong), 3);
        // It may have come to wait just too late.
        let waited = waiting.answer();
        assert!(waited.status == 400 || waited.text() == "1", "{wrong:?}");
        refused(&session.get(), 1);
        let mut socket = direct(&server, ENGINE);
        say(&mut socket, wrong);
        assert_eq!(closes(&mut socket), 1008, "{wrong:?}");
    }
    for wrong in ["4good\x1ebad!", "4good\x1e", "4good\x1eb%"] {
        let session = Session::open(&server, ENGINE);
        refused(&session.post(wrong), 3);
        refused(&session.get(), 1);
    }
    unhurt(&mut other);
    eventually("the others are forgotten", || {
        server.health()["sessions"] == 1
    });
}

#[test]
fn bytes_that_are_no_text() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut client = server.connect();
    let target = session.target("polling");
    client.send(format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
    ));
    client.send([b'4', 0xff]);
    refused(&client.answer(), 3);
    refused(&session.get(), 1);
    let mut socket = direct(&server, ENGINE);
    socket.send(masked(0x81, &[b'4', 0xff]));
    assert_eq!(closes(&mut socket), 1007);
    // A body is text, whatever it says of itself.
    let session = Session::open(&server, ENGINE);
    let octets = "Content-Type: application/octet-stream\r\n";
    let post = crate::post(&session.target("polling"), octets, "4hello");
    refused(&server.ask(&post), 3);
    refused(&session.get(), 1);
}

#[test]
fn no_message_of_socket_io() {
    let server = server(SocketIoOptions::default());
    let mut other = connected(&server);
    for wrong in NOT_SOCKET {
        let mut socket = connected(&server);
        say(&mut socket, &format!("4{wrong}"));
        assert_eq!(closes(&mut socket), 1008, "{wrong:?}");
        let session = polling(&server);
        // The POST was right, as far as Engine.IO goes.
        session.say(&format!("4{wrong}"));
        assert_eq!(session.packets(), "1", "{wrong:?}");
        refused(&session.get(), 1);
    }
    unhurt(&mut other);
}

/// What Node's server takes, and passes over.
#[test]
fn what_says_nothing_costs_nothing() {
    let server = server(SocketIoOptions::default());
    for nothing in ["0", "0{}", "3x", "5", "52", "6x", "43", "43[]", "4399[]"] {
        let mut socket = connected(&server);
        say(&mut socket, nothing);
        unhurt(&mut socket);
    }
    let mut socket = connected(&server);
    say(
        &mut socket,
        "451-0[\"echo\",{\"_placeholder\":true,\"num\":0}]",
    );
    say(&mut socket, "bAQIDBA==\n");
    assert!(crate::text(&mut socket).starts_with("461-0["));
    assert_eq!(socket.frame(), (0x82, vec![1, 2, 3, 4]));
}

#[test]
fn whoever_does_not_connect_first_is_closed() {
    let server = server(SocketIoOptions::default());
    for wrong in [
        "2[\"echo\"]",
        "1",
        "31[]",
        "4{}",
        "51-[\"a\",{\"_placeholder\":true,\"num\":0}]",
    ] {
        let mut socket = direct(&server, SOCKET);
        say(&mut socket, &format!("4{wrong}"));
        socket.send(masked(0x82, b"x"));
        assert_eq!(closes(&mut socket), 1008, "{wrong}");
    }
}

#[test]
fn attachments_that_are_wrong() {
    let server = server(SocketIoOptions::default());
    let due = "452-0[\"echo\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    // A text where bytes are due.
    let mut socket = connected(&server);
    say(&mut socket, due);
    say(&mut socket, "42[\"echo\"]");
    assert_eq!(closes(&mut socket), 1008);
    let session = polling(&server);
    session.say(&format!("{due}\x1ebAQ==\x1e42[\"echo\"]"));
    assert_eq!(session.packets(), "1");
    // Too many.
    let mut socket = connected(&server);
    say(&mut socket, due);
    for _ in 0..3 {
        socket.send(masked(0x82, b"x"));
    }
    assert!(crate::text(&mut socket).starts_with("462-0["));
    assert_eq!([socket.frame().0, socket.frame().0], [0x82, 0x82]);
    assert_eq!(closes(&mut socket), 1008);
    // None was due.
    let session = polling(&server);
    session.say("bAQ==");
    assert_eq!(session.packets(), "1");
    // They never come: the session stays until its client goes.
    let mut socket = connected(&server);
    say(&mut socket, due);
    drop(socket);
    crate::common::eventually("gone", || server.health()["sessions"] == 0);
}

#[test]
fn attachments_that_are_too_large_together() {
    let server = server(SocketIoOptions {
        max_payload: 1_000,
        ..SocketIoOptions::default()
    });
    let mut socket = connected(&server);
    let places: Vec<_> = (0..11)
        .map(|n| format!("{{\"_placeholder\":true,\"num\":{n}}}"))
        .collect();
    say(&mut socket, &format!("4511-[\"a\",{}]", places.join(",")));
    for _ in 0..10 {
        socket.send(masked(0x82, &[0; 1_000]));
    }
    assert_eq!(closes(&mut socket), 1008);
}

#[test]
fn a_message_that_is_too_large_costs_its_socket() {
    let server = server(SocketIoOptions {
        max_payload: 1_000,
        ..SocketIoOptions::default()
    });
    let mut other = connected(&server);
    let mut socket = connected(&server);
    let packet = |length: usize| {
        let head = "420[\"echo\",\"\"]".len();
        format!("420[\"echo\",\"{}\"]", "x".repeat(length - head))
    };
    say(&mut socket, &packet(1_000));
    assert!(crate::text(&mut socket).starts_with("430["));
    say(&mut socket, &packet(1_001));
    assert_eq!(closes(&mut socket), 1009);
    unhurt(&mut other);
}

#[test]
fn json_that_is_nested_without_end_is_only_text() {
    let server = server(SocketIoOptions::default());
    let mut socket = connected(&server);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    say(&mut socket, &format!("420[\"echo\",{deep}]"));
    assert_eq!(crate::text(&mut socket), format!("430[{deep}]"));
    say(&mut socket, &format!("421[\"chat message\",{deep}]"));
    assert!(crate::text(&mut socket).contains("error"));
    let binary = format!("51-2[\"echo\",{deep},{{\"_placeholder\":true,\"num\":0}}]");
    say(&mut socket, &format!("4{binary}"));
    socket.send(masked(0x82, b"x"));
    let echoed = binary.replace("51-2[\"echo\",", "461-2[");
    assert_eq!(crate::text(&mut socket), echoed);
    assert_eq!(socket.frame(), (0x82, b"x".to_vec()));
}
