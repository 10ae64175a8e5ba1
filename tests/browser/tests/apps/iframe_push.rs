//! Lesson 4: a clock through a page that never ends.

use super::{Way, lines, measured, on_both, on_course, say, stays, tried};
use poll_to_push_browser_tests::eventually;

const TICKS: &str = "document.querySelectorAll('#log li.down').length";

#[test]
fn the_clock_runs_until_stop_removes_the_iframe_and_nothing_is_missing_after_it() {
    on_both(4, |stage| {
        let page = stage.open();
        page.click("start");
        page.until(&format!("{TICKS} >= 3"));
        page.until_text("state", "loading");
        assert_eq!(page.number("requests"), 1);
        let clock = page.text("clock");
        assert!(
            clock.len() == 8 && clock.starts_with(char::is_numeric),
            "{clock}"
        );
        page.click("stop");
        page.until("!document.querySelector('iframe#frame')");
        stays(&page, "document.getElementById('clock').textContent", 2500);
        let before = page
            .run(&format!("return {TICKS}"))
            .as_u64()
            .expect("a number");
        page.click("start");
        // What was missed comes at once, then the clock goes on.
        page.until(&format!("{TICKS} >= {}", before + 4));
        let numbers: Vec<u64> = lines(&page, "log")
            .iter()
            .filter_map(|line| line.split(' ').next()?.rsplit_once('-')?.1.parse().ok())
            .collect();
        assert!(
            numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{numbers:?}"
        );
        assert_eq!(page.number("requests"), 2);
        // Each script has removed itself.
        let left =
            page.run("return document.getElementById('frame').contentDocument.scripts.length");
        assert_eq!(left, 0);
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn to_remove_the_iframe_ends_its_request_at_the_server() {
    on_course(4, |stage| {
        let page = stage.open();
        page.click("start");
        page.until(&format!("{TICKS} >= 1"));
        let ended = "(await (await fetch('/healthz', { cache: 'no-store' })).json()).ended.ClientClosed ?? 0";
        let before = page
            .run(&format!("return {ended}"))
            .as_u64()
            .expect("a number");
        page.click("stop");
        page.run(&format!(
            "await until('the server saw it', async () => {ended} > {before}, 5000)"
        ));
    });
}

#[test]
fn the_chat_comes_through_an_iframe_and_cannot_close_its_script() {
    on_course(4, |stage| {
        let (one, two) = (stage.open(), stage.open());
        for page in [&one, &two] {
            page.fill("topic", "chat");
            page.click("start");
            page.until_text("state", "loading");
        }
        say(&one, "</script><b>bold</b>");
        for page in [&one, &two] {
            page.until_text("log", "</script><b>bold</b>");
            assert_eq!(
                page.run("return document.querySelectorAll('#log b').length"),
                0
            );
        }
        say(&two, "and back \u{2028} again");
        one.until_text("log", "and back");
        assert_eq!(one.complaints(), [""; 0]);
    });
}

#[test]
fn the_iframe_can_be_seen_and_its_scripts_are_gone_from_it() {
    on_course(4, |stage| {
        let page = stage.open();
        page.run("location.hash = 'the-iframe-itself'");
        page.click("start");
        page.until(&format!("{TICKS} >= 1"));
        let seen = "document.getElementById('frame').checkVisibility()";
        assert_eq!(page.run(&format!("return {seen}")), false);
        page.click("show-frame");
        page.until(seen);
        page.until("Number(document.getElementById('scripts-ran').textContent) >= 3");
        assert_eq!(page.text("scripts-left"), "0");
        // What stays is the beginning of the page, and a line break for each script.
        let inside = page.text("inside");
        assert!(inside.contains("<meta charset=\"utf-8\">"), "{inside}");
        assert!(!inside.contains("<script"), "{inside}");
        let breaks = "document.getElementById('inside').textContent.split('\\n').length";
        let before = page.run(&format!("return {breaks}")).as_u64();
        page.until(&format!("{breaks} > {}", before.expect("a number")));
        page.click("show-frame");
        page.until(&format!("!{seen}"));
        // It goes on all the same.
        let ticks = page.run(&format!("return {TICKS}"));
        page.until(&format!("{TICKS} > {ticks}"));
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn a_message_for_a_written_origin_does_not_arrive_and_only_the_console_tells() {
    on_course(4, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "fixed-origin", Way::Wrong);
        assert_eq!(wrong[1], "0 messages in 3.5 seconds", "{wrong:?}");
        let told = || {
            page.complaints()
                .iter()
                .any(|line| line.contains("postMessage"))
        };
        eventually("the console tells of it", told);
        let right = tried(&page, "fixed-origin", Way::Right);
        assert!(right[1].starts_with("arrived: {\"id\":"), "{right:?}");
    });
}

#[test]
fn with_a_star_another_site_reads_the_stream_and_ours_it_cannot_even_frame() {
    on_course(4, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "any-target", Way::Wrong);
        let read = "the other site (its origin is null) has read: \"secret 1\"";
        assert_eq!(wrong[0], read, "{wrong:?}");
        let right = tried(&page, "any-target", Way::Right);
        assert_eq!(right[0], "the other site has read 0 messages", "{right:?}");
    });
}

#[test]
fn who_does_not_check_the_origin_shows_what_a_stranger_posts() {
    on_course(4, |stage| {
        let page = stage.open();
        let said = |said: &[String], words: &str| said.iter().any(|line| line.contains(words));
        let wrong = tried(&page, "no-check", Way::Wrong);
        assert!(said(&wrong, "the time is party time"), "{wrong:?}");
        assert!(said(&wrong, "the time is 20"), "{wrong:?}");
        let right = tried(&page, "no-check", Way::Right);
        assert!(!said(&right, "party"), "{right:?}");
        assert!(said(&right, "from the origin null"), "{right:?}");
        assert!(said(&right, "the time is 20"), "{right:?}");
    });
}

#[test]
fn inner_html_makes_the_element_and_only_a_policy_stops_its_handler() {
    on_course(4, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "inner-html", Way::Wrong);
        assert_eq!(
            wrong,
            [
                "this page: elements made of the message: 1",
                "this page: its policy stopped the handler (script-src-attr)",
                "a page without that policy: the handler of the message ran",
                "done"
            ]
        );
        let right = tried(&page, "inner-html", Way::Right);
        assert_eq!(
            right,
            [
                "this page: elements made of the message: 0",
                "a page without that policy: nothing ran",
                "done"
            ]
        );
    });
}

