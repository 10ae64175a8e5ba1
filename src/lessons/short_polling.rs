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
//! (`Access::Script`).
//!
//! The lesson's app, sign-in by QR code, polls in the same way. It has a file of
//! its own: [`crate::apps::sign_in`].

use super::scripts::{IFRAME_POLICY, escape, is_function_name, script_that_posts};
use super::{cursor, topic};
use crate::apps::sign_in;
use crate::bus::{Id, Message, News};
use crate::course::{House, Lesson};
use crate::http::{Access, Answer, Reply, Request, Route};
use serde::Serialize;
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 1,
    name: "short-polling",
    title: "short polling",
    topics: &[],
    internal: &[],
    routes,
    asks_and_answers: true,
};

fn routes(house: &Arc<House>) -> Vec<Route> {
    let (by_ajax, by_script, by_iframe) = (house.clone(), house.clone(), house.clone());
    // ANCHOR: routes
    let mut routes = vec![
        Route::get("/short-polling/messages", Access::Open, move |request| {
            Ok(as_json(&ask(&by_ajax, request)?).into())
        }),
        Route::get("/short-polling/jsonp", Access::Script, move |request| {
            as_script(request, || ask(&by_script, request))
        }),
        Route::get("/short-polling/iframe", Access::Open, move |request| {
            Ok(as_page(ask(&by_iframe, request)))
        }),
    ];
    // ANCHOR_END: routes
    routes.extend(sign_in::routes());
    routes
}

// ANCHOR: ask
/// The technique: look what there is after the cursor, and answer at once.
fn ask(house: &House, request: &Request) -> Result<News, Answer> {
    let topic = topic(house, request)?;
    Ok(topic.after(&cursor(request)?))
}
// ANCHOR_END: ask

// ANCHOR: told
/// What every poll is told: the messages, and the cursor to come back with.
/// `gap` is there only when messages were lost.
#[derive(Serialize)]
struct Told<'a> {
    messages: Vec<&'a Message>,
    last_id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<bool>,
}
// ANCHOR_END: told

impl<'a> Told<'a> {
    fn of(news: &'a News) -> Told<'a> {
        Told {
            messages: news.messages.iter().map(|message| &**message).collect(),
            last_id: &news.last_id,
            gap: news.gap.then_some(true),
        }
    }
}

// ANCHOR: as-json
/// For Ajax: the object as JSON. The header `Last-Event-ID` repeats the cursor.
/// (That is this course's own use of it; the standard has it in requests only.)
pub fn as_json(news: &News) -> Answer {
    Answer::json(200, &Told::of(news)).header("Last-Event-ID", &news.last_id)
}
// ANCHOR_END: as-json

/// For JSONP: a script that calls the page's function, `/**/NAME({…});`. An
/// error is told to the function, too, with status 200: a page cannot see the
/// status of a script. `ask` is asked only when the name is right.
///
/// # Errors
/// 400 for a callback that is not the name of a function: it would be code of
/// somebody else's choice, run in our page.
pub fn as_script(
    request: &Request,
    ask: impl FnOnce() -> Result<News, Answer>,
) -> Result<Reply, Answer> {
    // ANCHOR: as-script
    let callback = request.parameter("callback").unwrap_or_default();
    if !is_function_name(&callback) {
        let why = "callback must be a name: a letter, `_` or `$`, then at most 63 letters, \
                   digits, `_`, `$` or `.`";
        return Err(Answer::error(400, why));
    }
    // The comment in front keeps the file from beginning with bytes that the asker
    // chose: some old plug-ins would run such a file as content of their own.
    let script = format!("/**/{callback}({});", inside_script(ask()));
    Ok(Answer::of_type(200, "application/javascript", script).into())
    // ANCHOR_END: as-script
}

/// For a hidden iframe: a page that posts the object to the page around it, and
/// to no other origin. An error is posted, too, with status 200: a page cannot see
/// the status of an iframe.
pub fn as_page(news: Result<News, Answer>) -> Reply {
    // ANCHOR: as-page
    let page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n{}",
        script_that_posts(&inside_script(news))
    );
    Answer::of_type(200, "text/html; charset=utf-8", page)
        .header("Content-Security-Policy", IFRAME_POLICY)
        .into()
    // ANCHOR_END: as-page
}

fn inside_script(news: Result<News, Answer>) -> String {
    let json = match news {
        Ok(news) => Answer::json(200, &Told::of(&news)),
        Err(error) => error,
    };
    escape(&String::from_utf8_lossy(&json.body))
}
