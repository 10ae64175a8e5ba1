//! The texts keep what they promise: every piece of source they show is there, every
//! command they print does what they say, every link leads somewhere.
//!
//! A failure names the text and the line, as `lessons/5-sse.md:42: …`.

mod common;

#[path = "texts/code.rs"]
mod code;
#[path = "texts/commands.rs"]
mod commands;
#[path = "texts/form.rs"]
mod form;

use poll_to_push::app::Lesson;
use poll_to_push::course::LESSONS;
use poll_to_push::texts;

/// A text, and what a test says of it.
struct Text {
    name: String,
    markdown: String,
}

impl Text {
    fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("lessons/{}.md:{line}: {what}", self.name)
    }

    /// Whether it is one of the lessons, and not text 0 or the comparison.
    fn is_lesson(&self) -> bool {
        LESSONS.iter().any(|lesson| lesson.folder() == self.name)
    }

    /// Whether it is a lesson of its own technique, and not one that uses the others'.
    fn teaches_a_technique(&self) -> bool {
        let teaches = |lesson: &&Lesson| !lesson.uses_others && lesson.folder() == self.name;
        LESSONS.iter().any(teaches)
    }

    /// Its code blocks: language, first line of the code, and the code.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(self.markdown.lines()) {
            let indent = line.len() - line.trim_start().len();
            match &mut open {
                None if line.trim_start().starts_with("```") => {
                    open = Some(Block {
                        language: line.trim().trim_matches('`').to_owned(),
                        line: number + 1,
                        indent,
                        lines: Vec::new(),
                    });
                }
                None => {}
                Some(_) if line.trim() == "```" => blocks.extend(open.take()),
                Some(block) => {
                    let line = line.get(block.indent..).unwrap_or(line.trim_start());
                    block.lines.push(line.to_owned());
                }
            }
        }
        assert!(
            open.is_none(),
            "{}",
            self.at(open.map_or(0, |b| b.line), "a code block without an end")
        );
        blocks
    }
}

struct Block {
    language: String,
    line: usize,
    indent: usize,
    lines: Vec<String>,
}

/// All of them but the book's table of contents.
fn all() -> Vec<Text> {
    let mut names: Vec<_> = texts::names().filter(|name| name != "SUMMARY").collect();
    names.sort();
    names
        .into_iter()
        .map(|name| Text {
            markdown: texts::file(&format!("lessons/{name}.md")).expect("a text"),
            name,
        })
        .collect()
}

/// Fails with one line for each thing that is wrong.
#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
