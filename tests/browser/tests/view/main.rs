//! The lesson view: the ladder, the bytes, the steps, and where they stand.

mod bytes;
mod ladder;
mod live;
mod place;

use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::Course;

/// A page that only lends its scripts to a test.
fn bench() -> (Course, Window, Page) {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.open(&course.url("/"));
    (course, window, page)
}

/// What the ladder says crossed, in words, up to now.
fn crossed(page: &Page) -> String {
    let words = page.run(
        "return [...document.querySelectorAll('.ladder-list li')].map((it) => it.textContent).join('\\n')",
    );
    words.as_str().expect("words").to_owned()
}

/// Waits until something crossed whose words hold `words`.
#[track_caller]
fn until_crossed(page: &Page, words: &str) {
    let words = serde_json::Value::from(words);
    page.until(&format!(
        "[...document.querySelectorAll('.ladder-list li')].some((it) => it.textContent.includes({words}))"
    ));
}
