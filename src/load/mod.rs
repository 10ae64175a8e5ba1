//! A load program: many subscribers of one technique, messages, and what came of them.
//!
//! It stands beside the server and uses none of its rooms, so it can load any server that
//! speaks the contract: `cargo run --release --bin load -- http://localhost:3000`. The
//! delays that it measures are by one clock, for publisher and subscribers are one process.
//!
//! ```text
//! publishers   a thread each   POST /publish {"data":"MARK…"} ─┐
//!                                                             server
//! subscribers  one thread      poll, stream or socket  ←MARK──┘
//! ```
//!
//! A [`Plan`] says what is to be done, [`run()`] does it, a [`Report`] says what was measured.
//! `conversations/` has what each technique says, without I/O; `subscribers.rs` the sockets;
//! `marker.rs` how a message is known again; `tally.rs` what counts as lost, doubled and out
//! of order.

mod answer;
mod conversations;
mod failure;
mod held;
mod marker;
mod plan;
mod process;
mod publishers;
mod report;
mod run;
mod subscribers;
pub mod table;
mod tally;

pub use failure::{Error, Failure};
pub use marker::MARK;
pub use plan::{BaseUrl, Plan, Technique};
pub use process::Sample;
pub use report::{Delay, Ending, LastDelivery, Progress, Report, ServerCost};
pub use run::run;
