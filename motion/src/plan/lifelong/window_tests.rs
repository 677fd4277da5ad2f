//! Windowed search against all there is, and what it can't do left to operations.
#![allow(clippy::unwrap_used)]

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::tests::Fleet;
use super::window_search::{DELAY_MAX, MOMENTS, Way, WindowSearch, delay, places};
use super::*;
use crate::plan::epibt::Reservations;

/// What a way costs at least, by all states and moments one after the other.
fn least_delay(view: &View<'_, TurningGrid>, others: &[Way]) -> Option<i32> {
    let grid = view.space;
    let agent = view.agents[0];
    let cost = |state, goal| view.distances.cost(state, goal) as i32;
    let from_goal = (0..4)
        .map(|at| cost(grid.state(agent.goal, at), agent.then))
        .min()
        .unwrap();
    let least = cost(agent.state, agent.goal) + from_goal;
    let mut reached = vec![None; 2 * grid.states()];
    reached[agent.state as usize] = Some(0);
    for moment in 1..MOMENTS {
        let mut next: Vec<Option<i32>> = vec![None; reached.len()];
        for (at, so_far) in reached.iter().enumerate() {
            let Some(so_far) = so_far else { continue };
            let (met, state) = (at / grid.states(), (at % grid.states()) as u32);
            for action in 0..4 {
                let to = grid.next(state, action);
                if to == NONE {
                    continue;
                }
                let (here, there) = (grid.place(state), grid.place(to));
                let is_taken = others.iter().any(|way| {
                    let other = [way[moment - 1], way[moment]].map(|state| grid.place(state));
                    other[1] == there || other == [there, here]
                });
                if is_taken {
                    continue;
                }
                let met = usize::from(met == 1 || there == agent.goal);
                let arc = match action {
                    0 => STEP,
                    _ => view.costs[state as usize * 4 + action],
                };
                let known = &mut next[met * grid.states() + to as usize];
                let cost = so_far + i32::from(arc);
                *known = Some(known.map_or(cost, |known: i32| known.min(cost)));
            }
        }
        reached = next;
    }
    let ends = reached.iter().enumerate().filter_map(|(at, so_far)| {
        let state = (at % grid.states()) as u32;
        let left = match at / grid.states() {
            0 => cost(state, agent.goal) + from_goal,
            _ => cost(state, agent.then),
        };
        so_far.map(|so_far| so_far + left - least)
    });
    ends.min()
}

/// The search for one agent finds the best way there is round others who go at random.
#[test]
fn a_window_holds_the_best_way() {
    let mut found_some = 0;
    for seed in 0..60 {
        // Others may be anywhere, and go anywhere.
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let fleet = Fleet::new(6, 5, 15, 4, seed);
        let grid = TurningGrid::new(fleet.width, &fleet.free);
        let backward = Backward::new(&grid);
        let mut costs = vec![STEP; grid.states() * 4];
        for arc in (0..costs.len()).filter(|arc| arc % 4 == usize::from(FORWARD)) {
            costs[arc] += (random.next_u32() % 20) as u16;
        }
        let mut fields = Fields::new(&grid, 1 << 20, 1);
        let ways = Ways {
            space: &grid,
            backward: &backward,
            costs: &costs,
            version: 0,
        };
        let mut place = || random.next_u32() % grid.places() as u32;
        let (goal, then) = (place(), place());
        for goal in [goal, then] {
            let need = Need {
                goal,
                from: NONE,
                steps: 0,
            };
            if fields.known(goal) == NONE {
                assert!(fields.want(ways, need, 1));
                fields.make_batch(ways);
            }
        }
        let state = |i: usize| {
            let place = grid.place_at(fleet.cell(i)).unwrap();
            grid.state(place, usize::from(fleet.at[i].2))
        };
        let agent = |i| Agent {
            state: state(i),
            goal,
            then,
            rest: 0,
        };
        let agents: Vec<Agent> = (0..fleet.at.len()).map(agent).collect();
        let view = View {
            space: &grid,
            distances: Distances {
                space: &grid,
                fields: &fields,
                landmarks: &Landmarks::new(&grid, &backward),
            },
            costs: &costs,
            agents: &agents,
            weight: &vec![1; agents.len()],
        };
        let mut reservations = Reservations::new(&grid, agents.len());
        for (i, agent) in agents.iter().enumerate() {
            reservations.stand(&grid, i as u32, 0, grid.place(agent.state));
        }
        let mut others: Vec<Way> = Vec::new();
        for (i, agent) in agents.iter().enumerate().skip(1) {
            let mut way = [agent.state; MOMENTS];
            for moment in 1..way.len() {
                let next = grid.next(way[moment - 1], random.next_u32() as usize % 4);
                way[moment] = if next == NONE { way[moment - 1] } else { next };
            }
            let path = places(&grid, &way);
            // Others may meet each other here, but only one is noted in a place.
            let is_free = (1..path.len()).all(|moment| {
                let step = (path[moment - 1], path[moment]);
                reservations.is_free(&grid, i as u32, moment, step)
            });
            if is_free {
                reservations.add(&grid, i as u32, &path);
                others.push(way);
            }
        }
        let mut search = WindowSearch::new(&grid);
        let found = search.run(&view, 0, Some(&reservations), DELAY_MAX);
        let least = least_delay(&view, &others).filter(|&least| least < DELAY_MAX);
        assert_eq!(found.map(|(_, delay)| delay), least, "seed {seed}");
        if let Some((way, least)) = found {
            assert_eq!(delay(&view, 0, &way), least);
            let again = search.run(&view, 0, Some(&reservations), least);
            assert!(again.is_none(), "nothing below the best");
            found_some += 1;
        }
    }
    assert!(found_some > 30, "{found_some}");
}

