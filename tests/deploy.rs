//! The configurations in `deploy/` are run: a real nginx and a real HAProxy in front of a
//! real course, and each technique through them.
//!
//! What the texts say of these proxies is seen here when one thing in a copy is changed.

// Where `tests/run` can install both.
#![cfg(target_os = "linux")]

mod common;

#[path = "deploy/access.rs"]
mod access;
#[path = "deploy/changed.rs"]
mod changed;
#[path = "deploy/techniques.rs"]
mod techniques;

use common::child::Course;
use common::proxy::{Kind, Proxy};
use common::{Client, Site, eventually, post};
use std::ops::Deref;
use std::thread;

/// No heartbeat while a test runs.
const QUIET: [&str; 2] = ["--heartbeat-ms", "600000"];

/// A course behind a proxy. Asked as a [`Site`], it is asked through the proxy.
struct Behind {
    course: Course,
    proxy: Proxy,
    site: Site,
}

impl Deref for Behind {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Behind {
    fn start(kind: Kind, arguments: &[&str], changes: &[(&str, &str)]) -> Behind {
        let course = Course::start(arguments);
        let proxy = Proxy::start_changed(kind, course.address.port(), changes);
        let site = Site {
            address: proxy.address(),
        };
        Behind {
            course,
            proxy,
            site,
        }
    }

    /// The origin of pages that came through the proxy.
    fn origin(&self) -> String {
        format!("http://localhost:{}", self.proxy.port)
    }

    /// The request as a browser sends it, with the proxy's port in `Host`.
    fn by_its_name(&self, request: &str) -> String {
        let host = format!("Host: localhost:{}\r\n", self.proxy.port);
        request.replace("Host: localhost\r\n", &host)
    }

    /// Publishes in the chat, through the proxy.
    fn publish(&self, text: &str) {
        let body = format!("{{\"data\":\"{text}\"}}");
        assert_eq!(self.ask(&post("/publish", "", &body)).status, 200);
    }

    /// Opens a stream of the chat; it is there when this returns.
    fn stream(&self, target: &str) -> Client {
        let mut client = self.get(target);
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{target}: {head}");
        self.until_read_by(1);
        client
    }

    /// Waits until the chat has this many readers who are told at once.
    #[track_caller]
    fn until_read_by(&self, readers: u64) {
        eventually("the readers are there, or gone", || {
            self.course.health()["topics"]["chat"]["subscribers"] == readers
        });
    }

    /// Waits until the course holds this many connections.
    #[track_caller]
    fn until_held(&self, connections: u64) {
        eventually("the connections are held, or free", || {
            self.course.health()["held"] == connections
        });
    }
}

/// Runs the check behind each proxy, at once, on a course that says nothing by itself:
/// what a proxy holds back, no heartbeat pushes out.
fn behind_both(check: impl Fn(&Behind) + Sync) {
    behind_both_with(&QUIET, &[], check);
}

/// As [`behind_both`], with `arguments` for the course, and each proxy's file changed.
fn behind_both_with(
    arguments: &[&str],
    changes: &[(Kind, &str, String)],
    check: impl Fn(&Behind) + Sync,
) {
    thread::scope(|scope| {
        for kind in [Kind::Nginx, Kind::HaProxy] {
            let its = changes.iter().filter(|(of, ..)| *of == kind);
            let its: Vec<_> = its.map(|(_, old, new)| (*old, new.as_str())).collect();
            let check = &check;
            // Its name stands in the words of a failure.
            let thread = thread::Builder::new().name(format!("{kind:?}"));
            let run = move || check(&Behind::start(kind, arguments, &its));
            thread.spawn_scoped(scope, run).expect("a thread");
        }
    });
}

/// Whatever is published is seen before the next is published.
#[track_caller]
fn comes_one_by_one(behind: &Behind, client: &mut Client) {
    for text in ["the first", "the second", "the third"] {
        behind.publish(text);
        client.read_until(text);
    }
}
