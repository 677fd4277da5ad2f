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
    /// The last call computed for longer than its budget, by its own doing: time that others took does not count where
    /// the clock can tell ([`Clock::cpu_ns`]).
    pub overran: bool,
    /// Beats since the last call that were missed because the body computed too long.
    pub missed_by_overrun: u64,
    /// Beats since the last call that were missed because others had the CPU (another thread, an interrupt, another
    /// machine on the same host) while the body wanted to compute; 0 where the clock cannot tell, and overruns then
    /// count them.
    pub missed_by_preemption: u64,
    /// Beats since the last call that were missed because the machine woke the thread too late.
    pub missed_by_wakeup: u64,
}

impl CycleStart {
    /// Beats since the last call that were missed, for whatever reason.
    pub fn missed(&self) -> u64 {
        self.missed_by_overrun + self.missed_by_preemption + self.missed_by_wakeup
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
    /// CPU time of the body since the start; empty where the clock cannot tell.
    pub cpu: Quantiles,
    /// Beats missed since the start because the body computed too long.
    pub missed_by_overrun: u64,
    /// Beats missed since the start because others had the CPU.
    pub missed_by_preemption: u64,
    /// Beats missed since the start because the machine woke the thread too late.
    pub missed_by_wakeup: u64,
    /// Calls since the start that computed for longer than their budget, and cost no beat by that.
    pub over_budget: u64,
}

impl Timing {
    /// Beats missed since the start, for whatever reason.
    pub fn missed(&self) -> u64 {
        self.missed_by_overrun + self.missed_by_preemption + self.missed_by_wakeup
    }

