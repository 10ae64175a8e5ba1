//! What this project is to reach, beside the limit and beside the others.

use crate::measure::{FanOut, Results};
use crate::peers::Peer;

/// A technique, and what counts as the same thing elsewhere.
pub struct Group {
    pub name: &'static str,
    ours: &'static str,
    /// None where the others' figures already stand in another group.
    theirs: Option<&'static str>,
    /// At most so many times the limit.
    pub times: f64,
    /// At most so many KiB resident for each connection.
    pub kib: f64,
}

const fn group(name: &'static str, technique: &'static str, times: f64, kib: f64) -> Group {
    Group {
        name,
        ours: technique,
        theirs: Some(technique),
        times,
        kib,
    }
}

pub static GROUPS: [Group; 7] = [
    group("comet", "comet", 1.2, 12.0),
    group("SSE", "sse", 1.2, 12.0),
    group("WebSocket", "websocket", 1.2, 12.0),
    group("Socket.IO by WebSocket", "socket-io-websocket", 1.4, 18.0),
    Group {
        theirs: Some("long-polling"),
        ..group("parked long poll", "parked", 1.6, 12.0)
    },
    group("Socket.IO by polling", "socket-io-polling", 2.0, 18.0),
    Group {
        theirs: None,
        ..group("the condvar's long poll", "long-polling", 4.0, 12.0)
    },
];

impl Group {
    /// What the load program is to speak with this server.
    pub fn technique(&self, peer: Peer) -> Option<&'static str> {
        match peer {
            Peer::Limit => Some("comet"),
            Peer::Ours => Some(self.ours),
            _ => self.theirs.filter(|name| peer.techniques().contains(name)),
        }
    }
}

/// Deliveries a second by Socket.IO to 100 subscribers, from 16 publishers.
const DELIVERIES: f64 = 2e6;
/// Of the short polls that nginx answers.
const SHORT_POLLS: f64 = 0.8;

/// One aim and what became of it.
pub struct Aim {
    pub what: String,
    pub aim: String,
    pub measured: String,
    pub verdict: String,
}

fn at_most(what: String, aim: f64, unit: &str, measured: Option<f64>) -> Aim {
    let missed = |value: f64| (value > aim).then(|| value / aim - 1.0);
    verdict(what, format!("≤ {aim}{unit}"), unit, measured, missed)
}

fn at_least(what: String, aim: f64, unit: &str, measured: Option<f64>) -> Aim {
    let missed = |value: f64| (value < aim).then(|| 1.0 - value / aim);
    verdict(what, format!("≥ {aim}{unit}"), unit, measured, missed)
}

fn verdict(
    what: String,
    aim: String,
    unit: &str,
    measured: Option<f64>,
    missed: impl Fn(f64) -> Option<f64>,
) -> Aim {
    let verdict = match measured.map(missed) {
        None => "not measured".to_owned(),
        Some(None) => "met".to_owned(),
        Some(Some(by)) => format!("**missed by {:.0} %**", by * 100.0),
    };
    let measured = measured.map_or("–".to_owned(), |value| format!("{value:.2}{unit}"));
    Aim {
        what,
        aim,
        measured,
        verdict,
    }
}

/// All aims.
pub fn aims(results: &Results) -> Vec<Aim> {
    let mut aims = Vec::new();
    for fan_out in &results.fan_outs {
        aims.extend(times(fan_out));
    }
    let largest = results.fan_outs.iter().map(|one| one.subscribers).max();
    for fan_out in &results.fan_outs {
        if Some(fan_out.subscribers) == largest {
            let Group { name, kib, .. } = fan_out.group;
            let what = format!("{name}, memory of a connection");
            aims.push(at_most(what, *kib, " KiB", fan_out.kib(Peer::Ours)));
        }
    }
    let flood = results.floods.iter();
    let flood = flood.filter(|one| one.technique == "socket-io-websocket" && one.publishers == 16);
    let deliveries = flood.flat_map(|one| &one.runs).find_map(|(peer, outcome)| {
        let figures = outcome.as_ref().ok().filter(|_| *peer == Peer::Ours)?;
        Some(figures.deliveries_per_second / 1e6)
    });
    let what = "Socket.IO, 16 publishers, 100 subscribers".to_owned();
    let unit = " M deliveries a second";
    aims.push(at_least(what, DELIVERIES / 1e6, unit, deliveries));
    let polls = |peer: Peer| {
        let (_, outcome) = results.short_polls.iter().find(|(of, _)| *of == peer)?;
        Some(outcome.as_ref().ok()?.polls_per_second)
    };
    let share = polls(Peer::Ours).zip(polls(Peer::Nginx));
    let share = share.map(|(ours, nginx)| ours / nginx);
    let what = "short polls, beside nginx' fixed answer".to_owned();
    aims.push(at_least(what, SHORT_POLLS, " ×", share));
    aims
}

/// A technique's time: beside the limit, and beside axum's and Node's.
fn times(fan_out: &FanOut) -> Vec<Aim> {
    let what = format!(
        "{}, {} subscribers",
        fan_out.group.name, fan_out.subscribers
    );
    let ours = fan_out.ratio(Peer::Ours);
    let mut aims = vec![at_most(what.clone(), fan_out.group.times, " ×", ours)];
    for peer in [Peer::Axum, Peer::Node] {
        if let (Some(ours), Some(theirs)) = (ours, fan_out.ratio(peer)) {
            let missed = |value: f64| (value >= theirs).then(|| value / theirs - 1.0);
            let aim = format!("< {}, {theirs:.2} ×", peer.name());
            aims.push(verdict(what.clone(), aim, " ×", Some(ours), missed));
        }
    }
    aims
}
