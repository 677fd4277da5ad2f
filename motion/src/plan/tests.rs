//! The planner on floors that are known to jam planners.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::{Carry, Shop, grid, node_at};
use super::{Planner, PlannerOptions};
use takt_maps::{Floor, NodeId};

fn planner(floor: &Floor, operations: bool) -> Planner {
    let options = PlannerOptions {
        jams: true,
        operations,
        ..PlannerOptions::default()
    };
    Planner::new(floor, options)
}

fn all_nodes(floor: &Floor) -> Vec<NodeId> {
    (0..floor.roadmap.nodes().len())
        .map(NodeId::from_index)
        .collect()
}

/// Runs `rounds` on a grid with the given number of vehicles and carry; returns the shop for assertions.
fn run(
    rows: &[&str],
    vehicles: usize,
    rounds: u32,
    carry: Carry,
    (operations, seed): (bool, u64),
) -> Shop {
    let floor = grid(rows, vehicles);
    let nodes = all_nodes(&floor);
    // Spread the starts over the floor.
    let starts: Vec<_> = (0..vehicles)
        .map(|i| nodes[i * nodes.len() / vehicles])
        .collect();
    let mut planner = planner(&floor, operations);
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
        for how in (0..3).flat_map(|seed| [(false, seed), (true, seed)]) {
            let shop = run(rows, vehicles, 1_000, carry, how);
            assert_lively(&format!("{what} {carry:?} {how:?}"), &shop, 20, longest);
        }
    }
}

#[test]
fn an_open_grid() {
    lively("open", &["......"; 6], 12, 120);
}

#[test]
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
fn a_corridor_with_bays() {
    let rows = ["#.##.##.##.#", "............"];
    lively("corridor with bays", &rows, 4, 200);
}

#[test]
fn a_tree() {
    let rows = ["#.#.#.#", "#.#.#.#", ".......", "#.###.#", "#.###.#"];
    lively("tree", &rows, 3, 300);
}

#[test]
fn boxes_in_a_maze_of_dead_ends() {
    let rows = [
        "#.#.#.#.#",
        "..........",
        ".##.##.##.",
        "..........",
        "#.##.##.##",
    ];
    lively("maze", &rows, 10, 200);
}

#[test]
fn a_crowded_grid() {
    lively("crowded", &["....", "....", "....", "...."], 12, 200);
}

#[test]
fn idle_vehicles_make_room() {
    let rows = ["#.#.#.#", ".......", "#.#.#.#"];
    for seed in 0..10 {
        let floor = grid(&rows, 5);
        let nodes = all_nodes(&floor);
        let mut planner = planner(&floor, seed % 2 == 1);
        let mut shop = Shop::new(floor, &nodes[..5], nodes.clone(), seed);
        shop.idle_every = 2;
        for _ in 0..1_000 {
            shop.round(&mut planner, Carry::Some);
        }
        assert_lively("idle", &shop, 20, 200);
    }
}

/// Of the public maps those on which planners are known to jam, as floors on which new goals come again and again.
#[test]
fn deadlock_prone_public_maps() {
    let Some(data) = std::env::var_os("TAKT_DATA") else {
        println!("skipped: TAKT_DATA is not set");
        return;
    };
    for (name, vehicles) in [
        ("tree", 3),
        ("corners", 3),
        ("tunnel", 4),
        ("string", 4),
        ("loop-chain", 4),
        ("connector", 6),
    ] {
        let path = std::path::Path::new(&data).join(format!("mapf/maps/{name}.map"));
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> = text.lines().skip(4).collect();
        for carry in [Carry::All, Carry::Some] {
            for how in (0..3).flat_map(|seed| [(false, seed), (true, seed)]) {
                let shop = run(&rows, vehicles, 1_000, carry, how);
                // In the tunnel nobody gets anywhere by rules, and a jam takes long to be seen as one.
                let (least, longest) = if name == "tunnel" {
                    (3, 950)
                } else {
                    (10, 400)
                };
                let what = format!("{name} {carry:?} {how:?}");
                assert_lively(&what, &shop, least, longest);
            }
        }
    }
}

/// The MovingAI map of a warehouse, if `TAKT_DATA` says where the public data are.
fn warehouse(vehicles: usize) -> Option<Floor> {
    let data = std::env::var_os("TAKT_DATA")?;
    let path = std::path::Path::new(&data).join("mapf/maps/warehouse-10-20-10-2-1.map");
    let text = std::fs::read_to_string(path).ok()?;
    let rows: Vec<&str> = text.lines().skip(4).collect();
    Some(grid(&rows, vehicles))
}

#[test]
fn a_hundred_vehicles_in_a_warehouse() {
    let Some(floor) = warehouse(100) else {
        println!("skipped: TAKT_DATA is not set");
        return;
    };
    let nodes = all_nodes(&floor);
    let starts: Vec<_> = (0..100).map(|i| nodes[i * nodes.len() / 100]).collect();
    for operations in [false, true] {
        let mut planner = planner(&floor, operations);
        let mut shop = Shop::new(floor.clone(), &starts, nodes.clone(), 7);
        shop.still_max = 20;
        let (mut worst, mut sum) = (0, 0);
        for _ in 0..400 {
            shop.round(&mut planner, Carry::Some);
            worst = worst.max(shop.out.work);
            sum += shop.out.work;
        }
        println!("work: worst {worst}, mean {}", sum / 400);
        assert_lively("warehouse", &shop, 1, 300);
    }
}

