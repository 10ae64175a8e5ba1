//! Lesson 4, iframe push: a page that does not end, one script after the other.
//!
//! Before `fetch` could be read as it grows, there was one thing in every browser
//! that used an answer while it still arrived: a page. So the answer is a page in
//! a hidden `<iframe>`. The browser runs each `<script>` as soon as it is there,
//! and each script hands one message to the page around it:
//!
//! ```text
//! HTTP/1.1 200 OK
//! Content-Type: text/html; charset=utf-8
//! Transfer-Encoding: chunked
//!
//! <!doctype html>…
//! <script>parent.postMessage(JSON.parse('{"id":"k3v9-8",…}'),location.origin);…</script>
//! <!---->                                            ← the heartbeat
//! <script>parent.postMessage(JSON.parse('{"id":"k3v9-9",…}'),location.origin);…</script>
//! ```
//!
//! `location.origin` is where this very page came from, so the message goes to
//! pages of this server and to no other. To stop is to remove the iframe. Each
//! script removes itself, so the page does not grow with every message. The page needs
//! no padding: browsers run each script as it comes (the text tells of those that did
//! not). Older texts call this technique a *forever frame*.
//!
//! The chunks are lesson 3's, and so is the way of a message from the crossbeam channel
//! to this connection ([follow one message](crate::architecture)).
//!
//! The page around cannot read the head of an iframe's answer, so a stream without
//! `?after=` tells it no place to come back to before the first message.

use crate::app::inline_script::{IFRAME_POLICY, script_that_posts};
use crate::app::{AppState, Lesson, cursor_of};
use crate::bus::Message;
use crate::feed::{KeepAlive, MessageFormat};
use crate::http::chunked::coding_for;
use crate::http::{Access, Request, Response, Route};
use std::sync::Arc;

/// This lesson in the course. Its page shows a clock.
pub static LESSON: Lesson = Lesson {
    topics: &["clock"],
    ..Lesson::new(4, "iframe-push", "iframe push", routes)
};

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    vec![
        app.get("/iframe-push/stream", Access::AnyOrigin, |app, request| {
            stream(app, request)
        }),
    ]
}

/// The technique: the start of a page, and then one script for each message.
// ANCHOR: stream
fn stream(app: &AppState, request: &Request) -> Result<Response, Response> {
    let topic = app.topic_of(request)?;
    // "From now on" means from the head on, and not from a moment later.
    let (cursor, _) = topic.resolve(cursor_of(request)?);
    let head = Response::stream_head("text/html; charset=utf-8")
        .header("Content-Security-Policy", IFRAME_POLICY);
    Ok(head.streaming(coding_for(request), move |connection| {
        connection.send(START_OF_PAGE);
        connection.follow(&topic, &cursor, &SCRIPTS);
    }))
}

const START_OF_PAGE: &[u8] = b"<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n";
// ANCHOR_END: stream

/// One script per message. What was published cannot leave its script
/// ([`expression`](crate::app::inline_script::expression)).
// ANCHOR: scripts
static SCRIPTS: MessageFormat = MessageFormat {
    message: |message: &Message| script_that_posts(&message.to_json()).into_bytes(),
    gap: || script_that_posts("{\"gap\": true}").into_bytes(),
    keep_alive: KeepAlive::heartbeat(|| b"<!---->\n".to_vec()),
};
// ANCHOR_END: scripts
