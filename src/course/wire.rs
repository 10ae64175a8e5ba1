//! `/wire/socket` and `/wire/cut`: the wire view's own URLs.
//!
//! The view looks at its own browser's connections ([`crate::tap`]), by WebSocket: that
//! is not one of the six connections that a browser opens to a host. Neither URL is
//! ever shown in the view.
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

/// The two URLs; none when the view is turned off.
pub fn routes(house: &Arc<House>) -> Vec<Route> {
    if !house.taps.on() {
        return Vec::new();
    }
    let (looking, cutting) = (house.clone(), house.clone());
    vec![
        Route::get("/wire/socket", Access::OwnPages, move |request| {
            look(&looking, request)
        }),
        Route::post("/wire/cut", move |request| {
            let cut = cutting.taps.cut(token(request)?);
            Ok(Answer::json(200, &json!({ "cut": cut })).into())
        }),
    ]
}

/// Who looks, or cuts.
fn token(request: &Request) -> Result<&str, Answer> {
    cookie::of(request).ok_or_else(|| {
        let why = "this is for a browser that has opened a page of this server before";
        Answer::error(403, why)
    })
}

fn look(house: &Arc<House>, request: &Request) -> Result<Reply, Answer> {
    let token = token(request)?.to_owned();
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
        // The page asks for the time, to know how long bytes are on their way.
        converse(held, LIMIT, |_| {
            Say::Answer(Message::text(json!({ "time": us() }).to_string()))
        });
        drop(look);
        if looker.join().is_err() {
            log::error!("the thread of a wire view had panicked");
        }
    }))
}
