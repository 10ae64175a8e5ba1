//! Lesson 7 alone: Socket.IO.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(7)
}
