//! Runs a scenario: first things go wrong, then the floor settles, then the journal is replayed; judges look on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use takt_maps::Floor;
use takt_motion::plan::Discipline;
use takt_rt::host::MemoryDisk;
use takt_sim::judge::Cause;

use super::Scenario;
use super::memory::Memory;
use crate::host::judges::Violation;
use crate::host::judges::service::Service;
use crate::host::judges::standing::DEADLOCK_MS;
use crate::host::virtual_time::{Disks, FaultLine, Options, Outcome, Rehearsal};
use crate::journal::JournalError;
use crate::replay::{ReplayOptions, replay};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What must not be and was, the first of it first; empty if all is well.
    pub violations: Vec<Violation>,
    /// Figures at the end.
    pub outcome: Outcome,
    /// What went wrong on purpose.
    pub faults: Vec<FaultLine>,
    /// Simulated time, settling included, ms.
    pub simulated_ms: u64,
    /// How long the floor took until every order had ended and everyone was in service, ms; `None`: it did not.
    pub settled_ms: Option<u64>,
}

/// What a run does beside what its scenario says.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// End at the first violation.
    pub stop_at_first: bool,
    /// Replay the journal in the end, and compare.
    pub replay: bool,
    /// Wait until the floor has settled, and judge that.
    pub settle: bool,
    /// How it is decided who goes first.
    pub traffic: Discipline,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            stop_at_first: true,
            replay: true,
            settle: true,
            traffic: Discipline::default(),
        }
    }
}

/// Runs a scenario on its floor; `look` is shown the rehearsal after each step and may break off.
///
/// A panic of what is judged is a violation too.
///
/// # Errors
/// If the floor's handshakes do not fit its devices.
pub fn run(
    scenario: &Scenario,
    floor: &Arc<Floor>,
    options: &RunOptions,
    look: impl FnMut(&Rehearsal),
) -> Result<Verdict, String> {
    run_on(scenario, floor, options, &Disks::default(), look)
}

/// The same on these disks, for whoever wants to look at what was recorded.
///
/// # Errors
/// If the floor's handshakes do not fit its devices, or the disks are another floor's.
pub fn run_on(
    scenario: &Scenario,
    floor: &Arc<Floor>,
    options: &RunOptions,
    disks: &Disks,
    mut look: impl FnMut(&Rehearsal),
) -> Result<Verdict, String> {
    let mut rehearsal = begin(scenario, floor, options, disks)?;
    let mut extra = Extra::default();
    let ran = catch_unwind(AssertUnwindSafe(|| {
        live(
            scenario,
            floor,
            options,
            disks,
            &mut rehearsal,
            &mut extra,
            &mut look,
        )
    }));
    let now_ms = rehearsal.now_ms();
    let (settled_ms, ended) = match ran {
        // Also where a judge objects: the recording goes as far as the run.
        Ok(settled_ms) if !rehearsal.is_down() => (settled_ms, rehearsal.end()),
        Ok(settled_ms) => (settled_ms, Ok(())),
        Err(panic) => {
            extra.note("panic", now_ms, message(panic.as_ref()));
            (None, Ok(()))
        }
    };
    if options.replay && extra.0.is_empty() && rehearsal.violations().is_empty() {
        let compared = catch_unwind(AssertUnwindSafe(|| {
            replays(floor, &disks.store, &ended, &rehearsal)
        }));
        match compared {
            Ok(None) => {}
            Ok(Some(difference)) => extra.note("replay", now_ms, difference),
            Err(panic) => extra.note("replay", now_ms, message(panic.as_ref())),
        }
    }
    let mut violations = rehearsal.violations().to_vec();
    violations.extend(extra.0);
    violations.sort_by_key(|v| v.at_ms);
    let mut outcome = rehearsal.outcome(scenario.seed);
    outcome.violations = outcome.violations.max(violations.len() as u64);
    Ok(Verdict {
        violations,
        outcome,
        faults: rehearsal.fault_lines(),
        simulated_ms: now_ms,
        settled_ms,
    })
}

/// A rehearsal at its beginning.
fn begin(
    scenario: &Scenario,
    floor: &Arc<Floor>,
    run: &RunOptions,
    disks: &Disks,
) -> Result<Rehearsal, String> {
    let options = Options {
        seed: scenario.seed,
        for_ms: scenario.for_ms,
        faults: scenario.faults.clone(),
        clients: scenario.clients,
        depth: scenario.depth,
        traffic: run.traffic,
        ..Options::seeded(scenario.seed)
    };
    Rehearsal::with_memory(floor.clone(), &options, disks.clone()).map_err(|e| e.to_string())
}

