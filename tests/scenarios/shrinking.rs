//! What fails is cut down: floor, fleet, load, time and script.

use std::sync::atomic::AtomicBool;

use takt::scenario::floors::FloorChoice;
use takt::scenario::shrink::shrink;
use takt_rt::mutant::{Mutant, switch_on};

use crate::mutants::options;

#[test]
fn a_failing_scenario_is_cut_down_to_one_of_the_same_kind() {
    let large = (0..)
        .map(|seed| options().scenario(seed).unwrap())
        .find(|s| matches!(s.floor, FloorChoice::Grid(g) if g.vehicles > 8) && !s.faults.is_empty())
        .unwrap();
    switch_on(Some(Mutant::SwapDependencies));
    let shrunk = shrink(large.clone(), 60, &AtomicBool::new(false), &|_, _| ()).unwrap();
    let shrunk = shrunk.expect("it fails");
    switch_on(None);
    assert_eq!(shrunk.verdict.violations[0].judge, "traffic");
    let small = shrunk.scenario;
    let (FloorChoice::Grid(was), FloorChoice::Grid(is)) = (&large.floor, &small.floor) else {
        panic!("it is on {} now", small.floor);
    };
    assert!(is.columns * is.rows < was.columns * was.rows, "{is:?}");
    assert!(small.faults.len() < large.faults.len() / 2);
    assert!(small.for_ms < large.for_ms / 2);
    assert!(!small.clients);
}
