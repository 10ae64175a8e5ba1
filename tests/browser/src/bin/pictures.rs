//! Makes the README's pictures from the running course:
//! `cargo build --bins && cargo run --manifest-path tests/browser/Cargo.toml --bin pictures`.

use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::Course;
use std::path::Path;

fn main() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();

    page.resize(1280, 900);
    page.go(&course.url("/"));
    // As a reader who has come some way.
    page.run(
        "const { keep } = await import('/view/progress.js');
         const stops = (lesson) => [...document.querySelectorAll(`[data-lesson='${lesson}'] [data-stop]`)].map((it) => it.dataset.stop);
         keep('1-short-polling', { steps: ['all'], main: 15, of: 15, finished: stops('1-short-polling') });
         keep('2-long-polling', { steps: ['some'], main: 5, of: 14, finished: stops('2-long-polling').slice(0, 3) });",
    );
    page.go(&course.url("/"));
    page.until("document.querySelectorAll('.emblem').length === 9");
    save(&page, "home");

    page.go(&course.url("/5-sse/#it-comes-back"));
    page.fill("stream", "ticker");
    page.click("start");
    page.until("document.querySelectorAll('#it-comes-back .done').length === 1");
    page.click("wire-cut");
    page.until("document.querySelectorAll('#it-comes-back .done').length === 2");
    page.run("document.querySelector('[data-wire=up-field-last-event-id] button').click()");
    settle(&page);
    save(&page, "lesson5");

    page.go(&course.url("/6-websocket/#both-speak"));
    page.click("start");
    page.until_text("state", "1 OPEN");
    say(&page, "hello");
    page.click("ladder-back");
    settle(&page);
    save(&page, "lesson6");
}

/// Sends a chat message, and waits until it has come back.
fn say(page: &Page, words: &str) {
    let before = page.number_of("document.querySelectorAll('.wire-list li').length");
    page.fill("text", words);
    page.click("send");
    page.until(&format!(
        "document.querySelectorAll('.wire-list li').length > {before}"
    ));
}

/// Lets arrows and bars that still move come to rest.
fn settle(page: &Page) {
    page.run("await new Promise((done) => setTimeout(done, 1000))");
}

fn save(page: &Page, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(format!("{name}.png"));
    std::fs::write(&file, page.picture()).expect("the picture is kept");
    println!("docs/{name}.png");
}
