//! One connection of the threaded server, from its first byte to its last.
//!
//! Runs in the connection's own thread. All that goes out passes the connection's
//! outbox, of which this thread is the drainer until a response is streaming.

use super::request::Request;
use super::request_reader::{BrowserOf, ReadError, RequestReader};
use super::response::{Body, Response, Streaming};
use super::router::Router;
use super::threaded_server::OpenConnections;
use crate::feed::{CloseReason, ConnectionWriter, Heartbeats, StreamingConnection};
use std::net::{IpAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// No request is being read or answered: it may be cut when the server stops.
    pub idle: Arc<AtomicBool>,
    /// The server is going down: no further request is waited for.
    pub stopping: Arc<AtomicBool>,
}

impl Connection {
    /// Serves requests until either side ends it, and says why it ended.
    pub fn serve(self) -> CloseReason {
        let stream = self.stream.clone();
        let mut reader = RequestReader::new(&stream, self.writer.tap(), self.browser_of);
        let mut first = true;
        loop {
            self.idle.store(true, Ordering::SeqCst);
            // After `idle` was set: the server sets `stopping`, then looks at `idle`.
            if self.stopping.load(Ordering::SeqCst) {
                return self.writer.close(CloseReason::Shutdown);
            }
            let request = reader.wait_for_first_byte(first).and_then(|()| {
                self.idle.store(false, Ordering::SeqCst);
                self.read_request(&mut reader)
            });
            first = false;
            let request = match request {
                Ok(request) => request,
                Err(ReadError::Closed(reason)) => return self.writer.close(reason),
                Err(ReadError::Reject(response, reason)) => {
                    return self.respond_and_close(&response, false, &mut reader, reason);
                }
            };
            let head_only = request.is_head();
            let (mut response, panicked) = self.respond(&request);
            let mut streaming = take_streaming(&mut response.body);
            let mut place = None;
            if streaming.is_some() && !head_only {
                match self.connections.hold() {
                    Ok(free) => place = Some(free),
                    Err(refusal) => {
                        response = self.router.share(refusal, request.header("Origin"));
                        streaming = None;
                    }
                }
            }
            match streaming {
                None => {
                    let last =
                        panicked || wants_close(&request) || response.close || self.is_stopping();
                    if last {
                        let reason = match (panicked, self.is_stopping()) {
                            (true, _) => CloseReason::Panicked,
                            (_, true) => CloseReason::Shutdown,
                            _ => CloseReason::Finished,
                        };
                        return self.respond_and_close(&response, head_only, &mut reader, reason);
                    }
                    if !self
                        .writer
                        .write_ahead(&response.to_bytes(false, head_only))
                    {
                        return self.writer.close(CloseReason::Reset);
                    }
                }
                Some(streaming) if head_only => {
                    self.writer
                        .write_ahead(&response.to_stream_head(streaming.coding));
                    self.writer.finish(CloseReason::Finished);
                    reader.linger();
                    return self.writer.close(CloseReason::Finished);
                }
                Some(streaming) => {
                    // It may go on for hours: without the request's bytes.
                    drop(request);
                    let _place = place;
                    return self.stream(&response, streaming, reader.into_read_buf());
                }
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

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
    fn respond(&self, request: &Request) -> (Response, bool) {
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
    ) -> CloseReason {
        if self.writer.write_ahead(&response.to_bytes(true, head_only)) {
            self.writer.finish(reason);
            reader.linger();
        }
        self.writer.close(reason)
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

/// What a streaming body does, taken out of it; `None` for a whole body.
fn take_streaming(body: &mut Body) -> Option<Streaming> {
    match std::mem::replace(body, Body::Full(Vec::new())) {
        Body::Streaming(streaming) => Some(streaming),
        full => {
            *body = full;
            None
        }
    }
}

/// Whether this request is the last one of its connection (RFC 9112, section 9.3).
fn wants_close(request: &Request) -> bool {
    request.minor_version == 0 || request.header_has("Connection", "close")
}
