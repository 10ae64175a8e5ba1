//! Wrong on purpose: the servers of lesson 7, Socket.IO.
//!
//! A second Socket.IO server, at `/mistakes/socket-io/`. Its namespaces are
//! `/timers` (a timer for each socket), `/list` (a list that only grows), and
//! `/said`, which is right, and whose clients can do it wrong.

use crate::app::AppState;
use crate::http::Route;
use crate::json;
use crate::lessons::socket_io::engine_io::Engine;
use crate::lessons::socket_io::server::{Args, ConnectError, Server, Socket};
use crate::lock::lock;
use crate::options::SocketIoOptions;
use crate::threads;
use crate::timestamp;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a timer ticks.
const TICK: Duration = Duration::from_secs(2);
/// After so many ticks a timer ends. In the notes it never does.
const TICKS: usize = 8;
/// Timers that may run at once, for a class that tries this together.
const MOST_TIMERS: usize = 300;
/// A list that only grows has to end somewhere: here it begins again.
const MOST_LISTED: usize = 1000;
/// Things said that `/said` remembers.
const REMEMBERED: usize = 100;

/// Its URLs.
pub fn routes(app: &Arc<AppState>) -> Vec<Route> {
    let Some(topic) = app.bus.internal("socket.io") else {
        return Vec::new();
    };
    // Without recovery, whatever the program was told: the mistake must show.
    let settings = SocketIoOptions {
        recovery: false,
        ..app.options.socket_io.clone()
    };
    let io = Server::new(topic.clone(), &settings);
    let (stop, stopped) = bounded(0);
    timers(&io, &stopped);
    list(&io);
    said(&io);

    let serving = io.clone();
    let engine = Engine::new(
        &settings,
        app.options.max_connections,
        app.timer.clone(),
        app.sessions.clone(),
        Box::new(move |session| serving.client(session)),
    );
    let stopping = engine.clone();
    app.on_shutdown(move || {
        drop(stop);
        stopping.shutdown();
        io.forget();
    });
    vec![Route::any("/mistakes/socket-io/", move |request| {
        engine.handle_request(request)
    })]
}

/// What a client of `/timers` connects with.
#[derive(Deserialize)]
struct Try {
    /// Who is "everyone": the sockets of one try, so that two readers who try it at
    /// the same time do not count each other's messages.
    everyone: String,
}

/// Wrong: each socket that comes starts a timer, and each timer tells everyone.
fn timers(io: &Server, stopped: &Receiver<()>) {
    let running = Arc::new(AtomicUsize::new(0));
    let counted = running.clone();
    io.of("/timers").use_middleware(move |_| {
        if counted.load(Ordering::Relaxed) < MOST_TIMERS {
            return Ok(());
        }
        let message = format!("{MOST_TIMERS} timers run already; try again in a while");
        Err(ConnectError {
            message,
            data: None,
        })
    });
    let stopped = stopped.clone();
    io.of("/timers").on_connection(move |socket| {
        let Ok(Try { everyone }) = json::object(socket.auth().get().as_bytes()) else {
            return socket.disconnect(true);
        };
        socket.join(&everyone);
        start_timer(socket, everyone, &running, &stopped);
    });
}

fn start_timer(
    socket: &Socket,
    everyone: String,
    running: &Arc<AtomicUsize>,
    stopped: &Receiver<()>,
) {
    let (stopped, io) = (stopped.clone(), socket.namespace().clone());
    running.fetch_add(1, Ordering::Relaxed);
    let ended = running.clone();
    // ANCHOR: timer
    // Once for each socket that connects. Nothing ends it when the socket leaves.
    let timer = move || {
        for _ in 0..TICKS {
            if stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                break; // the server stops
            }
            io.to(&everyone)
                .emit("message", Args::one(&timestamp::now()));
        }
        ended.fetch_sub(1, Ordering::Relaxed);
    };
    // ANCHOR_END: timer
    if let Err(error) = threads::spawn("mistake-timer", timer) {
        running.fetch_sub(1, Ordering::Relaxed);
        log::warn!("no thread for one more timer: {error}");
    }
}

/// Wrong: each socket that comes is put into a list, and none is taken out.
fn list(io: &Server) {
    let sockets: Arc<Mutex<Vec<Socket>>> = Arc::default();
    io.of("/list").on_connection(move |socket| {
        // ANCHOR: list
        let mut list = lock(&sockets);
        list.push(socket.clone()); // and nothing at `on_disconnect`
        let told = list.len();
        // ANCHOR_END: list
        let begins_again = told >= MOST_LISTED;
        let dropped = begins_again.then(|| std::mem::take(&mut *list));
        drop(list);
        drop(dropped);
        socket.on("how many", move |socket, event| {
            let connected = socket.namespace().sockets().len();
            event.ack(Args::one(&serde_json::json!({
                "my list": told,
                "connected": connected,
            })));
        });
    });
}

/// What was said, and how many things were said before the first that is kept.
#[derive(Default)]
struct Said {
    texts: VecDeque<String>,
    forgotten: usize,
}

/// Right: whatever is said has a number, and who comes back asks for what came
/// after the last one that it saw.
fn said(io: &Server) {
    let history: Arc<Mutex<Said>> = Arc::default();
    io.of("/said").on_connection(move |socket| {
        let saying = history.clone();
        socket.on("say", move |socket, event| {
            let text: String = event.args.get(0).unwrap_or_default();
            let text: String = text.chars().take(100).collect();
            let mut said = lock(&saying);
            said.texts.push_back(text.clone());
            if said.texts.len() > REMEMBERED {
                said.texts.pop_front();
                said.forgotten += 1;
            }
            let number = said.forgotten + said.texts.len();
            // Under the lock, so that everyone hears it in the order of the numbers.
            socket
                .namespace()
                .emit("said", Args::one(&text).and(&number));
            drop(said);
            event.ack(Args::one(&number));
        });
        let asking = history.clone();
        // ANCHOR: after
        socket.on("after", move |_, event| {
            let seen: usize = event.args.get(0).unwrap_or_default();
            let said = lock(&asking);
            let known = seen.saturating_sub(said.forgotten);
            let missed: Vec<_> = said.texts.iter().skip(known).cloned().collect();
            drop(said);
            event.ack(Args::one(&missed));
        });
        // ANCHOR_END: after
    });
}
