//! The wire view's server side: `/wire/socket`, the WebSocket that streams a browser its
//! own connections' bytes ([`crate::tap`]), and the cookie by which a browser is known.
//!
//! The view's own connection is never shown in it. The page may send words: `time`, to
//! learn how long bytes are on their way; `cut`, to have the browser's other connections
//! cut; `stall`, `slow reader` or `gather`, to have something wrong with them for a while
//! ([`crate::tap::fault`]), and `calm`, to end that; `restart`, to have the server restarted
//! for this browser alone, until the view is closed.
//!
//! Threads: the connection's own reads; one more, `wire-view`, takes what was captured
//! from its channel and sends it, and waits when the page is slow. Then the channel
//! fills, and captured pieces are missed: nothing else waits. It ends with the
//! connection, whose thread joins it.

pub mod cookie;

use crate::app::AppState;
use crate::feed::frames::{binary, text};
use crate::feed::websocket::{self, Action, PINGS};
use crate::feed::{CloseReason, IDENTITY};
use crate::http::websocket_handshake::accept;
use crate::http::{Access, Request, Response, Route};
use crate::tap::batch;
use crate::tap::fault::{Fault, LASTS};
use crate::threads;
use serde_json::json;
use std::sync::Arc;
use tungstenite::Message;

/// Its URL.
const PATH: &str = "/wire/socket";
/// What the page may send, in bytes.
const LIMIT: usize = 1024;

/// The answer to another word.
const WORDS: &str = "the words here are time, cut, stall, slow reader, gather, calm and restart";
/// The answer to a fault from elsewhere.
const NO_FAULTS: &str = "faults are for a browser on the machine of the server, unless it was \
                         started with --allow-faults";

/// Whether a page can show the bytes of its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireView {
    /// It can.
    On,
    /// It was turned off, by `--no-wire`.
    Off,
}

/// Which browser may observe a request: the one whose cookie it carries. The view's own
/// connection is not shown.
pub fn browser_of(request: &Request) -> Option<&str> {
    cookie::of(request).filter(|_| request.path != PATH)
}

/// Its route; none when the view is turned off.
pub fn routes(app: &Arc<AppState>) -> Vec<Route> {
    if !app.taps.on() {
        return Vec::new();
    }
    vec![app.get(PATH, Access::SameOrigin, observe)]
}

fn observe(app: &Arc<AppState>, request: &Request) -> Result<Response, Response> {
    let Some(token) = cookie::of(request).map(str::to_owned) else {
        let why = "this is for a browser that has opened a page of this server before";
        return Err(Response::error(403, why));
    };
    let head = accept(request)?;
    let may_fault = request.is_from_this_machine() || app.options.allow_faults;
    let (app, taps) = (app.clone(), app.taps.clone());
    Ok(head.streaming(&IDENTITY, move |mut connection| {
        let observation = taps.observe(&token);
        let connections: Vec<_> = observation
            .connections()
            .into_iter()
            .map(|(n, target)| json!({ "n": n, "target": target }))
            .collect();
        let us = || u64::try_from(taps.now().as_micros()).unwrap_or(u64::MAX);
        connection.send(&text(
            json!({ "now": us(), "connections": connections }).to_string(),
        ));
        connection.go_live(&PINGS);
        let (captured, missed) = (observation.captured(), observation.missed());
        let writer = connection.writer().clone();
        let sender = threads::spawn("wire-view", move || {
            while let Some(batch) = batch::next(&captured, &missed) {
                if !writer.send_blocking(binary(batch.into()).into()) {
                    return;
                }
            }
        });
        let sender = match sender {
            Ok(sender) => sender,
            Err(error) => {
                log::warn!("no thread for a wire view: {error}");
                return connection.end(&(PINGS.closing)(), CloseReason::Shutdown);
            }
        };
        let mut restarted = None;
        websocket::serve(connection, LIMIT, |word| {
            let word = match &word {
                Message::Text(word) => word.as_str(),
                _ => "",
            };
            let reply = match (word, Fault::parse(word)) {
                ("time", _) => json!({ "time": us() }),
                ("cut", _) => json!({ "cut": taps.cut(&token) }),
                ("calm", _) => {
                    observation.set_fault(None);
                    json!({ "fault": null })
                }
                (_, Some(fault)) if may_fault => {
                    observation.set_fault(Some(fault));
                    json!({ "fault": fault.name(), "seconds": LASTS.as_secs() })
                }
                ("restart", _) if may_fault => {
                    let restart = app.restart_for.get();
                    match restart.map(|restart| restart(&token)) {
                        Some(Ok(own)) => {
                            restarted = Some(own);
                            json!({ "restarted": true })
                        }
                        Some(Err(why)) => json!({ "error": why }),
                        None => json!({ "error": "there is nothing here to restart" }),
                    }
                }
                ("restart", _) | (_, Some(_)) => json!({ "error": NO_FAULTS }),
                _ => json!({ "error": WORDS }),
            };
            Action::Send(Message::text(reply.to_string()))
        });
        drop((observation, restarted));
        threads::join(sender);
    }))
}
