//! The chat by WebSocket: messages both ways.

use crate::common::{Client, Server, course, eventually, get, masked, post};
use crate::{ATTACKS, parse, socket, subscribed};
use serde_json::{Value, json};

const CHAT: &str = "/websocket/socket";

/// The next text frame, as JSON.
#[track_caller]
fn told(client: &mut Client) -> Value {
    let (first, text) = client.frame();
    assert_eq!(first, 0x81);
    parse(std::str::from_utf8(&text).expect("text"))
}

fn joined(server: &Server) -> Client {
    let topic = server.running().app().bus.topic("chat").expect("chat");
    let before = topic.subscribers();
    let client = socket(server, CHAT);
    eventually("joined", || topic.subscribers() == before + 1);
    client
}

#[test]
fn a_message_is_a_text_frame_and_waits_for_nobody_to_speak() {
    let server = course();
    let mut client = joined(&server);
    for attack in ATTACKS {
        let id = server.publish("chat", &attack.into());
        let message = told(&mut client);
        assert_eq!(
            (&message["id"], &message["data"]),
            (&id.into(), &attack.into())
        );
        assert_eq!(
            (&message["topic"], &message["event"]),
            (&"chat".into(), &"message".into())
        );
    }
}

#[test]
fn a_frame_publishes_to_everyone_whatever_the_technique() {
    let server = course();
    let mut speaker = joined(&server);
    let mut listener = joined(&server);
    let mut stream = server.get("/comet/stream?after=0");
    stream.head();
    speaker.send(masked(
        0x81,
        b"{\"data\":{\"from\":\"Ada\",\"text\":\"hi\"}}",
    ));
    let heard = told(&mut listener);
    assert_eq!(heard["data"], json!({"from": "Ada", "text": "hi"}));
    assert_eq!(told(&mut speaker), heard);
    assert_eq!(parse(&stream.text_chunk().expect("goes on")), heard);
    let polled = server.ask(&get("/short-polling/messages?after=0", ""));
    assert_eq!(polled.json()["messages"], json!([heard]));
    // And the other way round.
    server.ask(&post(
        "/publish",
        "",
        "{\"data\":\"back\",\"event\":\"reply\"}",
    ));
    let heard = told(&mut listener);
    assert_eq!(
        (&heard["data"], &heard["event"]),
        (&"back".into(), &"reply".into())
    );
}

#[test]
fn a_message_in_fragments_is_published_once() {
    let server = course();
    let mut client = joined(&server);
    client.send(masked(0x01, b"{\"data\""));
    client.send(masked(0x00, b":\"h"));
    client.send(masked(0x80, b"i\"}"));
    assert_eq!(told(&mut client)["data"], "hi");
    assert_eq!(server.health()["topics"]["chat"]["held"], 1);
}

#[test]
fn a_wrong_message_gets_an_error_and_the_connection_stays() {
    let server = course();
    let mut client = joined(&server);
    for wrong in [
        "",
        "nonsense",
        "{\"data\":1",
        "{}",
        "[]",
        "{\"data\":1,\"other\":2}",
        "{\"data\":1,\"event\":\"gap\"}",
        "{\"data\":1,\"event\":\"a b\"}",
        "{\"data\":1,\"topic\":\"clock\"}",
        "{\"data\":1,\"topic\":\"nothing\"}",
    ] {
        client.send(masked(0x81, wrong.as_bytes()));
        let said = told(&mut client);
        let error = said["error"].as_str().unwrap_or_default();
        assert!(!error.is_empty(), "{wrong}: {said}");
        assert_eq!(
            said.as_object().map(serde_json::Map::len),
            Some(1),
            "{said}"
        );
    }
    client.send(masked(0x81, b"{\"data\":\"right\"}"));
    let message = told(&mut client);
    assert_eq!(message["data"], "right");
    assert!(message["id"].as_str().expect("an id").ends_with("-1"));
}

#[test]
fn a_socket_goes_on_after_its_cursor() {
    let server = course();
    let first = server.publish("chat", &1.into());
    server.publish("chat", &2.into());
    let mut client = socket(&server, &format!("{CHAT}?after={first}"));
    assert_eq!(told(&mut client)["data"], 2);
    subscribed(&server, "chat", 1);
    server.publish("chat", &3.into());
    assert_eq!(told(&mut client)["data"], 3);
}

#[test]
fn a_gap_is_a_frame_before_what_is_left() {
    let server = course();
    server.publish("chat", &1.into());
    let mut client = socket(&server, &format!("{CHAT}?after=other-1"));
    assert_eq!(client.frame(), (0x81, b"{\"gap\": true}".to_vec()));
    assert_eq!(told(&mut client)["data"], 1);
}

#[test]
fn a_socket_reads_the_topic_that_it_names_and_publishes_to_chat() {
    let server = course();
    let mut client = socket(&server, &format!("{CHAT}?topic=users&after=0"));
    assert_eq!(told(&mut client)["topic"], "users");
    client.send(masked(0x81, b"{\"data\":\"to chat\"}"));
    let chat = server.running().app().bus.topic("chat").expect("chat");
    eventually("published", || chat.history_len() == 1);
}
