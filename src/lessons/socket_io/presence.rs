//! Presence in lesson 7's chat: who is here, and who is typing.
//!
//! One thread, `presence`, tells everyone who is here; [`Presence`] owns it. A list
//! that changes two hundred times while a class comes in is told a few times, not two
//! hundred.

use super::server::{Args, Event, Namespace, Server, Socket};
use crate::lock::lock;
use crate::threads;
use crossbeam_channel::{Receiver, Sender, at, bounded, never, select};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Changes that follow each other this fast are told together.
const GATHER: Duration = Duration::from_millis(100);
/// People that are listed; of the others, only the number is told.
const LISTED: usize = 100;
/// The longest name of a person or a room, in characters.
pub(super) const LONGEST_NAME: usize = 40;
/// The room of those who are told who is here. No name of a room is this long.
pub(super) const HERE: &str = "who is here (this room is for those who have told their names)";

/// Names by socket id, and the way to say that they changed.
pub struct Names {
    of: Mutex<HashMap<String, String>>,
    changed: Sender<()>,
}

impl Names {
    fn notify(&self) {
        // Full means that it is known already.
        let _ = self.changed.try_send(());
    }
}

/// The running presence.
pub struct Presence {
    names: Arc<Names>,
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Presence {
    /// Who is here, for [`listen`].
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Ends the thread and waits for it.
    pub fn stop(self) {
        drop(self.stop);
        if let Some(thread) = self.thread {
            threads::join(thread);
        }
    }
}

/// Starts it on `io`'s `/`.
pub fn start(io: &Server) -> Presence {
    let (changed, changes) = bounded(1);
    let names = Arc::new(Names {
        of: Mutex::default(),
        changed,
    });
    let (chat, listed) = (io.of("/"), names.clone());
    let (stop, stopped) = bounded(0);
    let thread = threads::spawn("presence", move || {
        run(&listed, &chat, &changes, &stopped);
    });
    if let Err(error) = &thread {
        log::error!("no thread for who is here: {error}");
    }
    Presence {
        names,
        stop,
        thread: thread.ok(),
    }
}

fn run(names: &Names, chat: &Namespace, changes: &Receiver<()>, stopped: &Receiver<()>) {
    // ANCHOR: gather
    let mut due: Receiver<Instant> = never();
    loop {
        select! {
            recv(changes) -> _ => due = at(Instant::now() + GATHER),
            recv(due) -> _ => {
                due = never();
                let (people, count) = list(names);
                chat.to(HERE).emit("here", Args::one(&people).and(&count));
            }
            recv(stopped) -> _ => return,
        }
    }
    // ANCHOR_END: gather
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
pub fn listen(socket: &Socket, names: &Arc<Names>) {
    let renaming = names.clone();
    socket.on("name", move |socket, event| {
        if let Some(name) = name(&event) {
            lock(&renaming.of).insert(socket.id().to_owned(), name);
            socket.join(HERE);
            renaming.notify();
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
    let leaving = names.clone();
    socket.on_disconnect(move |socket, _| {
        if lock(&leaving.of).remove(socket.id()).is_some() {
            leaving.notify();
        }
    });
}

/// The first argument, if it is a name.
pub(super) fn name(event: &Event) -> Option<String> {
    event.args.get(0).filter(|name: &String| is_name(name))
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count())
}
