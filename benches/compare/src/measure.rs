//! All runs, one after another: never two servers at once.

use crate::aims::{GROUPS, Group};
use crate::load::{self, Figures, Load};
use crate::peers::{Peer, Programs, Server};

/// Figures, or why there are none.
pub type Outcome = Result<Figures, String>;

/// One server's part in a comparison.
pub type Run = (Peer, Outcome);

/// How much is measured.
pub struct Extent {
    /// What the report says of it.
    pub name: &'static str,
    pub crowds: &'static [Crowd],
    /// Runs of each server's fan-out, of which the best counts: whatever else the machine
    /// does makes a run only slower.
    pub passes: usize,
    pub floods: &'static [&'static str],
    pub publishers: &'static [usize],
    /// How long a flood goes on, and short polls.
    pub seconds: usize,
}

/// How many subscribers, and what they are sent.
pub struct Crowd {
    pub subscribers: usize,
    /// Messages, of which the one in the middle counts.
    pub messages: usize,
    /// Messages a second: so few that before each all polls wait again.
    pub rate: f64,
}

impl Extent {
    pub fn full() -> Extent {
        Extent {
            name: "full",
            crowds: const {
                &[
                    crowd(1_000, 31, 10.0),
                    crowd(5_000, 15, 2.5),
                    crowd(10_000, 11, 1.25),
                ]
            },
            passes: 2,
            floods: &["comet", "sse", "websocket", "socket-io-websocket"],
            publishers: &[1, 16],
            seconds: 5,
        }
    }

    /// Whether its figures are those to show.
    pub fn is_full(&self) -> bool {
        self.crowds.len() > 1
    }

    pub fn quick() -> Extent {
        Extent {
            name: "quick",
            crowds: const { &[crowd(1_000, 15, 10.0)] },
            passes: 2,
            floods: &["comet", "socket-io-websocket"],
            publishers: &[16],
            seconds: 2,
        }
    }
}

const fn crowd(subscribers: usize, messages: usize, rate: f64) -> Crowd {
    Crowd {
        subscribers,
        messages,
        rate,
    }
}

/// One technique, one number of subscribers, everybody who can, the limit first.
pub struct FanOut {
    pub group: &'static Group,
    pub subscribers: usize,
    pub runs: Vec<Run>,
}

impl FanOut {
    /// What was measured of it, unless it failed.
    pub fn figures(&self, peer: Peer) -> Option<&Figures> {
        let (_, outcome) = self.runs.iter().find(|(of, _)| *of == peer)?;
        outcome.as_ref().ok()
    }

    /// How many times the limit's time it took.
    pub fn ratio(&self, peer: Peer) -> Option<f64> {
        let limit = self.figures(Peer::Limit)?.last_ms();
        Some(self.figures(peer)?.last_ms() / limit)
    }

    /// Resident KiB for each connection.
    pub fn kib(&self, peer: Peer) -> Option<f64> {
        self.figures(peer)?.kib()
    }
}

/// 100 subscribers, and as many messages as go through.
pub struct Flood {
    pub technique: &'static str,
    pub publishers: usize,
    pub runs: Vec<Run>,
}

/// All that was measured.
pub struct Results {
    pub fan_outs: Vec<FanOut>,
    pub floods: Vec<Flood>,
    pub short_polls: Vec<Run>,
}

impl Results {
    /// Takes as long as it takes; what fails is reported, and the next run follows.
    pub fn measure(extent: &Extent, programs: &Programs) -> Results {
        let mut fan_outs = Vec::new();
        for crowd in extent.crowds {
            for group in &GROUPS {
                fan_outs.push(fan_out(group, crowd, extent.passes, programs));
            }
        }
        let mut floods = Vec::new();
        for technique in extent.floods {
            for publishers in extent.publishers {
                floods.push(flood(technique, *publishers, extent, programs));
            }
        }
        let polled = [Peer::Ours, Peer::Axum, Peer::Node, Peer::Nginx];
        let short_polls = polled.map(|peer| {
            let outcome = load::short_polls(peer, extent.seconds, programs);
            say("short polls", peer, &outcome, |f| {
                format!("{:.0} a second", f.polls_per_second)
            });
            (peer, outcome)
        });
        Results {
            fan_outs,
            floods,
            short_polls: short_polls.into(),
        }
    }
}

fn fan_out(group: &'static Group, crowd: &Crowd, passes: usize, programs: &Programs) -> FanOut {
    let subscribers = crowd.subscribers;
    let mut runs: Vec<Run> = Vec::new();
    for _ in 0..passes {
        for peer in Peer::ALL {
            let Some(technique) = group.technique(peer) else {
                continue;
            };
            let load = Load::fan_out(technique, crowd);
            let outcome = load::measure(peer, &load, programs);
            let what = format!("{}, {subscribers}", group.name);
            say(&what, peer, &outcome, |f| format!("{:.2} ms", f.last_ms()));
            match runs.iter_mut().find(|(of, _)| *of == peer) {
                Some((_, best)) if better(&outcome, best) => *best = outcome,
                Some(_) => {}
                None => runs.push((peer, outcome)),
            }
        }
    }
    FanOut {
        group,
        subscribers,
        runs,
    }
}

/// Whether a run took less time than the best before it. One that failed counts, whatever
/// came of the others.
fn better(outcome: &Outcome, best: &Outcome) -> bool {
    match (outcome, best) {
        (Ok(figures), Ok(best)) => figures.last_ms() < best.last_ms(),
        (Err(_), Ok(_)) => true,
        (_, Err(_)) => false,
    }
}

/// Messages of the first, short flood, which tells how long a long one must be.
const TRIAL: usize = 300;
/// Messages of the longest.
const MOST: usize = 200_000;

fn flood(
    technique: &'static str,
    publishers: usize,
    extent: &Extent,
    programs: &Programs,
) -> Flood {
    let speaks = |peer: &Peer| peer.techniques().contains(&technique);
    let run = |peer: Peer| {
        let outcome = Server::start(peer, programs).and_then(|server| {
            let trial = Load::flood(technique, publishers, TRIAL);
            let trial = load::run(&server, &trial, programs)?.right()?;
            let messages = trial.deliveries_per_second / 100.0 * extent.seconds as f64;
            let messages = (messages as usize).clamp(TRIAL, MOST);
            let load = Load::flood(technique, publishers, messages);
            load::run(&server, &load, programs)?.right()
        });
        let what = format!("{technique}, {publishers} publishers");
        say(&what, peer, &outcome, |f| {
            format!("{:.0} deliveries a second", f.deliveries_per_second)
        });
        (peer, outcome)
    };
    Flood {
        technique,
        publishers,
        runs: Peer::ALL.into_iter().filter(speaks).map(run).collect(),
    }
}

/// A line for whoever waits.
fn say(what: &str, peer: Peer, outcome: &Outcome, figure: impl Fn(&Figures) -> String) {
    let figure = match outcome {
        Ok(figures) => figure(figures),
        Err(why) => format!("failed: {why}"),
    };
    println!("{what}, {}: {figure}", peer.name());
}
