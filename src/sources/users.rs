//! The users list: `data/users.json`, published when the file changes.
//!
//! The system tells of the change (`notify`); nobody looks again and again. Editors often
//! write a new file and put it in the place of the old one, and a folder or a link may be
//! replaced as well. So folders are watched, and not the file: its own, the one that this
//! stands in, and where the file is a link, those of its target.
//!
//! A file that cannot be read leaves the list as it was, and the topic says so: an event
//! `invalid`, with what is wrong and since when.

use crate::bus::Topic;
use crate::timestamp;
use crossbeam_channel::{Receiver, after, bounded, never, select};
use notify::{RecursiveMode, Watcher};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const FILE: &str = "data/users.json";
/// A file that is being written is wrong for a moment. After so long without a change it
/// is said.
const SETTLED: Duration = Duration::from_millis(200);

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
    let mut watcher = watcher
        .inspect_err(|error| log::warn!("changes of {} will not be seen: {error}", file.display()))
        .ok();
    let mut users = Users {
        topic,
        file: &file,
        said: LastWord::Nothing,
    };
    let mut watched = BTreeSet::new();
    loop {
        // Watching comes before the look, so that no change falls between.
        if let Some(watcher) = &mut watcher {
            watched = watch(watcher, &file, watched);
        }
        let wrong = users.look();
        let settled = match wrong {
            Some(_) => after(SETTLED),
            None => never(),
        };
        select! {
            recv(settled) -> _ => wrong.into_iter().for_each(|why| users.say_invalid(why)),
            // Nothing watches: only the end is left to wait for.
            recv(changes) -> change => if change.is_err() {
                let _ = stopped.recv();
                return;
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

/// Watches the folders in which a change may be one of the file, and no longer the others.
/// Those that are there now: one of the same name may have been replaced.
fn watch(watcher: &mut impl Watcher, file: &Path, watched: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    for folder in watched {
        // One that is gone is not watched any more.
        let _ = watcher.unwatch(&folder);
    }
    let mut folders = BTreeSet::new();
    let mut add = |file: &Path| {
        for folder in file.ancestors().skip(1).take(2) {
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(folders.insert(folder.to_owned())),
                Err(error) => {
                    log::debug!("changes in {} will not be seen: {error}", folder.display());
                }
            }
        }
    };
    add(file);
    // Only now: a link that is made later than this is seen.
    if let Ok(target) = file.canonicalize() {
        add(&target);
    }
    folders
}

struct Users<'a> {
    topic: &'a Topic,
    file: &'a Path,
    said: LastWord,
}

/// What the topic said last.
enum LastWord {
    Nothing,
    List(Value),
    Invalid { why: String, since: String },
}

impl Users<'_> {
    /// Publishes what the file says, if that is new. What is wrong with it, if that was
    /// not said.
    fn look(&mut self) -> Option<String> {
        match (read(self.file), &self.said) {
            (Ok(list), LastWord::List(same)) if list == *same => None,
            (Ok(list), _) => {
                // Closed: the server is going down, and this thread with it.
                let _ = self.topic.publish("message", &list);
                self.said = LastWord::List(list);
                None
            }
            (Err(why), LastWord::Invalid { why: same, .. }) if why == *same => None,
            (Err(why), _) => Some(why),
        }
    }

    fn say_invalid(&mut self, why: String) {
        log::warn!("{FILE}: {why}");
        let since = match &self.said {
            LastWord::Invalid { since, .. } => since.clone(),
            _ => timestamp::now(),
        };
        let told = json!({ "file": FILE, "error": why, "since": since });
        let _ = self.topic.publish("invalid", &told);
        self.said = LastWord::Invalid { why, since };
    }
}

/// The JSON in `file`.
///
/// # Errors
/// What is wrong with it, in words.
fn read(file: &Path) -> Result<Value, String> {
    let bytes = fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let text = text(&bytes).ok_or("is no text in UTF-8")?;
    serde_json::from_str(&text).map_err(|error| format!("is not JSON: {error}"))
}

/// Editors and shells on Windows put a byte order mark in front, or write UTF-16.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|two| unit([two[0], two[1]]))
            .collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        plain => String::from_utf8(plain.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_says_how_to_read_and_is_no_text() {
        let wide = |mark: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            [mark]
                .into_iter()
                .chain("[\"ü\"]".encode_utf16())
                .flat_map(bytes)
                .collect()
        };
        for bytes in [
            "[\"ü\"]".into(),
            "\u{feff}[\"ü\"]".into(),
            wide(0xfeff, u16::to_le_bytes),
            wide(0xfeff, u16::to_be_bytes),
        ] {
            assert_eq!(text(&bytes).as_deref(), Some("[\"ü\"]"), "{bytes:?}");
        }
        assert_eq!(text(b"[\"\xfc\"]"), None);
    }
}
