//! Pings, and the other deadlines of a session: pong, connect, upgrade.
//!
//! The timer checks them when something is due, and so does whoever looks a session
//! up: a session is over when its time is, even if no timer has noticed.

use super::{DisconnectReason, ReadyState, Session};
use crate::feed::CloseReason;
use crate::feed::frames::close;
use crate::lessons::socket_io::codec::engine_io::EnginePacket;
use crate::lock::lock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::protocol::frame::coding::CloseCode;

impl Session {
    /// A pong came: the next ping is due an interval from now.
    pub fn on_pong(self: &Arc<Session>) {
        let mut state = lock(&self.state);
        state.pong_by = None;
        state.next_ping = Instant::now() + self.timeouts.ping_interval;
        drop(state);
        self.check_later();
    }

    /// The session ends if the application does not call [`Session::connected`] within
    /// `patience`.
    pub fn expect_connect_within(self: &Arc<Session>, patience: Duration) {
        lock(&self.state).connect_by = Some(Instant::now() + patience);
        self.check_later();
    }

    /// The client has connected: see [`Session::expect_connect_within`].
    pub fn connected(&self) {
        lock(&self.state).connect_by = None;
    }

    /// Runs `job` after `delay`, in a thread that may wait.
    pub fn after(&self, delay: Duration, job: impl FnOnce() + Send + 'static) {
        let jobs = self.jobs.clone();
        self.timer
            .at(Instant::now() + delay, move || jobs.push(job));
    }

    /// Whether it is over at this moment, even if no timer has noticed.
    pub fn is_over(self: &Arc<Session>) -> bool {
        self.check_deadlines();
        matches!(lock(&self.state).ready_state, ReadyState::Closed(_))
    }

    /// Does what is due now.
    fn check_deadlines(self: &Arc<Session>) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let late = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        match state.ready_state {
            ReadyState::Closed(_) => return,
            ReadyState::Closing(why, until) => {
                drop(state);
                if until <= now {
                    self.close(why);
                }
                return;
            }
            ReadyState::Open => {}
        }
        // ANCHOR: over
        let over_at = state
            .pong_by
            .unwrap_or(state.next_ping + self.timeouts.ping_timeout);
        if over_at <= now {
            drop(state);
            return self.close(DisconnectReason::PingTimeout);
        }
        // ANCHOR_END: over
        if late(state.connect_by) {
            drop(state);
            return self.end(DisconnectReason::ForcedServerClose);
        }
        let late_upgrade = state.upgrade.take_if(|upgrade| upgrade.until <= now);
        let ping = state.pong_by.is_none() && state.next_ping <= now;
        if ping {
            // From when it was due, whenever the timer came.
            state.pong_by = Some(state.next_ping + self.timeouts.ping_timeout);
        }
        drop(state);
        if let Some(upgrade) = late_upgrade {
            let frame = close(CloseCode::Policy, "the upgrade took too long");
            upgrade.writer.end(frame.into(), CloseReason::ProtocolError);
        }
        if ping {
            self.send_or_close(&Arc::new(EnginePacket::Ping(String::new()).into()));
        }
    }

    /// Asks the timer to check when the next deadline is due.
    pub(super) fn check_later(self: &Arc<Session>) {
        let mut state = lock(&self.state);
        let due = match state.ready_state {
            ReadyState::Closed(_) => return,
            ReadyState::Closing(_, until) => until,
            ReadyState::Open => {
                let upgrade = state.upgrade.as_ref().map(|upgrade| upgrade.until);
                let beat = state.pong_by.unwrap_or(state.next_ping);
                [state.connect_by, upgrade]
                    .into_iter()
                    .flatten()
                    .fold(beat, Instant::min)
            }
        };
        if state.checks_at.is_some_and(|at| at <= due) {
            return;
        }
        state.checks_at = Some(due);
        drop(state);
        let session = Arc::downgrade(self);
        self.timer.at(due, move || {
            let Some(session) = session.upgrade() else {
                return;
            };
            {
                let mut state = lock(&session.state);
                if state.checks_at != Some(due) {
                    // An earlier check was asked for meanwhile, and came.
                    return;
                }
                state.checks_at = None;
            }
            session.check_deadlines();
            session.check_later();
        });
    }
}
