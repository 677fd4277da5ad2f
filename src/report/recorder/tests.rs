#![allow(clippy::unwrap_used)]

use super::*;
use crate::host::virtual_time::Options;
use crate::report::Figures;

/// Simulated time: long enough for orders to end and vehicles to meet.
const FOR_MS: u64 = 240_000;

/// A run of the built-in floor: its figures if it was recorded, the hash of its state, and the chronicle.
fn run(seed: u64, recorded: bool) -> (Option<(String, Chronicle)>, u64) {
    let floor = takt_maps::builtin("electronics-line")
        .unwrap()
        .unwrap()
        .floor;
    let floor = Arc::new(floor);
    let mut rehearsal = Rehearsal::new(floor.clone(), &Options::seeded(seed)).unwrap();
    let mut recorder = recorded.then(|| Recorder::new(&rehearsal));
    while rehearsal.now_ms() < FOR_MS {
        rehearsal.step();
        if let Some(recorder) = &mut recorder {
            recorder.look(&rehearsal);
        }
    }
    let outcome = rehearsal.outcome(seed);
    let report = recorder.map(|recorder| {
        assert_eq!(recorder.unknown_ways(), 0, "every way is followed");
        let chronicle = recorder.end(Vec::new(), Vec::new());
        let figures = Figures::new(&floor, &outcome, &chronicle, 10_000);
        (serde_json::to_string(&figures).unwrap(), chronicle)
    });
    (report, rehearsal.controller().state_hash().total())
}

#[test]
fn a_recorder_changes_nothing_and_the_same_seed_gives_the_same_report() {
    let (report, hash) = run(7, true);
    let (again, _) = run(7, true);
    let (_, without) = run(7, false);
    let (other, _) = run(8, true);
    assert_eq!(hash, without, "the run is the same without a recorder");
    let [(report, chronicle), (again, _), (other, _)] = [report, again, other].map(Option::unwrap);
    assert_eq!(report, again);
    assert_ne!(report, other);

    // And it is about something: nothing is missing, and the figures hang together.
    let done = chronicle.orders.iter().filter(|o| o.completed).count();
    let figures: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(done > 0);
    assert_eq!(figures["kpis"]["orders_done"], done);
    assert_eq!(chronicle.samples.len() as u64, FOR_MS / LOOK_MS);
    assert!(chronicle.traversals.len() > 20);
    for diary in &chronicle.vehicles {
        let spans = diary.doings.iter().map(|s| s.until_ms - s.from_ms);
        assert_eq!(spans.sum::<u64>(), FOR_MS, "a day without gaps");
    }
}
