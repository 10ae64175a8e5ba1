//! The wire view's URLs: who may look, what is told, and what never is.

mod common;

#[path = "wire_view/faults.rs"]
mod faults;
#[path = "wire_view/restart.rs"]
mod restart;

use common::{
    Client, Site, course, course_with, eventually, get, lesson, masked, options, post, upgrade,
};
use poll_to_push::options::Options;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// The cookie that a page's answer sets, as a request sends it back.
fn cookie(server: &Site) -> String {
    cookie_of(server, "/5-sse/")
}

fn cookie_of(server: &Site, page: &str) -> String {
    let page = server.ask(&get(page, ""));
    let set = page.header("Set-Cookie").expect("a cookie").to_owned();
    assert!(
        set.contains("; HttpOnly") && set.contains("; SameSite=Strict"),
        "{set}"
    );
    format!("Cookie: {}\r\n", set.split(';').next().expect("a pair"))
}

/// A looker: the page's side of `/wire/socket`.
struct Looker {
    client: Client,
    hello: Value,
    told: VecDeque<Passage>,
}

#[derive(Debug)]
struct Passage {
    head: Value,
    bytes: Vec<u8>,
}

impl Passage {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Looker {
    fn start(server: &Site, cookie: &str) -> Looker {
        let mut client = server.connect();
        client.send(upgrade("/wire/socket", cookie));
        assert!(client.head().starts_with("HTTP/1.1 101 "));
        let (first, hello) = client.frame();
        assert_eq!(first, 0x81);
        Looker {
            client,
            hello: serde_json::from_slice(&hello).expect("JSON"),
            told: VecDeque::new(),
        }
    }

    /// The next frame: the server's word, or passages, which are kept.
    fn frame(&mut self) -> Option<Value> {
        match self.client.frame() {
            (0x81, word) => Some(serde_json::from_slice(&word).expect("JSON")),
            (0x82, batch) => {
                self.told.extend(unpack(&batch));
                None
            }
            // A heartbeat.
            (0x89, _) => None,
            (other, payload) => panic!("a frame {other:x}: {}", String::from_utf8_lossy(&payload)),
        }
    }

    /// The next passage.
    fn next(&mut self) -> Passage {
        while self.told.is_empty() {
            self.frame();
        }
        self.told.pop_front().expect("one")
    }

    /// Says a word to the server, and gives its answer.
    fn say(&mut self, word: &str) -> Value {
        self.client.send(masked(0x81, word.as_bytes()));
        loop {
            if let Some(answer) = self.frame() {
                return answer;
            }
        }
    }

    /// Passages up to one whose bytes hold `words`.
    fn until(&mut self, words: &str) -> Vec<Passage> {
        let mut all = Vec::new();
        loop {
            let passage = self.next();
            let there = passage.text().contains(words);
            all.push(passage);
            if there {
                return all;
            }
        }
    }
}

fn unpack(mut batch: &[u8]) -> Vec<Passage> {
    let mut all = Vec::new();
    while let Some(end) = batch.iter().position(|byte| *byte == b'\n') {
        let head: Value = serde_json::from_slice(&batch[..end]).expect("JSON");
        let kept = usize::try_from(head["kept"].as_u64().unwrap_or(0)).expect("fits");
        let bytes = batch[end + 1..end + 1 + kept].to_vec();
        batch = &batch[end + 1 + kept..];
        all.push(Passage { head, bytes });
    }
    all
}

#[test]
fn a_looker_is_told_of_its_browsers_requests_and_answers_as_they_passed() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    assert_eq!(looker.hello["connections"], json!([]));
    let body = "{\"data\":\"hello there\"}";
    let answer = server.ask(&post("/publish", &cookie, body));
    let head = looker.next();
    assert_eq!(
        head.text(),
        format!(
            "POST /publish HTTP/1.1\r\nHost: localhost\r\n{cookie}Content-Length: {}\r\n\r\n",
            body.len()
        )
    );
    assert_eq!(head.head["kind"], "in");
    assert_eq!(looker.next().text(), body);
    let told = looker.next();
    assert_eq!(told.head["kind"], "out");
    assert_eq!(told.text(), format!("{}{}", answer.head, answer.text()));
    assert!(told.head["us"].as_u64() >= head.head["us"].as_u64());
    let end = looker.next();
    assert_eq!(
        (&end.head["kind"], &end.head["why"]),
        (&"end".into(), &"ClientClosed".into())
    );
    assert_eq!(end.head["n"], head.head["n"]);
}

