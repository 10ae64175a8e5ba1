//! This project beside what people would pick instead; started by `benches/compare/run`.
//!
//! ```text
//! peers.rs    the servers: what each speaks, how it starts and ends
//! load.rs     one run of the load program against one of them
//! measure.rs  all runs, one after another
//! aims.rs     what this project is to reach
//! report.rs   RESULTS.md, and tables.rs its tables; rest.md is in it as it stands
//! lessons.rs  what the lessons show of it
//! machine.rs  on what, and with which versions
//! ```
//!
//! The servers that are not this project's are in `src/bin/`, `node/` and `nginx.conf`.

mod aims;
mod lessons;
mod load;
mod machine;
mod measure;
mod peers;
mod report;
mod tables;

use load::Load;
use measure::{Crowd, Extent, Results};
use peers::{Peer, Programs, Server};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

const USAGE: &str = "compare PROGRAMS [--quick|--check]: start it by benches/compare/run";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let ours = arguments.next();
    let mode = arguments.next();
    let extent = match mode.as_deref() {
        None => Some(Extent::full()),
        Some("--quick") => Some(Extent::quick()),
        Some("--check") => None,
        Some(_) => return complain(USAGE),
    };
    let (Some(ours), None) = (ours, arguments.next()) else {
        return complain(USAGE);
    };
    let outcome = programs(ours).and_then(|programs| {
        let done = match extent {
            Some(extent) => compare(&extent, &programs),
            None => check(&programs),
        };
        // It fails only when somebody else has tidied up.
        let _ = fs::remove_dir_all(&programs.scratch);
        done
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => complain(&why),
    }
}

fn complain(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn programs(ours: String) -> Result<Programs, String> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let theirs = here.parent().ok_or("this program is nowhere")?.to_owned();
    let scratch = env::temp_dir().join(format!("poll-to-push-compare-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    Ok(Programs {
        ours: ours.into(),
        theirs,
        scratch,
    })
}

fn compare(extent: &Extent, programs: &Programs) -> Result<(), String> {
    let facts = machine::facts();
    let results = Results::measure(extent, programs);
    write(
        "benches/RESULTS.md",
        &report::report(extent, &results, &facts),
    )?;
    if extent.is_full() {
        let figures = lessons::figures(extent, &results);
        write("lessons/figures/fan-out.md", &figures)?;
    }
    Ok(())
}

/// Writes a file of the project.
fn write(name: &str, text: &str) -> Result<(), String> {
    let file = crate_file("../..").join(name);
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("written: {name}");
    Ok(())
}

/// Whether every server starts and delivers five messages to twenty subscribers, by each
/// technique that it has.
fn check(programs: &Programs) -> Result<(), String> {
    let few = Crowd {
        subscribers: 20,
        messages: 5,
        rate: 10.0,
    };
    let (mut passed, mut failed) = (0, 0);
    for peer in Peer::ALL {
        let server =
            Server::start(peer, programs).map_err(|why| format!("{}: {why}", peer.name()))?;
        for technique in peer.techniques() {
            let load = Load::fan_out(technique, &few);
            let outcome = load::run(&server, &load, programs).and_then(load::Figures::right);
            match outcome {
                Ok(_) => passed += 1,
                Err(why) => {
                    failed += 1;
                    println!("{}, {technique}: {why}", peer.name());
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        Ok(())
    } else {
        Err("not every server did what the comparison needs".to_owned())
    }
}

/// A file of this crate.
pub fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
