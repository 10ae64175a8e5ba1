//! Those who wait for one answer each: a topic's parked polls.
//!
//! A plain value; the topic keeps it under its lock. All who are in it wait at the same
//! place, behind the newest message, for what is published takes all of them out.

use super::history::ReadResult;
use std::collections::BTreeMap;
use std::time::Instant;

/// Somebody who waits: run once, in the thread that has the answer, which is the same for
/// all who waited at one place; must not block.
pub type Waiter = Box<dyn FnOnce(&ReadResult) + Send>;

/// Answers all of them.
pub fn answer(read: &ReadResult, waiters: impl IntoIterator<Item = Waiter>) {
    for waiter in waiters {
        waiter(read);
    }
}

/// Where somebody waits: until when, and a number of its own.
pub type Place = (Instant, u64);

/// Some who wait, those first whose time ends first.
pub type Waiters = BTreeMap<Place, Waiter>;

/// See the module's text.
#[derive(Default)]
pub struct Parking {
    waiting: Waiters,
    next: u64,
}

impl Parking {
    /// Takes one in, who waits until `until`.
    pub fn enter(&mut self, until: Instant, waiter: Waiter) -> Place {
        self.next += 1;
        let place = (until, self.next);
        self.waiting.insert(place, waiter);
        place
    }

    /// Takes the one at `place` out, if it still waits.
    pub fn leave(&mut self, place: Place) -> Option<Waiter> {
        self.waiting.remove(&place)
    }

    /// Takes all out.
    pub fn take_all(&mut self) -> Waiters {
        std::mem::take(&mut self.waiting)
    }

    /// Takes those out whose time has run out by `now`.
    pub fn take_late(&mut self, now: Instant) -> Waiters {
        let still = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, still)
    }

    /// When the next one's time runs out.
    pub fn next_end(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((until, _), _)| *until)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Id;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_all_get_is_made_once() {
        let id = Id::parse("life-7").expect("an id");
        let made = Arc::new(AtomicUsize::new(0));
        let waiter = |_| -> Waiter {
            let made = made.clone();
            Box::new(move |read: &ReadResult| {
                let text = read.once(|read| {
                    made.fetch_add(1, Ordering::Relaxed);
                    read.last_id.to_string()
                });
                assert_eq!(*text, "life-7");
            })
        };
        answer(&ReadResult::nothing(id), (0..3).map(waiter));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn those_are_late_whose_time_is_over_and_no_others() {
        let now = Instant::now();
        let second = std::time::Duration::from_secs(1);
        let mut parking = Parking::default();
        let mut enter = |until| parking.enter(until, Box::new(|_| ()));
        let places = [now - second, now, now + second].map(&mut enter);
        assert_eq!(parking.next_end(), Some(now - second));
        let late: Vec<_> = parking.take_late(now).into_keys().collect();
        assert_eq!(late, places[..2]);
        assert!(parking.leave(places[0]).is_none());
        assert!(parking.leave(places[2]).is_some() && parking.is_empty());
    }
}
