//! Server-sent events: what an `EventSource` is sent, taken apart as it does.

use crate::common::{Client, Server, course, course_with, get, post};
use crate::{ATTACKS, parse, quick, subscribed};
use serde_json::Value;

/// A stream after a cursor.
fn after(server: &Server, cursor: &str) -> Client {
    let mut client = server.get(&format!("/sse/stream?after={cursor}"));
    client.head();
    client
}

/// A stream from now on, and what it says first.
fn from_now(server: &Server) -> (Client, String) {
    let mut client = server.get("/sse/stream");
    client.head();
    let place = client.text_chunk().expect("goes on");
    subscribed(server, "chat", 1);
    (client, place)
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

/// What an `EventSource` makes of `text` (WHATWG HTML, section 9.2.6): lines end
/// with CR LF, LF or CR, and a blank line fires the event if it has data.
fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut event, mut data) = (Vec::new(), Event::default(), Vec::new());
    for line in text.split('\n') {
        if line.is_empty() {
            if !data.is_empty() {
                event.data = data.join("\n");
                events.push(std::mem::take(&mut event));
                data.clear();
            }
            event.name.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.name),
            "data" => data.push(value.to_owned()),
            _ => {}
        }
    }
    events
}

#[test]
fn the_head_is_that_of_an_event_stream_in_utf_8() {
    let server = course();
    for path in ["/sse/stream", "/sse/clock"] {
        let mut client = server.get(path);
        let head = client.head();
        for field in [
            "Content-Type: text/event-stream; charset=utf-8",
            "Transfer-Encoding: chunked",
            "Cache-Control: no-store",
            "X-Accel-Buffering: no",
            "X-Content-Type-Options: nosniff",
        ] {
            assert!(
                head.contains(&format!("\r\n{field}\r\n")),
                "{field}: {head}"
            );
        }
    }
}

#[test]
fn an_event_has_its_id_its_name_and_the_message() {
    let server = course();
    let (mut client, _) = from_now(&server);
    let mut publish = |body: &str| {
        let id = server.ask(&post("/publish", "", body)).json()["id"].clone();
        let id = id.as_str().expect("an id").to_owned();
        (id, client.text_chunk().expect("goes on"))
    };
    let (id, event) = publish("{\"data\":\"hi\"}");
    let start = format!("id: {id}\ndata: {{\"id\":\"{id}\",\"topic\":\"chat\",");
    assert!(event.starts_with(&start), "{event}");
    assert!(event.ends_with("}\n\n"), "{event}");
    let (id, event) = publish("{\"data\":1,\"event\":\"price.up\"}");
    let start = format!("id: {id}\nevent: price.up\ndata: {{\"id\":\"{id}\",");
    assert!(event.starts_with(&start), "{event}");
}

#[test]
fn data_cannot_end_its_event_or_begin_another() {
    let server = course();
    for attack in ATTACKS {
        server.publish("chat", &attack.into());
    }
    let mut client = after(&server, "0");
    subscribed(&server, "chat", 1);
    for attack in ATTACKS {
        server.publish("chat", &attack.into());
    }
    for attack in ATTACKS.iter().chain(&ATTACKS) {
        let text = client.text_chunk().expect("goes on");
        let events = events(&text);
        let [event] = &events[..] else {
            panic!("one event: {events:?}");
        };
        let message = parse(&event.data);
        assert_eq!(message["data"], *attack);
        assert_eq!(event.id.as_deref(), message["id"].as_str());
        assert_eq!(event.name, "");
    }
}

#[test]
fn a_gap_is_an_event_without_an_id() {
    let server = course();
    server.publish("chat", &1.into());
    let mut client = after(&server, "other-1");
    assert_eq!(
        client.text_chunk().as_deref(),
        Some("event: gap\ndata: {}\n\n")
    );
    let next = client.text_chunk().expect("goes on");
    assert!(next.starts_with("id: "), "{next}");
}

