//! One run from its first connection to its report.

use super::conversations::RunContext;
use super::failure::{Error, Failure};
use super::marker::Marker;
use super::plan::Plan;
use super::process::{Sample, percent, thread_cpu};
use super::publishers::Publishers;
use super::report::{Ending, Measured, Progress, Report, ServerSamples, publishing};
use super::subscribers::Subscribers;
use super::tally::Tally;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two reports of progress, and the longest that a turn waits.
const TELL: Duration = Duration::from_millis(100);
/// How long before its time a publisher has a message: longer than a turn.
const AHEAD: Duration = Duration::from_secs(1);
/// How long a message that comes twice is waited for, when all have come.
const LINGER: Duration = Duration::from_millis(200);
/// How long a server is left alone before it is looked at.
const QUIET: Duration = Duration::from_millis(200);
/// Open files besides the connections: those of the program, the poll, the progress.
const OTHER_FILES: u64 = 32;

/// Who is told of the progress, and may stop the run.
pub type Watch<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Does what `plan` says. Every tenth of a second `watch` is told how far it is; when that
/// breaks, the run ends with what came until then.
///
/// # Errors
/// When the plan cannot be, the server cannot be reached, or not all could subscribe. What
/// goes wrong after that stands in the report.
pub fn run(plan: &Plan, watch: Watch) -> Result<Report, Error> {
    plan.check()?;
    let needed = (plan.subscribers + plan.publishers) as u64 + OTHER_FILES;
    let limit = rlimit::increase_nofile_limit(u64::MAX)?;
    if limit < needed {
        return Err(Error::Descriptors { needed, limit });
    }
    let address = plan.base.address()?;
    let look = || plan.server_pid.map(Sample::take).transpose();
    let context = Arc::new(RunContext::new(plan, Marker::new()?));
    let mut subscribers = Subscribers::new(plan, &context, address)?;
    // The connections of a run before this one may still be ending.
    let before = settle(plan, &mut subscribers, look)?;
    join(plan, &mut subscribers, watch)?;
    let joined = settle(plan, &mut subscribers, look)?;
    let publishers = Publishers::start(plan, address, &context, subscribers.waker())?;
    let mut course = Course {
        plan,
        context: &context,
        tally: Tally::new(plan)?,
        subscribers,
        publishers,
        started: Instant::now(),
        sent: 0,
        refused: BTreeMap::new(),
    };
    let cpu = thread_cpu();
    let ending = course.go(watch);
    let elapsed = course.started.elapsed();
    let load_cpu_percent = match (cpu, thread_cpu()) {
        (Some(before), Some(after)) => Some(percent(after.saturating_sub(before), elapsed)),
        _ => None,
    };
    let after = look()?;
    let traffic = course.subscribers.traffic;
    course.linger();
    let mut errors = course.refused;
    errors.extend(course.subscribers.faults);
    let server = match (before, joined, after) {
        (Some(before), Some(joined), Some(after)) => Some(ServerSamples {
            before,
            joined,
            after,
        }),
        _ => None,
    };
    let measured = Measured {
        tally: &course.tally,
        traffic,
        seconds: elapsed.as_secs_f64(),
        errors,
        load_cpu_percent,
        server,
    };
    Ok(Report::new(plan, ending, measured))
}

/// Lets all subscribe.
fn join(plan: &Plan, subscribers: &mut Subscribers, watch: Watch) -> Result<(), Error> {
    let mut last = (0, Instant::now());
    let mut told = None;
    while subscribers.joined < plan.subscribers {
        let connected = subscribers.connect_more();
        let outcome = connected.and_then(|()| subscribers.turn(TELL, &mut |_, _, _| ()));
        let joined = subscribers.joined;
        if joined > last.0 {
            last = (joined, Instant::now());
        }
        let fault = outcome.err();
        if let Some(Failure::Status(status @ 404)) = fault {
            return Err(Error::NotThere {
                technique: plan.technique,
                path: plan.technique.path(),
                status,
            });
        }
        if fault.is_some() || last.1.elapsed() > plan.patience {
            return Err(Error::Join {
                joined,
                wanted: plan.subscribers,
                fault,
            });
        }
        let progress = Progress {
            joined,
            subscribers: plan.subscribers,
            acknowledged: 0,
            messages: plan.messages,
            deliveries: 0,
        };
        if tell(&mut told, watch, &progress).is_break() {
            return Err(Error::Cancelled);
        }
    }
    Ok(())
}

