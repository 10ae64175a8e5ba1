//! On what it was measured, and with which versions.

use crate::crate_file;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A name and a value for each.
pub fn facts() -> Vec<(&'static str, String)> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let locked = fs::read_to_string(crate_file("Cargo.lock")).unwrap_or_default();
    let npm = |name: &str| npm_version(&crate_file("node/node_modules").join(name));
    let package = "libnginx-mod-nchan";
    vec![
        ("commit", commit()),
        ("day", said("date", &["-u", "+%F"])),
        ("processor", model.unwrap_or_default()),
        ("processors", cores.to_string()),
        ("kernel", said("uname", &["-sr"])),
        ("busy before (load averages)", load_averages()),
        ("rustc", said("rustc", &["--version"])),
        ("axum", crate_version(&locked, "axum")),
        ("tokio", crate_version(&locked, "tokio")),
        ("socketioxide", crate_version(&locked, "socketioxide")),
        ("Node.js", said("node", &["--version"])),
        ("ws", npm("ws")),
        ("socket.io", npm("socket.io")),
        (
            "nginx",
            said("dpkg-query", &["-W", "-f", "${Version}", "nginx"]),
        ),
        (
            "Nchan",
            said("dpkg-query", &["-W", "-f", "${Version}", package]),
        ),
    ]
}

/// Of one, five and fifteen minutes; near 0 where nobody else works.
fn load_averages() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first: Vec<_> = text.split_whitespace().take(3).collect();
    first.join(" ")
}

fn commit() -> String {
    let hash = said("git", &["rev-parse", "--short=12", "HEAD"]);
    // The results themselves are changed by every run.
    let ours = ["status", "--porcelain", "--", ":/", ":!/benches/RESULTS.md"];
    if said("git", &ours).is_empty() {
        hash
    } else {
        format!("{hash}, and changes that are not committed")
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.unwrap_or_else(|error| error.to_string())
}

fn crate_version(locked: &str, name: &str) -> String {
    let start = format!("name = \"{name}\"\nversion = \"");
    let found = locked.split_once(&start);
    let version = found.and_then(|(_, behind)| behind.split('"').next());
    version.unwrap_or("unknown").to_owned()
}

fn npm_version(package: &Path) -> String {
    let text = fs::read_to_string(package.join("package.json")).unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    json["version"].as_str().unwrap_or("unknown").to_owned()
}
