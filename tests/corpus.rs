//! Replays what the fuzzer found, so that it stays mended.

#[path = "fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut count = 0;
    for file in fs::read_dir(folder.join(name)).expect("a corpus") {
        let path = file.expect("a file").path();
        target(&fs::read(&path).expect("readable"));
        count += 1;
    }
    assert!(count >= 20, "the corpus of {name} has {count} files");
}

#[test]
fn engine_payload() {
    replay("engine_payload", targets::engine_payload);
}

#[test]
fn engine_text() {
    replay("engine_text", targets::engine_text);
}

#[test]
fn socket_messages() {
    replay("socket_messages", targets::socket_messages);
}
