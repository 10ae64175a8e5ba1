//! How every thread is started. Which threads there are: [`crate::architecture`].
//!
//! Each one has a name (shown by debuggers and in the log), is counted while
//! it lives (`/healthz` shows the count), and may fail to start: a system that
//! has no thread left says so with an error, and the caller decides.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};

/// Stack of a connection's thread, in bytes. Untouched stack costs no resident
/// memory. `serde_json` on JSON nested 126 deep, which is inside its own limit,
/// overflows 128 KiB in a debug build, and an overflow ends the whole process.
pub const CONNECTION_STACK: usize = 512 * 1024;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl Counted {
    fn new() -> Counted {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many threads started by [`spawn`] are alive now.
pub fn alive() -> usize {
    ALIVE.load(Ordering::Relaxed)
}

/// Starts a named thread with [`CONNECTION_STACK`] bytes of stack.
///
/// # Errors
/// When the system cannot give one more thread. `work` is dropped then.
pub fn spawn<F>(name: impl Into<String>, work: F) -> io::Result<JoinHandle<()>>
where
    F: FnOnce() + Send + 'static,
{
    // Counted before it starts, so that a thread is never seen late.
    let counted = Counted::new();
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    Builder::new()
        .name(name.into())
        .stack_size(CONNECTION_STACK)
        .spawn(move || {
            let _counted = counted;
            work();
        })
}

/// Lets the calling thread, when it is woken, wait for the one that runs: it does not
/// preempt it. For threads that answer one client, of which a thousand may be woken while
/// one thread delivers to all. Where it cannot be had, things work as before.
pub fn never_preempt() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy::Batch, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        // Of the crate's 0 to 99 this is a niceness of 0.
        const USUAL: u8 = 48;
        let set = USUAL.try_into().map(|usual| {
            set_thread_priority_and_policy(
                thread_native_id(),
                ThreadPriority::Crossplatform(usual),
                ThreadSchedulePolicy::Normal(Batch),
            )
        });
        if !matches!(set, Ok(Ok(()))) {
            log::debug!("a thread keeps the usual scheduling: {set:?}");
        }
    }
}

/// Waits for the end of a thread. That it panicked is logged, and no more: what it did
/// is over either way.
pub fn join(thread: JoinHandle<()>) {
    let name = thread
        .thread()
        .name()
        .unwrap_or("without a name")
        .to_owned();
    if thread.join().is_err() {
        log::error!("the thread {name} had panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn a_thread_is_counted_while_it_lives() {
        // More than the tests beside this one have together, whose threads come and go.
        const MANY: usize = 100;
        let (stop, stopped) = bounded::<()>(0);
        let threads = [(); MANY].map(|()| {
            let stopped = stopped.clone();
            spawn("counted", move || stopped.recv().unwrap_or(())).expect("a thread")
        });
        assert!(alive() >= MANY);
        drop(stop);
        for thread in threads {
            thread.join().expect("it ends");
        }
        assert!(alive() < MANY);
    }
}
