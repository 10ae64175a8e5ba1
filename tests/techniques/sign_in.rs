//! Lesson 1's app: signing in by QR code.

use crate::common::{Answer, Server, course, get, lesson, post};
use serde_json::{Value, json};

const SIGN_IN: &str = "/short-polling/sign-in";

fn both() -> [Server; 2] {
    [course(), lesson(1)]
}

fn begin(server: &Server) -> Value {
    let answer = server.ask(&post(SIGN_IN, "", ""));
    assert_eq!(answer.status, 200);
    answer.json()
}

fn state(server: &Server, session: &str) -> Answer {
    server.ask(&get(&format!("{SIGN_IN}?session={session}"), ""))
}

fn say(server: &Server, what: &str, session: &str) -> Answer {
    let body = json!({ "session": session }).to_string();
    server.ask(&post(&format!("{SIGN_IN}/{what}"), "", &body))
}

#[test]
fn a_session_goes_from_waiting_over_scanned_to_confirmed() {
    for server in both() {
        let begun = begin(&server);
        let session = begun["session"].as_str().expect("a session");
        assert_eq!(begun["expires_in_s"], 60);
        assert_eq!(state(&server, session).json(), json!({"state": "waiting"}));
        // Nobody confirms what was not opened.
        assert_eq!(say(&server, "confirm", session).status, 409);
        assert_eq!(
            say(&server, "scan", session).json(),
            json!({"state": "scanned"})
        );
        assert_eq!(state(&server, session).json(), json!({"state": "scanned"}));
        let confirmed = json!({"state": "confirmed"});
        assert_eq!(say(&server, "confirm", session).json(), confirmed);
        assert_eq!(state(&server, session).json(), confirmed);
        let answer = state(&server, session);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    }
}

#[test]
fn sessions_are_apart_and_cannot_be_guessed() {
    for server in both() {
        let (one, two) = (begin(&server), begin(&server));
        let [one, two] = [&one, &two].map(|begun| begun["session"].as_str().expect("a session"));
        assert_ne!(one, two);
        // A hundred bits.
        assert!(one.len() >= 20, "{one}");
        say(&server, "scan", one);
        assert_eq!(state(&server, two).json()["state"], "waiting");
    }
}

#[test]
fn an_unknown_session_is_404_and_a_wrong_body_400() {
    for server in both() {
        assert_eq!(state(&server, "nothing").status, 404);
        assert_eq!(state(&server, "").status, 404);
        for what in ["scan", "confirm"] {
            assert_eq!(say(&server, what, "nothing").status, 404);
            for wrong in ["", "nonsense", "{}", "{\"session\":1}", "[]"] {
                let asked = post(&format!("{SIGN_IN}/{what}"), "", wrong);
                assert_eq!(server.ask(&asked).status, 400, "{what} {wrong}");
            }
        }
    }
}

#[test]
fn the_link_leads_where_the_request_was_sent_to() {
    for server in both() {
        for (host, loopback) in [
            ("localhost:3000", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("192.168.0.7:3000", false),
        ] {
            let asked = post(SIGN_IN, "", "").replace("Host: localhost", &format!("Host: {host}"));
            let begun = server.ask(&asked).json();
            let session = begun["session"].as_str().expect("a session");
            let link = format!("http://{host}/1-short-polling/confirm.html?session={session}");
            assert_eq!(begun["link"], Value::from(link));
            assert_eq!(begun["loopback"], loopback, "{host}");
        }
        // And there is such a page.
        let page = server.ask(&get("/1-short-polling/confirm.html?session=x", ""));
        assert_eq!(page.status, 200);
    }
}

#[test]
fn the_qr_code_is_a_picture_and_loads_nothing() {
    for server in both() {
        let begun = begin(&server);
        let session = begun["session"].as_str().expect("a session");
        let answer = server.ask(&get(&format!("{SIGN_IN}/qr.svg?session={session}"), ""));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Content-Type"), Some("image/svg+xml"));
        assert!(answer.text().contains("<svg"), "{}", answer.text());
        // What is in the code differs from session to session.
        let another = begin(&server);
        let session = another["session"].as_str().expect("a session");
        let other = server.ask(&get(&format!("{SIGN_IN}/qr.svg?session={session}"), ""));
        assert_ne!(answer.body, other.body);
        // Only for a session that there is: nothing else is drawn for anyone.
        for unknown in ["x".repeat(4000), "%3Cscript%3E".to_owned(), String::new()] {
            let refused = server.ask(&get(&format!("{SIGN_IN}/qr.svg?session={unknown}"), ""));
            assert_eq!(refused.status, 404);
        }
    }
}
