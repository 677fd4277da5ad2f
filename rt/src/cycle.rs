//! The cyclic executive: calls a body once a period, at absolute times, and accounts for every beat that it missed.
//!
//! Beat `k` is due `k` periods after the start. The executive sleeps until the next beat, calls the body, and measures.
//! When the body takes longer than it may, or the machine wakes the thread too late, the beats that have passed are not
//! caught up with: the cycle number jumps to the next beat in the future, and the beats jumped over are counted, by
//! cause, and reported to the next call. So the number of a cycle is always the whole periods since the start.
//!
//! ```
//! use std::ops::ControlFlow;
//! use takt_rt::cycle::Executive;
//! use takt_rt::host::VirtualClock;
//!
//! let clock = VirtualClock::new(0);
//! let work = clock.clone();
//! let mut executive = Executive::new(10_000_000, clock);
//! let mut numbers = Vec::new();
//! executive.run(|start| {
//!     work.advance_ns(if start.number == 2 { 25_000_000 } else { 1_000_000 });
//!     numbers.push((start.number, start.missed()));
//!     if start.number < 6 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
//! });
//! assert_eq!(numbers, [(1, 0), (2, 0), (5, 2), (6, 0)]);
//! ```

use crate::host::Clock;
use crate::queue::latest;
use crate::timing::{Durations, Quantiles};
use std::ops::ControlFlow;

/// How often the summary is published, in nanoseconds of the executive's clock.
const PUBLISH_NS: u64 = 1_000_000_000;

/// What the body learns when it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CycleStart {
    /// Whole periods since the start (plus the first number): greater than at the last call, by 1 unless beats were
    /// missed.
    pub number: u64,
    /// Time of waking less the time slept until, in nanoseconds. A period or more means that `number` has jumped.
    pub woken_late_ns: u64,
    /// Beats since the last call that were missed because the body took too long (by the wall clock: being preempted
    /// counts).
    pub missed_by_overrun: u64,
    /// Beats since the last call that were missed because the machine woke the thread too late.
    pub missed_by_wakeup: u64,
}

impl CycleStart {
    /// Beats since the last call that were missed, for whatever reason.
    pub fn missed(&self) -> u64 {
        self.missed_by_overrun + self.missed_by_wakeup
    }
}

/// How the cycle has been doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timing {
    /// Number of the last cycle.
    pub number: u64,
    /// Wake-up latency since the start.
    pub latency: Quantiles,
    /// Execution time of the body since the start.
    pub execution: Quantiles,
    /// Wake-up latency in the last full second.
    pub latency_last_s: Quantiles,
    /// Execution time of the body in the last full second.
    pub execution_last_s: Quantiles,
    /// Beats missed since the start because the body took too long.
    pub missed_by_overrun: u64,
    /// Beats missed since the start because the machine woke the thread too late.
    pub missed_by_wakeup: u64,
}

impl Timing {
    /// Beats missed since the start, for whatever reason.
    pub fn missed(&self) -> u64 {
        self.missed_by_overrun + self.missed_by_wakeup
    }
}

/// Durations since the start, and of the current second.
#[derive(Debug)]
struct Recorded {
    total: Durations,
    second: Durations,
}

impl Recorded {
    fn new() -> Self {
        Self {
            total: Durations::new(),
            second: Durations::new(),
        }
    }

    fn record_ns(&mut self, ns: u64) {
        self.total.record_ns(ns);
        self.second.record_ns(ns);
    }
}

/// Runs a body once a period. See the [module](self).
#[derive(Debug)]
pub struct Executive<C> {
    clock: C,
    /// Greater than 0.
    period_ns: u64,
    /// Number of the beat at the time of the start.
    first_number: u64,
    latency: Recorded,
    execution: Recorded,
    timing: Timing,
    publisher: latest::Writer<Timing>,
    reader: Option<latest::Reader<Timing>>,
}

impl<C: Clock> Executive<C> {
    /// An executive that has not started. All its memory is allocated here.
    ///
    /// # Panics
    /// When the period is 0.
    pub fn new(period_ns: u64, clock: C) -> Self {
        assert!(period_ns > 0, "a cycle needs a period");
        let (publisher, reader) = latest::cell(Timing::default());
        Self {
            clock,
            period_ns,
            first_number: 0,
            latency: Recorded::new(),
            execution: Recorded::new(),
            timing: Timing::default(),
            publisher,
            reader: Some(reader),
        }
    }

    /// Numbers cycles from `number` on (the first call gets the next one), to go on where an earlier run ended.
    #[must_use]
    pub fn numbered_from(mut self, number: u64) -> Self {
        self.first_number = number;
        self.timing.number = number;
        self
    }

