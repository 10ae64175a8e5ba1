//! `/wire/socket`: the wire view's own URL.
//!
//! The view looks at its own browser's connections ([`crate::tap`]), by WebSocket: that
//! is not one of the six connections that a browser opens to a host. It is never shown
//! in the view. The page may send two words: `time`, to learn how long bytes are on
//! their way, and `cut`, to have the browser's other connections cut.
//!
//! Threads: the connection's own reads; one more, `looker`, takes what passes from its
//! channel and sends it, and waits when the page is slow. Then the channel fills, and
//! passages are missed: nothing else waits.

use super::House;
use crate::feed::conversation::{Say, binary, converse, text};
use crate::feed::{Held, PLAIN, Reason};
use crate::http::{Access, Answer, Reply, Request, Route};
use crate::lessons::websocket::{FRAMES, accept};
use crate::tap::{cookie, watch};
use crate::threads;
use serde_json::json;
use std::sync::Arc;
use tungstenite::Message;

/// What the page may send, in bytes.
const LIMIT: usize = 1024;

/// The URL; none when the view is turned off.
pub fn routes(house: &Arc<House>) -> Vec<Route> {
    if !house.taps.on() {
        return Vec::new();
    }
    let house = house.clone();
    vec![Route::get(
        "/wire/socket",
        Access::OwnPages,
        move |request| look(&house, request),
    )]
}

fn look(house: &Arc<House>, request: &Request) -> Result<Reply, Answer> {
    let Some(token) = cookie::of(request).map(str::to_owned) else {
        let why = "this is for a browser that has opened a page of this server before";
        return Err(Answer::error(403, why));
    };
    let answer = accept(request)?;
    let taps = house.taps.clone();
    Ok(Reply::hold(answer, &PLAIN, move |mut held: Held| {
        let look = taps.look(&token);
        let connections: Vec<_> = look
            .connections()
            .into_iter()
            .map(|(n, target)| json!({ "n": n, "target": target }))
            .collect();
        let us = || u64::try_from(taps.now().as_micros()).unwrap_or(u64::MAX);
        held.send(&text(
            json!({ "now": us(), "connections": connections }).to_string(),
        ));
        held.go_live(&FRAMES);
        let (passages, missed, link) = (look.passages(), look.missed(), held.link().clone());
        let looker = threads::spawn("looker", move || {
            while let Some(batch) = watch::batch(&passages, &missed) {
                if !link.put(binary(batch.into()).into()) {
                    return;
                }
            }
        });
        let looker = match looker {
            Ok(looker) => looker,
            Err(error) => {
                log::warn!("no thread for a wire view: {error}");
                return held.end(&(FRAMES.farewell)(), Reason::Shutdown);
            }
        };
        converse(held, LIMIT, |word| {
            let answer = match word {
                Message::Text(word) if word == "cut" => json!({ "cut": taps.cut(&token) }),
                Message::Text(word) if word == "time" => json!({ "time": us() }),
                _ => json!({ "error": "the words here are time and cut" }),
            };
            Say::Answer(Message::text(answer.to_string()))
        });
        drop(look);
        if looker.join().is_err() {
            log::error!("the thread of a wire view had panicked");
        }
    }))
}
