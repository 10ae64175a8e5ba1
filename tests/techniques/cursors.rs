//! Cursors: the same on every technique.

use crate::common::{Client, Server, course_with, get, options, upgrade};
use crate::{between, parse, subscribed};
use poll_to_push::options::Options;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Technique {
    ShortPolling,
    LongPolling,
    Comet,
    IframePush,
    Sse,
    WebSocket,
}

use Technique::{Comet, IframePush, LongPolling, ShortPolling, Sse, WebSocket};

const ALL: [Technique; 6] = [ShortPolling, LongPolling, Comet, IframePush, Sse, WebSocket];
const PUSH: [Technique; 4] = [Comet, IframePush, Sse, WebSocket];

impl Technique {
    fn request(self, query: &str, fields: &str) -> String {
        match self {
            ShortPolling => get(&format!("/short-polling/messages?{query}"), fields),
            LongPolling => get(&format!("/long-polling/messages?wait=0&{query}"), fields),
            Comet => get(&format!("/comet/stream?{query}"), fields),
            IframePush => get(&format!("/iframe-push/stream?{query}"), fields),
            Sse => get(&format!("/sse/stream?{query}"), fields),
            WebSocket => upgrade(&format!("/websocket/socket?{query}"), fields),
        }
    }

    /// One piece of a stream: a message, or `None` for a gap.
    fn piece(self, client: &mut Client) -> Option<Value> {
        let text = match self {
            WebSocket => {
                let (first, text) = client.frame();
                assert_eq!(first, 0x81);
                String::from_utf8(text).expect("text")
            }
            _ => client.text_chunk().expect("goes on"),
        };
        // Where the stream begins, for a client that gave no cursor: no event.
        if self == Sse && !text.contains("\ndata: ") {
            assert!(text.starts_with("id: ") && text.ends_with("\n\n"), "{text}");
            return self.piece(client);
        }
        let json = match self {
            Comet => between(&text, "", "\n"),
            IframePush => {
                let end = "'),location.origin);document.currentScript.remove()</script>\n";
                between(&text, "<script>parent.postMessage(JSON.parse('", end)
            }
            Sse if text == "event: gap\ndata: {}\n\n" => return None,
            Sse => {
                let (id, data) = text.split_once("\ndata: ").expect("an id, then data");
                let json = between(data, "", "\n\n");
                assert_eq!(parse(json)["id"], id.strip_prefix("id: ").expect("an id"));
                return Some(parse(json));
            }
            _ => &text,
        };
        match json {
            "{\"gap\": true}" => None,
            message => Some(parse(message)),
        }
    }
}

/// What a client is told: whether there was a gap, and the numbers.
type Told = (bool, Vec<u64>);

/// A server whose chat had five messages, and remembers three.
fn five_of_which_three_are_left() -> (Server, String) {
    let server = course_with(&Options {
        history: 3,
        ..options()
    });
    let ids: Vec<_> = (1..=5).map(|n| server.publish("chat", &n.into())).collect();
    let tag = ids[0].strip_suffix("-1").expect("the first").to_owned();
    (server, tag)
}

fn numbers(messages: &[Value]) -> Vec<u64> {
    let number = |message: &Value| message["data"].as_u64().expect("a number");
    messages.iter().map(number).collect()
}

/// What the answer to `request` tells, up to the messages there are now.
fn told(server: &Server, technique: Technique, request: impl AsRef<[u8]>) -> Told {
    let mut client = server.connect();
    client.send(request);
    if matches!(technique, ShortPolling | LongPolling) {
        let answer = client.answer();
        if answer.status == 204 {
            return (false, Vec::new());
        }
        assert_eq!(answer.status, 200, "{technique:?} {answer:?}");
        let told = answer.json();
        let gap = told.get("gap").is_some_and(|gap| gap == true);
        return (gap, numbers(told["messages"].as_array().expect("messages")));
    }
    client.head();
    if technique == IframePush {
        let start = client.text_chunk().expect("a start");
        assert!(start.starts_with("<!doctype html>"), "{start}");
    }
    subscribed(server, "chat", 1);
    // Comes after all that is told now.
    server.publish("chat", &99.into());
    let mut gap = false;
    let mut messages = Vec::new();
    loop {
        match technique.piece(&mut client) {
            None => {
                assert!(!gap && messages.is_empty(), "a gap comes first, and once");
                gap = true;
            }
            Some(message) if message["data"] == 99 => break,
            Some(message) => messages.push(message),
        }
    }
    (gap, numbers(&messages))
}

#[test]
fn from_now_on_means_from_the_head_of_the_answer_on() {
    let (server, _) = five_of_which_three_are_left();
    for technique in PUSH {
        for n in 0..100 {
            let mut client = server.connect();
            client.send(technique.request("", ""));
            client.head();
            // At once: the connection's thread may not have joined yet.
            server.publish("chat", &n.into());
            if technique == IframePush {
                client.text_chunk().expect("a start");
            }
            let message = technique.piece(&mut client).expect("no gap");
            assert_eq!(message["data"], n, "{technique:?}");
        }
    }
}

