//! The server's side as an application uses it.

use crate::common::{Server, eventually, options};
use crate::{closes, direct, say, text};
use crossbeam_channel::{Receiver, unbounded};
use poll_to_push::bus::{Retention, Topic};
use poll_to_push::http::Route;
use poll_to_push::lessons::socket_io::engine_io::Engine;
use poll_to_push::lessons::socket_io::server::{AckError, Args, ConnectError, Server as Io};
use poll_to_push::options::SocketIoOptions;
use poll_to_push::timer::Timer;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const MINE: &str = "/mine/";

/// A server of the test's own, with what `talk` says.
struct Mine {
    server: Server,
    engine: Arc<Engine>,
    timer: Arc<Timer>,
    io: Io,
}

impl Mine {
    fn start(talk: impl Fn(&Io)) -> Mine {
        let bounds = Retention {
            messages: 100,
            bytes: 1 << 20,
        };
        let topic = Topic::start("mine", true, bounds).expect("a topic");
        let timer = Timer::start().expect("a timer");
        let settings = SocketIoOptions::default();
        let io = Io::new(topic, &settings);
        talk(&io);
        let serving = io.clone();
        let engine = Engine::new(
            &settings,
            100,
            timer.clone(),
            Arc::default(),
            Box::new(move |session| serving.client(session)),
        );
        let answering = engine.clone();
        let route = Route::any(MINE, move |request| answering.handle_request(request));
        Mine {
            server: Server::start(&[], &options(), vec![route]),
            engine,
            timer,
            io,
        }
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.engine.shutdown();
        self.server.stop();
        self.timer.stop();
    }
}

fn soon<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(crate::common::SOON).expect("in time")
}

#[test]
fn the_server_asks_and_the_client_answers() {
    let (tell, told) = unbounded();
    let mine = Mine::start(move |io| {
        let tell = tell.clone();
        io.of("/").on_connection(move |socket| {
            let tell = tell.clone();
            let question = Args::one("how are you?");
            socket.emit_with_ack(
                "question",
                question,
                Duration::from_secs(20),
                move |_, answer| {
                    let answer = answer.map(|args| args.get::<String>(0));
                    tell.send(answer).expect("open");
                },
            );
        });
    });
    let mut client = direct(&mine.server, MINE);
    say(&mut client, "40");
    text(&mut client);
    assert_eq!(text(&mut client), "420[\"question\",\"how are you?\"]");
    say(&mut client, "430[\"well\"]");
    assert_eq!(soon(&told), Ok(Some("well".to_owned())));
    // An answer that nobody waits for is dropped.
    say(&mut client, "430[\"again\"]");
    say(&mut client, "4399[\"what\"]");
    // And one that does not come is known when the client is gone.
    let mut client = direct(&mine.server, MINE);
    say(&mut client, "40");
    text(&mut client);
    drop(client);
    assert_eq!(soon(&told), Err(AckError::Disconnected));
}

#[test]
fn an_answer_has_its_time() {
    let (tell, told) = unbounded();
    let mine = Mine::start(move |io| {
        let tell = tell.clone();
        io.of("/").on_connection(move |socket| {
            let tell = tell.clone();
            let patience = Duration::from_millis(50);
            socket.emit_with_ack("question", Args::none(), patience, move |_, answer| {
                tell.send(answer.map(|_| ())).expect("open");
            });
        });
    });
    let mut client = direct(&mine.server, MINE);
    say(&mut client, "40");
    assert_eq!(soon(&told), Err(AckError::TimedOut));
}

#[test]
fn what_a_handler_says_arrives_in_its_order() {
    let mine = Mine::start(|io| {
        io.of("/").on_connection(|socket| {
            socket.on("go", |socket, event| {
                for n in 0..20 {
                    socket.namespace().emit("all", Args::one(&n));
                    socket.emit("one", Args::one(&n));
                }
                event.ack(Args::none());
            });
        });
    });
    let mut client = direct(&mine.server, MINE);
    say(&mut client, "40");
    text(&mut client);
    say(&mut client, "420[\"go\"]");
    for n in 0..20 {
        assert_eq!(text(&mut client), format!("42[\"all\",{n}]"));
        assert_eq!(text(&mut client), format!("42[\"one\",{n}]"));
    }
    assert_eq!(text(&mut client), "430[]");
}

