//! Lessons 1 and 2: a request, an answer, the next request with the new cursor.
//!
//! The first request asks for the cursor alone. So nothing is lost between two polls, nor
//! before the first.

use super::super::answer::whole;
use super::super::failure::Failure;
use super::{Conversation, RunContext, Step};

/// How long a long poll asks the server to wait, in seconds.
pub const WAIT: u32 = 25;

/// A subscriber that polls.
pub struct Poll<'a> {
    context: &'a RunContext,
    /// For a long poll.
    wait: Option<u32>,
    /// Empty until the first answer.
    cursor: String,
    stage: PollStage,
    /// Whether the connection has carried an answer: only then may the server have closed
    /// it without having seen the request.
    used: bool,
}

/// Where a poll is.
#[derive(Clone, Copy, PartialEq)]
enum PollStage {
    /// A request waits for its answer.
    Waits,
    /// It pauses; the connection can be used again.
    Pauses,
    /// It pauses, and needs another connection then.
    PausesWithout,
}

impl<'a> Poll<'a> {
    /// One that has asked nothing yet.
    pub fn new(context: &'a RunContext, wait: Option<u32>) -> Poll<'a> {
        Poll {
            context,
            wait,
            cursor: String::new(),
            stage: PollStage::Waits,
            used: false,
        }
    }

    fn ask(&mut self, step: &mut Step) {
        self.stage = PollStage::Waits;
        let Poll {
            context, cursor, ..
        } = self;
        match (cursor.is_empty(), self.wait) {
            (true, None) => context.get(format_args!(""), "", step),
            (true, Some(_)) => context.get(format_args!("?wait=0"), "", step),
            (false, None) => context.get(format_args!("?after={cursor}"), "", step),
            (false, Some(wait)) => {
                context.get(format_args!("?after={cursor}&wait={wait}"), "", step);
            }
        }
    }
}

impl Conversation for Poll<'_> {
    fn connected(&mut self, step: &mut Step) {
        self.used = false;
        self.ask(step);
    }

    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure> {
        let Some((answer, length)) = whole(bytes)? else {
            return Ok(0);
        };
        if !matches!(answer.head.status, 200 | 204) {
            return Err(Failure::Status(answer.head.status));
        }
        let cursor = answer.head.last_event_id;
        let cursor = cursor.ok_or(Failure::Malformed("an answer says no Last-Event-ID"))?;
        let first = self.cursor.is_empty();
        self.cursor.clear();
        self.cursor.push_str(cursor);
        self.context.marker.find(&answer.body, &mut step.found);
        self.used = true;
        step.joined |= first;
        step.polls += 1;
        match (self.wait.is_some(), answer.head.keep_alive) {
            (true, true) => self.ask(step),
            (true, false) => step.connect = true,
            (false, keep_alive) => {
                step.pause = true;
                self.stage = if keep_alive {
                    PollStage::Pauses
                } else {
                    PollStage::PausesWithout
                };
            }
        }
        Ok(length)
    }

    fn ended(&mut self, step: &mut Step) -> Result<(), Failure> {
        match self.stage {
            // A GET may be sent again (RFC 9110, section 9.2.2).
            PollStage::Waits if self.used => step.connect = true,
            PollStage::Waits => return Err(Failure::Ended),
            PollStage::Pauses | PollStage::PausesWithout => self.stage = PollStage::PausesWithout,
        }
        Ok(())
    }

    fn resume(&mut self, step: &mut Step) {
        if self.stage == PollStage::PausesWithout {
            step.connect = true;
        } else {
            self.ask(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, cut_everywhere};
    use super::*;
    use crate::load::Technique;

    fn answer(fields: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nLast-Event-ID: a-7\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    #[test]
    fn answers_are_read_however_they_are_cut() {
        for technique in [Technique::ShortPolling, Technique::LongPolling] {
            let context = context(technique);
            let (one, two) = (context.marker.mark(1), context.marker.mark(2));
            let first = "HTTP/1.1 204 No Content\r\nlast-event-id: a-5\r\n\r\n";
            let second = answer("", &format!("{{\"messages\":[\"{one}\",\"{two}\"]}}"));
            cut_everywhere(&context, (first.to_owned() + &second).as_bytes(), &[1, 2]);
        }
    }

    #[test]
    fn the_cursor_goes_into_the_next_poll() {
        let context = context(Technique::LongPolling);
        let mut poll = Poll::new(&context, Some(WAIT));
        let mut step = Step::default();
        poll.connected(&mut step);
        let target = "GET /long-polling/messages?wait=0 HTTP/1.1\r\n";
        assert!(step.out.starts_with(target.as_bytes()));
        step.out.clear();
        let received = poll.received(answer("", "{}").as_bytes(), &mut step);
        assert!(received.is_ok() && step.joined);
        let target = "GET /long-polling/messages?after=a-7&wait=25 HTTP/1.1\r\n";
        assert!(step.out.starts_with(target.as_bytes()));
        let without = "HTTP/1.1 204 No Content\r\n\r\n";
        assert!(poll.received(without.as_bytes(), &mut step).is_err());
    }

    #[test]
    fn a_connection_that_the_server_ends_between_two_polls_is_made_anew() {
        let (long, short) = (
            context(Technique::LongPolling),
            context(Technique::ShortPolling),
        );
        let mut poll = Poll::new(&long, Some(WAIT));
        let mut step = Step::default();
        poll.connected(&mut step);
        assert_eq!(poll.ended(&mut step), Err(Failure::Ended), "never answered");
        let closing = answer("Connection: close\r\n", "{}");
        assert!(poll.received(closing.as_bytes(), &mut step).is_ok());
        assert!(std::mem::take(&mut step.connect), "said so");
        poll.connected(&mut step);
        assert!(
            poll.received(answer("", "{}").as_bytes(), &mut step)
                .is_ok()
        );
        assert!(
            poll.ended(&mut step).is_ok() && step.connect,
            "had answered"
        );

        let mut poll = Poll::new(&short, None);
        let mut step = Step::default();
        assert!(
            poll.received(answer("", "{}").as_bytes(), &mut step)
                .is_ok()
        );
        assert!(step.pause && poll.ended(&mut step).is_ok() && !step.connect);
        poll.resume(&mut step);
        assert!(step.connect, "when its pause is over");
    }
}
