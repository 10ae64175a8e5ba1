//! What each technique costs: requests, bytes, threads, delay.
//!
//! `cargo bench --bench costs` starts the course in this process and lets one client
//! of each technique listen for a minute, all at the same time, while ten messages
//! are published. With `-- --write` the figures go into `lessons/figures/costs.md`,
//! from where the texts take them. It takes about a minute and a half.
//!
//! The clients are plain sockets that send what Chromium sends ([`heads`]) when the
//! lessons' pages run in it ([`techniques`]). So all of HTTP is counted, and nothing
//! of the browser's own time is. TCP and IP are not counted.

#[path = "costs/client.rs"]
mod client;
#[path = "costs/heads.rs"]
mod heads;
#[path = "costs/techniques.rs"]
mod techniques;

use client::{Client, message, pause};
use poll_to_push::bus::Topic;
use poll_to_push::course::{LESSONS, Running};
use poll_to_push::options::Options;
use poll_to_push::threads;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use techniques::Technique::{self, *};

const TECHNIQUES: [Technique; 9] = [
    ShortPolling(1),
    ShortPolling(5),
    LongPolling,
    Comet,
    IframePush,
    Sse,
    WebSocket,
    SocketIoPolling,
    SocketIoWebSocket,
];

/// The pieces of the file of figures: a name, and which of [`TECHNIQUES`] it shows. A
/// lesson's own come after the one that it is compared with.
const PIECES: [(&str, std::ops::Range<usize>); 8] = [
    ("all", 0..9),
    ("short-polling", 0..2),
    ("long-polling", 0..3),
    ("comet", 2..4),
    ("iframe-push", 3..5),
    ("sse", 4..6),
    ("websocket", 5..7),
    ("socket-io", 6..9),
];

const LISTENS: Duration = Duration::from_secs(60);
const MESSAGES: usize = 10;
/// The messages begin after this, so that all clients are there, …
const FIRST: Duration = Duration::from_millis(1_050);
/// … and come this far from each other. With a whole number of seconds, a client that
/// asks each second would be equally lucky ten times. So its distance from the next
/// question is another one for each message, evenly spread.
const BETWEEN: Duration = Duration::from_millis(5_900);
/// Clients of one technique whose threads are counted.
const CROWD: usize = 50;

/// What was measured of one technique.
struct Figures {
    name: String,
    requests: usize,
    /// Bytes from the client, and to it.
    up: usize,
    down: usize,
    threads: f64,
    median: Duration,
    worst: Duration,
}

fn main() {
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit of open files");
    let options = Options {
        port: 0,
        // The wire view's cookie is the course's own, not the techniques'.
        no_wire_view: true,
        ..Options::default()
    };
    let running = Running::start(LESSONS, &options).expect("a server");
    let chat = running.app().bus.topic("chat").expect("chat").clone();
    let address = running.address();
    let figures: Vec<Figures> = listen_for_a_minute(address, &chat)
        .into_iter()
        .zip(TECHNIQUES)
        .map(|(figures, technique)| Figures {
            threads: threads_held(technique, address, &chat),
            ..figures
        })
        .collect();
    running.shutdown();

    println!("{}\n{}", table(&figures), explanation(&figures));
    if std::env::args().any(|argument| argument == "--write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/figures/costs.md");
        std::fs::write(path, pieces(&figures)).expect("written");
        println!("lessons/figures/costs.md is written");
    }
}

/// One client of each technique, at the same time.
fn listen_for_a_minute(address: SocketAddr, chat: &Topic) -> Vec<Figures> {
    let start = Instant::now();
    let until = start + LISTENS;
    std::thread::scope(|scope| {
        let listening: Vec<_> = TECHNIQUES
            .map(|technique| {
                scope.spawn(move || {
                    let mut client = Client::new(address, until);
                    let listening = technique.open(&mut client);
                    technique.listen(&mut client, listening);
                    client
                })
            })
            .into_iter()
            .collect();
        let published: Vec<Instant> = (0..MESSAGES)
            .map(|number| {
                let at = start + FIRST + BETWEEN * u32::try_from(number).expect("ten");
                pause(at.saturating_duration_since(Instant::now()));
                let before = Instant::now();
                chat.publish("message", &message(number))
                    .expect("published");
                before
            })
            .collect();
        let clients = listening
            .into_iter()
            .map(|one| one.join().expect("it ends"));
        let all = clients.zip(TECHNIQUES);
        all.map(|(client, technique)| figures(&client, technique, &published))
            .collect()
    })
}

