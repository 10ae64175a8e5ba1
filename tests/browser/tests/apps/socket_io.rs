//! Lesson 7: Engine.IO by hand, chat, rooms, acks, namespaces, the notes.

use super::{Stage, both_ways, lines, measured, on_both, on_course, on_course_with, say, stays};
use poll_to_push_browser_tests::browser::Page;
use serde_json::json;

/// Clicks a button as soon as it can be clicked.
#[track_caller]
fn press(page: &Page, id: &str) {
    page.until(&format!("!document.getElementById('{id}').disabled"));
    page.click(id);
}

/// Waits until the last line of a log begins so.
#[track_caller]
fn last(page: &Page, log: &str, words: &str) {
    let words = serde_json::Value::from(words);
    page.until(&format!(
        "document.querySelector('#{log} li:last-child span')?.textContent.startsWith({words})"
    ));
}

fn connected(stage: &Stage, name: &str) -> Page {
    let page = stage.open();
    page.fill("name", name);
    page.click("start");
    page.until_text("transport", "websocket");
    page
}

#[test]
fn engine_io_is_done_by_hand_packet_by_packet() {
    on_both(7, |stage| {
        let page = stage.open();
        page.click("engine-open");
        page.until_text("engine-log", "0 = open");
        press(&page, "engine-poll");
        page.until_text("engine-waits", "yes");
        press(&page, "engine-send");
        page.until_text("engine-log", "200 ok");
        page.until_text("engine-log", "4hello\n4 = message");
        page.until_text("engine-waits", "no");
        for _ in 0..3 {
            press(&page, "engine-send");
        }
        // The third is taken, too: it goes by another connection than the poll.
        page.until("!document.getElementById('engine-send').disabled");
        press(&page, "engine-poll");
        page.until(
            "document.getElementById('engine-log').textContent.split('4hello\\n').length > 4",
        );
        // Whether the answer came before the third word or after it.
        page.until_text("engine-waits", "no");
        press(&page, "engine-poll");
        page.until_text("engine-waits", "yes");
        press(&page, "engine-socket");
        press(&page, "engine-probe");
        page.until_text("engine-log", "3 = pong, with the word probe");
        page.until_text("engine-log", "6 = noop");
        page.until_text("engine-waits", "no");
        press(&page, "engine-upgrade");
        page.until_text("engine-carrier", "WebSocket");
        press(&page, "engine-send");
        page.until_text("engine-log", "WebSocket: 4hello");
        last(&page, "engine-log", "4hello");
        press(&page, "engine-close");
        page.until_text("engine-sid", "none");
        assert_eq!(page.complaints(), [""; 0]);
    });
}

#[test]
fn a_session_by_hand_is_pinged_and_lives_on_its_pong() {
    let quick = ["--ping-interval-ms", "1000", "--ping-timeout-ms", "4000"];
    on_course_with(7, &quick, |stage| {
        let page = stage.open();
        // At this stop one answers the pings oneself.
        page.run("location.hash = 'still-there'");
        page.until("document.getElementById('engine-pong').checkVisibility()");
        page.click("engine-open");
        for _ in 0..2 {
            press(&page, "engine-poll");
            page.until_text("engine-waits", "no");
            last(&page, "engine-log", "2\n2 = ping");
            press(&page, "engine-pong");
            last(&page, "engine-log", "200 ok");
        }
        // Without a pong it is over, and the next request is told so.
        press(&page, "engine-poll");
        page.until_text("engine-waits", "no");
        press(&page, "engine-poll");
        page.until_text("engine-sid", "none");
    });
}

#[test]
fn two_tabs_chat_with_acks_and_see_each_other() {
    on_both(7, |stage| {
        let (ada, bob) = (connected(stage, "Ada"), connected(stage, "Bob"));
        for page in [&ada, &bob] {
            page.until_text("here", "2: ");
        }
        bob.fill("text", "hi");
        ada.until_text("typing", "Bob is typing");
        bob.click("send");
        ada.until_text("log", "Bob: hi");
        bob.until_text("log", "Bob: hi");
        bob.until_text("log", "the server has it: id ");
        bob.until_text(
            "packets",
            "4 message · 2 event · namespace / · wants ack 0 · the event \"chat message\"",
        );
        bob.until_text(
            "packets",
            "4 message · 3 ack · namespace / · the answer to 0",
        );
        bob.until_text("packets", "4 message · 0 connect");
        bob.click("stop");
        ada.until_text("here", "1: Ada");
        for (transports, name) in [("polling", "polling"), ("websocket", "websocket")] {
            bob.fill("transports", transports);
            press(&bob, "start");
            bob.until_text("transport", name);
            say(&bob, &format!("by {name}"));
            ada.until_text("log", &format!("by {name}"));
            press(&bob, "stop");
        }
        assert_eq!(ada.complaints(), [""; 0]);
        assert_eq!(bob.complaints(), [""; 0]);
    });
}

