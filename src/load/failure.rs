//! What went wrong with one connection, and what makes a whole run impossible.

use super::Technique;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// What went wrong with one connection. As text it is the kind that a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An answer with this status, and no good one.
    Status(u16),
    /// The server closed it.
    Ended,
    /// The server did not say it as the contract has it.
    Malformed(&'static str),
    /// The system's word.
    Io(io::ErrorKind),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error.kind())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Status(status) => write!(f, "HTTP {status}"),
            Failure::Ended => f.write_str("the server closed the connection"),
            Failure::Malformed(why) => f.write_str(why),
            Failure::Io(kind) => kind.fmt(f),
        }
    }
}

/// Why a run was not possible.
#[derive(Debug)]
pub enum Error {
    /// The plan asks for what cannot be; the text says what would be right.
    Plan(String),
    /// The base URL is none that can be loaded.
    Url(String),
    /// Nobody listens there.
    Connect {
        /// The last address that was tried.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// The server does not have the technique.
    NotThere {
        /// Which one.
        technique: Technique,
        /// What was asked for.
        path: &'static str,
        /// What it answered.
        status: u16,
    },
    /// Not all subscribers could subscribe.
    Join {
        /// So many did.
        joined: usize,
        /// So many were to.
        wanted: usize,
        /// What happened to the next; nothing, until the time was over.
        fault: Option<Failure>,
    },
    /// The system allows fewer open files.
    Descriptors {
        /// So many are needed.
        needed: u64,
        /// So many are allowed.
        limit: u64,
    },
    /// The server's process cannot be looked at.
    Process(String),
    /// The system refused something else.
    System(io::Error),
    /// It was told to stop before all had subscribed.
    Cancelled,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::System(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Plan(why) | Error::Url(why) | Error::Process(why) => f.write_str(why),
            Error::Connect { address, error } => {
                write!(
                    f,
                    "no connection to {address}: {error}; does the server run?"
                )
            }
            Error::NotThere {
                technique,
                path,
                status,
            } => write!(
                f,
                "the server does not have {technique}: it answers {path} with {status}"
            ),
            Error::Join {
                joined,
                wanted,
                fault,
            } => {
                write!(f, "only {joined} of {wanted} could subscribe: ")?;
                match fault {
                    Some(fault) => fault.fmt(f),
                    None => f.write_str("the server said nothing more in time"),
                }
            }
            Error::Descriptors { needed, limit } => write!(
                f,
                "{needed} open files are needed and only {limit} allowed; `ulimit -n {needed}` \
                 may change that"
            ),
            Error::System(error) => error.fmt(f),
            Error::Cancelled => f.write_str("stopped before all had subscribed"),
        }
    }
}

impl std::error::Error for Error {}