#[test]
fn new_date_inside_the_script_is_the_readers_clock() {
    on_course(4, |stage| {
        let page = stage.open();
        // By how many seconds what was told and what is true differ.
        let off = |said: &[String]| -> Vec<i64> {
            let seconds = |time: &str| -> i64 {
                let parts = time[11..19].split(':').map(|part| part.parse::<i64>());
                parts.fold(0, |sum, part| sum * 60 + part.expect("digits"))
            };
            let pairs = said.iter().filter_map(|line| {
                let (told, is) = line.strip_prefix("told ")?.split_once("; it is ")?;
                Some((seconds(is) - seconds(told)).rem_euclid(86_400))
            });
            pairs.collect()
        };
        let wrong = off(&tried(&page, "browser-clock", Way::Wrong));
        assert_eq!(wrong.len(), 3);
        assert!(
            wrong.iter().all(|off| (3599..3605).contains(off)),
            "{wrong:?}"
        );
        let right = off(&tried(&page, "browser-clock", Way::Right));
        assert!(right.len() >= 2);
        assert!(right.iter().all(|off| (0..5).contains(off)), "{right:?}");
    });
}

#[test]
fn a_timer_that_nobody_clears_outlives_its_reader() {
    on_course(4, |stage| {
        let page = stage.open();
        let count = |line: &str| line.rsplit(' ').next().map(str::to_owned);
        for (way, left) in [(Way::Right, "0"), (Way::Wrong, "3")] {
            measured(|| {
                let said = tried(&page, "no-clear", way);
                let as_many = count(&said[1]).as_deref() == Some(left);
                as_many.then_some(()).ok_or(format!("{said:?}"))
            });
        }
    });
}

#[test]
fn what_the_mistakes_open_is_gone_after_them() {
    on_course(4, |stage| {
        let page = stage.open();
        tried(&page, "no-check", Way::Wrong);
        assert_eq!(
            page.run("return document.querySelectorAll('iframe').length"),
            0
        );
        // Stopped in the middle, too.
        let stop = "document.querySelectorAll('[data-try=\"any-target\"] button')";
        page.run(&format!("{stop}[0].click()"));
        page.until("document.querySelector('iframe')");
        page.run(&format!("{stop}[2].click()"));
        page.until("!document.querySelector('iframe')");
    });
}
