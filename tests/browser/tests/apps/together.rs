//! What holds for all pages: one conversation, markup that does not run,
//! errors in words, and coming back after the server was gone.

use super::{Stage, on_both, say};
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, FOLDERS};
use poll_to_push_browser_tests::proxy::{Kind, Proxy};

/// Makes the page receive the chat.
fn listen(page: &Page, lesson: usize) {
    match lesson {
        1 => {
            page.fill("interval", "500");
            page.click("stop-on-success");
        }
        4 => page.fill("topic", "chat"),
        5 => page.fill("stream", "chat"),
        _ => {}
    }
    page.click("start");
    match lesson {
        1 | 2 => page.until("document.getElementById('last-id').textContent !== 'none yet'"),
        3 => page.until_text("state", "reading"),
        4 => page.until_text("state", "loading"),
        7 => page.until_text("transport", "websocket"),
        _ => page.until_text("state", "1 OPEN"),
    }
}

fn came(page: &Page, text: &str) {
    let text = serde_json::Value::from(text);
    page.until(&format!(
        "[...document.querySelectorAll('#log li.down')].some((li) => li.textContent.includes({text}))"
    ));
}

#[test]
fn what_is_said_in_one_lesson_arrives_in_all_and_no_markup_runs() {
    let course = Course::start("poll-to-push");
    one_conversation(&course.url(""), &[1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn what_is_said_arrives_in_all_lessons_through_nginx_and_haproxy() {
    let course = Course::start("poll-to-push");
    for kind in [Kind::Nginx, Kind::HaProxy] {
        let proxy = Proxy::start(kind, course.port());
        let origin = format!("http://localhost:{}", proxy.port);
        // One speaks by a POST, one by a frame, one by a packet.
        one_conversation(&origin, &[5, 6, 7]);
    }
}

/// All lessons of the course at `origin` hear what these lessons say.
#[track_caller]
fn one_conversation(origin: &str, speakers: &[usize]) {
    // A window each: together they hold more than six connections.
    let pages: Vec<(Window, Page)> = FOLDERS
        .iter()
        .enumerate()
        .map(|(n, folder)| {
            let window = Window::new();
            let page = window.open(&format!("{origin}{folder}"));
            listen(&page, n + 1);
            page.run("window.ran = 0");
            (window, page)
        })
        .collect();
    for lesson in speakers {
        let text = format!("{lesson} <img src=/none onerror=ran++><script>ran++</script>");
        say(&pages[lesson - 1].1, &text);
        for (_, page) in &pages {
            came(page, &text);
        }
    }
    for (_, page) in &pages {
        // The bytes and the ladder show it, too.
        page.until("document.querySelector('.wire-list').textContent.includes('onerror=ran++')");
        let seen =
            page.run("return [ran, document.querySelectorAll('.log img, .log script, .watch img, .watch script').length]");
        assert_eq!(seen, serde_json::json!([0, 0]));
        assert_eq!(page.complaints(), [""; 0]);
    }
}

/// Ends the server, once in its order and once without a farewell, and starts
/// it again: the page says that it lost it, comes back by itself, says so, and
/// goes on.
fn comes_back(lesson: usize) {
    on_both(lesson, |stage| {
        let pages = listeners(stage, lesson);
        for ordered in [true, false] {
            if ordered {
                stage.course.stop();
            } else {
                stage.course.kill();
            }
            for page in &pages {
                is_lost(page, lesson, ordered);
            }
            stage.course.restart();
            for page in &pages {
                is_back(page, lesson);
                // The next loss has to say it all again.
                page.run("document.getElementById('log').replaceChildren()");
            }
        }
    });
}

/// Pages that have heard something: one, or one for each way to ask.
fn listeners(stage: &Stage, lesson: usize) -> Vec<Page> {
    let ways: &[&str] = match lesson {
        1 | 2 => &["by-fetch", "by-iframe", "by-jsonp"],
        _ => &["start"],
    };
    let pages = ways.iter().map(|way| {
        let page = stage.open();
        if *way != "start" {
            page.click(way);
        }
        // The clock is the stream of lesson 4 that sees a cut connection soonest.
        if lesson == 4 {
            page.click("start");
            page.until("document.querySelectorAll('#log li.down').length > 0");
        } else {
            listen(&page, lesson);
            say(&page, "before");
            came(&page, "before");
        }
        page
    });
    pages.collect()
}

fn is_lost(page: &Page, lesson: usize, ordered: bool) {
    page.until("/trying again/.test(document.getElementById('log').textContent)");
    match (lesson, ordered) {
        (3, true) => page.until_text("log", "the server ended the answer"),
        (5, _) => page.until_text("state", "0 CONNECTING"),
        (6, true) => page.until_text("log", "closed with 1001"),
        (6, false) => page.until_text("log", "closed with 1006"),
        _ => {}
    }
}

fn is_back(page: &Page, lesson: usize) {
    page.until("/back; resumed after/.test(document.getElementById('log').textContent)");
    // A new server cannot know what its old self said, and says so.
    page.until_text("log", "gap");
    if lesson == 4 {
        let ticks = "document.querySelectorAll('#log li.down').length";
        let now = page.run(&format!("return {ticks}"));
        page.until(&format!("{ticks} > {now} + 1"));
    } else {
        say(page, "after");
        came(page, "after");
    }
}

#[test]
fn lesson_1_comes_back_when_its_server_was_gone() {
    comes_back(1);
}

#[test]
fn lesson_2_comes_back_when_its_server_was_gone() {
    comes_back(2);
}

#[test]
fn lesson_3_comes_back_when_its_server_was_gone() {
    comes_back(3);
}

#[test]
fn lesson_4_comes_back_when_its_server_was_gone() {
    comes_back(4);
}

#[test]
fn lesson_5_comes_back_when_its_server_was_gone() {
    comes_back(5);
}

#[test]
fn lesson_6_comes_back_when_its_server_was_gone() {
    comes_back(6);
}

#[test]
fn a_message_that_cannot_be_sent_is_said_in_words_and_kept() {
    // Lesson 7's client keeps what it cannot send, and sends it later.
    for (n, folder) in FOLDERS[..6].iter().enumerate() {
        let mut course = Course::start("poll-to-push");
        let window = Window::new();
        let page = window.open(&course.url(folder));
        if n == 3 {
            page.fill("topic", "chat");
        }
        if n == 4 {
            page.fill("stream", "chat");
        }
        course.kill();
        page.fill("text", "not lost");
        page.click("send");
        page.until_text("error", "not sent: ");
        assert_eq!(
            page.run("return document.getElementById('text').value"),
            "not lost"
        );
    }
}
