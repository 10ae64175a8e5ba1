//! The servers that are compared: what each speaks, and how it is started and ended.

use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use wait_timeout::ChildExt;

/// The processor of the server; the load program has the other.
const PROCESSOR: &str = "0";
/// The first port that is tried: below those that connections get by themselves.
const FIRST_PORT: u16 = 21_000;
/// How long a server may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks whether it listens.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Limit,
    Ours,
    Axum,
    Node,
    Nginx,
}

impl Peer {
    pub const ALL: [Peer; 5] = [Peer::Limit, Peer::Ours, Peer::Axum, Peer::Node, Peer::Nginx];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Limit => "limit",
            Peer::Ours => "poll-to-push",
            Peer::Axum => "axum",
            Peer::Node => "Node.js",
            Peer::Nginx => "nginx",
        }
    }

    /// The load program's names of what it speaks.
    pub fn techniques(self) -> &'static [&'static str] {
        match self {
            Peer::Limit => &["comet"],
            Peer::Ours => &[
                "short-polling",
                "long-polling",
                "parked",
                "comet",
                "iframe-push",
                "sse",
                "websocket",
                "socket-io-polling",
                "socket-io-websocket",
            ],
            Peer::Axum | Peer::Node => &[
                "short-polling",
                "long-polling",
                "comet",
                "sse",
                "websocket",
                "socket-io-polling",
                "socket-io-websocket",
            ],
            Peer::Nginx => &["long-polling", "comet", "sse", "websocket"],
        }
    }

    fn command(self, programs: &Programs, port: u16) -> io::Result<Command> {
        let port = port.to_string();
        let (program, arguments): (PathBuf, Vec<String>) = match self {
            Peer::Limit => (programs.theirs.join("limit"), vec![port]),
            Peer::Axum => (programs.theirs.join("axum"), vec![port]),
            Peer::Ours => {
                let most = ["--max-connections", "10200", "--port", &port];
                (
                    programs.ours.join("poll-to-push"),
                    most.map(String::from).into(),
                )
            }
            Peer::Node => {
                let script = crate::crate_file("node/server.js");
                ("node".into(), vec![script.display().to_string(), port])
            }
            Peer::Nginx => {
                let text = fs::read_to_string(crate::crate_file("nginx.conf"))?;
                let file = programs.scratch.join("nginx.conf");
                fs::write(&file, text.replace("PORT", &port))?;
                let scratch = programs.scratch.display().to_string();
                let file = file.display().to_string();
                let arguments = ["-p", &scratch, "-e", "stderr", "-c", &file];
                ("nginx".into(), arguments.map(String::from).into())
            }
        };
        // Should this program be killed, the server ends, too.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "taskset", "-c", PROCESSOR]);
        command.arg(program).args(arguments);
        Ok(command)
    }
}

/// Where the programs are, and where files may be left that nobody needs later.
pub struct Programs {
    pub ours: PathBuf,
    pub theirs: PathBuf,
    pub scratch: PathBuf,
}

/// A server that listens. It ends when this is dropped.
pub struct Server {
    child: Child,
    pub url: String,
    /// The process whose memory counts.
    pub pid: u32,
}

impl Server {
    /// Starts it and waits until it listens.
    pub fn start(peer: Peer, programs: &Programs) -> Result<Server, String> {
        let port = free_port().ok_or("no free port")?;
        let log = programs.scratch.join("server.log");
        let child = spawn(peer, programs, port, &log);
        let mut child = child.map_err(|error| format!("it could not be started: {error}"))?;
        let deadline = Instant::now() + PATIENCE;
        let pid = loop {
            let listens = TcpStream::connect(("127.0.0.1", port)).is_ok();
            if let Some(pid) = serving(peer, child.id()).filter(|_| listens) {
                break pid;
            }
            let ended = child.wait_timeout(LOOK).map_err(|e| e.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                end(&mut child);
                let said = fs::read_to_string(&log).unwrap_or_default();
                let last = said.lines().last().unwrap_or("nothing");
                return Err(format!("it did not listen; its last word: {last}"));
            }
        };
        let url = format!("http://127.0.0.1:{port}");
        Ok(Server { child, url, pid })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The process that has the connections: nginx' one worker, once it is there; else the one
/// that was started.
fn serving(peer: Peer, started: u32) -> Option<u32> {
    if peer != Peer::Nginx {
        return Some(started);
    }
    let children = fs::read_to_string(format!("/proc/{started}/task/{started}/children"));
    children.ok()?.split_whitespace().next()?.parse().ok()
}

fn spawn(peer: Peer, programs: &Programs, port: u16, log: &Path) -> io::Result<Child> {
    let log = File::create(log)?;
    let mut command = peer.command(programs, port)?;
    command.stdout(log.try_clone()?).stderr(log).spawn()
}

fn free_port() -> Option<u16> {
    (FIRST_PORT..FIRST_PORT + 1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// Asks it to end, and ends it if it does not. (Killed at once, nginx would leave its worker.)
fn end(child: &mut Child) {
    let asked = Command::new("kill").arg(child.id().to_string()).status();
    if asked.is_err() || !matches!(child.wait_timeout(PATIENCE), Ok(Some(_))) {
        // It fails only for one that has ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}
