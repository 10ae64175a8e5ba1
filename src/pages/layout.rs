//! What all pages share, filled in on the server: the head (`src/pages/layout.html`), and
//! around a lesson's text and demo the way to the chapters before and after it
//! (`src/pages/chapter.html`).

use super::Chapter;
use crate::texts::{self, escape};
use crate::wire_view::WireView;

/// A whole page. `head` is what its head has besides the common one.
pub fn page(title: &str, head: &str, body: &str, view: WireView) -> String {
    let view = match view {
        WireView::On => "on",
        WireView::Off => "off",
        WireView::Unavailable => "unavailable",
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

/// The body of a chapter's page: its text, its demo if it has one, and its neighbours.
pub fn chapter(
    text: &str,
    demo: Option<&str>,
    before: Option<&Chapter>,
    after: Option<&Chapter>,
) -> String {
    let way = |chapter: Option<&Chapter>, rel: &str, words: fn(&str) -> String| {
        chapter.map_or(String::new(), |chapter| {
            let (folder, words) = (&chapter.folder, words(&escape(&chapter.title)));
            format!("<a rel=\"{rel}\" href=\"/{folder}/\">{words}</a>\n")
        })
    };
    let neighbours = way(before, "prev", |title| format!("← {title}"))
        + &way(after, "next", |title| format!("{title} →"));
    let demo_section = demo.map_or(String::new(), |parts| {
        format!(
            "<section class=\"demo\" aria-labelledby=\"demo-title\">\n\
             <h2 id=\"demo-title\">Try it</h2>\n{parts}</section>\n"
        )
    });
    fill(
        "src/pages/chapter.html",
        &[
            (
                "<!-- class -->",
                if demo.is_some() {
                    "lesson"
                } else {
                    "lesson text-alone"
                },
            ),
            ("<!-- neighbours -->", &neighbours),
            ("<!-- demo -->", &demo_section),
            ("<!-- text -->", text),
        ],
    )
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
