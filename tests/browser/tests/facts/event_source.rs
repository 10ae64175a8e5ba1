//! Lesson 5: what an `EventSource` makes of a stream.

use super::page;
use poll_to_push_browser_tests::SOON;
use serde_json::json;
use std::time::Duration;

/// Opens `/stream` and notes each event that fires.
const LISTEN: &str = r#"
window.fired = [];
window.source = new EventSource("/stream");
for (const name of ["open", "error", "message", "alarm"]) {
  source.addEventListener(name, (event) => fired.push([name, event.data ?? null, event.lastEventId ?? null]));
}
"#;

/// A stream of these bytes that stays open.
fn stream(fields: &'static str, bytes: &'static [u8]) -> impl Fn(&super::Asked, &mut super::Wire) {
    move |_, wire| {
        wire.begin(fields);
        wire.chunk(bytes);
        wire.hold();
    }
}

const SSE: &str = "Content-Type: text/event-stream";

#[test]
fn an_id_closed_off_by_a_blank_line_sticks_and_fires_nothing() {
    let (_raw, _window, page) = page(stream(SSE, b"id: 7\n\ndata: a\n\ndata: b\n\n"));
    page.run(LISTEN);
    page.until("fired.length === 3");
    let fired = page.run("return fired");
    // The data fired as an event of its own, after it; the 7 stays for all later ones.
    assert_eq!(
        fired,
        json!([
            ["open", null, null],
            ["message", "a", "7"],
            ["message", "b", "7"]
        ])
    );
}

#[test]
fn an_id_alone_is_what_the_browser_comes_back_with() {
    let (raw, _window, page) = page(|asked, wire| {
        if asked.header("Last-Event-ID").is_none() {
            wire.begin(SSE);
            wire.chunk("retry: 100\nid: 7\n\n");
            wire.end();
        } else {
            wire.begin(SSE);
            wire.hold();
        }
    });
    page.run(LISTEN);
    raw.until_asked("/stream", 2);
    let last = raw.asked("/stream").pop().expect("asked");
    assert_eq!(last.header("Last-Event-ID"), Some("7"));
    assert_eq!(
        page.run("return fired.filter(([name]) => name === 'message')"),
        json!([])
    );
}

#[test]
fn an_id_counts_wherever_it_stands_in_its_event_and_once_the_blank_line_has_come() {
    let bytes = b"data: a\nid: 1\n\nid: 2\ndata: b\n\ndata: c\nid: 3\n";
    let (_raw, _window, page) = page(stream(SSE, bytes));
    page.run(LISTEN);
    page.until("fired.length === 3");
    assert_eq!(
        page.run("return fired.slice(1)"),
        json!([["message", "a", "1"], ["message", "b", "2"]])
    );
}

#[test]
fn without_a_final_blank_line_nothing_fires_not_even_at_the_end() {
    let (_raw, _window, page) = page(|_, wire| {
        wire.begin(SSE);
        wire.chunk("retry: 60000\ndata: whole\n\ndata: half\n");
        wire.end();
    });
    page.run(LISTEN);
    // The end of the answer has been seen when the error has fired.
    page.until("fired.some(([name]) => name === 'error')");
    assert_eq!(
        page.run("return fired.filter(([name]) => name === 'message').map(([, data]) => data)"),
        json!(["whole"])
    );
}

#[test]
fn an_answer_that_ends_after_each_event_is_polling_every_three_seconds_with_an_error_each_time() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin(SSE);
        wire.chunk("data: news\n\n");
        wire.end();
    });
    page.run(LISTEN);
    raw.until_asked("/stream", 3);
    page.until("fired.filter(([name]) => name === 'message').length === 3");
    page.until("fired.filter(([name]) => name === 'error').length === 3");
    let asked = raw.asked("/stream");
    for pair in asked.windows(2) {
        let waited = pair[1].at - pair[0].at;
        let about_three = Duration::from_millis(2500)..Duration::from_millis(5000);
        assert!(about_three.contains(&waited), "{waited:?}");
    }
}

#[test]
fn retry_sets_the_wait_before_the_next_try() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin(SSE);
        wire.chunk("retry: 200\n\n");
        wire.end();
    });
    page.run(LISTEN);
    raw.until_asked("/stream", 3);
    let asked = raw.asked("/stream");
    let waited = asked[2].at - asked[0].at;
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    assert!(waited >= Duration::from_millis(390), "{waited:?}");
}

#[test]
fn another_charset_in_the_header_ends_an_event_source_for_good() {
    let (_raw, _window, page) = page(stream(
        "Content-Type: text/event-stream; charset=gbk",
        b"data: a\n\n",
    ));
    page.run(LISTEN);
    page.until("fired.length > 0");
    let ended = page.run("return [fired[0][0], source.readyState]");
    assert_eq!(ended, json!(["error", 2]));
}

#[test]
fn gbk_bytes_without_a_charset_turn_into_u_fffd_in_silence() {
    // 你好, as GBK writes it.
    let (_raw, _window, page) = page(stream(SSE, b"data: \xc4\xe3\xba\xc3\n\n"));
    page.run(LISTEN);
    page.until("fired.some(([name]) => name === 'message')");
    assert_eq!(
        page.run(
            "return [fired.length, fired[1][1].includes('\\uFFFD'), fired[1][1].includes('你')]"
        ),
        json!([2, true, false])
    );
}

