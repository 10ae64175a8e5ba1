//! Socket.IO: namespaces, events, acks, rooms, and the chat of all lessons.

use crate::common::{Client, get, post};
use crate::{SOCKET, Session, connected, direct, say, server, text};
use poll_to_push::options::SocketIoOptions;
use serde_json::{Value, json};

/// The next packet must be this event; gives its arguments.
#[track_caller]
fn event(client: &mut Client, name: &str) -> Vec<Value> {
    let packet = text(client);
    let json = packet
        .strip_prefix("42")
        .unwrap_or_else(|| panic!("{packet}"));
    let mut args: Vec<Value> = serde_json::from_str(json).expect("an array");
    assert_eq!(args.remove(0), name, "{packet}");
    args
}

/// A socket in `/` and its id.
fn with_id(site: &crate::common::Site) -> (Client, String) {
    let mut client = direct(site, SOCKET);
    say(&mut client, "40");
    let packet = text(&mut client);
    let told: Value = serde_json::from_str(&packet[2..]).expect("JSON");
    text(&mut client);
    (client, told["sid"].as_str().expect("an id").to_owned())
}

#[test]
fn namespaces_are_joined_with_a_payload() {
    let server = server(SocketIoOptions::default());
    let mut client = direct(&server, SOCKET);
    for (connect, namespace, auth) in [
        ("40", "", "{}"),
        (
            "40/custom,{\"token\":\"abc\"}",
            "/custom,",
            "{\"token\":\"abc\"}",
        ),
    ] {
        say(&mut client, connect);
        let answer = text(&mut client);
        let told = answer
            .strip_prefix(&format!("40{namespace}"))
            .expect("connected");
        let told: Value = serde_json::from_str(told).expect("JSON");
        let fields = told.as_object().expect("an object");
        assert!(fields.len() == 1 && fields["sid"].is_string(), "{told}");
        assert_eq!(text(&mut client), format!("42{namespace}[\"auth\",{auth}]"));
    }
    say(&mut client, "40/random");
    let refused = "44/random,{\"message\":\"Invalid namespace\"}";
    assert_eq!(text(&mut client), refused);
    // What it has joined goes on, each by itself.
    say(&mut client, "41/custom");
    say(&mut client, "42[\"message\",\"to main\"]");
    assert_eq!(text(&mut client), "42[\"message-back\",\"to main\"]");
    say(&mut client, "40/custom,");
    assert!(text(&mut client).starts_with("40/custom,{\"sid\":"));
}

#[test]
fn events_and_acks_come_back() {
    let server = server(SocketIoOptions::default());
    let mut client = connected(&server);
    for (said, heard) in [
        (
            "42[\"message\",1,\"2\",{\"3\":[true]}]",
            "42[\"message-back\",1,\"2\",{\"3\":[true]}]",
        ),
        (
            "42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]",
            "43456[1,\"2\",{\"3\":[false]}]",
        ),
        ("420[\"echo\",\"hi\"]", "430[\"hi\"]"),
        ("420[\"echo\"]", "430[]"),
    ] {
        say(&mut client, said);
        assert_eq!(text(&mut client), heard);
    }
    // Nobody listens: nothing happens.
    say(&mut client, "4299[\"unknown\"]");
    say(&mut client, "421[\"echo\",2]");
    assert_eq!(text(&mut client), "431[2]");
}

#[test]
fn bytes_go_both_ways_on_both_transports() {
    let server = server(SocketIoOptions::default());
    let mut client = connected(&server);
    let two = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    for (said, heard) in [
        (
            format!("452-[\"message\",{two}]"),
            format!("452-[\"message-back\",{two}]"),
        ),
        (
            format!("452-789[\"message-with-ack\",{two}]"),
            format!("462-789[{two}]"),
        ),
    ] {
        say(&mut client, &said);
        client.send(crate::masked(0x82, &[1, 2, 3]));
        client.send(crate::masked(0x82, &[4, 5, 6]));
        assert_eq!(text(&mut client), heard);
        assert_eq!(client.frame(), (0x82, vec![1, 2, 3]));
        assert_eq!(client.frame(), (0x82, vec![4, 5, 6]));
    }
    let session = Session::open(&server, SOCKET);
    session.say("40");
    session.packets();
    // A packet may come in several POSTs.
    session.say(&format!("452-7[\"echo\",{two}]\x1ebAQID"));
    session.say("bBAUG");
    assert_eq!(session.packets(), format!("462-7[{two}]\x1ebAQID\x1ebBAUG"));
}

