//! Loads a server with subscribers and messages, and prints what came of them.

use lexopt::prelude::*;
use poll_to_push::load::{BaseUrl, Error, Plan, Progress, Report, Technique, run, table};
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
load URL [options]: many subscribers, messages, and what came of them

  --technique NAME        short-polling, long-polling, parked, comet,
                          iframe-push, sse, websocket, socket-io-polling,
                          socket-io-websocket, or all; may be given more
                          than once                           [all]
  --subscribers N         connections that wait for messages  [100]
  --messages N            messages that are published         [100]
  --payload BYTES         of each message's data, at least 32 [32]
  --rate PER_SECOND       messages a second; 0: the next when
                          all have the last                   [10]
  --publishers N          connections that publish            [1]
  --poll-interval-ms MS   between short polls; 0: none        [1000]
  --pid PID               the server's process: its memory, threads
                          and CPU share, too (Linux)
  --json FILE             write the figures there; - for standard output
  --help                  print this

It ends with 0 when every message came to everyone once and in order, else
with 1.";

/// What the command line asks for.
struct LoadCommand {
    /// Its technique is the first one's.
    plan: Plan,
    techniques: Vec<Technique>,
    json: Option<OsString>,
}

fn main() -> ExitCode {
    let command = match read() {
        Ok(Some(command)) => command,
        Ok(None) => {
            // Nobody may be reading.
            let _ = writeln!(io::stdout(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            complain(&why);
            return ExitCode::FAILURE;
        }
    };
    let mut reports = Vec::new();
    let mut impossible = Vec::new();
    for technique in &command.techniques {
        let technique = *technique;
        let plan = Plan {
            technique,
            ..command.plan.clone()
        };
        let outcome = run(&plan, &mut |progress| show(technique, progress));
        clear();
        match outcome {
            Ok(report) => reports.push(report),
            Err(why) => {
                complain(&format!("{technique}: {why}"));
                impossible.push(json!({ "technique": technique, "error": why.to_string() }));
                // Nor would the next be.
                if matches!(why, Error::Connect { .. }) {
                    break;
                }
            }
        }
    }
    let all_right = impossible.is_empty() && reports.iter().all(Report::is_right);
    let figures = json!({ "runs": reports, "impossible": impossible });
    if let Err(error) = write(&command, &reports, &figures.to_string()) {
        complain(&format!("the figures could not be written: {error}"));
        return ExitCode::FAILURE;
    }
    if all_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn write(command: &LoadCommand, reports: &[Report], figures: &str) -> io::Result<()> {
    let to_stdout = command.json.as_deref() == Some("-".as_ref());
    if to_stdout {
        writeln!(io::stdout(), "{figures}")?;
    } else if let Some(path) = &command.json {
        fs::write(path, format!("{figures}\n"))?;
    }
    if reports.is_empty() {
        return Ok(());
    }
    let tables = table::tables(reports);
    if to_stdout {
        write!(io::stderr(), "{tables}")
    } else {
        write!(io::stdout(), "{tables}")
    }
}

/// None when it is to print its usage.
fn read() -> Result<Option<LoadCommand>, String> {
    let wrong = |error: lexopt::Error| format!("{error}\n\n{USAGE}");
    let mut parser = lexopt::Parser::from_env();
    let mut url = None;
    let mut techniques = Vec::new();
    let mut json = None;
    let mut numbers = Vec::new();
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("json") => json = Some(parser.value().map_err(wrong)?),
            Long("technique") => {
                let name = parser.value().and_then(ValueExt::string).map_err(wrong)?;
                if name == "all" {
                    techniques.extend(Technique::ALL);
                } else {
                    let one = name.parse::<Technique>();
                    techniques.push(one.map_err(|why| format!("--technique {name}: {why}"))?);
                }
            }
            Long(name) if NUMBERS.contains(&name) => {
                let name = name.to_owned();
                numbers.push((
                    name,
                    parser.value().and_then(ValueExt::string).map_err(wrong)?,
                ));
            }
            Value(value) if url.is_none() => url = Some(value.string().map_err(wrong)?),
            _ => return Err(wrong(argument.unexpected())),
        }
    }
    let url =
        url.ok_or_else(|| format!("which server? as: load http://localhost:3000\n\n{USAGE}"))?;
    if techniques.is_empty() {
        techniques.extend(Technique::ALL);
    }
    let base = BaseUrl::parse(&url).map_err(|why| why.to_string())?;
    let mut plan = Plan::new(base, techniques[0]);
    for (name, value) in numbers {
        set(&mut plan, &name, &value).map_err(|why| format!("--{name} {value}: {why}"))?;
    }
    plan.check().map_err(|why| why.to_string())?;
    Ok(Some(LoadCommand {
        plan,
        techniques,
        json,
    }))
}

const NUMBERS: [&str; 7] = [
    "subscribers",
    "messages",
    "payload",
    "rate",
    "publishers",
    "poll-interval-ms",
    "pid",
];

fn set(plan: &mut Plan, name: &str, value: &str) -> Result<(), &'static str> {
    const WHOLE: &str = "must be a whole number";
    let number = || value.parse::<u32>().map_err(|_| WHOLE);
    let count = || number().map(|number| number as usize);
    match name {
        "subscribers" => plan.subscribers = count()?,
        "messages" => plan.messages = count()?,
        "payload" => plan.payload = count()?,
        "rate" => plan.rate = value.parse().map_err(|_| "must be a number")?,
        "publishers" => plan.publishers = count()?,
        "poll-interval-ms" => plan.poll_interval = Duration::from_millis(number()?.into()),
        _ => plan.server_pid = Some(number()?),
    }
    Ok(())
}

/// One line that is written again and again, where somebody looks.
fn show(technique: Technique, progress: &Progress) -> ControlFlow<()> {
    let Progress {
        joined,
        subscribers,
        acknowledged,
        messages,
        deliveries,
    } = progress;
    if io::stderr().is_terminal() {
        let line = format!(
            "{technique}: {joined}/{subscribers} subscribed, {acknowledged}/{messages} published, \
             {deliveries} delivered"
        );
        // Nobody may be reading.
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
    }
    ControlFlow::Continue(())
}

fn clear() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

fn complain(why: &str) {
    let _ = writeln!(io::stderr(), "{why}");
}
