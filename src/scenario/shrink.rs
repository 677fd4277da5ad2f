//! Shrinking: a scenario that fails is cut down, a piece at a time, for as long as the same judge still objects.
//!
//! The script is cut as Zeller and Hildebrandt do (delta debugging, IEEE TSE 2002): halves of it first, then smaller and
//! smaller parts; first by kinds of faults, then by faults. Time, load, fleet and floor are cut before it, since that makes
//! every further attempt faster.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use takt_sim::faults::{Fault, FaultKind};

use super::Scenario;
use super::floors::FloorChoice;
use super::run::{RunOptions, Verdict, run};
use crate::host::virtual_time::links::Depth;

/// What a scenario was cut down to.
pub struct Shrunk {
    /// What still fails.
    pub scenario: Scenario,
    /// How.
    pub verdict: Verdict,
    /// Runs that it took.
    pub runs: u64,
}

struct Shrinker<'a> {
    judge: &'static str,
    best: Scenario,
    verdict: Verdict,
    runs: u64,
    runs_max: u64,
    stop: &'a AtomicBool,
    told: &'a dyn Fn(&Scenario, u64),
}

/// Cuts a scenario down in at most `runs_max` runs; `told` sees each success, `stop` ends it early.
///
/// `None`: it does not fail.
///
/// # Errors
/// If it cannot be run.
pub fn shrink(
    scenario: Scenario,
    runs_max: u64,
    stop: &AtomicBool,
    told: &dyn Fn(&Scenario, u64),
) -> Result<Option<Shrunk>, String> {
    let verdict = run(
        &scenario,
        &scenario.floor()?,
        &RunOptions::default(),
        |_| (),
    )?;
    let Some(first) = verdict.violations.first() else {
        return Ok(None);
    };
    let mut shrinker = Shrinker {
        judge: first.judge,
        best: scenario,
        verdict,
        runs: 1,
        runs_max,
        stop,
        told,
    };
    // Each success may make others possible.
    loop {
        let before = shrinker.best.clone();
        shrinker.cut_time();
        shrinker.cut_load();
        shrinker.cut_fleet();
        shrinker.cut_floor();
        shrinker.cut_kinds();
        shrinker.cut_script();
        shrinker.cut_lengths();
        if shrinker.best == before || shrinker.is_over() {
            break;
        }
    }
    Ok(Some(Shrunk {
        scenario: shrinker.best,
        verdict: shrinker.verdict,
        runs: shrinker.runs,
    }))
}

