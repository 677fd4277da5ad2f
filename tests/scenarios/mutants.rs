//! Defects made on purpose: the swarm finds every one.
//!
//! Each is tried with the seeds that found it before. To look for such seeds, and to learn how long the swarm needs:
//! `TAKT_MUTANT_SEEDS=200 cargo test --release --test scenarios mutants -- --nocapture`.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use takt::scenario::run::{RunOptions, run};
use takt::scenario::swarm::{SwarmOptions, all_floors};
use takt_motion::plan::Discipline;
use takt_rt::mutant::{Mutant, switch_on};

/// Each defect, with a seed with which a judge objects to it. Of [`Mutant::IgnoreWitness`] the tests of the witness have a
/// scenario of their own: a lie of the disk that ends cleanly is rare.
const FOUND_BY: &[(Mutant, u64)] = &[
    (Mutant::GrantHeldPlace, 0),
    (Mutant::GrantOneNodeTooFar, 0),
    (Mutant::SwapDependencies, 0),
    (Mutant::ReleaseEarly, 0),
    (Mutant::NeverRelease, 0),
    (Mutant::SkipRehearsal, 0),
    (Mutant::IgnoreStaleStamp, 3),
    (Mutant::BelieveAnyReport, 9),
    (Mutant::FreeLostVehicle, 0),
    (Mutant::ResumeByItself, 0),
    (Mutant::GrantToPaused, 7),
    (Mutant::IgnoreDoors, 0),
    (Mutant::CloseDoorsEarly, 0),
    (Mutant::ForgetReboot, 0),
    (Mutant::AnswerBeforeDurable, 0),
    (Mutant::LoseOrderAtRestart, 1),
    (Mutant::ReuseOrderId, 1),
    (Mutant::ReuseEpoch, 1),
    (Mutant::CompleteEarly, 0),
    (Mutant::KeepCancelled, 0),
    (Mutant::NeverRetry, 9),
    (Mutant::UnjournalledInput, 0),
    (Mutant::ForgetResetAfterReconnect, 22),
    (Mutant::CountDeliveryTwice, 0),
    (Mutant::WrongBuffer, 0),
    (Mutant::LeakMemory, 0),
];

pub fn options() -> SwarmOptions {
    SwarmOptions {
        seeds: 1,
        first_seed: 0,
        floors: all_floors(),
        for_ms: 600_000,
        depth: None,
        mix: None,
        jobs: 1,
    }
}

/// What the first judge to object said, and the simulated milliseconds that it took.
fn judged(mutant: Option<Mutant>, seed: u64) -> (Option<(&'static str, String)>, u64) {
    let scenario = options().scenario(seed).unwrap();
    let floor = scenario.floor().unwrap();
    switch_on(mutant);
    let options = RunOptions {
        // By operations hardly more is planned than what is granted at once: the order of what is not makes no difference.
        traffic: match mutant {
            Some(Mutant::SwapDependencies) => Discipline::Kept,
            _ => Discipline::default(),
        },
        ..RunOptions::default()
    };
    let verdict = run(&scenario, &floor, &options, |_| ()).unwrap();
    switch_on(None);
    let first = verdict.violations.first();
    (
        first.map(|v| (v.judge, v.what.clone())),
        verdict.simulated_ms,
    )
}

#[test]
fn every_defect_is_noticed() {
    let seeds = std::env::var("TAKT_MUTANT_SEEDS")
        .ok()
        .and_then(|n| n.parse::<u64>().ok());
    let Some(seeds) = seeds else {
        // Side by side: each thread has its own defect.
        let clean: std::collections::BTreeSet<u64> = FOUND_BY.iter().map(|f| f.1).collect();
        let clean = clean.into_iter().map(|seed| (None, seed));
        let found = FOUND_BY.iter().map(|&(mutant, seed)| (Some(mutant), seed));
        let runs: Vec<(Option<Mutant>, u64)> = clean.chain(found).collect();
        let next = AtomicUsize::new(0);
        let take = || runs.get(next.fetch_add(1, Relaxed)).copied();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((mutant, seed)) = take() {
                        let objection = judged(mutant, seed).0;
                        match mutant {
                            None => assert_eq!(objection, None, "seed {seed} without a defect"),
                            Some(defect) => {
                                assert!(objection.is_some(), "{defect:?} is not noticed")
                            }
                        }
                    }
                });
            }
        });
        return;
    };
    let mut missed = Vec::new();
    let from = std::env::var("TAKT_MUTANT_FROM")
        .ok()
        .and_then(|n| n.parse::<u64>().ok())
        .unwrap_or(0);
    // One of them only, where it is named.
    let only = std::env::var("TAKT_MUTANT").ok();
    let chosen = |m: &Mutant| only.as_ref().is_none_or(|name| *name == format!("{m:?}"));
    for mutant in Mutant::ALL.into_iter().filter(chosen) {
        let mut simulated_ms = 0;
        let mut found = None;
        for seed in from..from + seeds {
            let (violation, ms) = judged(Some(mutant), seed);
            simulated_ms += ms;
            if let Some((judge, what)) = violation {
                found = Some((seed, judge, what));
                break;
            }
        }
        let hours = simulated_ms as f64 / 3_600_000.0;
        match found {
            Some((seed, judge, what)) => {
                println!("(Mutant::{mutant:?}, {seed}), // {hours:.2} h, {judge}: {what}")
            }
            None => {
                println!("// {mutant:?}: not in {hours:.1} h");
                missed.push(mutant);
            }
        }
    }
    assert_eq!(missed, []);
}
