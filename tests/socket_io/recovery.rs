//! Connection state recovery.

use crate::common::{Client, Site};
use crate::{SOCKET, Session, direct, say, server, text};
use poll_to_push::options::SocketIoOptions;
use serde_json::Value;

fn recovering() -> SocketIoOptions {
    SocketIoOptions {
        recovery: true,
        ..SocketIoOptions::default()
    }
}

/// Connects with `payload`, and gives what the server told.
fn connect(client: &mut Client, payload: &str) -> Value {
    say(client, &format!("40{payload}"));
    let packet = text(client);
    serde_json::from_str(packet.strip_prefix("40").expect("connected")).expect("JSON")
}

/// Comes back with `payload` as the socket `sid`.
fn come_back(server: &Site, payload: &str, sid: &Value) -> (Client, Value) {
    let mut client = direct(server, SOCKET);
    let told = connect(&mut client, payload);
    assert_eq!(told["sid"], *sid, "{told}");
    (client, told)
}

/// The next event with its offset taken off, which is the last argument.
fn event(client: &mut Client) -> (Vec<Value>, String) {
    let packet = text(client);
    let mut args: Vec<Value> = serde_json::from_str(&packet[2..]).expect("an array");
    let offset = args.pop().expect("an offset");
    (args, offset.as_str().expect("a text").to_owned())
}

#[test]
fn a_client_that_comes_back_gets_what_it_missed() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    let (pid, id) = (told["pid"].as_str().expect("a pid"), &told["sid"]);
    let (auth, _) = event(&mut client);
    assert_eq!(auth[0], "auth");
    say(&mut client, "420[\"join room\",\"red\"]");
    assert_eq!(text(&mut client), "430[[\"red\"]]");
    server.publish("chat", &1.into());
    let (_, offset) = event(&mut client);
    drop(client);

    let mut other = direct(&server, SOCKET);
    connect(&mut other, "");
    server.publish("chat", &2.into());
    for room in ["red", "green"] {
        say(
            &mut other,
            &format!("42[\"room message\",{{\"room\":\"{room}\",\"text\":\"t\"}}]"),
        );
    }
    say(&mut other, "42[\"broadcast\",3]");
    say(&mut other, "42[\"typing\"]");
    say(&mut other, "42[\"message\",\"for the other alone\"]");
    say(&mut other, "420[\"echo\"]");
    while text(&mut other) != "430[]" {}

    let payload = format!("{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
    let (mut client, again) = come_back(&server, &payload, id);
    assert_eq!(again["pid"], told["pid"]);
    assert_eq!(
        event(&mut client).0,
        ["chat message".into(), Value::from(2)]
    );
    assert_eq!(event(&mut client).0[1]["room"], "red");
    assert_eq!(event(&mut client).0, ["broadcast".into(), Value::from(3)]);
    // Then what is new, in its rooms of before.
    assert_eq!(event(&mut client).0[0], "auth");
    say(
        &mut client,
        "42[\"room message\",{\"room\":\"red\",\"text\":\"again\"}]",
    );
    assert_eq!(event(&mut client).0[1]["text"], "again");
}

#[test]
fn a_client_is_back_before_anybody_noticed_that_it_was_gone() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    let (auth, mut offset) = event(&mut client);
    assert_eq!(auth[0], "auth");
    say(&mut client, "420[\"join room\",\"red\"]");
    assert_eq!(text(&mut client), "430[[\"red\"]]");
    // Each time its connection before is still there.
    let mut before = client;
    for n in 1..=5 {
        server.publish("chat", &n.into());
        let payload = format!("{{\"pid\":{},\"offset\":\"{offset}\"}}", told["pid"]);
        let (mut client, again) = come_back(&server, &payload, &told["sid"]);
        assert_eq!(again["pid"], told["pid"]);
        let (heard, _) = event(&mut client);
        assert_eq!(heard, ["chat message".into(), Value::from(n)]);
        assert_eq!(event(&mut client).0[0], "auth");
        let room = "42[\"room message\",{\"room\":\"red\",\"text\":\"still in it\"}]";
        say(&mut client, room);
        let (heard, next) = event(&mut client);
        assert_eq!(heard[1]["text"], "still in it");
        offset = next;
        before.rest();
        before = client;
    }
    assert_eq!(server.health()["sessions"], 1);
}

#[test]
fn a_client_that_is_lost_again_while_it_is_told_what_it_missed_comes_once_more() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    let (_, offset) = event(&mut client);
    let payload = format!("{{\"pid\":{},\"offset\":\"{offset}\"}}", told["pid"]);
    drop(client);
    let long = "x".repeat(10_000);
    for n in 0..700 {
        server.publish("chat", &serde_json::json!([n, long]));
    }
    // It reads nothing, so that the server waits in the middle of its words.
    let mut slow = Client::connect_small(server.address);
    slow.send(crate::common::upgrade(
        &format!("{SOCKET}?EIO=4&transport=websocket"),
        "",
    ));
    slow.head();
    say(&mut slow, &format!("40{payload}"));
    slow.read_until(&told["sid"].to_string());
    let (mut client, _) = come_back(&server, &payload, &told["sid"]);
    for n in 0..700 {
        assert_eq!(event(&mut client).0[1][0], n);
    }
    drop(slow);
}

#[test]
fn whoever_has_seen_nothing_yet_misses_nothing_either() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    drop(client);
    server.publish("chat", &1.into());
    let payload = format!("{{\"pid\":{}}}", told["pid"]);
    let (mut client, _) = come_back(&server, &payload, &told["sid"]);
    let mut heard = event(&mut client).0;
    if heard[0] == "auth" {
        // It was sent before the connection was lost, and is sent again.
        heard = event(&mut client).0;
    }
    assert_eq!(heard, ["chat message".into(), Value::from(1)]);
}

#[test]
fn a_claim_that_cannot_be_honoured_is_a_new_socket() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    let pid = told["pid"].clone();
    drop(client);
    for payload in [
        "{\"pid\":\"unknown\",\"offset\":\"a-1\"}".to_owned(),
        "{\"pid\":1,\"offset\":{}}".to_owned(),
        format!("{{\"pid\":{pid},\"offset\":\"other-1\"}}"),
    ] {
        let mut client = direct(&server, SOCKET);
        let again = connect(&mut client, &payload);
        assert!(again["pid"].is_string() && again["pid"] != pid, "{payload}");
        assert_ne!(again["sid"], told["sid"], "{payload}");
        assert_eq!(event(&mut client).0[0], "auth");
    }
}

#[test]
fn whoever_left_in_order_is_forgotten() {
    let server = server(recovering());
    let mut client = direct(&server, SOCKET);
    let told = connect(&mut client, "");
    event(&mut client);
    say(&mut client, "41");
    let again = connect(&mut client, &format!("{{\"pid\":{}}}", told["pid"]));
    assert_ne!(again["sid"], told["sid"]);
}

#[test]
fn without_it_there_is_no_pid_and_no_offset() {
    let server = server(SocketIoOptions::default());
    let session = Session::open(&server, SOCKET);
    session.say("40{\"pid\":\"x\",\"offset\":\"a-1\"}");
    let told = session.packets();
    assert!(!told.contains("\"pid\":\"x\",\"sid\""), "{told}");
    let connect = told.split('\x1e').next().expect("one");
    let told: Value = serde_json::from_str(&connect[2..]).expect("JSON");
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(1));
}
