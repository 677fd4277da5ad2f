//! Plans are valid on random grids, and the best on tiny ones: checked by brute force.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::lacam::{Search, Stop};
use super::pibt::Problem;
use super::tree::step_loss;
use super::*;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Rows of `.` and `#`.
fn network(rows: &[&str]) -> (Network, Vec<u32>) {
    let passable: Vec<bool> = rows
        .iter()
        .flat_map(|row| row.bytes().map(|cell| cell != b'#'))
        .collect();
    Network::grid(&passable, rows[0].len(), rows.len())
}

fn options(rotation: bool, seed: u64) -> Options {
    Options {
        rotation,
        seed,
        ..Options::default()
    }
}

/// Agents between cells, given by their numbers in reading order.
fn instance(vertex: &[u32], cells: &[(usize, usize)]) -> Instance {
    Instance {
        starts: cells.iter().map(|cell| vertex[cell.0]).collect(),
        goals: cells.iter().map(|cell| vertex[cell.1]).collect(),
    }
}

/// Plans with so much work, and checks the plan.
fn planned(network: &Network, instance: &Instance, options: Options, work: u64) -> Outcome {
    let mut firsts = 0;
    let (outcome, _) = plan(
        network,
        instance,
        &options,
        &mut |spent| spent < work,
        &mut |_| firsts += 1,
    );
    if let Outcome::Solved { best, first, .. } = &outcome {
        assert_eq!(firsts, 1);
        for solution in [first, best] {
            assert_eq!(solution.check(network, instance, &options), Ok(()));
        }
        assert!(best.sum_of_loss() <= first.sum_of_loss());
    }
    outcome
}

/// The least loss, by Dijkstra's algorithm over all configurations; `None`: no solution.
fn least_loss(network: &Network, instance: &Instance, rotation: bool) -> Option<u32> {
    let agents = instance.starts.len();
    let mut best = BTreeMap::from([(instance.starts.clone(), 0)]);
    let mut heap = BinaryHeap::from([Reverse((0, instance.starts.clone()))]);
    while let Some(Reverse((loss, from))) = heap.pop() {
        if from == instance.goals {
            return Some(loss);
        }
        if best[&from] < loss {
            continue;
        }
        let mut all = vec![Vec::new()];
        for &at in &from {
            let ends = network.successors(at).iter().chain([&at]);
            all = ends
                .flat_map(|&to| {
                    all.iter()
                        .map(move |row: &Vec<u32>| [&row[..], &[to]].concat())
                })
                .collect();
        }
        for to in all {
            // Paths of one step, through the same judge as everybody's.
            let step = Instance {
                starts: from.clone(),
                goals: to.clone(),
            };
            let paths = (0..agents)
                .map(|agent| {
                    if from[agent] == to[agent] {
                        vec![to[agent]]
                    } else {
                        vec![from[agent], to[agent]]
                    }
                })
                .collect();
            let options = options(rotation, 0);
            if (Solution { paths })
                .check(network, &step, &options)
                .is_err()
            {
                continue;
            }
            let loss = loss + step_loss(&from, &to, &instance.goals);
            if best.get(&to).is_none_or(|&known| loss < known) {
                best.insert(to.clone(), loss);
                heap.push(Reverse((loss, to)));
            }
        }
    }
    None
}

/// A random grid with agents on it: its cells, and who goes where.
fn random(
    side: std::ops::RangeInclusive<usize>,
    share: usize,
) -> impl Strategy<Value = (Network, Instance)> {
    (side.clone(), side).prop_flat_map(move |(width, height)| {
        let cells = proptest::collection::vec(proptest::bool::weighted(0.8), width * height);
        cells.prop_flat_map(move |passable| {
            let (network, vertex) = Network::grid(&passable, width, height);
            let free: Vec<u32> = vertex.into_iter().filter(|&v| v != u32::MAX).collect();
            let shuffled = || Just(free.clone()).prop_shuffle();
            (shuffled(), shuffled(), 0..=free.len() * share / 100).prop_map(
                move |(starts, goals, agents)| {
                    let agents = agents.min(starts.len());
                    let instance = Instance {
                        starts: starts[..agents].to_vec(),
                        goals: goals[..agents].to_vec(),
                    };
                    (network.clone(), instance)
                },
            )
        })
    })
}