#[test]
fn an_answer_that_is_not_200_or_of_another_type_ends_it_for_good() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
    ] {
        let (_raw, _window, page) = page(move |_, wire| wire.send(answer));
        page.run(LISTEN);
        page.until("source.readyState === 2");
        assert_eq!(
            page.run("return fired.map(([name]) => name)"),
            json!(["error"])
        );
    }
}

#[test]
fn another_origin_is_read_only_if_it_allows_it() {
    let (raw, window, _page) = page(|asked, wire| {
        let allow = match asked.query() {
            "allowed" => format!(
                "Access-Control-Allow-Origin: {}",
                asked.header("Origin").unwrap_or_default()
            ),
            _ => String::new(),
        };
        wire.begin(&format!("{SSE}\n{allow}"));
        wire.chunk("data: a\n\n");
        wire.hold();
    });
    let page = window.open(&format!("http://127.0.0.1:{}/", raw.port));
    page.run(&format!(
        "window.allowed = new EventSource('{0}?allowed');
         window.refused = new EventSource('{0}?refused');",
        raw.url("/stream")
    ));
    page.until("allowed.readyState === 1 && refused.readyState === 2");
}

#[test]
fn an_event_with_a_name_goes_only_to_listeners_of_that_name() {
    let bytes =
        b"event: surprise\ndata: 1\n\nevent: alarm\ndata: 2\n\n: a comment\n\ndata: 3\ndata: 4\n\n";
    let (_raw, _window, page) = page(stream(SSE, bytes));
    page.run(&format!(
        "{LISTEN} window.on = []; source.onmessage = (event) => on.push(event.data);"
    ));
    page.until("fired.length === 3 && on.length === 1");
    assert_eq!(
        page.run("return [fired.slice(1).map(([name, data]) => [name, data]), on]"),
        json!([[["alarm", "2"], ["message", "3\n4"]], ["3\n4"]])
    );
}

#[test]
fn a_line_ends_with_any_of_the_three_line_ends() {
    let (_raw, _window, page) = page(stream(SSE, b"data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n"));
    page.run(LISTEN);
    page.until("fired.length === 4");
    assert_eq!(
        page.run("return fired.slice(1).map(([, data]) => data)"),
        json!(["1", "2", "3"])
    );
}

#[test]
fn a_new_event_source_has_forgotten_the_last_id() {
    let (raw, _window, page) = page(stream(SSE, b"id: 7\ndata: a\n\n"));
    page.run(LISTEN);
    page.until("fired.length === 2");
    page.run(&format!("source.close(); {LISTEN}"));
    raw.until_asked("/stream", 2);
    let asked = raw.asked("/stream");
    assert_eq!(asked[1].header("Last-Event-ID"), None);
    assert_eq!(asked[1].header("Accept"), Some("text/event-stream"));
}

#[test]
fn there_is_no_add_listener() {
    let (_raw, _window, page) = page(stream(SSE, b""));
    let thrown = page.run(
        "const source = new EventSource('/stream');
         try { source.addListener('message', () => {}); } catch (error) { return error.name; }",
    );
    assert_eq!(thrown, "TypeError");
}

/// The notes' server: each client's timer is put into one variable, and who
/// leaves clears what is in it.
#[test]
fn with_one_interval_for_all_b_goes_silent_when_a_leaves() {
    use std::collections::HashSet;
    use std::sync::Mutex;
    #[derive(Default)]
    struct Timers {
        made: usize,
        interval: usize,
        cleared: HashSet<usize>,
    }
    let timers = Mutex::new(Timers::default());
    let (clears, cleared_one) = std::sync::mpsc::channel();
    let lock = move |f: &mut dyn FnMut(&mut Timers)| f(&mut timers.lock().expect("timers"));
    let (raw, _window, page) = page(move |asked, wire| {
        let mut mine = 0;
        lock(&mut |timers| {
            timers.made += 1;
            mine = timers.made;
            timers.interval = mine;
        });
        wire.begin(SSE);
        // A tick is what the page asks for with /release?a1, /release?b1, …
        for n in 1.. {
            if !wire.hold_until(&format!("{}{n}", asked.query())) {
                break;
            }
            let mut cleared = false;
            lock(&mut |timers| cleared = timers.cleared.contains(&mine));
            if cleared {
                wire.hold();
                break;
            }
            wire.chunk(format!("data: {n}\n\n"));
            if n > 9 {
                break;
            }
        }
        lock(&mut |timers| {
            let there = timers.interval;
            timers.cleared.insert(there);
        });
        let _ = clears.send(());
    });
    page.run(
        "window.ticks = { a: [], b: [] };
         window.sources = {};
         for (const name of 'ab') {
           const source = sources[name] = new EventSource('/stream?' + name);
           const opened = new Promise((done) => { source.onopen = done; });
           source.onmessage = (event) => ticks[name].push(event.data);
           await opened;
         }",
    );
    raw.release("b1");
    page.until("ticks.b.length === 1");
    page.run("sources.a.close()");
    cleared_one.recv_timeout(SOON).expect("A left");
    raw.until_asked("/stream?b", 1);
    // B's timer is due again, and again.
    raw.release("b2");
    page.run("await fetch('/release?b3'); await fetch('/release?b4')");
    assert_eq!(
        page.run("return [ticks.b.length, sources.b.readyState]"),
        json!([1, 1])
    );
}
