//! Monotonic time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Monotonic time in nanoseconds since some fixed moment in the past.
pub trait Clock {
    /// Now; never less than before.
    fn now_ns(&self) -> u64;

    /// Sleeps until `ns` (not at all when that has passed) and returns the time of waking, `ns` or later.
    fn sleep_until(&mut self, ns: u64) -> u64;

    /// Waits for `ns` without giving the CPU away, and returns the time then, `ns` or later; for the last microseconds
    /// of a wait only.
    fn spin_until(&mut self, ns: u64) -> u64 {
        self.sleep_until(ns)
    }

    /// Time that the calling thread has spent computing, in nanoseconds from some fixed start; `None` when unknown.
    fn cpu_ns(&self) -> Option<u64> {
        None
    }
}

/// The machine's monotonic clock.
///
/// On Linux it sleeps with `clock_nanosleep` to an absolute time, so that neither a signal nor the time between reading
/// the clock and falling asleep adds to the period.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveClock;

#[cfg(target_os = "linux")]
impl Clock for LiveClock {
    fn now_ns(&self) -> u64 {
        read_ns(libc::CLOCK_MONOTONIC)
    }

    fn cpu_ns(&self) -> Option<u64> {
        Some(read_ns(libc::CLOCK_THREAD_CPUTIME_ID))
    }

    fn spin_until(&mut self, ns: u64) -> u64 {
        let mut now = self.now_ns();
        // A look at the clock takes several nanoseconds, so that time ends this first; were the clock to stand still,
        // the number of looks would.
        let mut looks = ns.saturating_sub(now);
        while now < ns && looks > 0 {
            std::hint::spin_loop();
            now = self.now_ns();
            looks -= 1;
        }
        now
    }

    fn sleep_until(&mut self, ns: u64) -> u64 {
        let until = libc::timespec {
            tv_sec: (ns / NS_PER_S) as libc::time_t,
            tv_nsec: (ns % NS_PER_S) as _,
        };
        loop {
            // SAFETY: `until` is a valid timespec, and with an absolute time the remainder may be null.
            let error = unsafe {
                libc::clock_nanosleep(
                    libc::CLOCK_MONOTONIC,
                    libc::TIMER_ABSTIME,
                    &until,
                    std::ptr::null_mut(),
                )
            };
            match error {
                0 => return self.now_ns(),
                // A signal woke it; the time to sleep until is absolute, so sleeping again is all there is to do.
                libc::EINTR => {}
                _ => unreachable!("clock_nanosleep refused a valid time: error {error}"),
            }
        }
    }
}

#[cfg(target_os = "linux")]
const NS_PER_S: u64 = 1_000_000_000;

/// Reads a clock that every Linux has and that starts at 0 with the machine or the thread.
#[cfg(target_os = "linux")]
fn read_ns(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a timespec that the call may write.
    let outcome = unsafe { libc::clock_gettime(clock, &mut now) };
    assert_eq!(outcome, 0, "clock {clock} cannot be read");
    // Neither part is negative, and 2^64 ns are 584 years.
    now.tv_sec as u64 * NS_PER_S + now.tv_nsec as u64
}

/// Elsewhere (a maintainer's laptop) `std` has to do: good enough to look around, not to control.
#[cfg(not(target_os = "linux"))]
impl Clock for LiveClock {
    fn now_ns(&self) -> u64 {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }

    fn sleep_until(&mut self, ns: u64) -> u64 {
        loop {
            let now = self.now_ns();
            if now >= ns {
                return now;
            }
            std::thread::sleep(std::time::Duration::from_nanos(ns - now));
        }
    }
}

/// A clock whose time passes only when it is told to: by sleeping, or with [`VirtualClock::advance_ns`].
///
/// Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    now_ns: Arc<AtomicU64>,
    /// Part of the time that passed by computing.
    cpu_ns: Arc<AtomicU64>,
    /// Added to the next wake-up, then 0 again.
    oversleep_ns: Arc<AtomicU64>,
}

impl VirtualClock {
    /// A clock that shows `start_ns`.
    pub fn new(start_ns: u64) -> Self {
        Self {
            now_ns: Arc::new(AtomicU64::new(start_ns)),
            cpu_ns: Arc::default(),
            oversleep_ns: Arc::default(),
        }
    }

    /// Lets time pass, as computing does.
    pub fn advance_ns(&self, ns: u64) {
        self.now_ns.fetch_add(ns, Ordering::Relaxed);
        self.cpu_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Lets time pass in which the thread wants to compute but is not let.
    pub fn preempt_ns(&self, ns: u64) {
        self.now_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Makes the next sleep end so much too late.
    pub fn oversleep_once_ns(&self, ns: u64) {
        self.oversleep_ns.store(ns, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }

    fn sleep_until(&mut self, ns: u64) -> u64 {
        let late_ns = self.oversleep_ns.swap(0, Ordering::Relaxed);
        let woken_ns = ns.max(self.now_ns()) + late_ns;
        self.now_ns.fetch_max(woken_ns, Ordering::Relaxed);
        woken_ns
    }

    fn cpu_ns(&self) -> Option<u64> {
        Some(self.cpu_ns.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn the_live_clock_wakes_no_earlier_than_asked() {
        let mut clock = LiveClock;
        let start = clock.now_ns();
        let woken = clock.sleep_until(start + 2_000_000);
        assert!(woken >= start + 2_000_000);
        assert!(clock.now_ns() >= woken);
        let again = clock.sleep_until(start);
        assert!(again >= woken, "the past is no reason to go back");
    }

    #[test]
    fn spinning_ends_at_the_time_or_at_once() {
        let mut clock = LiveClock;
        let start = clock.now_ns();
        let after = clock.spin_until(start + 50_000);
        assert!(after >= start + 50_000);
        assert!(clock.spin_until(start) >= after);
        let mut clock = VirtualClock::new(7);
        assert_eq!(clock.spin_until(20), 20);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn cpu_time_passes_by_computing_only() {
        let mut clock = LiveClock;
        let before = clock.cpu_ns().unwrap();
        while clock.cpu_ns().unwrap() < before + 1_000_000 {}
        let computed = clock.cpu_ns().unwrap();
        clock.sleep_until(clock.now_ns() + 20_000_000);
        assert!(clock.cpu_ns().unwrap() - computed < 10_000_000);
    }

    #[test]
    fn virtual_time_passes_by_sleeping_and_advancing_only() {
        let mut clock = VirtualClock::new(100);
        let shown = clock.clone();
        assert_eq!(clock.sleep_until(150), 150);
        clock.advance_ns(10);
        assert_eq!(shown.now_ns(), 160);
        assert_eq!(clock.sleep_until(120), 160);
        shown.oversleep_once_ns(5);
        assert_eq!(clock.sleep_until(200), 205);
        assert_eq!(clock.sleep_until(300), 300);
        clock.preempt_ns(7);
        assert_eq!((shown.now_ns(), shown.cpu_ns()), (307, Some(10)));
    }
}
