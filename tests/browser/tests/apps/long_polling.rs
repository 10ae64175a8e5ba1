//! Lesson 2: chat between tabs.

use super::short_polling::numbers;
use super::{AT_ONCE, Way, lines, measured, on_both, on_course, say, tried};
use poll_to_push_browser_tests::browser::{Page, Window};

/// Starts and waits until a request is being held by the server.
fn start(page: &Page, way: &str) {
    page.click(way);
    // Longer than the test: no wait runs out.
    page.fill("wait", "60");
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
                // So that a reader sees a wait run out.
                assert_eq!(
                    page.run("return document.getElementById('wait').value"),
                    "5"
                );
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

fn has(said: &[String], words: &str) -> bool {
    said.iter().any(|line| line.contains(words))
}

#[test]
fn a_loop_without_a_catch_dies_of_a_page_of_html_and_one_with_a_catch_goes_on() {
    on_course(2, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "no-catch", Way::Wrong);
        assert!(has(&wrong, "shows: mistakes: early"), "{wrong:#?}");
        assert!(has(&wrong, "the loop is dead: SyntaxError"), "{wrong:#?}");
        assert!(!has(&wrong, "shows: mistakes: late"), "{wrong:#?}");
        let right = tried(&page, "no-catch", Way::Right);
        assert!(has(&right, "failed: status 503"), "{right:#?}");
        assert!(has(&right, "shows: mistakes: late"), "{right:#?}");
    });
}

#[test]
fn fetch_throws_when_the_server_is_gone() {
    on_both(2, |stage| {
        let page = stage.open();
        stage.course.kill();
        let thrown = page.run(
            "return fetch('/long-polling/messages?wait=0').then(() => 'nothing', (error) => error.name)",
        );
        assert_eq!(thrown, "TypeError");
    });
}

#[test]
fn a_204_kills_the_loop_that_reads_it_as_json_and_no_other() {
    on_both(2, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "no-content", Way::Wrong);
        assert!(
            has(&wrong, "status 204") && has(&wrong, "the loop is dead: SyntaxError"),
            "{wrong:#?}"
        );
        assert!(!has(&wrong, "shows: mistakes: late"), "{wrong:#?}");
        let right = tried(&page, "no-content", Way::Right);
        assert!(
            has(&right, "status 204") && has(&right, "shows: mistakes: late"),
            "{right:#?}"
        );
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn what_is_said_between_two_questions_comes_only_with_a_cursor() {
    on_course(2, |stage| {
        let page = stage.open();
        let wrong = tried(&page, "no-cursor", Way::Wrong);
        assert!(
            has(&wrong, "the second answer brings nothing"),
            "{wrong:#?}"
        );
        let right = tried(&page, "no-cursor", Way::Right);
        assert!(
            has(&right, "the second answer brings mistakes: two"),
            "{right:#?}"
        );
    });
}

#[test]
fn the_same_url_twice_takes_twice_as_long() {
    on_course(2, |stage| {
        let page = stage.open();
        let wrong = numbers(&tried(&page, "same-url", Way::Wrong), "after ", " s");
        assert!(wrong[1] >= 3.9, "{wrong:?}");
        measured(|| {
            let right = numbers(&tried(&page, "same-url", Way::Right), "after ", " s");
            let together = right[1] < right[0] + 1.0;
            together.then_some(()).ok_or(format!("{right:?}"))
        });
    });
}

#[test]
fn without_a_back_off_a_failure_is_a_flood() {
    on_course(2, |stage| {
        let page = stage.open();
        let asked = |way| {
            let said = tried(&page, "no-back-off", way);
            let last = &said[said.len() - 2];
            let (number, _) = last.split_once(" requests in ").expect("a number");
            number.parse::<u32>().expect("a number")
        };
        measured(|| {
            let (wrong, right) = (asked(Way::Wrong), asked(Way::Right));
            let flood = (1..=4).contains(&right) && wrong > 10 * right;
            flood.then_some(()).ok_or(format!("{wrong} and {right}"))
        });
    });
}

#[test]
fn without_jitter_all_pages_ask_in_the_same_moment() {
    on_course(2, |stage| {
        let page = stage.open();
        let busiest = |way| {
            let said = tried(&page, "no-jitter", way);
            numbers(&said, ": ", " of 1000")
        };
        assert_eq!(busiest(Way::Wrong), [1000.0; 4]);
        let right = busiest(Way::Right);
        assert!(
            right[0] < 700.0 && right.is_sorted_by(|a, b| a > b),
            "{right:?}"
        );
    });
}