#[test]
fn whoever_may_not_come_is_told_why() {
    let mine = Mine::start(|io| {
        io.of("/").use_middleware(|payload| {
            if payload.get().contains("sesame") {
                return Ok(());
            }
            Err(ConnectError {
                message: "Not authorized".to_owned(),
                data: Some(json!({ "hint": "open" })),
            })
        });
    });
    let mut client = direct(&mine.server, MINE);
    say(&mut client, "40");
    let why = "44{\"message\":\"Not authorized\",\"data\":{\"hint\":\"open\"}}";
    assert_eq!(text(&mut client), why);
    say(&mut client, "40{\"word\":\"sesame\"}");
    assert!(text(&mut client).starts_with("40{\"sid\""));
}

#[test]
fn rooms_and_exceptions() {
    let mine = Mine::start(|io| {
        io.of("/").on_connection(|socket| {
            socket.on("join", |socket, event| {
                for at in 0..event.args.len() {
                    socket.join(&event.args.get::<String>(at).expect("a name"));
                }
                event.ack(Args::none());
            });
            socket.on("to a", |socket, _| {
                socket.to("a").emit("from one", Args::none())
            });
        });
    });
    let mut clients: Vec<_> = ["[\"join\",\"a\"]", "[\"join\",\"a\",\"b\"]", "[\"join\"]"]
        .map(|join| {
            let mut client = direct(&mine.server, MINE);
            say(&mut client, "40");
            text(&mut client);
            say(&mut client, &format!("420{join}"));
            text(&mut client);
            client
        })
        .into();
    let all = mine.io.of("/");
    all.to("a").to("b").emit("a or b", Args::none());
    all.to("a").except("b").emit("a, not b", Args::none());
    all.except("a").emit("not a", Args::none());
    say(&mut clients[0], "42[\"to a\"]");
    for (client, heard) in [
        (0, &["a or b", "a, not b"][..]),
        (1, &["a or b", "from one"]),
        (2, &["not a"]),
    ] {
        for event in heard {
            assert_eq!(text(&mut clients[client]), format!("42[\"{event}\"]"));
        }
    }
    assert_eq!(all.sockets().len(), 3);
}

#[test]
fn the_server_disconnects() {
    let (tell, told) = unbounded();
    let mine = Mine::start(move |io| {
        for name in ["/", "/other"] {
            let tell = tell.clone();
            io.of(name).on_connection(move |socket| {
                let tell = tell.clone();
                socket.on_disconnect(move |_, why| tell.send(why).expect("open"));
                socket.on("leave", |socket, _| socket.disconnect(false));
                socket.on("close", |socket, _| socket.disconnect(true));
            });
        }
    });
    let mut client = direct(&mine.server, MINE);
    for connect in ["40", "40/other,"] {
        say(&mut client, connect);
        text(&mut client);
    }
    say(&mut client, "42/other,[\"leave\"]");
    assert_eq!(text(&mut client), "41/other,");
    assert_eq!(soon(&told), "server namespace disconnect");
    // The client may not know it yet.
    say(&mut client, "42/other,[\"leave\"]");
    say(&mut client, "42[\"close\"]");
    assert_eq!(text(&mut client), "41");
    assert_eq!(closes(&mut client), 1000);
    assert_eq!(soon(&told), "server namespace disconnect");
    eventually("gone", || mine.io.of("/").sockets().is_empty());
}

#[test]
fn a_fault_in_a_handler_costs_its_session() {
    let (tell, told) = unbounded();
    let mine = Mine::start(move |io| {
        let tell = tell.clone();
        io.of("/").on_connection(move |socket| {
            let tell = tell.clone();
            socket.on_disconnect(move |_, why| tell.send(why).expect("open"));
            socket.on("fault", |_, _| panic!("a fault"));
            socket.on("fine", |_, event| event.ack(Args::none()));
        });
    });
    let mut other = direct(&mine.server, MINE);
    let mut client = direct(&mine.server, MINE);
    for client in [&mut other, &mut client] {
        say(client, "40");
        text(client);
    }
    say(&mut client, "42[\"fault\"]");
    assert_eq!(soon(&told), "transport error");
    let session = crate::Session::open(&mine.server, MINE);
    session.say("40");
    session.packets();
    assert_eq!(session.post("42[\"fault\"]").status, 500);
    assert_eq!(soon(&told), "transport error");
    say(&mut other, "420[\"fine\"]");
    assert_eq!(text(&mut other), "430[]");
}
