//! Renders a lesson's Markdown to HTML.

use super::include::{self, Piece, Problem};
use super::stops::{Comment, Stop, Stops};
use super::{colours, escape, file};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// How texts write this server's address.
const WRITTEN_ADDRESS: &str = "http://localhost:3000";

/// A text as HTML.
pub struct Rendered {
    /// The HTML: a `<section class="stop">` for each stop.
    pub html: String,
    /// Its stops, in order.
    pub stops: Vec<Stop>,
    /// The minutes that its main line takes, as `<!-- minutes: N -->` says.
    pub minutes: Option<u32>,
    /// What was wrong in it. The HTML says it, too, where it stands.
    pub problems: Vec<Problem>,
}

/// Renders the text `lessons/NAME.md` for a reader who knows this server as `host`.
/// `None` when there is no such text.
pub fn render(name: &str, origin: &str) -> Option<Rendered> {
    let markdown = file(&format!("lessons/{name}.md"))?;
    let mut problems = Vec::new();
    let lines = include::expand(&markdown, &mut problems);
    let mut text = String::new();
    // Where each line begins in `text`, to find the number of a place's line.
    let mut starts = Vec::new();
    for line in &lines {
        starts.push(text.len());
        text.push_str(&line.text.replace(WRITTEN_ADDRESS, origin));
        text.push('\n');
    }
    let line_at = |place: usize| {
        let index = starts.partition_point(|start| *start <= place);
        lines
            .get(index.saturating_sub(1))
            .map_or(1, |line| line.number)
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events = Vec::new();
    let mut stops = Stops::default();
    let mut minutes = None;
    let mut parser = Parser::new_ext(&text, options).into_offset_iter();
    while let Some((event, place)) = parser.next() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let mut code = String::new();
                for (event, _) in parser.by_ref() {
                    match event {
                        Event::Text(text) => code.push_str(&text),
                        Event::End(TagEnd::CodeBlock) => break,
                        _ => {}
                    }
                }
                let html = match block(&language, &code) {
                    Ok(html) => html,
                    Err(what) => {
                        let line = line_at(place.start) + 1;
                        let said = format!("<p class=\"notice lost\">{}</p>\n", escape(&what));
                        problems.push(Problem { line, what });
                        said
                    }
                };
                events.push(Event::Html(html.into()));
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let mut inside = Vec::new();
                let mut words = String::new();
                for (event, _) in parser.by_ref() {
                    match &event {
                        Event::Text(text) | Event::Code(text) => words.push_str(text),
                        Event::End(TagEnd::Heading(_)) => break,
                        _ => {}
                    }
                    inside.push(event);
                }
                stops.heading(level, &slug(&words), &words, &mut events);
                events.push(Event::Start(Tag::Heading {
                    level,
                    id: None,
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }));
                events.extend(inside);
                events.push(Event::End(TagEnd::Heading(level)));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = link(&dest_url);
                events.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            // A table that is too wide scrolls by itself, by keyboard, too.
            Event::Start(table @ Tag::Table(_)) => {
                events.push(Event::Html("<div class=\"table\" tabindex=\"0\">\n".into()));
                events.push(Event::Start(table));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>\n".into()));
            }
            Event::Code(code) => events.push(match source_link(&code) {
                Ok(None) => Event::Code(code),
                Ok(Some(html)) => Event::InlineHtml(html.into()),
                Err(what) => {
                    problems.push(Problem {
                        line: line_at(place.start),
                        what,
                    });
                    Event::Code(code)
                }
            }),
            Event::Html(raw) => match Comment::of(&raw) {
                Some(Comment::Minutes(said)) => minutes = Some(said),
                Some(Comment::Stage(names)) => stops.stage(names),
                Some(Comment::Steps) => stops.steps_follow(),
                None => events.push(Event::Html(raw)),
            },
            event => events.push(stops.list(event)),
        }
    }
    let stops = stops.end(&mut events);
    let mut html = String::new();
    html::push_html(&mut html, events.into_iter());
    // The pages' policy takes no style in an element.
    html = html.replace("style=\"text-align: right\"", "class=\"right\"");
    for problem in &problems {
        log::warn!("lessons/{name}.md:{}: {}", problem.line, problem.what);
    }
    Some(Rendered {
        html,
        stops,
        minutes,
        problems,
    })
}