#[test]
fn a_stream_and_a_websocket_are_told_piece_by_piece_both_ways() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let mut stream = server.connect();
    stream.send(get("/comet/stream?after=0", &cookie));
    stream.head();
    looker.until("Transfer-Encoding: chunked");
    let topic = server.running().app().bus.topic("chat").expect("chat");
    eventually("joined", || topic.subscribers() == 1);
    server.publish("chat", &"in a chunk".into());
    let chunk = looker.until("in a chunk").pop().expect("one");
    assert!(chunk.text().ends_with("}\n\r\n"), "{}", chunk.text());
    let mut socket = server.connect();
    socket.send(upgrade("/websocket/echo", &cookie));
    socket.head();
    looker.until("Sec-WebSocket-Accept");
    let frame = masked(0x81, b"there and back");
    socket.send(&frame);
    assert_eq!(socket.frame().1, b"there and back");
    let up = looker.next();
    assert_eq!((&up.head["kind"], &up.bytes), (&"in".into(), &frame));
    let down = looker.next();
    assert_eq!((&down.head["kind"], down.bytes[0]), (&"out".into(), 0x81));
    // Who comes later is told what is open.
    let late = Looker::start(&server, &cookie);
    let targets: Vec<_> = late.hello["connections"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["target"])
        .collect();
    assert!(
        targets.contains(&&json!("/comet/stream?after=0")),
        "{targets:?}"
    );
    assert!(targets.contains(&&json!("/websocket/echo")), "{targets:?}");
}

