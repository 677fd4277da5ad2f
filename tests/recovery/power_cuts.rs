//! `TAKT_POWER_CUTS=500 cargo test --test recovery` makes so many of them.

use takt::replay::{ReplayOptions, replay};

use crate::busy::{Busy, times};

/// Cuts that one floor lives through.
const CUTS_PER_FLOOR: u64 = 10;

#[test]
fn no_acknowledged_order_is_lost_in_a_power_cut_and_every_life_can_be_replayed() {
    let cuts = times("TAKT_POWER_CUTS", 10);
    let (mut acknowledged, mut lives, mut compared) = (0, 0, 0);
    for floor in 0..cuts.div_ceil(CUTS_PER_FLOOR) {
        let mut busy = Busy::new(floor);
        for cut in 0..CUTS_PER_FLOOR {
            let lived_ms = 2_000 + busy.random.below(60_000);
            busy.run(lived_ms);
            // Half of them in the middle of a call to the disk, the others between two steps.
            if busy.random.below(2) == 0 {
                let calls = busy.random.below(8);
                busy.disk.cut_power_after(calls);
                busy.run(60_000);
                assert!(
                    busy.rehearsal.broken().is_some(),
                    "the disk is used all the time"
                );
            }
            busy.disk.crash(floor * CUTS_PER_FLOOR + cut);
            busy.restart();
        }
        busy.run(120_000);
        assert!(
            busy.rehearsal.controller().located(),
            "{}",
            busy.rehearsal.model().notice
        );
        busy.check_acknowledged();
        let outcome = busy.rehearsal.outcome(floor);
        assert_eq!(
            (outcome.contacts, outcome.orders_lost),
            (0, 0),
            "floor {floor}"
        );
        assert!(busy.rehearsal.sim().statistics().stock_conserved);
        busy.rehearsal.end().unwrap();

        let options = ReplayOptions {
            rerun_workers: true,
            ..ReplayOptions::default()
        };
        let report = replay(&busy.floor, &busy.disk, &options, |_| ()).unwrap();
        assert_eq!(report.difference(), None, "floor {floor}");
        assert!(report.is_complete(), "floor {floor}: {:?}", report.lives);
        assert_eq!(report.lives.len() as u64, CUTS_PER_FLOOR + 1);
        // What power cuts leave behind is not taken for damage.
        let verified = takt::host::store::verify(&busy.disk, |_| ()).unwrap();
        assert!(
            verified.is_clean(),
            "floor {floor}: {:?}",
            verified.findings
        );
        acknowledged += busy.acknowledged.len();
        lives += report.lives.len();
        compared += report.sum(|life| life.checkpoints);
    }
    println!(
        "{cuts} power cuts: {acknowledged} orders acknowledged, {lives} lives replayed, {compared} hashes equal"
    );
    assert!(acknowledged as u64 > cuts && compared > 10 * cuts);
}

#[test]
fn a_killed_controller_loses_nothing_that_the_disk_has() {
    let mut busy = Busy::new(77);
    for _ in 0..8 {
        let lived_ms = 20_000 + busy.random.below(40_000);
        busy.run(lived_ms);
        busy.restart();
    }
    busy.run(10 * 60_000);
    busy.check_acknowledged();
    let outcome = busy.rehearsal.outcome(77);
    assert_eq!((outcome.contacts, outcome.orders_lost), (0, 0));
    assert!(outcome.orders_done > 30, "{outcome:?}");
    assert!(busy.rehearsal.sim().statistics().stock_conserved);
}
