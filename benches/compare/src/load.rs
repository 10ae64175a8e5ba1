//! One run of the load program, and what it measured.

use crate::measure::Crowd;
use crate::peers::{Peer, Programs, Server};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::process::{Child, Command};
use std::time::Duration;
use wait_timeout::ChildExt;

/// Of the load program; the server has the other.
const PROCESSOR: &str = "1";
/// The longest that one run may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Its rate for "as fast as the publishers can": all messages are due at once.
const AT_ONCE: f64 = 1e6;

/// One run.
#[derive(Clone, Debug)]
pub struct Load {
    pub technique: &'static str,
    pub subscribers: usize,
    pub messages: usize,
    pub publishers: usize,
    /// Messages a second.
    pub rate: f64,
}

impl Load {
    /// One message after the other, to all who wait.
    pub fn fan_out(technique: &'static str, crowd: &Crowd) -> Load {
        Load {
            technique,
            subscribers: crowd.subscribers,
            messages: crowd.messages,
            publishers: 1,
            rate: crowd.rate,
        }
    }

    /// As many as go through, to 100 subscribers.
    pub fn flood(technique: &'static str, publishers: usize, messages: usize) -> Load {
        Load {
            technique,
            subscribers: 100,
            messages,
            publishers,
            rate: AT_ONCE,
        }
    }
}

/// What the load program says of a run, as far as it is used here.
#[derive(Clone, Debug, Deserialize)]
pub struct Figures {
    ending: String,
    messages: usize,
    acknowledged: usize,
    lost: u64,
    doubled: u64,
    out_of_order: u64,
    errors: BTreeMap<String, u64>,
    last_delivery: LastDelivery,
    pub deliveries_per_second: f64,
    pub polls_per_second: f64,
    pub bytes_down_per_delivery: f64,
    pub load_was_the_bottleneck: bool,
    server: Option<ServerCost>,
}

#[derive(Clone, Debug, Deserialize)]
struct LastDelivery {
    median_ms: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct ServerCost {
    resident_bytes_per_connection: f64,
}

impl Figures {
    /// From a publish to its last delivery, the one in the middle.
    pub fn last_ms(&self) -> f64 {
        self.last_delivery.median_ms
    }

    /// Resident in the server for each connection.
    pub fn kib(&self) -> Option<f64> {
        let server = self.server.as_ref()?;
        Some(server.resident_bytes_per_connection / 1024.0)
    }

    /// Everything came once and in order; or what did not.
    pub fn right(self) -> Result<Figures, String> {
        let mut wrong = Vec::new();
        if self.acknowledged < self.messages {
            wrong.push(format!("{} of {} taken", self.acknowledged, self.messages));
        }
        for (count, what) in [
            (self.lost, "lost"),
            (self.doubled, "doubled"),
            (self.out_of_order, "out of order"),
        ] {
            if count > 0 {
                wrong.push(format!("{count} {what}"));
            }
        }
        wrong.extend(self.errors.iter().map(|(what, n)| format!("{n} × {what}")));
        if wrong.is_empty() && self.ending != "complete" {
            wrong.push(self.ending.clone());
        }
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(wrong.join(", "))
        }
    }
}

#[derive(Deserialize)]
struct Output {
    runs: Vec<Figures>,
    impossible: Vec<Impossible>,
}

#[derive(Deserialize)]
struct Impossible {
    error: String,
}

/// Starts the server, and loads it once. An error says why there are no figures.
pub fn measure(peer: Peer, load: &Load, programs: &Programs) -> Result<Figures, String> {
    let server = Server::start(peer, programs)?;
    run(&server, load, programs)?.right()
}

/// How many short polls a second the server answers; whether messages come is not asked.
pub fn short_polls(peer: Peer, seconds: usize, programs: &Programs) -> Result<Figures, String> {
    let server = Server::start(peer, programs)?;
    let load = Load {
        technique: "short-polling",
        subscribers: 100,
        messages: seconds,
        publishers: 1,
        rate: 1.0,
    };
    let figures = run(&server, &load, programs)?;
    match peer {
        // Its answer is always the same, so the messages do not come.
        Peer::Nginx => Ok(figures),
        _ => figures.right(),
    }
}

/// Loads a server that is there.
pub fn run(server: &Server, load: &Load, programs: &Programs) -> Result<Figures, String> {
    let json = programs.scratch.join("load.json");
    // What is there is of another run.
    let _ = fs::remove_file(&json);
    let log = programs.scratch.join("load.log");
    let said = || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        said.lines().last().unwrap_or("nothing").to_owned()
    };
    let child = spawn(server, load, programs);
    let mut child = child.map_err(|error| format!("the load program: {error}"))?;
    let ended = child.wait_timeout(PATIENCE).map_err(|e| e.to_string())?;
    if ended.is_none() {
        // It fails only for one that has ended.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("not over after {} s", PATIENCE.as_secs()));
    }
    let text = fs::read_to_string(&json).map_err(|_| said())?;
    let output: Output = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let impossible = output.impossible.into_iter().next();
    match (output.runs.into_iter().next(), impossible) {
        (Some(figures), _) => Ok(figures),
        (None, Some(impossible)) => Err(impossible.error),
        (None, None) => Err(said()),
    }
}

fn spawn(server: &Server, load: &Load, programs: &Programs) -> io::Result<Child> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "-c", PROCESSOR]);
    command.arg(programs.ours.join("load")).arg(&server.url);
    for (option, value) in [
        ("--technique", load.technique.to_owned()),
        ("--subscribers", load.subscribers.to_string()),
        ("--messages", load.messages.to_string()),
        ("--publishers", load.publishers.to_string()),
        ("--rate", load.rate.to_string()),
        ("--poll-interval-ms", "0".to_owned()),
        ("--pid", server.pid.to_string()),
    ] {
        command.args([option, &value]);
    }
    command
        .arg("--json")
        .arg(programs.scratch.join("load.json"));
    let log = File::create(programs.scratch.join("load.log"))?;
    command.stdout(log.try_clone()?).stderr(log).spawn()
}
