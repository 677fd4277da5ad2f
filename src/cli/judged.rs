//! `takt sim --faults` and `--scenario`: one run before all judges, until the floor has settled.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use takt_maps::Floor;
use takt_motion::plan::Discipline;

use super::kept_run::KeptRun;
use super::report::{self, Recording, fault_lines, violation_lines};
use super::sim::{bar, print};
use super::{Failure, shrink};
use crate::host::judges::Violation;
use crate::host::virtual_time::Disks;
use crate::scenario::Scenario;
use crate::scenario::run::{RunOptions, Verdict, run_on};

/// What is to be run, and what is to be kept of it.
pub(super) struct Task<'a> {
    /// What.
    pub(super) scenario: Scenario,
    /// Its floor, with its fleet and load.
    pub(super) floor: Arc<Floor>,
    /// The scenario as a file; `None`: no file can say which floor it is.
    pub(super) text: Option<String>,
    /// How it is decided who goes first.
    pub(super) traffic: Discipline,
    /// End at the first violation.
    pub(super) stop_at_first: bool,
    /// Where a report goes.
    pub(super) report: Option<&'a Path>,
    /// Where the recording goes.
    pub(super) data: Option<&'a Path>,
    /// Where the scenario goes, cut down, if it fails.
    pub(super) shrink: Option<&'a Path>,
    /// One JSON object on stdout.
    pub(super) json: bool,
    /// The command line that runs it again.
    pub(super) command: String,
}

/// Runs it, and says what came of it.
pub(super) fn run(task: Task) -> Result<(), Failure> {
    shrink::check(task.shrink)?;
    if task.shrink.is_some() && task.text.is_none() {
        return Err(Failure::BadInput(format!(
            "--shrink writes a scenario file, and such a file cannot name the floor {} as it is made here: it names built-in floors, floor files, and grids with --vehicles, but no --cell, and no --seed of a grid but 0",
            task.floor.name
        )));
    }
    task.report.map(report::make_directory).transpose()?;
    let kept = task.data.map(KeptRun::begin).transpose()?;
    let (verdict, recording, disks, wall) = watched(&task)?;
    if let Some(kept) = kept {
        kept.write(&disks, task.text.as_deref())?;
    }
    if let Some(recording) = recording {
        let faults = fault_lines(&verdict.faults);
        let violations = violation_lines(&verdict.violations);
        recording.end(&task.floor, &verdict.outcome, wall, faults, violations)?;
    }
    let fails = !verdict.violations.is_empty();
    if task.json {
        let mut object = as_json(&verdict, wall);
        object["command"] = json!(task.command);
        say!("{object}");
    } else {
        print(&verdict.outcome, wall);
        say!("{}", in_the_end(&verdict));
        for violation in &verdict.violations {
            say!("{}", words(violation));
        }
        if fails {
            say!("FAILED: {}", task.command);
        }
    }
    match task.shrink {
        Some(file) if fails => shrink::shrink_to(task.scenario, file, !task.json)?,
        Some(_) => eprintln!("nothing to shrink: no judge objects"),
        None => {}
    }
    if fails { Err(Failure::Found) } else { Ok(()) }
}

/// The run, with a bar for its time, and recorded for a report if one is wanted.
fn watched(task: &Task) -> Result<(Verdict, Option<Recording>, Disks, Duration), Failure> {
    let for_ms = task.scenario.for_ms;
    let (disks, bar, begun) = (Disks::default(), bar(for_ms), Instant::now());
    let mut recording: Option<Result<Recording, Failure>> = None;
    let options = RunOptions {
        stop_at_first: task.stop_at_first,
        traffic: task.traffic,
        ..RunOptions::default()
    };
    let verdict = run_on(&task.scenario, &task.floor, &options, &disks, |rehearsal| {
        if let Some(directory) = task.report {
            let begin = || Recording::begin(Some(directory.to_owned()), rehearsal, for_ms);
            if let Ok(recording) = recording.get_or_insert_with(begin) {
                recording.look(rehearsal);
            }
        }
        if rehearsal.now_ms() % 60_000 == 0 {
            bar.set_position(rehearsal.now_ms() / 1_000);
        }
    });
    bar.finish_and_clear();
    let verdict = verdict.map_err(Failure::bad_input)?;
    Ok((verdict, recording.transpose()?, disks, begun.elapsed()))
}