/// Waits until the server has done what it was asked for: a while, and as long as its
/// threads become more or fewer. Returns the last look at it.
fn settle(
    plan: &Plan,
    subscribers: &mut Subscribers,
    look: impl Fn() -> Result<Option<Sample>, Error>,
) -> Result<Option<Sample>, Error> {
    let threads = |sample: &Option<Sample>| sample.map(|sample| sample.threads);
    let started = Instant::now();
    let mut sample = look()?;
    loop {
        let until = Instant::now() + QUIET;
        while Instant::now() < until {
            let outcome = subscribers.turn(QUIET, &mut |_, _, _| ());
            outcome.map_err(|fault| Error::Join {
                joined: subscribers.joined,
                wanted: plan.subscribers,
                fault: Some(fault),
            })?;
        }
        let next = look()?;
        if threads(&next) == threads(&sample) || started.elapsed() > plan.patience {
            return Ok(next);
        }
        sample = next;
    }
}

/// Tells `watch` if the last time is long enough ago.
fn tell(told: &mut Option<Instant>, watch: Watch, progress: &Progress) -> ControlFlow<()> {
    if told.is_some_and(|told| told.elapsed() < TELL) {
        return ControlFlow::Continue(());
    }
    *told = Some(Instant::now());
    watch(progress)
}

/// A run after all have subscribed.
struct Course<'a> {
    plan: &'a Plan,
    context: &'a RunContext,
    tally: Tally,
    subscribers: Subscribers<'a>,
    publishers: Publishers,
    started: Instant,
    /// Messages given to the publishers.
    sent: usize,
    /// Publications that failed, by kind.
    refused: BTreeMap<String, u64>,
}

impl Course<'_> {
    fn go(&mut self, watch: Watch) -> Ending {
        self.subscribers.start();
        let mut told = None;
        loop {
            self.send_next();
            self.turn();
            if self.tally.complete() {
                return Ending::Complete;
            }
            if self.subscribers.healthy() == 0 || self.is_stalled() {
                return Ending::Stalled;
            }
            let progress = Progress {
                joined: self.subscribers.joined,
                subscribers: self.plan.subscribers,
                acknowledged: self.tally.acknowledged,
                messages: self.plan.messages,
                deliveries: self.tally.came,
            };
            if tell(&mut told, watch, &progress).is_break() {
                return Ending::Cancelled;
            }
        }
    }

    /// When message `sequence` is to be sent.
    fn due(&self, sequence: usize) -> Instant {
        self.started + Duration::from_secs_f64(sequence as f64 / self.plan.rate)
    }

    /// Gives the publishers what is due soon; or, one after another, the next, when all have
    /// the last.
    fn send_next(&mut self) {
        let soon = Instant::now() + AHEAD;
        while self.sent < self.plan.messages {
            let next = self.sent;
            let at = match self.plan.rate {
                0.0 if next > 0 && !self.tally.done_with(next - 1) => return,
                0.0 => Instant::now(),
                _ => self.due(next),
            };
            if at > soon {
                return;
            }
            self.publishers.send(next, at);
            self.sent += 1;
        }
    }

    fn turn(&mut self) {
        let tally = &mut self.tally;
        let mut deliver = |at, mark, now| tally.delivered(at, mark, now);
        // Errs only before the start.
        let _ = self.subscribers.turn(TELL, &mut deliver);
        for published in self.publishers.told.try_iter() {
            if let Err(fault) = published.outcome {
                *self.refused.entry(publishing(fault)).or_default() += 1;
            }
            let now = self.context.marker.nanoseconds(Instant::now());
            tally.published(published.sequence, published.outcome, now);
        }
    }

    /// Whether nothing came for too long, though it should.
    fn is_stalled(&self) -> bool {
        let now = Instant::now();
        let at = Duration::from_nanos(self.context.marker.nanoseconds(now));
        let came = Duration::from_nanos(self.tally.newest_at);
        let patience = self.plan.patience + self.plan.poll_interval * 2;
        let due = match self.plan.rate {
            0.0 => self.started,
            rate => {
                let passed = (now - self.started).as_secs_f64() * rate;
                self.due((passed as usize).min(self.plan.messages - 1))
            }
        };
        at.saturating_sub(came) > patience && now.saturating_duration_since(due) > patience
    }

    /// Waits a little for what may come twice.
    fn linger(&mut self) {
        let until = Instant::now() + LINGER;
        while Instant::now() < until {
            self.turn();
        }
    }
}
