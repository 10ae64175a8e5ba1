//! Lesson 5: clock, ticker, users, chat, and six streams of eight.

use super::{AT_ONCE, Stage, lines, on_both, on_course, say, stays, times};
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, FOLDERS, Folder};
use serde_json::json;
use std::time::Duration;

fn start(page: &Page, stream: &str) {
    page.fill("stream", stream);
    page.click("start");
    page.until_text("state", "1 OPEN");
}

#[test]
fn the_clock_begins_with_a_named_event_and_its_id_stays() {
    on_course(5, |stage| {
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
    on_course(5, |stage| {
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
        // A broken file leaves the list as it was, and the page says so until it is mended.
        write("[{\"name\":");
        let notice = "document.getElementById('users-invalid').textContent";
        let wrong = format!(
            "{notice}.includes('data/users.json is not JSON: EOF') && {notice}.startsWith('Since ')"
        );
        page.within(AT_ONCE, &wrong);
        shows(json!([
            ["Ada", "teacher", "no"],
            ["<b>Tim</b>", "learner", "yes"]
        ]));
        // As PowerShell and old editors save: with a byte order mark.
        let one = |name: &str| format!(r#"[{{"name":"{name}","role":"learner","online":true}}]"#);
        write(&format!("\u{feff}{}", one("Mark")));
        shows(json!([["Mark", "learner", "yes"]]));
        page.until(&format!("{notice} === ''"));
        // As many editors save: a new file in the place of the old.
        let new = data.join("users.json~");
        std::fs::write(&new, r#"[{"name":"Grace","role":"learner","online":true}]"#)
            .expect("written");
        std::fs::rename(&new, &file).expect("put in its place");
        shows(json!([["Grace", "learner", "yes"]]));
        // The folder is replaced, and the new one's file changes.
        let other = folder.path().join("other");
        std::fs::create_dir(&other).expect("a folder");
        std::fs::write(other.join("users.json"), one("Linus")).expect("written");
        std::fs::rename(&data, folder.path().join("old")).expect("moved away");
        std::fs::rename(&other, &data).expect("put in its place");
        shows(json!([["Linus", "learner", "yes"]]));
        write(&one("Radia"));
        shows(json!([["Radia", "learner", "yes"]]));
        // The file is a link, and its target is written.
        #[cfg(unix)]
        {
            let far = folder.path().join("far");
            std::fs::create_dir(&far).expect("a folder");
            let target = far.join("people.json");
            std::fs::write(&target, one("Alan")).expect("written");
            std::fs::remove_file(&file).expect("removed");
            std::os::unix::fs::symlink(&target, &file).expect("a link");
            shows(json!([["Alan", "learner", "yes"]]));
            std::fs::write(&target, one("Joan")).expect("written");
            shows(json!([["Joan", "learner", "yes"]]));
        }
        assert_eq!(page.number("requests"), 1);
        assert_eq!(page.complaints(), [""; 0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn to_follow_the_file_costs_no_processor_time() {
    on_course(5, |stage| {
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
    on_course(5, |stage| {
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

#[test]
fn with_six_tabs_started_the_seventh_does_not_load_until_one_is_closed() {
    on_course(5, |stage| {
        let mut six: Vec<Page> = (0..6).map(|_| stage.open()).collect();
        for page in &six {
            start(page, "clock");
        }
        let seventh = stage.window.blank();
        seventh.run(&format!(
            "location.href = '{}'",
            stage.course.url(stage.folder)
        ));
        // Time enough for a page that may be asked for. (The seventh tab cannot be
        // asked: it is on its way.)
        let state = "document.getElementById('state').textContent";
        stays(&six[0], state, 2000);
        six.pop().expect("a tab").close();
        seventh.until("document.getElementById('start')?.disabled === false");
        let waited = seventh.run(
            "const [page] = performance.getEntriesByType('navigation'); return page.requestStart",
        );
        assert!(waited.as_f64() >= Some(2000.0), "{waited} ms");
    });
}

/// The steps with the button "Cut my connections".
#[test]
fn after_a_cut_the_chat_misses_nothing_and_the_clock_waits_for_ten_seconds() {
    on_course(5, |stage| {
        let page = stage.open();
        page.until("document.querySelector('.watch.looking')");
        start(&page, "chat");
        say(&page, "before");
        page.until_text("log", "guest");
        page.click("wire-cut");
        page.until_text("state", "0 CONNECTING");
        page.run(
            "const body = JSON.stringify({ data: 'while away' });
             await fetch('/publish', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });",
        );
        page.until_text("state", "1 OPEN");
        page.until_text("log", "while away");
        for text in ["before", "while away"] {
            assert_eq!(times(&page, text), 1, "{text}");
        }
        // Its head is in the wire view, and the text's pointer finds the field.
        page.until("document.querySelector('.wire-list .up [data-part=field-last-event-id]')");
        page.run(
            "document.querySelector('[data-wire=\"up-field-last-event-id\"] button').click();
             await until('it is marked', () => document.querySelector('.wire-list .shown .pointed'));",
        );
        page.click("stop");
        start(&page, "clock");
        // With it came how long to wait.
        page.until_text("log", "connecttime");
        page.click("wire-cut");
        page.until_text("state", "0 CONNECTING");
        let away = std::time::Instant::now();
        page.until_text("state", "1 OPEN");
        let away = away.elapsed();
        assert!((8..=15).contains(&away.as_secs()), "{away:?}");
    });
}

/// As everywhere, without the last line ("done").
fn both_ways(page: &Page, name: &str) -> [Vec<String>; 2] {
    super::both_ways(page, name).map(|mut lines| {
        if lines.last().is_some_and(|line| line == "done") {
            lines.pop();
        }
        lines
    })
}

/// The lines that say an event, without their times.
fn news(lines: &[String]) -> Vec<&str> {
    let events = lines.iter().filter_map(|line| line.split_once("  "));
    events
        .map(|(_, words)| words)
        .filter(|words| words.starts_with("message: ") || words.starts_with("alarm: "))
        .collect()
}

fn ending<'a>(lines: &'a [String], words: &str) -> Vec<&'a String> {
    lines.iter().filter(|line| line.ends_with(words)).collect()
}

#[track_caller]
fn last(lines: &[String]) -> &str {
    lines.last().expect("a line")
}

#[test]
fn an_answer_that_ends_after_one_event_is_asked_for_again_and_again() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "one-event");
        let rounds = news(&wrong).len();
        assert!((2..=4).contains(&rounds), "{wrong:?}");
        assert_eq!(
            last(&wrong),
            format!("requests answered: {rounds}, events: {rounds}, errors: {rounds}")
        );
        assert!(news(&right).len() >= 5, "{right:?}");
        assert!(last(&right).starts_with("requests answered: 1, events: "));
        assert!(last(&right).ends_with(", errors: 0"), "{right:?}");
    });
}

#[test]
fn without_blank_lines_bytes_come_and_no_event_fires() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "no-blank-line");
        let sum = wrong.iter().find(|line| line.starts_with("requests"));
        assert_eq!(
            sum.map(String::as_str),
            Some("requests answered: 1, events: 0, errors: 0")
        );
        // Two of them may come as one.
        let ticks = |line: &String| line.replace("data: tick\\n", "") == "a chunk came: \"\"";
        assert!(wrong.iter().any(ticks), "{wrong:?}");
        assert!(news(&right).len() >= 5, "{right:?}");
    });
}

#[test]
fn an_id_apart_from_its_data_loses_them_when_the_connection_breaks_between() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "id-apart");
        let came = |n| format!("message: news {n}  (last id {n})");
        assert_eq!(news(&wrong), [came(1), came(3)], "{wrong:?}");
        assert_eq!(news(&right), [came(1), came(2), came(3)], "{right:?}");
    });
}

