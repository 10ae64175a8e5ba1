//! The whole course, every lesson, on one port.

fn main() -> std::process::ExitCode {
    poll_to_push::course::program::course()
}
