//! What remains to be done of each open task: steps from errand to errand.

use takt_motion::plan::lifelong::{Lifelong, STEP, Space, TurningGrid};

use super::world::World;

/// For each place of the pool the steps that remain after each of its errands.
#[derive(Default)]
pub struct Chains {
    after: Vec<Vec<u32>>,
}

impl Chains {
    /// What remains of a task, in units of [`STEP`] a step, once it has done this errand (from 0).
    pub fn after(&self, slot: u32, errand: usize) -> u32 {
        self.after[slot as usize][errand]
    }

    /// Takes note of new tasks: by the planner's fields where they are exact, by its estimates otherwise.
    pub fn add(&mut self, world: &World<'_>, planner: &Lifelong<TurningGrid>, exact: bool) {
        let grid = planner.space();
        self.after.resize(world.pool.len(), Vec::new());
        for &slot in &world.fresh {
            self.measure(world, slot, |from, to| {
                let (from, to) = (place(grid, from), place(grid, to));
                if exact {
                    let costs = (0..4).map(|at| planner.cost(grid.state(from, at), to));
                    costs.sum::<u32>() / 4
                } else {
                    planner.estimate(from, to) * u32::from(STEP)
                }
            });
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
