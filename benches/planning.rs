//! What one-shot planning costs: distances from goals to starts, a first plan, and a step of an agent of that plan over the
//! size of conflict sets.
//!
//! `cargo bench --bench planning`; what it measured is in `docs/planning.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput};
use std::cell::Cell;
use std::time::Duration;
use takt_motion::plan::oneshot::{Instance, Network, Options, Outcome, plan};

/// Cells along a side of the grid.
const SIDE: usize = 96;

/// How near others may come, in cells: conflict sets of 1 to 29 vertices.
const REACHES: [f64; 7] = [0.0, 1.0, 1.5, 2.0, 2.3, 2.9, 3.0];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let (network, vertex) = grid();
    let crowd = instance(&network, &vertex, 400);

    let mut group = criterion.benchmark_group("grid-96x96-400");
    group.throughput(Throughput::Elements(400));
    group.bench_function("distances", |b| {
        // A budget that ends at once: only distances are found.
        b.iter(|| {
            plan(
                &network,
                &crowd,
                &Options::default(),
                &mut |_| false,
                &mut |_| (),
            )
        })
    });
    group.bench_function("first plan", |b| b.iter(|| first_plan(&network, &crowd)));
    let roadmap = network.as_roadmap(0.0);
    group.bench_function("first plan, as a roadmap", |b| {
        b.iter(|| first_plan(&roadmap, &crowd))
    });
    group.finish();

    // The same few agents however large they are.
    let few = instance(&network.as_roadmap(4.0), &vertex, 30);
    let mut group = criterion.benchmark_group("grid-96x96-30, a step of an agent");
    for reach in REACHES {
        let roadmap = network.as_roadmap(reach);
        let steps = 30 * first_plan(&roadmap, &few);
        group.throughput(Throughput::Elements(steps as u64));
        let name = format!("conflict sets of {:.1}", roadmap.conflict_set_mean());
        group.bench_function(name, |b| b.iter(|| first_plan(&roadmap, &few)));
    }
    group.finish();
    criterion.final_summary();
}

/// A grid with a block of two by two cells in every square of six, passable elsewhere.
fn grid() -> (Network, Vec<u32>) {
    let passable: Vec<bool> = (0..SIDE * SIDE)
        .map(|cell| cell % SIDE % 6 > 1 || cell / SIDE % 6 > 1)
        .collect();
    Network::grid(&passable, SIDE, SIDE)
}

/// So many agents with room for each other, by a fixed seed.
fn instance(network: &Network, vertex: &[u32], agents: usize) -> Instance {
    let free: Vec<u32> = vertex.iter().copied().filter(|&v| v != u32::MAX).collect();
    let mut state = 1u64;
    let mut shuffled = || {
        let mut cells = free.clone();
        for at in (1..cells.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            cells.swap(at, (state >> 33) as usize % (at + 1));
        }
        cells
    };
    let (starts, goals) = (shuffled(), shuffled());
    let mut instance = Instance { starts, goals }.with_room(network);
    assert!(instance.starts.len() >= agents, "there is room");
    instance.starts.truncate(agents);
    instance.goals.truncate(agents);
    instance
}

/// Plans until the first plan; its makespan.
fn first_plan(network: &Network, instance: &Instance) -> usize {
    let found = Cell::new(false);
    let (outcome, _) = plan(
        network,
        instance,
        &Options::default(),
        &mut |_| !found.get(),
        &mut |_| found.set(true),
    );
    match outcome {
        Outcome::Solved { first, .. } => first.makespan(),
        other => panic!("it can be solved: {other:?}"),
    }
}
