//! The stops of a text: one screen each.
//!
//! A heading begins a stop. One of level 1 or 2 is on the main line; one of level 3 is a
//! branch of the stop that it stands under. What a stop needs beside its words is said
//! by comments, which mdBook leaves out: `<!-- stage: stream ladder -->` names what stands on
//! the stage, and at `<!-- steps -->` the ordered list that follows holds the stop's steps.

use super::escape;
use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd};

/// A stop of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The name that it can be linked by.
    pub id: String,
    /// Its heading's words.
    pub title: String,
    /// The stop on the main line that it is a branch of; `None` on the main line itself.
    pub branch_of: Option<String>,
    /// What stands on its stage, as the text names it.
    pub stage: Vec<String>,
    /// How many steps it has.
    pub steps: usize,
}

/// What a comment in a text says of stops.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comment<'a> {
    /// How many minutes the main line takes.
    Minutes(u32),
    /// What stands on the stage of the stop that it is in.
    Stage(&'a str),
    /// The list that follows is the stop's steps.
    Steps,
}

impl Comment<'_> {
    /// What `raw` says, if it is such a comment.
    pub fn of(raw: &str) -> Option<Comment<'_>> {
        let words = raw.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
        match words.split_once(':') {
            None if words == "steps" => Some(Comment::Steps),
            Some(("stage", names)) => Some(Comment::Stage(names)),
            Some(("minutes", count)) => count.trim().parse().ok().map(Comment::Minutes),
            _ => None,
        }
    }
}

/// Makes sections of a text's events, as its headings, comments and lists come.
#[derive(Default)]
pub(super) struct Stops {
    /// With the place of each section's beginning among the events.
    found: Vec<(usize, Stop)>,
    /// What lists are open: whether each is the steps.
    lists: Vec<bool>,
    steps_follow: bool,
}

impl Stops {
    /// A heading: its stop begins, if it begins one, and the one before it ends.
    pub fn heading(
        &mut self,
        level: HeadingLevel,
        id: &str,
        title: &str,
        events: &mut Vec<Event<'_>>,
    ) {
        let branch_of = match level {
            HeadingLevel::H1 | HeadingLevel::H2 => None,
            HeadingLevel::H3 => {
                let before = self.found.iter().rev().map(|(_, stop)| stop);
                before
                    .filter(|stop| stop.branch_of.is_none())
                    .map(|stop| stop.id.clone())
                    .next()
            }
            _ => return,
        };
        self.close(events);
        self.found.push((
            events.len(),
            Stop {
                id: self.unique(id),
                title: title.trim().to_owned(),
                branch_of,
                stage: Vec::new(),
                steps: 0,
            },
        ));
        // Filled in when all is known of it.
        events.push(Event::Html("".into()));
    }

    /// As mdBook numbers headings of the same words.
    fn unique(&self, id: &str) -> String {
        let taken = |name: &str| self.found.iter().any(|(_, stop)| stop.id == name);
        (1..)
            .map(|n| format!("{id}-{n}"))
            .find(|name| !taken(name))
            .filter(|_| taken(id))
            .unwrap_or_else(|| id.to_owned())
    }

    /// What stands on the stage of the stop that has begun.
    pub fn stage(&mut self, names: &str) {
        if let Some((_, stop)) = self.found.last_mut() {
            stop.stage = names.split_whitespace().map(str::to_owned).collect();
        }
    }

    /// The next ordered list holds steps.
    pub fn steps_follow(&mut self) {
        self.steps_follow = true;
    }

    /// An event of a list, with the steps marked as such; any other as it is.
    pub fn list<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        match &event {
            Event::Start(Tag::List(first)) => {
                let are_steps = first.is_some() && std::mem::take(&mut self.steps_follow);
                self.lists.push(are_steps);
                if are_steps {
                    return Event::Html("<ol class=\"steps\">\n".into());
                }
            }
            Event::End(TagEnd::List(_)) if self.lists.pop() == Some(true) => {
                return Event::Html("</ol>\n".into());
            }
            Event::Start(Tag::Item) if self.lists.last() == Some(&true) => {
                if let Some((_, stop)) = self.found.last_mut() {
                    stop.steps += 1;
                }
            }
            _ => {}
        }
        event
    }

    fn close(&self, events: &mut Vec<Event<'_>>) {
        if !self.found.is_empty() {
            events.push(Event::Html("</section>\n".into()));
        }
    }

    /// The text is at its end: its stops, whose sections are filled in.
    pub fn end(self, events: &mut Vec<Event<'_>>) -> Vec<Stop> {
        self.close(events);
        let filled = self.found.into_iter().map(|(place, stop)| {
            if let Some(event) = events.get_mut(place) {
                *event = Event::Html(stop.opening().into());
            }
            stop
        });
        filled.collect()
    }
}

impl Stop {
    /// The tag that its section begins with.
    fn opening(&self) -> String {
        let id = escape(&self.id);
        let label = escape(&self.title);
        let stage = escape(&self.stage.join(" "));
        let of = self.branch_of.as_ref().map_or(String::new(), |of| {
            format!(" data-branch-of=\"{}\"", escape(of))
        });
        format!(
            "<section class=\"stop\" id=\"{id}\" tabindex=\"-1\" aria-label=\"{label}\" data-stage=\"{stage}\"{of}>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_what_it_says() {
        let stage = Comment::of("<!-- stage: stream ladder -->\n");
        assert_eq!(stage, Some(Comment::Stage(" stream ladder ".trim_end())));
        assert_eq!(Comment::of("<!-- steps -->"), Some(Comment::Steps));
        assert_eq!(
            Comment::of("<!-- minutes: 12 -->"),
            Some(Comment::Minutes(12))
        );
        assert_eq!(Comment::of("<!-- minutes: soon -->"), None);
        assert_eq!(Comment::of("<b>steps</b>"), None);
    }
}
