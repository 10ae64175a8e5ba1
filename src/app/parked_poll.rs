//! A long poll whose thread does not sleep: it is parked until there is news.
//!
//! Lesson 2 shows it beside its loop around a `Condvar`, and says why.

use super::AppState;
use crate::bus::{Cursor, ReadResult, Topic};
use crate::http::Response;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

// ANCHOR: park
/// The response to a poll that waits for what follows `cursor`, for `wait` at most; `form`
/// makes it of what there is, or of nothing. All who wait at one place share its bytes.
pub fn park(
    app: &Arc<AppState>,
    topic: Arc<Topic>,
    cursor: Cursor,
    wait: Duration,
    form: fn(&ReadResult) -> Response,
) -> Response {
    let until = Instant::now() + wait;
    let timer = app.timer.clone();
    Response::parked(until, move |pending| {
        let parked = topic.park(
            &cursor,
            until,
            &timer,
            Box::new(move |read| {
                if pending.is_plain() {
                    let bytes = read.once(|read| Bytes::from(form(read).to_bytes(false, false)));
                    pending.answer_plain(Bytes::clone(&bytes));
                } else {
                    pending.answer(form(read));
                }
            }),
        );
        Box::new(move || parked.leave())
    })
}
// ANCHOR_END: park
