//! The course: the table of its lessons, put together into one running server.
//!
//! [`LESSONS`] is the table of contents. `running` starts a server with some of them
//! and shuts it down; `own_servers` are those that one browser sees; `listen` is its socket; `program` is what `cargo run` does.

mod listen;
mod own_servers;
pub mod program;
mod running;

pub use running::Running;

use crate::app::Lesson;
use crate::lessons;
use crate::pages::Chapter;

/// The lessons in reading order.
pub const LESSONS: &[&Lesson] = &[
    &lessons::short_polling::LESSON,
    &lessons::long_polling::LESSON,
    &lessons::comet::LESSON,
    &lessons::iframe_push::LESSON,
    &lessons::sse::LESSON,
    &lessons::websocket::LESSON,
    &lessons::socket_io::LESSON,
    &lessons::race::LESSON,
];

/// Everything that one reads, in reading order: the lessons, and the texts before and
/// behind them.
fn chapters() -> Vec<Chapter> {
    let lessons = LESSONS.iter().map(|lesson| {
        let mut title = lesson.title.to_owned();
        title[..1].make_ascii_uppercase();
        Chapter::new(&lesson.folder(), &format!("{} {title}", lesson.number))
    });
    [Chapter::new("0-http", "HTTP, and a thread that waits")]
        .into_iter()
        .chain(lessons)
        .chain([Chapter::new("comparison", "All techniques, side by side")])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;
    use std::collections::BTreeSet;

    #[test]
    fn every_topic_of_a_lesson_has_a_source_and_every_source_a_lesson() {
        let declared: BTreeSet<_> = LESSONS.iter().flat_map(|lesson| lesson.topics).collect();
        let published: BTreeSet<_> = sources::topics().collect();
        assert_eq!(declared, published.iter().collect());
    }
}