#[test]
fn the_heartbeat_is_a_comment_that_fires_nothing() {
    let server = course_with(&quick());
    let replayed = after(&server, "0");
    let other = course_with(&quick());
    for mut client in [replayed, from_now(&other).0] {
        for _ in 0..3 {
            let beat = client.text_chunk().expect("goes on");
            assert_eq!(beat, ":\n\n");
            assert_eq!(events(&beat), []);
        }
    }
}

#[test]
fn an_event_source_comes_back_and_misses_nothing() {
    let server = course();
    let (mut client, _) = from_now(&server);
    server.publish("chat", &1.into());
    let first = &events(&client.text_chunk().expect("goes on"))[0];
    drop(client);
    server.publish("chat", &2.into());
    server.publish("chat", &3.into());
    // To the same URL, whatever stood in it.
    let id = first.id.as_deref().expect("an id");
    let mut back = server.connect();
    back.send(get(
        "/sse/stream?after=0",
        &format!("Last-Event-ID: {id}\r\n"),
    ));
    back.head();
    for n in [2, 3] {
        let event = &events(&back.text_chunk().expect("goes on"))[0];
        assert_eq!(parse(&event.data)["data"], n);
    }
}

#[test]
fn an_event_source_that_saw_nothing_yet_knows_where_it_began() {
    let server = course();
    let last = server.publish("chat", &"old".into());
    let (client, place) = from_now(&server);
    // An id, and no event.
    assert_eq!(place, format!("id: {last}\n\n"));
    assert_eq!(events(&place), []);
    drop(client);
    server.publish("chat", &"missed".into());
    let mut back = server.connect();
    let field = format!("Last-Event-ID: {last}\r\n");
    back.send(get("/sse/stream", &field));
    back.head();
    let event = &events(&back.text_chunk().expect("goes on"))[0];
    assert_eq!(parse(&event.data)["data"], "missed");
}

fn assert_time(text: &str) {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z");
}

#[test]
fn the_clock_has_the_shape_of_the_notes() {
    let server = course();
    let mut client = server.get("/sse/clock");
    client.head();
    let start = client.text_chunk().expect("goes on");
    let lines: Vec<&str> = start.split('\n').collect();
    let [retry, id, event, data, "", ""] = lines[..] else {
        panic!("{start:?}");
    };
    assert_eq!((retry, event), ("retry: 10000", "event: connecttime"));
    let tag = server.health()["topics"]["clock"]["last_id"].clone();
    let tag = tag
        .as_str()
        .and_then(|id| id.split('-').next())
        .expect("a tag");
    assert!(id.starts_with(&format!("id: {tag}-")), "{id}");
    assert_time(data.strip_prefix("data: ").expect("data"));
    let mut times = Vec::new();
    for _ in 0..3 {
        let tick = client.text_chunk().expect("goes on");
        let time = tick
            .strip_prefix("data: ")
            .and_then(|t| t.strip_suffix("\n\n"));
        let time = time.unwrap_or_else(|| panic!("{tick:?}")).to_owned();
        assert_time(&time);
        times.push(time);
    }
    // A thread that was late may tick twice in a second.
    assert!(times.is_sorted() && times[0] < times[2], "{times:?}");
}

#[test]
fn the_ticker_and_the_users_have_streams_of_their_own() {
    let server = course();
    let mut ticker = after(&server, "0&topic=ticker");
    let event = &events(&ticker.text_chunk().expect("goes on"))[0];
    let price = &parse(&event.data)["data"];
    assert!(
        price["symbol"].is_string() && price["price"].is_number(),
        "{price}"
    );
    assert!(price["change"].is_number(), "{price}");
    let mut users = after(&server, "0&topic=users");
    let event = &events(&users.text_chunk().expect("goes on"))[0];
    let users = &parse(&event.data)["data"];
    assert!(
        matches!(users, Value::Array(_) | Value::Object(_)),
        "{users}"
    );
}
