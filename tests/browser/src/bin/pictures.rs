//! Makes the README's pictures from the running course:
//! `cargo build --bins && cargo run --manifest-path tests/browser/Cargo.toml --bin pictures`.

use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::Course;
use std::path::Path;

fn main() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();

    page.resize(1280, 860);
    page.go(&course.url("/2-long-polling/"));
    // As a reader who has come some way.
    page.run(
        "for (const box of [...document.querySelectorAll('.step input')].slice(0, 3)) box.click()",
    );
    page.go(&course.url("/1-short-polling/"));
    page.run("for (const box of document.querySelectorAll('.step input')) box.click()");
    page.go(&course.url("/"));
    page.until("document.querySelectorAll('.emblem').length === 9");
    save(&page, "home");

    page.go(&course.url("/5-sse/"));
    page.fill("stream", "chat");
    page.click("start");
    page.until_text("state", "1 OPEN");
    say(&page, "hello");
    page.click("wire-cut");
    page.until_text("error", "trying again");
    say(&page, "said while it was away");
    page.until_text("error", "resumed after");
    say(&page, "and back");
    page.run("document.getElementById('do-this-see-that').scrollIntoView()");
    settle(&page);
    save(&page, "lesson5");

    page.go(&course.url("/6-websocket/"));
    page.click("start");
    page.until_text("state", "1 OPEN");
    say(&page, "hello");
    page.run("document.getElementById('the-bytes').scrollIntoView()");
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
