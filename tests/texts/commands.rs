//! Commands in the texts are run, and say what the texts say they do.

use super::{Text, all, none};
use crate::common::{self, Server};
use poll_to_push::course::LESSONS;
use poll_to_push::options::Options;
use std::ffi::OsString;
use std::process::Command;

/// A block `console`: a line `$ COMMAND`, then what it prints. `…` stands for
/// anything in a line; alone on a line, for any lines.
#[test]
fn every_command_prints_what_its_text_says() {
    let texts = all();
    // They wait more than they work.
    let wrong = std::thread::scope(|scope| {
        let running: Vec<_> = texts.iter().map(|text| scope.spawn(|| run(text))).collect();
        let ended = running.into_iter().map(|one| one.join().expect("it ends"));
        ended.flatten().collect()
    });
    none(wrong);
}

fn run(text: &Text) -> Vec<String> {
    let mut wrong = Vec::new();
    let blocks = text.blocks();
    let consoles: Vec<_> = blocks
        .iter()
        .filter(|block| block.language == "console")
        .collect();
    if consoles.is_empty() {
        return wrong;
    }
    let server = common::course();
    for block in consoles {
        let mut lines = block.lines.iter().enumerate().peekable();
        while let Some((at, line)) = lines.next() {
            let Some(command) = line.strip_prefix("$ ") else {
                wrong.push(text.at(block.line + at, "a console begins with `$ COMMAND`"));
                break;
            };
            let mut command = command.to_owned();
            while command.ends_with('\\') {
                command.pop();
                let Some((_, more)) = lines.next() else { break };
                command.push_str(more.trim_start());
            }
            let mut expected = Vec::new();
            while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with("$ ")) {
                expected.push(line.as_str());
            }
            if !command.starts_with("curl ") {
                wrong.push(text.at(block.line + at, "only curl is run here"));
                continue;
            }
            let printed = output(&command, &server);
            let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
            if !lines_match(&expected, &printed) {
                let printed = printed.join("\n");
                wrong.push(text.at(block.line + at, format!("{command}\nprinted:\n{printed}\n")));
            }
        }
    }
    wrong
}

fn output(command: &str, server: &Server) -> String {
    let address = server.address.to_string();
    // As in the text, but quietly, without waiting for ever, and to the test's server.
    let command = command
        .replacen("curl ", "curl -s --max-time 20 ", 1)
        .replace("localhost:3000", &address);
    let done = Command::new("sh").args(["-c", &command]).output();
    let done = done.expect("sh is there");
    String::from_utf8_lossy(&done.stdout).replace(&address, "localhost:3000")
}

fn lines_match(expected: &[&str], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed.split_first().is_some_and(|(line, more)| {
            line_matches(first.trim_end(), line) && lines_match(rest, more)
        }),
    }
}

fn line_matches(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

/// A block `sh` starts a program of this project, with options that it has.
#[test]
fn every_program_that_a_text_starts_is_there_and_takes_its_options() {
    let mut wrong = Vec::new();
    for text in all() {
        for block in text.blocks().iter().filter(|block| block.language == "sh") {
            for (line, command) in (block.line..).zip(&block.lines) {
                if let Err(what) = starts(command) {
                    wrong.push(text.at(line, what));
                }
            }
        }
    }
    none(wrong);
}

fn starts(command: &str) -> Result<(), String> {
    let (cargo, options) = command.split_once(" -- ").unwrap_or((command, ""));
    let known = LESSONS
        .iter()
        .any(|lesson| cargo == format!("cargo run --bin lesson{}", lesson.number));
    if !known && !["cargo run", "cargo run --release"].contains(&cargo) {
        return Err(format!(
            "a block `sh` holds `cargo run` or `cargo run --bin lessonN`: {command}"
        ));
    }
    let arguments = std::iter::once("course").chain(options.split_whitespace());
    Options::read(arguments.map(OsString::from), |_| None)
        .map(drop)
        .map_err(|stop| stop.to_string())
}

#[test]
fn a_pattern_fits_what_it_should() {
    assert!(line_matches("id: …-1", "id: ab-1") && !line_matches("id: …-1", "id: ab-12"));
    assert!(!line_matches("a", "ab") && line_matches("…", ""));
    assert!(lines_match(&["a", "…", "c"], &["a", "b", "b", "c"]));
    assert!(!lines_match(&["a", "c"], &["a", "b", "c"]));
}
