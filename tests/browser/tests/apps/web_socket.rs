//! Lesson 6: handshake, echo, chat.

use super::{AT_ONCE, lines, on_both, say, times};
use poll_to_push_browser_tests::browser::Page;
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
    on_both(6, |stage| {
        let page = stage.open();
        page.click("handshake-start");
        page.fill("handshake-word", "Häuser");
        page.click("handshake-send");
        page.until_text("handshake-state", "it came back: Häuser");
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
    on_both(6, |stage| {
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
    on_both(6, |stage| {
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
    on_both(6, |stage| {
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
