//! `takt sim --shrink`: what fails is cut down, and written to a file.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::Failure;
use super::exit::writable;
use super::judged::words;
use crate::scenario::Scenario;
use crate::scenario::shrink::{Shrunk, shrink};

/// Runs that it may take.
const RUNS_MAX: u64 = 400;

/// Looks whether there can be such a file, so that nobody waits for one that cannot be written.
pub(super) fn check(file: Option<&Path>) -> Result<(), Failure> {
    file.map_or(Ok(()), |file| writable("--shrink", file))
}

/// Cuts a scenario that fails down, and writes what is left.
pub(super) fn shrink_to(scenario: Scenario, file: &Path, talk: bool) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    let told = |s: &Scenario, runs: u64| {
        // What is there so far stays there if somebody loses patience.
        if let Ok(text) = s.to_text("not yet as small as it could be") {
            let _better_than_nothing = std::fs::write(file, text);
        }
        if talk {
            eprintln!(
                "after {runs} runs: {} faults, {:.1} s, {} vehicles",
                s.faults.len(),
                s.for_ms as f64 / 1_000.0,
                s.vehicles.map_or("all".to_owned(), |n| n.to_string()),
            );
        }
    };
    let shrunk = shrink(scenario, RUNS_MAX, &stop, &told).map_err(Failure::bad_input)?;
    let Some(Shrunk {
        scenario,
        verdict,
        runs,
    }) = shrunk
    else {
        return Err(Failure::Failed(
            "--shrink: no judge objects when the scenario is run alone".to_owned(),
        ));
    };
    let first = verdict.violations.first().map(words).unwrap_or_default();
    let text = scenario.to_text(&first).map_err(Failure::failed)?;
    std::fs::write(file, text).map_err(|e| Failure::failed(format!("{}: {e}", file.display())))?;
    eprintln!("{} after {runs} runs: {first}", file.display());
    Ok(())
}
