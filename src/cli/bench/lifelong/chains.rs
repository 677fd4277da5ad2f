//! What remains to be done of each open task: steps from errand to errand.

use takt_motion::plan::lifelong::{Hops, Lifelong, STEP, Space, TurningGrid};

use super::world::World;

/// For each place of the pool the steps that remain after each of its errands.
#[derive(Default)]
pub struct Chains {
    after: Vec<Vec<u32>>,
    /// Places of the pool whose tasks have guessed lengths, in the order in which they came.
    guessed: std::collections::VecDeque<u32>,
    /// Places of the pool whose lengths have changed in the last update.
    pub changed: Vec<u32>,
}

impl Chains {
    /// What remains of a task, in units of [`STEP`] a step, once it has done this errand (from 0).
    pub fn after(&self, slot: u32, errand: usize) -> u32 {
        self.after[slot as usize][errand]
    }

    /// Takes note of new tasks: with their lengths where fields are exact, otherwise with a guess.
    pub fn add(&mut self, world: &World<'_>, planner: &Lifelong<TurningGrid>, exact: bool) {
        let grid = planner.space();
        self.after.resize(world.pool.len(), Vec::new());
        self.changed.clear();
        for &slot in &world.fresh {
            self.measure(world, slot, |from, to| {
                let (from, to) = (place(grid, from), place(grid, to));
                if exact {
                    let costs = (0..4).map(|at| planner.cost(grid.state(from, at), to));
                    costs.sum::<u32>() / 4
                } else {
                    grid.estimate(grid.state(from, 0), to) * u32::from(STEP)
                }
            });
            if !exact {
                self.guessed.push_back(slot);
            }
            self.changed.push(slot);
        }
    }

    /// Measures ways that were guessed, until `spent` says that it has taken enough work.
    pub fn measure_guessed(
        &mut self,
        world: &World<'_>,
        grid: &TurningGrid,
        hops: &mut Hops,
        mut spent: impl FnMut(&Hops) -> bool,
    ) {
        self.changed.clear();
        while !spent(hops) {
            let Some(slot) = self.guessed.pop_front() else {
                break;
            };
            // Errands to the first of a leg's ends that is known: searches work both ways.
            self.measure(world, slot, |from, to| {
                let (from, to) = (place(grid, from), place(grid, to));
                let (from, to) = if hops.knows(to) {
                    (to, from)
                } else {
                    (from, to)
                };
                u32::from(hops.from(from)[to as usize]) * u32::from(STEP)
            });
            self.changed.push(slot);
        }
    }

    fn measure(&mut self, world: &World<'_>, slot: u32, mut leg: impl FnMut(u32, u32) -> u32) {
        let errands = world.errands(slot);
        let after = &mut self.after[slot as usize];
        after.clear();
        after.resize(errands.len(), 0);
        for at in (1..errands.len()).rev() {
            after[at - 1] = after[at] + leg(errands[at - 1], errands[at]);
        }
    }
}

/// The place of a free cell.
pub fn place(grid: &TurningGrid, cell: u32) -> u32 {
    grid.place_at(cell).unwrap_or(0)
}
