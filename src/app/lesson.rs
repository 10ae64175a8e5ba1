//! A lesson, as the course knows it.

use super::AppState;
use crate::http::Route;
use std::sync::Arc;

/// One lesson of the course.
pub struct Lesson {
    /// Its number, from 1.
    pub number: u8,
    /// The technique's one name: in URLs, folders and modules (there with `_`).
    pub name: &'static str,
    /// Its title, as the binary prints it.
    pub title: &'static str,
    /// The topics it needs besides `chat`. Each has a source of its name.
    pub topics: &'static [&'static str],
    /// The topics of its own that no URL can name.
    pub internal_topics: &'static [&'static str],
    /// Its URLs.
    pub routes: fn(&Arc<AppState>) -> Vec<Route>,
    /// Whether it streams nothing, so that `tiny_http` can answer its requests when it
    /// runs alone.
    pub runs_on_tiny_http: bool,
    /// Whether its page uses the URLs of the other lessons, so that they are there too when
    /// it runs alone.
    pub uses_others: bool,
}

impl Lesson {
    /// A lesson that needs no topic but `chat`, and streams.
    pub const fn new(
        number: u8,
        name: &'static str,
        title: &'static str,
        routes: fn(&Arc<AppState>) -> Vec<Route>,
    ) -> Lesson {
        Lesson {
            number,
            name,
            title,
            topics: &[],
            internal_topics: &[],
            routes,
            runs_on_tiny_http: false,
            uses_others: false,
        }
    }

    /// The folder of its page and its text: `5-sse`.
    pub fn folder(&self) -> String {
        format!("{}-{}", self.number, self.name)
    }
}
