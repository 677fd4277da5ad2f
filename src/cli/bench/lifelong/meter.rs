//! Time and memory that planning takes, and the budgets that are made of them.

use std::time::{Duration, Instant};

use takt_motion::plan::lifelong::{Budget, Phase};
use takt_rt::host::{Clock, LiveClock};

/// Thread CPU time and wall time since some moment.
#[derive(Clone, Copy)]
pub struct Meter {
    wall: Instant,
    cpu_ns: u64,
}

impl Meter {
    /// Begins to measure.
    pub fn begin() -> Self {
        Self {
            wall: Instant::now(),
            cpu_ns: cpu_ns(),
        }
    }

    /// CPU time of this thread since then; wall time where the system doesn't tell it.
    pub fn cpu(&self) -> Duration {
        match cpu_ns() {
            0 => self.wall(),
            now => Duration::from_nanos(now - self.cpu_ns),
        }
    }

    /// Time since then.
    pub fn wall(&self) -> Duration {
        self.wall.elapsed()
    }
}

fn cpu_ns() -> u64 {
    LiveClock.cpu_ns().unwrap_or(0)
}

/// Notes where another budget cuts a step off.
pub struct Noted<B> {
    pub budget: B,
    /// At which question each phase was cut off, from 0; [`u64::MAX`]: not.
    pub cut: [u64; 5],
    asked: [u64; 5],
}

impl<B> Noted<B> {
    /// A budget of which nothing has been asked yet.
    pub fn new(budget: B) -> Self {
        Self {
            budget,
            cut: [u64::MAX; 5],
            asked: [0; 5],
        }
    }
}

impl<B: Budget> Budget for Noted<B> {
    fn spent(&mut self, phase: Phase, work: u64) -> bool {
        let spent = self.budget.spent(phase, work);
        let cut = &mut self.cut[phase as usize];
        let asked = &mut self.asked[phase as usize];
        if spent && *cut == u64::MAX {
            *cut = *asked;
        }
        *asked += 1;
        spent
    }
}

/// Cuts a step off by CPU time.
pub struct ClockBudget {
    /// When the step began.
    pub meter: Meter,
    /// The limit of the step.
    pub limit: Duration,
    /// When the last field was made.
    refreshed: Duration,
    /// What it took from there until each robot had had its turn.
    pub pass: Option<Duration>,
}

impl ClockBudget {
    /// A budget of a step that begins with the meter.
    pub fn new(meter: Meter, limit: Duration) -> Self {
        Self {
            meter,
            limit,
            refreshed: Duration::ZERO,
            pass: None,
        }
    }
}

impl Budget for ClockBudget {
    fn spent(&mut self, phase: Phase, _work: u64) -> bool {
        // A part is kept for what comes after the last look at the clock.
        let limit = match phase {
            Phase::Choose => self.limit.mul_f64(0.25),
            Phase::Fields => self.limit.mul_f64(0.4),
            Phase::Refresh => self.limit.mul_f64(0.12),
            Phase::Turns => self.limit.mul_f64(0.8),
            Phase::Improve => self
                .limit
                .mul_f64(0.92)
                .saturating_sub(Duration::from_millis(1)),
        };
        let now = self.meter.cpu();
        match phase {
            Phase::Refresh => self.refreshed = now,
            Phase::Improve if self.pass.is_none() => self.pass = Some(now - self.refreshed),
            _ => {}
        }
        now >= limit
    }
}

/// Cuts a step off where it was cut off before: at the same question, since between two of them there may be no work.
pub struct ReplayBudget {
    cut: [u64; 5],
    asked: [u64; 5],
}

impl ReplayBudget {
    /// A budget that ends where [`Noted::cut`] says.
    pub fn new(cut: [u64; 5]) -> Self {
        Self { cut, asked: [0; 5] }
    }
}

impl Budget for ReplayBudget {
    fn spent(&mut self, phase: Phase, _work: u64) -> bool {
        let asked = &mut self.asked[phase as usize];
        *asked += 1;
        *asked > self.cut[phase as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_cut_where_it_was_first_said_to_be_over() {
        let mut budget = Noted::new(ClockBudget::new(Meter::begin(), Duration::MAX));
        // Three questions at the same work, and the time is over between the second and the third.
        assert!(!budget.spent(Phase::Choose, 5) && !budget.spent(Phase::Choose, 5));
        budget.budget.limit = Duration::ZERO;
        assert!(budget.spent(Phase::Choose, 5) && budget.spent(Phase::Choose, 9));
        let mut again = ReplayBudget::new(budget.cut);
        assert!(!again.spent(Phase::Choose, 5) && !again.spent(Phase::Choose, 5));
        assert!(again.spent(Phase::Choose, 5) && again.spent(Phase::Choose, 9));
        assert!(!again.spent(Phase::Fields, 9));
    }
}
