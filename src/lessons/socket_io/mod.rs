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
//! Three rooms, each of which knows only the one before it: [`codec`] (bytes and
//! packets), [`engine_io`] (sessions and transports), [`server`] (sockets, rooms,
//! acks). This module is what an application looks like on top of them.

pub mod codec;
pub mod engine_io;
pub mod server;

use crate::apps::people;
use crate::bus::Topic;
use crate::course::{House, Lesson};
use crate::http::Route;
use engine_io::Engine;
use serde_json::{Value, json};
use server::{Args, Event, Server, Socket};
use std::sync::Arc;

/// This lesson in the course.
pub static LESSON: Lesson = Lesson {
    number: 7,
    name: "socket-io",
    title: "Socket.IO",
    topics: &[],
    internal: &[TOPIC],
    routes,
    asks_and_answers: false,
};

/// What goes to more than one socket goes through this topic.
const TOPIC: &str = "socket.io";

fn routes(house: &Arc<House>) -> Vec<Route> {
    let (Some(own), Some(chat)) = (house.bus.internal(TOPIC), house.bus.topic("chat")) else {
        return Vec::new();
    };
    let io = Server::new(own.clone(), &house.options.socket_io);
    talk(&io, chat);
    hear_the_chat(&io, chat);
    let people = people::start(&io);

    // ANCHOR: two-urls
    let bare = engine(house, Box::new(engine_io::echo));
    let serving = io.clone();
    let sockets = engine(house, Box::new(move |session| serving.client(session)));
    // ANCHOR_END: two-urls
    let engines = [bare.clone(), sockets.clone()];
    house.at_stop(move || {
        people.stop();
        engines.iter().for_each(|engine| engine.stop());
        io.forget();
    });
    vec![
        Route::any("/engine.io/", move |request| bare.answer(request)),
        Route::any("/socket.io/", move |request| sockets.answer(request)),
    ]
}

fn engine(house: &House, application: engine_io::Application) -> Arc<Engine> {
    Engine::new(
        &house.options.socket_io,
        house.options.max_connections,
        house.heart.clone(),
        house.sessions.clone(),
        application,
    )
}

/// What the server says and hears, in each namespace.
fn talk(io: &Server, chat: &Arc<Topic>) {
    let chat = chat.clone();
    io.of("/").on_connection(move |socket| {
        greet(socket);
        let chat = chat.clone();
        socket.on("chat message", move |socket, event| {
            say(&chat, socket, event)
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
            event.answer(args);
        });
        // ANCHOR_END: listeners
    });
    io.of("/custom").on_connection(greet);
    // What is pushed there every two seconds comes from `people`.
    io.of("/push");
}

/// What the protocol's own checks ask of a server.
fn greet(socket: &Socket) {
    socket.emit("auth", Args::one(socket.auth()));
    socket.on("message", |socket, event| {
        socket.emit("message-back", event.args)
    });
    socket.on("message-with-ack", |_, event| {
        let args = event.args.clone();
        event.answer(args);
    });
}

/// Says something in the chat that all lessons share. It comes back to everyone, the
/// sender included, as [`hear_the_chat`] has it.
fn say(chat: &Topic, socket: &Socket, event: Event) {
    let data = event
        .args
        .get::<Value>(0)
        .filter(|_| event.args.attachments().is_empty());
    // ANCHOR: say
    let told = match data {
        None => json!({ "error": "a chat message carries one argument, without bytes" }),
        Some(data) => match chat.publish("message", &data) {
            Ok(id) => json!({ "id": id }),
            Err(closed) => json!({ "error": closed.to_string() }),
        },
    };
    // ANCHOR_END: say
    if event.wants_answer() {
        event.answer(Args::one(&told));
    } else if told.get("error").is_some() {
        socket.emit("chat error", Args::one(&told));
    }
}

/// Whatever is said in the chat, by any lesson's page, is an event for everyone.
fn hear_the_chat(io: &Server, chat: &Topic) {
    // ANCHOR: hear
    let everyone = io.of("/");
    chat.echo_into(move |message| everyone.emit("chat message", Args::one(&message.data)));
    // ANCHOR_END: hear
}
