//! The tables of the report, in Markdown.

use crate::load::Figures;
use crate::measure::{Extent, FanOut, Outcome, Results, Run};
use crate::peers::Peer;
use std::fmt::Write;

/// Who is compared, beside the limit.
pub const COMPARED: [Peer; 4] = [Peer::Ours, Peer::Axum, Peer::Node, Peer::Nginx];

/// A head and rows.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        // Writing into memory cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn head<'a>(first: &[&'a str], peers: &[Peer]) -> Vec<&'a str> {
    let names = peers.iter().map(|peer| peer.name());
    first.iter().copied().chain(names).collect()
}

/// Times the limit, one crowd.
pub fn ratios(results: &Results, subscribers: usize) -> String {
    let rows = crowd(results, subscribers).map(|fan_out| {
        let limit = cell(&fan_out.runs, Peer::Limit, |f| {
            format!("{:.1} ms", f.last_ms())
        });
        let ratio = |peer| {
            let times = fan_out.ratio(peer);
            cell(&fan_out.runs, peer, |f| {
                let times = times.map_or("–".to_owned(), |times| format!("{times:.2}"));
                format!("{times}{}", star(f))
            })
        };
        let first = vec![fan_out.group.name.to_owned(), limit];
        first.into_iter().chain(COMPARED.map(ratio)).collect()
    });
    table(&head(&["technique", "the limit"], &COMPARED), rows)
}

/// Resident KiB a connection, the largest crowd.
pub fn memory(results: &Results, subscribers: usize) -> String {
    let rows = crowd(results, subscribers).map(|fan_out| {
        let kib = |peer| {
            cell(&fan_out.runs, peer, |f| {
                f.kib().map_or("–".to_owned(), |kib| format!("{kib:.1}"))
            })
        };
        let first = vec![fan_out.group.name.to_owned()];
        first.into_iter().chain(COMPARED.map(kib)).collect()
    });
    table(&head(&["technique"], &COMPARED), rows)
}

/// Bytes that a delivery takes, the smallest crowd.
pub fn bytes(results: &Results, subscribers: usize) -> String {
    let rows = crowd(results, subscribers).map(|fan_out| {
        let bytes = |peer| {
            cell(&fan_out.runs, peer, |f| {
                format!("{:.0}", f.bytes_down_per_delivery)
            })
        };
        let first = vec![fan_out.group.name.to_owned()];
        first.into_iter().chain(Peer::ALL.map(bytes)).collect()
    });
    table(&head(&["technique"], &Peer::ALL), rows)
}

/// Deliveries a second.
pub fn floods(results: &Results) -> String {
    let rows = results.floods.iter().map(|flood| {
        let rate = |peer| {
            cell(&flood.runs, peer, |f| {
                format!("{}{}", thousands(f.deliveries_per_second), star(f))
            })
        };
        let first = vec![flood.technique.to_owned(), flood.publishers.to_string()];
        first.into_iter().chain(Peer::ALL.map(rate)).collect()
    });
    table(&head(&["technique", "publishers"], &Peer::ALL), rows)
}

/// Short polls a second.
pub fn short_polls(results: &Results) -> String {
    let rate = |peer| {
        cell(&results.short_polls, peer, |f| {
            format!("{}{}", thousands(f.polls_per_second), star(f))
        })
    };
    table(&head(&[], &COMPARED), [COMPARED.map(rate).to_vec()])
}

/// What failed, and why.
pub fn failures(results: &Results) -> Vec<String> {
    let mut failures = Vec::new();
    let mut note = |what: String, runs: &[Run]| {
        for (peer, outcome) in runs {
            if let Err(why) = outcome {
                failures.push(format!("{what}, {}: {why}", peer.name()));
            }
        }
    };
    for fan_out in &results.fan_outs {
        let what = format!(
            "{}, {} subscribers",
            fan_out.group.name, fan_out.subscribers
        );
        note(what, &fan_out.runs);
    }
    for flood in &results.floods {
        let what = format!("{}, {} publishers", flood.technique, flood.publishers);
        note(what, &flood.runs);
    }
    note("short polls".to_owned(), &results.short_polls);
    failures
}

/// The numbers of subscribers, the first and the largest.
pub fn ends(extent: &Extent) -> (usize, usize) {
    let crowds = extent.crowds;
    (crowds[0].subscribers, crowds[crowds.len() - 1].subscribers)
}

fn crowd(results: &Results, subscribers: usize) -> impl Iterator<Item = &FanOut> {
    let all = results.fan_outs.iter();
    all.filter(move |one| one.subscribers == subscribers)
}

fn cell(runs: &[Run], peer: Peer, figure: impl Fn(&Figures) -> String) -> String {
    let outcome: Option<&Outcome> = runs.iter().find(|(of, _)| *of == peer).map(|(_, o)| o);
    match outcome {
        None => String::new(),
        Some(Ok(figures)) => figure(figures),
        Some(Err(_)) => "failed".to_owned(),
    }
}

/// Marks what the load program itself may have held up.
fn star(figures: &Figures) -> &'static str {
    if figures.load_was_the_bottleneck {
        "\\*"
    } else {
        ""
    }
}

fn thousands(number: f64) -> String {
    format!("{:.0} k", number / 1e3)
}
