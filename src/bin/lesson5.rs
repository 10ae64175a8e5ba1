//! Lesson 5 alone: server-sent events.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(5)
}
