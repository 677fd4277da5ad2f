//! The files beside this one: each was cut down from a scenario in which a judge found something. `kept`: mended; `known`:
//! not yet.

use std::path::Path;

use takt::scenario::Scenario;
use takt::scenario::run::{RunOptions, run};
use takt_motion::plan::Discipline;

/// The scenarios of a folder, with their names.
fn scenarios(folder: &str) -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scenarios")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).unwrap();
        let scenario = Scenario::from_text(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        (name, scenario)
    };
    files.iter().map(read).collect()
}

#[test]
fn what_failed_once_does_not_fail_again() {
    let kept = scenarios("kept");
    assert!(kept.len() > 10, "{}", kept.len());
    for (name, scenario) in kept {
        let floor = scenario.floor().unwrap();
        let verdict = run(&scenario, &floor, &RunOptions::default(), |_| ()).unwrap();
        assert_eq!(verdict.violations, [], "{name}");
        assert!(verdict.settled_ms.is_some(), "{name}");
    }
}

/// One that does not fail any more belongs among those that are kept. They were found when vehicles went by two edges at a
/// time.
#[test]
fn what_is_known_to_fail_still_does() {
    for (name, scenario) in scenarios("known") {
        let floor = scenario.floor().unwrap();
        let options = RunOptions {
            traffic: Discipline::Kept,
            ..RunOptions::default()
        };
        let verdict = run(&scenario, &floor, &options, |_| ()).unwrap();
        assert_ne!(verdict.violations, [], "{name}");
    }
}
