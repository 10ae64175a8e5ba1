//! The locks of the outbox: those of `std`. The crate that checks the outbox with
//! loom has a file of the same name with loom's.

pub use std::sync::{Condvar, Mutex, MutexGuard};
