//! Counts what came of what was published: lost, doubled, out of order, and how late.

use super::failure::Failure;
use super::marker::Mark;
use super::plan::Plan;
use hdrhistogram::Histogram;
use std::io;

/// Significant digits of a delay.
const DIGITS: u8 = 3;
/// The largest delay that is told apart, in nanoseconds: ten minutes.
const LONGEST: u64 = 600_000_000_000;

/// What came so far.
pub struct Tally {
    subscribers: usize,
    publishers: usize,
    messages: Vec<Progression>,
    /// A bit for each subscriber and message.
    seen: Vec<u64>,
    /// For each subscriber and publisher the newest message, plus one. A publisher sends its
    /// messages in order, one at a time; between two of them there is no order to break.
    newest: Vec<u32>,
    /// Messages that were published or refused.
    pub outcomes: usize,
    /// Messages that the server took.
    pub acknowledged: usize,
    /// Deliveries of those, each counted once.
    pub came: u64,
    /// Deliveries of what had come before.
    pub doubled: u64,
    /// Deliveries behind a later message of the same publisher.
    pub out_of_order: u64,
    /// From sending to each delivery, in nanoseconds.
    pub delay: Histogram<u64>,
    /// From sending to the last subscriber's delivery, in nanoseconds.
    pub fan_out: Histogram<u64>,
    /// When the newest thing happened, in nanoseconds after the run's start.
    pub newest_at: u64,
    /// When the first message that came was sent.
    pub first_sent: u64,
}

/// One message's way.
#[derive(Clone, Copy, Default)]
struct Progression {
    /// Subscribers that have it.
    reached: u32,
    acknowledged: bool,
    refused: bool,
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Errors
    /// Never with these constants; the histogram's own.
    pub fn new(plan: &Plan) -> io::Result<Tally> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS).map_err(io::Error::other);
        let deliveries = plan.subscribers * plan.messages;
        Ok(Tally {
            subscribers: plan.subscribers,
            publishers: plan.publishers,
            messages: vec![Progression::default(); plan.messages],
            seen: vec![0; deliveries.div_ceil(64)],
            newest: vec![0; plan.subscribers * plan.publishers],
            outcomes: 0,
            acknowledged: 0,
            came: 0,
            doubled: 0,
            out_of_order: 0,
            delay: histogram()?,
            fan_out: histogram()?,
            newest_at: 0,
            first_sent: u64::MAX,
        })
    }

    /// `subscriber` has the message of `mark`, at `now`.
    pub fn delivered(&mut self, subscriber: usize, mark: Mark, now: u64) {
        let sequence = mark.sequence as usize;
        let count = self.messages.len();
        let Some(message) = self.messages.get_mut(sequence) else {
            return;
        };
        let bit = subscriber * count + sequence;
        let (word, bit) = (&mut self.seen[bit / 64], 1 << (bit % 64));
        if *word & bit != 0 {
            self.doubled += 1;
            return;
        }
        *word |= bit;
        let publisher = sequence % self.publishers;
        let newest = &mut self.newest[subscriber * self.publishers + publisher];
        if *newest > mark.sequence {
            self.out_of_order += 1;
        } else {
            *newest = mark.sequence + 1;
        }
        let delay = now.saturating_sub(mark.sent);
        self.delay.saturating_record(delay);
        self.newest_at = self.newest_at.max(now);
        self.first_sent = self.first_sent.min(mark.sent);
        message.reached += 1;
        if message.acknowledged {
            self.came += 1;
        }
        if message.reached as usize == self.subscribers {
            self.fan_out.saturating_record(delay);
        }
    }

    /// The server took the message, or refused it.
    pub fn published(&mut self, sequence: u32, outcome: Result<(), Failure>, now: u64) {
        let Some(message) = self.messages.get_mut(sequence as usize) else {
            return;
        };
        self.outcomes += 1;
        self.newest_at = self.newest_at.max(now);
        match outcome {
            Ok(()) => {
                message.acknowledged = true;
                self.acknowledged += 1;
                // It may have arrived before the server's answer did.
                self.came += u64::from(message.reached);
            }
            Err(_) => message.refused = true,
        }
    }

    /// Deliveries of what the server took.
    pub fn expected(&self) -> u64 {
        (self.acknowledged * self.subscribers) as u64
    }

    /// Whether nothing more can come.
    pub fn complete(&self) -> bool {
        self.outcomes == self.messages.len() && self.came == self.expected()
    }

    /// Whether message `sequence` is everywhere, or was refused.
    pub fn done_with(&self, sequence: usize) -> bool {
        let message = &self.messages[sequence];
        message.refused || message.reached as usize == self.subscribers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::plan::{BaseUrl, Technique};

    fn tally(publishers: usize) -> Tally {
        let base = BaseUrl::parse("http://localhost").expect("a URL");
        let plan = Plan {
            subscribers: 2,
            messages: 3,
            publishers,
            ..Plan::new(base, Technique::Sse)
        };
        Tally::new(&plan).expect("a histogram")
    }

    fn mark(sequence: u32) -> Mark {
        Mark { sequence, sent: 10 }
    }

    #[test]
    fn a_run_is_complete_when_everybody_has_what_was_taken() {
        let mut tally = tally(1);
        tally.delivered(0, mark(0), 15);
        tally.published(0, Ok(()), 20);
        tally.delivered(1, mark(0), 110);
        assert!(tally.done_with(0) && !tally.done_with(1) && !tally.complete());
        assert_eq!((tally.came, tally.expected()), (2, 2));
        assert_eq!((tally.delay.max(), tally.fan_out.max()), (100, 100));
        tally.published(1, Err(Failure::Status(503)), 120);
        tally.published(2, Ok(()), 130);
        assert!(tally.done_with(1) && !tally.complete());
        tally.delivered(1, mark(2), 140);
        tally.delivered(0, mark(2), 150);
        assert!(tally.complete());
        assert_eq!((tally.doubled, tally.out_of_order), (0, 0));
        assert_eq!((tally.newest_at, tally.first_sent), (150, 10));
    }

    #[test]
    fn what_comes_twice_or_late_is_counted() {
        let mut tally = tally(1);
        for sequence in [1, 0, 0, 2, 9] {
            tally.delivered(0, mark(sequence), 20);
        }
        assert_eq!((tally.doubled, tally.out_of_order), (1, 1));
        assert_eq!(tally.delay.len(), 3);
    }

    #[test]
    fn two_publishers_have_an_order_each() {
        let mut tally = tally(2);
        for sequence in [1, 0, 2] {
            tally.delivered(0, mark(sequence), 20);
        }
        assert_eq!(tally.out_of_order, 0);
        for sequence in [2, 0] {
            tally.delivered(1, mark(sequence), 20);
        }
        assert_eq!(tally.out_of_order, 1);
    }
}