#[test]
fn others_go_round_one_that_stays_in_a_lane_and_a_closed_aisle() {
    // The short way along the top is taken by vehicle 1, which can't move; the way along the bottom is free.
    let rows = [".....", ".###.", ".###.", "....."];
    for close in [false, true] {
        let floor = grid(&rows, 2);
        let (start, middle, goal) = (
            node_at(&floor, 0, 0),
            node_at(&floor, 2, 0),
            node_at(&floor, 4, 0),
        );
        let aside = node_at(&floor, 2, 3);
        let mut planner = planner(&floor, true);
        let mut shop = Shop::new(floor, &[start, middle], vec![goal], 1);
        shop.snapshot.agents[0].goal = Some(goal);
        shop.still[1] = 1_000;
        if close {
            shop.snapshot.agents[1].node = aside;
            shop.snapshot.agents[1].goal = Some(aside);
            shop.snapshot.blocked = vec![takt_maps::PlaceId(middle.0)];
            // The bottom is taken as well until the other may leave it.
            shop.still[1] = 0;
            shop.snapshot.agents[1].dwell = false;
        }
        for _ in 0..40 {
            shop.round(&mut planner, Carry::All);
        }
        assert!(shop.reached[0] > 0, "closed {close}\n{}", shop.draw());
    }
}

#[test]
fn the_same_snapshots_and_seed_give_the_same_plans() {
    let once = |seed| {
        let shop = run(
            &[".....", ".#.#.", "....."],
            6,
            100,
            Carry::Some,
            (true, seed),
        );
        (shop.snapshot, shop.out)
    };
    assert_eq!(once(3), once(3));
    assert!(!once(3).1.moves.is_empty());
    assert_ne!(once(3), once(4));
}

#[test]
fn a_zone_for_two_between_two_rooms() {
    let rows = [".........", ".........", "........."];
    for carry in [Carry::All, Carry::Some] {
        let mut floor = grid(&rows, 6);
        // The middle third, with the grounds of the edges that touch it.
        let inside = |n: &takt_maps::Node| (3_000..6_000).contains(&n.x_mm);
        let nodes = floor.roadmap.nodes();
        let mut places: Vec<_> = (0..nodes.len())
            .filter(|&n| inside(&nodes[n]))
            .map(takt_maps::PlaceId::from_index)
            .collect();
        for edge in floor.roadmap.edges() {
            if inside(floor.roadmap.node(edge.from)) || inside(floor.roadmap.node(edge.to)) {
                places.push(edge.place);
            }
        }
        places.sort_unstable();
        places.dedup();
        floor.zones.push(takt_maps::Zone {
            name: "crossing".into(),
            capacity: 2,
            places,
            outline: Vec::new(),
        });
        let nodes = all_nodes(&floor);
        let starts: Vec<_> = [0, 1, 2, 6, 7, 8].iter().map(|&n| nodes[n]).collect();
        let mut planner = planner(&floor, carry == Carry::Some);
        let mut shop = Shop::new(floor, &starts, nodes, 5);
        shop.idle_every = 3;
        for _ in 0..1_000 {
            shop.round(&mut planner, carry);
        }
        assert_lively("zone", &shop, 20, 200);
    }
}

#[test]
fn a_street_of_many_nodes() {
    // Longer than a search by recursion would bear.
    let floor = grid(&[&".".repeat(50_000)], 1);
    let mut shop = Shop::new(floor, &[NodeId(100)], vec![NodeId(90), NodeId(110)], 1);
    let mut planner = planner(&shop.floor, true);
    for _ in 0..40 {
        shop.round(&mut planner, Carry::All);
    }
    assert!(shop.reached[0] > 0);
}

#[test]
fn operations_bring_more_than_steps_where_there_is_room() {
    let reached = |operations| {
        let shops = (0..3).map(|seed| run(&["......"; 6], 12, 300, Carry::All, (operations, seed)));
        shops
            .map(|shop| shop.reached.iter().sum::<u32>())
            .sum::<u32>()
    };
    let (steps, operations) = (reached(false), reached(true));
    assert!(operations > steps, "{operations} instead of {steps}");
}

/// Where all places are taken everybody could go on by turning in a ring; but on a floor one has to be the first.
#[test]
fn nobody_turns_in_a_ring() {
    let floor = grid(&["..", ".."], 4);
    let at = |x, y| node_at(&floor, x, y);
    let ring = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
    let mut planner = planner(&floor, true);
    let mut shop = Shop::new(floor, &ring, ring.to_vec(), 1);
    let plan = |shop: &mut Shop, planner: &mut Planner| {
        planner.plan(&shop.floor, &shop.snapshot, &mut shop.out);
        shop.out.moves.len()
    };
    for (i, agent) in shop.snapshot.agents.iter_mut().enumerate() {
        agent.goal = Some(ring[(i + 1) % 4]);
    }
    assert_eq!(plan(&mut shop, &mut planner), 0);
    // With one of them gone the others follow each other.
    shop.snapshot.agents[0].present = false;
    assert!(plan(&mut shop, &mut planner) >= 3);
}
