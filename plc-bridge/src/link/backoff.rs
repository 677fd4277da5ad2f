//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// Wait after the first failure.
const SHORTEST: Duration = Duration::from_millis(100);
/// Wait after many failures.
const LONGEST: Duration = Duration::from_secs(2);

/// Doubles from 0.1 s to 2 s. There is no jitter: links poll at staggered times anyway, and the same failures lead to
/// the same attempts.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// The wait after one more failure.
    pub(crate) fn failed(&mut self) -> Duration {
        let wait = self.next;
        self.next = (self.next * 2).min(LONGEST);
        wait
    }

    /// The link was up: the next failure is the first again.
    pub(crate) fn succeeded(&mut self) {
        self.next = SHORTEST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_bound_and_starts_again() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..7).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        backoff.succeeded();
        assert_eq!(backoff.failed(), SHORTEST);
    }
}
