//! The application's state, and what every lesson has: publish, topic, cursor, the
//! responses to polls, `/healthz`.
//!
//! A lesson is a [`Lesson`], a row of the course's table. Its routes are given the
//! [`AppState`]. Nothing here knows a single lesson.

mod cursor;
pub mod health;
pub mod inline_script;
mod lesson;
pub mod parked_poll;
pub mod poll_response;
pub mod publish;
mod state;

pub use cursor::{cursor_of, cursor_of_event_source};
pub use lesson::Lesson;
pub use state::AppState;
