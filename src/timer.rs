//! The timer: one thread that runs tasks when they are due.
//!
//! Heartbeats, the deadlines of Engine.IO sessions and lingering connections all
//! use it. The thread, `timer`, waits on a channel and never on a socket; a task
//! must not wait for anything. The [`Timer`] owns the thread: [`Timer::stop`] ends it.

use crate::lock::lock;
use crate::threads;
use crossbeam_channel::{Receiver, Sender, select, unbounded};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The way to the timer's thread.
pub struct Timer {
    tasks: Sender<Task>,
    /// Numbers the tasks: of one time, the first that was asked for runs first.
    next: AtomicU64,
    /// Dropped to end the thread.
    stop: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Timer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Arc<Timer>> {
        let (tasks, received) = unbounded();
        let (stop, stopped) = unbounded();
        let thread = threads::spawn("timer", move || run(&received, &stopped))?;
        Ok(Arc::new(Timer {
            tasks,
            next: AtomicU64::new(0),
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// Runs `task` at `due`, in the timer's thread. What is not done when the timer
    /// stops is dropped. A panic in a task is logged and ends only that task.
    pub fn at(&self, due: Instant, task: impl FnOnce() + Send + 'static) {
        // Fails when the thread has ended.
        let _ = self.tasks.send(Task {
            due,
            number: self.next.fetch_add(1, Ordering::Relaxed),
            run: Box::new(task),
        });
    }

    /// Runs `task` every `interval`, in the timer's thread, until it says `false`.
    /// A timer that is late does not catch up on what it missed.
    pub fn every(
        self: &Arc<Timer>,
        interval: Duration,
        task: impl FnMut() -> bool + Send + 'static,
    ) {
        self.repeat(Instant::now() + interval, interval, task);
    }

    fn repeat(
        self: &Arc<Timer>,
        due: Instant,
        interval: Duration,
        mut task: impl FnMut() -> bool + Send + 'static,
    ) {
        let timer = Arc::downgrade(self);
        self.at(due, move || {
            if let Some(timer) = timer.upgrade()
                && task()
            {
                timer.repeat((due + interval).max(Instant::now()), interval, task);
            }
        });
    }

    /// Ends the thread and waits for it.
    pub fn stop(&self) {
        lock(&self.stop).take();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            threads::join(thread);
        }
    }
}

/// Something to do at a time.
struct Task {
    due: Instant,
    number: u64,
    run: Box<dyn FnOnce() + Send>,
}

impl Task {
    /// The earliest first.
    fn rank(&self) -> Reverse<(Instant, u64)> {
        Reverse((self.due, self.number))
    }
}

impl Ord for Task {
    fn cmp(&self, other: &Task) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Task) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Task) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Task {}

fn run(tasks: &Receiver<Task>, stopped: &Receiver<()>) {
    let mut waiting: BinaryHeap<Task> = BinaryHeap::new();
    loop {
        while waiting
            .peek()
            .is_some_and(|task| task.due <= Instant::now())
        {
            if let Some(task) = waiting.pop()
                && catch_unwind(AssertUnwindSafe(task.run)).is_err()
            {
                log::error!("a task of the timer panicked");
            }
        }
        let next = waiting.peek().map(|task| task.due);
        let due = next.map_or_else(crossbeam_channel::never, crossbeam_channel::at);
        select! {
            recv(tasks) -> task => match task {
                Ok(task) => waiting.push(task),
                Err(_) => return,
            },
            recv(due) -> _ => {}
            recv(stopped) -> _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn tasks_run_in_the_order_of_their_times_and_survive_a_panic() {
        let timer = Timer::start().expect("a timer");
        let (done, results) = unbounded();
        let now = Instant::now();
        for n in [3, 1, 2] {
            let done = done.clone();
            timer.at(now + Duration::from_millis(10 * n), move || {
                done.send(n).expect("open");
                assert!(n != 1, "a fault");
            });
        }
        let ran: Vec<_> = (0..3).map(|_| results.recv_timeout(SOON)).collect();
        assert_eq!(ran, [Ok(1), Ok(2), Ok(3)]);
        timer.stop();
    }

    #[test]
    fn a_repeated_task_ends_when_it_says_so() {
        let timer = Timer::start().expect("a timer");
        let (done, results) = unbounded();
        let mut count = 0;
        timer.every(Duration::from_millis(1), move || {
            count += 1;
            done.send(count).expect("open");
            count < 3
        });
        // The task is dropped, and with it the channel's end.
        let all: Vec<i32> = results.iter().collect();
        assert_eq!(all, [1, 2, 3]);
        timer.stop();
    }
}
