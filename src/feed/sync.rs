//! The locks that the outbox uses: those of `std`. The crate that checks the
//! outbox with loom puts loom's in their place, by a file of the same name.

pub use std::sync::{Condvar, Mutex, MutexGuard};
