//! Lesson 7, Socket.IO: what a library puts on top of lessons 2 and 6.
//!
//! Two protocols, one inside the other. **Engine.IO** carries messages: it begins as
//! long polling, which works everywhere, and changes over to a WebSocket if it can.
//! **Socket.IO** gives the messages a meaning: events with names, answers (acks),
//! namespaces, rooms, bytes among the arguments.
//!
//! ```text
//! GET  /socket.io/?EIO=4&transport=polling            → 0{"sid":"k3…","upgrades":["websocket"],…}
//! POST /socket.io/?EIO=4&transport=polling&sid=k3…    40                      connect to /
//! GET  /socket.io/?EIO=4&transport=polling&sid=k3…    → 40{"sid":"x9…"}       connected
//! GET  /socket.io/?EIO=4&transport=websocket&sid=k3…  → 101, then 2probe, 3probe, 5
//!      420["echo","hi"]                                 event that wants ack 0
//!      430["hi"]                                        ack 0
//!      42["chat message","hello"]                       event
//! ```
//!
//! Three modules, each of which knows only the one before it: [`codec`] (bytes and
//! packets), [`engine_io`] (sessions and transports), [`server`] (sockets, namespaces,
//! acks). On top of them is the application: this module has the chat and the echo,
//! [`presence`] who is here and who is typing, [`rooms`] the rooms, [`push`] what `/push`
//! is sent every two seconds.

pub mod codec;
pub mod engine_io;
pub mod presence;
pub mod push;
pub mod rooms;
pub mod server;

use crate::app::{AppState, Lesson};
use crate::bus::Topic;
use crate::http::Route;
use codec::tokens::tokens;
use engine_io::Engine;
use serde_json::json;
use serde_json::value::RawValue;
use server::{Args, Event, Server, Socket};
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    internal_topics: &[TOPIC],
    ..Lesson::new(7, "socket-io", "Socket.IO", routes)
};

/// What goes to more than one socket goes through this topic.
const TOPIC: &str = "socket.io";

fn routes(app: &Arc<AppState>) -> Vec<Route> {
    let (Some(own), Some(chat)) = (app.bus.internal(TOPIC), app.bus.topic("chat")) else {
        return Vec::new();
    };
    let io = Server::new(own.clone(), &app.options.socket_io);
    let presence = presence::start(&io);
    on_root(&io, chat, presence.names());
    io.of("/custom").on_connection(protocol_checks);
    let push = push::start(&io);
    forward_chat(&io, chat);

    // ANCHOR: two-urls
    let bare = engine(app, Box::new(engine_io::echo));
    let serving = io.clone();
    let sockets = engine(app, Box::new(move |session| serving.client(session)));
    // ANCHOR_END: two-urls
    let engines = [bare.clone(), sockets.clone()];
    app.on_shutdown(move || {
        presence.stop();
        push.stop();
        engines.iter().for_each(|engine| engine.shutdown());
        io.forget();
    });
    vec![
        Route::any("/engine.io/", move |request| bare.handle_request(request)),
        Route::any("/socket.io/", move |request| {
            sockets.handle_request(request)
        }),
    ]
}

fn engine(app: &AppState, application: engine_io::Application) -> Arc<Engine> {
    Engine::new(
        &app.options.socket_io,
        app.options.max_connections,
        app.timer.clone(),
        app.sessions.clone(),
        application,
    )
}

/// Everything that the server listens for in the namespace `/`.
fn on_root(io: &Server, chat: &Arc<Topic>, names: &Arc<presence::Names>) {
    let (chat, names) = (chat.clone(), names.clone());
    io.of("/").on_connection(move |socket| {
        protocol_checks(socket);
        let chat = chat.clone();
        socket.on("chat message", move |socket, event| {
            publish(&chat, socket, event)
        });
        // As in the notes that learners come with: a page that says the one and
        // listens for the other.
        socket.on("chat message - client", |socket, event| {
            socket.namespace().emit("chat message - server", event.args);
        });
        // ANCHOR: listeners
        // Everyone but the one who says it.
        socket.on("broadcast", |socket, event| {
            socket.broadcast().emit("broadcast", event.args);
        });
        socket.on("echo", |_, event| {
            let args = event.args.clone();
            event.ack(args);
        });
        // ANCHOR_END: listeners
        presence::listen(socket, &names);
        rooms::listen(socket);
    });
}

/// What the protocol's own checks ask of a server.
fn protocol_checks(socket: &Socket) {
    socket.emit("auth", Args::one(socket.auth()));
    socket.on("message", |socket, event| {
        socket.emit("message-back", event.args)
    });
    socket.on("message-with-ack", |_, event| {
        let args = event.args.clone();
        event.ack(args);
    });
}

/// Publishes in the chat that all lessons share. It comes back to everyone, the
/// sender included, as [`forward_chat`] has it.
fn publish(chat: &Topic, socket: &Socket, event: Event) {
    let data = match event.args.json().first() {
        Some(data) if event.args.attachments().is_empty() => one_line(data),
        _ => Err("a chat message carries one argument, without bytes"),
    };
    // ANCHOR: publish
    let ack = match data {
        Err(why) => json!({ "error": why }),
        Ok(data) => match chat.publish("message", &data) {
            Ok(id) => json!({ "id": id }),
            Err(closed) => json!({ "error": closed.to_string() }),
        },
    };
    // ANCHOR_END: publish
    if event.wants_ack() {
        event.ack(Args::one(&ack));
    } else if ack.get("error").is_some() {
        socket.emit("chat error", Args::one(&ack));
    }
}

/// How deep a chat message may be nested. `serde_json` takes no deeper one by `POST`, and
/// a browser has no room for any depth.
const DEEPEST: usize = 128;

/// A chat message for the other lessons, whose formats put it on one line.
fn one_line(data: &RawValue) -> Result<Box<RawValue>, &'static str> {
    let mut line = String::new();
    let mut depth = 0;
    for token in tokens(data) {
        match token {
            "[" | "{" => depth += 1,
            "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth >= DEEPEST {
            return Err("a chat message is nested too deep");
        }
        line.push_str(token);
    }
    RawValue::from_string(line).map_err(|_| "a chat message is JSON")
}

/// Whatever is published in the chat, by any lesson's page, is an event for everyone.
fn forward_chat(io: &Server, chat: &Topic) {
    // ANCHOR: forward
    let everyone = io.of("/");
    chat.on_publish(move |message| everyone.emit("chat message", Args::one(&message.data)));
    // ANCHOR_END: forward
}
