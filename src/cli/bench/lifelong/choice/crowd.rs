//! Tasks on a crowded floor, where not all robots may be under way.
//!
//! A robot that has opened a task keeps it, so not all get one. The others are free: nearly everywhere one of them is at
//! hand, so that any task can be begun, and those are that take least.

use takt_motion::plan::lifelong::{Budget, Phase, STEP, TurningGrid};

use super::super::chains::place;
use super::super::world::{NONE, World};
use super::Chooser;

impl Chooser {
    /// Gives tasks to `max` robots: those with opened tasks keep theirs, and then, again and again, the free robot and the
    /// task that take the fewest steps together.
    pub(super) fn choose_few(
        &mut self,
        world: &World<'_>,
        grid: &TurningGrid,
        max: usize,
        budget: &mut impl Budget,
    ) {
        let mut engaged = 0;
        let (mut robots, mut places) = (Vec::new(), Vec::new());
        for robot in 0..self.schedule.len() {
            let slot = self.schedule[robot];
            if slot != NONE && world.pool[slot as usize].done > 0 {
                engaged += 1;
                continue;
            }
            if slot != NONE {
                self.schedule[robot] = NONE;
                self.insert(slot, place(grid, world.errands(slot)[0]));
            }
            robots.push(robot);
            places.push(place(grid, world.cells[robot]));
        }
        while engaged < max && !budget.spent(Phase::Choose, self.work()) {
            let (nearest, steps) = self.hops.nearest(&places);
            let tasks = self.filled.iter().filter_map(|&group| {
                let &slot = self.groups[group as usize].last()?;
                let way = u32::from(steps[group as usize]) * u32::from(STEP);
                let cost = way + self.chains.after(slot, 0);
                (nearest[group as usize] != NONE).then_some((cost, slot, nearest[group as usize]))
            });
            let Some((_, slot, number)) = tasks.min() else {
                break;
            };
            self.scanned += self.filled.len() as u64;
            self.remove(slot);
            self.schedule[robots.swap_remove(number as usize)] = slot;
            places.swap_remove(number as usize);
            engaged += 1;
        }
    }
}
