//! Lesson 3 alone: HTTP streaming (comet).

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(3)
}
