//! Static files, lesson pages with their text filled in, and `/source/`.
//!
//! While developing, the files are read from disk at each request; a release build
//! holds them inside. `layout` is what all pages share.

mod layout;
mod source;

use crate::http::{Request, Response};
use crate::texts;
use crate::wire_view::{WireView, cookie};
use layout::Shown;

/// Where the project's own files are shown.
const SOURCE: &str = "source/";
const HTML: &str = "text/html; charset=utf-8";

/// A lesson's page, or a text before or behind the lessons.
pub struct Chapter {
    /// Its folder, and its text's name: `1-short-polling`.
    folder: String,
    /// As links to it say.
    title: String,
}

impl Chapter {
    /// The chapter in `folder`.
    pub fn new(folder: &str, title: &str) -> Chapter {
        Chapter {
            folder: folder.to_owned(),
            title: title.to_owned(),
        }
    }
}

/// The pages of one server.
pub struct Pages {
    /// In reading order, whether they are served or not.
    chapters: Vec<Chapter>,
    /// The folder of the only lesson, when one is served alone.
    alone: Option<String>,
    view: WireView,
}

impl Pages {
    /// The pages of `chapters`, which are in reading order; of `alone` only, if it
    /// is one lesson's folder.
    pub fn new(chapters: Vec<Chapter>, alone: Option<String>, view: WireView) -> Pages {
        Pages {
            chapters,
            alone,
            view,
        }
    }

    /// The page or file for `request`, if there is one.
    pub fn get(&self, request: &Request) -> Option<Response> {
        let path = request.path.strip_prefix('/')?;
        // A lesson on its own has no home page.
        if let ("", Some(alone)) = (path, &self.alone) {
            return Some(redirect(&format!("/{alone}/")));
        }
        if let Some(file) = path.strip_prefix(SOURCE) {
            let lines = request.query_param("lines");
            let marked = lines.and_then(|lines| source::range(&lines));
            return Some(self.html(200, request, source::page(file, marked, self.view)?));
        }
        let folder = path.split('/').next().unwrap_or(path);
        let chapter = self.chapters.iter().position(|it| it.folder == folder);
        if chapter.is_some() && self.alone.as_ref().is_some_and(|alone| alone != folder) {
            return Some(self.not_served(request));
        }
        match (chapter, path.strip_prefix(folder)) {
            (Some(_), Some("")) => Some(redirect(&format!("/{folder}/"))),
            (Some(chapter), Some("/")) => {
                let page = self.chapter(chapter, request);
                Some(self.html(200, request, page))
            }
            _ => self.file(path, request),
        }
    }

    /// The page of a chapter, with its text.
    fn chapter(&self, index: usize, request: &Request) -> String {
        let Chapter { folder, title } = &self.chapters[index];
        let Some(text) = texts::render(folder, &request.own_origin()) else {
            let missing = format!("<p>The text lessons/{folder}.md is missing.</p>");
            return layout::page(title, "", &missing, self.view);
        };
        let before = index.checked_sub(1).and_then(|at| self.chapters.get(at));
        let neighbours = [before, self.chapters.get(index + 1)];
        let file = texts::file(&format!("public/{folder}/index.html"));
        let (head, demo) = match file.as_deref().and_then(|file| file.split_once("\n\n")) {
            Some((head, demo)) => (head, Some(demo)),
            None => ("", None),
        };
        let shown = match request.query_param("whole") {
            None => Shown::ByStop,
            Some(_) => Shown::Whole,
        };
        let mut scripts = "<link rel=\"stylesheet\" href=\"/lesson.css\">\n\
                           <script type=\"module\" src=\"/view/view.js\"></script>\n"
            .to_owned();
        if shown == Shown::ByStop {
            scripts += "<noscript><link rel=\"stylesheet\" href=\"/plain.css\"></noscript>\n";
            scripts += head;
        }
        let body = layout::chapter(title, &text, demo, shown, neighbours);
        layout::page(title, &scripts, &body, self.view)
    }

    /// The home page, with each lesson's line and minutes.
    fn home(&self, body: &str, origin: &str) -> String {
        let mut body = body.to_owned();
        for Chapter { folder, .. } in &self.chapters {
            let [line, minutes] = ["line", "minutes"].map(|it| format!("<!-- {it}: {folder} -->"));
            if !body.contains(&minutes) {
                continue;
            }
            if let Some(text) = texts::render(folder, origin) {
                let (stops, how_long) = layout::row(&text);
                body = body.replace(&line, &stops).replace(&minutes, &how_long);
            }
        }
        body
    }

    /// A file of `public/`. An HTML file that is not a whole document gets the layout.
    fn file(&self, path: &str, request: &Request) -> Option<Response> {
        let file = if path.is_empty() || path.ends_with('/') {
            format!("public/{path}index.html")
        } else {
            format!("public/{path}")
        };
        let content = texts::bytes(&file)?;
        match content_type(&file) {
            HTML => {
                let page = String::from_utf8_lossy(&content);
                let page = match layout::parts(&page) {
                    Some((title, head, body)) => {
                        let body = self.home(body, &request.own_origin());
                        layout::page(title, head, &body, self.view)
                    }
                    None => page.into_owned(),
                };
                Some(self.html(200, request, page))
            }
            other => Some(
                Response::of_type(200, other, content.into_owned())
                    .header("Content-Security-Policy", policy(request.host())),
            ),
        }
    }

    /// A page; the first one makes the browser known to the wire view.
    fn html(&self, status: u16, request: &Request, page: String) -> Response {
        let response = Response::of_type(status, HTML, page)
            .header("Content-Security-Policy", policy(request.host()));
        match (self.view, cookie::of(request)) {
            (WireView::On, None) if status == 200 => match cookie::new() {
                Some(cookie) => response.header("Set-Cookie", cookie),
                None => response,
            },
            _ => response,
        }
    }

    /// For a reader who follows the link to the next lesson, and for a program.
    fn not_served(&self, request: &Request) -> Response {
        let reads_html = |types: &str| types.contains("text/html");
        if !request.header("Accept").is_some_and(reads_html) {
            let why = "this program serves one lesson; `cargo run` serves the whole course";
            return Response::error(404, why);
        }
        let body = "<main class=\"home\">\n<h1>Not here</h1>\n\
                    <p>This program serves one lesson. To get them all, run <code>cargo run</code>.</p>\n\
                    <p><a href=\"/\">Back to this lesson</a></p>\n</main>\n";
        self.html(404, request, layout::page("Not here", "", body, self.view))
    }
}

fn redirect(to: &str) -> Response {
    Response::new(302)
        .header("Location", to)
        .header("Cache-Control", "no-store")
}

/// What a page of ours may load: from this server only, and no script in the
/// page itself. Not every browser takes `'self'` for a WebSocket's address.
fn policy(host: &str) -> String {
    // Such a policy has no way to write an IPv6 address.
    let sockets = match host.starts_with('[') {
        true => "ws: wss:".to_owned(),
        false => format!("ws://{host} wss://{host}"),
    };
    format!(
        "default-src 'self'; img-src 'self' data:; connect-src 'self' {sockets}; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => HTML,
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}
