//! Long polling: answered when there is news, or when the wait runs out.

use crate::common::{Answer, Client, SOON, Server, course, eventually, get, lesson};
use serde_json::Value;
use std::io::ErrorKind;
use std::thread::scope;
use std::time::{Duration, Instant};

fn both() -> [Server; 2] {
    [course(), lesson(2)]
}

/// The two that keep the same contract: by a thread that sleeps, and parked.
const WAYS: [&str; 2] = ["/long-polling/messages", "/long-polling/parked"];

/// Each way, in the course and in the lesson alone.
fn each_way(test: impl Fn(&Server, &str)) {
    for server in both() {
        WAYS.iter().for_each(|way| test(&server, way));
    }
}

/// Whether something is there to be read.
fn has_come(client: &Client) -> bool {
    client.stream().set_nonblocking(true).expect("set");
    let come = client.stream().peek(&mut [0]);
    client.stream().set_nonblocking(false).expect("set");
    match come {
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        other => other.expect("open") > 0,
    }
}

#[test]
fn news_wakes_all_who_wait() {
    each_way(|server, way| {
        let mut waiting: Vec<Client> = (0..3)
            .map(|tab| server.get(&format!("{way}?wait=60&tab={tab}")))
            .collect();
        // Without a cursor each is told what comes after it began to wait, so
        // an answer before the wait ran out means that it was woken.
        let mut n = 0;
        eventually("all were woken", || {
            n += 1;
            server.publish("chat", &n.into());
            waiting.iter().all(has_come)
        });
        for client in &mut waiting {
            let answer = client.answer();
            assert_eq!(answer.status, 200);
            let told = answer.json();
            let messages = told["messages"].as_array().expect("messages");
            assert!(!messages.is_empty());
            assert_eq!(
                messages.last().map(|last| &last["id"]),
                Some(&told["last_id"])
            );
            assert_eq!(answer.header("Last-Event-ID"), told["last_id"].as_str());
        }
    });
}

#[test]
fn what_is_there_already_is_not_waited_for() {
    for server in both() {
        let first = server.publish("chat", &"first".into());
        for way in WAYS {
            let answer = server.ask(&get(&format!("{way}?after=0&wait=60"), ""));
            assert_eq!(answer.json()["messages"][0]["id"], *first);
        }
    }
}

fn ask(server: &Server, target: &str, patience: Duration) -> (Answer, Duration) {
    let start = Instant::now();
    let mut client = server.get(target);
    client
        .stream()
        .set_read_timeout(Some(patience))
        .expect("set");
    (client.answer(), start.elapsed())
}

#[test]
fn a_wait_that_ran_out_is_204_with_the_cursor() {
    each_way(|server, way| {
        let last = server.publish("chat", &1.into());
        for after in [String::new(), format!("&after={last}")] {
            let target = format!("{way}?wait=1{after}");
            let (answer, took) = ask(server, &target, SOON);
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("Last-Event-ID"), Some(&*last));
            assert!(took >= Duration::from_secs(1), "{took:?}");
            // RFC 9110, section 8.6.
            assert_eq!(answer.header("Content-Length"), None);
        }
    });
}

#[test]
fn a_wait_is_25_seconds_unless_told_otherwise() {
    let server = course();
    scope(|scope| {
        for way in WAYS {
            let server = &server;
            scope.spawn(move || {
                let (answer, took) = ask(server, way, Duration::from_secs(40));
                assert_eq!(answer.status, 204);
                assert!((25..30).contains(&took.as_secs()), "{took:?}");
            });
        }
    });
}

#[test]
fn a_wait_of_zero_is_a_short_poll() {
    each_way(|server, way| {
        let (answer, _) = ask(server, &format!("{way}?wait=0"), SOON);
        assert_eq!(answer.status, 204);
    });
}

#[test]
fn nothing_published_between_two_polls_is_lost() {
    const COUNT: u64 = 300;
    each_way(|server, way| {
        let first = server.publish("chat", &0.into());
        scope(|scope| {
            let poller = || {
                let mut client = server.connect();
                let (mut cursor, mut seen) = (first.clone(), 0);
                while seen < COUNT {
                    let target = format!("{way}?after={cursor}&wait=20");
                    client.send(get(&target, ""));
                    let told = client.answer().json();
                    assert_eq!(told.get("gap"), None);
                    for message in told["messages"].as_array().expect("messages") {
                        seen += 1;
                        assert_eq!(message["data"], Value::from(seen));
                    }
                    cursor = told["last_id"].as_str().expect("an id").to_owned();
                }
            };
            scope.spawn(poller);
            scope.spawn(poller);
            for n in 1..=COUNT {
                server.publish("chat", &n.into());
            }
        });
    });
}

#[test]
fn a_script_and_an_iframe_get_an_object_without_messages() {
    for server in both() {
        let last = server.publish("chat", &1.into());
        let empty = format!("{{\"messages\":[],\"last_id\":\"{last}\"}}");
        for after in [String::new(), format!("&after={last}")] {
            let asked = format!("/long-polling/jsonp?callback=news&wait=0{after}");
            let answer = server.ask(&get(&asked, ""));
            assert_eq!(answer.status, 200);
            assert_eq!(answer.text(), format!("/**/news(JSON.parse('{empty}'));"));
            let answer = server.ask(&get(&format!("/long-polling/iframe?wait=0{after}"), ""));
            assert_eq!(answer.status, 200);
            assert!(
                answer
                    .text()
                    .contains(&format!("postMessage(JSON.parse('{empty}'),"))
            );
        }
    }
}

/// What the mistakes of the lesson are shown with.
#[test]
fn the_server_that_is_away_answers_at_once_with_a_page_for_people() {
    for server in both() {
        let answer = server.ask(&get("/mistakes/long-polling/away", ""));
        assert_eq!(answer.status, 503);
        let html = Some("text/html; charset=utf-8");
        assert_eq!(answer.header("Content-Type"), html);
        assert!(answer.text().starts_with("<html>"), "{}", answer.text());
    }
}