#[test]
fn a_cursor_says_where_to_go_on() {
    for technique in ALL {
        for (after, expected) in [
            ("0", (false, vec![3, 4, 5])),
            ("TAG-2", (false, vec![3, 4, 5])),
            ("TAG-4", (false, vec![5])),
            ("TAG-5", (false, vec![])),
            // What was forgotten, what never was, and another life.
            ("TAG-1", (true, vec![3, 4, 5])),
            ("TAG-0", (true, vec![3, 4, 5])),
            ("TAG-6", (true, vec![3, 4, 5])),
            ("TAG-18446744073709551615", (true, vec![3, 4, 5])),
            ("other-5", (true, vec![3, 4, 5])),
            ("other-0", (true, vec![3, 4, 5])),
        ] {
            let (server, tag) = five_of_which_three_are_left();
            let query = format!("after={}", after.replace("TAG", &tag));
            let told = told(&server, technique, technique.request(&query, ""));
            assert_eq!(told, expected, "{technique:?} {after}");
        }
    }
}

#[test]
fn without_a_cursor_it_is_from_now_on() {
    for technique in ALL {
        let (server, _) = five_of_which_three_are_left();
        let told = told(&server, technique, technique.request("", ""));
        assert_eq!(told, (false, vec![]), "{technique:?}");
    }
}

#[test]
fn before_the_first_is_no_gap_while_nothing_is_forgotten() {
    for technique in ALL {
        let server = course_with(&options());
        let first = server.publish("chat", &1.into());
        let before = first.replace("-1", "-0");
        let told = told(
            &server,
            technique,
            technique.request(&format!("after={before}"), ""),
        );
        assert_eq!(told, (false, vec![1]), "{technique:?}");
    }
}

#[test]
fn last_event_id_wins_over_after() {
    for technique in ALL {
        for after in ["0", "nonsense", "other-1"] {
            let (server, tag) = five_of_which_three_are_left();
            let field = format!("Last-Event-ID: {tag}-4\r\n");
            let request = technique.request(&format!("after={after}"), &field);
            let told = told(&server, technique, request);
            assert_eq!(told, (false, vec![5]), "{technique:?} {after}");
        }
    }
}

#[test]
fn nonsense_in_last_event_id_is_a_gap() {
    for technique in ALL {
        for nonsense in ["nonsense", "7", "TAG-05", "TAG-4 x"] {
            let (server, tag) = five_of_which_three_are_left();
            let nonsense = nonsense.replace("TAG", &tag);
            let field = format!("Last-Event-ID: {nonsense}\r\n");
            let request = technique.request(&format!("after={tag}-5"), &field);
            let told = told(&server, technique, request);
            assert_eq!(told, (true, vec![3, 4, 5]), "{technique:?} {nonsense}");
        }
        let (server, _) = five_of_which_three_are_left();
        let request = technique.request("", "Last-Event-ID: BYTE\r\n");
        let [before, after] = [0, 1].map(|part| request.split("BYTE").nth(part).expect("two"));
        let request = [before.as_bytes(), b"\xe9", after.as_bytes()].concat();
        let told = told(&server, technique, request);
        assert_eq!(told, (true, vec![3, 4, 5]), "{technique:?} not UTF-8");
    }
}

#[test]
fn an_empty_last_event_id_says_nothing() {
    for technique in ALL {
        let (server, tag) = five_of_which_three_are_left();
        let request = technique.request(&format!("after={tag}-4"), "Last-Event-ID:\r\n");
        let told = told(&server, technique, request);
        assert_eq!(told, (false, vec![5]), "{technique:?}");
    }
}

#[test]
fn a_stream_goes_on_where_another_technique_stopped() {
    for technique in PUSH {
        let (server, _) = five_of_which_three_are_left();
        let polled = server.ask(&get("/short-polling/messages", ""));
        let cursor = polled.header("Last-Event-ID").expect("a cursor").to_owned();
        server.publish("chat", &6.into());
        let request = technique.request(&format!("after={cursor}"), "");
        let told = told(&server, technique, request);
        assert_eq!(told, (false, vec![6]), "{technique:?}");
    }
}

#[test]
fn a_client_without_that_field_says_its_last_id_in_the_url_of_an_event_stream() {
    // The URL that the client was given had a place to begin at; the last id comes after it.
    for (query, field, expected) in [
        ("lastEventId=TAG-4", "", (false, vec![5])),
        ("last-event-id=TAG-4", "", (false, vec![5])),
        ("after=0&lastEventId=TAG-4", "", (false, vec![5])),
        (
            "lastEventId=TAG-5",
            "Last-Event-ID: TAG-4\r\n",
            (false, vec![5]),
        ),
        ("after=TAG-4&lastEventId=", "", (false, vec![5])),
        ("lastEventId=old-7", "", (true, vec![3, 4, 5])),
        ("lastEventId=17", "", (true, vec![3, 4, 5])),
    ] {
        let (server, tag) = five_of_which_three_are_left();
        let fill = |text: &str| text.replace("TAG", &tag);
        let request = get(&format!("/sse/stream?{}", fill(query)), &fill(field));
        assert_eq!(told(&server, Sse, request), expected, "{query}");
    }
}
