//! Why connections end: one reason each, logged, and counted for `/healthz`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Declares [`Reason`] with the name of each, so that none can be forgotten.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// Why a connection ended. The first reason that was given counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason { $($(#[$doc])+ $name,)+ }

        impl Reason {
            /// Every reason, in order.
            pub const ALL: &[Reason] = &[$(Reason::$name,)+];

            /// The reason's name, as `/healthz` and the log show it.
            pub fn name(self) -> &'static str {
                match self { $(Reason::$name => stringify!($name),)+ }
            }
        }
    };
}

reasons! {
    /// The client closed it, in order.
    ClientClosed,
    /// The client, or something between, tore it down.
    Reset,
    /// The client is gone without a word, or takes nothing any more: the system
    /// gave up waiting for it (`TCP_USER_TIMEOUT`).
    PeerGone,
    /// The server said all it had to say.
    Finished,
    /// No further request came on a kept-alive connection.
    IdleTimedOut,
    /// The connection was opened and never said anything.
    NeverSpoke,
    /// A request head was not complete in time (408).
    HeadTimedOut,
    /// A request head was too large (431).
    HeadTooLarge,
    /// A request was malformed (400, 505).
    BadRequest,
    /// A body was not complete in time, or was cut short (408).
    BodyTimedOut,
    /// A body was larger than allowed, or of unknown length (413, 411).
    BodyTooLarge,
    /// Bytes waited for too long to be read by the client.
    WriteTimedOut,
    /// More messages waited for the client than an outbox may hold.
    FellBehind,
    /// A WebSocket client broke the protocol (1002, 1003, 1007, 1009).
    ProtocolError,
    /// A WebSocket client answered no ping (1011).
    PeerSilent,
    /// The browser asked for it, to see what a cut is like.
    Cut,
    /// The server went down.
    Shutdown,
    /// A fault of ours, which cost this one connection.
    Panicked,
    /// There were too many connections already, or no thread for it (503).
    Refused,
}

impl Reason {
    /// The reason behind an error of `read`.
    pub fn of_read(error: &io::Error) -> Reason {
        match error.kind() {
            ErrorKind::TimedOut => Reason::PeerGone,
            _ => Reason::Reset,
        }
    }

    /// The reason behind an error of `write`. A write that was not finished in
    /// its time is `WouldBlock` on Unix.
    pub fn of_write(error: &io::Error) -> Reason {
        match error.kind() {
            ErrorKind::WouldBlock => Reason::WriteTimedOut,
            // The system's own time-out (`TCP_USER_TIMEOUT`), or Windows' of a write.
            ErrorKind::TimedOut if cfg!(windows) => Reason::WriteTimedOut,
            ErrorKind::TimedOut => Reason::PeerGone,
            _ => Reason::Reset,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many connections ended for each reason.
#[derive(Default)]
pub struct Tally([AtomicU64; Reason::ALL.len()]);

impl Tally {
    /// Counts one end.
    pub fn count(&self, reason: Reason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The reasons that occurred, with how often.
    pub fn counts(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL
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
        let tally = Tally::default();
        for reason in Reason::ALL {
            tally.count(*reason);
        }
        tally.count(Reason::Refused);
        let counts: Vec<_> = tally.counts().collect();
        assert_eq!(counts.len(), Reason::ALL.len());
        assert!(counts.contains(&(Reason::Refused, 2)));
        assert!(counts.contains(&(Reason::ClientClosed, 1)));
    }
}
