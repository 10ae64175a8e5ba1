//! Lesson 4: a clock through a page that never ends.

use super::{lines, on_both, say, stays};
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
    on_both(4, |stage| {
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
    on_both(4, |stage| {
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
fn a_message_for_another_origin_does_not_arrive() {
    on_both(4, |stage| {
        let page = stage.open();
        page.click("wrong-origin");
        let own = stage.course.url("");
        page.until_text("origin-log", &format!("arrived: the one for {own}"));
        let log = lines(&page, "origin-log");
        assert_eq!(
            log.iter()
                .filter(|line| line.starts_with("arrived"))
                .count(),
            1,
            "{log:?}"
        );
        // A line in the console is all that tells.
        let told = || {
            page.complaints()
                .iter()
                .any(|line| line.contains("postMessage"))
        };
        eventually("the console tells of it", told);
    });
}
