//! Lesson 1: polling that stops, and the sign-in by QR code.

use super::{Way, lines, measured, on_both, on_course, on_course_with, say, stays, tried};
use poll_to_push_browser_tests::raw::Raw;
use std::time::Duration;

const WAYS: [&str; 3] = ["by-fetch", "by-iframe", "by-jsonp"];

#[test]
fn polling_stops_at_the_first_new_message_in_all_three_ways() {
    on_both(1, |stage| {
        let page = stage.open();
        page.fill("interval", "500");
        for way in WAYS {
            page.click(way);
            page.click("start");
            let asked = page.number("requests");
            page.until(&format!(
                "document.getElementById('requests').textContent >= {}",
                asked + 2
            ));
            page.until_text("log", "nothing new");
            say(&page, &format!("hello {way}"));
            page.until_text("state", "stopped");
            page.until_text("log", &format!("hello {way}"));
            stays(
                &page,
                "document.getElementById('requests').textContent",
                1200,
            );
        }
        assert!(page.number("bytes") > 0);
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn what_is_published_between_two_polls_comes_with_the_next() {
    on_both(1, |stage| {
        let page = stage.open();
        for way in WAYS {
            page.click(way);
            page.click("start");
            page.until("document.getElementById('last-id').textContent !== 'none yet'");
            page.until_text("log", "nothing new");
            page.click("stop");
            say(&page, &format!("{way} one"));
            say(&page, &format!("{way} two"));
            let asked = page.number("requests");
            page.click("start");
            page.until_text("state", "stopped");
            assert_eq!(page.number("requests"), asked + 1, "one answer brings both");
            let log = lines(&page, "log").join("\n");
            assert!(
                log.contains(&format!("{way} one")) && log.contains(&format!("{way} two")),
                "{log}"
            );
        }
    });
}

#[test]
fn polling_goes_on_when_it_is_not_told_to_stop() {
    on_both(1, |stage| {
        let page = stage.open();
        page.fill("interval", "500");
        page.click("stop-on-success");
        page.click("start");
        page.until("document.getElementById('last-id').textContent !== 'none yet'");
        say(&page, "one");
        page.until_text("log", "one");
        say(&page, "two");
        page.until_text("log", "two");
        page.click("stop");
        page.until_text("state", "stopped");
    });
}

#[test]
fn a_second_tab_confirms_the_sign_in_and_the_polling_stops() {
    on_both(1, |stage| {
        let first = stage.open();
        first.click("sign-in");
        first.until_text("sign-in-state", "waiting");
        // A picture that the browser can draw.
        first.until("document.getElementById('qr').naturalWidth > 0");
        first.until_text("phone-note", "second tab");
        let link = first.run("return document.getElementById('confirm-link').href");
        let second = stage.window.open(link.as_str().expect("a link"));
        first.until_text("sign-in-state", "scanned");
        second.until_text("state", "scanned");
        second.click("confirm");
        second.until_text("state", "confirmed");
        first.until_text("sign-in-state", "confirmed");
        stays(
            &first,
            "document.getElementById('sign-in-requests').textContent",
            2500,
        );
        // The next code counts its own questions.
        let before =
            first.number_of("Number(document.getElementById('sign-in-requests').textContent)");
        first.click("sign-in");
        first.until_text("sign-in-state", "waiting");
        first.until(&format!(
            "Number(document.getElementById('sign-in-requests').textContent) < {before}"
        ));
        assert_eq!(first.complaints(), [""; 0]);
    });
}

#[test]
fn a_code_that_nobody_confirms_expires_after_a_minute_and_the_polling_stops() {
    on_both(1, |stage| {
        let first = stage.open();
        first.click("sign-in");
        first.until_text("sign-in-state", "waiting");
        let link = first.run("return document.getElementById('confirm-link').href");
        let began = std::time::Instant::now();
        first.within(
            Duration::from_secs(70),
            "document.getElementById('sign-in-state').textContent.includes('expired')",
        );
        assert!(
            began.elapsed() > Duration::from_secs(55),
            "{:?}",
            began.elapsed()
        );
        stays(
            &first,
            "document.getElementById('sign-in-requests').textContent",
            2500,
        );
        // Who comes too late is told so in words.
        let late = stage.window.open(link.as_str().expect("a link"));
        late.until_text("error", "expired");
        assert_eq!(
            late.run("return document.getElementById('confirm').disabled"),
            true
        );
    });
}

#[test]
fn a_code_that_is_none_is_refused_in_words() {
    on_both(1, |stage| {
        let wrong = stage
            .course
            .url("/1-short-polling/confirm.html?session=none");
        let page = stage.window.open(&wrong);
        page.until_text("error", "no such session");
        let page = stage
            .window
            .open(&stage.course.url("/1-short-polling/confirm.html"));
        page.until_text("error", "no session in it");
    });
}

#[test]
fn a_sign_in_says_when_its_server_is_gone_and_that_a_new_one_does_not_know_it() {
    on_both(1, |stage| {
        let page = stage.open();
        page.click("sign-in");
        page.until_text("sign-in-state", "waiting");
        stage.course.kill();
        page.until_text("sign-in-state", "connection lost");
        stage.course.restart();
        page.until_text("sign-in-note", "does not know this code");
        stays(
            &page,
            "document.getElementById('sign-in-requests').textContent",
            1500,
        );
        // A new code works.
        page.click("sign-in");
        page.until_text("sign-in-state", "waiting");
    });
}

#[test]
fn the_ways_to_ask_are_tabs_that_the_arrow_keys_reach() {
    on_both(1, |stage| {
        let page = stage.open();
        page.run("location.hash = 'hidden-iframe-and-jsonp'");
        page.until("document.getElementById('by-fetch').checkVisibility()");
        // What short polling is good at comes first.
        let first = page.run(
            "const [sign, start] = ['sign-in', 'start'].map((id) => document.getElementById(id));
             return !!(sign.compareDocumentPosition(start) & Node.DOCUMENT_POSITION_FOLLOWING)",
        );
        assert_eq!(first, true);
        let tabs = "[...document.querySelectorAll('[role=tablist] [role=tab]')]";
        let chosen = || {
            page.run(&format!(
                "const on = {tabs}.filter((tab) => tab.getAttribute('aria-selected') === 'true');
                 const reached = {tabs}.filter((tab) => tab.tabIndex === 0);
                 const panel = document.getElementById('way');
                 return [on, reached].flat().map((tab) => tab.id)
                   .concat(panel.getAttribute('aria-labelledby'), document.getElementById('way-words').textContent)"
            ))
        };
        let begun = chosen();
        assert_eq!(begun[0], "by-fetch");
        page.run("document.getElementById('by-fetch').focus()");
        for (key, tab) in [
            ("ArrowRight", "by-iframe"),
            ("ArrowRight", "by-jsonp"),
            ("ArrowRight", "by-fetch"),
            ("ArrowLeft", "by-jsonp"),
            ("Home", "by-fetch"),
            ("End", "by-jsonp"),
        ] {
            page.run(&format!(
                "document.activeElement.dispatchEvent(
                   new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}))"
            ));
            let now = chosen();
            assert_eq!([&now[0], &now[1], &now[2]], [tab; 3], "{key}");
            assert_eq!(page.run("return document.activeElement.id"), tab, "{key}");
        }
        page.click("start");
        page.until_text("asked", "GET /short-polling/jsonp?");
    });
}