    /// The end at which another thread reads the figures, published once a second and when `run` returns, without
    /// disturbing the cycle. There is one; later calls return `None`.
    pub fn take_timing_reader(&mut self) -> Option<latest::Reader<Timing>> {
        self.reader.take()
    }

    /// The figures last published.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Calls `body` at every beat until it breaks; the first beat is one period from now.
    ///
    /// Makes no system calls but the clock's, and does not allocate.
    pub fn run(&mut self, mut body: impl FnMut(CycleStart) -> ControlFlow<()>) {
        let start_ns = self.clock.now_ns();
        let first_number = self.first_number;
        let period_ns = self.period_ns;
        // Beats are counted from the start here; `first_number` is added where numbers leave.
        let beat_ns = |beat: u64| start_ns.saturating_add(beat.saturating_mul(period_ns));
        let mut next = 1u64;
        let mut missed_by_overrun = 0;
        let mut missed_by_wakeup = 0;
        let mut publish_at_ns = start_ns.saturating_add(PUBLISH_NS);
        loop {
            // Sleep until the beat. When the wake-up comes beats too late, this call stands for the last one passed.
            let woken_ns = self.clock.sleep_until(beat_ns(next));
            let woken_late_ns = woken_ns.saturating_sub(beat_ns(next));
            let beat = next + woken_late_ns / period_ns;
            let call = CycleStart {
                number: first_number + beat,
                woken_late_ns,
                missed_by_overrun,
                missed_by_wakeup: missed_by_wakeup + (beat - next),
            };

            // Do the work.
            let flow = body(call);
            let done_ns = self.clock.now_ns();

            // Account for it.
            self.latency.record_ns(woken_late_ns);
            let execution_ns = done_ns.saturating_sub(woken_ns);
            self.execution.record_ns(execution_ns);
            self.timing.number = call.number;
            self.timing.missed_by_overrun += call.missed_by_overrun;
            self.timing.missed_by_wakeup += call.missed_by_wakeup;

            // The next beat is the first that is not over yet; one due at this very moment is in time.
            let earliest = done_ns.saturating_sub(start_ns).div_ceil(period_ns);
            next = earliest.max(beat + 1);
            // Of the beats missed, the body answers for those that it would have missed though woken in time.
            let missed = next - (beat + 1);
            missed_by_overrun = missed.min(execution_ns.div_ceil(period_ns).saturating_sub(1));
            missed_by_wakeup = missed - missed_by_overrun;
            debug_assert!(beat_ns(next) >= done_ns, "the next beat is in the future");

            if flow.is_break() {
                // Beats that the last call ran over are missed as well, though no call is left to be told.
                self.timing.missed_by_overrun += missed_by_overrun;
                self.timing.missed_by_wakeup += missed_by_wakeup;
                self.publish();
                return;
            }
            if done_ns >= publish_at_ns {
                self.publish();
                publish_at_ns = done_ns.saturating_add(PUBLISH_NS);
            }
        }
    }