/// Two halves with a corridor between them that is longer than a window: those who meet in it push each other back, and
/// everybody gets through.
#[test]
fn who_is_stuck_in_a_corridor_gets_out_of_it() {
    let rows = [
        "......##############################......",
        "..........................................",
        "......##############################......",
    ];
    let free: Vec<bool> = rows.concat().bytes().map(|b| b == b'.').collect();
    let width = rows[0].len() as u32;
    let grid = TurningGrid::new(width as usize, &free);
    // Eight on each side, who change sides.
    let sides = [0, width, 2 * width]
        .map(|row| [row, row + 1, row + 2])
        .concat();
    let place = |cell: u32| grid.place_at(cell).unwrap();
    let west: Vec<Place> = sides.iter().map(|&cell| place(cell)).take(8).collect();
    let east: Vec<Place> = sides
        .iter()
        .map(|&cell| place(cell + width - 3))
        .take(8)
        .collect();
    let begins = [west.clone(), east.clone()].concat();
    let goals = [east, west].concat();
    let agents = begins.len();
    let mut planner = Lifelong::new(grid, agents, LifelongOptions::default());
    assert!(planner.windows.is_some(), "there is room");
    let state = |&place: &Place| planner.space().state(place, 0);
    let mut states: Vec<State> = begins.iter().map(state).collect();
    let mut met = vec![false; agents];
    for _ in 0..1_000 {
        let agents: Vec<Agent> = (0..agents)
            .map(|i| Agent {
                state: states[i],
                goal: if met[i] { NONE } else { goals[i] },
                then: NONE,
                rest: 0,
            })
            .collect();
        let actions = planner.plan(&agents, &mut WorkBudget(20_000)).to_vec();
        for i in 0..agents.len() {
            states[i] = planner.space().next(states[i], usize::from(actions[i]));
            met[i] |= planner.space().place(states[i]) == goals[i];
        }
    }
    assert!(met.iter().all(|&met| met), "{met:?}");
}

/// Who stays at its goal, or has one that can't be reached, is no reason to plan by operations.
#[test]
fn who_cannot_get_nearer_is_not_stuck() {
    let mut fleet = Fleet::new(10, 10, 0, 4, 2);
    // A cell that nobody gets to.
    for wall in [8, 18, 19] {
        fleet.free[wall] = false;
    }
    fleet.at = vec![(0, 0, 0), (1, 0, 0), (5, 5, 1), (3, 7, 2)];
    let grid = TurningGrid::new(fleet.width, &fleet.free);
    let mut planner = Lifelong::new(grid, 4, LifelongOptions::default());
    for step in 0..600 {
        let mut agents = fleet.agents(planner.space());
        agents[0].goal = 0;
        agents[1].goal = planner.space().place_at(9).unwrap();
        let actions = planner.plan(&agents, &mut WorkBudget(40_000)).to_vec();
        fleet.walk(&actions).unwrap();
        assert!(planner.jams.clone().windows(4, 0, false), "step {step}");
    }
}
