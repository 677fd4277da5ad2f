//! A disk that lies about what it has synced, and the witness beside it.

use std::sync::Arc;

use takt::host::virtual_time::{Disks, Options, Rehearsal};
use takt::replay::{ReplayOptions, replay};
use takt::scenario::Scenario;
use takt::scenario::floors::FloorChoice;
use takt::scenario::run::{RunOptions, Verdict, run_on};
use takt_maps::Floor;
use takt_rt::mutant::{Mutant, switch_on};
use takt_sim::faults::{Fault, FaultKind, Target};

/// A floor on which much is ordered while its disk lies, a dozen times for part of a second: so little is lost that
/// there is seldom a hole in it, which a checksum would find.
fn lying() -> Scenario {
    let whole = |kind, at_ms, for_ms| Fault {
        kind,
        target: Target::Whole,
        at_ms,
        for_ms,
        amount: 0,
    };
    let lies = (1..=12).map(|i| whole(FaultKind::DiskLies, 20_000 * i, 400));
    let rushes = (1..=24).map(|i| whole(FaultKind::OperatorRushes, 10_000 * i + 100, 0));
    Scenario {
        seed: 5,
        for_ms: 260_000,
        faults: lies.chain(rushes).collect(),
        ..Scenario::on(FloorChoice::BuiltIn("electronics-line".to_owned()))
    }
}

fn judged(scenario: &Scenario, mutant: Option<Mutant>) -> (Verdict, Disks, Arc<Floor>) {
    let floor = scenario.floor().unwrap();
    let disks = Disks::default();
    switch_on(mutant);
    let options = RunOptions {
        stop_at_first: mutant.is_some(),
        ..RunOptions::default()
    };
    let verdict = run_on(scenario, &floor, &options, &disks, |_| ()).unwrap();
    switch_on(None);
    (verdict, disks, floor)
}

#[test]
fn what_a_lying_disk_loses_is_named_and_every_life_can_be_replayed() {
    let (verdict, disks, floor) = judged(&lying(), None);
    assert_eq!(verdict.violations, []);
    assert!(verdict.outcome.orders_lost_by_disk > 3, "{verdict:?}");
    assert_eq!(verdict.outcome.lives, 13);
    let report = replay(&floor, &disks.store, &ReplayOptions::default(), |_| ()).unwrap();
    assert_eq!(report.difference(), None);
    assert!(report.proves_something() && report.lives.len() > 3);
    assert!(
        report.lives.iter().all(|life| life.cycles > 0),
        "{report:?}"
    );
}

#[test]
fn without_the_witness_nobody_names_it() {
    let (verdict, ..) = judged(&lying(), Some(Mutant::IgnoreWitness));
    let first = verdict.violations.first().map(|v| v.judge);
    assert_eq!(first, Some("loss"), "{:?}", verdict.violations);
}

/// The end is clean: of the last ten seconds nothing is left at all.
#[test]
fn a_disk_that_is_whole_and_ends_too_early_raises_the_alarm() {
    let scenario = lying();
    let floor = scenario.floor().unwrap();
    let disks = Disks::default();
    let options = Options {
        clients: true,
        ..Options::seeded(5)
    };
    let mut rehearsal = Rehearsal::with_memory(floor.clone(), &options, disks.clone()).unwrap();
    let run = |rehearsal: &mut Rehearsal, ms: u64| {
        let until_ms = rehearsal.now_ms() + ms;
        while rehearsal.now_ms() < until_ms {
            rehearsal.step();
        }
    };
    let alarms = |rehearsal: &Rehearsal| -> Vec<String> {
        let all = rehearsal.model().alarms.iter();
        all.map(|alarm| format!("{:?}", alarm.kind)).collect()
    };
    run(&mut rehearsal, 60_000);
    let truth = disks.store.copy();
    run(&mut rehearsal, 10_000);
    let greatest = *rehearsal.model().orders.keys().next_back().unwrap();
    let verified = takt::host::store::verify(&truth, |_| ()).unwrap();
    assert!(
        verified.is_clean(),
        "nothing on this disk says that it ends too early"
    );

    rehearsal.restart(Box::new(truth.clone())).unwrap();
    run(&mut rehearsal, 30_000);
    assert!(alarms(&rehearsal).contains(&"StoreLoss".to_owned()));
    let model = rehearsal.model();
    let new = model.orders.values().filter(|o| o.submitted_ms > 70_000);
    assert!(new.clone().count() > 0 && new.clone().all(|o| o.id > greatest));
    // What was not lied about is excused by nobody.
    assert!(rehearsal.violations().iter().any(|v| v.judge == "loss"));
    rehearsal.end().unwrap();

    let report = replay(&floor, &truth, &ReplayOptions::default(), |_| ()).unwrap();
    assert_eq!(
        report.difference(),
        None,
        "the alarm and the ids come from the checkpoint"
    );
    assert_eq!(report.lives.len(), 2);
    assert!(
        report.lives[0].stopped.contains("are gone"),
        "{:?}",
        report.lives[0]
    );

    // The next start has nothing to say of it any more.
    rehearsal.restart(Box::new(truth)).unwrap();
    run(&mut rehearsal, 1_000);
    assert!(!alarms(&rehearsal).contains(&"StoreLoss".to_owned()));
}

#[test]
fn a_run_that_fails_is_recorded_up_to_where_it_failed() {
    let (verdict, disks, floor) = judged(&lying(), Some(Mutant::IgnoreWitness));
    assert!(!verdict.violations.is_empty());
    switch_on(Some(Mutant::IgnoreWitness));
    let report = replay(&floor, &disks.store, &ReplayOptions::default(), |_| ()).unwrap();
    switch_on(None);
    assert_eq!(report.difference(), None);
    let last = report.lives.last().unwrap();
    assert!(last.ended, "{last:?}");
}
