//! Lesson 5: clock, ticker, users, chat, and six streams of eight.

use super::{AT_ONCE, FOLDERS, Stage, lines, on_both, say, stays, times};
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, Folder};
use serde_json::json;
use std::time::Duration;

fn start(page: &Page, stream: &str) {
    page.fill("stream", stream);
    page.click("start");
    page.until_text("state", "1 OPEN");
}

#[test]
fn the_clock_begins_with_a_named_event_and_its_id_stays() {
    on_both(5, |stage| {
        let page = stage.open();
        start(&page, "clock");
        page.until("document.querySelectorAll('#log li.down').length >= 4");
        let log = lines(&page, "log");
        assert!(log[0].starts_with("connecttime: "), "{log:?}");
        assert!(
            log[1..].iter().all(|line| line.starts_with("message: 2")),
            "{log:?}"
        );
        let id = page.text("last-id");
        assert_ne!(id, "none yet");
        stays(
            &page,
            "document.getElementById('last-id').textContent",
            1500,
        );
        page.click("stop");
        page.until_text("state", "2 CLOSED");
        stays(&page, "document.getElementById('clock').textContent", 1500);
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn the_ticker_shows_a_price_for_each_symbol_through_one_request() {
    on_both(5, |stage| {
        let page = stage.open();
        start(&page, "ticker");
        for symbol in ["ACME", "RAIL", "PUSH", "POLL"] {
            page.until(&format!(
                "/^\\d+\\.\\d\\d$/.test(document.querySelector('#ticker-{symbol} td:nth-child(2)')?.textContent)"
            ));
        }
        assert_eq!(page.number("requests"), 1);
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn the_users_list_follows_the_file() {
    for program in ["poll-to-push", "lesson5"] {
        let folder = Folder::new(&format!("users-{program}"));
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let file = data.join("users.json");
        let write = |text: &str| std::fs::write(&file, text).expect("written");
        write(r#"[{"name":"Ada","role":"teacher","online":true}]"#);
        let stage = Stage {
            course: Course::start_in(program, Some(folder.path()), &[]),
            window: Window::new(),
            folder: FOLDERS[4],
        };
        let page = stage.open();
        start(&page, "users");
        let rows = "JSON.stringify([...document.querySelectorAll('#users tr')].map((row) => [...row.cells].map((cell) => cell.textContent)))";
        let shows = |list: serde_json::Value| {
            let list = serde_json::Value::from(list.to_string());
            page.within(AT_ONCE, &format!("{rows} === {list}"));
        };
        shows(json!([["Ada", "teacher", "yes"]]));
        write(
            r#"[{"name":"Ada","role":"teacher","online":false},{"name":"<b>Tim</b>","role":"learner","online":true}]"#,
        );
        shows(json!([
            ["Ada", "teacher", "no"],
            ["<b>Tim</b>", "learner", "yes"]
        ]));
        // A broken file leaves the list as it was; the next good one is seen.
        write("[{\"name\":");
        stays(&page, rows, 1000);
        // As many editors save: a new file in the place of the old.
        let new = data.join("users.json~");
        std::fs::write(&new, r#"[{"name":"Grace","role":"learner","online":true}]"#)
            .expect("written");
        std::fs::rename(&new, &file).expect("put in its place");
        shows(json!([["Grace", "learner", "yes"]]));
        assert_eq!(page.number("requests"), 1);
        assert_eq!(page.complaints(), [""; 0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn to_follow_the_file_costs_no_processor_time() {
    on_both(5, |stage| {
        let page = stage.open();
        start(&page, "clock");
        let before = stage.course.processor_time();
        page.until("document.querySelectorAll('#log li.down').length >= 4");
        let used = stage.course.processor_time() - before;
        // Two or three seconds went by. To look at the file again and again
        // would take most of them.
        assert!(used < Duration::from_millis(700), "{used:?}");
    });
}

#[test]
fn the_chat_goes_on_after_its_last_id_and_events_go_to_their_listeners() {
    on_both(5, |stage| {
        let (one, two) = (stage.open(), stage.open());
        start(&one, "chat");
        start(&two, "chat");
        // Line breaks cannot be typed, but anyone can publish them.
        one.run(
            "const body = JSON.stringify({ data: 'a\\nb\\r\\nevent: x' });
             await fetch('/publish', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });",
        );
        two.until("document.getElementById('log').textContent.includes('a\\nb\\r\\nevent: x')");
        one.click("stop");
        one.until_text("state", "2 CLOSED");
        say(&two, "missed one");
        say(&two, "missed two");
        one.click("start");
        one.until_text("log", "missed two");
        // After its last id: what it had is not sent again.
        for text in ["event: x", "missed one", "missed two"] {
            assert_eq!(times(&one, text), 1, "{text}");
        }
        two.fill("event", "surprise");
        say(&two, "nobody hears");
        two.fill("event", "alarm");
        say(&two, "fire");
        for page in [&one, &two] {
            page.until_text("log", "alarm! ");
            let heard = page.run(
                "return [...document.querySelectorAll('#log li.down')].some((li) => li.textContent.includes('nobody hears'))",
            );
            assert_eq!(heard, false);
        }
        assert_eq!(one.complaints(), [""; 0]);
    });
}

#[test]
fn of_eight_streams_six_open_and_two_wait_as_a_fetch_does() {
    on_both(5, |stage| {
        let page = stage.open();
        page.click("eight-open");
        page.until_text("eight-count", "6 of 8 are open");
        page.click("eight-fetch");
        page.until_text("eight-log", "fetch: still waiting");
        assert_eq!(page.text("eight-count"), "6 of 8 are open");
        let states = page
            .run("return [...document.querySelectorAll('#eight li')].map((li) => li.textContent)");
        assert_eq!(
            states
                .as_array()
                .expect("states")
                .iter()
                .filter(|s| *s == "readyState 0 CONNECTING")
                .count(),
            2
        );
        page.click("eight-close");
        page.until_text("eight-log", "fetch: answered 200");
    });
}

#[test]
fn a_web_socket_opens_beside_six_streams() {
    on_both(5, |stage| {
        let page = stage.open();
        page.click("eight-open");
        page.until_text("eight-count", "6 of 8 are open");
        page.click("eight-socket");
        // Lesson 5's own program has none, and says so without waiting either.
        let alone = std::thread::current().name() == Some("lesson5");
        let words = if alone {
            "This program has no WebSocket"
        } else {
            "WebSocket: open after"
        };
        page.until_text("eight-log", words);
        assert_eq!(page.text("eight-count"), "6 of 8 are open");
    });
}