#[test]
fn broadcasts_go_to_everyone_or_to_everyone_else() {
    let server = server(SocketIoOptions::default());
    let (mut ada, mut bob) = (connected(&server), connected(&server));
    let session = Session::open(&server, SOCKET);
    session.say("40");
    session.packets();
    say(&mut ada, "42[\"broadcast\",1]");
    say(&mut ada, "42[\"chat message - client\",\"hi\",2]");
    assert_eq!(event(&mut bob, "broadcast"), [json!(1)]);
    for client in [&mut ada, &mut bob] {
        assert_eq!(
            event(client, "chat message - server"),
            [json!("hi"), json!(2)]
        );
    }
    let mut heard = session.packets();
    while !heard.contains("chat message") {
        heard.push_str(&session.packets());
    }
    assert!(heard.starts_with("42[\"broadcast\",1]"), "{heard}");
}

#[test]
fn bytes_are_broadcast_too() {
    let server = server(SocketIoOptions::default());
    let (mut ada, mut bob) = (connected(&server), connected(&server));
    let packet = "451-[\"broadcast\",{\"_placeholder\":true,\"num\":0}]";
    say(&mut ada, packet);
    ada.send(crate::masked(0x82, &[7; 300]));
    assert_eq!(text(&mut bob), packet);
    assert_eq!(bob.frame(), (0x82, vec![7; 300]));
}

#[test]
fn the_chat_is_one_conversation_with_all_lessons() {
    let server = server(SocketIoOptions::default());
    let mut client = connected(&server);
    let sent = server.ask(&post(
        "/publish",
        "",
        "{\"data\":{\"from\":\"Ada\",\"text\":\"hi\"}}",
    ));
    assert_eq!(sent.status, 200);
    let said = json!({"from": "Ada", "text": "hi"});
    assert_eq!(event(&mut client, "chat message"), [said]);
    say(&mut client, "427[\"chat message\",\"back\"]");
    assert_eq!(
        event(&mut client, "chat message"),
        [json!("back")],
        "before its ack"
    );
    let answer = text(&mut client);
    let told: Vec<Value> =
        serde_json::from_str(answer.strip_prefix("437").expect("the ack")).expect("JSON");
    let polled = server
        .ask(&get("/short-polling/messages?after=0", ""))
        .json();
    assert_eq!(polled["messages"][1]["data"], "back");
    assert_eq!(polled["messages"][1]["id"], told[0]["id"]);
    // What is no message is told so, and nothing is published.
    say(&mut client, "428[\"chat message\"]");
    assert!(text(&mut client).starts_with("438[{\"error\":"));
    say(&mut client, "42[\"chat message\"]");
    assert!(event(&mut client, "chat error")[0]["error"].is_string());
}

/// JavaScript cuts texts anywhere. What it makes of that is JSON, and no text of Rust's.
#[test]
fn half_an_emoji_passes_through() {
    let server = server(SocketIoOptions::default());
    let mut client = connected(&server);
    say(&mut client, "420[\"echo\",\"\\ud83d\"]");
    assert_eq!(text(&mut client), "430[\"\\ud83d\"]");
    say(&mut client, "42[\"\\ud83d\"]");
    say(
        &mut client,
        "421[\"chat message\",{ \"text\" :\n\"\\ud83d\", \"n\": 1e400 }]",
    );
    let data = "{\"text\":\"\\ud83d\",\"n\":1e400}";
    assert_eq!(text(&mut client), format!("42[\"chat message\",{data}]"));
    assert!(text(&mut client).starts_with("431[{\"id\":"));
    let polled = server.ask(&get("/short-polling/messages?after=0", ""));
    assert!(polled.text().contains(data), "{}", polled.text());
    say(&mut client, "422[\"join room\",\"red\"]");
    assert_eq!(text(&mut client), "432[[\"red\"]]");
    say(
        &mut client,
        "42[\"room message\",{\"room\":\"red\",\"text\":\"\\ud83d\"}]",
    );
    let told = text(&mut client);
    let expected = "42[\"room message\",{\"room\":\"red\",\"text\":\"\\ud83d\",\"from\":";
    assert!(told.starts_with(expected), "{told}");
    // A reason is the true one.
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    say(&mut client, &format!("423[\"chat message\",{deep}]"));
    assert!(text(&mut client).contains("nested too deep"));
}

