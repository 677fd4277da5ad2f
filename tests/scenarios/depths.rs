//! The same at both depths, and the same whoever else is at work.

use std::sync::atomic::AtomicBool;

use takt::host::virtual_time::links::Depth;
use takt::scenario::swarm::{SwarmOptions, all_floors};

fn swarm(depth: Option<Depth>, jobs: usize) -> Vec<(u64, String, u64)> {
    let options = SwarmOptions {
        seeds: 6,
        first_seed: 40,
        floors: all_floors(),
        for_ms: 120_000,
        depth,
        mix: None,
        jobs,
    };
    let flown = options.fly(&AtomicBool::new(false), |_| ());
    flown
        .into_iter()
        .map(|one| {
            let verdict = one.verdict.unwrap();
            assert_eq!(verdict.violations, [], "seed {}", one.seed);
            (one.seed, verdict.outcome.state_hash, verdict.outcome.faults)
        })
        .collect()
}

#[test]
fn the_same_seeds_give_the_same_hashes_alone_and_side_by_side() {
    for depth in [Depth::Image, Depth::Protocol] {
        let alone = swarm(Some(depth), 1);
        assert_eq!(alone, swarm(Some(depth), 3));
        assert!(alone.iter().map(|(_, _, faults)| faults).sum::<u64>() > 10);
    }
}
