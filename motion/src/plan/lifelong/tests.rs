//! Every plan is valid, whoever asks for it; and a fleet on an open grid gets something done.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A fleet on a grid: positions as columns and rows, apart from the planner's numbering.
pub(super) struct Fleet {
    pub width: usize,
    pub free: Vec<bool>,
    /// Column, row, orientation.
    pub at: Vec<(i32, i32, u8)>,
    goals: Vec<Option<u32>>,
    reached: u32,
    random: Pcg64Mcg,
}

impl Fleet {
    pub fn new(
        width: usize,
        height: usize,
        blocked_percent: u32,
        agents: usize,
        seed: u64,
    ) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut free: Vec<bool> = (0..width * height)
            .map(|_| random.next_u32() % 100 >= blocked_percent)
            .collect();
        free[0] = true;
        let mut cells: Vec<usize> = (0..free.len()).filter(|&c| free[c]).collect();
        for i in (1..cells.len()).rev() {
            cells.swap(i, random.next_u32() as usize % (i + 1));
        }
        cells.truncate(agents.max(1));
        let at: Vec<_> = cells
            .iter()
            .map(|&c| {
                (
                    (c % width) as i32,
                    (c / width) as i32,
                    (random.next_u32() % 4) as u8,
                )
            })
            .collect();
        Self {
            width,
            free,
            goals: vec![None; at.len()],
            at,
            reached: 0,
            random,
        }
    }

    pub fn cell(&self, agent: usize) -> u32 {
        let (x, y, _) = self.at[agent];
        y as u32 * self.width as u32 + x as u32
    }

    /// New goals for those who have none; one in eight idles.
    pub fn agents(&mut self, grid: &TurningGrid) -> Vec<Agent> {
        (0..self.at.len())
            .map(|i| {
                if self.goals[i] == Some(self.cell(i)) {
                    self.reached += 1;
                    self.goals[i] = None;
                }
                if self.goals[i].is_none() && !self.random.next_u32().is_multiple_of(8) {
                    let cell = self.random.next_u32() % self.free.len() as u32;
                    self.goals[i] = grid.place_at(cell).map(|_| cell);
                }
                let here = grid.place_at(self.cell(i)).unwrap();
                Agent {
                    state: grid.state(here, usize::from(self.at[i].2)),
                    goal: self.goals[i].and_then(|c| grid.place_at(c)).unwrap_or(NONE),
                    then: NONE,
                    rest: 0,
                }
            })
            .collect()
    }

    /// Moves, and says what is wrong with that.
    pub fn walk(&mut self, actions: &[u8]) -> Result<(), String> {
        let before = self.at.clone();
        for (at, &action) in self.at.iter_mut().zip(actions) {
            match action {
                FORWARD => {
                    let (dx, dy) = [(1, 0), (0, 1), (-1, 0), (0, -1)][usize::from(at.2)];
                    (at.0, at.1) = (at.0 + dx, at.1 + dy);
                }
                CLOCKWISE => at.2 = (at.2 + 1) % 4,
                COUNTER => at.2 = (at.2 + 3) % 4,
                WAIT => {}
                other => return Err(format!("action {other}")),
            }
        }
        let height = (self.free.len() / self.width) as i32;
        for i in 0..self.at.len() {
            let (x, y, _) = self.at[i];
            let inside = (0..self.width as i32).contains(&x) && (0..height).contains(&y);
            if !inside || !self.free[self.cell(i) as usize] {
                return Err(format!("{i} leaves the free cells"));
            }
            for j in 0..i {
                let place = |list: &[(i32, i32, u8)], k: usize| (list[k].0, list[k].1);
                if place(&self.at, i) == place(&self.at, j) {
                    return Err(format!("{i} and {j} in one cell"));
                }
                if place(&self.at, i) == place(&before, j)
                    && place(&self.at, j) == place(&before, i)
                {
                    return Err(format!("{i} and {j} change places"));
                }
            }
        }
        Ok(())
    }
}

