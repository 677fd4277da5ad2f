//! What fails is cut down: floor, fleet, load, time and script.

use std::sync::atomic::AtomicBool;

use takt::scenario::Scenario;
use takt::scenario::floors::FloorChoice;
use takt::scenario::shrink::shrink;
use takt_rt::mutant::{Mutant, switch_on};

use crate::mutants::options;

#[test]
fn a_failing_scenario_is_cut_down_to_one_of_the_same_kind() {
    let is_large = |s: &Scenario| {
        matches!(s.floor, FloorChoice::Grid(g) if g.vehicles > 8) && !s.faults.is_empty()
    };
    let all = (0..40).map(|seed| options().scenario(seed).unwrap());
    switch_on(Some(Mutant::ReleaseEarly));
    let cut_down = |large: Scenario| {
        let shrunk = shrink(large.clone(), 60, &AtomicBool::new(false), &|_, _| ()).unwrap()?;
        (shrunk.verdict.violations[0].judge == "ground").then_some((large, shrunk))
    };
    let found = all.filter(is_large).find_map(cut_down);
    let (large, shrunk) = found.expect("one of them fails");
    switch_on(None);
    let small = shrunk.scenario;
    let (FloorChoice::Grid(was), FloorChoice::Grid(is)) = (&large.floor, &small.floor) else {
        panic!("it is on {} now", small.floor);
    };
    assert!(is.columns * is.rows < was.columns * was.rows, "{is:?}");
    assert!(small.faults.len() < large.faults.len() / 2);
    assert!(small.for_ms < large.for_ms / 2);
    assert!(!small.clients);
}
