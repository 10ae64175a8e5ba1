//! Lesson 1: polling that stops, and the sign-in by QR code.

use super::{lines, on_both, say, stays};
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