fn planner(
    fleet: &Fleet,
    seed: u64,
    threads: usize,
    field_bytes_max: usize,
) -> Lifelong<TurningGrid> {
    let grid = TurningGrid::new(fleet.width, &fleet.free);
    let options = LifelongOptions {
        seed,
        threads,
        field_bytes_max,
    };
    Lifelong::new(grid, fleet.at.len(), options)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// On grids of all densities, with little work and with much, with room for all fields or for a few, and also when a
    /// plan was not carried out.
    #[test]
    fn every_plan_is_valid(
        (width, height) in (1usize..9, 1usize..9),
        blocked in 0u32..40,
        agents in 1usize..60,
        seed in any::<u64>(),
        work in prop::sample::select(vec![0u64, 500, 5_000, 50_000]),
        bytes in prop::sample::select(vec![0usize, 2_000, 1 << 20]),
    ) {
        let mut fleet = Fleet::new(width, height, blocked, agents, seed);
        let mut planner = planner(&fleet, seed, 1 + (seed % 2) as usize, bytes);
        for step in 0..25 {
            let agents = fleet.agents(planner.space());
            let actions = planner.plan(&agents, &mut WorkBudget(work)).to_vec();
            if step % 9 == 8 {
                continue; // late: all wait
            }
            prop_assert_eq!(fleet.walk(&actions), Ok(()), "step {}", step);
        }
    }
}