/// A code block. One that is an include shows where it comes from.
fn block(language: &str, code: &str) -> Result<String, String> {
    let mut lines = code.lines().filter(|line| !line.trim().is_empty());
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Ok(plain(language, code));
    };
    let Some(target) = include::target(line) else {
        return Ok(plain(language, code));
    };
    let Piece {
        path,
        first,
        last,
        text,
    } = include::piece(target)?;
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let code = colours::lines(ending, &text).join("\n");
    // The two ways of a pair that can be run are named by their anchors.
    let way = ["wrong", "right"].into_iter().find(|way| {
        target
            .strip_suffix(way)
            .is_some_and(|anchor| anchor.ends_with('-'))
    });
    let way = way.map_or(String::new(), |way| format!("<b>{way}</b>: "));
    let which = if first == last {
        format!("line {first}")
    } else {
        format!("lines {first}–{last}")
    };
    Ok(format!(
        "<figure class=\"code\">\n<figcaption>{way}<a href=\"/source/{path}?lines={first}-{last}#L{first}\">{path}</a>, \
         {which}</figcaption>\n<pre tabindex=\"0\"><code>{code}\n</code></pre>\n</figure>\n"
    ))
}

fn plain(language: &str, code: &str) -> String {
    let language = language.split([',', ' ']).next().unwrap_or("");
    let class = match language {
        "" => "text",
        language => language,
    };
    let code = match language {
        "diff" => diff(code),
        "console" => console(code),
        _ => colours::lines(language, code).join("\n"),
    };
    format!(
        "<pre tabindex=\"0\" class=\"{}\"><code>{code}\n</code></pre>\n",
        escape(class)
    )
}

/// What goes and what comes: by the signs in front, and by colour.
fn diff(code: &str) -> String {
    let lines = code.lines().map(|line| {
        let class = match line.as_bytes().first() {
            _ if line.starts_with("--- ") => "c-comment",
            Some(b'-') => "c-gone",
            Some(b'+') => "c-new",
            _ => return escape(line),
        };
        format!("<span class=\"{class}\">{}</span>", escape(line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is typed stands out from what the machine says.
fn console(code: &str) -> String {
    let lines = code.lines().map(|line| match line.strip_prefix("$ ") {
        Some(typed) => format!(
            "<span class=\"c-comment\">$ </span><b>{}</b>",
            escape(typed)
        ),
        None => escape(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A link as the server has it: another text's page, where the text names its file.
fn link(to: &str) -> CowStr<'static> {
    let (path, fragment) = match to.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (to, String::new()),
    };
    match path.strip_suffix(".md") {
        Some(name) if !name.contains('/') => format!("/{name}/{fragment}").into(),
        _ => to.to_owned().into(),
    }
}

/// The name of one of our files, in code, leads to the file.
fn source_link(code: &str) -> Result<Option<String>, String> {
    let ours = ["src/", "public/", "deploy/"]
        .iter()
        .any(|folder| code.starts_with(folder));
    if !ours || code.ends_with('/') || code.contains([' ', '…', '*']) {
        return Ok(None);
    }
    if file(code).is_none() {
        return Err(format!("there is no file {code}"));
    }
    Ok(Some(format!(
        "<a href=\"/source/{code}\"><code>{code}</code></a>"
    )))
}

/// The name that a heading can be linked by: mdBook's, so that a link works in both.
fn slug(words: &str) -> String {
    let kept = words.trim().chars().filter_map(|letter| match letter {
        letter if letter.is_alphanumeric() || matches!(letter, '_' | '-') => {
            Some(letter.to_lowercase().next().unwrap_or(letter))
        }
        letter if letter.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_text_leads_to_its_page() {
        assert_eq!(
            &*link("2-long-polling.md#the-bytes"),
            "/2-long-polling/#the-bytes"
        );
        assert_eq!(&*link("https://a.example/x.md"), "https://a.example/x.md");
        assert_eq!(&*link("#here"), "#here");
    }

    #[test]
    fn a_heading_has_mdbooks_name() {
        assert_eq!(slug("Do this, see that"), "do-this-see-that");
        assert_eq!(
            slug("`Cache-controller: no-cache`"),
            "cache-controller-no-cache"
        );
    }

    #[test]
    fn a_file_in_code_leads_to_the_file_and_a_wrong_one_is_a_problem() {
        let html = source_link("src/lib.rs").expect("a file").expect("a link");
        assert!(html.contains("/source/src/lib.rs"), "{html}");
        assert!(source_link("src/none.rs").is_err());
        assert_eq!(source_link("src/lessons/"), Ok(None));
        assert_eq!(source_link("GET /src/"), Ok(None));
    }

    #[test]
    fn code_that_is_included_says_from_where() {
        let html = block("rust", "{{#include ../src/texts/render.rs}}\n").expect("code");
        assert!(
            html.contains("<a href=\"/source/src/texts/render.rs?lines=1-"),
            "{html}"
        );
        assert!(block("rust", "{{#include ../src/none.rs}}\n").is_err());
    }
}
