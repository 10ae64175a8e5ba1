//! What all pages share, filled in on the server: the head (`src/pages/layout.html`), and
//! around a lesson's text and demo the line of its stops and the way to the chapters before
//! and after it (`src/pages/chapter.html`).

use super::Chapter;
use crate::texts::{self, Rendered, Stop, escape};
use crate::wire_view::WireView;

/// A whole page. `head` is what its head has besides the common one.
pub fn page(title: &str, head: &str, body: &str, view: WireView) -> String {
    let view = match view {
        WireView::On => "on",
        WireView::Off => "off",
    };
    let head = format!("<meta name=\"wire\" content=\"{view}\">\n{head}");
    fill(
        "src/pages/layout.html",
        &[
            ("<!-- title -->", &escape(title)),
            ("<!-- head -->", &head),
            ("<!-- body -->", body),
        ],
    )
}

/// How a chapter is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// One stop at a time, each with its stage.
    ByStop,
    /// The whole text on one page, without the stage.
    Whole,
}

/// The body of a chapter's page: the line of its stops, its text, its demo if it has one,
/// and the way to its neighbours, which are the chapters before and after it.
pub fn chapter(
    title: &str,
    text: &Rendered,
    demo: Option<&str>,
    shown: Shown,
    neighbours: [Option<&Chapter>; 2],
) -> String {
    let way = |chapter: Option<&Chapter>, rel: &str, words: fn(&str) -> String| {
        chapter.map_or(String::new(), |chapter| {
            let (folder, words) = (&chapter.folder, words(&escape(&chapter.title)));
            format!("<a rel=\"{rel}\" href=\"/{folder}/\">{words}</a>\n")
        })
    };
    let [before, after] = neighbours;
    let neighbours = way(before, "prev", |title| format!("← {title}"))
        + &way(after, "next", |title| format!("{title} →"));
    let minutes = text.minutes.map_or(String::new(), |minutes| {
        format!("<span class=\"roomy\">{minutes} min · </span>")
    });
    let (class, whole, html, demo) = match shown {
        Shown::ByStop => (
            "lesson",
            "<a href=\"?whole\"><span class=\"roomy\">whole </span>text</a>",
            one_at_a_time(&text.html),
            demo,
        ),
        Shown::Whole => (
            "lesson whole",
            "<a href=\"./\">one stop at a time</a>",
            text.html.clone(),
            None,
        ),
    };
    let stage = demo.map_or(String::new(), |demo| {
        format!("<section class=\"stage\" aria-label=\"Stage\">\n{demo}</section>\n")
    });
    fill(
        "src/pages/chapter.html",
        &[
            ("<!-- title -->", &escape(title)),
            ("<!-- minutes -->", &minutes),
            ("<!-- whole -->", whole),
            ("<!-- line -->", &line(&text.stops)),
            ("<!-- class -->", class),
            ("<!-- text -->", &html),
            ("<!-- demo -->", &stage),
            ("<!-- neighbours -->", &neighbours),
        ],
    )
}

/// The stops of the main line, as links.
fn line(stops: &[Stop]) -> String {
    let main_line = stops.iter().filter(|stop| stop.branch_of.is_none());
    let link = |stop: &Stop| {
        let (id, title) = (escape(&stop.id), escape(&stop.title));
        format!("<li><a href=\"#{id}\">{title}</a></li>\n")
    };
    main_line.map(link).collect()
}

/// All stops but the first wait until they are reached, or found by the browser's own
/// search.
fn one_at_a_time(html: &str) -> String {
    const STOP: &str = "<section class=\"stop\"";
    let first = html.find(STOP).map_or(0, |at| at + STOP.len());
    let (first, others) = html.split_at(first);
    first.to_owned() + &others.replace(STOP, "<section hidden=\"until-found\" class=\"stop\"")
}

/// The stops of a lesson as one small line, for the home page, and its minutes.
pub fn row(text: &Rendered) -> (String, String) {
    let main_line = text.stops.iter().filter(|stop| stop.branch_of.is_none());
    let dot = |stop: &Stop| format!("<i data-stop=\"{}\"></i>", escape(&stop.id));
    let minutes = text
        .minutes
        .map_or(String::new(), |minutes| format!("{minutes} min"));
    (main_line.map(dot).collect(), minutes)
}

/// A page's file, `what its head has besides the common one`, a blank line, its body:
/// the title, the rest of the head, and the body. `None` for a whole document, which
/// has a head of its own.
pub fn parts(file: &str) -> Option<(&str, &str, &str)> {
    let (head, body) = file.split_once("\n\n")?;
    let (title, head) = head.strip_prefix("<title>")?.split_once("</title>")?;
    Some((title, head.trim_start(), body))
}

/// A template of ours with its places filled. Places in what is filled in stay as they
/// are.
fn fill(template: &str, places: &[(&str, &str)]) -> String {
    let template = texts::file(template).unwrap_or_else(|| {
        log::error!("{template} is missing");
        String::new()
    });
    let mut filled = String::new();
    let mut rest = template.as_str();
    while let Some((at, place, value)) = places
        .iter()
        .filter_map(|(place, value)| Some((rest.find(place)?, place, value)))
        .min()
    {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + place.len()..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_itself() {
        let page = page("A <b>", "", "<!-- title -->", WireView::On);
        assert!(
            page.contains("<title>A &lt;b&gt; · poll-to-push</title>"),
            "{page}"
        );
        assert!(page.contains("<body>\n<!-- title -->"), "{page}");
        assert!(page.contains("<meta name=\"wire\" content=\"on\">"));
    }

    #[test]
    fn a_file_has_a_title_a_head_and_a_body_or_is_a_whole_document() {
        let file = "<title>T</title>\n<script></script>\n\n<main>\n\n</main>\n";
        assert_eq!(
            parts(file),
            Some(("T", "<script></script>", "<main>\n\n</main>\n"))
        );
        assert_eq!(parts("<!doctype html>\n\n<title>T</title>"), None);
    }
}
