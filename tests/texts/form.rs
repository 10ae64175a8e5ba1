//! Each lesson's text has the parts that a reader looks for, and its links lead
//! somewhere.

use super::{Text, all, none};
use poll_to_push::course::LESSONS;
use poll_to_push::texts;

/// The sections of a lesson, in this order.
const SECTIONS: [&str; 11] = [
    "The idea",
    "Run it",
    "Do this, see that",
    "The code",
    "The bytes",
    "What it costs",
    "When to choose it, and when not",
    "What real deployments trip over",
    "Mistakes people make",
    "Exercises",
    "What still hurts",
];

#[test]
fn every_lesson_has_its_text_and_the_book_lists_them_all() {
    let names: Vec<_> = all().into_iter().map(|text| text.name).collect();
    for lesson in LESSONS {
        assert!(
            names.contains(&lesson.folder()),
            "lessons/{}.md is missing",
            lesson.folder()
        );
    }
    let summary = texts::file("lessons/SUMMARY.md").expect("the book's table of contents");
    for name in names {
        assert!(
            summary.contains(&format!("({name}.md)")),
            "lessons/SUMMARY.md lacks {name}.md"
        );
    }
}

#[test]
fn every_lesson_has_its_sections_in_order() {
    let mut wrong = Vec::new();
    for text in all().iter().filter(|text| text.is_lesson()) {
        let sections: Vec<_> = headings(text)
            .into_iter()
            .filter(|(_, level, _)| *level == 2)
            .collect();
        let names: Vec<_> = sections.iter().map(|(_, _, name)| name.as_str()).collect();
        if names != SECTIONS {
            wrong.push(text.at(1, format!("its sections are {names:?}")));
        }
    }
    none(wrong);
}

/// The parts of a lesson's demo: `id="demo-PART"` in its page.
fn parts(folder: &str) -> Vec<String> {
    let page = texts::file(&format!("public/{folder}/index.html")).expect("a lesson has a page");
    page.split("class=\"demo-part\" id=\"demo-")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(part, _)| part.to_owned())
        .collect()
}

#[test]
fn every_lesson_asks_draws_and_sets_exercises_with_answers() {
    let mut wrong = Vec::new();
    for text in all().iter().filter(|text| text.is_lesson()) {
        let has = |what: &str| text.markdown.matches(what).count();
        let section = |name: &str| {
            let start = text.markdown.find(&format!("\n## {name}\n")).unwrap_or(0);
            let rest = &text.markdown[start + 1..];
            rest.find("\n## ").map_or(rest, |end| &rest[..end])
        };
        if has("<details class=\"guess\">") != 1 {
            wrong.push(text.at(1, "one question to guess"));
        }
        let parts = parts(&text.name);
        for part in &parts {
            if has(&format!("<!-- demo: {part} -->")) != 1 {
                wrong.push(text.at(1, format!("one place for the demo's part {part:?}")));
            }
        }
        let again: usize = parts
            .iter()
            .map(|part| has(&format!("<!-- demo again: {part} -->")))
            .sum();
        if has("<!-- demo: ") != parts.len() || has("<!-- demo again: ") != again {
            wrong.push(text.at(1, "a place for a part that the demo does not have"));
        }
        if !section("The idea").contains(&format!("{{{{#include drawings/{}.svg}}}}", text.name)) {
            wrong.push(text.at(1, "the idea in one drawing"));
        }
        if !section("What it costs").contains("{{#include figures/costs.md:") {
            wrong.push(text.at(1, "costs that were measured"));
        }
        let exercises = section("Exercises");
        let answers = exercises.matches("<details>").count();
        if answers != 3 || exercises.matches("**How to see that it worked").count() != 3 {
            wrong.push(text.at(
                1,
                format!("three exercises with a way to see and an answer, not {answers}"),
            ));
        }
    }
    none(wrong);
}

#[test]
fn every_link_from_text_to_text_leads_somewhere() {
    let texts = all();
    let mut wrong = Vec::new();
    for text in &texts {
        for (number, line) in (1..).zip(text.markdown.lines()) {
            for rest in line.split("](").skip(1) {
                let Some((to, _)) = rest.split_once(')') else {
                    continue;
                };
                if to.contains("://") {
                    continue;
                }
                let (file, fragment) = to.split_once('#').unwrap_or((to, ""));
                let name = file.strip_suffix(".md").unwrap_or(file);
                let found = if name.is_empty() {
                    Some(text)
                } else {
                    texts.iter().find(|t| t.name == name)
                };
                let Some(found) = found else {
                    wrong.push(text.at(number, format!("there is no text {to}")));
                    continue;
                };
                let there = texts::render(&found.name, "localhost").expect("a text");
                if !fragment.is_empty() && !there.html.contains(&format!("id=\"{fragment}\"")) {
                    wrong.push(text.at(number, format!("there is no place {to}")));
                }
            }
        }
    }
    none(wrong);
}

#[test]
fn nothing_in_a_text_is_unfinished() {
    let mut wrong = Vec::new();
    for text in all() {
        for (number, line) in (1..).zip(text.markdown.lines()) {
            let unfinished = ["TODO", "FIXME", "XXX", "Lorem"]
                .iter()
                .find(|word| line.contains(**word));
            if let Some(word) = unfinished {
                wrong.push(text.at(number, word));
            }
        }
    }
    none(wrong);
}

/// Line, level and words of each heading outside of code.
fn headings(text: &Text) -> Vec<(usize, usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.markdown.lines()) {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !inside && level > 0 {
            found.push((number, level, line[level..].trim().to_owned()));
        }
    }
    found
}

/// `node lessons/drawings/draw.mjs` takes them over.
#[test]
fn the_books_drawings_have_the_pages_colours() {
    let style = texts::file("public/style.css").expect("the style");
    let book = texts::file("lessons/drawings/book.css").expect("the book's style");
    let starts = [".ladder-drawing", ".drawing", "polygon", "rect."];
    let rules = style
        .lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)));
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 20, "{rules:?}");
    for rule in rules {
        let rule = rule
            .replace("var(--mono)", "monospace")
            .replace("var(--sans)", "sans-serif");
        assert!(
            book.contains(&rule),
            "run node lessons/drawings/draw.mjs: {rule}"
        );
    }
}
