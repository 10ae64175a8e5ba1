//! People: who is here, who is typing, and rooms, for lesson 7's chat; and what the
//! server pushes to `/push` every two seconds.
//!
//! One thread, `people`, tells everyone. A list that changes two hundred times while
//! a class comes in is told a few times, not two hundred.

use super::clock;
use crate::lessons::socket_io::server::{Args, Event, Namespace, Server, Socket};
use crate::sync::lock;
use crate::threads;
use crossbeam_channel::{Receiver, Sender, at, bounded, never, select, tick};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often `/push` gets a message.
const PUSH: Duration = Duration::from_secs(2);
/// Changes that follow each other this fast are told together.
const GATHER: Duration = Duration::from_millis(100);
/// People that are listed; of the others, only the number is told.
const LISTED: usize = 100;
/// The longest name of a person or a room, in characters.
const LONGEST_NAME: usize = 40;
/// Rooms that one socket may be in, besides its own.
const MOST_ROOMS: usize = 20;
/// The room of those who are told who is here. No name of a room is this long.
const HERE: &str = "who is here (this room is for those who have told their names)";

/// Names by socket id, and the way to say that they changed.
struct Names {
    of: Mutex<HashMap<String, String>>,
    changed: Sender<()>,
}

impl Names {
    fn tell(&self) {
        // Full means that it is known already.
        let _ = self.changed.try_send(());
    }
}

/// The running app.
pub struct People {
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl People {
    /// Ends the thread and waits for it.
    pub fn stop(self) {
        drop(self.stop);
        if let Some(Err(_)) = self.thread.map(JoinHandle::join) {
            log::error!("the thread `people` had panicked");
        }
    }
}

/// Starts the app on `io`'s `/` and `/push`.
pub fn start(io: &Server) -> People {
    let (changed, changes) = bounded(1);
    let names = Arc::new(Names {
        of: Mutex::default(),
        changed,
    });
    let (chat, push) = (io.of("/"), io.of("/push"));
    let entering = names.clone();
    chat.on_connection(move |socket| listen(&entering, socket));
    let (stop, stopped) = bounded(0);
    let thread = threads::spawn("people", move || {
        run(&names, &chat, &push, &changes, &stopped);
    });
    if let Err(error) = &thread {
        log::error!("no thread for who is here: {error}");
    }
    People {
        stop,
        thread: thread.ok(),
    }
}

fn run(
    names: &Names,
    chat: &Namespace,
    push: &Namespace,
    changes: &Receiver<()>,
    stopped: &Receiver<()>,
) {
    // ANCHOR: one-timer
    let pushes = tick(PUSH);
    let mut due: Receiver<Instant> = never();
    loop {
        select! {
            recv(pushes) -> _ => push.emit("message", Args::one(&clock::now())),
            recv(changes) -> _ => due = at(Instant::now() + GATHER),
            recv(due) -> _ => {
                due = never();
                let (people, count) = list(names);
                chat.to(HERE).emit("here", Args::one(&people).and(&count));
            }
            recv(stopped) -> _ => return,
        }
    }
    // ANCHOR_END: one-timer
}

/// The first people by id, and how many there are.
fn list(names: &Names) -> (Value, usize) {
    let of = lock(&names.of);
    let mut people: Vec<_> = of.iter().collect();
    people.sort_unstable();
    let shown = people.iter().take(LISTED);
    let shown = shown
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    (shown, people.len())
}

/// A socket is here once it has told its name, and not before: who never does is
/// not told of the others either.
fn listen(names: &Arc<Names>, socket: &Socket) {
    let renaming = names.clone();
    socket.on("name", move |socket, event| {
        if let Some(name) = name(&event) {
            lock(&renaming.of).insert(socket.id().to_owned(), name);
            socket.join(HERE);
            renaming.tell();
        }
    });
    let typing = names.clone();
    socket.on("typing", move |socket, _| {
        let name = lock(&typing.of)
            .get(socket.id())
            .cloned()
            .unwrap_or_default();
        let who = json!({ "id": socket.id(), "name": name });
        // Old news of this kind is no news: who cannot take it now misses it.
        socket
            .broadcast()
            .volatile()
            .emit("typing", Args::one(&who));
    });
    socket.on("join room", |socket, event| {
        let told = match name(&event) {
            None => Err(format!("a room's name has 1 to {LONGEST_NAME} letters")),
            Some(_) if rooms(socket).len() >= MOST_ROOMS => {
                Err(format!("one may be in {MOST_ROOMS} rooms"))
            }
            Some(room) => {
                socket.join(&room);
                Ok(())
            }
        };
        tell_rooms(socket, event, told);
    });
    socket.on("leave room", |socket, event| {
        if let Some(room) = name(&event).filter(|room| room != socket.id()) {
            socket.leave(&room);
        }
        tell_rooms(socket, event, Ok(()));
    });
    socket.on("room message", |socket, event| {
        let message: Value = event.args.get(0).unwrap_or_default();
        if let Some(room) = message["room"].as_str().filter(|room| is_name(room)) {
            let told = json!({ "room": room, "text": message["text"], "from": socket.id() });
            let everyone_in = socket.namespace().to(room);
            everyone_in.emit("room message", Args::one(&told));
        }
    });
    let leaving = names.clone();
    socket.on_disconnect(move |socket, _| {
        if lock(&leaving.of).remove(socket.id()).is_some() {
            leaving.tell();
        }
    });
}

/// The first argument, if it is a name.
fn name(event: &Event) -> Option<String> {
    event.args.get(0).filter(|name: &String| is_name(name))
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count())
}

/// The rooms that a socket has joined: not its own, nor the one of [`HERE`].
fn rooms(socket: &Socket) -> Vec<String> {
    let mut rooms = socket.rooms();
    rooms.retain(|room| room != socket.id() && room != HERE);
    rooms
}

/// The rooms that a socket has joined; or what was wrong.
fn tell_rooms(socket: &Socket, event: Event, told: Result<(), String>) {
    event.answer(match told {
        Ok(()) => Args::one(&rooms(socket)),
        Err(error) => Args::one(&json!({ "error": error })),
    });
}
