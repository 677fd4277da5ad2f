//! Random floors, plans and delays; and the same with one check left out, which has to be noticed.

use super::driver::{Caught, Driver, Tally};
use crate::traffic::Check;
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// After every event the invariants hold, admission agrees with the oracle, and in the end everything finishes.
    #[test]
    fn every_random_life_is_safe_and_finishes(seed: u64) {
        let mut driver = Driver::new(seed, None);
        prop_assert_eq!(driver.live(250), Ok(()));
    }
}

#[test]
fn random_lives_meet_every_case() {
    let mut sum = Tally::default();
    for seed in 0..150 {
        let mut driver = Driver::new(seed, None);
        assert_eq!(driver.live(250), Ok(()), "seed {seed}");
        let t = driver.tally;
        sum.granted += t.granted;
        sum.admitted += t.admitted;
        sum.admitted_old += t.admitted_old;
        sum.refused += t.refused;
        sum.held += t.held;
        sum.ordered += t.ordered;
        sum.zone += t.zone;
        sum.finished_moves += t.finished_moves;
        sum.rehearsal += t.rehearsal;
        sum.admitted_in_steps += t.admitted_in_steps;
        sum.overtaken += t.overtaken;
        sum.settled_in_steps += t.settled_in_steps;
    }
    println!("{sum:?}");
    assert!(sum.granted > 1_000 && sum.admitted > 500 && sum.refused > 200);
    assert!(sum.held > 100 && sum.ordered > 100 && sum.zone > 20);
    assert!(sum.admitted_old > 10 && sum.finished_moves > 100);
    assert!(sum.rehearsal > 100 && sum.admitted_in_steps > 100);
    assert!(sum.overtaken > 10 && sum.settled_in_steps > 10);
}

/// The first thing that goes wrong in random lives without a check. Inner assertions also stop some of them; those
/// lives do not count here.
fn first_caught(check: Check) -> Option<Caught> {
    (0..600).find_map(|seed| {
        let life = || Driver::new(seed, Some(check)).live(250).err();
        catch_unwind(AssertUnwindSafe(life)).ok().flatten()
    })
}

#[test]
fn a_missing_check_is_noticed() {
    let checks = [
        Check::Rehearsal,
        Check::RehearsalZone,
        Check::Held,
        Check::Order,
        Check::Room,
        Check::Entry,
        Check::Salvage,
    ];
    for check in checks {
        let caught = first_caught(check);
        println!("without {check:?}: {caught:?}");
        assert!(
            matches!(caught, Some(Caught::Audit(_) | Caught::Stuck { .. })),
            "nobody noticed that {check:?} was missing: {caught:?}"
        );
    }
}
