//! Lesson 6: handshake, echo, chat.

use super::{AT_ONCE, Way, lines, measured, on_both, on_course, say, times, tried};
use poll_to_push_browser_tests::browser::Page;
use poll_to_push_browser_tests::eventually;
use tungstenite::handshake::derive_accept_key;

fn chat(page: &Page) {
    page.click("start");
    page.until_text("state", "1 OPEN");
}

#[test]
fn the_handshake_is_worked_out_from_the_readers_own_request() {
    on_both(6, |stage| {
        let page = stage.open();
        let mut keys = Vec::new();
        for _ in 0..2 {
            page.click("handshake-start");
            page.until("document.getElementById('handshake-sum').children.length === 5");
            page.until(&format!(
                "!{:?}.includes(document.querySelector('#handshake-sum li code').textContent)",
                keys
            ));
            let rows = page.text("handshake-request");
            for header in [
                "Host: localhost",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Origin: http://localhost",
            ] {
                assert!(rows.contains(header), "{header} is not in {rows}");
            }
            let steps = page.run("return [...document.querySelectorAll('#handshake-sum code')].map((code) => code.textContent)");
            let step = |n: usize| steps[n].as_str().expect("a step").to_owned();
            let key = step(0);
            assert!(rows.contains(&format!("Sec-WebSocket-Key: {key}")));
            assert_eq!(
                step(1),
                format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
            );
            assert_eq!(step(2).split(' ').count(), 20);
            assert_eq!(step(3), derive_accept_key(key.as_bytes()));
            let answer = page.text("handshake-response");
            assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
            assert!(
                answer.contains(&format!("Sec-WebSocket-Accept: {}", step(3))),
                "{answer}"
            );
            assert!(!answer.contains("Sec-WebSocket-Version"), "{answer}");
            page.until_text("handshake-sum", "base64 of the 20 bytes too: the same");
            keys.push(key);
        }
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn the_frames_of_the_readers_own_connection_are_shown_with_both_closes() {
    on_course(6, |stage| {
        let page = stage.open();
        page.click("handshake-start");
        page.fill("handshake-word", "Häuser");
        page.click("handshake-send");
        page.until_text("handshake-state", "it came back: Häuser");
        // The ping stands behind the first echo, the pong before the second.
        page.fill("handshake-word", "once more");
        page.click("handshake-send");
        page.until_text("handshake-state", "it came back: once more");
        page.click("handshake-close");
        page.until_text("handshake-state", "2 of them are Close frames");
        let frames = page.run("return [...document.querySelectorAll('#handshake-frames > li')].map((li) => li.textContent)");
        let frames: Vec<_> = frames
            .as_array()
            .expect("frames")
            .iter()
            .filter_map(|f| f.as_str())
            .collect();
        let from = |who: &str, what: &str| {
            let found = frames.iter().find(|f| f.contains(who) && f.contains(what));
            (*found.unwrap_or_else(|| panic!("no {what} {who} in {frames:#?}"))).to_owned()
        };
        let mine = from("from the browser: text", "Häuser");
        assert!(mine.contains("the mask"), "{mine}");
        assert!(!from("from the server: text", "Häuser").contains("the mask"));
        from("from the server", "ping");
        from("from the browser", "pong");
        assert!(from("from the browser: close", "1000").contains("seen"));
        from("from the server: close", "1000");
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn the_echo_shows_open_message_close_and_gives_back_text_and_bytes() {
    on_course(6, |stage| {
        let page = stage.open();
        page.click("echo-open");
        page.until_text("echo-state", "1 OPEN");
        page.fill("echo-text", "hé <b>");
        page.click("echo-send");
        page.until_text("echo-log", "message, text: hé <b>");
        page.click("echo-binary");
        page.until_text("echo-log", "message, binary: 68 c3 a9 20 3c 62 3e");
        page.fill("echo-code", "1001");
        page.click("echo-close");
        page.until_text("echo-log", "close() threw InvalidAccessError");
        page.fill("echo-code", "4001");
        page.fill("echo-reason", "lunch");
        page.click("echo-close");
        page.until_text(
            "echo-log",
            "close; code 4001, reason \"lunch\", wasClean true",
        );
        page.until_text("echo-state", "3 CLOSED");
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn a_subprotocol_is_agreed_or_the_browser_gives_up() {
    on_course(6, |stage| {
        let page = stage.open();
        page.fill("echo-protocol", "poll-to-push.v1");
        page.click("echo-open");
        page.until_text("echo-log", "open; protocol \"poll-to-push.v1\"");
        assert_eq!(page.text("echo-agreed"), "poll-to-push.v1");
        page.fill("echo-code", "1000");
        page.click("echo-close");
        page.until_text("echo-log", "close; code 1000");
        page.fill("echo-protocol", "unknown.v9");
        page.click("echo-open");
        page.until_text("echo-log", "close; code 1006");
        let log = lines(&page, "echo-log");
        assert!(log[log.len() - 2].starts_with("error"), "{log:?}");
    });
}

#[test]
fn send_too_early_throws_and_says_so() {
    on_course(6, |stage| {
        let page = stage.open();
        page.click("echo-early");
        page.until_text(
            "echo-log",
            "send() threw InvalidStateError, at readyState 0 CONNECTING",
        );
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn two_tabs_chat_up_and_down_one_connection_and_nonsense_does_not_end_it() {
    on_both(6, |stage| {
        let (one, two) = (stage.open(), stage.open());
        chat(&one);
        chat(&two);
        one.click("nonsense");
        one.until_text("error", "the server says:");
        for (from, text) in [(&one, "from one"), (&two, "from two")] {
            say(from, text);
            for page in [&one, &two] {
                page.within(AT_ONCE, &format!(
                    "[...document.querySelectorAll('#log li.down')].some((li) => li.textContent.includes('{text}'))"
                ));
            }
        }
        assert_eq!(one.text("state"), "1 OPEN");
        one.click("stop");
        one.until_text("log", "closed with 1000, wasClean true");
        say(&two, "missed one");
        say(&two, "missed two");
        chat(&one);
        one.until_text("log", "missed two");
        for text in ["from one", "from two", "missed one", "missed two"] {
            assert_eq!(times(&one, text), 1, "{text}");
        }
        assert_eq!([one.number("requests"), two.number("requests")], [2, 1]);
        assert_eq!(one.complaints(), [""; 0]);
    });
}

/// What the inputs of the table say, one after the other.
fn write_bytes(page: &Page, bytes: &[&str]) {
    page.run(&format!(
        "const inputs = document.querySelectorAll('#unmask-rows input');
         {bytes:?}.forEach((byte, index) => {{
           inputs[index].value = byte;
           inputs[index].dispatchEvent(new Event('input', {{ bubbles: true }}));
         }});"
    ));
}

#[test]
fn a_frame_is_unmasked_by_hand_and_each_byte_is_checked_at_once() {
    on_course(6, |stage| {
        let page = stage.open();
        page.run("location.hash = 'the-mask'");
        page.until("document.getElementById('unmask-rows').checkVisibility()");
        // The standard's example comes first.
        assert_eq!(
            page.text("unmask-frame"),
            "81 85 37 fa 21 3d 7f 9f 4d 51 58"
        );
        let first = page.run("return document.querySelector('#unmask-rows tr').innerText");
        let first = first.as_str().expect("a row");
        assert!(
            first.contains("7f\n0111 1111") && first.contains("37\n0011 0111"),
            "{first}"
        );
        write_bytes(&page, &["49"]);
        page.until_text("unmask-rows", "no");
        page.until_text("unmask-state", "byte 1 is not right; 0 of 5");
        // As digits or as bits; half a byte is not judged.
        write_bytes(&page, &["48", "0110 0101", "6C", "6"]);
        page.until_text("unmask-state", "byte 3 is right; 3 of 5");
        let letters = page.run("return [...document.querySelectorAll('#unmask-rows tr')].map((row) => row.cells[3].textContent)");
        assert_eq!(letters, serde_json::json!(["✓ H", "✓ e", "✓ l", "", ""]));
        write_bytes(&page, &["48", "65", "6c", "6c", "6f"]);
        page.until_text("unmask-state", "all 5 are right: Hello");

        page.click("handshake-start");
        page.fill("handshake-word", "Häuser");
        page.click("handshake-send");
        page.until_text("handshake-state", "it came back: Häuser");
        page.click("handshake-close");
        page.until_text("unmask-whose", "Your own frame");
        page.until_text("unmask-state", "the payload has 7 bytes");
        assert!(page.text("unmask-frame").starts_with("81 87 "));
        page.click("unmask-show");
        page.until_text("unmask-state", "all 7 are right: Häuser");
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn the_browser_refuses_every_answer_but_the_right_one_and_says_why_only_in_the_console() {
    on_course(6, |stage| {
        let page = stage.open();
        let ask = |how: &str| {
            page.fill("break-how", how);
            page.run("document.getElementById('break-state').textContent = ''");
            page.click("break-start");
            page.until("document.getElementById('break-state').textContent !== ''");
            let cells = page.run(
                "return [...document.querySelectorAll('#break-rows tr')]
                   .map((row) => [...row.cells].slice(1).map((cell) => cell.innerText.trim()))",
            );
            let cell = |row: usize, column: usize| {
                let words = cells[row][column].as_str().expect("words");
                words.to_owned()
            };
            // The right one beside it always opens.
            assert_eq!(cell(3, 0), "open, then close 1000");
            let key = cell(0, 0);
            let sum = derive_accept_key(key.as_bytes());
            assert_eq!(cell(1, 0), sum);
            assert!(cell(2, 0).contains(&format!("Sec-WebSocket-Accept: {sum}")));
            (cell(1, 1), cell(2, 1), cell(3, 1))
        };
        for how in [
            "changed-letter",
            "wrong-guid",
            "decoded-key",
            "hex",
            "no-accept",
            "no-upgrade",
            "no-connection",
        ] {
            let (sum, answer, seen) = ask(how);
            assert_eq!(seen, "error, then close 1006", "{how}");
            assert_eq!(
                answer.contains(&sum),
                how == "no-upgrade" || how == "no-connection"
            );
            assert_eq!(answer.contains("Upgrade: websocket"), how != "no-upgrade");
            assert_eq!(
                answer.contains("Connection: Upgrade"),
                how != "no-connection"
            );
        }
        eventually("all are told", || page.complaints().len() >= 7);
        let refusals = page.complaints();
        assert_eq!(refusals.len(), 7, "{refusals:#?}");
        assert!(
            refusals[0].contains("Incorrect 'Sec-WebSocket-Accept' header value"),
            "{refusals:#?}"
        );
        assert!(
            refusals[5].contains("'Upgrade' header is missing"),
            "{refusals:#?}"
        );
        // A version in the answer helps nobody and harms nobody.
        let (_, answer, seen) = ask("version");
        assert!(answer.contains("Sec-WebSocket-Version: 13"), "{answer}");
        assert_eq!(seen, "open, then close 1000");
        assert_eq!(ask("right").2, "open, then close 1000");
        assert_eq!(page.complaints().len(), 7);
    });
}

/// What the wrong way says, and what the right way says.
#[track_caller]
fn pair(page: &Page, name: &str, wrong: &[&str], right: &[&str]) {
    for (way, expected) in [(Way::Wrong, wrong), (Way::Right, right)] {
        let said = tried(page, name, way).join("\n");
        for words in expected {
            assert!(said.contains(words), "{name}: {words} is not in:\n{said}");
        }
    }
}

#[test]
fn each_mistake_fails_when_it_is_run_and_its_cure_does_not() {
    on_course(6, |stage| {
        let page = stage.open();
        pair(
            &page,
            "send-too-early",
            &["readyState 0 CONNECTING", "InvalidStateError"],
            &["readyState 1 OPEN", "came back: hello", "done"],
        );
        pair(
            &page,
            "data-over-http",
            &["426 Upgrade Required", "this is a WebSocket"],
            &["a frame came back: hello", "done"],
        );
        pair(
            &page,
            "only-the-key",
            &["no Upgrade: error, then close 1006"],
            &["open, then close 1000"],
        );
        pair(
            &page,
            "encrypted",
            &[
                "the key has 16 bytes; the answer has 20",
                "nothing brings it back",
            ],
            &["258EAFA5-E914-47DA-95CA-C5AB0DC85B11", ": the same"],
        );
        pair(
            &page,
            "no-reconnect",
            &[
                "closed with 1003",
                "four seconds later: readyState 3 CLOSED",
            ],
            &["closed with 1003", "a new socket: readyState 1 OPEN"],
        );
        pair(
            &page,
            "no-cursor",
            &[
                "came back to /websocket/socket\n",
                "what was said meanwhile is lost",
            ],
            &["/websocket/socket?after=", "what was said meanwhile came"],
        );
        pair(
            &page,
            "close-code",
            &["readyState 1 OPEN", "InvalidAccessError"],
            &["close; code 4001, reason \"lunch\", wasClean true"],
        );
        pair(
            &page,
            "no-origin-check",
            &[
                "origin is null",
                "open; the server answered: from a stranger",
            ],
            &["origin is null", "error: the server did not let me in"],
        );
        // Nothing is left behind.
        assert_eq!(
            page.run("return document.querySelectorAll('iframe').length"),
            0
        );
    });
}

#[test]
fn a_blocked_page_hears_nothing_until_it_is_free() {
    on_course(6, |stage| {
        let page = stage.open();
        let delays = |said: &str| -> Vec<u32> {
            let after = |line: &str| {
                line.split(" after ")
                    .nth(1)?
                    .split(' ')
                    .next()?
                    .parse()
                    .ok()
            };
            said.lines().filter_map(after).collect()
        };
        let ticks = |said: &str| -> u32 {
            let (_, rest) = said.split_once("fired ").expect("ticks");
            rest.split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number")
        };
        measured(|| {
            let wrong = tried(&page, "blocking", Way::Wrong).join("\n");
            let (first, others) = (delays(&wrong)[0], &delays(&wrong)[1..]);
            let blocked = first < 500 && others.iter().all(|ms| *ms >= 1000) && ticks(&wrong) <= 4;
            blocked.then_some(()).ok_or(wrong)
        });
        measured(|| {
            let right = tried(&page, "blocking", Way::Right).join("\n");
            let quick = delays(&right).iter().all(|ms| *ms < 500) && ticks(&right) > 6;
            quick.then_some(()).ok_or(right)
        });
        assert_eq!(page.complaints(), [""; 0]);
    });
}
