//! Locks that a panic elsewhere does not poison.
//!
//! A fault in one connection must touch no other. Every critical section here
//! leaves its data whole at each step, so the lock of a thread that
//! panicked is simply taken over.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, whether or not another thread panicked while holding it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
