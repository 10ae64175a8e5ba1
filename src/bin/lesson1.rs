//! Lesson 1 alone: short polling.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(1)
}