/// A verdict as one object.
fn as_json(verdict: &Verdict, wall: Duration) -> Value {
    let mut object = serde_json::to_value(&verdict.outcome).unwrap_or_default();
    object["simulated_s"] = json!(verdict.simulated_ms as f64 / 1_000.0);
    object["violations"] = json!(verdict.violations);
    object["settled_s"] = json!(verdict.settled_ms.map(|ms| ms as f64 / 1_000.0));
    object["host"] = json!({
        "wall_s": wall.as_secs_f64(),
        "speedup": verdict.simulated_ms as f64 / 1_000.0 / wall.as_secs_f64(),
    });
    object
}

/// How a run with faults ended, in a line.
fn in_the_end(verdict: &Verdict) -> String {
    let outcome = &verdict.outcome;
    let since = match outcome.faults {
        0 => "the end of --for",
        _ => "everything that went wrong was over",
    };
    let settled = match verdict.settled_ms {
        Some(ms) => format!(
            "{:.0} s after {since}, every order that was open then had ended and every vehicle was in service{}",
            ms as f64 / 1_000.0,
            match outcome.orders_open {
                0 => String::new(),
                n => format!("; the stock goes on to call off, {n} are open"),
            }
        ),
        None => "the floor did not settle".to_owned(),
    };
    format!(
        "faults: {}; controller lives: {}; {settled}",
        outcome.faults, outcome.lives
    )
}

/// A violation in a line.
pub(super) fn words(violation: &Violation) -> String {
    format!(
        "{:.2} s: {}: {}",
        violation.at_ms as f64 / 1_000.0,
        violation.judge,
        violation.what
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scenario::floors::FloorChoice;
    use takt_rt::mutant::{Mutant, switch_on};

    #[test]
    fn a_run_that_fails_is_reported_recorded_and_cut_down() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let floor: FloorChoice = "grid-2x3-8-0".parse().unwrap();
        let scenario = Scenario {
            for_ms: 120_000,
            ..Scenario::on(floor)
        };
        switch_on(Some(Mutant::ReleaseEarly));
        let ran = run(Task {
            floor: scenario.floor().unwrap(),
            text: Some(scenario.to_text("").unwrap()),
            scenario,
            traffic: Discipline::default(),
            stop_at_first: true,
            report: Some(&at("report")),
            data: Some(&at("data")),
            shrink: Some(&at("case.toml")),
            json: true,
            command: "takt sim".to_owned(),
        });
        switch_on(None);
        assert!(matches!(ran, Err(Failure::Found)), "{ran:?}");
        let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
        let report: Value = serde_json::from_str(&read("report/report.json")).unwrap();
        assert_eq!(report["violations"][0]["judge"], "ground");
        assert!(report["violations"][0]["at_s"].is_f64());
        assert_eq!(report["kpis"]["lives"], 1);
        assert!(read("report/report.html").contains("ground ✗"));
        for file in ["data/scenario.toml", "case.toml"] {
            Scenario::from_text(file, &read(file)).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_written_is_said_before_anything_runs() {
        let scenario = Scenario::on("grid-1x1-1-0".parse().unwrap());
        let task = |shrink: &'static str, text: Option<&str>| Task {
            floor: scenario.floor().unwrap(),
            text: text.map(str::to_owned),
            // It would take for ever.
            scenario: Scenario {
                for_ms: u64::MAX,
                ..scenario.clone()
            },
            traffic: Discipline::default(),
            stop_at_first: true,
            report: None,
            data: None,
            shrink: Some(Path::new(shrink)),
            json: true,
            command: String::new(),
        };
        let said = |task| match run(task) {
            Err(Failure::BadInput(why)) => why,
            other => panic!("{other:?}"),
        };
        let nowhere = said(task("/nowhere/at/all.toml", Some("")));
        assert!(nowhere.starts_with("--shrink /nowhere/at/all.toml: "));
        let at = tempfile::tempdir().unwrap();
        let file = at.path().join("a.toml").to_str().unwrap().to_owned();
        let nameless = said(task(file.leak(), None));
        assert!(nameless.contains("cannot name the floor"), "{nameless}");
        assert_eq!(at.path().read_dir().unwrap().count(), 0);
    }
}