/// A random roadmap with one-way lanes, conflict sets and arcs that sweep more than their ends; agents on it, as many as
/// have room up to `most`.
fn roadmap(
    vertices: std::ops::RangeInclusive<usize>,
    most: usize,
) -> impl Strategy<Value = (Network, Instance)> {
    vertices.prop_flat_map(move |vertices| {
        let vertex = || 0..vertices as u32;
        let lanes = proptest::collection::vec(
            (vertex(), vertex(), proptest::bool::weighted(0.7)),
            vertices..3 * vertices,
        );
        let conflicts = proptest::collection::vec((vertex(), vertex()), 0..=vertices / 2);
        let sweeps = proptest::collection::vec((0..1_000u32, vertex()), 0..=vertices);
        let shuffled = move || Just((0..vertices as u32).collect::<Vec<u32>>()).prop_shuffle();
        (lanes, conflicts, sweeps, shuffled(), shuffled()).prop_map(
            move |(lanes, conflicts, sweeps, starts, goals)| {
                let mut arcs: Vec<(u32, u32)> = lanes
                    .iter()
                    .flat_map(|&(a, b, two_way)| {
                        [(a, b), (b, a)].into_iter().take(1 + usize::from(two_way))
                    })
                    .filter(|(a, b)| a != b)
                    .collect();
                arcs.sort_unstable();
                arcs.dedup();
                // Against each other's end or start nothing could ever go.
                let sweeps: Vec<(u32, u32)> = sweeps
                    .into_iter()
                    .filter(|_| !arcs.is_empty())
                    .map(|(arc, vertex)| (arc % arcs.len() as u32, vertex))
                    .filter(|&(arc, vertex)| arcs[arc as usize].0 != vertex)
                    .collect();
                let network = Network::roadmap(vertices, &arcs, &conflicts, &sweeps);
                let apart = |all: Vec<u32>| {
                    let mut chosen: Vec<u32> = Vec::new();
                    for vertex in all {
                        if chosen.len() < most
                            && !chosen
                                .iter()
                                .any(|other| network.conflicts(vertex).contains(other))
                        {
                            chosen.push(vertex);
                        }
                    }
                    chosen
                };
                let (mut starts, mut goals) = (apart(starts), apart(goals));
                let agents = starts.len().min(goals.len());
                starts.truncate(agents);
                goals.truncate(agents);
                (network, Instance { starts, goals })
            },
        )
    })
}

/// Any of both.
fn tiny() -> impl Strategy<Value = (Network, Instance)> {
    prop_oneof![random(2..=3, 35), roadmap(4..=7, 3)]
}

