//! The apps: what the lessons show their techniques with.
//!
//! `clock`, `ticker` and `users` publish, each on the topic of its name and from
//! a thread of its own, where that topic is served. `sign_in` belongs to lesson 1,
//! `handshake` to lesson 6, `people` to lesson 7. `mistakes` holds servers that are wrong
//! on purpose. The chat needs no app: clients
//! publish to it.

pub mod clock;
pub mod handshake;
pub mod mistakes;
pub mod people;
pub mod sign_in;
pub mod ticker;
pub mod users;

use crate::bus::{Bus, Topic};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// The threads that publish.
pub struct Apps {
    /// Dropped to end the threads.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Runs on `topic` until the channel is closed.
type App = fn(&Arc<Topic>, &Receiver<()>);

const APPS: [(&str, App); 3] = [
    ("clock", clock::run),
    ("ticker", ticker::run),
    ("users", users::run),
];

/// Starts the apps whose topics are on the bus.
///
/// # Errors
/// When the system gives no thread.
pub fn start(bus: &Bus) -> io::Result<Apps> {
    let (stop, stopped) = bounded(0);
    let mut apps = Apps {
        stop: Some(stop),
        threads: Vec::new(),
    };
    for (name, app) in APPS {
        if let Some(topic) = bus.topic(name).cloned() {
            let stopped = stopped.clone();
            apps.threads
                .push(threads::spawn(name, move || app(&topic, &stopped))?);
        }
    }
    Ok(apps)
}

impl Apps {
    /// Ends the threads and waits for them.
    pub fn stop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                log::error!("an app's thread had panicked");
            }
        }
    }
}