    /// Brings the figures up to date, hands them to the reader, and begins a new second.
    fn publish(&mut self) {
        self.timing.latency = self.latency.total.quantiles();
        self.timing.execution = self.execution.total.quantiles();
        self.timing.latency_last_s = self.latency.second.quantiles();
        self.timing.execution_last_s = self.execution.second.quantiles();
        self.latency.second.clear();
        self.execution.second.clear();
        self.publisher.write(self.timing);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::host::{LiveClock, VirtualClock};
    use proptest::prelude::*;

    const PERIOD: u64 = 1_000;

    /// Runs cycles that take so long and are woken so late, one pair a cycle.
    fn run(cycles: &[(u64, u64)]) -> (Vec<CycleStart>, Timing) {
        let clock = VirtualClock::new(77);
        let outside = clock.clone();
        let mut executive = Executive::new(PERIOD, clock);
        let mut reader = executive.take_timing_reader().unwrap();
        let mut calls = Vec::new();
        outside.oversleep_once_ns(cycles[0].1);
        executive.run(|call| {
            outside.advance_ns(cycles[calls.len()].0);
            calls.push(call);
            match cycles.get(calls.len()) {
                Some((_, late_ns)) => {
                    outside.oversleep_once_ns(*late_ns);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(()),
            }
        });
        let timing = reader.get();
        assert_eq!(timing, *executive.timing());
        (calls, timing)
    }

    #[test]
    fn a_body_that_ends_exactly_at_the_beat_misses_nothing() {
        let (calls, timing) = run(&[(PERIOD, 0), (PERIOD + 1, 0), (3 * PERIOD, 0), (0, 0)]);
        let numbers: Vec<_> = calls
            .iter()
            .map(|c| (c.number, c.missed_by_overrun))
            .collect();
        assert_eq!(numbers, [(1, 0), (2, 0), (4, 1), (7, 2)]);
        assert_eq!((timing.missed_by_overrun, timing.missed_by_wakeup), (3, 0));
        assert_eq!(timing.execution.max_ns, 3 * PERIOD);
    }

    #[test]
    fn a_late_wakeup_jumps_to_the_beat_that_has_passed() {
        let (calls, timing) = run(&[(1, 999), (10, 999), (10, 1000), (10, 3500), (10, 0)]);
        let numbers: Vec<_> = calls
            .iter()
            .map(|c| (c.number, c.missed_by_wakeup))
            .collect();
        // Woken 999 late and 10 at work, the second call runs into the next beat.
        assert_eq!(numbers, [(1, 0), (2, 0), (5, 2), (9, 3), (10, 0)]);
        assert_eq!((timing.missed_by_overrun, timing.missed_by_wakeup), (0, 5));
        assert_eq!(timing.latency.max_ns, 3500);
    }

    #[test]
    fn what_the_last_call_ran_over_is_counted() {
        let (_, timing) = run(&[(10, 0), (2 * PERIOD + 1, 0)]);
        assert_eq!((timing.number, timing.missed()), (2, 2));
    }

    #[test]
    fn numbers_go_on_from_an_earlier_run() {
        let mut executive = Executive::new(PERIOD, VirtualClock::new(0)).numbered_from(41);
        let mut number = 0;
        executive.run(|call| {
            number = call.number;
            ControlFlow::Break(())
        });
        assert_eq!((number, executive.timing().number), (42, 42));
        assert!(executive.take_timing_reader().is_some());
        assert!(executive.take_timing_reader().is_none());
    }

    #[test]
    fn the_last_second_is_published_apart_from_the_whole() {
        let clock = VirtualClock::new(0);
        let outside = clock.clone();
        let mut executive = Executive::new(PUBLISH_NS / 4, clock);
        let mut reader = executive.take_timing_reader().unwrap();
        let mut seen = Vec::new();
        executive.run(|call| {
            if reader.refresh() {
                seen.push(reader.get());
            }
            outside.advance_ns(if call.number <= 4 { 900 } else { 100 });
            match call.number {
                12 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        // Published at the ends of cycles 4 and 8 or 9, and at the end.
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].number, 4);
        assert_eq!(seen[0].execution_last_s.max_ns, 900);
        assert_eq!(seen[1].execution_last_s.max_ns, 100);
        assert_eq!(seen[1].execution.max_ns, 900);
        assert_eq!(reader.get().execution.count, 12);
    }

    #[test]
    fn it_runs_on_the_live_clock() {
        let mut executive = Executive::new(500_000, LiveClock);
        let mut last = 0;
        executive.run(|call| {
            assert!(call.number > last);
            assert_eq!(call.number, last + 1 + call.missed());
            last = call.number;
            match last {
                20.. => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        let timing = executive.timing();
        assert_eq!(timing.execution.count + timing.missed(), timing.number);
    }

    proptest! {
        #[test]
        fn every_beat_is_a_call_or_a_counted_miss(
            cycles in prop::collection::vec((0..5 * PERIOD, prop_oneof![Just(0), 0..4 * PERIOD]), 1..60)
        ) {
            // The executive's arithmetic again, as a walk from beat to beat.
            let (calls, timing) = run(&cycles);
            prop_assert_eq!(calls.len(), cycles.len());
            let mut now = 0;
            let (mut last, mut worked) = (0, 0);
            for (call, (took, late)) in calls.iter().zip(&cycles) {
                let mut beat = last + 1;
                let (mut overrun, mut wakeup) = (0, 0);
                while beat * PERIOD < now {
                    if last * PERIOD + worked > beat * PERIOD {
                        overrun += 1;
                    } else {
                        wakeup += 1;
                    }
                    beat += 1;
                }
                now = beat * PERIOD + late;
                while (beat + 1) * PERIOD <= now {
                    beat += 1;
                    wakeup += 1;
                }
                prop_assert_eq!(*call, CycleStart {
                    number: beat,
                    woken_late_ns: *late,
                    missed_by_overrun: overrun,
                    missed_by_wakeup: wakeup,
                });
                prop_assert_eq!(call.number, now / PERIOD);
                now += took;
                worked = *took;
                last = beat;
            }
            prop_assert_eq!(timing.latency.count, calls.len() as u64);
            let reported: u64 = calls.iter().map(CycleStart::missed).sum();
            prop_assert!(timing.missed() >= reported);
        }
    }
}
