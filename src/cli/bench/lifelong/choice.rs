//! Who does what: robots take the open task that costs least, its length included in part.

use takt_motion::plan::lifelong::{Budget, Hops, Lifelong, Phase, STEP, Space, TurningGrid};

mod crowd;

use super::chains::{Chains, place};
use super::world::{NONE, World};

/// Robots with a task that is not opened yet that look in each step for a better one.
const LOOKS: usize = 40;

/// The length of a task counts so many times less than the way to it. Sooner or later nearly all tasks have to be done, so
/// ways are what can be saved; but the longest may stay in the pool.
const LENGTH_PART: u32 = 8;

/// Other robots that each of them considers an exchange of tasks with.
const PARTNERS: usize = 128;

/// Tasks looked at by robots that have none when the budget is spent, at most and about.
const GUESSES: u64 = 2_000_000;

/// Memory for searches.
const BYTES_MAX: usize = 64 << 20;

/// How ways are measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// By the planner's fields, which are there for all places.
    Cost,
    /// By searches.
    Search,
    /// As if nothing were in between.
    Guess,
}

/// Places visited and tasks looked at, as work.
fn work(hops: &Hops, scanned: u64) -> u64 {
    hops.work + 4 * scanned
}

/// Chooses tasks, step by step.
pub struct Chooser {
    hops: Hops,
    /// Lengths of tasks.
    pub chains: Chains,
    /// Open tasks that no robot has, by the place of their first errand; the shortest first.
    groups: Vec<Vec<u32>>,
    /// Groups that are not empty, and where each is in that list.
    filled: Vec<u32>,
    at: Vec<u32>,
    /// Place of the first errand of each task that is in a group, [`NONE`] if it is in none.
    group_of: Vec<u32>,
    /// Tasks looked at in this step.
    scanned: u64,
    /// Whose turn it is to look for a better one.
    hand: usize,
    /// The schedule that comes of it.
    pub schedule: Vec<u32>,
}

