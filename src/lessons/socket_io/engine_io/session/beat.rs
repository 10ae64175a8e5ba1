//! The times of a session: pings, and what must be done by when.
//!
//! The heart's timer looks when something is due, and whoever looks a session up
//! looks first: a session is over when its time is, even if no timer has noticed.

use super::{Ended, Life, Session};
use crate::feed::Reason;
use crate::feed::conversation::close;
use crate::lessons::socket_io::codec::engine::Packet;
use crate::sync::lock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::protocol::frame::coding::CloseCode;

impl Session {
    /// A pong came: the next ping is due an interval from now.
    pub fn pong(self: &Arc<Session>) {
        let mut state = lock(&self.state);
        state.pong_by = None;
        state.next_ping = Instant::now() + self.times.ping_interval;
        drop(state);
        self.look_later();
    }

    /// The application waits for something: the session ends if
    /// [`Session::settled`] is not said within `patience`.
    pub fn must_settle_within(self: &Arc<Session>, patience: Duration) {
        lock(&self.state).settle_by = Some(Instant::now() + patience);
        self.look_later();
    }

    /// What the application waited for is there.
    pub fn settled(&self) {
        lock(&self.state).settle_by = None;
    }

    /// Does `errand` after `delay`, in a thread that may wait.
    pub fn after(&self, delay: Duration, errand: impl FnOnce() + Send + 'static) {
        let errands = self.errands.clone();
        self.heart
            .at(Instant::now() + delay, move || errands.run(errand));
    }

    /// Whether it is over at this moment, even if no timer has noticed.
    pub fn is_over(self: &Arc<Session>) -> bool {
        self.look();
        matches!(lock(&self.state).life, Life::Over(_))
    }

    /// Does what is due now.
    fn look(self: &Arc<Session>) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let late = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        match state.life {
            Life::Over(_) => return,
            Life::Ending(why, until) => {
                drop(state);
                if until <= now {
                    self.close(why);
                }
                return;
            }
            Life::Open => {}
        }
        // ANCHOR: over
        let over_at = state
            .pong_by
            .unwrap_or(state.next_ping + self.times.ping_timeout);
        if over_at <= now {
            drop(state);
            return self.close(Ended::PingTimeout);
        }
        // ANCHOR_END: over
        if late(state.settle_by) {
            drop(state);
            return self.end(Ended::ForcedServerClose);
        }
        let late_upgrade = state.upgrade.take_if(|upgrade| upgrade.until <= now);
        let ping = state.pong_by.is_none() && state.next_ping <= now;
        if ping {
            // From when it was due, whenever the timer came.
            state.pong_by = Some(state.next_ping + self.times.ping_timeout);
        }
        drop(state);
        if let Some(upgrade) = late_upgrade {
            let frame = close(CloseCode::Policy, "the upgrade took too long");
            upgrade.link.end(frame.into(), Reason::ProtocolError);
        }
        if ping {
            self.offer(&Arc::new(Packet::Ping(String::new()).into()));
        }
    }

    /// Asks the timer to look when the next thing is due.
    pub(super) fn look_later(self: &Arc<Session>) {
        let mut state = lock(&self.state);
        let due = match state.life {
            Life::Over(_) => return,
            Life::Ending(_, until) => until,
            Life::Open => {
                let upgrade = state.upgrade.as_ref().map(|upgrade| upgrade.until);
                let beat = state.pong_by.unwrap_or(state.next_ping);
                [state.settle_by, upgrade]
                    .into_iter()
                    .flatten()
                    .fold(beat, Instant::min)
            }
        };
        if state.looks_at.is_some_and(|at| at <= due) {
            return;
        }
        state.looks_at = Some(due);
        drop(state);
        let session = Arc::downgrade(self);
        self.heart.at(due, move || {
            let Some(session) = session.upgrade() else {
                return;
            };
            {
                let mut state = lock(&session.state);
                if state.looks_at != Some(due) {
                    // An earlier look was asked for meanwhile, and came.
                    return;
                }
                state.looks_at = None;
            }
            session.look();
            session.look_later();
        });
    }
}
