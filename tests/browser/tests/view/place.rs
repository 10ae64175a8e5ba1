//! Where things stand, what is kept, and what holds for every page.

use super::until_crossed;
use poll_to_push_browser_tests::browser::Window;
use poll_to_push_browser_tests::course::{Course, FOLDERS, say};

#[test]
fn steps_are_ticked_and_the_home_page_knows() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/2-long-polling/"));
    page.until("document.querySelectorAll('.step input').length > 3");
    page.run("document.querySelectorAll('.step input')[1].click()");
    let count = page.run("return document.querySelectorAll('.step').length");
    page.until(&format!(
        "document.querySelector('.step-count').textContent === '1 of {count} steps done'"
    ));
    page.go(&course.url("/2-long-polling/"));
    page.until("document.querySelectorAll('.step input')[1]?.checked");
    page.go(&course.url("/"));
    page.until(&format!("document.querySelector('[data-lesson=\"2-long-polling\"] .done').textContent === '1 of {count}'"));
    page.until("document.getElementById('way').textContent.includes('Can the server wait')");
    // Another tab knows nothing of later ticks, and takes none back.
    let other = window.open(&course.url("/2-long-polling/"));
    other.until("document.querySelectorAll('.step input')[1]?.checked");
    page.go(&course.url("/2-long-polling/"));
    page.until("document.querySelectorAll('.step input').length > 3");
    page.run("document.querySelectorAll('.step input')[2].click()");
    // Each tab has its own copy of what is kept, which takes a moment to follow.
    let knows = |n| {
        format!(
            "JSON.parse(localStorage.getItem('poll-to-push steps'))['2-long-polling'].done.includes({n})"
        )
    };
    other.until(&knows(2));
    other.run("document.querySelectorAll('.step input')[3].click()");
    other.until(&format!(
        "document.querySelector('.step-count').textContent === '3 of {count} steps done'"
    ));
    page.until(&knows(3));
    page.go(&course.url("/2-long-polling/"));
    page.until("document.querySelectorAll('.step input')[3]?.checked");
    page.run(
        "for (const box of document.querySelectorAll('.step input:not(:checked)')) box.click()",
    );
    page.go(&course.url("/"));
    page.until("document.querySelector('[data-lesson=\"2-long-polling\"] .done').textContent.includes('done')");
    page.until("document.getElementById('way').textContent === 'Go on with: What if the page can only ask?'");
}

#[test]
fn wide_the_demo_stands_beside_the_text_and_narrow_at_its_steps_with_the_ladder_below() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    page.resize(1280, 800);
    page.until("document.querySelector('.demo').getBoundingClientRect().left > 600");
    // Controls, ladder and bytes are on the screen together.
    page.run("scrollTo(0, 400)");
    page.until("['.demo', '.ladder-scroll', '.wire-list'].every((name) => { const { top, bottom, height } = document.querySelector(name).getBoundingClientRect(); return top >= 0 && bottom <= innerHeight && height > 60; })");
    page.click("start");
    until_crossed(&page, "message");

    page.resize(390, 844);
    // Each part stands between its heading and its steps.
    page.until(
        "['now-the-browser', 'eight-streams-six-connections'].every((id, n) => {
           const part = document.querySelectorAll('.text .demo > .demo-part')[n].getBoundingClientRect();
           const heading = document.getElementById(id).getBoundingClientRect();
           const steps = document.querySelector(`#${id} ~ ol`).getBoundingClientRect();
           return heading.bottom <= part.top && part.bottom <= steps.top;
         })",
    );
    // From the steps that use it again, too far to be seen, a link leads back to it.
    page.run("document.querySelector('[data-demo-again] a').click()");
    page.until("(() => { const { top } = document.querySelector('#demo-stream h3').getBoundingClientRect(); return top >= 0 && top < innerHeight / 2; })()");
    // The ladder and the bytes are closed, and open below.
    page.until("!document.querySelector('.ladder-scroll').checkVisibility() && document.getElementById('wire-cut').checkVisibility()");
    page.click("sheet");
    page.until("['.ladder-scroll', '.wire-list li'].every((name) => document.querySelector(name).checkVisibility())");
    page.until("Math.round(document.querySelector('.watch').getBoundingClientRect().bottom) === innerHeight");
    page.until("document.querySelector('.watch').getBoundingClientRect().top > innerHeight / 3");
    page.click("sheet");
    page.until("!document.querySelector('.ladder-scroll').checkVisibility()");
    // A pointer opens them.
    page.run("document.querySelector('[data-wire=sse-data] button').click()");
    page.until("document.querySelector('.pointed')?.checkVisibility()");
}

#[test]
fn the_ladder_is_as_wide_as_its_place_and_keeps_what_it_drew() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/6-websocket/"));
    page.resize(1280, 800);
    page.click("start");
    until_crossed(&page, "101");
    let seen = "return [...document.querySelectorAll('.ladder-list li')].slice(0, 2).map((it) => it.textContent)";
    let before = page.run(seen);
    page.resize(390, 844);
    page.until("document.getElementById('sheet').checkVisibility()");
    page.click("sheet");
    page.until("document.querySelector('.ladder-scroll svg').viewBox.baseVal.width === document.querySelector('.ladder-scroll').clientWidth");
    page.until("document.querySelector('.crossing.handshake')");
    assert_eq!(page.run(seen), before);
}

