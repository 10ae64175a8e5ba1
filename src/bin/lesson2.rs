//! Lesson 2 alone: long polling.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(2)
}
