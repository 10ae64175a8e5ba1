//! A job queue with one thread on demand, for close handlers that may block.
//!
//! The timer and the delivery threads end sessions, and the application wants to
//! do something then. They hand that over. A thread `jobs` is started when there is
//! work, and ends when there is none.

use crate::lock::lock;
use crate::threads;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Jobs {
    queue: VecDeque<Job>,
    working: bool,
}

/// See the module's text.
#[derive(Clone, Default)]
pub struct JobQueue(Arc<(Mutex<Jobs>, Condvar)>);

impl JobQueue {
    /// Runs `job` soon, after those that were pushed before.
    pub fn push(&self, job: impl FnOnce() + Send + 'static) {
        let mut inner = lock(&self.0.0);
        inner.queue.push_back(Box::new(job));
        if std::mem::replace(&mut inner.working, true) {
            return;
        }
        drop(inner);
        let jobs = self.clone();
        if let Err(error) = threads::spawn("jobs", move || jobs.work()) {
            // Not here: the caller may be a delivery thread, or hold a lock.
            log::warn!("no thread for jobs; they wait for the next one: {error}");
            let (jobs, done) = &*self.0;
            lock(jobs).working = false;
            done.notify_all();
        }
    }

    /// Waits until all is done; does itself what no thread could be had for.
    pub fn finish(&self) {
        let (inner, done) = &*self.0;
        let mut inner = lock(inner);
        while inner.working {
            inner = done.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        drop(inner);
        self.work();
    }

    fn work(&self) {
        let (inner, done) = &*self.0;
        loop {
            let mut locked = lock(inner);
            let Some(job) = locked.queue.pop_front() else {
                locked.working = false;
                done.notify_all();
                return;
            };
            drop(locked);
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                log::error!("a job panicked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;

    #[test]
    fn errands_are_done_in_order_and_survive_a_panic() {
        let (done, results) = unbounded();
        let jobs = JobQueue::default();
        for n in 0..100 {
            let done = done.clone();
            jobs.push(move || {
                assert!(n != 50, "a fault");
                done.send(n).expect("open");
            });
        }
        jobs.finish();
        let expected: Vec<_> = (0..100).filter(|n| *n != 50).collect();
        assert_eq!(results.try_iter().collect::<Vec<_>>(), expected);
    }
}