/// Any of both.
fn small() -> impl Strategy<Value = (Network, Instance)> {
    prop_oneof![random(4..=12, 60), roadmap(8..=40, 12)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Searched to the end, it finds the best solution, and says that there is none only where there is none.
    #[test]
    fn tiny_instances_are_solved_as_well_as_can_be((network, instance) in tiny(), rotation: bool, seed: u64) {
        let problem = Problem { network: &network, goals: &instance.goals, rotation };
        let mut search = Search::new(problem, &instance.starts, &options(rotation, seed));
        let least = least_loss(&network, &instance, rotation);
        let stop = search.run(&mut |_| true);
        prop_assert_eq!(stop == Stop::Found, least.is_some());
        if least.is_some() {
            prop_assert_eq!(search.run(&mut |_| true), Stop::Exhausted);
            prop_assert_eq!(search.loss(), least);
        }
        // And the whole planner: it stops by itself only with the best.
        match planned(&network, &instance, options(rotation, seed), 1_000_000) {
            Outcome::Solved { best, optimal, .. } => {
                let loss = best.sum_of_loss();
                prop_assert!(u64::from(least.unwrap()) <= loss);
                prop_assert!(!optimal || loss == u64::from(least.unwrap()));
            }
            Outcome::Unsolvable => prop_assert_eq!(least, None),
            Outcome::NotFound => prop_assert!(false, "a tiny instance needs little work"),
        }
    }

    /// Every plan is valid, first and last, and the same for the same work, whatever the threads.
    #[test]
    fn plans_are_valid_and_repeat((network, instance) in small(), rotation: bool, seed: u64) {
        let options = options(rotation, seed);
        let outcome = planned(&network, &instance, options, 200_000);
        let others = Options { threads: 3, ..options };
        prop_assert_eq!(planned(&network, &instance, others, 200_000), outcome);
    }
}

#[test]
fn a_ring_turns_only_where_it_may() {
    let (network, vertex) = network(&["..", ".."]);
    let ring = instance(&vertex, &[(0, 1), (1, 3), (3, 2), (2, 0)]);
    for (rotation, solvable) in [(true, true), (false, false)] {
        let outcome = planned(&network, &ring, options(rotation, 1), u64::MAX);
        match outcome {
            Outcome::Solved { best, optimal, .. } => {
                assert!(solvable && optimal);
                assert_eq!(best.sum_of_loss(), 4);
            }
            other => assert!(!solvable && other == Outcome::Unsolvable),
        }
    }
}

/// Corridors, some of their lanes one-way: whoever makes room for another one is not pulled after it against a lane.
#[test]
fn nobody_goes_against_a_one_way_lane() {
    let mut chance = crate::plan::chance::Chance::new(1);
    let mut solved = 0;
    for seed in 0..300 {
        // A corridor with bays, and a few short cuts.
        let mut arcs: Vec<(u32, u32)> = Vec::new();
        for vertex in 1..16 {
            let to = if vertex % 4 == 3 {
                vertex - 2
            } else {
                vertex - 1
            };
            arcs.push((vertex, to));
            if chance.below(3) > 0 {
                arcs.push((to, vertex));
            }
        }
        for _ in 0..4 {
            arcs.push((chance.below(8) as u32, 8 + chance.below(8) as u32));
        }
        arcs.sort_unstable();
        arcs.dedup();
        let network = Network::roadmap(16, &arcs, &[], &[]);
        let mut vertices: Vec<u32> = (0..16).collect();
        let mut shuffled = || {
            for at in (1..vertices.len()).rev() {
                vertices.swap(at, chance.below(at + 1));
            }
            vertices[..6].to_vec()
        };
        let instance = Instance {
            starts: shuffled(),
            goals: shuffled(),
        };
        let outcome = planned(&network, &instance, options(true, seed), 20_000);
        solved += u32::from(matches!(outcome, Outcome::Solved { .. }));
    }
    assert!(solved > 30, "{solved}");
}

/// Corridors, dead ends, bays and junctions in which agents have to make room for each other.
#[test]
fn deadlock_prone_floors_are_solved() {
    /// A name, rows, and agents from cell to cell.
    type Case<'a> = (&'a str, &'a [&'a str], &'a [(usize, usize)]);
    let cases: [Case; 5] = [
        (
            "a corridor with a bay",
            &[".......", "###.###"],
            &[(0, 6), (6, 0)],
        ),
        (
            "a bay at the far end",
            &[".......", "#####.#"],
            &[(0, 6), (6, 0)],
        ),
        (
            "a tree",
            &["#.#.#", ".....", "#.#.#"],
            &[(1, 13), (13, 1), (5, 9), (9, 5)],
        ),
        (
            "a string of rooms",
            &["..#..#..", "........", "..#..#.."],
            &[(0, 7), (7, 0), (16, 23), (23, 16), (8, 15), (15, 8)],
        ),
        (
            "a dead end to be emptied",
            &["#.##", "....", ".###", ".###"],
            &[(12, 7), (8, 12), (4, 8)],
        ),
    ];
    for (name, rows, cells) in cases {
        let (network, vertex) = network(rows);
        for rotation in [true, false] {
            let outcome = planned(
                &network,
                &instance(&vertex, cells),
                options(rotation, 3),
                3_000_000,
            );
            assert!(
                matches!(outcome, Outcome::Solved { .. }),
                "{name}: {outcome:?}"
            );
        }
    }
}

