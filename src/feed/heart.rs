//! The heart: one timer for all held connections.
//!
//! It sends the heartbeats, ends WebSocket peers that answer none, closes
//! connections whose peer does not answer our end, and does whatever else is due
//! at a time ([`Heart::at`]). It runs in one thread, `heart`, which waits on a
//! channel and never on a socket.

use super::ending::Reason;
use super::link::Link;
use crate::sync::lock;
use crate::threads;
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, select, tick, unbounded};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a peer may take to close its side after we closed ours.
pub const LINGER: Duration = Duration::from_secs(2);

/// What the heart knows of one held connection.
pub struct Pulse {
    link: Arc<Link>,
    heartbeat: Bytes,
    /// The last bytes when the server goes down.
    farewell: Bytes,
    /// For a protocol whose peer must answer: the last bytes when it does not.
    silent: Option<Bytes>,
    /// The peer was heard since the last heartbeat.
    heard: AtomicBool,
}

impl Pulse {
    /// Notes that the peer is there.
    pub fn heard(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Pulses {
    of: HashMap<u64, Arc<Pulse>>,
    /// The farewell was said; who comes now is told at once.
    closing: bool,
}

/// The registry of held connections, and the way to the timer's thread.
pub struct Heart {
    pulses: Mutex<Pulses>,
    next: AtomicU64,
    tasks: Sender<Task>,
    /// Dropped to end the thread.
    stop: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Heart {
    /// Starts the timer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(interval: Duration) -> io::Result<Arc<Heart>> {
        let (tasks, due) = unbounded();
        let (stop, stopped) = unbounded();
        let heart = Arc::new(Heart {
            pulses: Mutex::default(),
            next: AtomicU64::new(0),
            tasks,
            stop: Mutex::new(Some(stop)),
            thread: Mutex::default(),
        });
        let weak = Arc::downgrade(&heart);
        let thread = threads::spawn("heart", move || run(interval, &weak, &due, &stopped))?;
        *lock(&heart.thread) = Some(thread);
        Ok(heart)
    }

    /// Enters a held connection. It stays until the guard is dropped.
    pub fn enter(
        self: &Arc<Heart>,
        link: &Arc<Link>,
        heartbeat: Bytes,
        farewell: Bytes,
        silent: Option<Bytes>,
    ) -> Entered {
        let pulse = Arc::new(Pulse {
            link: link.clone(),
            heartbeat,
            farewell,
            silent,
            heard: AtomicBool::new(true),
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let closing = {
            let mut pulses = lock(&self.pulses);
            pulses.of.insert(number, pulse.clone());
            pulses.closing
        };
        if closing {
            link.end(pulse.farewell.clone(), Reason::Shutdown);
        }
        Entered {
            heart: self.clone(),
            number,
            pulse,
        }
    }

    /// Gives the peer [`LINGER`] to close its side.
    pub fn linger(&self, link: &Arc<Link>) {
        let link = Arc::downgrade(link);
        self.at(Instant::now() + LINGER, move || {
            if let Some(link) = link.upgrade() {
                link.close(Reason::Finished);
            }
        });
    }

    /// Does `what` at `when`, in the heart's thread, so it must not wait for
    /// anything. What is not done when the heart stops is dropped.
    pub fn at(&self, when: Instant, what: impl FnOnce() + Send + 'static) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // Fails when the thread has ended.
        let _ = self.tasks.send(Task {
            when,
            number,
            what: Box::new(what),
        });
    }

    /// Ends every held connection in its technique's own way.
    pub fn farewell(&self) {
        lock(&self.pulses).closing = true;
        for pulse in self.all() {
            pulse.link.end(pulse.farewell.clone(), Reason::Shutdown);
        }
    }

    /// Ends the timer's thread.
    pub fn stop(&self) {
        lock(&self.stop).take();
        let thread = lock(&self.thread).take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            log::error!("the heart's thread had panicked");
        }
    }

    /// A copy, so that no lock is held while bytes go out.
    fn all(&self) -> Vec<Arc<Pulse>> {
        lock(&self.pulses).of.values().cloned().collect()
    }

    fn beat(&self) {
        for pulse in self.all() {
            match &pulse.silent {
                Some(silent) if !pulse.heard.swap(false, Ordering::Relaxed) => {
                    pulse.link.end(silent.clone(), Reason::PeerSilent);
                }
                _ => {
                    pulse.link.offer(pulse.heartbeat.clone(), 0);
                }
            }
        }
    }
}

/// A held connection's place in the heart. Dropping it leaves.
pub struct Entered {
    heart: Arc<Heart>,
    number: u64,
    /// What the heart knows of it.
    pub pulse: Arc<Pulse>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        lock(&self.heart.pulses).of.remove(&self.number);
    }
}

/// Something to do at a time.
struct Task {
    when: Instant,
    number: u64,
    what: Box<dyn FnOnce() + Send>,
}

impl Task {
    /// The earliest first; of one time, the first that was asked for.
    fn order(&self) -> Reverse<(Instant, u64)> {
        Reverse((self.when, self.number))
    }
}

impl Ord for Task {
    fn cmp(&self, other: &Task) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Task) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Task) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Task {}

fn run(interval: Duration, heart: &Weak<Heart>, tasks: &Receiver<Task>, stopped: &Receiver<()>) {
    let beats = tick(interval);
    let mut waiting: BinaryHeap<Task> = BinaryHeap::new();
    loop {
        while waiting
            .peek()
            .is_some_and(|task| task.when <= Instant::now())
        {
            if let Some(task) = waiting.pop()
                && catch_unwind(AssertUnwindSafe(task.what)).is_err()
            {
                log::error!("a task of the timer panicked");
            }
        }
        let next = waiting.peek().map(|task| task.when);
        let due = next.map_or_else(crossbeam_channel::never, crossbeam_channel::at);
        select! {
            recv(beats) -> _ => match heart.upgrade() {
                Some(heart) => heart.beat(),
                None => return,
            },
            recv(tasks) -> task => match task {
                Ok(task) => waiting.push(task),
                Err(_) => return,
            },
            recv(due) -> _ => {}
            recv(stopped) -> _ => return,
        }
    }
}
