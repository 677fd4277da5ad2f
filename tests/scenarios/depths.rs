//! The same at both depths, the same whoever else is at work, and the same on every machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use takt::host::virtual_time::links::Depth;
use takt::scenario::Scenario;
use takt::scenario::floors::FloorChoice;
use takt::scenario::run::{RunOptions, run};
use takt::scenario::swarm::{SwarmOptions, all_floors};
use takt_sim::faults::{Mix, Profile};

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

/// What `takt sim --for 10m --faults hostile --seed 5` ends with, by depth, on whatever machine and however compiled:
/// `.ci/run` compares the release build with the same file. A change of what the controller does changes it, and
/// `TAKT_UPDATE_HASHES=1` writes it anew.
#[test]
fn a_hostile_run_ends_the_same_everywhere() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/hashes.json");
    let hash = |depth: Depth| {
        let floor = FloorChoice::BuiltIn("electronics-line".to_owned());
        let mut scenario = Scenario::on(floor);
        (scenario.seed, scenario.for_ms, scenario.depth) = (5, 600_000, depth);
        let floor = scenario.floor().unwrap();
        scenario.faults = Mix::of(Profile::Hostile).draw(&floor, 5, scenario.for_ms);
        let verdict = run(&scenario, &floor, &RunOptions::default(), |_| ()).unwrap();
        assert_eq!(verdict.violations, []);
        (depth.name().to_owned(), verdict.outcome.state_hash)
    };
    let hashes: BTreeMap<String, String> = [Depth::Image, Depth::Protocol].map(hash).into();
    if std::env::var("TAKT_UPDATE_HASHES").is_ok() {
        let text = serde_json::to_string_pretty(&hashes).unwrap() + "\n";
        std::fs::write(&file, text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    let kept: BTreeMap<String, String> = serde_json::from_str(&kept).unwrap();
    assert_eq!(hashes, kept);
}
