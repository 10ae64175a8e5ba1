//! Errands: work that must not hold up whoever asks for it.
//!
//! The timer and the delivery threads end sessions, and the application wants to
//! do something then. They hand that over. A thread `errands` is borrowed while
//! there is work, and ends when there is none.

use crate::sync::lock;
use crate::threads;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

type Errand = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Inner {
    queue: VecDeque<Errand>,
    working: bool,
}

/// See the module's text.
#[derive(Clone, Default)]
pub struct Errands(Arc<(Mutex<Inner>, Condvar)>);

impl Errands {
    /// Does `errand` soon, after those that were asked for before.
    pub fn run(&self, errand: impl FnOnce() + Send + 'static) {
        let mut inner = lock(&self.0.0);
        inner.queue.push_back(Box::new(errand));
        if std::mem::replace(&mut inner.working, true) {
            return;
        }
        drop(inner);
        let errands = self.clone();
        if let Err(error) = threads::spawn("errands", move || errands.work()) {
            log::warn!("no thread for errands, so they are done right here: {error}");
            self.work();
        }
    }

    /// Waits until all is done.
    pub fn finish(&self) {
        let (inner, done) = &*self.0;
        let mut inner = lock(inner);
        while inner.working {
            inner = done.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        let (inner, done) = &*self.0;
        loop {
            let mut locked = lock(inner);
            let Some(errand) = locked.queue.pop_front() else {
                locked.working = false;
                done.notify_all();
                return;
            };
            drop(locked);
            if catch_unwind(AssertUnwindSafe(errand)).is_err() {
                log::error!("an errand panicked");
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
        let errands = Errands::default();
        for n in 0..100 {
            let done = done.clone();
            errands.run(move || {
                assert!(n != 50, "a fault");
                done.send(n).expect("open");
            });
        }
        errands.finish();
        let expected: Vec<_> = (0..100).filter(|n| *n != 50).collect();
        assert_eq!(results.try_iter().collect::<Vec<_>>(), expected);
    }
}