#[test]
fn the_same_seed_and_work_give_the_same_actions_and_goals_are_reached() {
    let run = |seed| {
        let mut fleet = Fleet::new(12, 12, 10, 30, 5);
        let mut planner = planner(&fleet, seed, 2, 1 << 20);
        let mut all = Vec::new();
        for _ in 0..100 {
            let agents = fleet.agents(planner.space());
            let actions = planner.plan(&agents, &mut WorkBudget(5_000)).to_vec();
            fleet.walk(&actions).unwrap();
            all.extend(actions);
        }
        assert!(fleet.reached > 100, "{} goals reached", fleet.reached);
        all
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// With little room for fields, so that they are made again and again, and budgets that cut off each phase now and then.
#[test]
fn the_plan_does_not_depend_on_the_number_of_threads() {
    let run = |threads, work, bytes| {
        let mut fleet = Fleet::new(12, 12, 20, 60, 9);
        let mut planner = planner(&fleet, 1, threads, bytes);
        let mut all = Vec::new();
        for _ in 0..60 {
            let agents = fleet.agents(planner.space());
            let actions = planner.plan(&agents, &mut WorkBudget(work)).to_vec();
            fleet.walk(&actions).unwrap();
            all.push((actions, planner.work()));
        }
        assert!(fleet.reached > 20, "{} goals reached", fleet.reached);
        all
    };
    for (work, bytes) in [(4_000, 8_000), (40_000, 8_000), (20_000, 1 << 20)] {
        let alone = run(1, work, bytes);
        for threads in [2, 3, 8] {
            assert!(run(threads, work, bytes) == alone, "{threads} threads");
        }
    }
}

/// Where nearly every cell is taken, as many goals are reached later on as at first: nobody jams the floor for good.
#[test]
fn a_dense_floor_does_not_decay() {
    let mut fleet = Fleet::new(12, 12, 15, 117, 3);
    let cells = fleet.free.iter().filter(|&&free| free).count();
    assert!(cells * 19 / 20 < 117, "dense: 117 agents in {cells} cells");
    let mut planner = planner(&fleet, 1, 1, 1 << 20);
    planner.prepare();
    let mut reached = Vec::new();
    for _ in 0..4 {
        let before = fleet.reached;
        for _ in 0..150 {
            let agents = fleet.agents(planner.space());
            let actions = planner.plan(&agents, &mut WorkBudget(20_000)).to_vec();
            fleet.walk(&actions).unwrap();
        }
        reached.push(fleet.reached - before);
    }
    assert!(reached[0] > 20, "{reached:?}");
    assert!(reached[3] * 2 > reached[0], "{reached:?}");
}

/// An agent in a dead end and one that wants to go in: the second has to make room although it has less left to do.
#[test]
fn who_stands_before_a_dead_end_lets_the_other_one_out() {
    let grid = TurningGrid::new(6, &[true; 6]);
    let mut planner = Lifelong::new(grid, 2, LifelongOptions::default());
    let mut states = [0, 6]; // cells 0 and 1, facing each other
    let mut met = [false; 2];
    for _ in 0..200 {
        let agents = [(0, 3), (1, 0)].map(|(i, goal)| Agent {
            state: states[i],
            goal: if met[i] { NONE } else { goal },
            then: NONE,
            rest: 0,
        });
        let actions = planner.plan(&agents, &mut WorkBudget(2_000)).to_vec();
        for i in 0..2 {
            states[i] = planner.space().next(states[i], usize::from(actions[i]));
            met[i] |= planner.space().place(states[i]) == [3, 0][i];
        }
    }
    // They can't pass each other in a corridor: the one that was sent out gets out, and has pushed the other one before it.
    assert!(met[0], "{states:?}");
}

/// The nearest of several places, and the steps to it, are those that searches from each of them find.
#[test]
fn the_nearest_of_several_places_is_the_nearest_by_its_own_search() {
    let fleet = Fleet::new(11, 9, 30, 8, 4);
    let grid = TurningGrid::new(fleet.width, &fleet.free);
    let among: Vec<Place> = (0..fleet.at.len())
        .map(|i| grid.place_at(fleet.cell(i)).unwrap())
        .collect();
    let mut hops = Hops::new(&grid);
    let (nearest, steps) = hops.nearest(&among);
    let (nearest, steps) = (nearest.to_vec(), steps.to_vec());
    let from = |place: Place| hops.nearest(&[place]).1.to_vec();
    let searches: Vec<Vec<u16>> = among.iter().copied().map(from).collect();
    for place in 0..grid.places() {
        let least = searches.iter().map(|steps| steps[place]).min();
        assert_eq!(Some(steps[place]), least, "place {place}");
        match nearest[place] {
            NONE => assert_eq!(steps[place], FAR),
            number => assert_eq!(searches[number as usize][place], steps[place]),
        }
    }
}

/// A floor with a wall, in which there is a gap, and a pocket from which there is no way out.
fn walled() -> TurningGrid {
    let rows = [
        "...........#.",
        "...........##",
        ".............",
        "######.######",
        ".............",
        ".............",
    ];
    let free: Vec<bool> = rows.concat().bytes().map(|b| b == b'.').collect();
    TurningGrid::new(rows[0].len(), &free)
}

#[test]
fn estimates_by_landmarks_are_hardly_ever_too_high_and_see_walls() {
    let grid = walled();
    let landmarks = Landmarks::new(&grid, &Backward::new(&grid));
    let at = |row: u32, column: u32| grid.place_at(row * 13 + column).unwrap();
    let pocket = at(0, 12);
    let mut hops = Hops::new(&grid);
    for from in (0..grid.places() as Place).filter(|&place| place != pocket) {
        let (_, steps) = hops.nearest(&[from]);
        for to in (0..grid.places() as Place).filter(|&place| place != pocket) {
            // Hops don't count turns: on either way there are six at most.
            let estimate = landmarks.estimate(from, to);
            assert!(estimate <= u32::from(steps[to as usize]) + 6);
            assert!(estimate > 0 || from == to, "{from} {to}");
        }
    }
    // Round the wall, instead of through it.
    assert!(landmarks.estimate(at(2, 0), at(4, 0)) >= 12);
    assert!(landmarks.estimate(at(0, 0), pocket) > 1_000);
}

/// A field that was made for a short way doesn't say what it doesn't know; it is made again for a longer one.
#[test]
fn fields_reach_as_far_as_they_are_needed() {
    let grid = TurningGrid::new(200, &[true; 200]);
    let backward = Backward::new(&grid);
    let costs = vec![STEP; grid.states() * TurningGrid::ACTIONS];
    let ways = Ways {
        space: &grid,
        backward: &backward,
        costs: &costs,
        version: 0,
    };
    let mut fields = Fields::new(&grid, 0, 1);
    let need = |from: Place| Need {
        goal: 0,
        from,
        steps: from,
    };
    let west = |place: Place| grid.state(place, 2);
    for (step, from, beyond) in [(1, 10, 100), (2, 100, 150), (3, 20, 150)] {
        let is_there = fields.find(&grid, need(from), step);
        assert_eq!(is_there, step == 3, "only the last one is nearer");
        if !is_there {
            assert!(fields.want(ways, need(from), step));
            fields.make_batch(ways);
        }
        let slot = fields.known(0);
        assert_eq!(fields.cost(slot, west(from)), from as u16 * STEP);
        assert_eq!(fields.cost(slot, west(beyond)), super::fields::UNREACHABLE);
    }
}

/// On a crowded floor operations wait in the end; what is left of one after a step is one, too, in both cases.
#[test]
fn what_is_left_of_an_operation_is_an_operation() {
    let grid = TurningGrid::new(12, &[true; 144]);
    let middle = grid.state(6 * 12 + 5, 0);
    for (agents, last_waits) in [(20, false), (140, true)] {
        let operations = Operations::new(&grid, acting(grid.places(), agents));
        let mut paths = Vec::new();
        operations.from(&grid, middle, |operation, states| {
            let actions = operations.actions(operation);
            assert!(!last_waits || actions[LENGTH - 1] == WAIT, "{actions:?}");
            paths.push((actions[0], *states));
        });
        for &(first, states) in &paths {
            // One that begins by waiting goes on from the same state.
            if first == WAIT {
                let mut left = states;
                left.copy_within(1.., 0);
                let places = |states: &[State; LENGTH]| states.map(|state| grid.place(state));
                assert!(paths.iter().any(|(_, s)| places(s) == places(&left)));
            }
        }
    }
}
