//! How long the phases of a step take: measured as it goes through them, and held against their shares of the budget.

use takt_rt::host::{Clock, LiveClock};
use takt_rt::timing::{Durations, Quantiles};

use crate::controller::Phase;

/// Number of phases.
pub(super) const PHASES: usize = Phase::ALL.len();

/// Times of the phases, of this cycle and in all.
///
/// Read off the monotonic clock, which costs some ten nanoseconds a phase and no system call; whether the cycle as a
/// whole exceeded its budget is judged by the thread's CPU time, once.
#[derive(Debug)]
pub(super) struct PhaseTimes<C = LiveClock> {
    clock: C,
    /// CPU time that a cycle may take.
    budget_ns: u64,
    now: Phase,
    since_ns: u64,
    /// Of this cycle, or of the last one between two.
    spent_ns: [u64; PHASES],
    recorded: [Durations; PHASES],
}

impl<C: Clock> PhaseTimes<C> {
    /// Nothing measured yet; all memory is allocated here.
    pub(super) fn new(clock: C, budget_ns: u64) -> Self {
        Self {
            clock,
            budget_ns,
            now: Phase::Inputs,
            since_ns: 0,
            spent_ns: [0; PHASES],
            recorded: std::array::from_fn(|_| Durations::new()),
        }
    }

    /// A cycle begins, with its inputs.
    pub(super) fn start(&mut self) {
        self.spent_ns = [0; PHASES];
        self.now = Phase::Inputs;
        self.since_ns = self.clock.now_ns();
    }

    /// Another phase begins.
    #[inline]
    pub(super) fn enter(&mut self, phase: Phase) {
        let at_ns = self.clock.now_ns();
        self.spent_ns[self.now as usize] += at_ns.saturating_sub(self.since_ns);
        self.now = phase;
        self.since_ns = at_ns;
    }

    /// The cycle ends.
    pub(super) fn finish(&mut self) {
        self.enter(Phase::Status);
        for (recorded, &ns) in self.recorded.iter_mut().zip(&self.spent_ns) {
            recorded.record_ns(ns);
        }
    }

    /// The phase of the last cycle that exceeded its share first; where none did, the one that came nearest to it.
    pub(super) fn exceeded(&self) -> Phase {
        let spent = |phase: Phase| self.spent_ns[phase as usize];
        // Times a hundred, so that nothing is rounded.
        let over = |phase: Phase| spent(phase) * 100 > self.budget_ns * phase.share_percent();
        let first = Phase::ALL.into_iter().find(|&phase| over(phase));
        let nearest = Phase::ALL
            .into_iter()
            .max_by_key(|&phase| spent(phase) * 100 / phase.share_percent());
        first.or(nearest).unwrap_or(Phase::Inputs)
    }

    /// Times since the start, in the order of [`Phase::ALL`].
    pub(super) fn quantiles(&self) -> [Quantiles; PHASES] {
        std::array::from_fn(|i| self.recorded[i].quantiles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_rt::host::VirtualClock;

    /// Goes through a step whose phases take so long, in nanoseconds; the budget is 1,000.
    fn cycle(took: [u64; PHASES]) -> PhaseTimes<VirtualClock> {
        let clock = VirtualClock::new(0);
        let mut times = PhaseTimes::new(clock.clone(), 1_000);
        for _ in 0..2 {
            times.start();
            for (phase, ns) in Phase::ALL.into_iter().zip(took) {
                times.enter(phase);
                clock.advance_ns(ns);
            }
            times.finish();
        }
        times
    }

    #[test]
    fn shares_are_the_whole() {
        let shares: u64 = Phase::ALL.iter().map(|p| p.share_percent()).sum();
        assert_eq!(shares, 100);
        assert!(Phase::ALL.iter().enumerate().all(|(i, &p)| p as usize == i));
    }

    #[test]
    fn the_first_phase_over_its_share_is_named() {
        assert_eq!(
            cycle([300, 100, 101, 900, 0, 0, 0]).exceeded(),
            Phase::Devices
        );
        assert_eq!(cycle([10, 0, 0, 0, 0, 0, 990]).exceeded(), Phase::Status);
        // In its budget: not asked for, and answered all the same.
        assert_eq!(cycle([10, 0, 0, 0, 99, 0, 0]).exceeded(), Phase::Questions);
    }

    #[test]
    fn every_cycle_is_recorded() {
        let times = cycle([1, 2, 3, 4, 5, 6, 7]);
        let quantiles = times.quantiles();
        assert!(
            quantiles
                .iter()
                .zip(1..)
                .all(|(q, ns)| q.count == 2 && q.max_ns == ns)
        );
    }
}
