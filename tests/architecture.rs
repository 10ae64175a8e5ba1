//! The order of the modules, and what `src/architecture.rs` says of all of them.
//!
//! [`FLOORS`] is the one place where the order is written. A file may import from floors
//! below its own, and from its own module; nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom. A name is a module; a longer one is a module inside it, which counts
/// by itself.
const FLOORS: &[(&str, &[&str])] = &[
    ("origins", &["origin"]),
    (
        "small things",
        &["json", "lock", "options", "random", "threads", "timestamp"],
    ),
    ("timer", &["timer"]),
    ("load program", &["load"]),
    ("bus", &["bus"]),
    ("tap", &["tap"]),
    ("feed", &["feed"]),
    ("HTTP", &["http"]),
    ("application", &["app"]),
    ("demo data, wire view", &["sources", "wire_view"]),
    ("Socket.IO's codec", &["lessons::socket_io::codec"]),
    ("Engine.IO", &["lessons::socket_io::engine_io"]),
    ("Socket.IO's server", &["lessons::socket_io::server"]),
    (
        "lessons, texts",
        &[
            "lessons::short_polling",
            "lessons::long_polling",
            "lessons::comet",
            "lessons::iframe_push",
            "lessons::sse",
            "lessons::websocket",
            "lessons::socket_io",
            "lessons::race",
            "lessons",
            "texts",
        ],
    ),
    ("on top of lessons and texts", &["mistakes", "pages"]),
    ("course", &["course"]),
];

/// Has no code, and names modules of all floors.
const DOCS_ONLY: [&str; 2] = ["lib", "architecture"];

/// One file of `src/`.
struct Source {
    path: PathBuf,
    /// `["bus", "topic"]` for `src/bus/topic.rs`.
    module: Vec<String>,
    /// Without its comments.
    code: String,
}

fn sources() -> Vec<Source> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "{paths:?}");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a file");
        let path = path.strip_prefix(root).expect("below").to_owned();
        let parts = path.with_extension("");
        let module = parts.components().skip(1);
        let module = module
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .filter(|part| part != "mod")
            .collect();
        let without_comment = |line: &str| match line.trim_start().starts_with("//") {
            true => String::new(),
            false => line.to_owned(),
        };
        let code: Vec<String> = text.lines().map(without_comment).collect();
        Source {
            path,
            module,
            code: code.join("\n"),
        }
    };
    paths.into_iter().map(read).collect()
}

/// What a file imports, as whole paths, with the line: `crate::…`, and `super::…` put
/// together with where the file stands. Inside a group, each of its first names.
fn imports(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        let mut from = 0;
        while let Some(at) = source.code[from..].find(start).map(|at| at + from) {
            from = at + start.len();
            let before = source.code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || "_:".contains(letter)) {
                continue;
            }
            let line = source.code[..at].matches('\n').count() + 1;
            let mut base = Vec::new();
            let mut rest = &source.code[at..];
            if start == "super::" {
                base.clone_from(&source.module);
                while let Some(behind) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = behind;
                }
            } else {
                rest = &rest["crate::".len()..];
            }
            for path in first_names(rest) {
                let path = base.iter().cloned().chain(path).collect();
                found.push((line, path));
            }
        }
    }
    found
}

/// `a::b::C` is one path; `{a::X, b}` are two.
fn first_names(text: &str) -> Vec<Vec<String>> {
    let path = |text: &str| -> Vec<String> {
        let end = text
            .find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)))
            .unwrap_or(text.len());
        let parts = text[..end].split("::").filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let Some(inner) = text.strip_prefix('{') else {
        return vec![path(text)];
    };
    let mut depth = 0;
    let mut items = vec![String::new()];
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().expect("one at least").push(letter);
    }
    items.iter().map(|item| path(item.trim())).collect()
}

