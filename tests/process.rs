//! The program as a process: its start, its signals, its descriptors.

mod common;

use common::child::{Course, run_to_end};
use common::{Client, SOON, eventually, get, post, upgrade, within};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poll-to-push"));
    command.args(arguments);
    command
}

#[test]
fn a_port_that_is_taken_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let (status, out, err) = run_to_end(program(&["--port", &port]));
    assert_eq!(status.code(), Some(1));
    assert_eq!(out, "");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains(&port) && err.contains("--port"), "{err}");
}

#[test]
fn a_wrong_option_is_said_and_help_is_help() {
    let (status, _, err) = run_to_end(program(&["--prot", "1"]));
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("--prot"), "{err}");
    let (status, out, _) = run_to_end(program(&["--help"]));
    assert_eq!(status.code(), Some(0));
    assert!(out.contains("--allow-origin"), "{out}");
}

#[test]
fn what_nobody_reads_is_no_fault() {
    for (arguments, status) in [
        (&["--help"][..], 0),
        (&["--prot"], 1),
        (&["--port", "x"], 1),
    ] {
        let closed = || {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            writer
        };
        let mut command = program(arguments);
        command.stdout(closed()).stderr(closed());
        let ended = command.status().expect("a program");
        assert_eq!(ended.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn the_link_can_only_be_ours() {
    let free = |listener: &TcpListener| {
        let port = listener.local_addr().expect("bound").port();
        TcpListener::bind(("127.0.0.1", port)).is_ok()
    };
    let others = || TcpListener::bind("[::1]:0").expect("IPv6 on the loopback");
    let other = std::iter::repeat_with(others).find(free).expect("a port");
    let port = other.local_addr().expect("bound").port().to_string();
    let course = Course::spawn(program(&["--port", &port]));
    assert_eq!(course.link, format!("http://127.0.0.1:{port}/"));
    assert_eq!(course.ask(&get("/healthz", "")).status, 200);
    // And while this one runs, `localhost` is its own.
    let course = Course::start(&[]);
    let port = course.address.port();
    assert_eq!(course.link, format!("http://localhost:{port}/"));
    assert!(TcpListener::bind(("::1", port)).is_err());
}

#[test]
fn an_option_comes_from_the_environment_too() {
    let mut command = program(&["--port", "0"]);
    command.env("POLL_TO_PUSH_ALLOW_HOST", "class.example");
    let course = Course::spawn(command);
    let request = "GET /healthz HTTP/1.1\r\nHost: class.example\r\n\r\n";
    assert_eq!(course.ask(request).status, 200);
}

#[test]
fn every_lesson_prints_its_title_and_its_link() {
    let lessons = [
        (
            env!("CARGO_BIN_EXE_lesson1"),
            "short polling",
            "/1-short-polling/",
        ),
        (
            env!("CARGO_BIN_EXE_lesson2"),
            "long polling",
            "/2-long-polling/",
        ),
        (env!("CARGO_BIN_EXE_lesson3"), "comet", "/3-comet/"),
        (
            env!("CARGO_BIN_EXE_lesson4"),
            "iframe push",
            "/4-iframe-push/",
        ),
        (
            env!("CARGO_BIN_EXE_lesson5"),
            "server-sent events",
            "/5-sse/",
        ),
        (env!("CARGO_BIN_EXE_lesson6"), "WebSocket", "/6-websocket/"),
    ];
    for (program, title, page) in lessons {
        let mut command = Command::new(program);
        command.args(["--port", "0"]);
        let mut course = Course::spawn(command);
        let home = course.ask(&get("/", ""));
        assert_eq!(home.status, 302);
        assert_eq!(home.header("Location"), Some(page));
        let text = course.ask(&get(page, ""));
        assert_eq!(text.status, 200);
        assert!(text.text().contains("<h1>"), "{page} has no text");
        course.signal("INT");
        assert_eq!(course.wait(SOON).code(), Some(0), "{title}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn too_few_descriptors_are_said_at_the_start_and_the_maximum_follows() {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_poll-to-push");
    command.args(["-c", "ulimit -n 138 && exec \"$0\" --port 0", program]);
    let mut course = Course::spawn(command);
    // Ten are held, and the eleventh is refused.
    let mut held: Vec<Client> = (0..10).map(|_| course.get("/comet/stream")).collect();
    for client in &mut held {
        assert!(client.head().starts_with("HTTP/1.1 200"));
    }
    let stream = get("/comet/stream", "");
    let refused = course.ask(&stream);
    assert_eq!(refused.status, 503);
    assert!(refused.header("Retry-After").is_some());
    drop(held);
    eventually("there is room again", || {
        course
            .get("/comet/stream")
            .head()
            .starts_with("HTTP/1.1 200")
    });
    course.signal("TERM");
    assert_eq!(course.wait(SOON).code(), Some(0));
    let log = course.log();
    assert!(log.contains("at most 10 connections"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn out_of_descriptors_it_waits_and_goes_on_when_they_are_free_again() {
    let course = Course::start(&[]);
    // Taken away behind its back: only a few more can be opened.
    let limit = course.descriptors() as u64 + 8;
    let id = course.id().try_into().expect("a process id");
    rlimit::prlimit(id, rlimit::Resource::NOFILE, Some((limit, limit)), None).expect("set");
    let mut waiting: Vec<Client> = (0..40).map(|_| course.get("/comet/stream")).collect();
    let mut served = 0;
    while course.descriptors() < usize::try_from(limit).expect("small") {
        thread::yield_now();
    }
    // The first ones are served while the others wait for a descriptor.
    for client in waiting.iter_mut().take(4) {
        assert!(client.head().starts_with("HTTP/1.1 200"));
        served += 1;
    }
    assert_eq!(served, 4);
    // Each that closes makes room for the next; in the end for all.
    for mut client in waiting.drain(..).skip(4) {
        drop(client.head());
        drop(client);
    }
    eventually("it serves as before", || {
        course.health()["connections"] == 1
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_course_without_visitors_rests() {
    let course = Course::start(&[]);
    let ticks = || {
        let id = &course.health()["topics"]["clock"]["last_id"];
        let n = id
            .as_str()
            .and_then(|id| id.split_once('-')?.1.parse().ok());
        n.unwrap_or(0_u64)
    };
    let before = (ticks(), course.cpu_time());
    // Three seconds of the course's own clock.
    eventually("the clock goes on", || {
        thread::park_timeout(Duration::from_millis(200));
        ticks() >= before.0 + 3
    });
    let used = course.cpu_time() - before.1;
    assert!(used < Duration::from_millis(500), "{used:?} of work in 3 s");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_under_load_ends_every_stream_in_its_own_way() {
    let mut course = Course::start(&[]);
    let mut comet = course.get("/comet/stream");
    let mut iframe = course.get("/iframe-push/stream");
    let mut sse = course.get("/sse/stream");
    let mut poll = course.get("/long-polling/messages?wait=60&after=0");
    let mut socket = course.connect();
    socket.send(upgrade("/websocket/socket", ""));
    for client in [&mut comet, &mut iframe, &mut sse, &mut socket] {
        client.head();
    }
    course.until_complete();
    let mut quiet = course.arrived(&get("/long-polling/messages?wait=60&topic=users", ""));
    eventually("all have joined", || {
        course.health()["topics"]["chat"]["subscribers"] == 4
    });
    let address = course.address;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let mut client = Client::connect(address);
                let request = post("/publish", "", r#"{"data":"load"}"#);
                // Until the server refuses or is gone.
                while client.try_send(&request).is_ok() {
                    match client.try_answer() {
                        // Slower than streams fall behind that nobody reads yet.
                        Some(answer) if answer.status == 200 => {
                            thread::park_timeout(Duration::from_millis(1));
                        }
                        Some(answer) => return assert_eq!(answer.status, 503),
                        None => return,
                    }
                }
            });
        }
        // Load is on: messages arrive.
        assert_eq!(poll.answer().status, 200);
        course.signal("INT");
        let text = |client: &mut Client| String::from_utf8(client.rest()).expect("text");
        for client in [&mut comet, &mut iframe, &mut sse] {
            let all = text(client);
            assert!(all.ends_with("\r\n0\r\n\r\n"), "no last chunk: {all:?}");
        }
        let why = "the server is going down; come back";
        let mut close = vec![
            0x88,
            2 + u8::try_from(why.len()).expect("short"),
            0x03,
            0xe9,
        ];
        close.extend_from_slice(why.as_bytes());
        assert!(
            socket.rest().ends_with(&close),
            "no Close with 1001 at the end"
        );
        assert_eq!(quiet.answer().status, 204, "as if its time had run out");
        let status = course.wait(Duration::from_secs(6));
        assert_eq!(status.code(), Some(0));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_never_answers_the_end_is_cut_in_time() {
    let mut course = Course::start(&[]);
    let mut stubborn = course.get("/sse/stream");
    stubborn.head();
    eventually("it has joined", || {
        course.health()["topics"]["chat"]["subscribers"] == 1
    });
    course.signal("TERM");
    // It keeps its side open: after 2 s it is closed, and the program ends.
    assert_eq!(course.wait(Duration::from_secs(6)).code(), Some(0));
    drop(stubborn);
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_that_never_comes_does_not_hold_up_the_library_either() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson1"));
    command.args(["--port", "0"]);
    let mut course = Course::spawn(command);
    let mut stuck = course.connect();
    stuck.send("POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{");
    eventually("it is being answered", || {
        // One for this look, one for the other.
        course.health()["threads"].as_u64() >= Some(6)
    });
    course.signal("TERM");
    assert_eq!(course.wait(Duration::from_secs(7)).code(), Some(0));
    drop(stuck);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_server_refuses_each_at_once_and_stops_in_time() {
    let mut course = Course::start(&["--max-connections", "1"]);
    let mut held = course.get("/sse/stream");
    held.head();
    // They take their refusal, say nothing and never close.
    let silent: Vec<Client> = (0..140).map(|_| course.connect()).collect();
    for _ in 0..5 {
        let refused = course.ask(&get("/healthz", ""));
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("Retry-After"), Some("1"));
    }
    course.signal("TERM");
    assert!(held.rest().ends_with(b"0\r\n\r\n"));
    drop(held);
    assert_eq!(course.wait(Duration::from_secs(6)).code(), Some(0));
    drop(silent);
}

#[cfg(target_os = "linux")]
#[test]
fn it_stops_when_it_has_no_descriptor_left() {
    let mut course = Course::start(&[]);
    course.until_complete();
    let limit = course.descriptors() as u64 + 4;
    let id = course.id().try_into().expect("a process id");
    rlimit::prlimit(id, rlimit::Resource::NOFILE, Some((limit, limit)), None).expect("set");
    let held: Vec<Client> = (0..12).map(|_| course.get("/comet/stream")).collect();
    within(SOON, "all descriptors are in use", || {
        course.descriptors() as u64 >= limit
    });
    course.signal("TERM");
    assert_eq!(course.wait(Duration::from_secs(6)).code(), Some(0));
    drop(held);
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let mut course = Course::start(&[]);
    // A request that is half there keeps the first one waiting.
    let half = "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{";
    let stuck = course.arrived(half);
    course.signal("INT");
    within(SOON, "it has stopped accepting", || {
        std::net::TcpStream::connect(course.address).is_err()
    });
    course.signal("INT");
    assert_eq!(course.wait(SOON).code(), Some(1));
    drop(stuck);
}
