//! Who may ask: `Host`, `Origin`, CORS and the answers that are scripts. On
//! both servers.

use crate::common::{Answer, Server, get, options, post, upgrade};
use crate::{both, both_with, refusal};
use poll_to_push::course::LESSONS;
use poll_to_push::http::{Access, Route};
use poll_to_push::options::Options;
use poll_to_push::origin::Origin;

const BODY: &str = "{\"data\":1}";

fn host(host: &str) -> String {
    format!("GET /healthz HTTP/1.1\r\n{host}\r\n")
}

#[test]
fn a_host_is_this_machine_or_an_address() {
    for (name, server) in &both() {
        for fine in [
            "localhost",
            "LOCALHOST:1",
            "localhost:65535",
            "127.0.0.1:3000",
            "192.168.0.7",
            "[::1]:3000",
            "[fe80::1]",
        ] {
            let answer = server.ask(&host(&format!("Host: {fine}\r\n")));
            assert_eq!(answer.status, 200, "{name}: {fine}");
        }
    }
}

#[test]
fn a_host_of_another_site_is_421() {
    for (name, server) in &both() {
        for other in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
        ] {
            let answer = server.ask(&host(&format!("Host: {other}\r\n")));
            assert_eq!(answer.status, 421, "{name}: {other}");
            assert!(answer.error().contains("--allow-host"), "{answer:?}");
        }
    }
}

#[test]
fn no_host_or_two_or_a_malformed_one_is_400() {
    for (name, server) in &both() {
        for fields in [
            "",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: localhost\r\nhost: evil.example\r\n",
            "Host: \r\n",
            "Host: :80\r\n",
            "Host: a b\r\n",
            "Host: a/b\r\n",
            "Host: user@localhost\r\n",
            "Host: localhost:port\r\n",
            "Host: localhost:99999\r\n",
            "Host: localhost, localhost\r\n",
            "Host: [::1\r\n",
            "Host: http://localhost\r\n",
        ] {
            assert_eq!(server.ask(&host(fields)).status, 400, "{name}: {fields}");
        }
    }
}

#[test]
fn a_refused_host_ends_a_connection_of_ours() {
    let [(_, ours), _] = both();
    assert_eq!(refusal(&ours, host("Host: evil.example\r\n")).status, 421);
    assert_eq!(refusal(&ours, host("")).status, 400);
    let not_text = b"GET /healthz HTTP/1.1\r\nHost: \xe9\r\n\r\n";
    assert_eq!(refusal(&ours, not_text).status, 400);
}

#[test]
fn a_host_that_was_allowed_is_ours() {
    let options = Options {
        allow_host: vec!["class.example".into()],
        ..options()
    };
    for (name, server) in &both_with(&options) {
        for fine in ["class.example", "CLASS.example:8080"] {
            let answer = server.ask(&host(&format!("Host: {fine}\r\n")));
            assert_eq!(answer.status, 200, "{name}: {fine}");
        }
        let answer = server.ask(&host("Host: sub.class.example\r\n"));
        assert_eq!(answer.status, 421, "{name}");
    }
}

fn publish_from(server: &Server, origin: &str) -> Answer {
    server.ask(&post("/publish", &format!("Origin: {origin}\r\n"), BODY))
}

const FOREIGN: [&str; 7] = [
    "null",
    "http://evil.example",
    "http://localhost:1",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "ftp://localhost",
    "localhost",
];

#[test]
fn publishing_with_a_foreign_origin_is_403() {
    for (name, server) in &both() {
        for origin in FOREIGN {
            let answer = publish_from(server, origin);
            assert_eq!(answer.status, 403, "{name}: {origin}");
            assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
        }
        assert_eq!(server.health()["topics"]["chat"]["held"], 0, "{name}");
        // `Host` has no port here, so its own origin has none.
        for origin in ["http://localhost", "https://localhost"] {
            assert_eq!(publish_from(server, origin).status, 200, "{name}: {origin}");
        }
        let with_port = post("/publish", "Origin: http://127.0.0.1:3000\r\n", BODY)
            .replace("Host: localhost", "Host: 127.0.0.1:3000");
        assert_eq!(server.ask(&with_port).status, 200, "{name}");
        // No browser.
        assert_eq!(
            server.ask(&post("/publish", "", BODY)).status,
            200,
            "{name}"
        );
    }
}