    /// Deadlines missed since the start by the body's own doing: beats that it cost, and calls over their budget that
    /// cost none.
    pub fn own_execution(&self) -> u64 {
        self.missed_by_overrun + self.over_budget
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

/// What a call cost, found at its end and told to the next one.
#[derive(Clone, Copy, Default)]
struct Missed {
    overran: bool,
    by_overrun: u64,
    by_preemption: u64,
    by_wakeup: u64,
}

impl Missed {
    /// Divides `count` beats between the causes.
    ///
    /// Of those that would have been missed even if it had been woken in time, the body answers for as many as it would
    /// have missed with the CPU to itself, at least one if it exceeded its budget, and preemption for the others. Waking
    /// answers for the rest.
    fn attribute(
        count: u64,
        execution_ns: u64,
        cpu_ns: Option<u64>,
        budget_ns: u64,
        period_ns: u64,
    ) -> Self {
        let cpu_ns = cpu_ns.unwrap_or(execution_ns);
        let overran = cpu_ns > budget_ns;
        let missed_in = |ns: u64| ns.div_ceil(period_ns).saturating_sub(1);
        let by_body = count.min(missed_in(execution_ns));
        let by_overrun = by_body.min(missed_in(cpu_ns).max(u64::from(overran)));
        Self {
            overran,
            by_overrun,
            by_preemption: by_body - by_overrun,
            by_wakeup: count - by_body,
        }
    }
}

/// Runs a body once a period. See the [module](self).
#[derive(Debug)]
pub struct Executive<C> {
    clock: C,
    /// Greater than 0.
    period_ns: u64,
    /// CPU time that a call may take, in `1 ..= period_ns`.
    budget_ns: u64,
    /// The last part of each wait, spent spinning, less than `period_ns`.
    spin_ns: u64,
    /// Number of the beat at the time of the start.
    first_number: u64,
    latency: Recorded,
    execution: Recorded,
    cpu: Durations,
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
            budget_ns: period_ns,
            spin_ns: 0,
            first_number: 0,
            latency: Recorded::new(),
            execution: Recorded::new(),
            cpu: Durations::new(),
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

    /// Sets the CPU time that a call may take, by default (and at most) the period: more is an overrun, whether or not a
    /// beat is missed.
    #[must_use]
    pub fn budget_ns(mut self, budget_ns: u64) -> Self {
        self.budget_ns = budget_ns.clamp(1, self.period_ns);
        self
    }

    /// Sleeps only until so long before each beat, and spins from there on; by default 0, at most half the period.
    ///
    /// Waking takes tens of microseconds, and now and then hundreds. Spinning hides that, for its share of a core.
    #[must_use]
    pub fn spin_ns(mut self, spin_ns: u64) -> Self {
        self.spin_ns = spin_ns.min(self.period_ns / 2);
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
    /// Makes no system calls but the clock's (one sleep, and reading the CPU time twice), and does not allocate.
    pub fn run(&mut self, mut body: impl FnMut(CycleStart) -> ControlFlow<()>) {
        let start_ns = self.clock.now_ns();
        let first_number = self.first_number;
        let period_ns = self.period_ns;
        // Beats are counted from the start here; `first_number` is added where numbers leave.
        let beat_ns = |beat: u64| start_ns.saturating_add(beat.saturating_mul(period_ns));
        let mut next = 1u64;
        let mut missed = Missed::default();
        let mut publish_at_ns = start_ns.saturating_add(PUBLISH_NS);
        loop {
            // Sleep until the beat. When the wake-up comes beats too late, this call stands for the last one passed.
            let woken_ns = if self.spin_ns == 0 {
                self.clock.sleep_until(beat_ns(next))
            } else {
                self.clock.sleep_until(beat_ns(next) - self.spin_ns);
                self.clock.spin_until(beat_ns(next))
            };
            let woken_late_ns = woken_ns.saturating_sub(beat_ns(next));
            let beat = next + woken_late_ns / period_ns;
            let call = CycleStart {
                number: first_number + beat,
                woken_late_ns,
                overran: missed.overran,
                missed_by_overrun: missed.by_overrun,
                missed_by_preemption: missed.by_preemption,
                missed_by_wakeup: missed.by_wakeup + (beat - next),
            };

            // Do the work.
            let cpu_before_ns = self.clock.cpu_ns();
            let flow = body(call);
            let cpu_after_ns = self.clock.cpu_ns();
            let done_ns = self.clock.now_ns();

            // Account for it.
            self.latency.record_ns(woken_late_ns);
            let execution_ns = done_ns.saturating_sub(woken_ns);
            self.execution.record_ns(execution_ns);
            let cpu_ns = cpu_after_ns
                .zip(cpu_before_ns)
                .map(|(a, b)| a.saturating_sub(b));
            if let Some(cpu_ns) = cpu_ns {
                self.cpu.record_ns(cpu_ns);
            }
            self.timing.number = call.number;
            self.timing.missed_by_overrun += call.missed_by_overrun;
            self.timing.missed_by_preemption += call.missed_by_preemption;
            self.timing.missed_by_wakeup += call.missed_by_wakeup;

            // The next beat is the first that is not over yet; one due at this very moment is in time.
            let earliest = done_ns.saturating_sub(start_ns).div_ceil(period_ns);
            next = earliest.max(beat + 1);
            let count = next - (beat + 1);
            missed = Missed::attribute(count, execution_ns, cpu_ns, self.budget_ns, period_ns);
            self.timing.over_budget += u64::from(missed.overran && missed.by_overrun == 0);
            debug_assert!(beat_ns(next) >= done_ns, "the next beat is in the future");

            if flow.is_break() {
                // Beats that the last call ran over are missed as well, though no call is left to be told.
                self.timing.missed_by_overrun += missed.by_overrun;
                self.timing.missed_by_preemption += missed.by_preemption;
                self.timing.missed_by_wakeup += missed.by_wakeup;
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
        self.timing.cpu = self.cpu.quantiles();
        self.timing.latency_last_s = self.latency.second.quantiles();
        self.timing.execution_last_s = self.execution.second.quantiles();
        self.latency.second.clear();
        self.execution.second.clear();
        self.publisher.write(self.timing);
    }
}

#[cfg(test)]
mod tests;
