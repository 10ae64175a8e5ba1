//! Each lesson's text has the parts that a reader looks for, and its links lead
//! somewhere.

use super::{all, none};
use poll_to_push::course::LESSONS;
use poll_to_push::texts::{self, Stop};

/// The stops in which the main line of a lesson ends, in this order. Those before them have steps.
const LAST_STOPS: [&str; 5] = [
    "The idea",
    "The code",
    "What it costs",
    "When to choose it",
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
fn every_lesson_is_a_line_that_begins_with_steps_and_ends_with_what_to_make_of_them() {
    let mut wrong = Vec::new();
    for text in all().iter().filter(|text| text.teaches_a_technique()) {
        let rendered = texts::render(&text.name, "http://localhost").expect("a text");
        let main_line: Vec<_> = main_line(&rendered.stops).collect();
        let (first, last) = main_line.split_at(main_line.len() - LAST_STOPS.len());
        let last: Vec<_> = last.iter().map(|stop| stop.title.as_str()).collect();
        if last != LAST_STOPS {
            wrong.push(text.at(1, format!("its line ends with {last:?}")));
        }
        for stop in first {
            if stop.steps == 0 || stop.steps > 4 {
                wrong.push(text.at(1, format!("#{} has {} steps", stop.id, stop.steps)));
            }
        }
        if rendered.minutes.is_none() {
            wrong.push(text.at(1, "it does not say its minutes"));
        }
    }
    none(wrong);
}

/// Such a lesson compares what the others teach.
#[test]
fn a_lesson_that_uses_the_others_has_steps_wherever_it_has_a_stage() {
    let mut wrong = Vec::new();
    let compares = |text: &&super::Text| text.is_lesson() && !text.teaches_a_technique();
    for text in all().iter().filter(compares) {
        let rendered = texts::render(&text.name, "http://localhost").expect("a text");
        for stop in main_line(&rendered.stops) {
            if stop.stage.is_empty() != (stop.steps == 0) || stop.steps > 3 {
                wrong.push(text.at(1, format!("#{} has {} steps", stop.id, stop.steps)));
            }
        }
        if rendered.minutes.is_none() {
            wrong.push(text.at(1, "it does not say its minutes"));
        }
    }
    none(wrong);
}

fn main_line(stops: &[Stop]) -> impl Iterator<Item = &Stop> {
    stops.iter().filter(|stop| stop.branch_of.is_none())
}

/// What can stand on a lesson's stage: the parts of its demo, what is inside them, the
/// ladder and the bytes.
fn stage(folder: &str) -> Vec<String> {
    let page = texts::file(&format!("public/{folder}/index.html")).expect("a lesson has a page");
    let named = |start: &str| {
        let rest = page.split(start).skip(1);
        rest.filter_map(|rest| rest.split_once('"'))
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>()
    };
    let mut names = named("class=\"demo-part\" id=\"demo-");
    names.extend(named("data-on=\""));
    names.extend(["ladder".to_owned(), "bytes".to_owned()]);
    names
}

#[test]
fn every_stage_holds_what_there_is_and_all_of_a_demo_is_on_a_stage() {
    let mut wrong = Vec::new();
    for text in all().iter().filter(|text| text.is_lesson()) {
        let there = stage(&text.name);
        let rendered = texts::render(&text.name, "http://localhost").expect("a text");
        let used: Vec<_> = rendered.stops.iter().flat_map(|stop| &stop.stage).collect();
        for name in &used {
            if !there.contains(name) {
                wrong.push(text.at(1, format!("a stage holds {name:?}, which is not there")));
            }
        }
        for name in &there {
            if !used.contains(&name) {
                wrong.push(text.at(1, format!("no stage holds {name:?}")));
            }
        }
    }
    none(wrong);
}

#[test]
fn every_lesson_draws_counts_and_sets_exercises_with_answers() {
    let mut wrong = Vec::new();
    for text in all().iter().filter(|text| text.teaches_a_technique()) {
        // A stop on the main line, with its branches.
        let section = |name: &str| {
            let start = text.markdown.find(&format!("\n## {name}\n")).unwrap_or(0);
            let rest = &text.markdown[start + 1..];
            rest.find("\n## ").map_or(rest, |end| &rest[..end])
        };
        if !section("The idea").contains(&format!("{{{{#include drawings/{}.svg}}}}", text.name)) {
            wrong.push(text.at(1, "the idea in one drawing"));
        }
        if !section("What it costs").contains("{{#include figures/costs.md:") {
            wrong.push(text.at(1, "costs that were measured"));
        }
        let end = section("What still hurts");
        let exercises = end.matches("\n### Exercise ").count();
        let answers = end.matches("<details>").count();
        let seen = end.matches("**How to see that it worked").count();
        if (exercises, answers, seen) != (3, 3, 3) {
            wrong.push(text.at(1, format!("three exercises with a way to see and an answer, not {exercises}, {seen} and {answers}")));
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
                let there = texts::render(&found.name, "http://localhost").expect("a text");
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