#[test]
fn a_constant_id_brings_the_same_news_again() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "constant-id");
        let came = |n: usize, id| format!("message: news {n}  (last id {id})");
        let wrong_news = news(&wrong);
        assert!(wrong_news.len() >= 6, "{wrong:?}");
        for (at, line) in wrong_news.into_iter().enumerate() {
            // 1 2 3, and then 2 3 4 for ever.
            let n = if at < 3 { at + 1 } else { at % 3 + 2 };
            assert_eq!(line, came(n, 1), "{wrong:?}");
        }
        let right_news = news(&right);
        assert!(right_news.len() >= 6, "{right:?}");
        for (line, n) in right_news.into_iter().zip(1..) {
            assert_eq!(line, came(n, n), "{right:?}");
        }
    });
}

#[test]
fn a_new_event_source_at_each_error_begins_again() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "reopen");
        let firsts = ending(&wrong, "news 1  (last id 1)").len();
        assert!(firsts >= 2, "{wrong:?}");
        assert_eq!(ending(&wrong, "news 4  (last id 4)").len(), 0, "{wrong:?}");
        assert_eq!(ending(&right, "news 1  (last id 1)").len(), 1, "{right:?}");
        assert_eq!(ending(&right, "news 4  (last id 4)").len(), 1, "{right:?}");
        assert!(right.contains(&"the browser comes back by itself".to_owned()));
    });
}

