//! Passages as bytes for the page that shows them.
//!
//! A batch is one binary message: for each passage a line of JSON, then its bytes.
//!
//! ```text
//! {"n":3,"us":12000345,"kind":"out","length":116,"kept":116}⏎ …116 bytes…
//! {"n":3,"us":12000400,"kind":"end","why":"ClientClosed","length":0,"kept":0}⏎
//! {"missed":12}⏎
//! ```

use super::{Kind, Passage};
use crossbeam_channel::{Receiver, after};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A batch is sent when it has this many bytes, or nothing more waits.
const BATCH: usize = 64 * 1024;

/// After the first passage of a batch, so long is waited for more. Who sends need not wake
/// anybody meanwhile: that is what a looker costs, far more than the copy does.
const GATHER: Duration = Duration::from_millis(20);

/// Waits for what passes and puts it, with all that comes soon behind it, into one batch.
/// `None` when the looker is gone.
pub fn batch(passages: &Receiver<Passage>, missed: &AtomicU64) -> Option<Vec<u8>> {
    let mut batch = Vec::new();
    add(&mut batch, &passages.recv().ok()?);
    let _ = after(GATHER).recv();
    while batch.len() < BATCH
        && let Ok(passage) = passages.try_recv()
    {
        add(&mut batch, &passage);
    }
    let missed = missed.swap(0, Ordering::Relaxed);
    if missed > 0 {
        line(&mut batch, &json!({ "missed": missed }));
    }
    Some(batch)
}

fn add(batch: &mut Vec<u8>, passage: &Passage) {
    let (kind, why) = match passage.kind {
        Kind::In => ("in", None),
        Kind::Out => ("out", None),
        Kind::End(why) => ("end", Some(why)),
    };
    let mut head = json!({
        "n": passage.connection,
        "us": u64::try_from(passage.at.as_micros()).unwrap_or(u64::MAX),
        "kind": kind,
        "length": passage.length,
        "kept": passage.bytes.len(),
    });
    if let Some(why) = why {
        head["why"] = why.into();
    }
    line(batch, &head);
    batch.extend_from_slice(&passage.bytes);
}

fn line(batch: &mut Vec<u8>, head: &serde_json::Value) {
    batch.extend_from_slice(head.to_string().as_bytes());
    batch.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::{KEPT, Tap, Taps};

    #[test]
    fn a_batch_holds_all_that_waits_and_what_was_missed() {
        let taps = Taps::new(true);
        let tap = Tap::new(taps.clone(), 3);
        tap.request(Some("a"), "/x", b"");
        let look = taps.look("a");
        tap.went(b"hi\n");
        tap.came(&[b'x'; KEPT + 1]);
        tap.ended("Reset");
        look.missed().store(2, Ordering::Relaxed);
        let batch = batch(&look.passages(), &look.missed()).expect("a batch");
        let text = String::from_utf8(batch).expect("text");
        assert!(text.starts_with("{\"n\":3,\"us\":"), "{text}");
        assert!(
            text.contains("\"kind\":\"out\",\"length\":3,\"kept\":3}\nhi\n{\"n\":3"),
            "{text}"
        );
        assert!(text.contains("\"kind\":\"in\",\"length\":4097,\"kept\":4096}\nxxx"));
        assert!(
            text.contains("\"why\":\"Reset\"}\n{\"missed\":2}\n"),
            "{text}"
        );
    }

    #[test]
    fn a_large_batch_is_cut_in_two() {
        let taps = Taps::new(true);
        let tap = Tap::new(taps.clone(), 3);
        tap.request(Some("a"), "/x", b"");
        let look = taps.look("a");
        for _ in 0..17 {
            tap.went(&[b'x'; KEPT]);
        }
        let next = || batch(&look.passages(), &look.missed()).expect("a batch");
        let (first, second) = (next(), next());
        assert!(first.len() < BATCH + KEPT + 200, "{}", first.len());
        let bytes = first.iter().chain(&second);
        assert_eq!(bytes.filter(|byte| **byte == b'x').count(), 17 * KEPT);
    }
}
