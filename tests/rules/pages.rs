//! The pages: which ones a server has, and what their heads say.

use crate::common::{Server, course, get, lesson};
use poll_to_push::course::LESSONS;

fn location(server: &Server, path: &str) -> String {
    let answer = server.ask(&get(path, ""));
    assert_eq!(answer.status, 302, "{path}");
    answer.header("Location").expect("a place").to_owned()
}

#[test]
fn the_course_has_a_home_page_and_every_lessons_page() {
    let server = course();
    let folders = LESSONS
        .iter()
        .map(|lesson| format!("/{}/", lesson.folder()));
    for path in folders.chain(["/".to_owned()]) {
        let answer = server.ask(&get(&path, ""));
        assert_eq!(answer.status, 200, "{path}");
        let content_type = answer.header("Content-Type");
        assert_eq!(content_type, Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        let policy = answer.header("Content-Security-Policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'self'"),
            "{path}: {policy}"
        );
        // Its text was set into it.
        assert!(!answer.text().contains("<!-- text -->"), "{path}");
    }
}

#[test]
fn a_lesson_alone_has_its_own_page_and_no_other() {
    for alone in LESSONS {
        let server = lesson(alone.number);
        let own = format!("/{}/", alone.folder());
        assert_eq!(location(&server, "/"), own);
        for lesson in LESSONS {
            let status = if lesson.number == alone.number {
                200
            } else {
                404
            };
            let path = format!("/{}/", lesson.folder());
            let answer = server.ask(&get(&path, ""));
            assert_eq!(answer.status, status, "{path} of lesson {}", alone.number);
        }
    }
}

#[test]
fn a_folder_without_its_slash_leads_to_the_page() {
    let server = course();
    assert_eq!(location(&server, "/5-sse"), "/5-sse/");
    assert_eq!(server.ask(&get("/10-nothing", "")).status, 404);
}

#[test]
fn a_page_writes_the_address_that_it_was_asked_for() {
    let server = course();
    let asked = get("/5-sse/", "").replace("Host: localhost", "Host: 192.168.0.7:4000");
    let page = server.ask(&asked);
    assert!(!page.text().contains("http://localhost:3000"));
    let policy = page.header("Content-Security-Policy").unwrap_or_default();
    assert!(policy.contains("ws://192.168.0.7:4000"), "{policy}");
}

#[test]
fn a_lesson_that_is_not_served_is_told_to_readers_and_to_programs() {
    for server in [lesson(1), lesson(5)] {
        let page = server.ask(&get("/6-websocket/", "Accept: text/html,*/*\r\n"));
        assert_eq!(page.status, 404);
        assert!(
            page.text().contains("<code>cargo run</code>"),
            "{}",
            page.text()
        );
        assert!(page.header("Content-Security-Policy").is_some());
        let told = server.ask(&get("/6-websocket/", "Accept: */*\r\n"));
        assert_eq!(told.status, 404);
        assert!(told.error().contains("whole course"));
    }
}
