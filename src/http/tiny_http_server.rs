//! The `tiny_http` server: runs lessons 1 and 2 when they are started alone.
//!
//! A thread for each request, plain to read. What `tiny_http` cannot do is told in
//! lesson 3's text: go on writing after the response began, read and write at
//! once, bound what it holds. So it listens on this machine only, and `tiny_http_relay`
//! stands in front of it. One fault of its pool is mended from outside: see
//! `free_a_thread`.
//!
//! Threads: `tiny-http` takes the requests; `request` answers one; `tiny-http-free`
//! connects to ourselves. [`TinyHttpServer::stop`] ends them.

use super::request::Request;
use super::response::{Body, Response};
use super::router::Router;
use super::tiny_http_relay::take_peer;
use crate::lock::lock;
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A running `tiny_http` server.
pub struct TinyHttpServer {
    /// Where it listens.
    pub address: SocketAddr,
    server: Arc<tiny_http::Server>,
    threads: Vec<JoinHandle<()>>,
    in_flight: Arc<InFlightCount>,
}

/// How many requests are being answered.
#[derive(Default)]
struct InFlightCount {
    count: Mutex<usize>,
    /// Signalled when one is done.
    done: Condvar,
}

/// One of them.
struct InFlight(Arc<InFlightCount>);

impl InFlight {
    fn of(in_flight: &Arc<InFlightCount>) -> InFlight {
        *lock(&in_flight.count) += 1;
        InFlight(in_flight.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        *lock(&self.0.count) -= 1;
        self.0.done.notify_all();
    }
}

impl TinyHttpServer {
    /// Starts to serve on a port of this machine, for the relay.
    ///
    /// # Errors
    /// When the system gives no port or no thread.
    pub fn start(router: Arc<Router>) -> io::Result<TinyHttpServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        let server = Arc::new(server);
        let in_flight = Arc::new(InFlightCount::default());
        // One is enough: it is asked for again by the request that it lets in.
        let (asks, asked) = bounded(1);
        let frees = threads::spawn("tiny-http-free", move || free_a_thread(address, &asked))?;
        let (serving, counting) = (server.clone(), in_flight.clone());
        let serves = move || serve(&serving, &router, &counting, &asks);
        Ok(TinyHttpServer {
            address,
            server,
            threads: vec![threads::spawn("tiny-http", serves)?, frees],
            in_flight,
        })
    }

    /// Stops taking requests, and waits for those that are being answered, until
    /// `until`: a client that does not finish its request must not hold us up.
    pub fn stop(&mut self, until: Instant) {
        self.server.unblock();
        // The second ends with the first, which asks it.
        for thread in self.threads.drain(..) {
            threads::join(thread);
        }
        let left = until.saturating_duration_since(Instant::now());
        let count = lock(&self.in_flight.count);
        let waited = self
            .in_flight
            .done
            .wait_timeout_while(count, left, |count| *count > 0);
        if *waited.unwrap_or_else(PoisonError::into_inner).0 > 0 {
            log::warn!("some requests were still being answered when the server stopped");
        }
    }
}

/// Opens a connection to ourselves and closes it, each time it is asked.
///
/// `tiny_http`'s pool counts a thread that was woken, but has not run yet, as
/// free. So of connections that come at once, as a browser opens them, one may be
/// queued with no thread to take it, and wait until another connection ends:
/// with polls that are held, for minutes. Here is one that ends, and whose thread
/// then takes what is queued.
fn free_a_thread(address: SocketAddr, asked: &Receiver<()>) {
    for () in asked {
        if let Err(error) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
            log::debug!("no connection to ourselves: {error}");
        }
    }
}

fn serve(
    server: &tiny_http::Server,
    router: &Arc<Router>,
    in_flight: &Arc<InFlightCount>,
    asks: &Sender<()>,
) {
    for request in server.incoming_requests() {
        // That it has been asked already, and did not come to it yet, is as good.
        let _ = asks.try_send(());
        let router = router.clone();
        let in_flight = InFlight::of(in_flight);
        let spawned = threads::spawn("request", move || {
            let _in_flight = in_flight;
            respond(request, &router);
        });
        if let Err(error) = spawned {
            log::warn!("no thread for a request: {error}");
        }
    }
}

fn respond(mut incoming: tiny_http::Request, router: &Router) {
    let response = match read(&mut incoming, router) {
        Ok(request) => {
            catch_unwind(AssertUnwindSafe(|| router.respond(&request))).unwrap_or_else(|_| {
                log::error!("a handler panicked: {} {}", request.method, request.path);
                Response::error(500, "a fault in this server; the log has it")
            })
        }
        Err(refusal) => refusal,
    };
    let response = match response.body {
        Body::Full(_) => response,
        Body::Streaming(_) | Body::Parked(_) => {
            let why = "tiny_http cannot give this response; the whole course can";
            Response::error(500, why)
        }
    };
    let mut out = tiny_http::Response::from_data(response.body.into_bytes())
        .with_status_code(response.status)
        // Unless told otherwise it turns to chunked from 32 KiB on.
        .with_chunked_threshold(usize::MAX);
    out = response
        .headers
        .iter()
        .filter_map(|(name, value)| {
            tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()).ok()
        })
        .fold(out, tiny_http::Response::with_header);
    // Fails when the client left.
    if let Err(error) = incoming.respond(out) {
        log::debug!("a response was not taken: {error}");
    }
}

fn read(incoming: &mut tiny_http::Request, router: &Router) -> Result<Request, Response> {
    let headers = incoming
        .headers()
        .iter()
        .map(|field| {
            let value = field.value.as_str().as_bytes().to_vec();
            (field.field.as_str().to_string(), value)
        })
        .collect();
    let mut request = Request::new(
        &incoming.method().to_string(),
        incoming.url(),
        u8::from(incoming.http_version().1 != 0),
        headers,
        Ipv4Addr::LOCALHOST.into(),
    )?;
    request.peer = take_peer(&mut request).unwrap_or(request.peer);
    router.origin_policy.check_host(&mut request)?;
    let length = request.body_length()?;
    let mut body = Vec::new();
    incoming
        .as_reader()
        .take(length as u64)
        .read_to_end(&mut body)
        .map_err(|error| Response::error(400, &format!("the body could not be read: {error}")))?;
    if body.len() != length {
        let why = format!("the body ended after {} of {length} bytes", body.len());
        return Err(Response::error(400, &why));
    }
    request.body = body;
    Ok(request)
}
