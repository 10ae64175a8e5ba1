//! Lesson 3: nine messages read in three ways, and chat over one answer.

use super::{AT_ONCE, on_both, on_both_with, say, times};
use std::time::Duration;

#[test]
fn the_nine_come_one_a_second_and_the_plain_ajax_shows_all_at_the_end() {
    on_both(3, |stage| {
        let page = stage.open();
        page.click("nine-start");
        page.until(
            "document.getElementById('nine-xhr-4').textContent !== ''
             && document.getElementById('nine-fetch-4').textContent !== ''",
        );
        let so_far = page.run(
            "return [document.getElementById('nine-xhr-state').textContent,
                     document.getElementById('nine-ajax-1').textContent,
                     document.getElementById('nine-xhr-9').textContent]",
        );
        assert_eq!(so_far, serde_json::json!(["3 LOADING", "", ""]));
        page.until("document.getElementById('nine-ajax-9').textContent !== ''");
        page.until_text("nine-xhr-state", "4 DONE");
        page.until_text("nine-fetch-state", "done");
        let seen = |way: &str, n: u32| {
            let text = page.text(&format!("nine-{way}-{n}"));
            text.trim_end_matches(" s").parse::<f64>().expect("seconds")
        };
        for way in ["xhr", "fetch"] {
            let took = seen(way, 9) - seen(way, 1);
            assert!((7.0..10.0).contains(&took), "{way} took {took} s");
        }
        let (first, last) = (seen("ajax", 1), seen("ajax", 9));
        assert!(
            last - first < 0.5 && first > seen("fetch", 8),
            "ajax {first} to {last}"
        );
        assert_eq!(page.text("nine-error"), "");
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn two_tabs_chat_over_one_request_each() {
    on_both(3, |stage| {
        let (one, two) = (stage.open(), stage.open());
        for page in [&one, &two] {
            page.click("start");
            page.until_text("state", "reading");
        }
        for (from, text) in [(&one, "from one"), (&two, "grüße 你好"), (&one, "again")] {
            say(from, text);
            for page in [&one, &two] {
                page.within(
                    AT_ONCE,
                    &format!("document.getElementById('log').textContent.includes('{text}')"),
                );
            }
        }
        one.click("stop");
        say(&two, "missed");
        one.click("start");
        one.until_text("log", "missed");
        for text in ["from one", "again", "missed"] {
            assert_eq!(times(&one, text), 1, "{text}");
        }
        assert_eq!([one.number("requests"), two.number("requests")], [2, 1]);
        assert_eq!(one.complaints(), [""; 0]);
    });
}

#[test]
fn a_heartbeat_is_shown_and_skipped() {
    on_both_with(3, &["--heartbeat-ms", "300"], |stage| {
        let page = stage.open();
        page.click("start");
        page.until_text("log", "heartbeat: an empty line");
        say(&page, "between two heartbeats");
        page.within(
            Duration::from_secs(5),
            "document.getElementById('log').textContent.includes('between two')",
        );
        assert_eq!(page.text("error"), "");
    });
}

#[test]
fn nine_that_do_not_all_come_are_an_error_in_words() {
    on_both(3, |stage| {
        let page = stage.open();
        page.click("nine-start");
        page.until("document.getElementById('nine-fetch-2').textContent !== ''");
        stage.course.kill();
        page.until_text("nine-error", "did not all come");
    });
}
