//! Who may do what, behind a proxy: the course is called by the proxy's name and port.

use crate::common::proxy::{Kind, TLS};
use crate::common::{SOON, post};
use crate::{Behind, QUIET, behind_both};
use std::process::Command;

/// A POST to the chat by a page of `origin`, which the proxy serves.
fn published_by(behind: &Behind, origin: &str) -> u16 {
    let request = post("/publish", &format!("Origin: {origin}\r\n"), "{\"data\":1}");
    behind.ask(&behind.by_its_name(&request)).status
}

#[test]
fn pages_that_came_through_the_proxy_may_publish_and_others_may_not() {
    behind_both(|behind| {
        assert_eq!(published_by(behind, &behind.origin()), 200);
        // The course's own address is another origin to a browser.
        let direct = format!("http://localhost:{}", behind.course.address.port());
        assert_eq!(published_by(behind, &direct), 403);
        assert_eq!(published_by(behind, "http://evil.example"), 403);
    });
}

#[test]
fn nginx_without_the_line_for_host_refuses_its_own_pages() {
    let host = ("proxy_set_header Host $http_host;", "");
    let behind = Behind::start(Kind::Nginx, &QUIET, &[host]);
    assert_eq!(published_by(&behind, &behind.origin()), 403);
}

/// The link of lesson 1's sign-in, asked for at `port` by no page, so that there is no
/// `Origin`. What the client says of the scheme must not count.
fn link(scheme: &str, port: u16) -> String {
    let said = if scheme == "https" { "http" } else { "https" };
    let mut command = Command::new("curl");
    command.args([
        "-sk",
        "--data",
        "",
        "--max-time",
        &SOON.as_secs().to_string(),
    ]);
    command.args(["--resolve", &format!("class.example:{port}:127.0.0.1")]);
    command.args(["-H", &format!("X-Forwarded-Proto: {said}")]);
    command.arg(format!(
        "{scheme}://class.example:{port}/short-polling/sign-in"
    ));
    let output = command.output().expect("curl");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer["link"].as_str().expect("a link").to_owned()
}

#[test]
fn the_link_of_the_sign_in_has_the_scheme_that_the_browser_speaks() {
    for kind in [Kind::Nginx, Kind::HaProxy] {
        let behind = Behind::start(kind, &["--allow-host", "class.example"], &[TLS]);
        for (scheme, port) in [
            ("http", behind.proxy.port),
            ("https", behind.proxy.tls_port),
        ] {
            let start = format!("{scheme}://class.example:{port}/1-short-polling/");
            let link = link(scheme, port);
            assert!(link.starts_with(&start), "{kind:?}: {link}");
        }
    }
}
