//! What the server's process costs, and the load program itself, from `/proc` (Linux).

use super::failure::Error;
use std::time::{Duration, Instant};

/// Units of CPU time in `/proc/PID/stat`: `USER_HZ`, 100 wherever Rust's Linux runs.
const TICK: Duration = Duration::from_millis(10);

/// One look at a process.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Bytes of memory that are resident.
    pub resident: u64,
    /// Threads.
    pub threads: u64,
    /// CPU time since it began.
    pub cpu: Duration,
    /// When this was.
    pub at: Instant,
}

impl Sample {
    /// Looks at process `pid`.
    ///
    /// # Errors
    /// [`Error::Process`] when there is none, or this is not Linux.
    pub fn take(pid: u32) -> Result<Sample, Error> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&path).map_err(|error| {
                let why = format!("no process {pid} to look at (needs Linux): {path}: {error}");
                Error::Process(why)
            })
        };
        let sample = parse(&read("status")?, &read("stat")?);
        sample.ok_or_else(|| Error::Process(format!("process {pid} is not as Linux shows one")))
    }

    /// Its share of one core since `before`, in percent.
    pub fn cpu_percent_since(&self, before: &Sample) -> f64 {
        let wall = self.at.saturating_duration_since(before.at);
        percent(self.cpu.saturating_sub(before.cpu), wall)
    }
}

/// `part` of `whole`, in percent.
pub fn percent(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() {
        return 0.0;
    }
    100.0 * part.as_secs_f64() / whole.as_secs_f64()
}

/// CPU time of the calling thread. None where there is no `/proc`.
pub fn thread_cpu() -> Option<Duration> {
    cpu(&std::fs::read_to_string("/proc/thread-self/stat").ok()?)
}

fn parse(status: &str, stat: &str) -> Option<Sample> {
    let field = |name: &str| -> Option<u64> {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse().ok()
    };
    Some(Sample {
        resident: field("VmRSS:")? * 1024,
        threads: field("Threads:")?,
        cpu: cpu(stat)?,
        at: Instant::now(),
    })
}

fn cpu(stat: &str) -> Option<Duration> {
    // The program's name stands in brackets and may hold anything. Behind it the 12th and
    // 13th are the time in user space and in the kernel (proc_pid_stat(5): 14 and 15).
    let (_, behind) = stat.rsplit_once(')')?;
    let mut times = behind.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some(TICK * user.checked_add(system)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let status = "Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t    1024 kB\nThreads:\t7\n";
        let stat = "5 (a) b) R 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 7 0";
        let sample = parse(status, stat).expect("a process");
        assert_eq!((sample.resident, sample.threads), (1024 * 1024, 7));
        assert_eq!(sample.cpu, Duration::from_secs(3));
        assert!(parse("", stat).is_none() && parse(status, "5 (a) R").is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_there_and_another_is_not() {
        let sample = Sample::take(std::process::id()).expect("this process");
        assert!(sample.threads > 0 && sample.resident > 0);
        assert!(matches!(Sample::take(u32::MAX), Err(Error::Process(_))));
    }
}
