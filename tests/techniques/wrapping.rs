//! The scripts and pages that polls are answered with: JSONP and iframes.

use crate::common::{Answer, Server, course, get, lesson};
use crate::{ATTACKS, between, literal};
use serde_json::{Value, json};

/// The servers, with the folders of the techniques that each has.
fn servers() -> [(Server, &'static [&'static str]); 3] {
    [
        (course(), &["/short-polling", "/long-polling"]),
        (lesson(1), &["/short-polling"]),
        (lesson(2), &["/long-polling"]),
    ]
}

fn script(server: &Server, folder: &str, query: &str) -> Answer {
    server.ask(&get(&format!("{folder}/jsonp?wait=0&{query}"), ""))
}

fn page(server: &Server, folder: &str, query: &str) -> Answer {
    server.ask(&get(&format!("{folder}/iframe?wait=0&{query}"), ""))
}

/// The JSON inside a script, once it is sure that it cannot leave it.
#[track_caller]
fn inside_script<'a>(answer: &'a Answer, callback: &str) -> &'a str {
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("Content-Type"),
        Some("application/javascript; charset=utf-8")
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    safe(between(
        answer.text(),
        &format!("/**/{callback}(JSON.parse('"),
        "'));",
    ))
}

#[track_caller]
fn inside_page(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    let policy = "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'self'";
    assert_eq!(answer.header("Content-Security-Policy"), Some(policy));
    let start =
        "<!doctype html>\n<meta charset=\"utf-8\">\n<script>parent.postMessage(JSON.parse('";
    let end = "'),location.origin);document.currentScript.remove()</script>\n";
    safe(between(answer.text(), start, end))
}

#[track_caller]
fn safe(json: &str) -> &str {
    assert!(
        !json.contains(['<', '\u{2028}', '\u{2029}', '\n', '\r']),
        "{json:?}"
    );
    json
}

#[test]
fn a_script_calls_the_named_function_with_the_object() {
    for (server, folders) in servers() {
        for folder in folders {
            for name in ["news", "_", "$", "app.on_news", "a1$", &"x".repeat(64)] {
                let answer = script(&server, folder, &format!("callback={name}"));
                let told = literal(inside_script(&answer, name));
                assert_eq!(told["messages"], json!([]), "{folder} {name}");
                assert!(told["last_id"].is_string(), "{folder} {name}");
            }
        }
    }
}

#[test]
fn a_callback_that_is_code_is_400() {
    for (server, folders) in servers() {
        for folder in folders {
            assert_eq!(script(&server, folder, "").status, 400, "{folder}");
            let long = "x".repeat(65);
            for code in [
                "",
                "1a",
                ".a",
                "a.",
                "a..b",
                "a.1",
                "alert(1)",
                "alert%281%29//",
                "a;b",
                "a%20b",
                "a%0A",
                "a%00",
                "a-b",
                "a[0]",
                "a=b",
                "%3Cscript%3E",
                "</script>",
                "%C3%A9",
                "a%2F*",
                "`a`",
                "a%E2%80%A8",
                &long,
            ] {
                let answer = script(&server, folder, &format!("callback={code}"));
                assert_eq!(answer.status, 400, "{folder} {code}");
                assert_eq!(answer.header("Content-Type"), Some("application/json"));
            }
        }
    }
}

#[test]
fn what_was_published_cannot_leave_its_script_or_page() {
    for (server, folders) in servers() {
        for attack in ATTACKS {
            // As a value and as a key.
            server.publish("chat", &json!({ "text": attack, attack: 1 }));
        }
        for folder in folders {
            let told = script(&server, folder, "callback=news&after=0");
            let by_script = literal(inside_script(&told, "news"));
            let told = page(&server, folder, "after=0");
            let by_page = literal(inside_page(&told));
            for told in [by_script, by_page] {
                let messages = told["messages"].as_array().expect("messages");
                assert_eq!(messages.len(), ATTACKS.len());
                for (message, attack) in messages.iter().zip(ATTACKS) {
                    assert_eq!(message["data"], json!({ "text": attack, attack: 1 }));
                }
            }
        }
    }
}

#[test]
fn an_error_is_told_to_the_page_and_cannot_leave_its_wrapping() {
    let attack = "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E%E2%80%A8";
    for (server, folders) in servers() {
        for folder in folders {
            for wrong in ["after=nonsense".to_owned(), format!("topic={attack}")] {
                let answer = script(&server, folder, &format!("callback=news&{wrong}"));
                let told = literal(inside_script(&answer, "news"));
                assert!(told["error"].is_string(), "{folder} {wrong} {told}");
                let answer = page(&server, folder, &wrong);
                let told = literal(inside_page(&answer));
                assert!(told["error"].is_string(), "{folder} {wrong} {told}");
            }
        }
    }
}

#[test]
fn a_gap_is_told_in_a_script_and_a_page_too() {
    for (server, folders) in servers() {
        server.publish("chat", &1.into());
        for folder in folders {
            let answer = script(&server, folder, "callback=news&after=other-5");
            let told = literal(inside_script(&answer, "news"));
            assert_eq!(told["gap"], Value::Bool(true), "{folder}");
            let told = literal(inside_page(&page(&server, folder, "after=other-5"))).clone();
            assert_eq!(told["gap"], Value::Bool(true), "{folder}");
            assert_eq!(told["messages"].as_array().map(Vec::len), Some(1));
        }
    }
}
