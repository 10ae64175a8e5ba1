//! The ladder and the bytes beside the running demos.

use super::{crossed, until_crossed};
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, say};

fn open(course: &Course, window: &Window, path: &str) -> Page {
    let page = window.open(&course.url(path));
    // The view looks before anything is to be seen.
    page.until("document.querySelector('.watch.looking, .watch.without')");
    page
}

#[test]
fn polls_are_requests_and_empty_answers_and_news_has_its_id() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/2-long-polling/");
    page.click("start");
    until_crossed(
        &page,
        "browser to server: request, GET /long-polling/messages",
    );
    say(&page, "hello");
    page.until_text("last-id", "-1");
    let id = page.text("last-id");
    until_crossed(&page, &format!("server to browser: message, {id}"));
    // The one that waits now is a bar that grows.
    page.until("document.querySelector('.ladder-scroll rect.waiting')");
    page.until("document.querySelector('.wire-totals').textContent.includes('requests')");
    // Pages and their scripts are not what the lesson is about.
    assert!(!crossed(&page).contains(".js"), "{}", crossed(&page));
}

#[test]
fn a_stream_shows_its_chunks_and_lines_in_words() {
    let course = Course::start("lesson5");
    let window = Window::new();
    let page = open(&course, &window, "/5-sse/");
    page.click("start");
    until_crossed(&page, "the answer begins and stays open");
    page.until("document.querySelectorAll('.wire-list [data-part=sse-data]').length > 1");
    let words = page.run(
        "const of = (name) => [...document.querySelectorAll(`.wire-list [data-part=${name}]`)].at(-1).nextElementSibling.textContent;
         return [of('chunk-size'), of('sse-data'), of('sse-blank')]",
    );
    assert!(
        words[0]
            .as_str()
            .is_some_and(|words| words.contains("in hex is")),
        "{words}"
    );
    assert_eq!(words[1], "what the page gets");
    page.until("document.querySelector('.ladder-scroll line.lane.open')");
}

#[test]
fn a_websocket_shows_each_bit_of_its_frames_both_ways() {
    let course = Course::start("lesson6");
    let window = Window::new();
    let page = open(&course, &window, "/6-websocket/");
    page.click("start");
    until_crossed(&page, "101, the protocol changes");
    say(&page, "hello");
    page.until("document.querySelector('.wire-list .up [data-part=ws-key]')");
    page.until("[...document.querySelectorAll('.wire-list .down [data-part=ws-opcode]')].some((it) => it.nextElementSibling.textContent === 'opcode 1: text')");
    // Unmasked, as the reader wrote it.
    page.until("[...document.querySelectorAll('.wire-list .up [data-part=ws-payload]')].some((it) => it.textContent.includes('hello'))");
}

#[test]
fn socket_io_shows_polls_first_and_then_packets_in_frames() {
    let course = Course::start("lesson7");
    let window = Window::new();
    let page = open(&course, &window, "/7-socket-io/");
    page.click("start");
    page.until_text("transport", "websocket");
    until_crossed(&page, "request, GET /socket.io/");
    until_crossed(&page, "101, the protocol changes");
    page.until("document.querySelector('.wire-list [data-part=sio-type]')");
}

#[test]
fn cut_breaks_the_lanes_and_the_page_resumes_with_its_cursor() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/3-comet/");
    page.click("start");
    page.until_text("state", "reading");
    say(&page, "before the cut");
    page.until_text("last-id", "-1");
    let id = page.text("last-id");
    page.click("wire-cut");
    until_crossed(&page, "the connection is cut");
    page.until("document.querySelector('.ladder-scroll text.lost-label')");
    page.until_text("error", "resumed after");
    page.until(&format!(
        "[...document.querySelectorAll('.ladder-scroll text')].some((it) => it.textContent === 'resumes after {id}')"
    ));
}

