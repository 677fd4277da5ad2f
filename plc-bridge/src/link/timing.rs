//! Periods and limits of a link.

use std::time::Duration;
use takt_maps::Control;
use tokio::time::Instant;

/// Periods and limits of a link.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between polls.
    pub(crate) period: Duration,
    /// Of the first poll after the start, in whole milliseconds: links take turns instead of polling all at once.
    pub(crate) phase: Duration,
    /// Without a report for so long, a link is dead.
    pub(crate) link_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
}

/// A poll that comes no later than this after its time does not move the next one.
const LATE: Duration = Duration::from_millis(5);

impl Timing {
    /// The timing of link `index` of `links`. A request may take half of the link time-out, so that one answer that
    /// is lost does not kill a link.
    pub fn new(control: &Control, index: usize, links: usize) -> Self {
        let period_ms = u64::from(control.transfer_ms.max(1));
        let link_timeout = Duration::from_millis(u64::from(control.link_timeout_ms.max(1)));
        let phase_ms = period_ms * index as u64 / links.max(1) as u64;
        Self {
            period: Duration::from_millis(period_ms),
            phase: Duration::from_millis(phase_ms),
            link_timeout,
            connect_timeout: link_timeout.clamp(Duration::from_millis(100), Duration::from_secs(2)),
            request_timeout: (link_timeout / 2).max(Duration::from_millis(20)),
        }
    }

    /// When to poll after the poll that was due at `due` and done at `now`, as tokio's interval decides it when it
    /// skips what was missed.
    pub(crate) fn next_poll(&self, due: Instant, now: Instant) -> Instant {
        if now <= due + LATE {
            return due + self.period;
        }
        let late = now.duration_since(due).as_nanos() % self.period.as_nanos();
        now + self.period - Duration::from_nanos(late as u64)
    }
}
