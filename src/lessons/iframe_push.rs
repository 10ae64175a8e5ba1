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
//! <script>parent.postMessage({"id":"k3v9-8",…},location.origin);…</script>
//! <!---->                                            ← the heartbeat
//! <script>parent.postMessage({"id":"k3v9-9",…},location.origin);…</script>
//! ```
//!
//! `location.origin` is where this very page came from, so the message goes to
//! pages of this server and to no other. To stop is to remove the iframe. Each
//! script removes itself, so the page does not grow with every message. The chunks
//! are lesson 3's.
//!
//! The page around cannot read the head of an iframe's answer, so a stream without
//! `?after=` tells it no place to come back to before the first message.

use super::comet::framing;
use super::scripts::{IFRAME_POLICY, escape, script_that_posts};
use super::{cursor, topic};
use crate::bus::Message;
use crate::course::{House, Lesson};
use crate::feed::{Encoding, Held};
use crate::http::{Access, Answer, Reply, Request, Route};
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 4,
    name: "iframe-push",
    title: "iframe push",
    topics: &["clock"],
    internal: &[],
    routes,
    asks_and_answers: false,
};

fn routes(house: &Arc<House>) -> Vec<Route> {
    let house = house.clone();
    vec![Route::get(
        "/iframe-push/stream",
        Access::Open,
        move |request| stream(&house, request),
    )]
}

/// The technique: the start of a page, and then one script for each message.
// ANCHOR: stream
fn stream(house: &House, request: &Request) -> Result<Reply, Answer> {
    let topic = topic(house, request)?;
    // "From now on" means from the head on, and not from a moment later.
    let (cursor, _) = topic.pin(cursor(request)?);
    let head =
        Answer::stream("text/html; charset=utf-8").header("Content-Security-Policy", IFRAME_POLICY);
    Ok(Reply::hold(head, framing(request), move |held: Held| {
        held.send(START_OF_PAGE);
        held.follow(&topic, &cursor, &SCRIPTS);
    }))
}

const START_OF_PAGE: &[u8] = b"<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n";
// ANCHOR_END: stream

/// One script per message. What was published cannot leave its script ([`escape`]).
// ANCHOR: scripts
static SCRIPTS: Encoding = Encoding {
    message: |message: &Message| script_that_posts(&escape(&message.to_json())).into_bytes(),
    gap: || script_that_posts("{\"gap\": true}").into_bytes(),
    heartbeat: || b"<!---->\n".to_vec(),
    farewell: Vec::new,
    silent: None,
};
// ANCHOR_END: scripts
