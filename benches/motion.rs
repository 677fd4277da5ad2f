//! What planning and traffic cost: a plan from nothing, admission of that plan, and the grants that it allows, on the
//! built-in floor and on an open grid with 50 vehicles.
//!
//! `cargo bench --bench motion`; what it measured is in `docs/performance.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{BatchSize, Criterion, Throughput};
use std::time::Duration;
use takt_maps::{Floor, LoadOptions, NodeId, VehicleId};
use takt_motion::plan::{Planner, PlannerOptions};
use takt_motion::traffic::Traffic;
use takt_motion::{AgentSnapshot, MotionProposal, MotionSnapshot};

/// Cells along a side of the grid.
const SIDE: usize = 60;

/// Vehicles on the grid.
const VEHICLES: usize = 50;

/// Room for this many moves a vehicle in the traffic manager; more than the planner's window.
const MOVES_PER_VEHICLE: usize = 64;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    bench_floor(&mut criterion, "built-in", &built_in());
    bench_floor(&mut criterion, "grid-60x60-50", &grid());
    criterion.final_summary();
}

fn built_in() -> Floor {
    let loaded = takt_maps::builtin("electronics-line");
    loaded.expect("there is one").expect("it compiles").floor
}

/// An open grid of 1 m cells as a MovingAI map, with vehicles placed by seed.
fn grid() -> Floor {
    let row = ".".repeat(SIDE) + "\n";
    let text = format!(
        "type octile\nheight {SIDE}\nwidth {SIDE}\nmap\n{}",
        row.repeat(SIDE)
    );
    let options = LoadOptions {
        vehicles: Some(VEHICLES),
        ..LoadOptions::default()
    };
    let loaded = takt_maps::load_text("grid.map", &text, &options);
    loaded.expect("an open grid is a floor").floor
}

/// Everyone at the start, under control and without a plan.
fn traffic(floor: &Floor) -> Traffic {
    let mut traffic = Traffic::new(floor, floor.vehicles.len() * MOVES_PER_VEHICLE);
    for (i, vehicle) in floor.vehicles.iter().enumerate() {
        let placed = traffic.place(
            floor,
            VehicleId::from_index(i),
            vehicle.start,
            false,
            None,
            0,
        );
        assert_eq!(placed, Ok(()), "floors start without conflict");
    }
    traffic
}

/// Each vehicle is to go to a station of its own, as long as there are enough, and stays there.
fn snapshot(floor: &Floor, traffic: &Traffic) -> MotionSnapshot {
    let goals: Vec<NodeId> = floor.stations.iter().map(|s| s.node).collect();
    let agent = |(i, vehicle): (usize, &takt_maps::Vehicle)| {
        let (node, seq) = traffic.base_end(VehicleId::from_index(i));
        AgentSnapshot {
            present: true,
            movable: true,
            node,
            seq,
            ready_ms: 0,
            kind: vehicle.kind,
            class: floor.kinds[vehicle.kind.index()].class(false),
            // 7 shares no factor with the number of stations, so that goals lie apart from starts and each other.
            goal: Some(goals[i * 7 % goals.len()]),
            dwell: false,
            priority: 0,
        }
    };
    MotionSnapshot {
        stamp: 1,
        agents: floor.vehicles.iter().enumerate().map(agent).collect(),
        blocked: Vec::new(),
    }
}

/// Grants round after round until nobody can be granted more; gives the number of grants.
fn grant_all(floor: &Floor, traffic: &mut Traffic) -> u64 {
    let mut granted = 0;
    loop {
        let before = granted;
        for i in 0..floor.vehicles.len() {
            let vehicle = VehicleId::from_index(i);
            granted += u64::from(traffic.grant(floor, vehicle, u32::MAX, |_| true).is_ok());
        }
        if granted == before {
            return granted;
        }
    }
}

fn bench_floor(criterion: &mut Criterion, name: &str, floor: &Floor) {
    let mut group = criterion.benchmark_group(name);
    let fresh = traffic(floor);
    let snapshot = snapshot(floor, &fresh);

    // The first plan searches distances to all goals; later ones find them, as in operation.
    let cold = Planner::new(floor, PlannerOptions::default());
    let mut warm = cold.clone();
    let mut plan = MotionProposal::default();
    warm.plan(floor, &snapshot, &mut plan);
    assert!(!plan.moves.is_empty(), "there is something to plan");
    for (case, planner) in [("plan/first", &cold), ("plan/next", &warm)] {
        group.throughput(Throughput::Elements(floor.vehicles.len() as u64));
        group.bench_function(case, |b| {
            b.iter_batched_ref(
                || (planner.clone(), MotionProposal::default()),
                |(planner, out)| planner.plan(floor, &snapshot, out),
                BatchSize::LargeInput,
            );
        });
    }

    group.throughput(Throughput::Elements(plan.moves.len() as u64));
    group.bench_function("admit", |b| {
        b.iter_batched_ref(
            || fresh.clone(),
            |traffic| traffic.admit(floor, &plan),
            BatchSize::LargeInput,
        );
    });

    let mut admitted = fresh.clone();
    assert_eq!(admitted.admit(floor, &plan), Ok(()), "plans keep the rules");
    let granted = grant_all(floor, &mut admitted.clone());
    assert!(granted > 0, "there is something to grant");
    group.throughput(Throughput::Elements(granted));
    group.bench_function("grant", |b| {
        b.iter_batched_ref(
            || admitted.clone(),
            |traffic| grant_all(floor, traffic),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
