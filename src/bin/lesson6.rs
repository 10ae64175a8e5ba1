//! Lesson 6 alone: WebSocket.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::lesson(6)
}
