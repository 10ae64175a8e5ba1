//! Reports as plain text: three small tables, a row for each technique.

use super::report::{Ending, Report, ServerCost};

/// The tables, and a line for everything that was not as it should be.
pub fn tables(reports: &[Report]) -> String {
    let mut text = table(
        &[
            "what came",
            "subscribers",
            "messages",
            "taken",
            "deliveries",
            "complete",
            "lost",
            "doubled",
            "out of order",
            "seconds",
        ],
        reports,
        |report| {
            vec![
                report.subscribers.to_string(),
                report.messages.to_string(),
                report.acknowledged.to_string(),
                report.deliveries.to_string(),
                format!("{} %", rounded_down(report.complete_percent)),
                report.lost.to_string(),
                report.doubled.to_string(),
                report.out_of_order.to_string(),
                format!("{:.2}", report.seconds),
            ]
        },
    );
    text += &table(
        &[
            "delay in ms",
            "p50",
            "p90",
            "p99",
            "p99.9",
            "max",
            "last one: median",
            "p99",
            "max",
        ],
        reports,
        |report| {
            let (delay, last) = (&report.delay, &report.last_delivery);
            let times = [
                delay.p50_ms,
                delay.p90_ms,
                delay.p99_ms,
                delay.p999_ms,
                delay.max_ms,
                last.median_ms,
                last.p99_ms,
                last.max_ms,
            ];
            times.iter().map(|ms| format!("{ms:.2}")).collect()
        },
    );
    text += &table(
        &[
            "at what cost",
            "deliveries/s",
            "polls/s",
            "requests",
            "bytes up",
            "bytes down",
            "load's CPU",
            "server's CPU",
            "KiB/conn",
            "threads/conn",
        ],
        reports,
        |report| {
            let server =
                |of: fn(&ServerCost) -> String| report.server.as_ref().map_or("-".to_owned(), of);
            vec![
                format!("{:.0}", report.deliveries_per_second),
                format!("{:.0}", report.polls_per_second),
                report.requests.to_string(),
                format!("{:.0}", report.bytes_up_per_delivery),
                format!("{:.0}", report.bytes_down_per_delivery),
                report
                    .load_cpu_percent
                    .map_or("-".to_owned(), |share| format!("{share:.0} %")),
                server(|cost| format!("{:.0} %", cost.cpu_percent)),
                server(|cost| format!("{:.1}", cost.resident_bytes_per_connection / 1024.0)),
                server(|cost| format!("{:.2}", cost.threads_per_connection)),
            ]
        },
    );
    text + &notes(reports)
}

fn notes(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        let technique = report.technique;
        for (kind, count) in &report.errors {
            text += &format!("{technique}: {count} × {kind}\n");
        }
        let ending = match report.ending {
            Ending::Complete => None,
            Ending::Stalled => Some("nothing came any more; this is what came until then"),
            Ending::Cancelled => Some("stopped before its end"),
        };
        if let Some(ending) = ending {
            text += &format!("{technique}: {ending}\n");
        }
        if report.load_was_the_bottleneck {
            text += &format!("{technique}: the load program was the bottleneck\n");
        }
    }
    text
}

/// Not everything is never 100 %.
fn rounded_down(percent: f64) -> f64 {
    (percent * 100.0).floor() / 100.0
}

/// The first column, the technique, is aligned to the left, all others to the right.
fn table(head: &[&str], reports: &[Report], cells: impl Fn(&Report) -> Vec<String>) -> String {
    let mut rows = vec![
        head.iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    ];
    rows.extend(reports.iter().map(|report| {
        let mut row = vec![report.technique.to_string()];
        row.extend(cells(report));
        row
    }));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match at {
                0 => text += &format!("{cell:<width$}"),
                _ => text += &format!("  {cell:>width$}"),
            }
        }
        text.push('\n');
    }
    text + "\n"
}
