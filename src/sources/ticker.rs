//! The ticker: made-up prices of made-up shares, twice a second.

use crate::bus::Topic;
use crossbeam_channel::{Receiver, select, tick};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const SYMBOLS: [&str; 4] = ["ACME", "RAIL", "PUSH", "POLL"];
const FIRST_PRICE_CENTS: i64 = 10_000;
const LOWEST_PRICE_CENTS: i64 = 100;

/// Publishes `{"symbol": "ACME", "price": 101.25, "change": -0.5}`, each share in
/// turn. The change is a step of chance, of at most one.
pub fn run(topic: &Arc<Topic>, stopped: &Receiver<()>) {
    let ticks = tick(Duration::from_millis(500));
    let mut cents = [FIRST_PRICE_CENTS; SYMBOLS.len()];
    let mut turn = 0;
    loop {
        select! {
            recv(ticks) -> _ => {
                let before = cents[turn];
                cents[turn] = (before + step()).max(LOWEST_PRICE_CENTS);
                let data = json!({
                    "symbol": SYMBOLS[turn],
                    "price": in_units(cents[turn]),
                    "change": in_units(cents[turn] - before),
                });
                if topic.publish("message", &data).is_err() {
                    return;
                }
                turn = (turn + 1) % SYMBOLS.len();
            }
            recv(stopped) -> _ => return,
        }
    }
}

/// -100 to 100 cents. Without chance, nothing changes.
fn step() -> i64 {
    getrandom::u32().map_or(0, |random| i64::from(random % 201) - 100)
}

#[expect(clippy::cast_precision_loss, reason = "prices are small")]
fn in_units(cents: i64) -> f64 {
    cents as f64 / 100.0
}
