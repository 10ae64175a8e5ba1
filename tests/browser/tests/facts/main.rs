//! What the course says of browsers, asked of a real one. Each test keeps a
//! statement of the texts true; when one fails, the text has to change.

mod event_source;
mod frames;
mod limits;
mod polling;
mod streams;
mod web_socket;

use poll_to_push_browser_tests::SOON;
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::raw::{Asked, Raw, Wire};

/// A server of the test's own, and an empty page of it.
fn page(handler: impl Fn(&Asked, &mut Wire) + Send + Sync + 'static) -> (Raw, Window, Page) {
    let raw = Raw::start(handler);
    let window = Window::new();
    let page = window.open(&raw.url("/"));
    (raw, window, page)
}