#[test]
fn after_a_restart_of_the_server_the_time_goes_on() {
    let mut course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/4-iframe-push/");
    page.click("start");
    until_crossed(&page, "server to browser: message");
    course.stop();
    until_crossed(&page, "the server is gone");
    course.restart();
    let behind = "const all = [...document.querySelectorAll('.ladder-list li')].map((it) => it.textContent);
         const gone = all.findIndex((words) => words.includes('the server is gone'));
         const news = all.slice(gone).filter((words) => words.includes('server to browser: message'));";
    page.until(&format!("(() => {{ {behind} return news.length > 1; }})()"));
    let order = page.run(&format!(
        "{behind} const times = [all[gone], ...news].map(parseFloat);
         return times.every((time, at) => at === 0 || time >= times[at - 1]);"
    ));
    assert_eq!(order, true, "{}", crossed(&page));
}

#[test]
fn an_answer_without_news_is_empty_whichever_way_it_came() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    for (way, words) in [("by-iframe", "iframe"), ("by-jsonp", "jsonp")] {
        let page = open(&course, &window, "/1-short-polling/");
        page.click(way);
        page.click("start");
        until_crossed(&page, &format!("request, GET /short-polling/{words}"));
        until_crossed(&page, "server to browser: empty answer, 200");
        assert!(!crossed(&page).contains("message"), "{}", crossed(&page));
    }
}

#[test]
fn frozen_it_stands_still_and_a_picked_arrow_shows_its_bytes() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/5-sse/");
    page.fill("stream", "ticker");
    page.click("start");
    page.until("document.querySelectorAll('.crossing').length > 4");
    page.click("ladder-freeze");
    let before = page.run("return document.querySelectorAll('.crossing').length");
    let bytes = page.number_of("document.querySelectorAll('.wire-list li').length");
    page.until(&format!(
        "document.querySelectorAll('.wire-list li').length > {}",
        bytes + 2
    ));
    assert_eq!(
        page.run("return document.querySelectorAll('.crossing').length"),
        before
    );
    // Near it is enough: a finger hits no line. (Of the lines of a crossing one is its arrow; others are ticks of the clock.)
    page.run(
        "const line = document.querySelector('.crossing.message line.message');
         const { x, y, width, height } = line.getBoundingClientRect();
         line.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: x + width / 2, clientY: y + height / 2 + 6 }));",
    );
    page.until("document.querySelector('.crossing.picked')");
    page.until("document.querySelector('.wire-list li.shown [data-part=sse-data]')");
    // By keyboard, too.
    page.click("ladder-back");
    page.until("document.querySelector('.wire-list li.shown')");
    page.click("ladder-freeze");
    page.until(&format!(
        "document.querySelectorAll('.crossing').length > {before}"
    ));
}

#[test]
fn what_was_picked_stays_and_what_came_since_is_counted() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/5-sse/");
    page.resize(1280, 900);
    page.fill("stream", "ticker");
    page.click("start");
    page.until("document.querySelectorAll('.crossing').length > 4");
    // The bytes come when they are asked for.
    assert_eq!(
        page.run("return document.querySelector('.wire-list').checkVisibility()"),
        false
    );
    page.click("ladder-back");
    page.until("document.querySelector('.wire-list li.shown').checkVisibility()");
    let shown = "document.querySelector('.wire-list li.shown').textContent";
    let before = page.run(&format!("return {shown}"));
    page.until("/^[2-9] newer/.test(document.getElementById('wire-newest').textContent)");
    assert_eq!(page.run(&format!("return {shown}")), before);
    page.click("wire-newest");
    page.until(&format!("{shown} !== {before}"));
    page.until("!document.getElementById('wire-newest').checkVisibility()");
    page.click("wire-close");
    page.until("!document.querySelector('.wire-list').checkVisibility()");
}

