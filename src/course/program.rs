//! Command-line entry: reads options, starts, prints the URL, shuts down on Ctrl-C.

use super::{LESSONS, Running};
use crate::app::Lesson;
use crate::options::{Options, OptionsError};
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, UdpSocket};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The whole course on one port.
pub fn course() -> ExitCode {
    run(LESSONS, "poll-to-push: how a web page learns of news", "/")
}

/// Lesson `number` alone.
pub fn lesson(number: u8) -> ExitCode {
    let Some(lesson) = LESSONS.iter().find(|lesson| lesson.number == number) else {
        let _ = writeln!(io::stderr(), "there is no lesson {number}");
        return ExitCode::FAILURE;
    };
    let title = format!("Lesson {number}: {}", lesson.title);
    run(&[lesson], &title, &format!("/{}/", lesson.folder()))
}

fn run(lessons: &[&Lesson], title: &str, path: &str) -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    let options = match Options::read(std::env::args_os(), |name| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(help @ OptionsError::Help) => {
            // Nobody may be reading, as in `--help | head -1`.
            let _ = writeln!(io::stdout(), "{title}\n\n{help}");
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            let _ = writeln!(io::stderr(), "{wrong}");
            return ExitCode::FAILURE;
        }
    };
    // Before the start, so that no Ctrl-C falls between.
    let (shutdown, asked_to) = crossbeam_channel::bounded(1);
    let asked = AtomicBool::new(false);
    let handler = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            // The second one: at once.
            std::process::exit(1);
        }
        let _ = shutdown.try_send(());
    });
    if let Err(error) = handler {
        log::warn!("Ctrl-C will end this at once, without closing connections: {error}");
    }
    let running = match Running::start(lessons, &options) {
        Ok(running) => running,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", explain(&error, &options));
            return ExitCode::FAILURE;
        }
    };
    // Nobody may be reading; the server runs all the same.
    let _ = greet(title, &running, path);
    // Errs only when the handler could not be set; then nothing can stop it.
    while asked_to.recv().is_err() {
        std::thread::park();
    }
    running.shutdown();
    ExitCode::SUCCESS
}

fn explain(error: &io::Error, options: &Options) -> String {
    let Options { host, port, .. } = options;
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "port {port} is taken; choose another, as in: --port {}",
                port.wrapping_add(1)
            )
        }
        ErrorKind::PermissionDenied => {
            format!("port {port} is not allowed; choose one above 1023, as in: --port 3000")
        }
        ErrorKind::AddrNotAvailable => format!("{host} is no address of this machine (--host)"),
        _ => format!("cannot start on {host}:{port}: {error}"),
    }
}

fn greet(title: &str, running: &Running, path: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{title}")?;
    let address = running.address();
    let (ip, port) = (address.ip(), address.port());
    let here = ip.is_unspecified() || ip == IpAddr::from([127, 0, 0, 1]);
    match (here, running.localhost_is_taken()) {
        (true, false) => writeln!(out, "http://localhost:{port}{path}")?,
        (true, true) => {
            writeln!(out, "http://127.0.0.1:{port}{path}")?;
            writeln!(
                out,
                "(http://localhost:{port} may lead to another program, which has [::1]:{port})"
            )?;
        }
        (false, _) => writeln!(out, "http://{address}{path}")?,
    }
    if ip.is_unspecified()
        && let Some(lan) = lan_address()
    {
        writeln!(out, "http://{lan}:{port}{path}  (from other machines)")?;
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}

/// The address that other machines on the net would use. To connect a UDP
/// socket sends nothing; it only asks the system which way it would go.
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // An address for documentation (RFC 5737), which leads nowhere.
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}
