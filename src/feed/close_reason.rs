//! Why connections end: one reason each, logged, and counted for `/healthz`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Declares [`CloseReason`] with the name of each, so that none can be forgotten.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// Why a connection ended. The first reason that was given counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CloseReason { $($(#[$doc])+ $name,)+ }

        impl CloseReason {
            /// Every reason, in order.
            pub const ALL: &[CloseReason] = &[$(CloseReason::$name,)+];

            /// The reason's name, as `/healthz` and the log show it.
            pub fn name(self) -> &'static str {
                match self { $(CloseReason::$name => stringify!($name),)+ }
            }
        }
    };
}

reasons! {
    /// The client closed it, in order.
    ClientClosed,
    /// The client, or something between, tore it down.
    Reset,
    /// The client is gone without a word, or takes nothing any more: TCP gave up
    /// waiting for it (`TCP_USER_TIMEOUT`, where there is one).
    TcpTimeout,
    /// The server said all it had to say.
    Finished,
    /// No further request came on a kept-alive connection.
    IdleTimedOut,
    /// The connection was opened, and no request came.
    NoRequest,
    /// A request head was not complete in time (408).
    HeadTimedOut,
    /// A request head was too large (431).
    HeadTooLarge,
    /// A request was malformed (400, 505).
    BadRequest,
    /// A body was not complete in time (408), or was cut short (400).
    BodyIncomplete,
    /// A body was larger than allowed, or of unknown length (413, 411).
    BodyTooLarge,
    /// Bytes waited for too long to be read by the client.
    WriteTimedOut,
    /// More messages or bytes waited for the client than an outbox may hold; or there
    /// was no thread to drain them.
    SlowConsumer,
    /// A WebSocket client broke the protocol (1002, 1003, 1007, 1009).
    ProtocolError,
    /// A client answered no ping (WebSocket: 1011).
    PongTimeout,
    /// The browser asked for it, to see what a cut is like.
    Cut,
    /// The server went down.
    Shutdown,
    /// A fault of ours, which cost this one connection.
    Panicked,
    /// There were too many connections already, or no thread for it (503).
    Overloaded,
}

impl CloseReason {
    /// The reason behind an error of `read`.
    pub fn of_read(error: &io::Error) -> CloseReason {
        match error.kind() {
            ErrorKind::TimedOut => CloseReason::TcpTimeout,
            _ => CloseReason::Reset,
        }
    }

    /// The reason behind an error of `write`. A write that was not finished in
    /// its time is `WouldBlock` on Unix.
    pub fn of_write(error: &io::Error) -> CloseReason {
        match error.kind() {
            ErrorKind::WouldBlock => CloseReason::WriteTimedOut,
            // The system's own time-out (`TCP_USER_TIMEOUT`), or Windows' of a write.
            ErrorKind::TimedOut if cfg!(windows) => CloseReason::WriteTimedOut,
            ErrorKind::TimedOut => CloseReason::TcpTimeout,
            _ => CloseReason::Reset,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many connections ended for each reason.
#[derive(Default)]
pub struct CloseCounters([AtomicU64; CloseReason::ALL.len()]);

impl CloseCounters {
    /// Counts one end.
    pub fn count(&self, reason: CloseReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The reasons that occurred, with how often.
    pub fn counts(&self) -> impl Iterator<Item = (CloseReason, u64)> {
        CloseReason::ALL
            .iter()
            .map(|reason| (*reason, self.0[*reason as usize].load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter() {
        let counters = CloseCounters::default();
        for reason in CloseReason::ALL {
            counters.count(*reason);
        }
        counters.count(CloseReason::Overloaded);
        let counts: Vec<_> = counters.counts().collect();
        assert_eq!(counts.len(), CloseReason::ALL.len());
        assert!(counts.contains(&(CloseReason::Overloaded, 2)));
        assert!(counts.contains(&(CloseReason::ClientClosed, 1)));
    }
}
