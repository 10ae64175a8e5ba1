//! The library's server: `tiny_http`, for lessons 1 and 2 on their own.
//!
//! A thread for each request, plain to read. What it cannot do is told in
//! lesson 3's text: go on writing after the answer began, read and write at
//! once, bound what it holds. So the rules about head size, time-outs and the
//! number of connections are not kept here; those about `Host`, `Origin`, body
//! size and routing are.

use super::answer::{Answer, Reply};
use super::request::Request;
use super::router::Router;
use crate::threads;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A running library server.
pub struct Library {
    server: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
}

impl Library {
    /// Starts to serve on `listener`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(listener: TcpListener, router: Arc<Router>) -> io::Result<Library> {
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        let server = Arc::new(server);
        let serving = server.clone();
        let thread = threads::spawn("library", move || serve(&serving, &router))?;
        Ok(Library {
            server,
            thread: Some(thread),
        })
    }

    /// Stops taking requests, and waits for those that are being answered.
    pub fn stop(&mut self) {
        self.server.unblock();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("the library's thread had panicked");
        }
    }
}

fn serve(server: &tiny_http::Server, router: &Arc<Router>) {
    let mut answering: Vec<JoinHandle<()>> = Vec::new();
    for request in server.incoming_requests() {
        let router = router.clone();
        answering.retain(|thread| !thread.is_finished());
        match threads::spawn("request", move || answer(request, &router)) {
            Ok(thread) => answering.push(thread),
            Err(error) => log::warn!("no thread for a request: {error}"),
        }
    }
    for thread in answering {
        // A panic was answered with 500 and logged already.
        let _ = thread.join();
    }
}

fn answer(mut incoming: tiny_http::Request, router: &Router) {
    let answer = match read(&mut incoming, router) {
        Ok(request) => {
            let reply = catch_unwind(AssertUnwindSafe(|| router.reply(&request)));
            match reply {
                Ok(Reply::Answer(answer)) => answer,
                Ok(Reply::Hold(_)) => {
                    Answer::error(500, "this needs our own server; see lesson 3's text")
                }
                Err(_) => {
                    log::error!("a handler panicked: {} {}", request.method, request.path);
                    Answer::error(500, "a fault in this server; the log has it")
                }
            }
        }
        Err(refusal) => refusal,
    };
    let mut response = tiny_http::Response::from_data(answer.body)
        .with_status_code(answer.status)
        // Unless told otherwise it turns to chunked from 32 KiB on.
        .with_chunked_threshold(usize::MAX);
    response = answer
        .headers
        .iter()
        .filter_map(|(name, value)| tiny_http::Header::from_bytes(*name, value.as_bytes()).ok())
        .fold(response, tiny_http::Response::with_header);
    // Fails when the client left.
    if let Err(error) = incoming.respond(response) {
        log::debug!("an answer was not taken: {error}");
    }
}

fn read(incoming: &mut tiny_http::Request, router: &Router) -> Result<Request, Answer> {
    let headers = incoming
        .headers()
        .iter()
        .map(|field| {
            let value = field.value.as_str().as_bytes().to_vec();
            (field.field.as_str().to_string(), value)
        })
        .collect();
    let peer = incoming
        .remote_addr()
        .map_or(Ipv4Addr::UNSPECIFIED.into(), std::net::SocketAddr::ip);
    let mut request = Request::new(
        &incoming.method().to_string(),
        incoming.url(),
        u8::from(incoming.http_version().1 != 0),
        headers,
        peer,
    )?;
    router.guard.check_host(&request)?;
    let length = request.body_length()?;
    let mut body = Vec::new();
    incoming
        .as_reader()
        .take(length as u64)
        .read_to_end(&mut body)
        .map_err(|error| Answer::error(400, &format!("the body could not be read: {error}")))?;
    if body.len() != length {
        let why = format!("the body ended after {} of {length} bytes", body.len());
        return Err(Answer::error(400, &why));
    }
    request.body = body;
    Ok(request)
}
