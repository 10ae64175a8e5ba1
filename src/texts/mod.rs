//! The texts: a lesson's Markdown becomes HTML, with pieces of the real source in it.
//!
//! The same files are a book (`mdbook build lessons`), so what they use is mdBook's:
//! `{{#include ../src/lessons/sse.rs:events}}` alone on a line brings what stands in
//! that file between `ANCHOR: events` and `ANCHOR_END: events`. Read `include` (the
//! pieces), `colours` (their syntax), `stops` (one screen each) and `render` (the HTML).

pub mod colours;
pub mod include;
pub mod render;
pub mod stops;

pub use include::Problem;
pub use render::{Rendered, render};
pub use stops::Stop;

use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "lessons/"]
struct LessonFiles;

#[derive(RustEmbed)]
#[folder = "src/"]
struct SrcFiles;

#[derive(RustEmbed)]
#[folder = "public/"]
struct PublicFiles;

#[derive(RustEmbed)]
#[folder = "data/"]
struct DataFiles;

#[derive(RustEmbed)]
#[folder = "deploy/"]
struct DeployFiles;

/// A file of this project, by its path from the top. While developing it is read
/// from disk each time; a release build holds it inside. `None` for what is not
/// there, or lies elsewhere than in `lessons`, `src`, `public`, `data` or `deploy`.
pub fn bytes(path: &str) -> Option<Cow<'static, [u8]>> {
    let (folder, rest) = path.split_once('/')?;
    // `rust-embed` keeps to its folder; that nothing can even try is ours.
    let climbs = |part: &str| {
        part.is_empty() || part == ".." || part == "." || part.contains(['\\', '\0', ':'])
    };
    if rest.split('/').any(climbs) {
        return None;
    }
    let found = match folder {
        "lessons" => LessonFiles::get(rest),
        "src" => SrcFiles::get(rest),
        "public" => PublicFiles::get(rest),
        "data" => DataFiles::get(rest),
        "deploy" => DeployFiles::get(rest),
        _ => None,
    }?;
    Some(found.data)
}

/// As [`bytes()`]; `None` also for what is no text.
pub fn file(path: &str) -> Option<String> {
    String::from_utf8(bytes(path)?.into_owned()).ok()
}

/// The texts, by the names of their files without `.md`, in no order.
pub fn names() -> impl Iterator<Item = String> {
    LessonFiles::iter().filter_map(|file| {
        let name = file.strip_suffix(".md")?;
        (!name.contains('/')).then(|| name.to_owned())
    })
}

/// Text as it stands in HTML.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
