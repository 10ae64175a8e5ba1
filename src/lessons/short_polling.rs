//! Lesson 1, short polling: the browser asks again and again.
//!
//! The page sets a timer. Each time it asks "is there anything after the last
//! message that I saw?", and the server answers at once, mostly with nothing:
//!
//! ```text
//! GET /short-polling/messages?after=k3v9-7      → {"messages":[],"last_id":"k3v9-7"}
//! GET /short-polling/messages?after=k3v9-7      → {"messages":[],"last_id":"k3v9-7"}
//! GET /short-polling/messages?after=k3v9-7      → {"messages":[{…}],"last_id":"k3v9-8"}
//! ```
//!
//! The **cursor** (`after`) makes this reliable: the server does not have to know
//! who asks, and nothing that comes between two questions is lost.
//!
//! Ajax (`fetch`) reads the JSON as it is. Two older ways come from the days when
//! a page could not ask like this: a **script** that calls a function (JSONP), and
//! a hidden **iframe** whose page posts the object to its parent. All three carry
//! the same object.
//!
//! A page of another site cannot read the answer to its `fetch`: the browser
//! forbids it. A script it may load, so there the server itself checks who asks
//! (`Access::Jsonp`).
//!
//! The timer is the page's (`public/1-short-polling/page.js`). What the three ways are
//! answered with, and that nobody may store it, is in [`crate::app::poll_response`]:
//! lesson 2 answers in the same forms. The sign-in by QR code polls in the same way; it
//! has a file of its own: [`sign_in`].

pub mod sign_in;

use crate::app::poll_response::{as_iframe_page, as_json, as_jsonp};
use crate::app::{AppState, Lesson, cursor_of};
use crate::bus::ReadResult;
use crate::http::{Access, Request, Response, Route};
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    runs_on_tiny_http: true,
    ..Lesson::new(1, "short-polling", "short polling", routes)
};

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    // ANCHOR: routes
    let mut routes = vec![
        app.get(
            "/short-polling/messages",
            Access::AnyOrigin,
            |app, request| poll(app, request).map(|read| as_json(&read)),
        ),
        app.get("/short-polling/jsonp", Access::Jsonp, |app, request| {
            as_jsonp(request, || poll(app, request))
        }),
        app.get(
            "/short-polling/iframe",
            Access::AnyOrigin,
            |app, request| Ok(as_iframe_page(poll(app, request))),
        ),
    ];
    // ANCHOR_END: routes
    routes.extend(sign_in::routes());
    routes
}

// ANCHOR: poll
/// The technique: look what there is after the cursor, and answer at once.
fn poll(app: &AppState, request: &Request) -> Result<Arc<ReadResult>, Response> {
    let topic = app.topic_of(request)?;
    Ok(topic.after(&cursor_of(request)?))
}
// ANCHOR_END: poll
