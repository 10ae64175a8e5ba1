//! The users list: `data/users.json`, published when the file changes.
//!
//! The system tells of the change (`notify`); nobody looks again and again.
//! Editors often write a new file and put it in the place of the old one, so the
//! folder is watched, not the file.

use crate::bus::Topic;
use crossbeam_channel::{Receiver, bounded, select};
use notify::{RecursiveMode, Watcher};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILE: &str = "data/users.json";

/// Publishes the list now and at each change, until `stopped`.
pub fn run(topic: &Arc<Topic>, stopped: &Receiver<()>) {
    let file = find();
    // One place is enough: a change that comes while another is being read is
    // seen by the next look.
    let (changed, changes) = bounded(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own look at the file is an event, too, and must not cause another.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = changed.try_send(());
        }
    });
    let folder = file.parent().unwrap_or(Path::new("."));
    let watching = watcher.and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    if let Err(error) = &watching {
        log::warn!("changes of {} will not be seen: {error}", file.display());
    }
    // Watching comes before the first look, so that no change falls between.
    let mut last = None;
    publish(topic, &file, &mut last);
    loop {
        select! {
            recv(changes) -> change => match change {
                Ok(()) => publish(topic, &file, &mut last),
                // Not watching: only the end is left to wait for.
                Err(_) => {
                    let _ = stopped.recv();
                    return;
                }
            },
            recv(stopped) -> _ => return,
        }
    }
}

/// Beside the program's user, or else where the course's source is.
fn find() -> PathBuf {
    let here = PathBuf::from(FILE);
    if here.is_file() {
        return here;
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)
}

/// Publishes what the file says, if that is new. A file that is half written or
/// wrong leaves the list as it was.
fn publish(topic: &Arc<Topic>, file: &Path, last: &mut Option<Value>) {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => {
            log::warn!("cannot read {}: {error}", file.display());
            return;
        }
    };
    match serde_json::from_slice::<Value>(&text) {
        Ok(list) if last.as_ref() == Some(&list) => {}
        Ok(list) => {
            // Closed: the server is going down, and this thread with it.
            let _ = topic.publish("message", &list);
            *last = Some(list);
        }
        Err(error) => log::warn!("{} is not JSON: {error}", file.display()),
    }
}
