//! Tasks on a crowded floor, where not all robots may be under way.
//!
//! A robot that has opened a task keeps it, so not all get one. The others are free: nearly everywhere one of them is at
//! hand, so that any task can be begun, and those are that take least.

use takt_motion::plan::lifelong::{Budget, Phase, STEP, TurningGrid};

use super::super::chains::place;
use super::super::world::{NONE, World};
use super::Chooser;

impl Chooser {
    /// Gives tasks to `max` robots: those that have begun one keep it, and then, again and again, the free robot and the task
    /// that take the fewest steps together.
    pub(super) fn choose_few(
        &mut self,
        world: &World<'_>,
        grid: &TurningGrid,
        max: usize,
        budget: &mut impl Budget,
    ) {
        let mut engaged = self.schedule.len() - self.free.len();
        let places = self
            .free
            .iter()
            .map(|&robot| place(grid, world.cells[robot]));
        let mut places: Vec<u32> = places.collect();
        let mut work = 0;
        while engaged < max && !budget.spent(Phase::Choose, work) {
            let (nearest, steps) = self.hops.nearest(&places);
            let tasks = self.open.iter().enumerate().filter_map(|(at, &slot)| {
                let first = place(grid, world.errands(slot)[0]) as usize;
                let way = u32::from(steps[first]) * u32::from(STEP);
                let cost = way + self.chains.after(slot, 0);
                (nearest[first] != NONE).then_some((cost, slot, at, nearest[first] as usize))
            });
            let Some((_, slot, at, number)) = tasks.min() else {
                break;
            };
            work += (steps.len() + 4 * self.open.len()) as u64;
            self.open.swap_remove(at);
            self.schedule[self.free.swap_remove(number)] = slot;
            places.swap_remove(number);
            engaged += 1;
        }
    }
}
