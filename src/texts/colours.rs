//! Syntax colours for pieces of source.
//!
//! `syntect` reads the grammar; only five kinds of token get a class, for five
//! colours are what the pages have. A line's HTML is whole: no element goes over its
//! end.

use super::escape;
use crate::lock::lock;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Coloured pieces. To colour is slow, and pages ask for the same ones.
static COLOURED: LazyLock<Mutex<HashMap<Key, Arc<Vec<String>>>>> = LazyLock::new(Mutex::default);
/// Pieces remembered. While developing, each edit makes a new one.
const REMEMBERED: usize = 2000;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    language: String,
    code: String,
}

/// What a scope's name begins with, and the class that it gets. The first that fits the
/// innermost scope counts.
static CLASSES: LazyLock<Vec<(Scope, &str)>> = LazyLock::new(|| {
    let classes = [
        ("comment", "c-comment"),
        ("string", "c-string"),
        ("constant.character", "c-string"),
        ("constant", "c-constant"),
        ("keyword.operator", ""),
        ("keyword", "c-keyword"),
        ("storage", "c-keyword"),
        ("entity.name", "c-name"),
        ("support", "c-name"),
    ];
    let known = classes.into_iter();
    known
        .filter_map(|(name, class)| Some((Scope::new(name).ok()?, class)))
        .collect()
});

/// The lines of `code` as HTML. `language` is a name or a file's ending; an unknown
/// one has no colours.
pub fn lines(language: &str, code: &str) -> Arc<Vec<String>> {
    let key = Key {
        language: language.to_owned(),
        code: code.to_owned(),
    };
    if let Some(done) = lock(&COLOURED).get(&key) {
        return done.clone();
    }
    let coloured = Arc::new(colour(language, code));
    let mut done = lock(&COLOURED);
    if done.len() >= REMEMBERED {
        done.clear();
    }
    done.insert(key, coloured.clone());
    coloured
}

fn colour(language: &str, code: &str) -> Vec<String> {
    let Some(grammar) = GRAMMARS.find_syntax_by_token(language) else {
        return code.lines().map(escape).collect();
    };
    let mut state = ParseState::new(grammar);
    let mut scopes = ScopeStack::new();
    let mut lines = Vec::new();
    for line in code.split_inclusive('\n') {
        let mut html = String::new();
        let mut open = "";
        let mut say = |text: &str, class: &'static str| {
            let text = text.trim_end_matches('\n');
            if text.is_empty() {
                return;
            }
            if class != open {
                if !open.is_empty() {
                    html.push_str("</span>");
                }
                if !class.is_empty() {
                    html.push_str(&format!("<span class=\"{class}\">"));
                }
                open = class;
            }
            html.push_str(&escape(text));
        };
        let mut from = 0;
        // A grammar that fails on a line leaves the rest of it without colours.
        for (to, change) in state.parse_line(line, &GRAMMARS).unwrap_or_default() {
            say(&line[from..to], class(&scopes));
            from = to;
            let _ = scopes.apply(&change);
        }
        say(&line[from..], class(&scopes));
        if !open.is_empty() {
            html.push_str("</span>");
        }
        lines.push(html);
    }
    lines
}

fn class(scopes: &ScopeStack) -> &'static str {
    let inner_first = scopes.as_slice().iter().rev();
    let mut fitting = inner_first.filter_map(|scope| {
        let fits = CLASSES.iter().find(|(start, _)| start.is_prefix_of(*scope));
        fits.map(|(_, class)| *class)
    });
    fitting.next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_whole_and_escaped() {
        let lines = lines("rust", "/* a\nb */ let x = \"<\";\n");
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "<span class=\"c-comment\">/* a</span>");
        assert!(lines[1].starts_with("<span class=\"c-comment\">b */</span>"));
        assert!(lines[1].contains("c-keyword\">let</span>"), "{}", lines[1]);
        assert!(
            lines[1].contains("c-string\">&quot;&lt;&quot;</span>"),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn an_unknown_language_has_no_colours() {
        assert_eq!(*lines("http", "a < b\n"), ["a &lt; b"]);
    }
}
