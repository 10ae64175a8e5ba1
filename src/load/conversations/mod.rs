//! What a subscriber says and hears: one state machine per technique, without I/O.
//!
//! A [`Conversation`] is told that its connection is there, and what came on it. In a
//! [`Step`] it leaves what is to be sent, and which messages it got.

mod engine_io;
mod poll;
mod stream;
mod websocket;

use super::failure::Failure;
use super::held::Held;
use super::marker::{Mark, Marker};
use super::plan::{Plan, Technique};
use std::fmt::Arguments;
use std::io::Write;

/// One subscriber's side.
pub trait Conversation {
    /// The connection is there, for the first time or again.
    fn connected(&mut self, step: &mut Step);

    /// These bytes are there; says how many of them it dealt with. The rest comes once
    /// more, with what follows it.
    ///
    /// # Errors
    /// When the server did not keep to the contract. The connection ends.
    fn received(&mut self, bytes: &[u8], step: &mut Step) -> Result<usize, Failure>;

    /// The server ended the connection, with nothing half received.
    ///
    /// # Errors
    /// When that must not happen here. Else [`Step::connect`] may ask for another.
    fn ended(&mut self, _step: &mut Step) -> Result<(), Failure> {
        Err(Failure::Ended)
    }

    /// The time asked for by [`Step::pause`] is over.
    fn resume(&mut self, _step: &mut Step) {}
}

/// Gives a conversation what came, as long as it takes something of it or wants another
/// connection.
///
/// # Errors
/// Those of [`Conversation::received`].
pub fn receive(
    conversation: &mut dyn Conversation,
    held: &mut Held,
    bytes: &[u8],
    step: &mut Step,
) -> Result<(), Failure> {
    held.feed(bytes, |bytes| {
        let mut at = 0;
        loop {
            let taken = conversation.received(&bytes[at..], step)?;
            at += taken;
            if taken == 0 || at == bytes.len() || step.connect {
                return Ok(at);
            }
        }
    })
}

/// What a conversation wants and found, since it was last taken.
#[derive(Default)]
pub struct Step {
    /// Bytes to send.
    pub out: Vec<u8>,
    /// The messages that arrived.
    pub found: Vec<Mark>,
    /// It has subscribed: from here on nothing may be lost.
    pub joined: bool,
    /// It wants a new connection.
    pub connect: bool,
    /// It wants to be called when the poll interval is over.
    pub pause: bool,
    /// Requests that were sent, counted on and on.
    pub requests: u64,
    /// Polls that were answered, counted on and on.
    pub polls: u64,
}

/// What all subscribers of a run share.
pub struct RunContext {
    /// Finds the run's messages.
    pub marker: Marker,
    technique: Technique,
    path: String,
    host: String,
}

impl RunContext {
    /// For `plan`.
    pub fn new(plan: &Plan, marker: Marker) -> RunContext {
        RunContext {
            marker,
            technique: plan.technique,
            path: plan.base.path(plan.technique.path()),
            host: plan.base.host(),
        }
    }

    /// A new subscriber's side.
    pub fn conversation(&self) -> Box<dyn Conversation + '_> {
        match self.technique {
            Technique::ShortPolling => Box::new(poll::Poll::new(self, None)),
            Technique::LongPolling | Technique::Parked => {
                Box::new(poll::Poll::new(self, Some(poll::WAIT)))
            }
            Technique::Comet | Technique::IframePush | Technique::Sse => {
                Box::new(stream::Stream::new(self))
            }
            Technique::WebSocket => Box::new(websocket::PlainSocket::new(self)),
            Technique::SocketIoPolling => Box::new(engine_io::ByPolling::new(self)),
            Technique::SocketIoWebSocket => Box::new(engine_io::ByWebSocket::new(self)),
        }
    }

    fn get(&self, query: Arguments<'_>, fields: &str, step: &mut Step) {
        self.request("GET", query, fields, "", step);
    }

    fn post(&self, query: Arguments<'_>, body: &str, step: &mut Step) {
        let fields = format!(
            "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.request("POST", query, &fields, body, step);
    }

    fn request(
        &self,
        method: &str,
        query: Arguments<'_>,
        fields: &str,
        body: &str,
        step: &mut Step,
    ) {
        let RunContext { path, host, .. } = self;
        // Writing into memory cannot fail.
        let _ = write!(
            step.out,
            "{method} {path}{query} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{body}"
        );
        step.requests += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::plan::BaseUrl;

    /// For a run of `technique`.
    pub fn context(technique: Technique) -> RunContext {
        let base = BaseUrl::parse("http://localhost:3000").expect("a URL");
        let marker = Marker::new().expect("random");
        RunContext::new(&Plan::new(base, technique), marker)
    }

    /// Gives `bytes` to a conversation in two pieces, cut at every place, and byte by byte:
    /// each time it joins and finds these messages.
    pub fn cut_everywhere(context: &RunContext, bytes: &[u8], expected: &[u32]) {
        let check = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let mut conversation = context.conversation();
            let (mut step, mut held) = (Step::default(), Held::default());
            for piece in pieces {
                let received = receive(&mut *conversation, &mut held, piece, &mut step);
                assert_eq!(received, Ok(()));
            }
            let found: Vec<_> = step.found.iter().map(|mark| mark.sequence).collect();
            assert_eq!(found, expected);
            assert!(step.joined && held.is_empty());
        };
        for cut in 0..=bytes.len() {
            let (one, two) = bytes.split_at(cut);
            check(&mut [one, two].into_iter());
        }
        check(&mut bytes.chunks(1));
    }
}
