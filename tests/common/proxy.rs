//! A real nginx or HAProxy in front of a course, as the files in `deploy/` say.
//!
//! The tests in `tests/browser` use this file, too: it needs nothing but `std`, and from
//! the module above it `SOON`.

#![allow(dead_code, reason = "each crate uses a part of it")]

use super::SOON;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    HaProxy,
}

impl Kind {
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Kind::Nginx => ("nginx.conf", include_str!("../../deploy/nginx.conf")),
            Kind::HaProxy => ("haproxy.cfg", include_str!("../../deploy/haproxy.cfg")),
        }
    }

    fn command(self, folder: &Path, file: &Path) -> Command {
        let mut command = match self {
            Kind::Nginx => {
                let mut command = program("nginx");
                command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]);
                command
            }
            Kind::HaProxy => {
                let mut command = program("haproxy");
                command.args(["-db", "-f"]);
                command
            }
        };
        command.arg(file).current_dir(folder);
        command
    }
}

/// Debian puts both where only root looks.
fn program(name: &str) -> Command {
    let system = Path::new("/usr/sbin").join(name);
    Command::new(if system.exists() { system } else { name.into() })
}

/// The running proxy. It is ended, by its id, when the test lets go of it.
pub struct Proxy {
    child: Child,
    folder: PathBuf,
    /// Where it takes `http`.
    pub port: u16,
    /// Where it takes `https`, if it was started so.
    pub tls_port: u16,
}

impl Proxy {
    /// In front of the course at this port.
    pub fn start(kind: Kind, course: u16) -> Proxy {
        Proxy::start_changed(kind, course, &[])
    }

    /// As [`Proxy::start`], after these texts of the file were replaced by others.
    #[track_caller]
    pub fn start_changed(kind: Kind, course: u16, changes: &[(&str, &str)]) -> Proxy {
        let (name, text) = kind.file();
        let mut text = text.to_owned();
        for (old, new) in changes {
            assert!(text.contains(old), "deploy/{name} has no {old:?}");
            text = text.replace(old, new);
        }
        // A port that is free now may be taken when the proxy comes to it.
        for _ in 0..5 {
            let folder = new_folder();
            if changes.contains(&TLS) {
                make_certificate(&folder);
            }
            let [port, tls_port] = free_ports();
            let mut copy = text.clone();
            for (written, port) in [(8080, port), (8443, tls_port), (3000, course)] {
                let written = format!("127.0.0.1:{written}");
                assert!(copy.contains(&written), "deploy/{name} has no {written}");
                copy = copy.replace(&written, &format!("127.0.0.1:{port}"));
            }
            let file = folder.join(name);
            fs::write(&file, copy).expect("written");
            let log = File::create(folder.join("log")).expect("a file");
            let mut command = kind.command(&folder, &file);
            command.stdout(log.try_clone().expect("a file")).stderr(log);
            let child = command.spawn().unwrap_or_else(|error| {
                let kind = format!("{kind:?}").to_lowercase();
                panic!("{kind}: {error}; install it first (Debian: apt-get install {kind})")
            });
            let mut proxy = Proxy {
                child,
                folder,
                port,
                tls_port,
            };
            if proxy.answers_for(course) {
                return proxy;
            }
            let log = fs::read_to_string(proxy.folder.join("log")).expect("text");
            assert!(log.contains("bind"), "{kind:?} did not start:\n{log}");
        }
        panic!("{kind:?} found no free port");
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Waits until it passes requests on; `false` when it ended instead.
    fn answers_for(&mut self, course: u16) -> bool {
        let until = Instant::now() + SOON;
        let ours = life(course).expect("a course");
        // Who took the port before the proxy could may answer there, too.
        while life(self.port).as_ref() != Some(&ours) {
            if self.child.try_wait().expect("a child").is_some() {
                return false;
            }
            assert!(Instant::now() < until, "the proxy passes nothing on");
            std::thread::park_timeout(Duration::from_millis(10));
        }
        true
    }

    /// Asks it to end: nginx killed without a word would leave its workers behind.
    fn end(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &id]).status();
        let until = Instant::now() + SOON;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The change that lets a proxy take `https`, too.
pub const TLS: (&str, &str) = ("#tls ", "");

fn make_certificate(folder: &Path) {
    let mut command = Command::new("openssl");
    command.args("req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split(' '));
    command.args(
        "-subj /CN=localhost -days 2 -keyout certificate.pem -out certificate.pem".split(' '),
    );
    let done = command.current_dir(folder).output().expect("openssl");
    assert!(done.status.success(), "{done:?}");
}

/// What stands before the numbers in ids, another word in each life of a course.
fn life(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(SOON)).ok()?;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, id) = answer.split_once("\"chat\":{\"last_id\":\"")?;
    Some(id.split('-').next()?.to_owned())
}

fn free_ports() -> [u16; 2] {
    let listeners = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("bound").port())
}

fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("poll-to-push-proxy-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