#[test]
fn the_internal_topic_has_no_url() {
    let server = server(SocketIoOptions::default());
    for path in ["/short-polling/messages", "/sse/stream", "/comet/stream"] {
        let answer = server.ask(&get(&format!("{path}?topic=socket.io"), ""));
        assert_eq!(answer.status, 404, "{path}");
    }
    let publish = "{\"data\":1,\"topic\":\"socket.io\"}";
    assert_eq!(server.ask(&post("/publish", "", publish)).status, 404);
}

#[test]
fn rooms_are_entered_and_left_in_one_order() {
    let server = server(SocketIoOptions::default());
    let ((mut ada, ada_id), (mut bob, _)) = (with_id(&server), with_id(&server));
    say(&mut ada, "420[\"join room\",\"red\"]");
    assert_eq!(text(&mut ada), "430[[\"red\"]]");
    // Whoever speaks behind a join is heard, and not behind a leave.
    for _ in 0..50 {
        say(
            &mut ada,
            "42[\"room message\",{\"room\":\"red\",\"text\":\"in\"}]",
        );
        say(&mut ada, "421[\"leave room\",\"red\"]");
        say(
            &mut ada,
            "42[\"room message\",{\"room\":\"red\",\"text\":\"out\"}]",
        );
        say(&mut ada, "422[\"join room\",\"red\"]");
        let told = json!({"room": "red", "text": "in", "from": ada_id});
        assert_eq!(event(&mut ada, "room message"), [told]);
        assert_eq!(text(&mut ada), "431[[]]");
        assert_eq!(text(&mut ada), "432[[\"red\"]]");
    }
    say(
        &mut bob,
        "42[\"room message\",{\"room\":\"red\",\"text\":\"from outside\"}]",
    );
    assert_eq!(event(&mut ada, "room message")[0]["text"], "from outside");
    say(&mut bob, "420[\"echo\",\"heard nothing\"]");
    assert_eq!(text(&mut bob), "430[\"heard nothing\"]");
    // A room has a name, and nobody is in too many.
    say(&mut bob, "420[\"join room\",\"\"]");
    assert!(text(&mut bob).contains("error"));
    for n in 0..20 {
        say(&mut bob, &format!("42{n}[\"join room\",\"room {n}\"]"));
        assert!(!text(&mut bob).contains("error"), "{n}");
    }
    say(&mut bob, "420[\"join room\",\"one more\"]");
    assert!(text(&mut bob).contains("error"));
}

#[test]
fn who_is_here_is_told_to_those_who_told_their_names() {
    let server = server(SocketIoOptions::default());
    let ((mut ada, ada_id), (mut bob, bob_id)) = (with_id(&server), with_id(&server));
    say(&mut ada, "42[\"name\",\"Ada\"]");
    let here = event(&mut ada, "here");
    assert_eq!(here, [json!([{"id": ada_id, "name": "Ada"}]), json!(1)]);
    // Volatile: it is not told to whom something else is still on its way.
    for _ in 0..20 {
        say(&mut bob, "42[\"typing\"]");
        say(&mut bob, "420[\"echo\"]");
        assert_eq!(text(&mut bob), "430[]");
    }
    say(&mut bob, "42[\"name\",\"Bob\"]");
    let typing = format!("42[\"typing\",{{\"id\":\"{bob_id}\"");
    let told = text(&mut ada);
    assert!(told.starts_with(&typing), "{told}");
    let mut told = text(&mut ada);
    while told.starts_with(&typing) {
        told = text(&mut ada);
    }
    assert!(
        told.starts_with("42[\"here\",") && told.ends_with(",2]"),
        "{told}"
    );
    assert_eq!(event(&mut bob, "here")[1], 2);
    drop(bob);
    assert_eq!(event(&mut ada, "here")[1], 1);
}

#[test]
fn push_comes_every_two_seconds() {
    let server = server(SocketIoOptions::default());
    let mut client = direct(&server, SOCKET);
    let began = std::time::Instant::now();
    say(&mut client, "40/push,");
    assert!(text(&mut client).starts_with("40/push,{"));
    for _ in 0..2 {
        let packet = text(&mut client);
        assert!(packet.starts_with("42/push,[\"message\",\"20"), "{packet}");
    }
    assert!(began.elapsed().as_millis() > 1_900);
}

#[test]
fn health_counts_sessions() {
    let server = server(SocketIoOptions::default());
    let _client = connected(&server);
    let _session = Session::open(&server, SOCKET);
    assert_eq!(server.health()["sessions"], 2);
}