#[test]
fn a_cut_loses_what_was_said_unless_the_state_is_recovered() {
    for recovery in [false, true] {
        let arguments: &[&str] = if recovery {
            &["--connection-state-recovery"]
        } else {
            &[]
        };
        on_course_with(7, arguments, |stage| {
            let page = connected(stage, "Ada");
            press(&page, "join");
            page.until_text("rooms", "red");
            say(&page, "before");
            page.until_text("log", "the server has it");
            let id = page.text("socket-id");
            // Not before the two messages are said and what it left is kept.
            page.run(
                "(await import('/7-socket-io/connection.js')).current().io.options.reconnectionDelay = 3000",
            );
            page.click("cut");
            page.until(&format!(
                "document.getElementById('state').textContent === 'connected'
                 && document.getElementById('attempts').textContent !== '0'
                 && document.getElementById('recovered').textContent === '{recovery}'"
            ));
            assert_eq!(page.text("socket-id") == id, recovery);
            assert_eq!(page.text("rooms"), if recovery { "red" } else { "none" });
            page.until(&format!(
                "document.getElementById('leave').disabled === {}",
                !recovery
            ));
            if recovery {
                page.until_text("log", "said while you were away, 2");
                page.until_text("packets", "40{\"pid\":");
            }
            say(&page, "after");
            page.until_text("log", "Ada: after");
            let missed = lines(&page, "log")
                .iter()
                .filter(|line| line.contains("while you were"))
                .count();
            assert_eq!(missed, if recovery { 2 } else { 0 });
            assert_eq!(page.complaints(), [""; 0]);
        });
    }
}

#[test]
fn it_comes_back_when_its_server_was_gone_and_sends_what_waited() {
    on_course(7, |stage| {
        let page = connected(stage, "Ada");
        for ordered in [true, false] {
            if ordered {
                stage.course.stop();
            } else {
                stage.course.kill();
            }
            page.until_text("log", "disconnect; ");
            page.fill("text", "said while the server was gone");
            page.click("send");
            page.until_text("log", "waits until we are connected");
            stage.course.restart();
            page.until_text("log", "the server has it");
            page.until_text("log", "Ada: said while the server was gone");
            page.run("document.getElementById('log').replaceChildren()");
        }
    });
}

#[test]
fn a_room_is_heard_by_those_who_are_in_it() {
    on_course(7, |stage| {
        let (ada, bob) = (connected(stage, "Ada"), connected(stage, "Bob"));
        press(&ada, "join");
        ada.until_text("rooms", "red");
        press(&bob, "room-say");
        ada.until_text("room-log", "hello, room");
        press(&ada, "leave");
        ada.until_text("rooms", "none");
        press(&bob, "room-say");
        // Its own answer comes behind it, and nothing of the room.
        press(&ada, "ask");
        ada.until_text("ask-log", "ack: hi");
        assert_eq!(lines(&ada, "room-log").len(), 1);
        assert_eq!(lines(&bob, "room-log"), ["to red: hello, room"; 2]);
    });
}

#[test]
fn acks_broadcasts_and_bytes() {
    on_course(7, |stage| {
        let (ada, bob) = (connected(stage, "Ada"), connected(stage, "Bob"));
        press(&ada, "ask");
        ada.until_text("ask-log", "ack: hi");
        ada.click("ask-timeout");
        ada.click("ask-wrong");
        ada.until_text("ask-log", "\"ehco\": operation has timed out");
        ada.click("broadcast");
        bob.until_text("ask-log", "broadcast: hi");
        ada.click("ask-bytes");
        ada.until_text("ask-log", "ack, ArrayBuffer: 01 02 03 ff");
        let own = lines(&ada, "ask-log");
        assert!(
            !own.iter().any(|line| line.starts_with("broadcast")),
            "{own:?}"
        );
        ada.until_text("packets", "1 binary part to follow");
        assert_eq!(ada.complaints(), [""; 0]);
    });
}

