//! A server that sends exactly the bytes a test wants, and knows what it was
//! asked. A thread for each connection, one request for each connection.
//!
//! Nothing here waits for a fixed time. An answer goes on when the test (or the
//! page, by asking for `/release?NAME`) releases it.

use crate::SOON;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request, as it came.
#[derive(Clone)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// The whole head.
    pub head: String,
    pub at: Instant,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    released: HashSet<String>,
    left: Vec<String>,
    streams: Vec<TcpStream>,
    stopped: bool,
}

type Handler = dyn Fn(&Asked, &mut Wire) + Send + Sync;

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    handler: Box<Handler>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until the condition holds; false when it did not within `limit`.
    fn wait(&self, limit: Duration, condition: impl Fn(&State) -> bool) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |state| !condition(state))
            .unwrap_or_else(PoisonError::into_inner);
        condition(&state)
    }
}

/// The server. It ends, with all its connections, when this is dropped.
pub struct Raw {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Raw {
    /// Answers with `handler` all that is not `/` (an empty page), `/favicon.ico`
    /// or `/release?NAME`.
    pub fn start(handler: impl Fn(&Asked, &mut Wire) + Send + Sync + 'static) -> Raw {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            handler: Box::new(handler),
        });
        let serving = shared.clone();
        spawn(move || serve(&listener, &serving));
        Raw { port, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Lets all go on that wait for `name`.
    pub fn release(&self, name: &str) {
        self.shared.change(|state| {
            state.released.insert(name.to_owned());
        });
    }

    /// How often `target` was asked for.
    pub fn count(&self, target: &str) -> usize {
        count(&self.shared.lock(), target)
    }

    /// The requests for `target`.
    pub fn asked(&self, target: &str) -> Vec<Asked> {
        let state = self.shared.lock();
        let all = state.asked.iter().filter(|asked| asked.target == target);
        all.cloned().collect()
    }

    /// Waits until `target` was asked for `times` times.
    #[track_caller]
    pub fn until_asked(&self, target: &str, times: usize) {
        let came = self
            .shared
            .wait(SOON, |state| count(state, target) >= times);
        assert!(came, "{target} was asked for {} times", self.count(target));
    }

    /// Waits until a client that asked for `target` has left before the end.
    #[track_caller]
    pub fn until_left(&self, target: &str) {
        let left = self
            .shared
            .wait(SOON, |state| state.left.iter().any(|t| t == target));
        assert!(left, "nobody left {target}");
    }

    /// Whether a client that asked for `target` has left before the end.
    pub fn has_left(&self, target: &str) -> bool {
        self.shared.lock().left.iter().any(|left| left == target)
    }
}

fn count(state: &State, target: &str) -> usize {
    state.asked.iter().filter(|a| a.target == target).count()
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.stopped = true;
            for stream in state.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        // Wakes `accept`, which then sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the course's own spawn is not part of this crate"
)]
fn spawn(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work);
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else {
            continue;
        };
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        state.streams.push(handle);
        drop(state);
        let shared = shared.clone();
        spawn(move || {
            // A connection that stays silent, as Chromium opens at times.
            let _ = one(stream, &shared);
        });
    }
}

fn one(stream: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let asked = Asked {
        target,
        head,
        at: Instant::now(),
    };
    let mut wire = Wire {
        reader,
        shared: shared.clone(),
        target: asked.target.clone(),
    };
    match asked.path() {
        "/" => wire.answer(
            "200 OK",
            "Content-Type: text/html",
            "<!doctype html><title>.</title>",
        ),
        "/favicon.ico" => wire.answer("404 Not Found", "", ""),
        "/release" => {
            shared.change(|state| {
                state.released.insert(asked.query().to_owned());
            });
            wire.answer("200 OK", "", "");
        }
        _ => {
            shared.change(|state| state.asked.push(asked.clone()));
            (shared.handler)(&asked, &mut wire);
        }
    }
    // The shutdown must not wait until the copy that `Raw` holds is dropped.
    let stream = wire.reader.into_inner();
    let _ = stream.shutdown(Shutdown::Write);
    Ok(())
}

/// The connection of one request.
pub struct Wire {
    reader: BufReader<TcpStream>,
    shared: Arc<Shared>,
    target: String,
}

impl Wire {
    /// Sends bytes as they are. A client that has left is no error here.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    /// A whole answer. `fields` are lines, without the last line's end.
    pub fn answer(&mut self, status: &str, fields: &str, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let fields = lines(fields);
        let length = body.len();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.send(bytes);
    }

    /// The head of a chunked answer.
    pub fn begin(&mut self, fields: &str) {
        let fields = lines(fields);
        self.send(format!(
            "HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        ));
    }

    pub fn chunk(&mut self, bytes: impl AsRef<[u8]>) {
        self.send(chunk(bytes));
    }

    /// The last chunk.
    pub fn end(&mut self) {
        self.send("0\r\n\r\n");
    }

    /// Waits until `name` is released, or the server ends.
    pub fn until(&self, name: &str) {
        let done = |state: &State| state.stopped || state.released.contains(name);
        self.shared.wait(Duration::from_secs(60), done);
    }

    /// Holds the connection until the client leaves, or the server ends.
    pub fn hold(&mut self) {
        let mut byte = [0];
        while self.reader.read(&mut byte).is_ok_and(|read| read > 0) {}
        self.note_that_it_left();
    }

    /// Waits until `name` is released or the client leaves, whichever is first.
    /// True if it is still there.
    pub fn hold_until(&mut self, name: &str) -> bool {
        let Ok(stream) = self.reader.get_ref().try_clone() else {
            return false;
        };
        let (shared, target) = (self.shared.clone(), self.target.clone());
        // It ends with the connection.
        spawn(move || {
            let mut stream = stream;
            let mut byte = [0];
            while stream.read(&mut byte).is_ok_and(|read| read > 0) {}
            shared.change(|state| state.left.push(target));
        });
        let target = self.target.clone();
        self.shared.wait(Duration::from_secs(60), |state| {
            state.stopped || state.released.contains(name) || state.left.contains(&target)
        });
        !self.shared.lock().left.contains(&target)
    }

    fn note_that_it_left(&self) {
        let target = self.target.clone();
        self.shared.change(|state| state.left.push(target));
    }

    /// Reads bytes from the client.
    pub fn read(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Closes the connection in the middle of the answer, as the system does for a
    /// program that was killed.
    pub fn shut(&mut self) {
        let _ = self.reader.get_ref().shutdown(Shutdown::Both);
    }
}

/// A chunk of a chunked body.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    let mut all = format!("{:x}\r\n", bytes.len()).into_bytes();
    all.extend_from_slice(bytes);
    all.extend_from_slice(b"\r\n");
    all
}

fn lines(fields: &str) -> String {
    let all = fields
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    all.map(|line| format!("{line}\r\n")).collect()
}
