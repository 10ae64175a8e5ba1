//! The mark by which a message is known again: run, sequence number, time of sending.
//!
//! ```text
//! k3v9abcd-00000017-00000412345678   ← a run's own 8 letters, number 17, 412 ms after the run's start
//! ```
//!
//! It stands at the start of the message's data, which is a string. It needs no escape in
//! JSON, HTML or JavaScript, so it is found in the bytes of any technique by a search alone,
//! and no JSON is parsed.

use crate::random;
use memchr::memmem::Finder;
use std::io;
use std::time::Instant;

/// Bytes of a mark: the least that a payload can have.
pub const MARK: usize = RUN + 1 + SEQUENCE + 1 + TIME;

/// Messages that a run's numbers are enough for.
pub const MOST_MESSAGES: usize = 100_000_000;

const RUN: usize = 8;
const SEQUENCE: usize = 8;
const TIME: usize = 14;

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which message of the run, from 0.
    pub sequence: u32,
    /// When it was sent, in nanoseconds after the run's start.
    pub sent: u64,
}

/// Writes and finds the marks of one run.
pub struct Marker {
    finder: Finder<'static>,
    start: Instant,
}

impl Marker {
    /// For a run that starts now.
    ///
    /// # Errors
    /// When the system's random source fails.
    pub fn new() -> io::Result<Marker> {
        let run = random::token(RUN)? + "-";
        Ok(Marker {
            finder: Finder::new(run.as_bytes()).into_owned(),
            start: Instant::now(),
        })
    }

    /// Nanoseconds from the run's start to `time`.
    pub fn nanoseconds(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The mark of message `sequence`, sent now: [`MARK`] bytes.
    pub fn mark(&self, sequence: u32) -> String {
        let run = String::from_utf8_lossy(self.finder.needle());
        let sent = self.nanoseconds(Instant::now());
        format!("{run}{sequence:0SEQUENCE$}-{sent:0TIME$}")
    }

    /// Adds every mark in `bytes` to `found`, in their order.
    pub fn find(&self, mut bytes: &[u8], found: &mut Vec<Mark>) {
        while let Some(at) = self.finder.find(bytes) {
            bytes = &bytes[at + RUN + 1..];
            found.extend(read(bytes));
        }
    }
}

fn read(bytes: &[u8]) -> Option<Mark> {
    let (sequence, rest) = bytes.split_at_checked(SEQUENCE)?;
    let time = rest.strip_prefix(b"-")?.get(..TIME)?;
    Some(Mark {
        sequence: number(sequence)?.try_into().ok()?,
        sent: number(time)?,
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_any_bytes() {
        let marker = Marker::new().expect("random");
        let (one, two) = (marker.mark(7), marker.mark(99_999_999));
        assert_eq!(one.len(), MARK);
        let text = format!("{{\"data\":\"{one}xxx\"}},[\\\"{two}\\\"]");
        let mut found = Vec::new();
        marker.find(text.as_bytes(), &mut found);
        let sequences: Vec<_> = found.iter().map(|mark| mark.sequence).collect();
        assert_eq!(sequences, [7, 99_999_999]);
        assert!(found[0].sent <= found[1].sent);
    }

    #[test]
    fn what_is_no_mark_is_passed_over() {
        let marker = Marker::new().expect("random");
        let mark = marker.mark(7);
        let of_another_run = Marker::new().expect("random").mark(7);
        let mut found = Vec::new();
        let wrong = mark.replace("-00000007", "-0000000x");
        for text in [&mark[..MARK - 1], &wrong, &of_another_run, ""] {
            marker.find(text.as_bytes(), &mut found);
        }
        assert!(found.is_empty(), "{found:?}");
    }
}