#[test]
fn namespaces_are_places_of_their_own() {
    on_course(7, |stage| {
        let page = stage.open();
        page.click("push-start");
        page.until("document.querySelectorAll('#push-log li.down').length > 1");
        page.click("nowhere");
        page.until_text("push-log", "/nowhere: connect_error; Invalid namespace");
        page.until_text("push-state", "connected");
        page.click("push-stop");
        page.until_text("push-state", "not connected");
        press(&page, "push-start");
        page.until_text("push-state", "connected");
    });
}

#[test]
fn a_page_of_the_notes_works_unchanged() {
    on_course(7, |stage| {
        let url = stage.course.url("/7-socket-io/notes.html");
        let (ada, bob) = (stage.window.open(&url), stage.window.open(&url));
        ada.until("document.getElementById('right-count').textContent !== '0'");
        bob.until("document.getElementById('right-count').textContent !== '0'");
        ada.fill("input", "hi <b>");
        ada.run("document.querySelector('#form button').click()");
        for page in [&ada, &bob] {
            page.until_text("messages", "hi <b>");
            assert_eq!(page.text("wrong-count"), "0");
            assert_eq!(page.complaints(), [""; 0]);
        }
    });
}

#[test]
fn markup_that_is_said_never_runs() {
    on_course(7, |stage| {
        let markup = "<img src=/none onerror=ran++><script>ran++</script>";
        let page = stage.open();
        page.run("window.ran = 0");
        page.fill("name", "<i onclick=1>");
        page.click("start");
        page.until_text("transport", "websocket");
        page.fill("room", "<b>red</b>");
        page.click("join");
        page.until_text("rooms", "<b>red</b>");
        page.fill("room-text", markup);
        page.click("room-say");
        page.fill("ask-text", markup);
        page.click("ask");
        say(&page, markup);
        for log in ["room-log", "ask-log", "log", "packets"] {
            page.until_text(log, "onerror=ran++");
        }
        page.until_text("here", "<i onclick=1>");
        let seen = page.run("return [ran, document.querySelectorAll('.demo-part img, .demo-part i, .demo-part b, .demo-part script').length]");
        assert_eq!(seen, json!([0, 0]));
    });
}

#[test]
fn typing_mistakes_fail_in_silence() {
    on_course(7, |stage| {
        let page = stage.open();
        assert_eq!(
            both_ways(&page, "script-scr"),
            [
                vec![
                    "files that the page asked for: 0",
                    "io is undefined",
                    "done"
                ],
                vec!["files that the page asked for: 1", "io is function", "done"],
            ]
        );
        assert_eq!(
            both_ways(&page, "comma"),
            [
                vec![
                    "only when the line runs: set is not defined",
                    "another function called set was called, with port,3000",
                    "no error; and app's port is undefined",
                    "done",
                ],
                vec!["app's port is 3000", "done"],
            ]
        );
        assert_eq!(page.complaints(), [""; 0]);
        let [wrong, right] = both_ways(&page, "broadcoast");
        assert!(wrong[1].contains("still no error"), "{wrong:?}");
        assert!(
            wrong[2].contains("in the console: Uncaught TypeError"),
            "{wrong:?}"
        );
        assert_eq!(right, ["back came: hi", "back came: again", "done"]);
        assert_eq!(page.complaints().len(), 1, "{:?}", page.complaints());
        let [wrong, right] = both_ways(&page, "event-name");
        let [sent, silence, done] = &wrong[..] else {
            panic!("{wrong:?}")
        };
        assert!(sent.contains("no error") && silence.contains("still no error") && done == "done");
        assert_eq!(
            right,
            ["\"echo\": hi", "\"ehco\": operation has timed out", "done"]
        );
    });
}

#[test]
fn a_broadcast_and_a_push_reach_those_whom_they_are_for() {
    on_course(7, |stage| {
        let page = stage.open();
        let [wrong, mut right] = both_ways(&page, "leaves-sender-out");
        let end = ["a second later: that is all", "done"];
        assert_eq!(wrong, ["Bob's page shows it", end[0], end[1]]);
        right.sort();
        let mut all = ["Ada's page shows it", "Bob's page shows it", end[0], end[1]];
        all.sort_unstable();
        assert_eq!(right, all);
        let [wrong, right] = both_ways(&page, "push-on-root");
        let messages = |lines: &[String]| lines.iter().filter(|l| l.starts_with("message")).count();
        assert_eq!((wrong.len(), messages(&wrong)), (3, 0), "{wrong:?}");
        assert!(messages(&right) >= 2, "{right:?}");
        let [wrong, right] = both_ways(&page, "bare-websocket");
        assert!(wrong[0].starts_with("no query: closed, 1006"), "{wrong:?}");
        assert!(
            wrong
                .iter()
                .any(|line| line.starts_with("it says 0{\"sid\""))
                && wrong.iter().any(|line| line.contains("closed, 1008")),
            "{wrong:?}"
        );
        assert_eq!(right[1], "it says hello", "{right:?}");
    });
}

