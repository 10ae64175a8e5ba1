//! Lesson 4 alone: iframe push.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(4)
}