#[test]
fn signing_in_with_a_foreign_origin_is_403() {
    for (name, server) in &both() {
        for path in ["", "/scan", "/confirm"] {
            let path = format!("/short-polling/sign-in{path}");
            let asked = post(
                &path,
                "Origin: http://evil.example\r\n",
                "{\"session\":\"x\"}",
            );
            assert_eq!(server.ask(&asked).status, 403, "{name}: {path}");
        }
    }
}

#[test]
fn a_web_socket_with_a_foreign_origin_is_403() {
    let [(_, ours), _] = both();
    for path in [
        "/websocket/socket",
        "/websocket/echo",
        "/websocket/handshake",
    ] {
        for origin in FOREIGN {
            let asked = upgrade(path, &format!("Origin: {origin}\r\n"));
            assert_eq!(ours.ask(&asked).status, 403, "{path}: {origin}");
        }
        let mut own = ours.connect();
        own.send(upgrade(path, "Origin: http://localhost\r\n"));
        assert!(own.head().starts_with("HTTP/1.1 101 "), "{path}");
    }
}

fn friendly() -> Options {
    Options {
        allow_origin: vec![Origin::parse("https://friend.example").expect("an origin")],
        ..options()
    }
}

#[test]
fn a_page_of_an_allowed_origin_may_publish_and_read_the_answer() {
    for (name, server) in &both_with(&friendly()) {
        let answer = publish_from(server, "https://friend.example");
        assert_eq!(answer.status, 200, "{name}");
        let allowed = answer.header("Access-Control-Allow-Origin");
        assert_eq!(allowed, Some("https://friend.example"), "{name}");
        assert_eq!(answer.header("Vary"), Some("Origin"), "{name}");
        let exposed = answer.header("Access-Control-Expose-Headers");
        assert_eq!(exposed, Some("Last-Event-ID"), "{name}");
        // An error may be read as well.
        let origin = "Origin: https://friend.example\r\n";
        let wrong = server.ask(&post("/publish", origin, "nonsense"));
        assert_eq!(wrong.status, 400, "{name}");
        assert!(wrong.header("Access-Control-Allow-Origin").is_some());
        for other in [
            "http://friend.example",
            "https://friend.example.evil.example",
        ] {
            let answer = publish_from(server, other);
            assert_eq!(answer.status, 403, "{name}: {other}");
            assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
        }
    }
}

#[test]
fn a_preflight_is_answered_for_an_allowed_origin_only() {
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /publish HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type\r\n\r\n"
        )
    };
    for (name, server) in &both_with(&friendly()) {
        let answer = server.ask(&preflight("https://friend.example"));
        assert_eq!(answer.status, 204, "{name}");
        let field = |field| answer.header(field).unwrap_or_default();
        assert_eq!(
            field("Access-Control-Allow-Origin"),
            "https://friend.example"
        );
        assert_eq!(field("Access-Control-Allow-Credentials"), "true", "{name}");
        assert_eq!(field("Access-Control-Allow-Methods"), "POST", "{name}");
        let allowed = field("Access-Control-Allow-Headers");
        assert_eq!(allowed, "content-type", "{name}");
        // What clients add: those of Socket.IO's `extraHeaders`, for one.
        for (asked, allowed) in [
            (
                "authorization,cache-control,x-mine",
                "authorization,cache-control,x-mine",
            ),
            ("a b", "Content-Type, Last-Event-ID"),
            ("", "Content-Type, Last-Event-ID"),
        ] {
            let asked = preflight("https://friend.example").replace("content-type", asked);
            let answer = server.ask(&asked);
            let fields = answer.header("Access-Control-Allow-Headers");
            assert_eq!(fields, Some(allowed), "{name}: {asked}");
        }
        let answer = server.ask(&preflight("https://evil.example"));
        assert_eq!(answer.status, 405, "{name}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
    }
}

#[test]
fn a_stream_and_a_web_socket_are_open_to_an_allowed_origin() {
    let [(_, ours), _] = both_with(&friendly());
    let origin = "Origin: https://friend.example\r\n";
    let allowed = "\r\nAccess-Control-Allow-Origin: https://friend.example\r\n";
    for path in ["/sse/stream", "/sse/clock", "/comet/stream"] {
        let mut client = ours.connect();
        client.send(get(path, origin));
        assert!(client.head().contains(allowed), "{path}");
        let mut foreign = ours.connect();
        foreign.send(get(path, "Origin: https://evil.example\r\n"));
        let head = foreign.head();
        assert!(!head.contains("Access-Control"), "{path}: {head}");
    }
    let mut client = ours.connect();
    client.send(upgrade("/websocket/socket", origin));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
}

