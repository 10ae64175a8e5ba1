//! Short polling: asked and answered at once.

use crate::common::{Server, course, get, lesson};
use serde_json::{Value, json};
use std::thread::scope;
use std::time::{SystemTime, UNIX_EPOCH};

fn both() -> [Server; 2] {
    [course(), lesson(1)]
}

#[test]
fn a_poll_without_a_cursor_is_told_where_now_is() {
    for server in both() {
        let first = server.publish("chat", &"old".into());
        let answer = server.ask(&get("/short-polling/messages", ""));
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.text(),
            format!("{{\"messages\":[],\"last_id\":\"{first}\"}}")
        );
        assert_eq!(answer.header("Last-Event-ID"), Some(&*first));
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    }
}

#[test]
fn a_poll_is_told_what_follows_its_cursor() {
    for server in both() {
        let first = server.publish("chat", &1.into());
        let second = server.publish("chat", &json!({"from": "Ada", "text": "hi"}));
        let answer = server.ask(&get(&format!("/short-polling/messages?after={first}"), ""));
        let told = answer.json();
        assert_eq!(told["last_id"], *second);
        assert_eq!(told.get("gap"), None);
        assert_eq!(answer.header("Last-Event-ID"), Some(&*second));
        let [message] = &told["messages"].as_array().expect("messages")[..] else {
            panic!("one message: {told}");
        };
        let published = message["published_ms"].as_u64().expect("a time");
        let expected = format!(
            "{{\"id\":\"{second}\",\"topic\":\"chat\",\"event\":\"message\",\
             \"data\":{{\"from\":\"Ada\",\"text\":\"hi\"}},\"published_ms\":{published}}}"
        );
        assert!(answer.text().contains(&expected), "{}", answer.text());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("since");
        let age = now.as_millis() - u128::from(published);
        assert!(age < 60_000, "{age} ms old");
        // Nothing new: the same cursor again.
        let again = server.ask(&get(&format!("/short-polling/messages?after={second}"), ""));
        let expected = format!("{{\"messages\":[],\"last_id\":\"{second}\"}}");
        assert_eq!(again.text(), expected);
    }
}

#[test]
fn a_poll_reads_the_topic_that_it_names() {
    let server = course();
    server.publish("chat", &"chat".into());
    let ticker = server.publish("ticker", &"ticker".into());
    let tag = ticker.split('-').next().expect("a tag");
    let target = format!("/short-polling/messages?topic=ticker&after={tag}-0");
    let told = server.ask(&get(&target, "")).json();
    let messages = told["messages"].as_array().expect("messages");
    assert!(messages.iter().any(|message| message["data"] == "ticker"));
    assert!(messages.iter().all(|message| message["topic"] == "ticker"));
}

#[test]
fn nothing_published_between_two_polls_is_lost() {
    const COUNT: u64 = 300;
    for server in both() {
        let tag = server.ask(&get("/short-polling/messages", "")).json();
        let mut cursor = tag["last_id"].as_str().expect("an id").to_owned();
        scope(|scope| {
            scope.spawn(|| {
                for n in 1..=COUNT {
                    server.publish("chat", &n.into());
                }
            });
            let mut client = server.connect();
            let mut seen = 0;
            while seen < COUNT {
                let target = format!("/short-polling/messages?after={cursor}");
                client.send(get(&target, ""));
                let told = client.answer().json();
                assert_eq!(told.get("gap"), None);
                for message in told["messages"].as_array().expect("messages") {
                    seen += 1;
                    assert_eq!(message["data"], Value::from(seen));
                }
                cursor = told["last_id"].as_str().expect("an id").to_owned();
            }
        });
    }
}

/// What the mistakes of the lesson are shown with.
#[test]
fn the_slow_server_answers_as_the_lesson_does_but_late() {
    let slow = "/mistakes/short-polling/slow";
    for server in both() {
        let began = std::time::Instant::now();
        let answer = server.ask(&get(&format!("{slow}?ms=300"), ""));
        assert!(began.elapsed().as_millis() >= 300);
        let last = answer.header("Last-Event-ID").expect("a cursor");
        assert_eq!(answer.json(), json!({ "messages": [], "last_id": last }));
        let script = server.ask(&get(&format!("{slow}-script?callback=late&ms=0"), ""));
        assert!(
            script.text().starts_with("/**/late(JSON.parse('{"),
            "{}",
            script.text()
        );
        let page = server.ask(&get(&format!("{slow}-page?ms=0"), ""));
        assert!(
            page.text().contains("parent.postMessage(JSON.parse('{"),
            "{}",
            page.text()
        );
        for wrong in ["", "?ms=3001", "?ms=x"] {
            let refused = server.ask(&get(&format!("{slow}{wrong}"), ""));
            assert_eq!(refused.status, 400, "{wrong}");
        }
    }
}
