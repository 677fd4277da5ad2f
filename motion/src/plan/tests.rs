//! The planner on floors that are known to jam planners.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::{Carry, Shop, grid};
use super::{Planner, PlannerOptions};
use takt_maps::{Floor, NodeId};

fn planner(floor: &Floor) -> Planner {
    Planner::new(floor, PlannerOptions::default())
}

fn all_nodes(floor: &Floor) -> Vec<NodeId> {
    (0..floor.roadmap.nodes().len())
        .map(NodeId::from_index)
        .collect()
}

/// Runs `rounds` on a grid with the given number of vehicles and carry; returns the shop for assertions.
fn run(rows: &[&str], vehicles: usize, rounds: u32, carry: Carry, seed: u64) -> Shop {
    let floor = grid(rows, vehicles);
    let nodes = all_nodes(&floor);
    // Spread the starts over the floor.
    let starts: Vec<_> = (0..vehicles)
        .map(|i| nodes[i * nodes.len() / vehicles])
        .collect();
    let mut planner = planner(&floor);
    let mut shop = Shop::new(floor, &starts, nodes, seed);
    for _ in 0..rounds {
        shop.round(&mut planner, carry);
    }
    shop
}

/// Everybody reaches goals again and again, and nobody waits for one longer than `longest` rounds.
fn assert_lively(what: &str, shop: &Shop, least: u32, longest: u32) {
    let fewest = shop.reached.iter().min().unwrap();
    let total: u32 = shop.reached.iter().sum();
    println!(
        "{what}: reached {total} in all, {fewest} at least, longest {}",
        shop.longest
    );
    assert!(
        *fewest >= least && shop.longest <= longest,
        "{what}: reached {:?}, longest {}, now\n{}",
        shop.reached,
        shop.longest,
        shop.draw()
    );
}

fn lively(what: &str, rows: &[&str], vehicles: usize, longest: u32) {
    for carry in [Carry::All, Carry::Some] {
        for seed in 0..5 {
            let shop = run(rows, vehicles, 1_000, carry, seed);
            assert_lively(&format!("{what} {carry:?} {seed}"), &shop, 20, longest);
        }
    }
}

#[test]
fn an_open_grid() {
    lively("open", &["......"; 6], 12, 120);
}

#[test]
#[ignore = "jams still"]
fn a_ring_with_dead_ends() {
    let rows = [
        "#.#.#.#", //
        ".......", ".#####.", ".......", "#.#.#.#",
    ];
    lively("bays", &rows, 5, 200);
}

#[test]
fn a_one_way_loop_with_bays() {
    let rows = [
        "#.#.#.#.#", //
        ">>>>>>>>v",
        "^#######v",
        "^<<<<<<<<",
        "#.#.#.#.#",
    ];
    lively("loop", &rows, 5, 200);
}

#[test]
fn a_narrow_corridor_between_two_rooms() {
    let rows = ["...####...", "..........", "...####..."];
    lively("corridor", &rows, 6, 200);
}

#[test]
#[ignore = "jams still"]
fn a_corridor_with_bays() {
    let rows = ["#.##.##.##.#", "............"];
    lively("corridor with bays", &rows, 4, 200);
}

#[test]
#[ignore = "jams still"]
fn a_tree() {
    let rows = ["#.#.#.#", "#.#.#.#", ".......", "#.###.#", "#.###.#"];
    lively("tree", &rows, 3, 300);
}
