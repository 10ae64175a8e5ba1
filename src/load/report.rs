//! What a run measured, for people's programs (JSON) and for [`super::table`].

use super::failure::Failure;
use super::plan::{Plan, Technique};
use super::process::Sample;
use super::subscribers::Traffic;
use super::tally::Tally;
use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Above this share of one core the load program may have been slower than the server.
const BUSY: f64 = 80.0;

/// How far a run is, told every tenth of a second.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// Connections that have subscribed.
    pub joined: usize,
    /// Connections that are to.
    pub subscribers: usize,
    /// Messages that the server took.
    pub acknowledged: usize,
    /// Messages that are published in the end.
    pub messages: usize,
    /// Deliveries of those that it took.
    pub deliveries: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Everything came that was to.
    Complete,
    /// Nothing came any more.
    Stalled,
    /// It was told to stop.
    Cancelled,
}

/// What one run measured. Times are in milliseconds, shares in percent of one core.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How messages reached the subscribers.
    pub technique: Technique,
    /// Connections that waited for messages.
    pub subscribers: usize,
    /// Messages that were to be published.
    pub messages: usize,
    /// Bytes of each message's data.
    pub payload_bytes: usize,
    /// Messages a second; 0: one after another.
    pub rate: f64,
    /// Connections that published.
    pub publishers: usize,
    /// From a short poll's answer to the next poll.
    pub poll_interval_ms: f64,
    /// How it ended.
    pub ending: Ending,
    /// From the first message's sending to the newest delivery.
    pub seconds: f64,
    /// Messages that the server took.
    pub acknowledged: usize,
    /// Subscribers times acknowledged.
    pub deliveries_expected: u64,
    /// Deliveries of those, each counted once.
    pub deliveries: u64,
    /// Their share.
    pub complete_percent: f64,
    /// Deliveries that did not come.
    pub lost: u64,
    /// Deliveries of what had come before.
    pub doubled: u64,
    /// Deliveries behind a later message of the same publisher.
    pub out_of_order: u64,
    /// From sending to each delivery.
    pub delay: Delay,
    /// From sending a message to its delivery to the last subscriber.
    pub last_delivery: LastDelivery,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// Polls answered a second.
    pub polls_per_second: f64,
    /// The subscribers' requests.
    pub requests: u64,
    /// What the subscribers sent, for each delivery.
    pub bytes_up_per_delivery: f64,
    /// What they received, for each delivery.
    pub bytes_down_per_delivery: f64,
    /// What went wrong, by kind.
    pub errors: BTreeMap<String, u64>,
    /// CPU share of the thread that has all subscribers, to 10 ms; of the whole run, pauses
    /// between messages included, so only with a rate of 0 it shows how busy a delivery keeps
    /// it. Linux only.
    pub load_cpu_percent: Option<f64>,
    /// Whether that was so much that the times are the load program's own.
    pub load_was_the_bottleneck: bool,
    /// What the server's process cost, where it was named.
    pub server: Option<ServerCost>,
}

