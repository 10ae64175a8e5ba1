//! The load program, against the course and against servers that are wrong.

mod common;

use common::{SOON, Server, course, options};
use poll_to_push::course::LESSONS;
use poll_to_push::http::{Access, Response, Route};
use poll_to_push::load::{BaseUrl, Ending, Error, Plan, Report, Technique, run};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::process::Command;
use std::thread;
use std::time::Duration;

fn plan(address: SocketAddr, technique: Technique) -> Plan {
    let base = BaseUrl::parse(&format!("http://{address}")).expect("a URL");
    Plan {
        subscribers: 20,
        messages: 20,
        rate: 200.0,
        poll_interval: Duration::from_millis(20),
        patience: SOON,
        ..Plan::new(base, technique)
    }
}

fn report(plan: &Plan) -> Report {
    run(plan, &mut |_| ControlFlow::Continue(())).expect("a report")
}

fn failure(plan: &Plan) -> Error {
    let outcome = run(plan, &mut |_| ControlFlow::Continue(()));
    outcome.expect_err("no report")
}

#[test]
fn everything_arrives_by_every_technique() {
    let server = course();
    for technique in Technique::ALL {
        let report = report(&plan(server.address, technique));
        assert!(report.is_right(), "{report:#?}");
        assert_eq!((report.acknowledged, report.deliveries), (20, 400));
        assert_eq!(report.complete_percent, 100.0);
        let (delay, last) = (&report.delay, &report.last_delivery);
        assert!(delay.p50_ms > 0.0 && delay.p50_ms <= delay.p99_ms && last.max_ms <= delay.max_ms);
        assert!(report.bytes_down_per_delivery > 32.0, "{report:#?}");
        let polls = matches!(
            technique,
            Technique::ShortPolling
                | Technique::LongPolling
                | Technique::Parked
                | Technique::SocketIoPolling
        );
        assert_eq!(report.polls_per_second > 0.0, polls, "{report:#?}");
    }
}

#[test]
fn one_after_another_waits_for_the_last() {
    let server = course();
    for technique in Technique::ALL {
        let report = report(&Plan {
            rate: 0.0,
            payload: 5000,
            ..plan(server.address, technique)
        });
        assert!(report.is_right(), "{report:#?}");
        assert!(report.bytes_down_per_delivery > 5000.0, "{report:#?}");
    }
}

#[test]
fn several_publishers_share_the_messages() {
    let server = course();
    let report = report(&Plan {
        publishers: 4,
        messages: 200,
        rate: 10_000.0,
        ..plan(server.address, Technique::WebSocket)
    });
    assert!(report.is_right(), "{report:#?}");
}

#[test]
fn short_polls_can_go_as_fast_as_they_can() {
    let server = course();
    let report = report(&Plan {
        poll_interval: Duration::ZERO,
        ..plan(server.address, Technique::ShortPolling)
    });
    assert!(report.is_right(), "{report:#?}");
    // Without a pause, there are far more polls than the messages need.
    assert!(report.requests > 1000, "{report:#?}");
}

