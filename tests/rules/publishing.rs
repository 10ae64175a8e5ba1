//! What may be published, and JSON nested deep, on both servers.

use crate::both;
use crate::common::{Server, course, eventually, get, lesson, masked, post, upgrade};
use serde_json::Value;

fn publish(server: &Server, body: impl AsRef<[u8]>) -> crate::common::Answer {
    let body = body.as_ref();
    let mut client = server.connect();
    client.send(format!(
        "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    client.send(body);
    client.answer()
}

#[test]
fn what_was_published_has_an_id() {
    for (name, server) in &both() {
        let answer = publish(server, "{\"data\": null}");
        assert_eq!(answer.status, 200, "{name}");
        let id = answer.json()["id"].as_str().expect("an id").to_owned();
        assert!(id.ends_with("-1"), "{name}: {id}");
        assert_eq!(answer.header("Last-Event-ID"), Some(&*id), "{name}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        let (_, next) = (publish(server, "{\"data\":2}"), server.health());
        let last = &next["topics"]["chat"]["last_id"];
        assert_eq!(*last, Value::from(id.replace("-1", "-2")), "{name}");
    }
}

#[test]
fn what_is_no_publication_is_400() {
    for (name, server) in &both() {
        for wrong in [
            "",
            "nonsense",
            "{\"data\":1",
            "{\"data\":1} {}",
            "{\"data\":1}x",
            "{data:1}",
            "{'data':1}",
            "{\"data\":NaN}",
            "{\"data\":01}",
            "{\"data\":1,}",
            "{}",
            "[]",
            "[\"x\"]",
            "[\"x\",\"message\",\"chat\"]",
            "1",
            "null",
            "{\"date\":1}",
            "{\"data\":1,\"other\":2}",
            "{\"data\":1,\"data\":2}",
            "{\"data\":1,\"event\":5}",
            "{\"data\":1,\"event\":null}",
            "{\"data\":1,\"topic\":[]}",
            "{\"data\":\"\\ud800\"}",
            "{\"data\":\"a\nb\"}",
        ] {
            let answer = publish(server, wrong);
            assert_eq!(answer.status, 400, "{name}: {wrong}");
            assert!(!answer.error().is_empty(), "{name}: {wrong}");
        }
        assert_eq!(server.health()["topics"]["chat"]["held"], 0, "{name}");
    }
}

#[test]
fn what_is_not_utf_8_is_400() {
    for (name, server) in &both() {
        for wrong in [
            &b"{\"data\":\"\xff\"}"[..],
            b"{\"data\":\"\xc3\"}",
            b"{\"data\":\"\xed\xa0\x80\"}",
            b"{\"data\":\"\xc0\xaf\"}",
            b"\xff\xfe{\0\"\0",
            b"{\"d\xe9ta\":1}",
        ] {
            let answer = publish(server, wrong);
            assert_eq!(answer.status, 400, "{name}: {}", wrong.escape_ascii());
        }
    }
}

#[test]
fn an_event_has_a_plain_name() {
    let with = |event: &str| format!("{{\"data\":1,\"event\":{}}}", Value::from(event));
    for (name, server) in &both() {
        let longest = "x".repeat(64);
        for right in ["message", "a", "price.up", "A-b_9", &longest] {
            assert_eq!(publish(server, with(right)).status, 200, "{name}: {right}");
        }
        let too_long = "x".repeat(65);
        for wrong in [
            "", "9a", "_a", ".a", "a b", "a\nb", "a\r", "a:b", "é", "a\0", "open", "error", "gap",
            &too_long,
        ] {
            assert_eq!(
                publish(server, with(wrong)).status,
                400,
                "{name}: {wrong:?}"
            );
        }
    }
}

#[test]
fn clients_publish_to_chat_only() {
    for (name, server) in &both() {
        let with = |topic: &str| format!("{{\"data\":1,\"topic\":\"{topic}\"}}");
        assert_eq!(publish(server, with("chat")).status, 200, "{name}");
        assert_eq!(publish(server, with("nothing")).status, 404, "{name}");
    }
    let server = course();
    for topic in ["clock", "ticker", "users"] {
        let body = format!("{{\"data\":1,\"topic\":\"{topic}\"}}");
        assert_eq!(publish(&server, body).status, 403, "{topic}");
    }
}

#[test]
fn data_is_written_again_compactly_and_comes_out_byte_for_byte() {
    for (name, server) in &both() {
        for (given, told) in [
            (
                "{ \"b\" : 1 ,\n \"a\" : [ 1 , 2 ] }",
                "{\"b\":1,\"a\":[1,2]}",
            ),
            (
                "\"\\u00e9 \\/ \\u2028 </script>\"",
                "\"é / \u{2028} </script>\"",
            ),
            ("\"\\u0000\\n\\r\\t\\\"\"", "\"\\u0000\\n\\r\\t\\\"\""),
            ("18446744073709551615", "18446744073709551615"),
            ("-0.1e3", "-100.0"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("[]", "[]"),
            ("true", "true"),
        ] {
            let answer = publish(server, format!("{{\"data\":{given}}}"));
            assert_eq!(answer.status, 200, "{name}: {given}");
            let read = server.ask(&get("/short-polling/messages?after=0", ""));
            let data = format!("\"data\":{told},\"published_ms\":");
            assert!(read.text().contains(&data), "{name}: {}", read.text());
        }
    }
}

fn nested(deep: usize) -> String {
    "[".repeat(deep) + &"]".repeat(deep)
}

/// `serde_json` goes 127 deep. In `{"data": …}` one is taken.
const DEPTHS: [(usize, u16); 4] = [(10, 200), (126, 200), (127, 400), (100_000, 400)];

#[test]
fn json_nested_deep_does_not_overflow_publishing() {
    for (name, server) in &both() {
        for (deep, status) in DEPTHS {
            let body = format!("{{\"data\":{}}}", nested(deep));
            let answer = publish(server, body);
            assert_eq!(answer.status, status, "{name}: {deep}");
            // Objects, and never closed.
            let body = format!("{{\"data\":{}", "{\"a\":".repeat(deep));
            assert_eq!(publish(server, body).status, 400, "{name}: {deep}");
        }
        let read = server.ask(&get("/short-polling/messages?after=0", ""));
        assert!(read.text().contains(&nested(126)), "{name}");
    }
}

#[test]
fn json_nested_deep_does_not_overflow_signing_in() {
    for (name, server) in &both() {
        for path in ["scan", "confirm"] {
            for (deep, _) in DEPTHS {
                let path = format!("/short-polling/sign-in/{path}");
                // Where no nesting is looked at, and where a text must stand.
                let aside = format!("{{\"session\":\"x\",\"other\":{}}}", nested(deep));
                let status = server.ask(&post(&path, "", &aside)).status;
                assert!(
                    matches!(status, 400 | 404),
                    "{name} {path} {deep}: {status}"
                );
                let inside = format!("{{\"session\":{}}}", nested(deep));
                let status = server.ask(&post(&path, "", &inside)).status;
                assert_eq!(status, 400, "{name} {path} {deep}");
            }
        }
        assert_eq!(server.ask(&get("/healthz", "")).status, 200, "{name}");
    }
}

#[test]
fn json_nested_deep_does_not_overflow_a_web_socket() {
    let server = course();
    let mut client = server.connect();
    client.send(upgrade("/websocket/socket", ""));
    client.head();
    for (deep, status) in [(10, 200), (126, 200), (127, 400), (30_000, 400)] {
        let text = format!("{{\"data\":{}}}", nested(deep));
        client.send(masked(0x81, text.as_bytes()));
        let (_, said) = client.frame();
        let said = String::from_utf8(said).expect("text");
        assert_eq!(
            said.starts_with("{\"error\":"),
            status == 400,
            "{deep}: {said}"
        );
        assert_eq!(said.contains(&nested(deep)), status == 200, "{deep}");
    }
    // More than a message of the chat may have.
    client.send(masked(0x81, nested(100_000).as_bytes()));
    let (opcode, said) = client.frame();
    assert_eq!((opcode, &said[..2]), (0x88, &1009_u16.to_be_bytes()[..]));
    assert_eq!(server.ask(&get("/healthz", "")).status, 200);
}

#[test]
fn json_nested_as_deep_as_it_may_be_reaches_every_reader() {
    let server = course();
    publish(&server, format!("{{\"data\":{}}}", nested(126)));
    for path in ["/comet/stream", "/iframe-push/stream", "/sse/stream"] {
        let mut client = server.get(&format!("{path}?after=0"));
        client.head();
        let mut said = String::new();
        eventually(path, || {
            said += &client.text_chunk().expect("goes on");
            said.contains(&nested(126))
        });
    }
    let alone = lesson(2);
    publish(&alone, format!("{{\"data\":{}}}", nested(126)));
    let answer = alone.ask(&get("/long-polling/messages?after=0", ""));
    assert!(answer.text().contains(&nested(126)));
}
