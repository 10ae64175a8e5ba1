//! The data that the demos show: a clock, a ticker, and a list of users.
//!
//! Each source publishes on the topic of its name, from a thread of that name, where
//! a lesson that is served has declared that topic. The chat needs no source: clients
//! publish to it.

pub mod clock;
pub mod ticker;
pub mod users;

use crate::bus::{Bus, Topic};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Publishes on the topic until the channel is closed.
type Run = fn(&Arc<Topic>, &Receiver<()>);

/// Every source, by the name of its topic.
const SOURCES: [(&str, Run); 3] = [
    ("clock", clock::run),
    ("ticker", ticker::run),
    ("users", users::run),
];

/// The topics that have a source.
pub fn topics() -> impl Iterator<Item = &'static str> {
    SOURCES.into_iter().map(|(topic, _)| topic)
}

/// The threads that publish.
pub struct Sources {
    /// Dropped to end the threads.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Sources {
    /// Starts the sources whose topics are on the bus.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(bus: &Bus) -> io::Result<Sources> {
        let (stop, stopped) = bounded(0);
        let mut sources = Sources {
            stop: Some(stop),
            threads: Vec::new(),
        };
        for (name, run) in SOURCES {
            if let Some(topic) = bus.topic(name).cloned() {
                let stopped = stopped.clone();
                let thread = threads::spawn(name, move || run(&topic, &stopped))?;
                sources.threads.push(thread);
            }
        }
        Ok(sources)
    }

    /// Ends the threads and waits for them.
    pub fn stop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            threads::join(thread);
        }
    }
}
