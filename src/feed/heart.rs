//! The heart: one timer for all held connections.
//!
//! It sends the heartbeats, ends WebSocket peers that answer none, and closes
//! connections whose peer does not answer our end. It runs in one thread,
//! `heart`, which waits on a channel and never on a socket.

use super::ending::Reason;
use super::link::Link;
use crate::sync::lock;
use crate::threads;
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, select, tick, unbounded};
use std::collections::{HashMap, VecDeque};
use std::io;
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
    /// Links whose end was written, with the time they may still take.
    lingering: Sender<(Instant, Weak<Link>)>,
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
        let (lingering, links) = unbounded();
        let (stop, stopped) = unbounded();
        let heart = Arc::new(Heart {
            pulses: Mutex::default(),
            next: AtomicU64::new(0),
            lingering,
            stop: Mutex::new(Some(stop)),
            thread: Mutex::default(),
        });
        let weak = Arc::downgrade(&heart);
        let thread = threads::spawn("heart", move || run(interval, &weak, &links, &stopped))?;
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
        let _ = self
            .lingering
            .send((Instant::now() + LINGER, Arc::downgrade(link)));
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

fn run(
    interval: Duration,
    heart: &Weak<Heart>,
    links: &Receiver<(Instant, Weak<Link>)>,
    stopped: &Receiver<()>,
) {
    let beats = tick(interval);
    // All linger equally long, so the first to come is the first to go.
    let mut lingering: VecDeque<(Instant, Weak<Link>)> = VecDeque::new();
    loop {
        let next = lingering.front().map(|(until, _)| *until);
        let due = next.map_or_else(crossbeam_channel::never, crossbeam_channel::at);
        select! {
            recv(beats) -> _ => match heart.upgrade() {
                Some(heart) => heart.beat(),
                None => return,
            },
            recv(links) -> link => match link {
                Ok(link) => lingering.push_back(link),
                Err(_) => return,
            },
            recv(due) -> _ => {
                if let Some(link) = lingering.pop_front().and_then(|(_, link)| link.upgrade()) {
                    link.close(Reason::Finished);
                }
            }
            recv(stopped) -> _ => return,
        }
    }
}