#[test]
fn nobody_is_told_of_another_browsers_bytes_or_of_the_view_itself() {
    let server = course();
    let (mine, other) = (cookie(&server), cookie(&server));
    assert_ne!(mine, other);
    let mut looker = Looker::start(&server, &mine);
    let mut second = Looker::start(&server, &mine);
    server.ask(&get("/short-polling/messages?after=0&who=other", &other));
    server.ask(&get("/short-polling/messages?after=0&who=nobody", ""));
    server.ask(&get("/short-polling/messages?after=0&who=mine", &mine));
    for one in [&mut looker, &mut second] {
        let told = one.until("who=mine");
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[test]
fn a_page_of_another_site_and_a_stranger_may_not_look() {
    let server = course();
    let cookie = cookie(&server);
    let foreign = format!("{cookie}Origin: http://evil.example\r\n");
    assert_eq!(server.ask(&upgrade("/wire/socket", &foreign)).status, 403);
    for stranger in ["", "Cookie: poll-to-push=guess\r\n"] {
        let answer = server.ask(&upgrade("/wire/socket", stranger));
        assert_eq!(answer.status, 403);
        assert!(
            answer.error().contains("opened a page"),
            "{}",
            answer.error()
        );
    }
    assert_eq!(server.ask(&get("/wire/socket", &cookie)).status, 426);
}

#[test]
fn cut_ends_this_browsers_connections_and_no_others() {
    let server = course();
    let (mine, other) = (cookie(&server), cookie(&server));
    let mut looker = Looker::start(&server, &mine);
    let open = |cookie: &str| {
        let mut stream = server.connect();
        stream.send(get("/sse/stream?topic=clock", cookie));
        stream.head();
        stream
    };
    let (mut cut, mut spared) = (open(&mine), open(&other));
    let mut waiting = server.connect();
    waiting.send(get(
        "/long-polling/messages?wait=60&topic=users&after=0",
        &mine,
    ));
    let topic = server.running().app().bus.topic("clock").expect("a clock");
    eventually("both follow", || topic.subscribers() == 2);
    looker.client.send(masked(0x81, b"cut"));
    cut.rest();
    // The other one goes on.
    spared.read_until("data: ");
    spared.read_until("data: ");
    let ends = std::iter::from_fn(|| Some(looker.next())).find(|one| one.head["why"] == "Cut");
    assert!(ends.is_some());
    eventually("counted", || server.ended("Cut") >= 1);
}

#[test]
fn of_a_large_frame_the_start_is_told_and_its_length() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Looker::start(&server, &cookie);
    let mut socket = server.connect();
    socket.send(upgrade("/websocket/echo", &cookie));
    socket.head();
    let megabyte: Vec<u8> = (0..1 << 20).map(|n: u32| n.to_le_bytes()[0]).collect();
    socket.send(masked(0x82, &megabyte));
    assert_eq!(socket.frame().1, megabyte);
    let mut lengths = [0, 0];
    let mut missed = 0;
    while lengths.iter().sum::<u64>() + missed < 2 << 20 {
        let passage = looker.next();
        if let Some(some) = passage.head["missed"].as_u64() {
            // What was missed is at most what one read or write moves.
            missed += some << 20;
            continue;
        }
        assert!(passage.bytes.len() <= 4096);
        let way = usize::from(passage.head["kind"] == "out");
        lengths[way] += passage.head["length"].as_u64().expect("a length");
    }
}

/// A looker that does not read costs the stream that it looks at nothing.
#[test]
fn a_looker_that_stops_reading_holds_nothing_up() {
    let server = course();
    let cookie = cookie(&server);
    let mut looker = Client::connect_small(server.address);
    looker.send(upgrade("/wire/socket", &cookie));
    looker.head();
    let mut stream = server.connect();
    stream.send(get("/comet/stream", &cookie));
    stream.head();
    let topic = server.running().app().bus.topic("chat").expect("chat");
    eventually("joined", || topic.subscribers() == 1);
    // Far more than the looker's channel, outbox and socket hold.
    let words = json!("x".repeat(4000));
    for _ in 0..2000 {
        topic.publish("message", &words).expect("open");
        assert!(stream.chunk().is_some(), "the stream goes on");
    }
}

#[test]
fn turned_off_there_is_no_cookie_and_nothing_to_look_at() {
    let off = course_with(&Options {
        no_wire_view: true,
        ..options()
    });
    let page = off.ask(&get("/5-sse/", ""));
    assert_eq!(page.header("Set-Cookie"), None);
    assert!(page.text().contains("<meta name=\"wire\" content=\"off\">"));
    assert_eq!(off.ask(&get("/wire/socket", "")).status, 404);
}

#[test]
fn a_look_that_ends_leaves_nothing_behind() {
    let server = course();
    let cookie = cookie(&server);
    let threads = || server.health()["threads"].as_u64().expect("a count");
    let before = threads();
    drop(Looker::start(&server, &cookie));
    // Those of the tests beside this one are counted, too, and may have ended meanwhile.
    eventually("its threads have ended", || {
        threads() <= before && server.health()["connections"] == 1
    });
}

#[test]
fn an_answer_to_a_browser_that_has_left_is_no_answer() {
    for path in ["/long-polling/messages", "/long-polling/parked"] {
        let server = course();
        let cookie = cookie(&server);
        let mut looker = Looker::start(&server, &cookie);
        let mut leaves = server.connect();
        leaves.send(get(&format!("{path}?wait=1"), &cookie));
        assert_eq!(looker.next().head["kind"], "in");
        drop(leaves);
        let end = looker.next().head;
        assert_eq!(
            (&end["kind"], &end["why"]),
            (&json!("end"), &json!("ClientClosed")),
            "{path}: {end}"
        );
        // What is written to it later is not told: the next is of another connection.
        server.ask(&get("/healthz", &cookie));
        assert_ne!(looker.next().head["n"], end["n"], "{path}");
    }
}

#[test]
fn a_lesson_on_the_library_is_observed_in_front_of_it() {
    let server = lesson(1);
    let cookie = cookie_of(&server, "/1-short-polling/");
    let mut looker = Looker::start(&server, &cookie);
    let answer = server.ask(&get("/short-polling/messages", &cookie));
    let head = looker.next();
    assert!(
        head.text()
            .starts_with("GET /short-polling/messages HTTP/1.1\r\n")
    );
    let told = looker.next();
    assert_eq!(told.text(), format!("{}{}", answer.head, answer.text()));
}
