//! Code in the texts is the real code.

use super::{Text, all, none};
use poll_to_push::texts::{self, include};

#[test]
fn every_include_brings_something_and_every_file_that_is_named_is_there() {
    let mut wrong = Vec::new();
    for text in all() {
        let rendered = texts::render(&text.name, "http://localhost").expect("a text");
        wrong.extend(
            rendered
                .problems
                .iter()
                .map(|problem| text.at(problem.line, &problem.what)),
        );
    }
    none(wrong);
}

/// The files of texts are named by hand in one place only: the table of contents.
#[test]
fn no_text_repeats_code_by_hand() {
    let mut wrong = Vec::new();
    for text in all() {
        for block in text.blocks() {
            let code = [
                "rust",
                "js",
                "javascript",
                "css",
                "html",
                "toml",
                "nginx",
                "haproxy",
            ];
            let language = block.language.split(',').next().unwrap_or_default();
            let included = matches!(&block.lines[..], [line] if include::target(line).is_some());
            // Lines of nginx and HAProxy are run where they stand, in `deploy/`.
            let proxy = |line: &String| line.starts_with("proxy_") || line.starts_with("timeout ");
            let is_code = code.contains(&language) || block.lines.iter().any(proxy);
            if is_code && !included {
                wrong.push(text.at(block.line, "code must be an include of the real file"));
            }
        }
    }
    none(wrong);
}

/// A worked answer is a change to a file; what it takes out or stands beside is there.
#[test]
fn every_diff_fits_the_file_it_changes() {
    let mut wrong = Vec::new();
    for text in all() {
        for block in text
            .blocks()
            .into_iter()
            .filter(|block| block.language == "diff")
        {
            if let Err(what) = fits(&block.lines) {
                wrong.push(text.at(block.line, what));
            }
        }
    }
    none(wrong);
}

/// The form is `--- PATH`, then lines that begin with a space, `-` or `+`. A line
/// `…` alone lets some lines of the file pass, and another `---` begins another file.
fn fits(diff: &[String]) -> Result<(), String> {
    let mut lines: Vec<String> = Vec::new();
    let mut from = 0;
    for line in diff {
        if let Some(path) = line.strip_prefix("--- ") {
            let file = texts::file(path).ok_or_else(|| format!("there is no file {path}"))?;
            lines = file.lines().map(str::to_owned).collect();
            from = 0;
            continue;
        }
        if lines.is_empty() {
            return Err("a diff begins with `--- PATH`".to_owned());
        }
        if line.trim() == "…" {
            // What follows may stand anywhere behind.
            from |= ANYWHERE;
            continue;
        }
        let old = match line.split_at_checked(1) {
            Some(("+", _)) => continue,
            Some((" " | "-", old)) => old,
            None => "",
            Some(_) => {
                return Err(format!(
                    "a line of a diff begins with a space, - or +: {line}"
                ));
            }
        };
        let place = from & !ANYWHERE;
        let anywhere = place == 0 || from & ANYWHERE != 0;
        let found = if anywhere {
            lines[place..]
                .iter()
                .position(|line| line == old)
                .map(|n| n + place)
        } else {
            (lines.get(place).map(String::as_str) == Some(old)).then_some(place)
        };
        from = found.ok_or_else(|| format!("not in the file, or not there: {old}"))? + 1;
    }
    Ok(())
}

const ANYWHERE: usize = 1 << 40;

#[test]
fn a_button_that_runs_a_mistake_has_both_its_functions() {
    let mut wrong = Vec::new();
    for text in all() {
        let path = format!("public/{}/mistakes.js", text.name);
        for (line, name) in attributes(&text, "data-try=\"") {
            let camel = camel_case(&name);
            let script = texts::file(&path).unwrap_or_default();
            for which in ["Wrong", "Right"] {
                if !script.contains(&format!("export async function {camel}{which}(")) {
                    wrong.push(text.at(line, format!("{path} has no {camel}{which}")));
                }
            }
        }
        if let Some(script) = texts::file(&path) {
            let used: Vec<_> = attributes(&text, "data-try=\"");
            for line in script.lines() {
                let Some(rest) = line.strip_prefix("export async function ") else {
                    continue;
                };
                let name = rest.split('(').next().unwrap_or_default();
                let name = name.trim_end_matches("Wrong").trim_end_matches("Right");
                if !used.iter().any(|(_, used)| camel_case(used) == name) {
                    wrong.push(text.at(1, format!("{path}: nothing runs {name}")));
                }
            }
        }
    }
    none(wrong);
}

#[test]
fn a_pointer_into_the_wire_view_names_a_part_that_there_is() {
    let parts = texts::file("public/view/glossary.js").unwrap_or_default();
    let mut wrong = Vec::new();
    for text in all() {
        for (line, name) in attributes(&text, "data-wire=\"") {
            let name = name.trim_start_matches("up-").trim_start_matches("down-");
            // A header field is found by its name; `field` alone would find none.
            let field = name.starts_with("field-");
            let part = name != "field" && parts.contains(&format!("\"{name}\":"));
            if !field && !part {
                wrong.push(text.at(line, format!("public/view/glossary.js has no part {name}")));
            }
        }
    }
    none(wrong);
}

fn attributes(text: &Text, start: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.markdown.lines()) {
        for rest in line.split(start).skip(1) {
            let value = rest.split('"').next().unwrap_or_default();
            found.push((number, value.to_owned()));
        }
    }
    found
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('-');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(part.len().min(1));
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}