/// What is found beside what the rehearsal's own judges find.
#[derive(Default)]
struct Extra(Vec<Violation>);

impl Extra {
    fn note(&mut self, judge: &'static str, at_ms: u64, what: String) {
        self.0.push(Violation { judge, at_ms, what });
    }
}

fn live(
    scenario: &Scenario,
    floor: &Floor,
    options: &RunOptions,
    disks: &Disks,
    rehearsal: &mut Rehearsal,
    extra: &mut Extra,
    look: &mut impl FnMut(&Rehearsal),
) -> Option<u64> {
    let mut contacts = 0;
    let mut memory = Memory::default();
    let mut failed = |rehearsal: &Rehearsal, extra: &mut Extra| -> bool {
        let now_ms = rehearsal.now_ms();
        let judge = rehearsal.sim().judge();
        if judge.count(Cause::Control) > contacts {
            contacts = judge.count(Cause::Control);
            let mut all = judge.contacts().iter().rev();
            let last = all.find(|c| c.cause == Cause::Control);
            extra.note(
                "footprints",
                now_ms,
                last.map_or("a contact".to_owned(), |c| format!("{c:?}")),
            );
        }
        if now_ms.is_multiple_of(10_000) {
            if !rehearsal.sim().statistics().stock_conserved {
                extra.note(
                    "stock",
                    now_ms,
                    "pieces have appeared or vanished".to_owned(),
                );
            }
            if let Some(what) = memory.grows(rehearsal, disks) {
                extra.note("memory", now_ms, what);
            }
        }
        options.stop_at_first && (!extra.0.is_empty() || !rehearsal.violations().is_empty())
    };
    while rehearsal.now_ms() < scenario.for_ms {
        rehearsal.step();
        look(rehearsal);
        if failed(rehearsal, extra) {
            return None;
        }
    }
    if !options.settle {
        return None;
    }
    rehearsal.be_quiet();
    while !rehearsal.trouble_is_over() {
        rehearsal.step();
        look(rehearsal);
        if failed(rehearsal, extra) {
            return None;
        }
    }
    let begun_ms = rehearsal.now_ms();
    rehearsal.judge_standing_anew();
    let mut service = Service::new(rehearsal.order_judge(), begun_ms);
    loop {
        rehearsal.step();
        look(rehearsal);
        if failed(rehearsal, extra) {
            return None;
        }
        let now_ms = rehearsal.now_ms();
        if !now_ms.is_multiple_of(1_000) {
            continue;
        }
        let standing = rehearsal.standing_judge();
        if let Some(vehicle) = standing.stands(now_ms, DEADLOCK_MS).next() {
            let what = format!(
                "{} stands for others for more than {} s, and nothing is the matter",
                floor.vehicles[vehicle.index()].name,
                DEADLOCK_MS / 1_000
            );
            extra.note("deadlock", now_ms, what);
            return None;
        }
        if service.settled(rehearsal.model(), standing, now_ms) {
            return Some(now_ms - begun_ms);
        }
        if let Some(complaints) = service.complaints(floor, rehearsal.model(), standing, now_ms) {
            extra.0.extend(complaints);
            return None;
        }
    }
}

/// Lives all lives again; says what came out otherwise.
fn replays(
    floor: &Arc<Floor>,
    disk: &MemoryDisk,
    ended: &Result<(), JournalError>,
    rehearsal: &Rehearsal,
) -> Option<String> {
    if let Err(error) = ended {
        return Some(format!("the recording could not be ended: {error}"));
    }
    let report = match replay(floor, disk, &ReplayOptions::default(), |_| ()) {
        Ok(report) => report,
        Err(error) => return Some(error.to_string()),
    };
    if let Some((epoch, difference)) = report.difference() {
        return Some(format!(
            "the life of epoch {epoch} came out otherwise: {difference:?}"
        ));
    }
    if !report.is_complete() && !rehearsal.disk_has_failed() {
        let stopped = report.lives.iter().find(|life| !life.stopped.is_empty());
        return Some(stopped.map_or_else(
            || format!("of the recording is missing: {:?}", report.missing),
            |life| format!("the life of epoch {}: {}", life.epoch, life.stopped),
        ));
    }
    None
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic".to_owned())
}
