//! The course's programs, as a learner starts them.

use crate::browser::Page;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where the lessons' pages are, in their order.
pub const FOLDERS: [&str; 7] = [
    "/1-short-polling/",
    "/2-long-polling/",
    "/3-comet/",
    "/4-iframe-push/",
    "/5-sse/",
    "/6-websocket/",
    "/7-socket-io/",
];

/// A running program. It is ended, by its id, when this is dropped.
pub struct Course {
    child: Child,
    program: String,
    folder: Option<PathBuf>,
    arguments: Vec<String>,
    origin: String,
}

impl Course {
    /// Starts `poll-to-push` or `lessonN` on a free port.
    pub fn start(program: &str) -> Course {
        Course::start_in(program, None, &[])
    }

    /// Starts it in a folder, with more arguments.
    pub fn start_in(program: &str, folder: Option<&Path>, arguments: &[&str]) -> Course {
        let folder = folder.map(Path::to_owned);
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let (child, origin) = spawn(program, folder.as_deref(), &arguments, 0);
        Course {
            child,
            program: program.to_owned(),
            folder,
            arguments,
            origin,
        }
    }

    /// The address of a page, as the program printed it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        let port = self.origin.rsplit(':').next();
        port.and_then(|port| port.parse().ok()).expect("a port")
    }

    /// How long it has kept a processor busy.
    #[cfg(target_os = "linux")]
    pub fn processor_time(&self) -> std::time::Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("the program runs");
        // proc(5): after the name in brackets, 11 fields, then user and system
        // time in hundredths of a second.
        let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
        let times = fields.split(' ').skip(11).take(2);
        let ticks: u64 = times.filter_map(|field| field.parse::<u64>().ok()).sum();
        std::time::Duration::from_millis(ticks * 10)
    }

    /// Ends the program with no farewell.
    pub fn kill(&mut self) {
        // By its id; that it may be gone already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the program to end, as Ctrl-C does, and waits until it has ended in
    /// its own order.
    pub fn stop(&mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "kill -TERM {id}"
        );
        let ended = self.child.wait().expect("its end");
        assert!(ended.success(), "{} ended with {ended}", self.program);
    }

    /// Starts it again on the port that it had.
    pub fn restart(&mut self) {
        self.kill();
        let folder = self.folder.as_deref();
        let (child, origin) = spawn(&self.program, folder, &self.arguments, self.port());
        assert_eq!(origin, self.origin, "the same port");
        self.child = child;
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        self.kill();
    }
}

fn programs() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("POLL_TO_PUSH_BIN_DIR") {
        Some(folder) => folder.into(),
        None => here.join("../../target/debug"),
    }
}

fn spawn(program: &str, folder: Option<&Path>, arguments: &[String], port: u16) -> (Child, String) {
    let file = programs().join(program);
    let mut command = Command::new(&file);
    command
        .args(["--port", &port.to_string()])
        .args(arguments)
        // What a client does wrong on purpose is no news here.
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let mut child = command.spawn().unwrap_or_else(|error| {
        let file = file.display();
        panic!("{file}: {error}; build it first (cargo build), or set POLL_TO_PUSH_BIN_DIR")
    });
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let origin = lines.map_while(Result::ok).find_map(|line| {
        let authority = line.strip_prefix("http://")?.split('/').next()?;
        Some(format!("http://{authority}"))
    });
    match origin {
        Some(origin) => (child, origin),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{program} printed no link")
        }
    }
}

/// Writes into the chat form of the page, and sends.
#[track_caller]
pub fn say(page: &Page, text: &str) {
    page.fill("text", text);
    page.click("send");
    // The form is emptied once the server has taken the message.
    page.until("document.getElementById('text').value === ''");
}

/// A folder of a test's own, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
