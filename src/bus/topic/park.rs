//! Parked polls of a topic: in, answered, and out again.

use super::Topic;
use crate::bus::history::ReadResult;
use crate::bus::message::Cursor;
use crate::bus::parking::{Place, Waiter, answer};
use crate::lock::lock;
use crate::timer::Timer;
use std::sync::Arc;
use std::time::Instant;

impl Topic {
    /// Long polling without a thread that sleeps: `waiter` is run with what follows `cursor`,
    /// here if there is something, else by the delivery thread when there is; with nothing
    /// at `until`, or when the server goes down. It must not wait for anything.
    pub fn park(
        self: &Arc<Topic>,
        cursor: &Cursor,
        until: Instant,
        timer: &Arc<Timer>,
        waiter: Waiter,
    ) -> ParkedWaiter {
        let mut log = lock(&self.log);
        let read = match cursor {
            Cursor::Now => Arc::new(ReadResult::nothing(log.last_id())),
            given => log.after(given),
        };
        if !read.is_empty() || log.closed || until <= Instant::now() {
            drop(log);
            answer(&read, [waiter]);
            return ParkedWaiter(None);
        }
        let place = log.parking.enter(until, waiter);
        let check = log.checks_at.is_none_or(|at| until < at);
        if check {
            log.checks_at = Some(until);
        }
        drop(log);
        if check {
            self.check_at(until, timer);
        }
        ParkedWaiter(Some((self.clone(), place)))
    }

    /// Has the timer answer those whose time has run out at `due`.
    fn check_at(self: &Arc<Topic>, due: Instant, timer: &Arc<Timer>) {
        let (topic, again) = (Arc::downgrade(self), Arc::downgrade(timer));
        timer.at(due, move || {
            let (Some(topic), Some(timer)) = (topic.upgrade(), again.upgrade()) else {
                return;
            };
            let mut log = lock(&topic.log);
            if log.checks_at != Some(due) {
                // An earlier check was asked for meanwhile, and came.
                return;
            }
            let late = log.parking.take_late(Instant::now());
            log.checks_at = log.parking.next_end();
            let (next, last_id) = (log.checks_at, log.last_id());
            drop(log);
            answer(&ReadResult::nothing(last_id), late.into_values());
            if let Some(next) = next {
                topic.check_at(next, &timer);
            }
        });
    }
}

/// A waiter's place in a topic; none if it was answered at once.
pub struct ParkedWaiter(Option<(Arc<Topic>, Place)>);

impl ParkedWaiter {
    /// Ends the wait, as if its time had run out, unless the answer is there or on its
    /// way.
    pub fn leave(self) {
        let Some((topic, place)) = self.0 else {
            return;
        };
        let mut log = lock(&topic.log);
        let (waiter, last_id) = (log.parking.leave(place), log.last_id());
        drop(log);
        answer(&ReadResult::nothing(last_id), waiter);
    }
}
