//! `RESULTS.md`: what was measured, where this project loses, where it wins, and how.

use crate::aims::aims;
use crate::measure::{Crowd, Extent, Results, Run};
use crate::peers::Peer;
use crate::tables::{self, COMPARED, table};

/// Closer than this, in parts of the other, nobody is said to be better.
const EQUAL: f64 = 0.05;

const METHOD: &str = "\
One server at a time, new for each run, on one processor (`taskset -c 0`); the load program, `src/bin/load.rs`, on
another (`taskset -c 1`); everything over loopback. The same load program drives all of them, at the same URLs.

- **Fan-out**: one publisher, messages with 32 bytes of data, so few a second that before each all who poll wait again.
  A run's time is from the publish to the last delivery, the one in the middle of its messages. The servers of a row
  take turns, and the best run of each counts. The **limit** is a bare loop of writes (`src/bin/limit.rs`) in the same
  row; the figures are multiples of its time.
- **Memory**: the server's resident memory with all subscribers there, less what it was before, by their number.
  nginx' is its worker's. What the kernel keeps for sockets and stacks does not count.
- **Deliveries a second**: 100 subscribers; the publishers send each message when the server has answered the one
  before.
- **Short polls**: 100 connections, each asks when it has its answer. nginx' answer is fixed (`return 200`).
- A star says that the load program used more than 80 % of its processor in that run: the server may be faster.
- A run in which a message is lost, doubled or out of order for anyone has failed.

What is not the same: this project checks `Host` and `Origin`, has time-outs, bounds and heartbeats on every connection
and keeps 1,024 messages; axum's and Node's servers here have none of the first and keep 16,384. Their long polls are
compared with the parked one. nginx' message is made by six lines of Lua; its poll's body is the message alone, and its
SSE event has an empty line of data more. Socket.IO carries the data alone, everywhere.
";

pub fn report(extent: &Extent, results: &Results, facts: &[(&str, String)]) -> String {
    let (first, largest) = tables::ends(extent);
    let Extent {
        name,
        crowds,
        passes,
        ..
    } = extent;
    let mut text = format!(
        "# This project beside what people would pick instead\n\n\
         Written by `benches/compare/run`; this was a {name} run: of each fan-out the best of {passes} runs.\n\n\
         ## Aims\n\n"
    );
    let aims = aims(results).into_iter();
    let rows = aims.map(|aim| vec![aim.what, aim.aim, aim.measured, aim.verdict]);
    text += &table(&["what", "aim", "measured", ""], rows);
    text += &format!("\n{}", include_str!("rest.md").trim_end());
    text += "\n";
    text += &verdicts(results);
    for crowd in *crowds {
        let Crowd {
            subscribers,
            messages,
            rate,
        } = crowd;
        text += &format!(
            "\n## Fan-out to {subscribers} subscribers, times the limit\n\n\
             {messages} messages, {rate} a second.\n\n"
        );
        text += &tables::ratios(results, *subscribers);
    }
    text += &format!("\n## Resident KiB a connection, of {largest}\n\n");
    text += &tables::memory(results, largest);
    text += "\n## Deliveries a second to 100 subscribers\n\n";
    text += &tables::floods(results);
    text += "\n## Short polls a second\n\n";
    text += &tables::short_polls(results);
    text += &format!("\n## Bytes of a delivery, {first} subscribers\n\n");
    text += &tables::bytes(results, first);
    text += "\n## What failed\n\n";
    text += &list(&tables::failures(results));
    text += &format!("\n## Method\n\n{METHOD}\n## Machine and versions\n\n");
    let rows = facts.iter();
    let rows = rows.map(|(name, value)| vec![(*name).to_owned(), value.clone()]);
    text + &table(&["", ""], rows)
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return "Nothing.\n".to_owned();
    }
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

/// One figure of ours beside one of another's.
struct Pair {
    what: String,
    peer: Peer,
    ours: f64,
    theirs: f64,
    /// Whether the larger one is the better.
    more: bool,
    unit: &'static str,
}

/// Where we lose and where we win.
fn verdicts(results: &Results) -> String {
    let (mut lost, mut won) = (Vec::new(), Vec::new());
    for pair in pairs(results) {
        let Pair {
            what,
            peer,
            ours,
            theirs,
            more,
            unit,
        } = pair;
        if (ours - theirs).abs() < EQUAL * theirs {
            continue;
        }
        let line = format!("{what}: {ours:.1}{unit}, {} {theirs:.1}{unit}", peer.name());
        if (ours > theirs) == more {
            won.push(line);
        } else {
            lost.push(line);
        }
    }
    let (lost, won) = (list(&lost), list(&won));
    let about = "Differences below 5 % are in neither list.";
    format!("\n## Where we lose\n\n{about}\n\n{lost}\n## Where we win\n\n{won}")
}

fn pairs(results: &Results) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut add = |what: &str, more, unit, figure: &dyn Fn(Peer) -> Option<f64>| {
        for peer in COMPARED {
            if let (true, Some(ours), Some(theirs)) =
                (peer != Peer::Ours, figure(Peer::Ours), figure(peer))
            {
                let what = what.to_owned();
                pairs.push(Pair {
                    what,
                    peer,
                    ours,
                    theirs,
                    more,
                    unit,
                });
            }
        }
    };
    for one in &results.fan_outs {
        let what = format!("{}, {} subscribers", one.group.name, one.subscribers);
        add(&what, false, " ×", &|peer| one.ratio(peer));
        add(&what, false, " KiB", &|peer| one.kib(peer));
    }
    for one in &results.floods {
        let what = format!("{}, {} publishers", one.technique, one.publishers);
        add(&what, true, " k deliveries a second", &|peer| {
            let (_, outcome) = find(&one.runs, peer)?;
            Some(outcome.as_ref().ok()?.deliveries_per_second / 1e3)
        });
    }
    add("short polls", true, " k a second", &|peer| {
        let (_, outcome) = find(&results.short_polls, peer)?;
        Some(outcome.as_ref().ok()?.polls_per_second / 1e3)
    });
    pairs
}

fn find(runs: &[Run], peer: Peer) -> Option<&Run> {
    runs.iter().find(|(of, _)| *of == peer)
}
