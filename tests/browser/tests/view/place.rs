//! Where things stand, what is kept, and what holds for every page.

use super::until_crossed;
use poll_to_push_browser_tests::browser::Window;
use poll_to_push_browser_tests::course::{Course, FOLDERS, say};

#[test]
fn steps_that_are_done_are_kept_and_the_home_page_knows() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    let count = page
        .number_of("document.querySelectorAll('.stop:not([data-branch-of]) ol.steps > li').length");
    // Seen by the page itself.
    page.click("start");
    page.until("document.querySelector('#server-sent-events .steps > li.done .seen')?.textContent.includes('events')");
    page.until(&format!(
        "document.getElementById('far').textContent.startsWith('1 of {count}')"
    ));
    page.until("document.querySelector('.line a').classList.contains('finished')");
    // Another tab ticks one by hand, and takes nothing back.
    let other = window.open(&course.url("/5-sse/#in-a-terminal"));
    other.run("document.querySelector('#in-a-terminal .by-hand input').click()");
    other.until(&format!(
        "document.getElementById('far').textContent.startsWith('2 of {count}')"
    ));
    page.until(
        "JSON.parse(localStorage.getItem('poll-to-push progress'))['5-sse'].steps.length === 2",
    );
    page.go(&course.url("/5-sse/"));
    page.until("document.querySelectorAll('ol.steps > li.done').length === 2");
    page.go(&course.url("/5-sse/#what-it-costs"));
    page.until("!document.getElementById('what-it-costs').hidden");
    page.go(&course.url("/"));
    page.until(&format!(
        "document.querySelector('[data-lesson=\"5-sse\"] .done').textContent === '2 of {count}'"
    ));
    page.until("document.querySelectorAll('[data-lesson=\"5-sse\"] .finished').length >= 2");
    // It goes on where one left off.
    page.until("document.querySelector('#way a').hash === '#what-it-costs'");
}

#[test]
fn one_stop_is_shown_and_its_place_is_in_the_address() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    let shown = |id: &str| {
        format!(
            "[...document.querySelectorAll('.stop:not([hidden])')].map((it) => it.id).join() === '{id}'"
        )
    };
    page.until(&shown("server-sent-events"));
    page.click("start");
    page.until_text("state", "1 OPEN");
    let key = |name: &str| {
        page.run(&format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{name}', bubbles: true, cancelable: true }}))"
        ))
    };
    key("ArrowRight");
    page.until(&shown("lines-of-text"));
    assert_eq!(page.run("return location.hash"), "#lines-of-text");
    page.until(
        "document.querySelector('.line [aria-current=step]').textContent === 'Lines of text'",
    );
    // What runs goes on from stop to stop.
    page.until_text("state", "1 OPEN");
    page.run("document.querySelector('.line a[href=\"#it-comes-back\"]').click()");
    page.until(&shown("it-comes-back"));
    // A branch is reached from its stop, and leads back to it.
    page.run("document.querySelector('#it-comes-back .branches a').click()");
    page.until(&shown("a-clock-that-forgets"));
    page.until("document.querySelector('.line [aria-current]').textContent === 'It comes back'");
    key("ArrowLeft");
    page.until(&shown("it-comes-back"));
    // The browser's own search goes through the whole lesson.
    page.run("document.getElementById('the-code').dispatchEvent(new Event('beforematch', { bubbles: true }))");
    page.until(&shown("the-code"));
    // The last stop leads to the next lesson.
    page.run("location.hash = 'what-still-hurts'");
    page.until(
        "document.querySelector('.foot [rel=next]').getAttribute('href') === '/6-websocket/'",
    );
}

#[test]
fn the_next_control_is_outlined_and_no_stage_is_empty() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    page.resize(1280, 900);
    page.until("document.querySelector('.now')?.id === 'start'");
    page.until("document.querySelector('.ladder-empty').checkVisibility()");
    page.run("location.hash = 'it-comes-back'");
    page.until("document.querySelector('.now')?.id === 'stream'");
    page.fill("stream", "ticker");
    page.until("document.querySelector('.now')?.id === 'start'");
    page.click("start");
    page.until("document.querySelector('.now')?.id === 'wire-cut'");
    page.until("!document.querySelector('.ladder-empty')");
    // What says the answer waits for the guess. The guess is told after its step.
    let behind = "document.querySelector('#it-comes-back ol.steps').nextElementSibling.hidden";
    assert_eq!(page.run(&format!("return {behind}")), "until-found");
    page.run("document.querySelector('#it-comes-back [value=\"10\"]').click()");
    page.until(&format!("{behind} === false"));
    page.click("wire-cut");
    page.until("document.querySelector('#it-comes-back .verdict').textContent === 'you chose 10; it is: 8'");
}

#[test]
fn a_command_is_copied_as_one_would_type_it() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    let typed = page.run(
        "const { typed } = await import('/view/commands.js');
         return typed(['$ curl a \\\\', '    -d b', '{\"id\":1}', '$ curl c', 'd'].join('\\n'))",
    );
    assert_eq!(typed, "curl a \\\n    -d b\ncurl c");
    let other = page.run(
        "const { forPowerShell } = await import('/view/commands.js');
         return forPowerShell(['curl a \\\\', '  -d \\'{\"data\": 1}\\' \\\\', '  -i'].join('\\n'))",
    );
    assert_eq!(other, "'{\"data\": 1}' | curl.exe a `\n  -d \"@-\" `\n  -i");
    page.until("document.querySelectorAll('pre.console').length === document.querySelectorAll('pre.console + .copy').length");
}

#[test]
fn the_ladder_is_as_wide_as_its_place_and_keeps_what_it_drew() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/"));
    page.resize(1280, 800);
    page.click("start");
    until_crossed(&page, "message");
    let seen = "return [...document.querySelectorAll('.ladder-list li')].slice(0, 2).map((it) => it.textContent)";
    let before = page.run(seen);
    page.resize(390, 844);
    page.until("document.querySelector('.ladder-scroll svg').viewBox.baseVal.width === document.querySelector('.ladder-scroll').clientWidth");
    page.until("document.querySelector('.crossing.open')");
    assert_eq!(page.run(seen), before);
}

#[test]
fn the_newest_line_of_a_log_is_seen() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/5-sse/#events-with-names"));
    page.resize(1280, 900);
    page.fill("stream", "chat");
    page.click("start");
    page.until_text("state", "1 OPEN");
    let seen = "(() => {
           const [log, newest] = ['#log', '#log li:last-child'].map((it) => document.querySelector(it).getBoundingClientRect());
           return newest.top >= log.top && newest.bottom <= log.bottom + 1;
         })()";
    for n in 0..13 {
        say(&page, &format!("message {n}"));
        page.until_text("log", &format!("message {n}"));
    }
    page.until(seen);
    // The window becomes lower, and the log with it.
    page.resize(1280, 700);
    page.until(seen);
    // Out of sight it goes on.
    page.run("location.hash = 'it-comes-back'");
    for n in 13..26 {
        say(&page, &format!("message {n}"));
    }
    page.until_text("log", "message 25");
    page.run("location.hash = 'events-with-names'");
    page.until(seen);
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
    // All stops are there, and no stage that nothing would move.
    page.until("document.getElementById('what-still-hurts').checkVisibility() && !document.querySelector('.stage').checkVisibility()");
    page.go(&course.url("/5-sse/?whole"));
    page.until("[...document.querySelectorAll('.stop')].every((it) => it.checkVisibility())");
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
        "/8-race/",
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