#[test]
fn a_run_can_be_stopped() {
    let server = course();
    let endless = Plan {
        messages: 1_000_000,
        rate: 1.0,
        ..plan(server.address, Technique::Sse)
    };
    let stopped = run(&endless, &mut |progress| match progress.acknowledged {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let report = stopped.expect("what came until then");
    assert_eq!(report.ending, Ending::Cancelled);
    assert!(!report.is_right() && report.acknowledged > 0);
    let stopped = run(&endless, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
}

#[test]
fn what_is_not_possible_is_said() {
    let dead = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = dead.local_addr().expect("bound");
    drop(dead);
    let error = failure(&plan(address, Technique::Sse)).to_string();
    assert!(error.contains(&address.to_string()), "{error}");

    let server = Server::start(&LESSONS[..1], &options(), Vec::new());
    let error = failure(&plan(server.address, Technique::Sse)).to_string();
    assert!(error.contains("does not have sse"), "{error}");
    assert!(
        error.contains("/sse/stream") && error.contains("404"),
        "{error}"
    );

    let too_many = Plan {
        subscribers: 4_000_000_000,
        messages: 1,
        ..plan(server.address, Technique::Sse)
    };
    let error = failure(&too_many).to_string();
    assert!(error.contains("4000000033"), "{error}");

    let full = Route::get("/comet/stream", Access::AnyOrigin, |_| {
        Ok(Response::error(503, "full"))
    });
    let server = Server::start(LESSONS, &options(), vec![full]);
    let error = failure(&plan(server.address, Technique::Comet)).to_string();
    assert!(
        error.contains("0 of 20") && error.contains("503"),
        "{error}"
    );
}

#[test]
fn a_server_that_refuses_to_publish_is_reported() {
    let refuse = Route::post("/publish", |_| Ok(Response::error(503, "not now")));
    let server = Server::start(LESSONS, &options(), vec![refuse]);
    let report = report(&plan(server.address, Technique::Sse));
    assert!(!report.is_right());
    assert_eq!(report.errors["publishing: HTTP 503"], 20);
    assert_eq!((report.acknowledged, report.lost), (0, 0));
}

#[test]
fn a_server_may_end_each_connection_after_its_answer() {
    let nothing = Route::get("/short-polling/messages", Access::AnyOrigin, |_| {
        let answer = Response::json(200, &serde_json::json!({}));
        Ok(answer.header("Last-Event-ID", "a-1").and_close())
    });
    let server = Server::start(LESSONS, &options(), vec![nothing]);
    let report = report(&Plan {
        patience: Duration::from_millis(300),
        ..plan(server.address, Technique::ShortPolling)
    });
    assert!(report.errors.is_empty(), "{report:#?}");
    assert_eq!((report.ending, report.lost), (Ending::Stalled, 400));
    assert!(report.requests > 100, "{report:#?}");
}

#[test]
fn a_server_that_loses_doubles_or_swaps_is_reported() {
    let none = against(|_, line| vec![line]);
    assert!(none.is_right(), "{none:#?}");

    let lost = against(|n, line| if n == 5 { vec![] } else { vec![line] });
    assert_eq!((lost.lost, lost.doubled, lost.out_of_order), (20, 0, 0));
    assert_eq!((lost.ending, lost.deliveries), (Ending::Stalled, 380));
    assert!(!lost.is_right() && lost.complete_percent == 95.0);

    // The first one and the last one.
    let doubled = against(|n, line| vec![line; if n % 19 == 0 { 2 } else { 1 }]);
    let counts = (doubled.lost, doubled.doubled, doubled.out_of_order);
    assert_eq!(counts, (0, 40, 0));
    assert!(!doubled.is_right() && doubled.ending == Ending::Complete);

    let mut kept = String::new();
    let swapped = against(|n, line| match n {
        5 => {
            kept = line;
            vec![]
        }
        6 => vec![line, std::mem::take(&mut kept)],
        _ => vec![line],
    });
    let counts = (swapped.lost, swapped.doubled, swapped.out_of_order);
    assert_eq!(counts, (0, 0, 20));
    assert!(!swapped.is_right());
}

#[test]
fn a_server_that_ends_streams_is_reported() {
    let ended = against(|n, line| vec![if n == 5 { END.to_owned() } else { line }]);
    let count = ended.errors["the server closed the connection"];
    assert_eq!(count, 20, "{ended:#?}");
    assert_eq!((ended.ending, ended.deliveries), (Ending::Stalled, 100));
}

/// In place of a line: the last chunk.
const END: &str = "end";

/// Runs against a comet server whose `fault` says which lines go out for message N.
fn against(fault: impl FnMut(usize, String) -> Vec<String> + Send) -> Report {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let plan = Plan {
        patience: Duration::from_millis(300),
        ..plan(listener.local_addr().expect("bound"), Technique::Comet)
    };
    thread::scope(|scope| {
        scope.spawn(move || serve(&listener, fault));
        report(&plan)
    })
}

/// Takes subscribers, and then one publisher, with whose connection it ends.
fn serve(listener: &TcpListener, fault: impl FnMut(usize, String) -> Vec<String>) {
    let mut streams = Vec::new();
    for connection in listener.incoming() {
        let connection = connection.expect("a connection");
        let mut reader = BufReader::new(connection.try_clone().expect("a handle"));
        match head(&mut reader) {
            // Only to see whether somebody listens.
            None => {}
            Some((true, _)) => {
                let start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                (&connection).write_all(start).expect("sent");
                streams.push(connection);
            }
            Some((false, length)) => {
                return publish(reader, &connection, length, &streams, fault);
            }
        }
    }
}

/// Whether it is a GET, and the length of the body.
fn head(reader: &mut impl BufRead) -> Option<(bool, usize)> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if let Some(value) = head[start..].strip_prefix("Content-Length: ") {
            length = value.trim().parse().expect("a length");
        }
    }
    Some((head.starts_with("GET"), length))
}

fn publish(
    mut reader: impl BufRead,
    mut connection: &TcpStream,
    mut length: usize,
    streams: &[TcpStream],
    mut fault: impl FnMut(usize, String) -> Vec<String>,
) {
    for n in 0.. {
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let line = String::from_utf8(body).expect("text") + "\n";
        for line in fault(n, line) {
            let chunk = match line.as_str() {
                END => "0\r\n\r\n".to_owned(),
                line => format!("{:x}\r\n{line}\r\n", line.len()),
            };
            for mut stream in streams {
                // It may have gone.
                let _ = stream.write_all(chunk.as_bytes());
            }
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        if connection.write_all(answer).is_err() {
            return;
        }
        match head(&mut reader) {
            Some((_, next)) => length = next,
            None => return,
        }
    }
}

#[test]
fn the_program_prints_and_writes_what_it_measured() {
    let server = course();
    let program = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
        command.arg(format!("http://{}", server.address));
        let output = command.args(arguments).output().expect("a program");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let few = [
        "--subscribers",
        "3",
        "--messages",
        "4",
        "--rate",
        "0",
        "--json",
        "-",
    ];
    let (status, out, err) =
        program(&[&few[..], &["--technique", "sse", "--technique", "comet"]].concat());
    let figures: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(figures["runs"][0]["technique"], "sse");
    assert_eq!(figures["runs"][1]["deliveries"], 12);
    assert!(
        err.contains("out of order") && err.contains("comet"),
        "{err}"
    );
    assert_eq!(status, Some(0));

    for (arguments, words) in [
        (
            &["--technique", "carrier-pigeon"][..],
            "must be one of: short-polling",
        ),
        (&["--payload", "8"], "at least 32"),
        (&["--pid", "4294967295", "--technique", "sse"], "no process"),
        (&["--subscribers", "many"], "whole number"),
        (&["--fast"], "--fast"),
    ] {
        let (status, out, err) = program(arguments);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(words), "{err}");
    }
}