/// The number in front of a unit, in each line that has it.
pub fn numbers(said: &[String], before: &str, unit: &str) -> Vec<f64> {
    let parts = said.iter().filter_map(|line| {
        let (_, rest) = line.split_once(before)?;
        rest.split_once(unit)?.0.trim().parse().ok()
    });
    parts.collect()
}

fn place(said: &[String], words: &str) -> usize {
    let place = said.iter().position(|line| line.contains(words));
    place.unwrap_or_else(|| panic!("{words} is not in {said:#?}"))
}

#[test]
fn an_interval_overlaps_and_goes_on_after_its_end_and_a_loop_does_not() {
    on_course(1, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "set-interval", Way::Wrong);
        assert!(
            wrong.iter().any(|line| line.ends_with("under way: 3")),
            "{wrong:#?}"
        );
        assert!(
            place(&wrong, "answer 2") < place(&wrong, "answer 1"),
            "{wrong:#?}"
        );
        let end = place(&wrong, "clearInterval");
        assert!(
            wrong[end + 1..]
                .iter()
                .any(|line| line.starts_with("answer")),
            "{wrong:#?}"
        );

        let mut right = Vec::new();
        measured(|| {
            // It asks for some seconds; on a slow machine no second question may come.
            right = tried(&page, "set-interval", Way::Right);
            let asked = right.iter().any(|line| line.starts_with("question 2"));
            asked.then_some(()).ok_or(format!("{right:#?}"))
        });
        assert!(
            place(&right, "answer 1") < place(&right, "question 2"),
            "{right:#?}"
        );
        assert!(
            !right.iter().any(|line| line.ends_with("under way: 2")),
            "{right:#?}"
        );
        assert_eq!(
            &right[place(&right, "abort: stopped")..],
            ["abort: stopped. Under way: 0", "done"]
        );
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn six_removed_scripts_hold_six_connections_and_removed_iframes_and_aborted_fetches_none() {
    on_both(1, |stage| {
        let page = stage.open();
        measured(|| {
            let wrong = tried(&page, "remove-script", Way::Wrong);
            place(&wrong, "called 6 times");
            let held = numbers(&wrong, "takes ", " s")[0] > 1.0;
            held.then_some(()).ok_or(format!("{wrong:#?}"))
        });
        measured(|| {
            let right = tried(&page, "remove-script", Way::Right);
            place(&right, "AbortError");
            let took = numbers(&right, "takes ", " s");
            let quick = took.len() == 2 && took.iter().all(|s| *s < 1.0);
            quick.then_some(()).ok_or(format!("{right:#?}"))
        });
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn a_late_script_misses_its_function_unless_it_was_kept() {
    on_course(1, |stage| {
        let page = stage.open();
        let right = tried(&page, "delete-function", Way::Right);
        place(&right, "thrown away");
        assert_eq!(page.complaints(), [""; 0]);
        let wrong = tried(&page, "delete-function", Way::Wrong);
        place(&wrong, "lateAnswer is not defined");
    });
}

#[test]
fn a_page_that_looks_at_the_newest_misses_two_and_a_cursor_none() {
    on_course(1, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "no-cursor", Way::Wrong);
        place(&wrong, "mistakes: three");
        assert!(
            !wrong.iter().any(|line| line.contains("mistakes: one")),
            "{wrong:#?}"
        );
        let right = tried(&page, "no-cursor", Way::Right);
        for text in ["mistakes: one", "mistakes: two", "mistakes: three"] {
            place(&right, text);
        }
    });
}

#[test]
fn a_poll_without_an_end_asks_on_and_one_with_an_end_stops() {
    on_course(1, |stage| {
        let page = stage.open();
        let confirmed = |said: &[String]| {
            let lines = said.iter().filter(|line| line.ends_with("confirmed"));
            lines.count()
        };
        let wrong = tried(&page, "for-ever", Way::Wrong);
        assert_eq!(confirmed(&wrong), 6, "{wrong:#?}");
        let right = tried(&page, "for-ever", Way::Right);
        assert_eq!(confirmed(&right), 1, "{right:#?}");
    });
}

/// Lets a message with an umlaut and a strange key go out, and takes it by JSONP in a page of another origin and charset.
#[test]
fn what_a_script_brings_is_what_was_published_in_any_page() {
    let foreign = Raw::start(|_, wire| {
        let html = "Content-Type: text/html; charset=windows-1252";
        wire.answer("200 OK", html, "<!doctype html><title>old</title>");
    });
    let origin = foreign.url("");
    on_course_with(1, &["--allow-origin", &origin], |stage| {
        let page = stage.window.open(&foreign.url("/old"));
        let server = stage.course.url("");
        let told = page.run(&format!(
            "const data = '{{\"__proto__\":{{\"admin\":true}},\"text\":\"Grüße\"}}';
             await fetch('{server}/publish', {{ method: 'POST', body: `{{\"data\":${{data}}}}` }});
             const script = document.createElement('script');
             script.src = '{server}/short-polling/jsonp?after=0&callback=came';
             const answer = await new Promise((came) => {{
               window.came = came;
               document.head.append(script);
             }});
             const got = answer.messages[0].data;
             return [document.characterSet, got.text, Object.keys(got), got.admin === undefined];"
        ));
        let expected = serde_json::json!(["windows-1252", "Grüße", ["__proto__", "text"], true]);
        assert_eq!(told, expected);
    });
    on_course(1, |stage| {
        let page = stage.open();
        let told = page.run(
            "const data = '{\"__proto__\":{\"admin\":true}}';
             await fetch('/publish', { method: 'POST', body: `{\"data\":${data}}` });
             const frame = document.createElement('iframe');
             frame.src = '/short-polling/iframe?after=0';
             const answer = await new Promise((came) => {
               addEventListener('message', (event) => came(event.data));
               document.body.append(frame);
             });
             return Object.keys(answer.messages[0].data);",
        );
        assert_eq!(told, serde_json::json!(["__proto__"]));
    });
}

/// A host source of a policy cannot hold such an address, and a browser says so.
#[test]
fn a_page_at_an_ipv6_address_opens_its_web_sockets_and_complains_of_nothing() {
    on_course_with(6, &["--host", "::1"], |stage| {
        let page = stage.open();
        page.run(
            "const socket = new WebSocket(`ws://${location.host}/websocket/echo`);
             await new Promise((open, failed) => Object.assign(socket, { onopen: open, onerror: failed }));",
        );
        assert_eq!(page.complaints(), [""; 0]);
    });
}