#[test]
fn an_allowed_page_may_read_why_it_was_refused_whatever_refused_it() {
    let [(_, ours), _] = both_with(&friendly());
    let origin = "Origin: https://friend.example\r\n";
    let publish =
        |fields: &str| format!("POST /publish HTTP/1.1\r\nHost: localhost\r\n{origin}{fields}\r\n");
    let fields: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (request, status) in [
        (publish(""), 411),
        (publish("Content-Length: 1048577\r\n"), 413),
        (publish("Content-Length: x\r\n"), 400),
        (publish("Content-Length: 1\r\nExpect: x\r\n"), 417),
        (publish(&fields), 431),
        (publish("a field\r\n"), 400),
        (
            publish("").replace("Host: localhost", "Host: evil.example"),
            421,
        ),
        (get("/nowhere", origin), 404),
    ] {
        let answer = ours.ask(&request);
        assert_eq!(answer.status, status, "{request}");
        let allowed = answer.header("Access-Control-Allow-Origin");
        assert_eq!(allowed, Some("https://friend.example"), "{request}");
        let foreign = ours.ask(&request.replace("friend", "evil"));
        assert_eq!(foreign.header("Access-Control-Allow-Origin"), None);
    }
    let panicking = Route::get("/panic", Access::AnyOrigin, |_| panic!("on purpose"));
    let server = Server::start(LESSONS, &friendly(), vec![panicking]);
    let answer = server.ask(&get("/panic", origin));
    assert_eq!(answer.status, 500);
    assert!(answer.header("Access-Control-Allow-Origin").is_some());
}

#[test]
fn a_default_port_is_the_own_origin_with_and_without_it() {
    for (name, server) in &both() {
        for (host, origin, status) in [
            ("localhost:80", "http://localhost", 200),
            ("localhost", "http://localhost:80", 200),
            ("localhost:443", "https://localhost", 200),
            ("localhost", "https://localhost:443", 200),
            ("localhost:443", "http://localhost", 403),
            ("localhost", "https://localhost:80", 403),
        ] {
            let asked = post("/publish", &format!("Origin: {origin}\r\n"), BODY);
            let asked = asked.replace("Host: localhost", &format!("Host: {host}"));
            assert_eq!(server.ask(&asked).status, status, "{name}: {host} {origin}");
        }
    }
}

#[test]
fn behind_an_https_relay_that_was_named_links_say_https() {
    let options = Options {
        allow_host: vec!["class.example".into()],
        ..options()
    };
    let link = |server: &Server, host: &str, fields: &str| {
        let asked = post("/short-polling/sign-in", fields, "");
        let asked = asked.replace("Host: localhost", &format!("Host: {host}"));
        server.ask(&asked).json()["link"]
            .as_str()
            .expect("a link")
            .to_owned()
    };
    for (name, server) in &both_with(&options) {
        for (host, fields, begins) in [
            (
                "class.example",
                "X-Forwarded-Proto: https\r\n",
                "https://class.example/",
            ),
            (
                "class.example",
                "Origin: https://class.example\r\n",
                "https://class.example/",
            ),
            ("class.example", "", "http://class.example/"),
            (
                "localhost:1",
                "X-Forwarded-Proto: https\r\n",
                "http://localhost:1/",
            ),
        ] {
            let link = link(server, host, fields);
            assert!(link.starts_with(begins), "{name}: {link}");
        }
        let page = get("/1-short-polling/", "X-Forwarded-Proto: https\r\n");
        let text = server.ask(&page.replace("localhost", "class.example"));
        assert!(text.text().contains("https://class.example/"), "{name}");
        assert!(!text.text().contains("http://class.example/"), "{name}");
    }
}

#[test]
fn a_policy_has_no_ipv6_address_which_browsers_would_reject() {
    for (name, server) in &both() {
        let asked = get("/", "").replace("localhost", "[::1]:3000");
        let answer = server.ask(&asked);
        let policy = answer.header("Content-Security-Policy").unwrap_or_default();
        assert!(!policy.contains('['), "{name}: {policy}");
    }
}
