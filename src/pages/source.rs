//! `/source/PATH?lines=FIRST-LAST`: a whole file of the project, to read.

use super::layout;
use crate::texts::{colours, escape, file};
use crate::wire_view::WireView;

/// The page for `path`, a file in `src`, `public`, `lessons`, `data` or `deploy`, with the
/// lines from `first` to `last` marked. `None` when there is no such file.
pub fn page(path: &str, marked: Option<(usize, usize)>, view: WireView) -> Option<String> {
    let text = file(path)?;
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let lines = colours::lines(ending, &text);
    let mut numbers = String::new();
    let mut code = String::new();
    for (number, line) in (1..).zip(lines.iter()) {
        let here = marked.is_some_and(|(first, last)| (first..=last).contains(&number));
        let class = if here { " class=\"here\"" } else { "" };
        numbers.push_str(&format!(
            "<a id=\"L{number}\" href=\"#L{number}\"{class}>{number}</a>\n"
        ));
        code.push_str(&format!("<span{class}>{line}\n</span>"));
    }
    let shown = escape(path);
    let body = format!(
        "<header class=\"bar\"><a href=\"/\">poll-to-push</a></header>\n\
         <main class=\"source\">\n<h1>{shown}</h1>\n<div class=\"listing\">\
         <pre class=\"numbers\">{numbers}</pre><pre tabindex=\"0\" aria-label=\"{shown}\"><code>{code}</code></pre></div>\n\
         </main>\n"
    );
    Some(layout::page(path, "", &body, view))
}

/// `12-20` as two line numbers.
pub fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_with_its_lines_and_nothing_else_is() {
        let page = page("src/lib.rs", range("2-3"), WireView::On).expect("a page");
        assert!(page.contains("<a id=\"L2\" href=\"#L2\" class=\"here\">2</a>"));
        assert!(page.contains("<a id=\"L4\" href=\"#L4\">4</a>"));
        for wrong in [
            "src/../Cargo.toml",
            "Cargo.toml",
            "src//lib.rs",
            "src",
            "tests/run",
        ] {
            assert!(super::page(wrong, None, WireView::On).is_none(), "{wrong}");
        }
    }
}
