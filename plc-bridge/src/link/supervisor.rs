//! Whether a link is alive: it is when reports keep coming, whatever its sockets say.

use crate::messages::LinkState;
use std::time::Duration;
use tokio::time::Instant;

/// Follows one link. Each method returns the new state when it changed.
#[derive(Debug)]
pub(crate) struct Supervisor {
    state: LinkState,
    timeout: Duration,
    /// When the last report came, or the link was started.
    heard_at: Instant,
}

impl Supervisor {
    /// A link that is started now.
    pub(crate) fn new(now: Instant, timeout: Duration) -> Self {
        Self {
            state: LinkState::Connecting,
            timeout,
            heard_at: now,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == LinkState::Up
    }

    /// A report that is news: the link is up.
    pub(crate) fn heard(&mut self, now: Instant) -> Option<LinkState> {
        self.heard_at = now;
        self.change(LinkState::Up)
    }

    /// The connection is gone. A dead link stays dead, another gets until its deadline to come back.
    pub(crate) fn lost(&mut self) -> Option<LinkState> {
        match self.state {
            LinkState::Down => None,
            _ => self.change(LinkState::Connecting),
        }
    }

    /// Is the time without a report up?
    pub(crate) fn check(&mut self, now: Instant) -> Option<LinkState> {
        if now.duration_since(self.heard_at) >= self.timeout {
            self.change(LinkState::Down)
        } else {
            None
        }
    }

    /// When [`check`](Self::check) will find the link dead; `None` when it is.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        (self.state != LinkState::Down).then(|| self.heard_at + self.timeout)
    }

    fn change(&mut self, state: LinkState) -> Option<LinkState> {
        let changed = self.state != state;
        self.state = state;
        changed.then_some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMEOUT: Duration = Duration::from_millis(1_000);

    #[test]
    fn silence_kills_at_the_time_out_and_a_report_revives() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut link = Supervisor::new(start, TIMEOUT);
        assert_eq!(link.check(at(999)), None);
        assert_eq!(link.heard(at(999)), Some(LinkState::Up));
        assert_eq!(link.deadline(), Some(at(1_999)));
        assert_eq!(link.lost(), Some(LinkState::Connecting));
        assert_eq!(link.check(at(1_998)), None);
        assert_eq!(link.check(at(1_999)), Some(LinkState::Down));
        assert_eq!(link.deadline(), None);
        assert_eq!(link.lost(), None, "stays down while it tries again");
        assert_eq!(link.heard(at(5_000)), Some(LinkState::Up));
    }

    proptest! {
        /// Up means: a report in the last time-out, and no loss since.
        #[test]
        fn never_up_without_a_recent_report(events in prop::collection::vec((0u8..3, 0u64..700), 1..60)) {
            let start = Instant::now();
            let mut link = Supervisor::new(start, TIMEOUT);
            let (mut now, mut heard, mut lost) = (0, None, false);
            for (event, dt) in events {
                now += dt;
                let at = start + Duration::from_millis(now);
                link.check(at);
                match event {
                    0 => { link.heard(at); heard = Some(now); lost = false; }
                    1 => { link.lost(); lost = true; }
                    _ => {}
                }
                let fresh = heard.is_some_and(|h| now - h < 1_000);
                prop_assert_eq!(link.is_up(), fresh && !lost);
            }
        }
    }
}
