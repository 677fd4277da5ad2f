//! The files beside this one: each was cut down from a scenario in which a judge found something.

use std::path::Path;

use takt::scenario::Scenario;
use takt::scenario::run::{RunOptions, run};

#[test]
fn what_failed_once_does_not_fail_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/kept");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let scenario = Scenario::from_text(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        let floor = scenario.floor().unwrap();
        let verdict = run(&scenario, &floor, &RunOptions::default(), |_| ()).unwrap();
        assert_eq!(verdict.violations, [], "{name}");
        assert!(verdict.settled_ms.is_some(), "{name}");
    }
}