impl Chooser {
    /// A chooser for a grid and a pool of this size.
    pub fn new(grid: &TurningGrid, pool: usize) -> Self {
        let places = grid.places();
        Self {
            hops: Hops::new(grid, BYTES_MAX),
            chains: Chains::default(),
            groups: vec![Vec::new(); places],
            filled: Vec::new(),
            at: vec![NONE; places],
            group_of: vec![NONE; pool],
            hand: 0,
            scanned: 0,
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
        let grid = planner.space();
        self.hops.work = 0;
        self.scanned = 0;
        self.chains.add(world, planner, exact);
        self.regroup(world, grid);
        self.reconcile(world, grid);
        self.schedule.clear();
        self.schedule.extend_from_slice(&world.task_of);
        if planner.engaged_max() < self.schedule.len() {
            self.measure(world, grid, budget);
            self.choose_few(world, grid, planner.engaged_max(), budget);
            return;
        }
        // Nobody waits for what takes long to find out: a guess will do to set off.
        let mut by = if exact { By::Cost } else { By::Search };
        let mut guesses = u64::MAX;
        for robot in 0..self.schedule.len() {
            if self.schedule[robot] == NONE {
                if by != By::Guess && budget.spent(Phase::Choose, self.work()) {
                    by = By::Guess;
                    guesses = self.scanned + GUESSES;
                }
                if self.scanned >= guesses {
                    break;
                }
                self.look(world, planner, by, robot);
            }
        }
        self.measure(world, grid, budget);
        let by = if exact { By::Cost } else { By::Search };
        let mut looks = 0;
        for _ in 0..self.schedule.len() {
            self.hand = (self.hand + 1) % self.schedule.len();
            let slot = self.schedule[self.hand];
            if slot != NONE && world.pool[slot as usize].done == 0 {
                if budget.spent(Phase::Choose, self.work()) {
                    break;
                }
                self.look(world, planner, by, self.hand);
                self.exchange(world, planner, exact, self.hand);
                looks += 1;
            }
            if looks == LOOKS {
                break;
            }
        }
    }

    /// Measures tasks whose lengths are guessed, within the budget.
    fn measure(&mut self, world: &World<'_>, grid: &TurningGrid, budget: &mut impl Budget) {
        let scanned = self.scanned;
        let spent = |hops: &Hops| budget.spent(Phase::Choose, work(hops, scanned));
        self.chains
            .measure_guessed(world, grid, &mut self.hops, spent);
        // What was given away in this step is in no group.
        let schedule = &self.schedule;
        self.chains.changed.retain(|slot| !schedule.contains(slot));
        self.regroup(world, grid);
    }

    /// Puts tasks whose lengths have changed where they belong.
    fn regroup(&mut self, world: &World<'_>, grid: &TurningGrid) {
        for at in 0..self.chains.changed.len() {
            let slot = self.chains.changed[at];
            self.remove(slot);
            if world.pool[slot as usize].robot == NONE {
                self.insert(slot, place(grid, world.errands(slot)[0]));
            }
        }
    }

    /// What was chosen in the last step may not have been set.
    fn reconcile(&mut self, world: &World<'_>, grid: &TurningGrid) {
        for robot in 0..self.schedule.len() {
            let (wanted, is) = (self.schedule[robot], world.task_of[robot]);
            if wanted == is {
                continue;
            }
            if is != NONE {
                self.remove(is);
            }
            let lost = wanted != NONE && world.pool[wanted as usize].robot == NONE;
            if lost && self.group_of[wanted as usize] == NONE {
                self.insert(wanted, place(grid, world.errands(wanted)[0]));
            }
        }
    }

    /// Gives a robot the best task that nobody has, if it is better than its own.
    fn look(&mut self, world: &World<'_>, planner: &Lifelong<TurningGrid>, by: By, robot: usize) {
        let grid = planner.space();
        let here = place(grid, world.cells[robot]);
        let own = self.schedule[robot];
        let state = grid.state(here, usize::from(world.headings[robot]));
        // One search from here, or one from each first errand: those are kept.
        let table = 2 * grid.places();
        let from_errands = self.filled.len() * table <= BYTES_MAX / 2;
        let hops = &mut self.hops;
        let mut way = |first: u32| match by {
            By::Cost => planner.cost(state, first),
            By::Guess => grid.estimate(state, first) * u32::from(STEP),
            By::Search if from_errands => {
                u32::from(hops.from(first)[here as usize]) * u32::from(STEP)
            }
            By::Search => u32::from(hops.from(here)[first as usize]) * u32::from(STEP),
        };
        self.scanned += self.filled.len() as u64;
        let mut best = match own {
            NONE => (u32::MAX, NONE),
            slot => {
                let first = place(grid, world.errands(slot)[0]);
                (way(first) + self.chains.after(slot, 0) / LENGTH_PART, slot)
            }
        };
        for &group in &self.filled {
            let Some(&slot) = self.groups[group as usize].last() else {
                continue;
            };
            let cost = way(group) + self.chains.after(slot, 0) / LENGTH_PART;
            if cost < best.0 {
                best = (cost, slot);
            }
        }
        if best.1 == own {
            return;
        }
        self.remove(best.1);
        self.schedule[robot] = best.1;
        if own != NONE {
            self.insert(own, place(grid, world.errands(own)[0]));
        }
    }

    /// Exchanges a robot's task for that of another one, neither opened, if that saves most of their ways together.
    fn exchange(
        &mut self,
        world: &World<'_>,
        planner: &Lifelong<TurningGrid>,
        exact: bool,
        robot: usize,
    ) {
        let grid = planner.space();
        let first = |slot: u32| place(grid, world.errands(slot)[0]);
        let way = |hops: &mut Hops, robot: usize, to: u32| {
            let here = place(grid, world.cells[robot]);
            if exact {
                let state = grid.state(here, usize::from(world.headings[robot]));
                Some(planner.cost(state, to))
            } else {
                let known = hops.knows(to);
                known.then(|| u32::from(hops.from(to)[here as usize]) * u32::from(STEP))
            }
        };
        let own = self.schedule[robot];
        let Some(own_way) = way(&mut self.hops, robot, first(own)) else {
            return;
        };
        let count = self.schedule.len();
        let mut best = (0, robot);
        for other in (1..count.min(PARTNERS + 1)).map(|by| (robot + by) % count) {
            let slot = self.schedule[other];
            if slot == NONE || world.pool[slot as usize].done > 0 {
                continue;
            }
            self.scanned += 1;
            let ways = [(other, slot), (robot, slot), (other, own)];
            let ways = ways.map(|(robot, slot)| way(&mut self.hops, robot, first(slot)));
            let [Some(other_way), Some(there), Some(back)] = ways else {
                continue;
            };
            let saved =
                i64::from(own_way) + i64::from(other_way) - i64::from(there) - i64::from(back);
            if saved > best.0 {
                best = (saved, other);
            }
        }
        self.schedule.swap(robot, best.1);
    }

    /// Places visited and tasks looked at in this step.
    fn work(&self) -> u64 {
        work(&self.hops, self.scanned)
    }

    fn insert(&mut self, slot: u32, group: u32) {
        let list = &mut self.groups[group as usize];
        if list.is_empty() {
            self.at[group as usize] = self.filled.len() as u32;
            self.filled.push(group);
        }
        // The shortest is last.
        let key = |slot: u32| (std::cmp::Reverse(self.chains.after(slot, 0)), slot);
        let index = list.partition_point(|&other| key(other) < key(slot));
        list.insert(index, slot);
        self.group_of[slot as usize] = group;
    }

    fn remove(&mut self, slot: u32) {
        let group = std::mem::replace(&mut self.group_of[slot as usize], NONE);
        if group == NONE {
            return;
        }
        let list = &mut self.groups[group as usize];
        list.retain(|&other| other != slot);
        if list.is_empty() {
            let at = self.at[group as usize];
            self.filled.swap_remove(at as usize);
            if let Some(&moved) = self.filled.get(at as usize) {
                self.at[moved as usize] = at;
            }
        }
    }
}
