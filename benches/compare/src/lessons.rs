//! `lessons/figures/fan-out.md`: what the texts show of a comparison.

use crate::aims::GROUPS;
use crate::measure::{Extent, Results};
use crate::peers::Peer;
use crate::tables::table;

/// What the piece `polls` shows.
const POLLS: [&str; 3] = ["the condvar's long poll", "parked long poll", "SSE"];

const WORDS: &str = "\
Milliseconds from the moment of the publish until the last reader has the message; in the middle of many messages. \
*A bare loop* is one thread that does nothing but write ready bytes to as many sockets. *KiB*: memory of the server for \
each reader. The server has one processor core, the readers have another. Measured by `benches/compare/run`; \
`benches/RESULTS.md` has other servers beside it.";

/// The file, in its pieces.
pub fn figures(extent: &Extent, results: &Results) -> String {
    let mut text = String::new();
    let all = GROUPS.each_ref().map(|group| group.name);
    for (piece, names) in [("all", &all[..]), ("polls", &POLLS)] {
        let figures = rows(extent, results, names);
        text += &format!(
            "<!-- ANCHOR: {piece} -->\n{figures}\n{WORDS}\n<!-- ANCHOR_END: {piece} -->\n"
        );
    }
    text
}

fn rows(extent: &Extent, results: &Results, names: &[&str]) -> String {
    let crowds = extent.crowds.iter().map(|crowd| crowd.subscribers);
    let heads: Vec<_> = crowds.clone().map(in_thousands).collect();
    let mut head = vec!["one message to"];
    head.extend(heads.iter().map(String::as_str));
    head.push("KiB");
    let one = |name: &str, subscribers| {
        let mut all = results.fan_outs.iter();
        all.find(|one| one.group.name == name && one.subscribers == subscribers)
    };
    let ms = |name: &str, peer, subscribers| {
        let figures = one(name, subscribers).and_then(|one| one.figures(peer));
        figures.map_or("–".to_owned(), |it| format!("{:.0}", it.last_ms()))
    };
    let mut bare = vec!["a bare loop".to_owned()];
    bare.extend(crowds.clone().map(|n| ms(names[0], Peer::Limit, n)));
    bare.push("–".to_owned());
    let ours = names.iter().map(|name| {
        let mut row = vec![(*name).to_owned()];
        row.extend(crowds.clone().map(|n| ms(name, Peer::Ours, n)));
        let largest = crowds.clone().next_back();
        let kib = largest.and_then(|n| one(name, n)?.kib(Peer::Ours));
        row.push(kib.map_or("–".to_owned(), |kib| format!("{kib:.0}")));
        row
    });
    table(&head, [bare].into_iter().chain(ours))
}

fn in_thousands(number: usize) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}