/// Of delays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "percentiles, by name")]
pub struct Delay {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

/// Of each message's last delivery; of messages that reached everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "percentiles, by name")]
pub struct LastDelivery {
    pub median_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// What the server's process cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ServerCost {
    /// Resident at the end.
    pub resident_bytes: u64,
    /// How much of it came with each subscriber, before the first message. Right for the
    /// first run against a server's process: later ones get memory that it has already.
    pub resident_bytes_per_connection: f64,
    /// Threads when all had subscribed.
    pub threads: u64,
    /// How many of them came with each subscriber.
    pub threads_per_connection: f64,
    /// CPU share while messages went.
    pub cpu_percent: f64,
}

/// The looks at a server's process in a run.
pub struct ServerSamples {
    /// Before the first subscriber.
    pub before: Sample,
    /// When all had subscribed.
    pub joined: Sample,
    /// When all was over.
    pub after: Sample,
}

impl ServerSamples {
    fn cost(&self, subscribers: usize) -> ServerCost {
        let each = |before: u64, joined: u64| (joined as f64 - before as f64) / subscribers as f64;
        let ServerSamples {
            before,
            joined,
            after,
        } = self;
        ServerCost {
            resident_bytes: after.resident,
            resident_bytes_per_connection: each(before.resident, joined.resident),
            threads: joined.threads,
            threads_per_connection: each(before.threads, joined.threads),
            cpu_percent: after.cpu_percent_since(joined),
        }
    }
}

/// All that a report is made of.
pub struct Measured<'a> {
    /// What came.
    pub tally: &'a Tally,
    /// What went over the subscribers' connections, in `seconds`.
    pub traffic: Traffic,
    /// How long the run took.
    pub seconds: f64,
    /// What went wrong.
    pub errors: BTreeMap<String, u64>,
    /// CPU share of the subscribers' thread.
    pub load_cpu_percent: Option<f64>,
    /// Looks at the server.
    pub server: Option<ServerSamples>,
}

impl Report {
    /// Puts it together.
    pub fn new(plan: &Plan, ending: Ending, measured: Measured) -> Report {
        let Measured { tally, traffic, .. } = measured;
        let nanoseconds = tally.newest_at.saturating_sub(tally.first_sent);
        let seconds = nanoseconds as f64 / 1e9;
        let expected = tally.expected();
        let all = tally.delay.len();
        Report {
            technique: plan.technique,
            subscribers: plan.subscribers,
            messages: plan.messages,
            payload_bytes: plan.payload,
            rate: plan.rate,
            publishers: plan.publishers,
            poll_interval_ms: plan.poll_interval.as_secs_f64() * 1e3,
            ending,
            seconds,
            acknowledged: tally.acknowledged,
            deliveries_expected: expected,
            deliveries: tally.came,
            complete_percent: 100.0 * ratio(tally.came as f64, expected as f64),
            lost: expected - tally.came,
            doubled: tally.doubled,
            out_of_order: tally.out_of_order,
            delay: Delay {
                p50_ms: quantile(&tally.delay, 0.5),
                p90_ms: quantile(&tally.delay, 0.9),
                p99_ms: quantile(&tally.delay, 0.99),
                p999_ms: quantile(&tally.delay, 0.999),
                max_ms: quantile(&tally.delay, 1.0),
            },
            last_delivery: LastDelivery {
                median_ms: quantile(&tally.fan_out, 0.5),
                p99_ms: quantile(&tally.fan_out, 0.99),
                max_ms: quantile(&tally.fan_out, 1.0),
            },
            deliveries_per_second: ratio(all as f64, seconds),
            polls_per_second: ratio(traffic.polls as f64, measured.seconds),
            requests: traffic.requests,
            bytes_up_per_delivery: ratio(traffic.up as f64, all as f64),
            bytes_down_per_delivery: ratio(traffic.down as f64, all as f64),
            errors: measured.errors,
            load_cpu_percent: measured.load_cpu_percent,
            load_was_the_bottleneck: measured.load_cpu_percent.is_some_and(|share| share > BUSY),
            server: measured.server.map(|server| server.cost(plan.subscribers)),
        }
    }

    /// Whether all of it was published, and came once and in order.
    pub fn is_right(&self) -> bool {
        self.ending == Ending::Complete
            && self.acknowledged == self.messages
            && (self.lost, self.doubled, self.out_of_order) == (0, 0, 0)
            && self.errors.is_empty()
    }
}

/// How a publication's fault is counted, beside the subscribers'.
pub fn publishing(fault: Failure) -> String {
    format!("publishing: {fault}")
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// In milliseconds.
fn quantile(nanoseconds: &Histogram<u64>, quantile: f64) -> f64 {
    nanoseconds.value_at_quantile(quantile) as f64 / 1e6
}

impl Serialize for Technique {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
