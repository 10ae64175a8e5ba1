//! What the namespace `/push` is sent, every two seconds: the time.
//!
//! One thread, `push`, for all sockets; [`Push`] owns it.

use super::server::{Args, Namespace, Server};
use crate::{threads, timestamp};
use crossbeam_channel::{Receiver, Sender, bounded, select, tick};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is sent.
const INTERVAL: Duration = Duration::from_secs(2);

/// The running push.
pub struct Push {
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Push {
    /// Ends the thread and waits for it.
    pub fn stop(self) {
        drop(self.stop);
        if let Some(thread) = self.thread {
            threads::join(thread);
        }
    }
}

/// Starts it on `io`'s `/push`.
pub fn start(io: &Server) -> Push {
    let everyone = io.of("/push");
    let (stop, stopped) = bounded(0);
    let thread = threads::spawn("push", move || run(&everyone, &stopped));
    if let Err(error) = &thread {
        log::error!("no thread for /push: {error}");
    }
    Push {
        stop,
        thread: thread.ok(),
    }
}

fn run(everyone: &Namespace, stopped: &Receiver<()>) {
    // ANCHOR: one-timer
    let ticks = tick(INTERVAL);
    loop {
        select! {
            recv(ticks) -> _ => everyone.emit("message", Args::one(&timestamp::now())),
            recv(stopped) -> _ => return,
        }
    }
    // ANCHOR_END: one-timer
}