#[test]
fn what_cant_be_solved_is_said_to_be_so() {
    // Two in a corridor can't pass each other.
    let (corridor, vertex) = network(&["...."]);
    let swap = instance(&vertex, &[(0, 3), (3, 0)]);
    let options = options(true, 0);
    assert_eq!(
        planned(&corridor, &swap, options, u64::MAX),
        Outcome::Unsolvable
    );
    // Nor is there a way where there is a wall.
    let (walled, vertex) = network(&[".#."]);
    let through = instance(&vertex, &[(0, 2)]);
    assert_eq!(
        planned(&walled, &through, options, u64::MAX),
        Outcome::Unsolvable
    );
    // A budget that ends at once proves nothing.
    assert_eq!(planned(&corridor, &swap, options, 0), Outcome::NotFound);
}

/// Of the public maps those on which planners are known to jam: whoever goes where, it is solved, or proven that it can't be.
#[test]
fn deadlock_prone_public_maps_are_decided() {
    let Some(data) = std::env::var_os("TAKT_DATA") else {
        println!("skipped: TAKT_DATA is not set");
        return;
    };
    for (name, agents, least) in [
        ("tree", 3, 30),
        ("corners", 3, 30),
        ("tunnel", 4, 30),
        ("string", 4, 30),
        ("loop-chain", 5, 30),
        ("connector", 7, 30),
    ] {
        let path = std::path::Path::new(&data).join(format!("mapf/maps/{name}.map"));
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<String> = text
            .lines()
            .skip(4)
            .map(|row| row.replace(['@', 'T'], "#"))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (network, vertex) = network(&rows);
        let mut free: Vec<u32> = vertex.into_iter().filter(|&v| v != u32::MAX).collect();
        let mut chance = crate::plan::chance::Chance::new(9);
        let mut shuffled = || {
            for at in (1..free.len()).rev() {
                free.swap(at, chance.below(at + 1));
            }
            free[..agents].to_vec()
        };
        let mut solved = 0;
        for round in 0..30 {
            let instance = Instance {
                starts: shuffled(),
                goals: shuffled(),
            };
            for rotation in [true, false] {
                // The first plan will do.
                let found = std::cell::Cell::new(false);
                let (outcome, _) = plan(
                    &network,
                    &instance,
                    &options(rotation, round),
                    &mut |work| work < 3_000_000 && !found.get(),
                    &mut |_| found.set(true),
                );
                match outcome {
                    Outcome::Solved { best, .. } => {
                        assert_eq!(
                            best.check(&network, &instance, &options(rotation, round)),
                            Ok(())
                        );
                        solved += 1;
                    }
                    Outcome::Unsolvable => println!("{name} {round}: unsolvable"),
                    Outcome::NotFound => panic!("{name}: {instance:?} is not decided"),
                }
            }
        }
        println!("{name}: {solved} of 60 solved");
        assert!(solved >= least);
    }
}

#[test]
fn who_has_farther_to_go_than_distances_tell_is_not_called_locked_in() {
    let options = Options::default();
    let solve = |length: usize| {
        let (network, vertex) = Network::grid(&vec![true; length], length, 1);
        let instance = Instance {
            starts: vec![vertex[0]],
            goals: vec![vertex[length - 1]],
        };
        plan(&network, &instance, &options, &mut |_| true, &mut |_| ()).0
    };
    assert_eq!(solve(DISTANCE_MAX as usize + 1), Outcome::NotFound);
    let Outcome::Solved { best, .. } = solve(2_000) else {
        panic!("it can be solved");
    };
    assert_eq!(best.makespan(), 1_999);
}

#[test]
fn steps_lead_to_and_fro_between_halves_only_without_odd_rings_and_one_way_lanes() {
    let both = |ways: &[(u32, u32)]| -> Vec<(u32, u32)> {
        ways.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect()
    };
    let is_even =
        |vertices, arcs: &[(u32, u32)]| Network::roadmap(vertices, arcs, &[], &[]).is_even();
    // Two parts, the second of which has a ring of three or of four.
    assert!(is_even(6, &both(&[(0, 1), (2, 3), (3, 4), (4, 5), (5, 2)])));
    assert!(!is_even(5, &both(&[(0, 1), (2, 3), (3, 4), (4, 2)])));
    assert!(!is_even(2, &[(0, 1)]));
    let (grid, _) = network(&["..#.", "....", ".#.."]);
    assert!(grid.is_even() && grid.as_roadmap(0.0).is_even());
}