impl Shrinker<'_> {
    fn is_over(&self) -> bool {
        self.runs >= self.runs_max || self.stop.load(Ordering::Relaxed)
    }

    /// Takes a smaller scenario over if the same judge still objects to it.
    fn try_it(&mut self, mut smaller: Scenario) -> bool {
        let can_be_named = smaller.floor.to_string().parse::<FloorChoice>().is_ok();
        if self.is_over() || smaller == self.best || !can_be_named {
            return false;
        }
        let Ok(floor) = smaller.floor() else {
            return false;
        };
        let there = |f: &Fault| super::file::is_there(&floor, f.target);
        smaller
            .faults
            .retain(|f| f.at_ms < smaller.for_ms && there(f));
        self.runs += 1;
        let Ok(verdict) = run(&smaller, &floor, &self.options(), |_| ()) else {
            return false;
        };
        let fails = verdict
            .violations
            .first()
            .is_some_and(|v| v.judge == self.judge);
        if fails {
            self.best = smaller;
            self.verdict = verdict;
            (self.told)(&self.best, self.runs);
        }
        fails
    }

    /// What comes after the time at which the judge objects is left out: attempts that do not fail are most of them.
    fn options(&self) -> RunOptions {
        let first = self.verdict.violations.first();
        let afterwards = first.is_none_or(|v| v.at_ms >= self.best.for_ms);
        RunOptions {
            settle: afterwards,
            replay: afterwards && self.judge == "replay",
            ..RunOptions::default()
        }
    }

    fn with(&self, change: impl FnOnce(&mut Scenario)) -> Scenario {
        let mut smaller = self.best.clone();
        change(&mut smaller);
        smaller
    }

    /// Nothing after the violation matters; then halves.
    fn cut_time(&mut self) {
        let at_ms = self
            .verdict
            .violations
            .first()
            .map_or(u64::MAX, |v| v.at_ms);
        if at_ms < self.best.for_ms {
            self.try_it(self.with(|s| s.for_ms = at_ms + 1));
        }
        while self.best.for_ms > 20_000 && self.try_it(self.with(|s| s.for_ms /= 2)) {}
    }

    fn cut_load(&mut self) {
        for change in [
            (|s: &mut Scenario| s.clients = false) as fn(&mut Scenario),
            |s| s.workload = false,
            |s| s.lines = false,
            |s| s.depth = Depth::Image,
        ] {
            self.try_it(self.with(change));
        }
    }

    fn cut_fleet(&mut self) {
        let Ok(floor) = self.best.floor() else { return };
        // Lines need most of their fleet: with less, orders pile up without end, which is another matter.
        let all = floor.vehicles.len();
        let mut few = if self.best.lines && !floor.lines.is_empty() {
            all * 3 / 4
        } else {
            1
        };
        // The smallest fleet that fails, by doubling.
        while few < floor.vehicles.len() {
            if self.try_it(self.with(|s| s.vehicles = Some(few))) {
                return;
            }
            few *= 2;
        }
    }

    /// Fewer shelves, if the floor is made up of them.
    fn cut_floor(&mut self) {
        let FloorChoice::Grid(_) = self.best.floor else {
            return;
        };
        // A smaller grid has no room for those who are not on it anyway.
        let few = self.best.vehicles;
        self.try_it(self.with(|s| {
            if let (FloorChoice::Grid(grid), Some(few)) = (&mut s.floor, few) {
                grid.vehicles = few;
                s.vehicles = None;
            }
        }));
        type Cut = fn(u32) -> u32;
        let (half, one): (Cut, Cut) = (|n| n / 2, |n| n - 1);
        let same: Cut = |n| n;
        let cuts = [
            (half, half),
            (half, same),
            (same, half),
            (one, same),
            (same, one),
        ];
        for (columns, rows) in cuts {
            while self.try_it(self.with(|s| {
                if let FloorChoice::Grid(grid) = &mut s.floor {
                    grid.columns = columns(grid.columns).max(1);
                    grid.rows = rows(grid.rows).max(1);
                }
            })) {}
        }
    }

    /// Leaves whole kinds of faults out.
    fn cut_kinds(&mut self) {
        let kinds: BTreeSet<FaultKind> = self.best.faults.iter().map(|f| f.kind).collect();
        self.cut(kinds.into_iter().collect(), |kinds, s| {
            s.faults.retain(|f| !kinds.contains(&f.kind));
        });
    }

    fn cut_script(&mut self) {
        self.cut(self.best.faults.clone(), |faults, s| {
            s.faults.retain(|f| !faults.contains(f));
        });
    }

    /// Takes out as many of these as possible: halves of them first, then smaller parts.
    fn cut<T: Clone>(&mut self, mut all: Vec<T>, take_out: impl Fn(&[T], &mut Scenario)) {
        let mut parts = 2;
        while !all.is_empty() && !self.is_over() {
            let size = all.len().div_ceil(parts);
            let cut = (0..all.len()).step_by(size).find(|&from| {
                let some = &all[from..(from + size).min(all.len())];
                self.try_it(self.with(|s| take_out(some, s)))
            });
            if let Some(from) = cut {
                all.drain(from..(from + size).min(all.len()));
                parts = (parts - 1).max(2);
            } else if size == 1 {
                return;
            } else {
                parts = (parts * 2).min(all.len());
            }
        }
    }

    fn cut_lengths(&mut self) {
        for at in 0..self.best.faults.len() {
            while self.best.faults.get(at).is_some_and(|f| f.for_ms > 1_000)
                && self.try_it(self.with(|s| s.faults[at].for_ms /= 2))
            {}
        }
    }
}
