//! Lesson 8, the race: every technique at once, and what each of them costs.
//!
//! Nothing new goes out here. The page opens the URLs of lessons 1 to 7 side by side,
//! publishes one message, and shows when it came by each. Two things are this lesson's own:
//!
//! ```text
//! GET  /race/server                                    → {"threads":31,"resident_bytes":14200832,…}
//! POST /race/load {"technique":"sse","subscribers":500} → one line of progress after the other,
//!                                                         and at last a line with the report
//! ```
//!
//! A browser holds six connections to one host and no more. Hundreds of subscribers are the
//! work of the load program ([`crate::load`]), which runs here in the thread of the request
//! that asked for it, and in one more that publishes; the answer is lesson 3's stream. It
//! connects to this server as everybody does. Its own work is done on the same processors,
//! so its figures are those of a server with company; `cargo run --release --bin load` in a
//! process of its own is fairer.

use crate::app::{AppState, Lesson};
use crate::feed::{CloseReason, StreamingConnection};
use crate::http::chunked::coding_for;
use crate::http::{Access, Request, Response, Route, reachable};
use crate::json;
use crate::load::{self, BaseUrl, Plan, Progress, Sample, Technique};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Subscribers of one run, at most: each takes two descriptors of this process.
const MOST_SUBSCRIBERS: usize = 2_000;
/// Messages of one run, at most.
const MOST_MESSAGES: usize = 500;
/// Bytes of each message's data, at most.
const MOST_PAYLOAD: usize = 16 * 1024;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    uses_others: true,
    ..Lesson::new(8, "race", "the race", routes)
};

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    let running = Arc::new(AtomicBool::new(false));
    vec![
        app.get("/race/server", Access::SameOrigin, |app, _| {
            Ok(Response::json(200, &cost(app)))
        }),
        app.post("/race/load", move |app, request| {
            let plan = plan(app, request)?;
            let turn = Turn::take(&running)?;
            let head = Response::stream_head("application/x-ndjson");
            Ok(head.streaming(coding_for(request), move |connection| {
                run(&plan, turn, connection);
            }))
        }),
    ]
}

/// What the server costs now. Memory and processor time only where there is `/proc`.
fn cost(app: &AppState) -> serde_json::Value {
    let sample = Sample::take(std::process::id()).ok();
    json!({
        "connections": app.connections.count(),
        "threads": sample.as_ref().map(|sample| sample.threads),
        "resident_bytes": sample.as_ref().map(|sample| sample.resident),
        "cpu_ms": sample.as_ref().map(|sample| sample.cpu.as_millis() as u64),
    })
}

/// What a page may ask for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadRequest {
    technique: String,
    subscribers: usize,
    messages: usize,
    payload: usize,
    rate: f64,
}

fn plan(app: &AppState, request: &Request) -> Result<Plan, Response> {
    let wrong = |why: String| Response::error(400, &why);
    if !request.is_from_this_machine() {
        let why = "the load program runs only for a browser on the machine of the server";
        return Err(Response::error(403, why));
    }
    let asked: LoadRequest = json::object(&request.body).map_err(|error| {
        wrong(format!(
            "the body must be {{\"technique\", \"subscribers\", \"messages\", \"payload\", \"rate\"}}: {error}"
        ))
    })?;
    let technique = asked.technique.parse::<Technique>();
    let technique = technique.map_err(|why| wrong(format!("technique {why}")))?;
    for (name, value, most) in [
        ("subscribers", asked.subscribers, MOST_SUBSCRIBERS),
        ("messages", asked.messages, MOST_MESSAGES),
        ("payload", asked.payload, MOST_PAYLOAD),
    ] {
        if value > most {
            return Err(wrong(format!("{name} must be {most} at most")));
        }
    }
    let own = SocketAddr::new(app.options.host, app.options.port);
    let base = format!("http://{}", reachable(own));
    let base = BaseUrl::parse(&base).map_err(|error| wrong(error.to_string()))?;
    let plan = Plan {
        subscribers: asked.subscribers,
        messages: asked.messages,
        payload: asked.payload,
        rate: asked.rate,
        server_pid: Sample::take(std::process::id())
            .ok()
            .map(|_| std::process::id()),
        ..Plan::new(base, technique)
    };
    plan.check().map_err(|error| wrong(error.to_string()))?;
    Ok(plan)
}

// ANCHOR: run
/// Runs the load program, and says line by line how far it is. A page that leaves ends it.
fn run(plan: &Plan, turn: Turn, connection: StreamingConnection) {
    let mut tell = |progress: &Progress| match connection.send(&line(progress)) {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let last = match load::run(plan, &mut tell) {
        Ok(report) => line(&json!({ "report": report })),
        Err(error) => line(&json!({ "error": error.to_string() })),
    };
    // Before the page can know that it was the last line, and ask for the next run.
    drop(turn);
    connection.end(&last, CloseReason::Finished);
}
// ANCHOR_END: run

fn line(value: &impl Serialize) -> Vec<u8> {
    // Structs of numbers and text are always JSON.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

// ANCHOR: turn
/// The one run that may go on at a time.
struct Turn(Arc<AtomicBool>);

impl Turn {
    fn take(running: &Arc<AtomicBool>) -> Result<Turn, Response> {
        if running.swap(true, Ordering::SeqCst) {
            let why = "a run is going on; wait until it has ended";
            return Err(Response::error(409, why));
        }
        Ok(Turn(running.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
// ANCHOR_END: turn

#[cfg(test)]
mod tests {
    use crate::app::AppState;
    use crate::http::Request;
    use crate::lessons::race::plan;
    use crate::options::Options;

    #[test]
    fn only_a_browser_on_the_servers_machine_may_load_it() {
        let app = AppState::start(&["chat"], &[], &Options::default(), false).expect("a state");
        let asked = |peer: [u8; 4], by: &[u8]| {
            let mut fields = vec![("Host".to_owned(), b"localhost".to_vec())];
            if !by.is_empty() {
                fields.push(("X-Forwarded-Proto".to_owned(), by.to_vec()));
            }
            let mut request = Request::new("POST", "/race/load", 1, fields, peer.into())
                .unwrap_or_else(|refusal| panic!("{refusal:?}"));
            request.body =
                br#"{"technique":"sse","subscribers":1,"messages":1,"payload":32,"rate":1}"#
                    .to_vec();
            plan(&app, &request)
        };
        assert!(asked([127, 0, 0, 1], b"").is_ok());
        for (peer, by) in [([192, 0, 2, 1], &b""[..]), ([127, 0, 0, 1], b"https")] {
            let refused = asked(peer, by).expect_err("another machine");
            assert_eq!(refused.status, 403);
            assert!(refused.body.text().contains("on the machine of the server"));
        }
    }
}
