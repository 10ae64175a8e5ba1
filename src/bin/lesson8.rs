//! Lesson 8 alone: the race.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(8)
}
