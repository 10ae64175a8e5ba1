//! Pieces of files, by mdBook's includes and anchors.

use super::file;

/// Something wrong in a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// What an include brings.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file, by its path from the top of the project.
    pub path: String,
    /// The first of its lines in the file, from 1.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// The lines, without the marks of anchors and without their common indent.
    pub text: String,
}

/// The target of an include, if `line` is one and nothing else.
pub fn target(line: &str) -> Option<&str> {
    let inner = line
        .trim()
        .strip_prefix("{{#include ")?
        .strip_suffix("}}")?;
    Some(inner.trim())
}

/// What `target` brings: `PATH` or `PATH:ANCHOR`, with the path as seen from
/// `lessons/`.
///
/// # Errors
/// In words, when the file, the anchor or its end is missing, or nothing is there.
pub fn piece(target: &str) -> Result<Piece, String> {
    let (path, anchor) = match target.split_once(':') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let path = match path.strip_prefix("../") {
        Some(elsewhere) => elsewhere.to_owned(),
        None => format!("lessons/{path}"),
    };
    let whole = file(&path).ok_or_else(|| format!("there is no file {path}"))?;
    let all: Vec<&str> = whole.lines().collect();
    let (mut first, mut last) = (1, all.len());
    if let Some(anchor) = anchor {
        let place = |word: &str| {
            let marked = all
                .iter()
                .position(|line| mark(line) == Some((word, anchor)));
            marked.ok_or_else(|| format!("{path} has no `{word}: {anchor}`"))
        };
        // The line behind the first mark, and the one before the last, from 1.
        (first, last) = (place("ANCHOR")? + 2, place("ANCHOR_END")?);
    }
    // A text may begin or end with another piece's mark.
    let is_mark = |number: usize| all.get(number - 1).is_some_and(|line| mark(line).is_some());
    while first <= last && is_mark(first) {
        first += 1;
    }
    while first <= last && is_mark(last) {
        last -= 1;
    }
    if first > last {
        return Err(format!("there is nothing in {target}"));
    }
    let lines: Vec<&str> = all[first - 1..last]
        .iter()
        .filter(|line| mark(line).is_none())
        .copied()
        .collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min();
    let mut text = String::new();
    for line in lines {
        text.push_str(line.get(common.unwrap_or(0)..).unwrap_or(""));
        text.push('\n');
    }
    Ok(Piece {
        path,
        first,
        last,
        text,
    })
}

/// `// ANCHOR: events` is `("ANCHOR", "events")`, in the comments of any language.
fn mark(line: &str) -> Option<(&str, &str)> {
    let start = line.find("ANCHOR")?;
    let (word, name) = line[start..].split_once(':')?;
    let name = name.split_whitespace().next()?;
    matches!(word, "ANCHOR" | "ANCHOR_END").then_some((word, name))
}

/// `text` with the includes outside of its code blocks done: those bring drawings
/// and tables. An include that fails leaves a line that says so.
pub fn expand(text: &str, problems: &mut Vec<Problem>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let start = line.trim_start();
        match fence {
            Some(open) if start.trim_end() == open => fence = None,
            Some(_) => {}
            None if start.starts_with("```") => fence = Some("```"),
            None => {
                if let Some(target) = target(line) {
                    match piece(target) {
                        Ok(piece) => lines.extend(piece.text.lines().map(|line| Line {
                            number,
                            text: line.to_owned(),
                        })),
                        Err(what) => {
                            problems.push(Problem { line: number, what });
                        }
                    }
                    continue;
                }
            }
        }
        lines.push(Line {
            number,
            text: line.to_owned(),
        });
    }
    lines
}

/// A line of an expanded text.
pub struct Line {
    /// Its number in the file of the text.
    pub number: usize,
    /// What it says.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_stands_alone_on_its_line() {
        assert_eq!(target("{{#include ../src/a.rs:b}}"), Some("../src/a.rs:b"));
        assert_eq!(target("  {{#include x}} "), Some("x"));
        assert_eq!(target("see {{#include x}}"), None);
    }

    #[test]
    fn a_piece_is_what_stands_between_its_marks_and_knows_its_lines() {
        // ANCHOR: here
        let two = [
            1, // ANCHOR: inner
            2, // ANCHOR_END: inner
        ];
        // ANCHOR_END: here
        assert_eq!(two.len(), 2);
        let piece = piece("../src/texts/include.rs:here").expect("a piece");
        assert_eq!(piece.path, "src/texts/include.rs");
        assert_eq!(piece.last - piece.first, 3);
        assert_eq!(piece.text.lines().next(), Some("let two = ["));
        assert!(!piece.text.contains("ANCHOR"), "{}", piece.text);
    }

    #[test]
    fn the_marks_of_a_configuration_stand_in_its_own_comments() {
        let piece = piece("../deploy/nginx.conf:websocket").expect("a piece");
        assert_eq!(piece.text.lines().next(), Some("proxy_http_version 1.1;"));
        assert!(!piece.text.contains('#'), "{}", piece.text);
    }

    #[test]
    fn what_is_missing_is_said_with_its_line() {
        let mut problems = Vec::new();
        let text =
            "# T\n\n{{#include drawings/none.svg}}\n```rust\n{{#include ../src/none.rs}}\n```\n";
        let lines = expand(text, &mut problems);
        // The one inside a code block is the renderer's.
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 3);
        assert!(problems[0].what.contains("lessons/drawings/none.svg"));
        assert!(lines.iter().any(|line| line.text.contains("none.rs")));
        for (wrong, word) in [
            ("../src/lib.rs:nowhere", "ANCHOR: nowhere"),
            ("../src/../Cargo.toml", "no file"),
            ("../tests/run", "no file"),
        ] {
            let why = piece(wrong).expect_err(wrong);
            assert!(why.contains(word), "{why}");
        }
    }
}