#[test]
fn beside_the_text_each_part_of_a_demo_is_a_click_away_and_the_newest_line_is_seen() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/6-websocket/"));
    page.resize(1280, 900);
    page.run("[...document.querySelectorAll('.ways button')].find((it) => it.textContent === 'Chat').click()");
    page.click("start");
    page.until_text("state", "1 OPEN");
    for n in 0..13 {
        say(&page, &format!("message {n}"));
    }
    page.until("document.querySelectorAll('#log li').length > 12");
    let seen = "(() => {
           const [pane, heading, newest] = ['.side .demo', '#demo-chat h3', '#log li:last-child'].map((it) => document.querySelector(it).getBoundingClientRect());
           return heading.top >= pane.top && newest.top > heading.bottom && newest.bottom <= pane.bottom + 1;
         })()";
    page.until(seen);
    // The window becomes lower, and the log with it.
    let height = page.number_of("document.getElementById('log').offsetHeight");
    page.resize(1280, 860);
    page.until(&format!(
        "document.getElementById('log').offsetHeight < {height}"
    ));
    page.until(seen);
}

#[test]
fn the_newest_line_is_seen_where_the_controls_take_most_of_the_height() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/2-long-polling/"));
    page.resize(1280, 900);
    page.click("start");
    page.until_text("log", "no news");
    for n in 0..5 {
        say(&page, &format!("message {n}"));
        page.until_text("log", &format!("message {n}"));
    }
    page.until(
        "(() => {
           const [pane, newest] = ['.side .demo', '#log li:last-child'].map((it) => document.querySelector(it).getBoundingClientRect());
           return newest.bottom <= pane.bottom;
         })()",
    );
}

#[test]
fn beside_the_text_what_a_button_opens_comes_into_sight() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let in_sight = |name: &str| {
        format!(
            "(() => {{
               const [pane, it] = ['.side .demo', '{name}'].map((it) => document.querySelector(it).getBoundingClientRect());
               return it.height > 0 && it.top < pane.bottom - 40 && it.bottom > pane.top + 40;
             }})()"
        )
    };
    let page = window.open(&course.url("/4-iframe-push/"));
    page.resize(1280, 900);
    page.click("start");
    page.until_text("state", "loading");
    page.click("show-frame");
    page.until(&in_sight("#inside"));

    page.go(&course.url("/6-websocket/"));
    page.click("handshake-start");
    page.until("document.getElementById('handshake-sum').children.length > 0");
    page.click("handshake-close");
    page.until("document.querySelectorAll('#handshake-frames > li').length > 1");
    page.until(&in_sight("#handshake-frames > li"));
}

#[test]
fn a_table_that_is_wider_than_the_screen_says_so() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/comparison/"));
    page.resize(390, 844);
    page.until(
        "(() => {
           const tables = [...document.querySelectorAll('.text .table')];
           const wide = (table) => table.scrollWidth > table.clientWidth + 8;
           const says = (table) => getComputedStyle(table, '::before').content.includes('scrolls');
           return tables.some(wide) && tables.every((table) => wide(table) === says(table));
         })()",
    );
}

#[test]
fn without_scripts_the_text_can_be_read() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();
    page.without_scripts();
    page.go(&course.url("/5-sse/"));
    page.until("document.querySelector('article.text h1').checkVisibility() && document.querySelector('article.text svg').checkVisibility()");
    assert_eq!(
        page.run("return document.querySelectorAll('.step input').length"),
        0
    );
}

#[test]
fn code_in_a_text_leads_to_its_lines() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    let link = page.run("return document.querySelector('figure.code a').href");
    let code = page.run(
        "return document.querySelector('figure.code code').textContent.trim().split('\\n')[0]",
    );
    page.go(link.as_str().expect("a link"));
    let marked = page.run("return document.querySelector('.listing span.here').textContent");
    let (code, marked) = (
        code.as_str().expect("code"),
        marked.as_str().expect("a line"),
    );
    assert_eq!(marked.trim(), code.trim());
}

/// The rules of WCAG 2.1, A and AA, that an engine can check.
#[test]
fn the_accessibility_engine_finds_nothing_on_any_page() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run `npm --prefix tests/axe ci` first",
            file.display()
        )
    });
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();
    let mut wrong = Vec::new();
    let others = [
        "/",
        "/0-http/",
        "/comparison/",
        "/source/src/lessons/sse.rs?lines=20-30",
        "/7-socket-io/notes.html",
        "/1-short-polling/confirm.html?session=none",
    ];
    for path in FOLDERS.iter().chain(&others) {
        page.go(&course.url(path));
        for (scheme, width) in [("light", 1280), ("dark", 390)] {
            page.resize(width, 844);
            page.prefer(scheme);
            page.run("document.getElementById('start')?.click(); await new Promise((done) => setTimeout(done, 300));");
            page.run(&axe);
            let found = page.run(
                "const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
                 return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) =>
                   `${id}: ${target} ${failureSummary.split('\\n').at(-1)}`));",
            );
            for words in found.as_array().expect("a list") {
                wrong.push(format!("{path} {scheme} {width}: {words}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
