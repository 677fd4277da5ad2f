//! Planner and traffic manager together under random delays: nothing is ever in conflict, and everyone keeps arriving.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod floors;
mod shop;

use floors::grid;
use shop::{Rules, Shop, Tally};
use takt_maps::Floor;

const RULES: Rules = Rules {
    plan_every: 5,
    plan_takes: 1,
    hold_while_planning: true,
    step_ticks_max: 6,
    stall_every: 200,
    base: 3,
    audit_every: 1,
};

/// Runs a shop; every vehicle has to reach `goals` goals, none later than `longest` ticks after it was given.
fn keeps_arriving(
    what: &str,
    floor: Floor,
    rules: Rules,
    ticks: u64,
    goals: u32,
    longest: u64,
) -> Tally {
    let mut shop = Shop::new(floor, rules, 7);
    shop.run(ticks);
    let t = &shop.tally;
    let fewest = t.goals.iter().min().unwrap();
    let sum: u32 = t.goals.iter().sum();
    println!(
        "{what}: {} steps, {sum} goals, {fewest} at least, longest {}, plans: {} admitted, {} stale, {} refused",
        t.steps, t.longest, t.admitted, t.stale, t.refused
    );
    assert!(
        *fewest >= goals,
        "{what}: {:?}\n{}",
        t.goals,
        shop.describe()
    );
    assert!(t.longest <= longest, "{what}\n{}", shop.describe());
    shop.tally
}

#[test]
fn a_hundred_vehicles_on_a_grid_with_shelves() {
    let aisle = "....................................";
    let shelf = "..######..######..######..######....";
    let rows: Vec<&str> = (0..24)
        .map(|y| if y % 3 == 1 { shelf } else { aisle })
        .collect();
    let rules = Rules {
        audit_every: 20,
        ..RULES
    };
    keeps_arriving("grid", grid(&rows, 100), rules, 6_000, 3, 4_000);
}

const LOOP: [&str; 5] = [
    "#.#.#.#.#", //
    ">>>>>>>>v",
    "^#######v",
    "^<<<<<<<<",
    "#.#.#.#.#",
];

#[test]
fn a_one_way_loop_with_bays() {
    keeps_arriving("loop", grid(&LOOP, 5), RULES, 20_000, 60, 2_000);
}

#[test]
fn plans_that_come_late_while_vehicles_go_on() {
    // What is granted meanwhile overtakes plans: those are refused or fit still, and nothing jams.
    let rules = Rules {
        plan_takes: 3,
        hold_while_planning: false,
        ..RULES
    };
    keeps_arriving("late plans, loop", grid(&LOOP, 5), rules, 20_000, 50, 2_500);
    let open = ["............"; 12];
    let tally = keeps_arriving("late plans, open", grid(&open, 30), rules, 6_000, 15, 2_000);
    assert!(
        tally.stale > 0,
        "some were overtaken, or this tests nothing"
    );
}

#[test]
fn the_same_seed_gives_the_same_state() {
    let run = |seed| {
        let mut shop = Shop::new(grid(&["........"; 8], 20), RULES, seed);
        shop.run(500);
        shop.state_hash()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
