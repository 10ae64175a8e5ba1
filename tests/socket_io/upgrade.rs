//! From polling to a WebSocket.

use crate::common::{Client, eventually};
use crate::{ENGINE, SOCKET, Session, closes, refused, say, server, text};
use poll_to_push::options::SocketIoOptions;

fn probed(session: &Session<'_>) -> Client {
    let mut socket = session.websocket();
    say(&mut socket, "2probe");
    assert_eq!(text(&mut socket), "3probe");
    socket
}

#[test]
fn a_session_changes_over() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut socket = probed(&session);
    assert_eq!(session.packets(), "6", "polls end at once now");
    say(&mut socket, "5");
    say(&mut socket, "4hello");
    assert_eq!(text(&mut socket), "4hello");
    // Afterwards it is no session for polls, nor for another socket.
    refused(&session.get(), 3);
    refused(&session.post("4x"), 3);
    assert_eq!(closes(&mut session.websocket()), 1008);
    say(&mut socket, "4still");
    assert_eq!(text(&mut socket), "4still");
    assert_eq!(server.health()["sessions"], 1);
}

/// A client that asks for no proof, and one that says more than the word: Unity's.
#[test]
fn the_upgrade_needs_no_probe_and_may_carry_data() {
    let server = server(SocketIoOptions::default());
    for word in ["5", "52"] {
        let session = Session::open(&server, ENGINE);
        let mut waiting = session.getting();
        let mut socket = session.websocket();
        // The poll is ended by what it waits for, or by the change.
        session.say("4before");
        say(&mut socket, word);
        say(&mut socket, "4after");
        let polled = waiting.answer();
        let expected = match polled.text() {
            "4before" => vec!["4after"],
            _ => vec!["4before", "4after"],
        };
        for packet in expected {
            assert_eq!(text(&mut socket), packet);
        }
    }
}

#[test]
fn a_poll_that_waits_is_ended_by_the_probe() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut waiting = session.getting();
    let _socket = probed(&session);
    assert_eq!(waiting.answer().text(), "6");
}

#[test]
fn what_is_parked_goes_over_first_and_once() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    session.say("41\x1e42\x1ebAQI=");
    let mut socket = probed(&session);
    session.say("43");
    say(&mut socket, "5");
    say(&mut socket, "44");
    assert_eq!([text(&mut socket), text(&mut socket)], ["41", "42"]);
    assert_eq!(socket.frame(), (0x82, vec![1, 2]));
    assert_eq!([text(&mut socket), text(&mut socket)], ["43", "44"]);
}

/// A client that has sent its probe polls no more, and it waits for the answer to its
/// POST before it goes on.
#[test]
fn a_post_does_not_wait_for_polls_that_will_not_come() {
    // Three times as many as are buffered for a client that polls.
    const COUNT: usize = 3_000;
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut socket = probed(&session);
    let messages: Vec<_> = (0..COUNT).map(|n| format!("4{n}")).collect();
    session.say(&messages.join("\x1e"));
    say(&mut socket, "5");
    say(&mut socket, "4last");
    for message in &messages {
        assert_eq!(text(&mut socket), *message);
    }
    assert_eq!(text(&mut socket), "4last");
}

#[test]
fn nothing_is_lost_or_doubled_while_others_speak() {
    const COUNT: usize = 400;
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, SOCKET);
    session.say("40");
    let chat = server
        .running()
        .app()
        .bus
        .topic("chat")
        .expect("chat")
        .clone();
    let speaking = std::thread::scope(|scope| {
        let speaker = scope.spawn(|| {
            for n in 0..COUNT {
                chat.publish("message", &n).expect("open");
            }
        });
        let mut heard = session.packets();
        let mut socket = probed(&session);
        heard.push('\x1e');
        heard.push_str(&session.packets());
        say(&mut socket, "5");
        speaker.join().expect("done");
        let last = format!("42[\"chat message\",{}]", COUNT - 1);
        // What frees the last poll may stand behind it.
        while !heard.split('\x1e').any(|packet| packet == last) {
            heard.push('\x1e');
            heard.push_str(&text(&mut socket));
        }
        heard
    });
    let numbers: Vec<usize> = speaking
        .split('\x1e')
        .filter_map(|packet| {
            packet
                .strip_prefix("42[\"chat message\",")?
                .strip_suffix(']')
        })
        .map(|n| n.parse().expect("a number"))
        .collect();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
}

#[test]
fn two_upgrades_at_once_are_one() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut first = probed(&session);
    assert_eq!(closes(&mut session.websocket()), 1008);
    say(&mut first, "5");
    say(&mut first, "4x");
    assert_eq!(text(&mut first), "4x");
}

#[test]
fn a_wrong_word_before_the_upgrade_costs_the_socket_only() {
    let server = server(SocketIoOptions::default());
    for wrong in ["4hello", "b", "2", "2prob", "abc", "1", "3probe", ""] {
        let session = Session::open(&server, ENGINE);
        let mut socket = session.websocket();
        say(&mut socket, wrong);
        assert_eq!(closes(&mut socket), 1008, "{wrong}");
        // Its place is free again.
        eventually("free", || {
            let mut socket = session.websocket();
            say(&mut socket, "2probe");
            socket.frame() == (0x81, b"3probe".to_vec())
        });
        session.say("4polling");
    }
}

#[test]
fn a_socket_that_vanishes_before_the_upgrade_costs_nothing() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    drop(probed(&session));
    eventually("it polls again", || {
        session.say("4x");
        session.packets() == "4x"
    });
}

#[test]
fn a_socket_that_vanishes_after_it_ends_the_session() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, ENGINE);
    let mut socket = probed(&session);
    say(&mut socket, "5");
    say(&mut socket, "4x");
    assert_eq!(text(&mut socket), "4x");
    drop(socket);
    eventually("gone", || server.health()["sessions"] == 0);
    refused(&session.get(), 1);
}
