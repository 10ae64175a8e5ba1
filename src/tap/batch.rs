//! Captured bytes, batched into WebSocket messages for the wire view.
//!
//! A batch is one binary message: for each captured piece a line of JSON, then its bytes.
//!
//! ```text
//! {"n":3,"us":12000345,"kind":"out","length":116,"kept":116}⏎ …116 bytes…
//! {"n":3,"us":12000400,"kind":"end","why":"ClientClosed","length":0,"kept":0}⏎
//! {"missed":12}⏎
//! ```

use super::{Captured, Kind};
use crossbeam_channel::{Receiver, after};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A batch is sent when it has this many bytes, or nothing more waits.
const BATCH: usize = 64 * 1024;

/// After the first piece of a batch, so long is waited for more. Who sends need not wake
/// anybody meanwhile: that is what an observer costs, far more than the copy does.
const GATHER: Duration = Duration::from_millis(20);

/// Waits for a captured piece and puts it, with all that come soon behind it, into one batch.
/// `None` when the observer is gone.
pub fn next(captured: &Receiver<Captured>, missed: &AtomicU64) -> Option<Vec<u8>> {
    let mut batch = Vec::new();
    add(&mut batch, &captured.recv().ok()?);
    let _ = after(GATHER).recv();
    while batch.len() < BATCH
        && let Ok(captured) = captured.try_recv()
    {
        add(&mut batch, &captured);
    }
    let missed = missed.swap(0, Ordering::Relaxed);
    if missed > 0 {
        line(&mut batch, &json!({ "missed": missed }));
    }
    Some(batch)
}

fn add(batch: &mut Vec<u8>, captured: &Captured) {
    let (kind, why) = match captured.kind {
        Kind::In => ("in", None),
        Kind::Out => ("out", None),
        Kind::End(why) => ("end", Some(why)),
    };
    let mut head = json!({
        "n": captured.connection,
        "us": u64::try_from(captured.at.as_micros()).unwrap_or(u64::MAX),
        "kind": kind,
        "length": captured.length,
        "kept": captured.bytes.len(),
    });
    if let Some(why) = why {
        head["why"] = why.into();
    }
    line(batch, &head);
    batch.extend_from_slice(&captured.bytes);
}

fn line(batch: &mut Vec<u8>, head: &serde_json::Value) {
    batch.extend_from_slice(head.to_string().as_bytes());
    batch.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::{SNAPLEN, Tap, TapRegistry};

    #[test]
    fn a_batch_holds_all_that_waits_and_what_was_missed() {
        let taps = TapRegistry::new(true);
        let tap = Tap::new(taps.clone(), 3);
        tap.request(Some("a"), "/x", b"");
        let observation = taps.observe("a");
        tap.sent(b"hi\n");
        tap.received(&[b'x'; SNAPLEN + 1]);
        tap.ended("Reset");
        observation.missed().store(2, Ordering::Relaxed);
        let batch = next(&observation.captured(), &observation.missed()).expect("a batch");
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
        let taps = TapRegistry::new(true);
        let tap = Tap::new(taps.clone(), 3);
        tap.request(Some("a"), "/x", b"");
        let observation = taps.observe("a");
        for _ in 0..17 {
            tap.sent(&[b'x'; SNAPLEN]);
        }
        let take = || next(&observation.captured(), &observation.missed()).expect("a batch");
        let (first, second) = (take(), take());
        assert!(first.len() < BATCH + SNAPLEN + 200, "{}", first.len());
        let bytes = first.iter().chain(&second);
        assert_eq!(bytes.filter(|byte| **byte == b'x').count(), 17 * SNAPLEN);
    }
}
