//! One connection of the threaded server, from its first byte to its last.
//!
//! Runs in the connection's own thread. All that goes out passes the connection's
//! outbox, of which this thread is the drainer until a response is streaming or parked.

use super::pending_response::{OnLeave, PendingResponse};
use super::request::Request;
use super::request_reader::{BrowserOf, IDLE_DEADLINE, ReadError, RequestReader};
use super::response::{Body, Response, Streaming};
use super::router::Router;
use super::threaded_server::{HeldPlace, OpenConnections};
use crate::feed::{CloseReason, ConnectionWriter, Heartbeats, StreamingConnection};
use std::net::{IpAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What one connection needs to be served.
pub struct Connection {
    /// The socket: both sides, one descriptor.
    pub stream: Arc<TcpStream>,
    /// The write side.
    pub writer: Arc<ConnectionWriter>,
    /// For when a response is streaming.
    pub heartbeats: Arc<Heartbeats>,
    /// Where a response that goes on takes a place.
    pub connections: OpenConnections,
    /// What answers its requests.
    pub router: Arc<Router>,
    /// Who is at the other end.
    pub peer: IpAddr,
    /// Which browser may observe a request.
    pub browser_of: BrowserOf,
    /// No request is being read or answered by the connection's thread: the connection
    /// may be cut when the server stops, unless it owes a response.
    pub idle: Arc<AtomicBool>,
    /// The server is going down: no further request is waited for.
    pub stopping: Arc<AtomicBool>,
}

/// What follows when a request was read.
enum Next {
    /// It is answered: the next request.
    Request,
    /// Its response is owed, until then at the latest: that response and the next request.
    Answer(Instant, OnLeave),
    /// Its response goes on, in its place among those that are held.
    Streaming(Response, Streaming, HeldPlace),
    /// The connection is closed.
    End(CloseReason),
}

impl Connection {
    /// Serves requests until either side ends it, and says why it ended.
    pub fn serve(self) -> CloseReason {
        let stream = self.stream.clone();
        let mut reader = RequestReader::new(&stream, self.writer.tap(), self.browser_of);
        let mut came = self.wait(&mut reader, CloseReason::NoRequest);
        loop {
            let request = came.and_then(|()| self.read_request(&mut reader));
            came = match self.respond(request, &mut reader) {
                Next::Request => self.wait(&mut reader, CloseReason::IdleTimedOut),
                Next::Answer(until, on_leave) => {
                    self.wait_while_owing(&mut reader, until, on_leave)
                }
                Next::Streaming(head, streaming, _place) => {
                    return self.stream(&head, streaming, reader.into_read_buf());
                }
                Next::End(reason) => return reason,
            }
        }
    }

    /// Responds to one request. A function of its own, as is reading: what it takes of the
    /// stack is free again while the thread waits, or streams for hours.
    #[inline(never)]
    fn respond(&self, request: Result<Request, ReadError>, reader: &mut RequestReader<'_>) -> Next {
        let request = match request {
            Ok(request) => request,
            Err(ReadError::Closed(reason)) => return Next::End(self.writer.close(reason)),
            Err(ReadError::Reject(response, reason)) => {
                return self.respond_and_close(&response, false, reader, reason);
            }
        };
        let head_only = request.is_head();
        let (mut response, panicked) = self.response_to(&request);
        let mut body = response.take_body();
        let mut place = None;
        if matches!(body, Body::Parked(_)) || matches!(body, Body::Streaming(_) if !head_only) {
            match self.connections.hold() {
                Ok(free) => place = Some(free),
                Err(refusal) => {
                    response = self.router.share(refusal, request.header("Origin"));
                    body = response.take_body();
                }
            }
        }
        let last = panicked || wants_close(&request) || response.close || self.is_stopping();
        drop(request);
        match (body, place) {
            (Body::Streaming(streaming), Some(place)) => {
                Next::Streaming(response, streaming, place)
            }
            (Body::Streaming(streaming), None) => {
                let head = response.to_stream_head(streaming.coding);
                self.write_and_close(&head, reader, CloseReason::Finished)
            }
            (Body::Parked(parked), Some(place)) => {
                self.writer.park();
                let on_leave = (parked.park)(PendingResponse::new(
                    self.writer.clone(),
                    response.headers,
                    head_only,
                    last,
                    self.stopping.clone(),
                    place,
                ));
                self.writer.see_to_answer();
                Next::Answer(parked.until, on_leave)
            }
            (body, _) if last => {
                response.body = body;
                let reason = match (panicked, self.is_stopping()) {
                    (true, _) => CloseReason::Panicked,
                    (_, true) => CloseReason::Shutdown,
                    _ => CloseReason::Finished,
                };
                self.respond_and_close(&response, head_only, reader, reason)
            }
            (body, _) => {
                response.body = body;
                let bytes = response.to_bytes(false, head_only);
                match self.writer.write_ahead(&bytes) {
                    true => Next::Request,
                    false => Next::End(self.writer.close(CloseReason::Reset)),
                }
            }
        }
    }

    /// Waits for the first byte of a request.
    fn wait(
        &self,
        reader: &mut RequestReader<'_>,
        when_silent: CloseReason,
    ) -> Result<(), ReadError> {
        self.idle.store(true, Ordering::SeqCst);
        // After `idle` was set: the server sets `stopping`, then looks at `idle`.
        if self.is_stopping() {
            return Err(ReadError::Closed(CloseReason::Shutdown));
        }
        reader.wait_for_first_byte(Instant::now() + IDLE_DEADLINE, when_silent)?;
        self.idle.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// As [`Connection::wait`], while a response is owed and after it was written.
    fn wait_while_owing(
        &self,
        reader: &mut RequestReader<'_>,
        until: Instant,
        on_leave: OnLeave,
    ) -> Result<(), ReadError> {
        self.idle.store(true, Ordering::SeqCst);
        let mut deadline = until + IDLE_DEADLINE;
        let waited = loop {
            match reader.wait_for_first_byte(deadline, CloseReason::IdleTimedOut) {
                Err(ReadError::Closed(CloseReason::IdleTimedOut)) if self.writer.owes() => {
                    deadline = Instant::now() + IDLE_DEADLINE;
                }
                waited => break waited,
            }
        };
        self.idle.store(false, Ordering::SeqCst);
        if let Err(ReadError::Closed(reason)) = &waited {
            if *reason != CloseReason::ClientClosed {
                self.writer.close(*reason);
            }
            on_leave();
        }
        // The next request has to wait until the response is out. So has the end: who only
        // closed the sending side can still read it.
        if !self.writer.take_back() && waited.is_ok() {
            reader.linger();
            return Err(ReadError::Closed(CloseReason::Finished));
        }
        waited
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    #[inline(never)]
    fn read_request(&self, reader: &mut RequestReader<'_>) -> Result<Request, ReadError> {
        // A page that may ask may read why it was refused.
        let share = |error, origin: Option<&str>| match error {
            ReadError::Reject(refusal, reason) => {
                ReadError::Reject(self.router.share(refusal, origin), reason)
            }
            closed @ ReadError::Closed(_) => closed,
        };
        let mut request = reader
            .head(self.peer)
            .map_err(|error| share(error, reader.origin().as_deref()))?;
        match self.read_body(&mut request, reader) {
            Ok(()) => Ok(request),
            Err(error) => Err(share(error, request.header("Origin"))),
        }
    }

    fn read_body(
        &self,
        request: &mut Request,
        reader: &mut RequestReader<'_>,
    ) -> Result<(), ReadError> {
        let reject = |refusal| ReadError::Reject(refusal, CloseReason::BadRequest);
        let policy = &self.router.origin_policy;
        policy.check_host(request).map_err(reject)?;
        let length = request.body_length().map_err(|refusal| {
            let reason = match refusal.status {
                400 => CloseReason::BadRequest,
                _ => CloseReason::BodyTooLarge,
            };
            ReadError::Reject(refusal, reason)
        })?;
        // HTTP/1.0 has no such field (RFC 9110, section 10.1.1).
        let expects = request
            .header("Expect")
            .filter(|_| request.minor_version > 0);
        if expects.is_some_and(|what| !what.eq_ignore_ascii_case("100-continue")) {
            let why = "the only thing to expect here is 100-continue";
            return Err(reject(Response::error(417, why)));
        }
        // Only now that the length was accepted.
        if expects.is_some() && length > 0 {
            self.writer.write_ahead(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        request.body = reader.body(length)?;
        Ok(())
    }

    /// The handler's response, and whether the handler panicked, which costs this
    /// connection only.
    #[inline(never)]
    fn response_to(&self, request: &Request) -> (Response, bool) {
        match catch_unwind(AssertUnwindSafe(|| self.router.respond(request))) {
            Ok(response) => (response, false),
            Err(_) => {
                log::error!("a handler panicked: {} {}", request.method, request.path);
                let why = "a fault in this server; the log has it";
                let response = Response::error(500, why);
                (self.router.share(response, request.header("Origin")), true)
            }
        }
    }

    fn respond_and_close(
        &self,
        response: &Response,
        head_only: bool,
        reader: &mut RequestReader<'_>,
        reason: CloseReason,
    ) -> Next {
        self.write_and_close(&response.to_bytes(true, head_only), reader, reason)
    }

    fn write_and_close(
        &self,
        bytes: &[u8],
        reader: &mut RequestReader<'_>,
        reason: CloseReason,
    ) -> Next {
        if self.writer.write_ahead(bytes) {
            self.writer.finish(reason);
            reader.linger();
        }
        Next::End(self.writer.close(reason))
    }

    fn stream(&self, head: &Response, streaming: Streaming, read_buf: Vec<u8>) -> CloseReason {
        // The client may be silent for as long as it likes.
        if let Err(error) = self.stream.set_read_timeout(None) {
            return self.writer.close(CloseReason::of_read(&error));
        }
        self.writer.tap().received(&read_buf);
        if self
            .writer
            .write_ahead(&head.to_stream_head(streaming.coding))
        {
            (streaming.run)(StreamingConnection::new(
                self.stream.clone(),
                self.writer.clone(),
                self.heartbeats.clone(),
                streaming.coding,
                read_buf,
            ));
        }
        // Counts only if nothing ended it before.
        self.writer.close(CloseReason::Finished)
    }
}

/// Whether this request is the last one of its connection (RFC 9112, section 9.3).
fn wants_close(request: &Request) -> bool {
    request.minor_version == 0 || request.header_has("Connection", "close")
}