fn figures(client: &Client, technique: Technique, published: &[Instant]) -> Figures {
    let name = technique.name();
    assert_eq!(client.arrivals.len(), MESSAGES, "{name} missed a message");
    let arrived = client.arrivals.iter().zip(published);
    let mut delays: Vec<Duration> = arrived.map(|(at, published)| *at - *published).collect();
    delays.sort_unstable();
    Figures {
        name,
        requests: client.requests,
        up: client.sent,
        down: client.received,
        threads: 0.0,
        median: (delays[MESSAGES / 2 - 1] + delays[MESSAGES / 2]) / 2,
        worst: delays[MESSAGES - 1],
    }
}

/// The server's threads for one client of `technique` while it listens. The count is
/// the one that `/healthz` shows; asked for here, it needs no connection of its own.
fn threads_held(technique: Technique, address: SocketAddr, chat: &Topic) -> f64 {
    let before = settled();
    let mut client = Client::new(address, Instant::now() + LISTENS);
    let crowd: Vec<_> = (0..CROWD).map(|_| technique.open(&mut client)).collect();
    let held = settled() - before;
    drop(crowd);
    // Polls that wait do not notice that their client is gone. News ends them.
    chat.publish("message", &"go").expect("published");
    settled();
    held as f64 / CROWD as f64
}

/// The number of threads, once it has stopped changing.
fn settled() -> usize {
    let mut last = threads::alive();
    loop {
        pause(Duration::from_millis(500));
        let now = threads::alive();
        if now == last {
            return now;
        }
        last = now;
    }
}

fn pieces(figures: &[Figures]) -> String {
    let pieces = PIECES.map(|(name, rows)| {
        let figures = &figures[rows];
        let (table, words) = (table(figures), explanation(figures));
        format!("<!-- ANCHOR: {name} -->\n{table}\n{words}\n<!-- ANCHOR_END: {name} -->\n")
    });
    pieces.concat()
}

/// Narrow enough for a phone: short words, and threads only where they differ.
fn table(figures: &[Figures]) -> String {
    let alike = same_threads(figures).is_some();
    let (head, rule) = match alike {
        true => ("", ""),
        false => (" threads |", "--:|"),
    };
    let mut table = format!("| | asked | up | down | delay |{head}\n|---|--:|--:|--:|--:|{rule}\n");
    for one in figures {
        let threads = match alike {
            true => String::new(),
            false => format!(" {} |", one.threads),
        };
        table.push_str(&format!(
            "| {} | {} | {} | {} | {} / {} |{threads}\n",
            one.name,
            one.requests,
            thousands(one.up),
            thousands(one.down),
            milliseconds(one.median),
            milliseconds(one.worst),
        ));
    }
    table
}

/// The number of threads, if it is the same for all.
fn same_threads(figures: &[Figures]) -> Option<f64> {
    let first = figures.first()?.threads;
    figures
        .iter()
        .all(|one| one.threads == first)
        .then_some(first)
}

/// What the columns are, on what they were measured, and how to do it again.
fn explanation(figures: &[Figures]) -> String {
    let count = |number: f64, of: &str| match number {
        1.0 => format!("1 {of}"),
        more => format!("{more} {of}s"),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = count(cores as f64, "core");
    let threads = match same_threads(figures) {
        Some(number) => format!(
            "Each of them holds {} of the server while it listens",
            count(number, "thread")
        ),
        None => "*Threads*: what the server holds for it while it listens".to_owned(),
    };
    let build = match cfg!(debug_assertions) {
        true => "debug",
        false => "release",
    };
    format!(
        "One client listens for one minute, and ten messages of {} bytes come. *Asked*: its \
         requests. *Up* and *down*: all bytes that the client sends and receives, with all of \
         HTTP, but without the cookie of the course's wire view (49 bytes in each request). *Delay*: from publish to arrival in milliseconds, the median / the worst of the ten, on one machine. {threads} \
         (counted with {CROWD} clients). Measured with {cores}, in a {build} build, by \
         `cargo bench --bench costs -- --write`.",
        message(0).len(),
    )
}

fn milliseconds(delay: Duration) -> String {
    let milliseconds = delay.as_secs_f64() * 1_000.0;
    if milliseconds < 10.0 {
        format!("{milliseconds:.1}")
    } else {
        format!("{milliseconds:.0}")
    }
}

/// 12345 as 12,345.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
