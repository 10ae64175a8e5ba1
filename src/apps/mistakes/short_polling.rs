//! Wrong on purpose: the servers of lesson 1, short polling.
//!
//! They are right in all but one thing: they are slow. What a page does wrong
//! shows only when an answer takes its time.

use crate::bus::{Cursor, News};
use crate::course::House;
use crate::http::{Access, Answer, Request, Route};
use crate::lessons::short_polling::{as_json, as_page, as_script};
use crossbeam_channel::after;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a page may make an answer take, in milliseconds.
const SLOWEST: u64 = 3000;

/// Its URLs: lesson 1's answers, each after `?ms=` milliseconds.
pub fn routes(house: &Arc<House>) -> Vec<Route> {
    let (by_ajax, by_script, by_iframe) = (house.clone(), house.clone(), house.clone());
    vec![
        Route::get(
            "/mistakes/short-polling/slow",
            Access::Open,
            move |request| Ok(as_json(&slowly(&by_ajax, request)?).into()),
        ),
        Route::get(
            "/mistakes/short-polling/slow-script",
            Access::Script,
            move |request| as_script(request, || slowly(&by_script, request)),
        ),
        Route::get(
            "/mistakes/short-polling/slow-page",
            Access::Open,
            move |request| Ok(as_page(slowly(&by_iframe, request))),
        ),
    ]
}

/// No news, and not at once.
fn slowly(house: &House, request: &Request) -> Result<News, Answer> {
    let asked = request.parameter("ms").and_then(|ms| ms.parse().ok());
    let Some(ms) = asked.filter(|ms| *ms <= SLOWEST) else {
        let why = format!("ms must be a number of milliseconds from 0 to {SLOWEST}");
        return Err(Answer::error(400, &why));
    };
    // A server with too much to do. It ends by itself, so it keeps no shutdown waiting
    // for long.
    let _ = after(Duration::from_millis(ms)).recv();
    let chat = house.bus.topic("chat");
    let chat = chat.ok_or_else(|| Answer::error(404, "there is no topic chat here"))?;
    Ok(chat.after(&Cursor::Now))
}