#[test]
fn a_pointer_in_the_text_marks_its_part() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/3-comet/");
    page.click("start");
    page.until("document.querySelector('.wire-list [data-part=status-line]')");
    say(&page, "hello");
    page.until("document.querySelector('.wire-list [data-part=chunk-size]')");
    page.run("document.querySelector('[data-wire=chunk-size] button').click()");
    page.until("document.querySelector('.wire-list .pointed[data-part=chunk-size]')");
    // In a long head the part itself can be seen, not only where its entry begins.
    page.run("document.querySelector('[data-wire=field-transfer-encoding] button').click()");
    page.until("document.querySelector('.wire-list .pointed[data-part=field-transfer-encoding]')");
    page.until(
        "(() => {
           const list = document.querySelector('.wire-list').getBoundingClientRect();
           const marks = [...document.querySelectorAll('.wire-list .pointed')].map((it) => it.getBoundingClientRect());
           return marks.some(({ top, bottom }) => top >= list.top && bottom <= list.bottom);
         })()",
    );
}

#[test]
fn another_browser_sees_nothing_of_this_one() {
    let course = Course::start("poll-to-push");
    let (mine, other) = (Window::new(), Window::new());
    let (page, stranger) = (
        open(&course, &mine, "/2-long-polling/"),
        open(&course, &other, "/2-long-polling/"),
    );
    page.click("start");
    until_crossed(&page, "request, GET /long-polling");
    stranger.click("start");
    until_crossed(&stranger, "request, GET /long-polling");
    say(&page, "mine alone");
    until_crossed(&page, "request, POST /publish");
    // The message reaches the stranger, by its own poll; the publishing does not.
    until_crossed(&stranger, "message, ");
    assert!(
        !crossed(&stranger).contains("POST"),
        "{}",
        crossed(&stranger)
    );
}

#[test]
fn a_pointer_shows_the_part_whose_text_it_quotes() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/7-socket-io/");
    page.resize(1280, 800);
    page.click("start");
    page.until_text("transport", "websocket");
    page.until(
        "[...document.querySelectorAll('[data-part=sio-type]')].at(-1)?.textContent === '2'",
    );
    page.run("[...document.querySelectorAll('[data-wire=sio-type] button')].find((it) => it.textContent.includes('0')).click()");
    page.until(
        "(() => {
           const list = document.querySelector('.wire-list').getBoundingClientRect();
           return [...document.querySelectorAll('.pointed')].some((part) => {
             const { top, bottom } = part.getBoundingClientRect();
             return part.textContent === '0' && top >= list.top && bottom <= list.bottom;
           });
         })()",
    );
}

#[test]
fn without_a_tap_the_page_says_so_and_draws_what_it_sees_itself() {
    for program in ["poll-to-push", "lesson2"] {
        let course = Course::start_in(program, None, &["--no-wire"]);
        let window = Window::new();
        let page = open(&course, &window, "/2-long-polling/");
        page.until_text("wire-state", "--no-wire");
        page.until("!document.querySelector('.wire').checkVisibility()");
        assert_eq!(
            page.run("return document.getElementById('wire-cut').disabled"),
            true
        );
        page.click("start");
        until_crossed(&page, "browser to server: request");
        say(&page, "hello");
        until_crossed(&page, "server to browser: message");
        assert_eq!(page.complaints(), [""; 0], "{program}");
    }
}

/// 1,000 messages a second: the view drops detail and says so; the stream loses nothing.
#[test]
fn a_fast_stream_keeps_its_messages_and_the_view_says_what_it_did_not_show() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "/6-websocket/");
    page.run(
        "window.back = 0;
         window.socket = new WebSocket(`ws://${location.host}/websocket/echo`);
         socket.onmessage = () => back++;
         await until('open', () => socket.readyState === 1);
         for (let n = 0; n < 3000; n++) socket.send(`message ${n}`);",
    );
    page.until("window.back === 3000");
    page.until("document.querySelector('.wire-note').textContent.includes('too fast')");
    assert!(page.number_of("document.querySelectorAll('.crossing').length") <= 501);
    assert!(page.number_of("document.querySelectorAll('.wire-list li').length") <= 301);
    page.run("socket.send(new Uint8Array(1 << 20))");
    page.until("window.back === 3001");
    page.until("[...document.querySelectorAll('.wire-left')].some((it) => it.textContent.includes('bytes more'))");
    assert_eq!(page.complaints(), [""; 0]);
}