#[test]
fn a_timer_per_socket_makes_a_crowd_of_messages() {
    on_course(7, |stage| {
        let page = stage.open();
        let counts = |sockets: [u32; 4], messages: [u32; 4]| {
            let line = |(n, count)| format!("{n} open: {count} messages in 2 s");
            let lines = sockets.into_iter().zip(messages).map(line);
            lines.chain(["done".to_owned()]).collect::<Vec<_>>()
        };
        measured(|| {
            let [wrong, right] = both_ways(&page, "timer-per-socket");
            // Its ticks are not counted from when a socket comes, so one may fall on an edge.
            assert_eq!(right.len(), 5, "{right:?}");
            let few = right.iter().zip([1, 2, 3, 2]).all(|(line, n)| {
                let count = line.split(' ').nth(2).expect("a number");
                count.parse::<u32>().expect("a number") <= 2 * n
            });
            let crowd = wrong == counts([1, 2, 3, 2], [1, 4, 9, 6]);
            (crowd && few)
                .then_some(())
                .ok_or(format!("{wrong:?} and {right:?}"))
        });
    });
}

#[test]
fn a_list_grows_and_connected_is_not_complete() {
    on_course(7, |stage| {
        let page = stage.open();
        let [wrong, right] = both_ways(&page, "growing-list");
        let line = |whose, n| format!("one comes; the {whose} list has {n}; and it goes");
        let mut lines: Vec<_> = (1..=4).map(|n| line("server's", n)).collect();
        lines.push("done".to_owned());
        assert_eq!(wrong, lines);
        lines = vec![line("library's", 1); 4];
        lines.push("done".to_owned());
        assert_eq!(right, lines);
        let [wrong, right] = both_ways(&page, "connected-not-complete");
        let has = |lines: &[String], words: &str| lines.iter().any(|line| line.contains(words));
        assert!(
            has(&wrong, "connected again") && !has(&wrong, "while you were away"),
            "{wrong:?}"
        );
        assert!(has(&right, "recovered false"), "{right:?}");
        assert!(
            has(&right, ": first, while you were away") && has(&right, ": second, while"),
            "{right:?}"
        );
    });
}

/// What the text lets its reader guess.
#[test]
fn a_message_costs_requests_by_polling_and_none_by_a_websocket() {
    on_course(7, |stage| {
        let page = stage.open();
        page.run(
            "window.requests = () => performance.getEntriesByType('resource')
               .filter((entry) => entry.name.includes('/socket.io/?')).length;",
        );
        for (transports, allowed) in [("polling", 2..=3), ("polling,websocket", 0..=0)] {
            page.fill("transports", transports);
            press(&page, "start");
            page.until_text("transport", transports.rsplit(',').next().expect("one"));
            // What comes of itself has come: who is here, once the name was told.
            page.until_text("here", "1: ");
            stays(&page, "0", 500);
            let before = page.run("return requests()").as_u64().expect("a number");
            // Not written letter by letter: "is typing" would cost a request as well.
            page.run(&format!(
                "document.getElementById('text').value = '{transports}'"
            ));
            page.click("send");
            page.until_text("log", &format!(": {transports}"));
            page.until_text("packets", "3 ack");
            stays(&page, "0", 1000);
            let after = page.run("return requests()").as_u64().expect("a number");
            assert!(allowed.contains(&(after - before)), "{}", after - before);
            press(&page, "stop");
        }
    });
}

#[test]
fn an_upgrade_that_takes_too_long_leaves_the_session_polling() {
    on_course(7, |stage| {
        let page = stage.open();
        page.click("engine-open");
        press(&page, "engine-socket");
        // Ten seconds.
        page.until_text("engine-log", "1008 the upgrade took too long");
        assert_eq!(page.text("engine-carrier"), "polling");
        press(&page, "engine-send");
        press(&page, "engine-poll");
        page.until_text("engine-log", "4hello\n4 = message");
    });
}
