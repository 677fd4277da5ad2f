//! Who does what: free robots and open tasks, matched at the lowest sum of ways and, in part, lengths.

use takt_motion::plan::lifelong::{Budget, Hops, Lifelong, Phase, STEP, Space, TurningGrid};

mod crowd;
mod matching;

use super::chains::{Chains, place};
use super::world::{NONE, World};
use matching::Matching;

/// The length of a task counts so many times less than the way to it. Sooner or later nearly all tasks have to be done, so
/// ways are what can be saved; but the longest may stay in the pool.
const LENGTH_PART: u32 = 8;

/// Steps for which ways are estimated closely: farther tasks are hardly ever chosen, and a guess will do.
const NEAR: u32 = 64;

/// Costs that a matching keeps, at most.
const COSTS_MAX: usize = 4_000_000;

/// Tasks looked at by robots that have none when the budget is spent, at most and about.
const GUESSES: u64 = 2_000_000;

/// Chooses tasks, step by step.
pub struct Chooser {
    hops: Hops,
    /// Lengths of tasks.
    pub chains: Chains,
    matching: Matching,
    /// Tasks that nobody has begun, in the order of the pool.
    open: Vec<u32>,
    /// Robots that have begun no task.
    free: Vec<usize>,
    /// Costs that there is time to look at in a step, as far as is known.
    costs_max: usize,
    /// Whose turn it is to look for a better task, where there isn't time for all.
    hand: usize,
    /// The schedule that comes of it.
    pub schedule: Vec<u32>,
}

impl Chooser {
    /// A chooser for a grid.
    pub fn new(grid: &TurningGrid) -> Self {
        Self {
            hops: Hops::new(grid),
            chains: Chains::default(),
            matching: Matching::default(),
            open: Vec::new(),
            free: Vec::new(),
            costs_max: COSTS_MAX,
            hand: 0,
            schedule: Vec::new(),
        }
    }

    /// Fills `schedule` with a task for each robot, as far as there are any.
    pub fn choose(
        &mut self,
        world: &World<'_>,
        planner: &Lifelong<TurningGrid>,
        exact: bool,
        budget: &mut impl Budget,
    ) {
        self.chains.add(world, planner, exact);
        let begun = |slot: u32| slot != NONE && world.pool[slot as usize].done > 0;
        self.schedule.clear();
        self.free.clear();
        for (robot, &slot) in world.task_of.iter().enumerate() {
            self.schedule.push(if begun(slot) { slot } else { NONE });
            if !begun(slot) {
                self.free.push(robot);
            }
        }
        let slots = 0..world.pool.len() as u32;
        self.open.clear();
        self.open.extend(slots.filter(|&slot| !begun(slot)));
        if planner.engaged_max() < self.schedule.len() {
            self.choose_few(world, planner.space(), planner.engaged_max(), budget);
        } else {
            self.free.sort_by_key(|&robot| world.task_of[robot] != NONE);
            self.leave_out(world);
            self.choose_all(world, Ways { planner, exact }, budget);
        }
    }

    /// Where there isn't time for all free robots, some of those that have tasks, the last, keep them: in turn.
    fn leave_out(&mut self, world: &World<'_>) {
        let none = self
            .free
            .partition_point(|&robot| world.task_of[robot] == NONE);
        let busy = self.free.len() - none;
        let is_too_much =
            |out: &usize| (self.free.len() - out) * (self.open.len() - out) > self.costs_max;
        let out = (0..busy).take_while(is_too_much).count();
        if out == 0 {
            return;
        }
        let hand = self.hand % busy;
        self.free[none..].rotate_left(hand);
        self.hand = hand + busy - out;
        for robot in self.free.drain(self.free.len() - out..) {
            self.schedule[robot] = world.task_of[robot];
        }
        let schedule = &self.schedule;
        self.open.retain(|&slot| {
            let robot = world.pool[slot as usize].robot;
            robot == NONE || schedule[robot as usize] != slot
        });
    }

    /// Gives each free robot a task.
    fn choose_all(&mut self, world: &World<'_>, ways: Ways<'_>, budget: &mut impl Budget) {
        let grid = ways.planner.space();
        let first = |&slot: &u32| place(grid, world.errands(slot)[0]);
        let firsts: Vec<u32> = self.open.iter().map(first).collect();
        let length = |&slot: &u32| self.chains.after(slot, 0);
        let lengths: Vec<u32> = self.open.iter().map(length).collect();
        let cost = |robot: usize, column: usize| {
            let here = place(grid, world.cells[robot]);
            let state = grid.state(here, usize::from(world.headings[robot]));
            (ways.cost(state, firsts[column]) * LENGTH_PART + lengths[column]) as i32
        };

        let columns = self.open.len();
        let rows_max = columns.min(COSTS_MAX / columns.max(1));
        self.matching.begin(columns);
        let mut rows = 0;
        let is_spent = loop {
            if rows == self.free.len().min(rows_max) {
                break false;
            }
            if budget.spent(Phase::Choose, self.matching.work) {
                break true;
            }
            let robot = self.free[rows];
            self.matching
                .add((0..columns).map(|column| cost(robot, column)));
            rows += 1;
        };
        self.costs_max = if is_spent {
            rows * columns * 7 / 8
        } else {
            self.costs_max * 5 / 4
        };
        self.costs_max = self.costs_max.clamp(COSTS_MAX / 256, COSTS_MAX);

        let mut taken = vec![false; columns];
        for (column, taken) in taken.iter_mut().enumerate() {
            if let Some(row) = self.matching.row(column) {
                self.schedule[self.free[row]] = self.open[column];
                *taken = true;
            }
        }
        // The others keep what is left of theirs, or take what is best for them: nobody waits for what takes long to find out.
        let mut guesses = GUESSES;
        for &robot in &self.free[rows..] {
            let own = self.open.binary_search(&world.task_of[robot]).ok();
            let mut column = own.filter(|&column| !taken[column]);
            if column.is_none() && guesses >= columns as u64 {
                guesses -= columns as u64;
                let left = (0..columns).filter(|&column| !taken[column]);
                column = left.min_by_key(|&column| cost(robot, column));
            }
            if let Some(column) = column {
                self.schedule[robot] = self.open[column];
                taken[column] = true;
            }
        }
    }
}

/// How ways are measured.
#[derive(Clone, Copy)]
struct Ways<'a> {
    planner: &'a Lifelong<TurningGrid>,
    /// By the planner's fields, which are there for all places.
    exact: bool,
}

impl Ways<'_> {
    /// What it costs from a state to a place.
    fn cost(self, state: u32, to: u32) -> u32 {
        if self.exact {
            return self.planner.cost(state, to);
        }
        let grid = self.planner.space();
        let least = grid.estimate(state, to);
        let steps = if least > NEAR {
            least
        } else {
            self.planner.estimate(grid.place(state), to)
        };
        steps * u32::from(STEP)
    }
}
