//! Everybody anew, one after the other around those before: prioritized planning, those with the shortest ways first.
//!
//! Erdmann, Lozano-Pérez, "On multiple moving objects" (1987). Who has a short way arrives early and rests where the
//! others can still go round. Who finds no way takes one that is a shortest, and those on it are planned once more.

use super::network::NONE;
use super::refine::Refiner;
use std::collections::VecDeque;

/// Shortest ways that are compared when there is no free one.
const TRIES: usize = 8;

impl Refiner<'_> {
    /// Plans everybody anew; the result is kept, and `true` given back, if it is better and there was budget for it.
    pub fn plan_all_anew(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> bool {
        let agents = self.goals.len();
        let before = (self.sum_of_loss(), self.paths.clone(), self.loss.clone());
        for path in &mut self.paths {
            self.timetable.remove(self.network, path);
            path.truncate(1);
        }
        let mut order: Vec<u32> = (0..agents as u32).collect();
        order.sort_by_key(|&agent| self.least[agent as usize]);
        let mut queue = VecDeque::from(order);
        let mut is_in = vec![false; agents];
        let mut evictions = 0;
        while let Some(&agent) = queue.front() {
            // Each is planned twice on average, or it is too crowded for this.
            if !go_on(self.work()) || evictions > agents {
                break;
            }
            let mut path = Vec::new();
            let loss = self.plan_one(agent, u32::MAX, &mut path);
            let Some(loss) = loss.or_else(|| self.break_through(agent, &mut path)) else {
                break;
            };
            queue.pop_front();
            for &other in &self.taken {
                self.timetable
                    .remove(self.network, &self.paths[other as usize]);
                self.paths[other as usize].truncate(1);
                is_in[other as usize] = false;
                queue.push_back(other);
                evictions += 1;
            }
            self.taken.clear();
            self.timetable.enter(self.network, agent, &path);
            self.paths[agent as usize] = path;
            self.loss[agent as usize] = loss;
            is_in[agent as usize] = true;
        }
        let better = queue.is_empty() && self.sum_of_loss() < before.0;
        if !better {
            for agent in (0..agents).filter(|&agent| is_in[agent]) {
                self.timetable.remove(self.network, &self.paths[agent]);
            }
            (self.paths, self.loss) = (before.1, before.2);
            for (agent, path) in self.paths.iter().enumerate() {
                self.timetable.enter(self.network, agent as u32, path);
            }
        }
        better
    }

    /// Of some shortest ways of an agent the one with fewest others on it, who are taken; gives back its loss, or
    /// nothing if it is longer than the timetable.
    fn break_through(&mut self, agent: u32, path: &mut Vec<u32>) -> Option<u32> {
        let mut best: Option<(Vec<u32>, Vec<u32>)> = None;
        for _ in 0..TRIES {
            let way = self.shortest_way(agent)?;
            let others = self.others_on(&way);
            if best.as_ref().is_none_or(|best| others.len() < best.1.len()) {
                best = Some((way, others));
            }
        }
        let (way, others) = best?;
        if self.would_turn(agent, &way) {
            return None;
        }
        self.taken = others;
        *path = way;
        Some(path.len() as u32 - 1)
    }

    /// A shortest way, by chance among all.
    fn shortest_way(&mut self, agent: u32) -> Option<Vec<u32>> {
        let mut at = self.paths[agent as usize][0];
        let mut way = vec![at];
        let distance = self.least[agent as usize];
        if distance + 1 >= self.timetable.horizon() {
            return None;
        }
        for left in (0..distance).rev() {
            let (mut to, mut count) = (NONE, 0);
            for &next in self.network.successors(at) {
                if self
                    .fields
                    .distance_below(self.network, agent, next, left + 1)
                    <= left
                {
                    count += 1;
                    if self.chance.below(count) == 0 {
                        to = next;
                    }
                }
            }
            way.push(to);
            at = to;
        }
        Some(way)
    }

    /// Who is in the way of one that goes this way and rests at its end.
    fn others_on(&self, way: &[u32]) -> Vec<u32> {
        let mut others = Vec::new();
        let mut add = |other: u32| {
            if !others.contains(&other) {
                others.push(other);
            }
        };
        let (network, timetable) = (self.network, &self.timetable);
        for (step, &at) in way.iter().enumerate() {
            let from = way[step.saturating_sub(1)];
            timetable.others(network, from, at, step as u32, &mut add);
        }
        let goal = way[way.len() - 1];
        let mut step = timetable.busy_from(network, goal, way.len() as u32);
        while step < timetable.horizon() {
            timetable.others(network, goal, goal, step, &mut add);
            step = timetable.busy_from(network, goal, step + 1);
        }
        others
    }
}
