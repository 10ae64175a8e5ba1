//! One connection of our own server, from its first byte to its last.
//!
//! Runs in the connection's own thread. All that goes out passes the link's
//! outbox, of which this thread is the drainer until a lesson holds the
//! connection.

use super::answer::{Answer, Hold, Reply};
use super::incoming::{Incoming, Trouble};
use super::request::Request;
use super::router::Router;
use crate::feed::{Heart, Held, Link, Reason};
use std::net::{IpAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What one connection needs to be served.
pub struct Connection {
    /// The socket: both sides, one descriptor.
    pub stream: Arc<TcpStream>,
    /// The write side.
    pub link: Arc<Link>,
    /// For when a lesson holds it.
    pub heart: Arc<Heart>,
    /// What answers its requests.
    pub router: Arc<Router>,
    /// Who is at the other end.
    pub peer: IpAddr,
    /// No request is being read or answered: it may be cut when the server stops.
    pub idle: Arc<AtomicBool>,
    /// The server is going down: no further request is waited for.
    pub stopping: Arc<AtomicBool>,
}

impl Connection {
    /// Serves requests until either side ends it, and says why it ended.
    pub fn serve(self) -> Reason {
        let stream = self.stream.clone();
        let mut incoming = Incoming::new(&stream, self.link.tap());
        let mut first = true;
        loop {
            self.idle.store(true, Ordering::SeqCst);
            // After `idle` was set: the server sets `stopping`, then looks at `idle`.
            if self.stopping.load(Ordering::SeqCst) {
                return self.link.close(Reason::Shutdown);
            }
            let request = incoming.wait_for_first_byte(first).and_then(|()| {
                self.idle.store(false, Ordering::SeqCst);
                self.read_request(&mut incoming)
            });
            first = false;
            let request = match request {
                Ok(request) => request,
                Err(Trouble::Over(reason)) => return self.link.close(reason),
                Err(Trouble::Refuse(answer, reason)) => {
                    return self.answer_and_close(&answer, false, &mut incoming, reason);
                }
            };
            let head_only = request.is_head();
            let (reply, panicked) = self.reply(&request);
            match reply {
                Reply::Answer(answer) => {
                    let last =
                        panicked || wants_close(&request) || answer.closes || self.is_stopping();
                    if last {
                        let reason = match (panicked, self.is_stopping()) {
                            (true, _) => Reason::Panicked,
                            (_, true) => Reason::Shutdown,
                            _ => Reason::Finished,
                        };
                        return self.answer_and_close(&answer, head_only, &mut incoming, reason);
                    }
                    if !self.link.write(&answer.to_bytes(false, head_only)) {
                        return self.link.close(Reason::Reset);
                    }
                }
                Reply::Hold(hold) if head_only => {
                    self.link.write(&hold.head.to_stream_head(hold.framing));
                    self.link.finish(Reason::Finished);
                    incoming.linger();
                    return self.link.close(Reason::Finished);
                }
                Reply::Hold(hold) => {
                    // It may be held for hours: without the request's bytes.
                    drop(request);
                    return self.hold(hold, incoming.into_rest());
                }
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn read_request(&self, incoming: &mut Incoming<'_>) -> Result<Request, Trouble> {
        let mut request = incoming.head(self.peer)?;
        let refuse = |answer| Trouble::Refuse(answer, Reason::BadRequest);
        self.router.guard.check_host(&request).map_err(refuse)?;
        let length = request.body_length().map_err(|answer| {
            let reason = match answer.status {
                400 => Reason::BadRequest,
                _ => Reason::BodyTooLarge,
            };
            Trouble::Refuse(answer, reason)
        })?;
        // HTTP/1.0 has no such field (RFC 9110, section 10.1.1).
        let expects = request
            .header("Expect")
            .filter(|_| request.minor_version > 0);
        if expects.is_some_and(|what| !what.eq_ignore_ascii_case("100-continue")) {
            let why = "the only thing to expect here is 100-continue";
            return Err(refuse(Answer::error(417, why)));
        }
        // Only now that the length was accepted.
        if expects.is_some() && length > 0 {
            self.link.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        request.body = incoming.body(length)?;
        Ok(request)
    }

    /// The handler's reply; a panic in it costs this connection only.
    fn reply(&self, request: &Request) -> (Reply, bool) {
        match catch_unwind(AssertUnwindSafe(|| self.router.reply(request))) {
            Ok(reply) => (reply, false),
            Err(_) => {
                log::error!("a handler panicked: {} {}", request.method, request.path);
                let answer = Answer::error(500, "a fault in this server; the log has it");
                (answer.into(), true)
            }
        }
    }

    fn answer_and_close(
        &self,
        answer: &Answer,
        head_only: bool,
        incoming: &mut Incoming<'_>,
        reason: Reason,
    ) -> Reason {
        if self.link.write(&answer.to_bytes(true, head_only)) {
            self.link.finish(reason);
            incoming.linger();
        }
        self.link.close(reason)
    }

    fn hold(&self, hold: Hold, early: Vec<u8>) -> Reason {
        // A held connection may be silent for as long as it likes.
        if let Err(error) = self.stream.set_read_timeout(None) {
            return self.link.close(Reason::of_read(&error));
        }
        self.link.tap().came(&early);
        if self.link.write(&hold.head.to_stream_head(hold.framing)) {
            (hold.run)(Held::new(
                self.stream.clone(),
                self.link.clone(),
                self.heart.clone(),
                hold.framing,
                early,
            ));
        }
        // Counts only if nothing ended it before.
        self.link.close(Reason::Finished)
    }
}

/// Whether this request is the last one of its connection (RFC 9112, section 9.3).
fn wants_close(request: &Request) -> bool {
    request.minor_version == 0 || request.header_has("Connection", "close")
}
