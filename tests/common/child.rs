//! A course in a process of its own: for signals, descriptors and memory.

#![allow(dead_code, reason = "each test file uses a part of it")]

use super::{SOON, Site, eventually};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::ops::Deref;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The running program; it is killed when the test lets go of it.
pub struct Course {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Its page, as it printed it.
    pub link: String,
    site: Site,
}

impl Deref for Course {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Course {
    /// Starts the whole course on port 0, with more `arguments`.
    pub fn start(arguments: &[&str]) -> Course {
        let program = env!("CARGO_BIN_EXE_poll-to-push");
        let mut command = Command::new(program);
        command.args(["--port", "0"]).args(arguments);
        Course::spawn(command)
    }

    /// Starts `command`, which must print the course's link.
    pub fn spawn(mut command: Command) -> Course {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut port = None;
        let mut line = String::new();
        while port.is_none() {
            line.clear();
            assert!(
                stdout.read_line(&mut line).expect("text") > 0,
                "it printed no link"
            );
            let host = line.strip_prefix("http://localhost:");
            let host = host.or(line.strip_prefix("http://127.0.0.1:"));
            port = host.and_then(|rest| rest.split('/').next()?.parse().ok());
        }
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("a port")));
        Course {
            child,
            stdout,
            link: line.trim_end().to_owned(),
            site: Site { address },
        }
    }

    /// Waits until every thread of the course is there: the users list comes last.
    #[track_caller]
    pub fn until_complete(&self) {
        eventually("the course is complete", || {
            self.health()["topics"]["users"]["held"] == 1
        });
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits until the program has ended by itself.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < until, "it still runs after {limit:?}");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// What it wrote to its log, after it has ended.
    pub fn log(&mut self) -> String {
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().expect("piped");
        stderr.read_to_string(&mut log).expect("text");
        log
    }

    /// Open descriptors of the program.
    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.id());
        std::fs::read_dir(folder).expect("a process").count()
    }

    /// Threads of the program, as the system counts them.
    #[cfg(target_os = "linux")]
    pub fn threads(&self) -> usize {
        let folder = format!("/proc/{}/task", self.id());
        std::fs::read_dir(folder).expect("a process").count()
    }

    /// Processor time that the program has used.
    #[cfg(target_os = "linux")]
    pub fn cpu_time(&self) -> Duration {
        let file = format!("/proc/{}/stat", self.id());
        let stat = std::fs::read_to_string(file).expect("a process");
        // The fields after the name, which stands in brackets (proc(5)).
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        // Linux counts 100 ticks a second here.
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory of the program, in bytes.
    #[cfg(target_os = "linux")]
    pub fn resident(&self) -> usize {
        let file = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(file).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse::<usize>().ok())
            .expect("a number")
            * 1024
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `program` to its end, which must come soon.
pub fn run_to_end(mut command: Command) -> (ExitStatus, String, String) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let until = Instant::now() + SOON;
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() >= until {
            let _ = child.kill();
            panic!("it did not end");
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status, text(output.stdout), text(output.stderr))
}
