//! Two thousand held connections, and what is left of them when they vanish.

#![cfg(target_os = "linux")]

mod common;

use common::child::Course;
use common::{Client, SOON, get, upgrade, within};
use poll_to_push::load::{self, BaseUrl, Plan, Technique};
use serde_json::json;
use socket2::{SockFilter, SockRef};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;

const HELD: usize = 2_000;
const HEARTBEAT: Duration = Duration::from_secs(7);
/// What a loaded machine may need on top to run 2,000 threads to their ends.
const SLACK: Duration = Duration::from_secs(5);

/// Each of these tests needs thousands of descriptors: one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy)]
enum Vanish {
    /// The client's system resets the connection.
    Reset,
    /// The client's system drops all that comes, and says nothing.
    HalfOpen,
}

/// Opens [`HELD`] streams of `request`, publishes to all, lets them vanish, and
/// waits until the server has given everything back.
fn hold_and_vanish(request: &str, opening: &str, marker: &str, how: Vanish) {
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let course = Course::start(&["--heartbeat-ms", &HEARTBEAT.as_millis().to_string()]);
    course.until_complete();
    let (threads, descriptors) = (course.threads(), course.descriptors());
    let mut clients: Vec<Client> = (0..HELD)
        .map(|_| {
            let mut client = course.connect();
            client.send(request);
            client
        })
        .collect();
    for client in &mut clients {
        assert!(client.head().starts_with(opening));
    }
    within(Duration::from_secs(30), "all have joined", || {
        course.health()["topics"]["chat"]["subscribers"] == HELD
    });
    let body = json!({ "data": marker }).to_string();
    let published = course.ask(&common::post("/publish", "", &body));
    assert_eq!(published.status, 200);
    for client in &mut clients {
        client.read_until(marker);
    }
    for client in &clients {
        let socket = SockRef::from(client.stream());
        match how {
            // Closed with linger 0, it is reset.
            Vanish::Reset => socket.set_linger(Some(Duration::ZERO)).expect("set"),
            Vanish::HalfOpen => drop_all(&socket),
        }
    }
    let kept = match how {
        Vanish::Reset => {
            drop(clients);
            Vec::new()
        }
        Vanish::HalfOpen => clients,
    };
    within(2 * HEARTBEAT + SLACK, "everything is given back", || {
        course.threads() <= threads && course.descriptors() <= descriptors
    });
    within(SOON, "no connection is left", || {
        course.health()["connections"] == 1
    });
    drop(kept);
}

/// A filter of one instruction, "take 0 bytes", on the client's socket.
fn drop_all(socket: &SockRef<'_>) {
    let code = (libc::BPF_RET | libc::BPF_K).try_into().expect("small");
    let take_nothing = SockFilter::new(code, 0, 0, 0);
    socket.attach_filter(&[take_nothing]).expect("attached");
}

macro_rules! techniques {
    ($($name:ident: $request:expr, $opening:literal;)+) => { $(mod $name {
        use super::*;

        #[test]
        fn two_thousand_are_given_back_after_a_reset() {
            hold_and_vanish(&$request, $opening, "to all of you", Vanish::Reset);
        }

        #[test]
        fn two_thousand_are_given_back_when_they_fall_silent() {
            hold_and_vanish(&$request, $opening, "to all of you", Vanish::HalfOpen);
        }
    })+ };
}

techniques! {
    comet: get("/comet/stream", ""), "HTTP/1.1 200";
    iframe_push: get("/iframe-push/stream", ""), "HTTP/1.1 200";
    sse: get("/sse/stream", ""), "HTTP/1.1 200";
    websocket: upgrade("/websocket/socket", ""), "HTTP/1.1 101";
}

/// Ten thousand of each technique, one after the other, and one publish: it comes to each of
/// them once, and then all is given back.
#[test]
fn ten_thousand_of_each_technique_get_one_message() {
    const MANY: usize = 10_000;
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let course = Course::start(&["--max-connections", &MANY.to_string(), "--no-wire"]);
    course.until_complete();
    let (threads, descriptors) = (course.threads(), course.descriptors());
    let base = BaseUrl::parse(&format!("http://{}", course.address)).expect("a URL");
    // Last the one whose threads notice only at the end of their wait that nobody is there.
    let mut techniques = Technique::ALL.to_vec();
    techniques.sort_by_key(|technique| *technique == Technique::LongPolling);
    for technique in techniques {
        let plan = Plan {
            subscribers: MANY,
            messages: 1,
            patience: Duration::from_secs(60),
            ..Plan::new(base.clone(), technique)
        };
        let report = load::run(&plan, &mut |_| ControlFlow::Continue(())).expect("a run");
        assert!(report.is_right(), "{report:#?}");
        assert_eq!(report.deliveries, MANY as u64, "{technique}");
        within(Duration::from_secs(40), "all is given back", || {
            course.health()["held"] == 0 && course.threads() <= threads + 1
        });
    }
    within(SOON, "descriptors are given back", || {
        course.descriptors() <= descriptors + 1
    });
}
