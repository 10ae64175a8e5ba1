//! The pages: `public/`, with each lesson's text from `lessons/` set into its page,
//! and the project's own files as pages to read.
//!
//! While developing they are read from disk at each request; a release build
//! holds them inside.

use super::answer::Answer;
use super::request::Request;
use crate::tap::cookie;
use crate::texts::{self, source};

/// Where a page wants its lesson's text.
const TEXT_GOES_HERE: &str = "<!-- text -->";
/// Where the project's own files are shown.
const SOURCE: &str = "source/";

/// The pages of one server.
pub struct Pages {
    /// The folders of the lessons served, as `1-short-polling`.
    pub lessons: Vec<String>,
    /// Whether their pages have a wire view.
    pub wire: Wire,
}

/// Whether a page can show the bytes of its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// It can.
    On,
    /// It was turned off, by `--no-wire`.
    Off,
    /// The library's server cannot.
    Library,
}

impl Pages {
    /// The page or file for `request`, if there is one.
    pub fn get(&self, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix('/')?;
        // A lesson on its own has no home page.
        if let ("", [only]) = (path, &self.lessons[..]) {
            return Some(redirect(&format!("/{only}/")));
        }
        if let Some(file) = path.strip_prefix(SOURCE) {
            let lines = request.parameter("lines");
            let page = source::page(file, lines.and_then(|lines| source::range(&lines)))?;
            let answer = Answer::of_type(200, "text/html; charset=utf-8", page);
            return Some(answer.header("Content-Security-Policy", policy(request.host())));
        }
        let folder = path.split('/').next().unwrap_or(path);
        if is_lesson(folder) && !self.lessons.iter().any(|lesson| lesson == folder) {
            return Some(not_served(request));
        }
        if path == folder && is_lesson(folder) {
            return Some(redirect(&format!("/{folder}/")));
        }
        let file = if path.is_empty() || path.ends_with('/') {
            format!("public/{path}index.html")
        } else {
            format!("public/{path}")
        };
        let content = texts::bytes(&file)?;
        let answer = match content_type(&file) {
            html @ "text/html; charset=utf-8" => {
                let page = String::from_utf8_lossy(&content);
                let mut filled = fill(&page, folder, request.host());
                self.tell_wire(&mut filled);
                let answer = Answer::of_type(200, html, filled);
                match (self.wire, cookie::of(request)) {
                    (Wire::On, None) => match cookie::new() {
                        Some(cookie) => answer.header("Set-Cookie", cookie),
                        None => answer,
                    },
                    _ => answer,
                }
            }
            other => Answer::of_type(200, other, content.into_owned()),
        };
        Some(answer.header("Content-Security-Policy", policy(request.host())))
    }
}

impl Pages {
    /// Says in the page's head whether there is a wire view: `<meta name="wire" …>`.
    fn tell_wire(&self, page: &mut String) {
        let wire = match self.wire {
            Wire::On => "on",
            Wire::Off => "off",
            Wire::Library => "library",
        };
        if let Some(end) = page.find("</head>") {
            page.insert_str(end, &format!("  <meta name=\"wire\" content=\"{wire}\">\n"));
        }
    }
}

/// For a reader who follows the link to the next lesson, and for a program.
fn not_served(request: &Request) -> Answer {
    let reads_html = |types: &str| types.contains("text/html");
    if !request.header("Accept").is_some_and(reads_html) {
        let why = "this program serves one lesson; `cargo run` serves the whole course";
        return Answer::error(404, why);
    }
    let why = "This program serves one lesson. To get them all, run <code>cargo run</code>.";
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Not here</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n\
         <main class=\"home\">\n<h1>Not here</h1>\n<p>{why}</p>\n<p><a href=\"/\">Back to this lesson</a></p>\n</main>\n"
    );
    Answer::of_type(404, "text/html; charset=utf-8", page)
        .header("Content-Security-Policy", policy(request.host()))
}

fn is_lesson(folder: &str) -> bool {
    let mut bytes = folder.bytes();
    let numbered = bytes.next().is_some_and(|first| first.is_ascii_digit());
    (numbered && bytes.next() == Some(b'-')) || folder == "comparison"
}

fn redirect(to: &str) -> Answer {
    Answer::new(302)
        .header("Location", to)
        .header("Cache-Control", "no-store")
}

/// Sets the lesson's text into its page.
fn fill(page: &str, folder: &str, host: &str) -> String {
    let Some((before, after)) = page.split_once(TEXT_GOES_HERE) else {
        return page.to_owned();
    };
    let text = texts::render(folder, host).map_or_else(
        || format!("<p>The text lessons/{folder}.md is missing.</p>"),
        |text| text.html,
    );
    format!("{before}{text}{after}")
}

/// What a page of ours may load: from this server only, and no script in the
/// page itself. Not every browser takes `'self'` for a WebSocket's address.
fn policy(host: &str) -> String {
    format!(
        "default-src 'self'; img-src 'self' data:; connect-src 'self' ws://{host} wss://{host}; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}
