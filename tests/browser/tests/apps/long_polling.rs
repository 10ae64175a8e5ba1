//! Lesson 2: chat between tabs.

use super::{AT_ONCE, lines, on_both, say};
use poll_to_push_browser_tests::browser::{Page, Window};

/// Starts and waits until a request is being held by the server.
fn start(page: &Page, way: &str) {
    page.click(way);
    page.click("start");
    holds(page);
}

/// Waits until a request that waits has gone out: the first only brings a cursor.
fn holds(page: &Page) {
    page.until(
        "document.getElementById('requests').textContent >= 2
         && document.getElementById('state').textContent === 'waiting'
         && parseFloat(document.getElementById('waited').textContent) >= 0.5",
    );
}

fn comes_at_once(page: &Page, text: &str) {
    page.within(
        AT_ONCE,
        &format!("document.getElementById('log').textContent.includes('{text}')"),
    );
}

#[test]
fn two_tabs_chat_and_neither_waits_for_the_other_in_all_three_ways() {
    on_both(2, |stage| {
        let (one, two) = (stage.open(), stage.open());
        assert_ne!(one.text("tab"), two.text("tab"));
        start(&one, "by-fetch");
        start(&two, "by-fetch");
        for way in ["by-fetch", "by-iframe", "by-jsonp"] {
            for page in [&one, &two] {
                page.click(way);
            }
            // Brings the request that still waits in the old way to its end.
            for (from, text) in [(&one, "change"), (&one, "from one"), (&two, "from two")] {
                say(from, &format!("{way} {text}"));
                comes_at_once(&one, &format!("{way} {text}"));
                comes_at_once(&two, &format!("{way} {text}"));
            }
        }
        for page in [&one, &two] {
            // Two for the cursor and the first wait, and one for each message.
            assert_eq!(page.number("requests"), 2 + 9);
            let ids: Vec<_> = lines(page, "log")
                .into_iter()
                .filter(|l| l.contains("by-"))
                .collect();
            assert_eq!(ids.len(), 9, "{ids:?}");
            assert_eq!(page.complaints(), [""; 0]);
        }
    });
}

#[test]
fn a_wait_that_runs_out_is_no_error_and_two_tabs_have_theirs_side_by_side() {
    on_both(2, |stage| {
        // A window for each way: six polls would use up the connections of one.
        let ways = ["by-fetch", "by-iframe", "by-jsonp"].map(|way| {
            let window = Window::new();
            let pages = [0, 1].map(|_| {
                let page = window.open(&stage.course.url(stage.folder));
                page.fill("wait", "5");
                page.click(way);
                page
            });
            (window, pages)
        });
        let pages = || ways.iter().flat_map(|(_, pages)| pages);
        pages().for_each(|page| page.click("start"));
        for page in pages() {
            // One tab's five seconds after the other's would be ten.
            let ran_out = "/no news; the request waited ([5-9]\\.\\d|1\\d\\.\\d) s/";
            page.until(&format!(
                "{ran_out}.test(document.getElementById('log').textContent)"
            ));
            let waited = page.run(&format!(
                "return Number({ran_out}.exec(document.getElementById('log').textContent)[1])"
            ));
            assert!(waited.as_f64() < Some(9.5), "{waited} s");
            assert_eq!(page.text("error"), "");
        }
        // They are already asking again, and get what comes.
        say(&ways[0].1[0], "after the wait");
        pages().for_each(|page| comes_at_once(page, "after the wait"));
    });
}

#[test]
fn what_is_said_while_a_tab_is_stopped_comes_first_when_it_starts_again() {
    on_both(2, |stage| {
        let (one, two) = (stage.open(), stage.open());
        start(&one, "by-fetch");
        one.click("stop");
        one.until_text("state", "stopped");
        say(&two, "missed one");
        say(&two, "missed two");
        one.click("start");
        comes_at_once(&one, "missed one");
        comes_at_once(&one, "missed two");
    });
}

#[test]
fn the_loop_that_dies_does_so_in_the_console_as_the_text_says() {
    on_both(2, |stage| {
        let page = stage.open();
        let name = page.run(
            "return fetch('/long-polling/messages?wait=1&tab=console')
               .then((r) => r.json()).catch((e) => e.name)",
        );
        assert_eq!(name, "SyntaxError");
    });
}