#[test]
fn with_one_interval_for_all_b_goes_silent_when_a_leaves() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "one-interval");
        assert!(
            !ending(&wrong, "B message: tick").is_empty(),
            "B heard ticks before: {wrong:?}"
        );
        assert_eq!(last(&wrong), "0 ticks came to B after that", "{wrong:?}");
        // No error tells B.
        assert!(!wrong.iter().any(|line| line.contains("error")));
        let ticks = last(&right).split(' ').next().map(str::parse::<u32>);
        assert!(matches!(ticks, Some(Ok(2..))), "{right:?}");
    });
}

#[test]
fn a_time_without_quotes_is_no_json() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "not-json");
        assert!(last(&wrong).starts_with("SyntaxError: "), "{wrong:?}");
        assert!(last(&right).starts_with("time: 2"), "{right:?}");
    });
}

#[test]
fn add_listener_is_no_function() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "add-listener");
        assert!(last(&wrong).starts_with("TypeError: "), "{wrong:?}");
        assert!(wrong.len() == 1 && last(&right) == "tick", "{right:?}");
    });
}

#[test]
fn gbk_in_the_header_ends_it_and_gbk_bytes_are_replaced_in_silence() {
    on_course(5, |stage| {
        let page = stage.open();
        let [wrong, right] = both_ways(&page, "charset-gbk");
        assert!(wrong.len() == 1, "{wrong:?}");
        assert!(last(&wrong).ends_with("error, readyState 2"), "{wrong:?}");
        assert_eq!(news(&right), ["message: 你好"]);
        let [wrong, right] = both_ways(&page, "gbk-bytes");
        assert!(wrong.iter().any(|line| line.contains("U+FFFD")));
        assert!(last(&wrong).ends_with("events: 1, errors: 0"), "{wrong:?}");
        assert!(right.contains(&"the characters: U+4F60 U+597D".to_owned()));
    });
}

#[test]
fn a_strangers_line_break_begins_an_event_of_his_own() {
    on_course(5, |stage| {
        let [wrong, right] = both_ways(&stage.open(), "line-break");
        assert_eq!(
            news(&wrong),
            ["message: hi", "alarm: fire! leave the house"]
        );
        assert_eq!(
            news(&right),
            [r#"message: "hi\n\nevent: alarm\ndata: fire! leave the house""#]
        );
    });
}

/// A mistake that is stopped leaves none of its streams open.
#[test]
fn a_mistake_that_is_stopped_closes_its_streams() {
    on_course(5, |stage| {
        let page = stage.open();
        for name in [
            "one-event",
            "no-blank-line",
            "constant-id",
            "reopen",
            "one-interval",
            "add-listener",
        ] {
            for button in [0, 1] {
                page.run(&format!(
                    "const place = document.querySelector('[data-try=\"{name}\"]');
                     await until('it can be run', () => place.querySelector('button'));
                     const [stop] = [...place.querySelectorAll('button')].slice(2);
                     place.querySelectorAll('button')[{button}].click();
                     await new Promise((done) => setTimeout(done, 200));
                     stop.click();
                     await until('{name} stopped', () => place.querySelectorAll('.way')[{button}].querySelector('li.lost'));"
                ));
            }
        }
        page.click("eight-open");
        // All six are free for these.
        page.until_text("eight-count", "6 of 8 are open");
    });
}
