//! JSONP is given to our own pages only, on both servers.

use crate::common::{Server, get, options};
use crate::{both, both_with};
use poll_to_push::options::Options;
use poll_to_push::origin::Origin;

fn script(server: &Server, path: &str, fields: &str) -> u16 {
    let target = format!("{path}?callback=news&after=0&wait=0");
    server.ask(&get(&target, fields)).status
}

/// The paths that a server of this name has.
fn paths(name: &str) -> &'static [&'static str] {
    match name {
        "ours" => &["/short-polling/jsonp", "/long-polling/jsonp"],
        _ => &["/short-polling/jsonp"],
    }
}

#[test]
fn a_script_is_given_to_pages_of_this_server() {
    for (name, server) in &both() {
        for path in paths(name) {
            for fields in [
                "",
                "Sec-Fetch-Site: same-origin\r\n",
                "Sec-Fetch-Site: none\r\n",
                "Sec-Fetch-Site: same-origin\r\nReferer: http://evil.example/\r\n",
                "Referer: http://localhost/1-short-polling/\r\n",
                "Referer: https://LOCALHOST?x\r\n",
                "Referer: http://localhost:80/\r\n",
            ] {
                assert_eq!(script(server, path, fields), 200, "{name} {path} {fields}");
            }
        }
    }
}

#[test]
fn a_script_is_not_given_to_pages_of_other_origins() {
    for (name, server) in &both() {
        for path in paths(name) {
            for fields in [
                "Sec-Fetch-Site: cross-site\r\n",
                "Sec-Fetch-Site: same-site\r\n",
                "Sec-Fetch-Site: same-site\r\nReferer: http://localhost:1/\r\n",
                "Sec-Fetch-Site: nonsense\r\n",
                "Sec-Fetch-Site: cross-site\r\nReferer: http://evil.example/\r\n",
                "Referer: http://evil.example/\r\n",
                "Referer: http://localhost.evil.example/\r\n",
                "Referer: http://localhost:1/\r\n",
                "Referer: http://localhost@evil.example/\r\n",
                "Referer: http://evil.example/?http://localhost/\r\n",
                "Referer: localhost\r\n",
                "X-Forwarded-For: 192.0.2.1\r\n",
                "X-Forwarded-For: 127.0.0.1\r\n",
            ] {
                assert_eq!(script(server, path, fields), 403, "{name} {path} {fields}");
            }
        }
    }
}

#[test]
fn a_script_is_given_to_pages_of_an_allowed_origin() {
    let options = Options {
        allow_origin: vec![Origin::parse("https://friend.example").expect("an origin")],
        ..options()
    };
    for (name, server) in &both_with(&options) {
        for path in paths(name) {
            let referer = "Referer: https://friend.example/page\r\n";
            assert_eq!(script(server, path, referer), 200, "{name} {path}");
            let both = format!("Sec-Fetch-Site: cross-site\r\n{referer}");
            assert_eq!(script(server, path, &both), 200, "{name} {path}");
            let other = "Referer: https://friend.example.evil.example/\r\n";
            assert_eq!(script(server, path, other), 403, "{name} {path}");
        }
    }
}