/// The floor and the name in [`FLOORS`] of a module: of the longest name that fits.
fn floor(path: &[String]) -> Option<(usize, &'static str)> {
    let fits = |name: &str| {
        let parts: Vec<_> = name.split("::").collect();
        path.len() >= parts.len() && parts.iter().zip(path).all(|(a, b)| a == b)
    };
    let names = (0..).zip(FLOORS).flat_map(|(at, (_, names))| {
        let fitting = names.iter().filter(|name| fits(name));
        fitting.map(move |name| (at, *name))
    });
    names.max_by_key(|(_, name)| name.len())
}

fn wrong_imports(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let shown = source.path.display();
        let first = source.module.first().expect("a name");
        // The programs are above all floors.
        let is_program = first == "main" || first == "bin";
        if is_program || DOCS_ONLY.contains(&first.as_str()) {
            continue;
        }
        let Some((own_floor, own)) = floor(&source.module) else {
            wrong.push(format!("{shown}: this module has no floor in FLOORS"));
            continue;
        };
        for (line, path) in imports(source) {
            let Some((other_floor, other)) = floor(&path) else {
                continue;
            };
            if other != own && other_floor >= own_floor {
                let which = if other_floor > own_floor {
                    "up"
                } else {
                    "round"
                };
                let (own_floor, other_floor) = (FLOORS[own_floor].0, FLOORS[other_floor].0);
                wrong.push(format!(
                    "{shown}:{line}: {own} ({own_floor}) imports {other} ({other_floor}), \
                     which goes {which}"
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_import_goes_down() {
    let wrong = wrong_imports(&sources());
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn an_import_that_goes_up_or_round_is_found() {
    let wrong = |module: &[&str], code: &str| {
        let source = Source {
            path: PathBuf::from("src/x.rs"),
            module: module.iter().map(|part| (*part).to_owned()).collect(),
            code: code.to_owned(),
        };
        wrong_imports(&[source])
    };
    let up = wrong(
        &["bus", "topic"],
        "\nuse crate::{\n    lock, http::Request};",
    );
    assert_eq!(up.len(), 1, "{up:?}");
    assert!(up[0].starts_with("src/x.rs:2: bus (bus) imports http (HTTP), which goes up"));
    let round = wrong(&["lessons", "sse"], "use super::comet::framing;");
    assert!(round[0].ends_with("which goes round"), "{round:?}");
    let inside = "fn f() { crate::course::program::course() }";
    assert_eq!(wrong(&["lessons", "socket_io", "rooms"], inside).len(), 1);
    let server = "use super::super::server::Server;";
    assert_eq!(
        wrong(&["lessons", "socket_io", "codec", "x"], server).len(),
        1
    );
    assert_eq!(wrong(&["nowhere"], "").len(), 1);
    let down = "use super::http::Request;\nuse crate::bus::{Topic, topic::Log};";
    assert!(wrong(&["app"], down).is_empty());
}

#[test]
fn the_map_in_lib_rs_shows_these_floors() {
    let lib = fs::read_to_string("src/lib.rs").expect("src/lib.rs");
    let rows = lib.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("//! | ")?.split(" | ");
        let (floor, modules) = (cells.next()?, cells.next()?);
        let links = modules
            .split("[`")
            .skip(1)
            .filter_map(|rest| rest.split_once("`]"));
        Some((
            floor.to_owned(),
            links.map(|(name, _)| name.to_owned()).collect::<Vec<_>>(),
        ))
    });
    let shown: Vec<_> = rows.filter(|(_, modules)| !modules.is_empty()).collect();
    let top_level = |names: &[&str]| -> Vec<String> {
        let names = names.iter().filter(|name| !name.contains("::"));
        names.map(|name| (*name).to_owned()).collect()
    };
    let floors = FLOORS.iter().rev();
    let floors = floors.map(|(floor, names)| ((*floor).to_owned(), top_level(names)));
    let expected: Vec<_> = floors.filter(|(_, names)| !names.is_empty()).collect();
    assert_eq!(shown, expected);
}

#[test]
fn one_name_stands_for_one_type() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        let code = source.code.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            let line = line.trim_start();
            let line = match line.strip_prefix("pub") {
                Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
                None => line,
            };
            let kinds = ["struct ", "enum ", "trait ", "type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else {
                continue;
            };
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            let name = rest[..end.unwrap_or(rest.len())].to_owned();
            let place = format!("{}:{number}", source.path.display());
            places.entry(name).or_default().push(place);
        }
    }
    assert!(places.len() > 100);
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

fn architecture() -> String {
    fs::read_to_string("src/architecture.rs").expect("src/architecture.rs")
}

/// The name of a lock: of a field with its type, of a static or a type, or of a variable
/// with its file.
fn locks(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut within = String::new();
    for line in source.code.lines() {
        let words = line.trim_start();
        let words = words.strip_prefix("pub(super) ").unwrap_or(words);
        let words = words.strip_prefix("pub ").unwrap_or(words);
        if line.starts_with(|letter: char| !letter.is_whitespace()) {
            let name = words.strip_prefix("struct ").unwrap_or_default();
            let end = name.find(|letter: char| !letter.is_alphanumeric());
            name[..end.unwrap_or(name.len())].clone_into(&mut within);
        }
        let makes = words.starts_with("let ") && words.contains("Mutex::new(");
        if !(words.contains("Mutex<") || makes) || words.starts_with("use ") {
            continue;
        }
        let name_of = |rest: &str| {
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            rest[..end.unwrap_or(rest.len())].to_owned()
        };
        let file = source.path.file_stem().expect("a name").to_string_lossy();
        if let Some(rest) = words.strip_prefix("let ") {
            found.push(format!("{file}: {}", name_of(rest)));
        } else if let Some(rest) = words
            .strip_prefix("static ")
            .or(words.strip_prefix("type "))
        {
            found.push(name_of(rest));
        } else if words.starts_with("struct ") {
            found.push(within.clone());
        } else if !words.starts_with("fn ") && !within.is_empty() {
            found.push(format!("{within}::{}", name_of(words)));
        }
    }
    found
}

#[test]
fn every_lock_is_in_the_table() {
    let text = architecture();
    let mut missing = Vec::new();
    let mut count = 0;
    for source in sources()
        .iter()
        .filter(|source| source.path.file_name() != Some("lock.rs".as_ref()))
    {
        for lock in locks(source) {
            count += 1;
            // `type Table` is the type of `Engine::table`.
            let lock = if lock == "Table" {
                "Engine::table".to_owned()
            } else {
                lock
            };
            if !text.contains(&format!("`{lock}`")) && !text.contains(&format!("`{lock}:")) {
                missing.push(format!("{}: {lock}", source.path.display()));
            }
        }
    }
    assert!(count > 30, "{count}");
    assert!(
        missing.is_empty(),
        "not in src/architecture.rs:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_thread_is_in_the_table() {
    let text = architecture();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let names: String = rows.filter_map(|row| row.split(" | ").next()).collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for source in sources() {
        let code = source.code.split("#[cfg(test)]").next().unwrap_or_default();
        for rest in code.split("threads::spawn(").skip(1) {
            count += 1;
            let argument = rest.trim_start().trim_start_matches("format!(");
            let name = match argument.strip_prefix('"') {
                Some(text) => text.split(['"', '{']).next().unwrap_or_default(),
                // The sources' names are their topics'.
                None => "clock",
            };
            if !names.contains(&format!("`{name}")) {
                missing.push(format!("{}: {name}", source.path.display()));
            }
        }
    }
    assert!(count > 12, "{count}");
    assert!(
        missing.is_empty(),
        "not in src/architecture.rs:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_limit_is_where_its_row_says() {
    let text = architecture();
    let limits = text.split("# Limits").nth(1).expect("a section");
    let mut rows = 0;
    for row in limits
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
    {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let [_, constants, file] = cells[..] else {
            panic!("three cells: {row}");
        };
        if !file.starts_with('`') {
            continue;
        }
        rows += 1;
        let code = fs::read_to_string(file.trim_matches('`')).expect(file);
        for constant in constants.split(", ").map(|name| name.trim_matches('`')) {
            let is_there = code.contains(&format!("const {constant}:"))
                || code.contains(&format!("    pub {constant}:"));
            assert!(is_there, "{file} has no {constant}");
        }
    }
    assert!(rows > 30, "{rows}");
}
