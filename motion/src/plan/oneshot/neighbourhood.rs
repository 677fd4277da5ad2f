//! Who is taken out and planned anew together.
//!
//! Three ways, each with neighbourhoods of several sizes; how often each is chosen goes by what it has brought for its
//! effort (adaptive selection as in Ropke, Pisinger 2006).

use super::network::NONE;
use super::refine::Refiner;

/// Most agents that are taken out together.
pub(super) const TAKEN_MAX: usize = 32;
/// Sizes of neighbourhoods.
const SIZES: [usize; 5] = [1, 2, 4, 8, 16];
/// Ways to choose them.
const WAYS: usize = 3;
/// How much of an estimate the newest observation makes up, at least.
const LEARNING: f64 = 0.01;
/// As how many observations the first guess counts.
const GUESS_WEIGHT: f64 = 3.0;
/// Share of the mean worth that every arm has at least.
const FLOOR: f64 = 0.02;
/// What choosing an agent costs, beside planning it.
const CHOICE_WORK: u64 = 20;
/// How often somebody who is delayed is compared with another one.
const TRIES: usize = 16;
/// A meeting is at most so many steps before or after.
const MEETING_STEPS: u32 = 4;
/// Vertices that a meeting may extend over.
const MEETING_VERTICES: usize = 64;

/// The ways and sizes, and what they have brought.
#[derive(Clone, Debug)]
pub(super) struct Arms {
    worth: [f64; WAYS * SIZES.len()],
    /// Observations that each estimate is made of.
    observed: [f64; WAYS * SIZES.len()],
    /// How often each agent was the first of a neighbourhood.
    tried: Vec<u32>,
}

impl Arms {
    pub fn new(agents: usize) -> Self {
        Self {
            worth: [1.0; WAYS * SIZES.len()],
            observed: [GUESS_WEIGHT; WAYS * SIZES.len()],
            tried: vec![0; agents],
        }
    }

    /// Takes note of what an arm has brought. The first observations count more: what is in vain, and that the large ones
    /// are in a crowd, is soon left.
    pub fn learn(&mut self, arm: usize, gained: u64, work: u64, agents: usize) {
        let cost = (work + CHOICE_WORK * agents as u64) as f64;
        self.observed[arm] += 1.0;
        let learning = LEARNING.max(1.0 / self.observed[arm]);
        let worth = &mut self.worth[arm];
        *worth += learning * (1_000.0 * gained as f64 / cost - *worth);
    }

    /// An arm, more likely one that has brought more; `chance` is within 0 to 1. Large ones take as much longer as they
    /// are larger, and are tried as much more rarely.
    fn pick(&self, chance: f64) -> usize {
        let sum: f64 = self.worth.iter().sum();
        let floor = FLOOR * sum / self.worth.len() as f64;
        let weight = |arm: usize| (self.worth[arm] + floor) / SIZES[arm % SIZES.len()] as f64;
        let mut at = chance * (0..self.worth.len()).map(weight).sum::<f64>();
        for arm in 0..self.worth.len() {
            at -= weight(arm);
            if at <= 0.0 {
                return arm;
            }
        }
        self.worth.len() - 1
    }
}

impl Refiner<'_> {
    /// Chooses a neighbourhood; gives back by which arm.
    pub fn choose(&mut self) -> usize {
        let chance = self.chance.below(1 << 30) as f64 / f64::from(1 << 30);
        let arm = self.arms.pick(chance);
        let size = SIZES[arm % SIZES.len()].min(self.goals.len());
        self.taken.clear();
        match arm / SIZES.len() {
            0 => {}
            1 => self.take_delayed(size),
            _ => self.take_meeting(size),
        }
        // Whoever is missing is taken by chance.
        while self.taken.len() < size {
            let agent = self.chance.below(self.goals.len()) as u32;
            self.take(agent);
        }
        for &agent in &self.taken {
            self.is_taken[agent as usize] = false;
        }
        arm
    }

    fn take(&mut self, agent: u32) {
        if !std::mem::replace(&mut self.is_taken[agent as usize], true) {
            self.taken.push(agent);
        }
    }

    /// One that loses much, and those who keep it from doing better.
    fn take_delayed(&mut self, size: usize) {
        let mut first = self.chance.below(self.goals.len());
        for _ in 0..TRIES {
            let other = self.chance.below(self.goals.len());
            if self.need(other) > self.need(first) {
                first = other;
            }
        }
        self.arms.tried[first] += 1;
        self.take(first as u32);
        for _ in 0..4 * size {
            if self.taken.len() >= size {
                return;
            }
            let at = self.chance.below(self.taken.len());
            self.walk(self.taken[at], size);
        }
    }

    /// What an agent loses needlessly, less if it was tried often.
    fn need(&self, agent: usize) -> u64 {
        let delay = u64::from(self.loss[agent] - self.least[agent]);
        1_024 * delay / (8 + u64::from(self.arms.tried[agent]))
    }

    /// Wanders from somewhere on an agent's path, so that it would still arrive earlier than it does, and takes whom it
    /// meets.
    fn walk(&mut self, agent: u32, size: usize) {
        let path = &self.paths[agent as usize];
        let last = path.len() as u32 - 1;
        let first = self.chance.below(path.len()) as u32;
        let mut at = self.paths[agent as usize][first as usize];
        for step in first + 1..=last {
            if self.taken.len() >= size {
                return;
            }
            let enough = last - step;
            let (mut to, mut count) = (NONE, 0);
            for &next in self.network.successors(at).iter().chain([&at]) {
                if self
                    .fields
                    .distance_below(self.network, agent, next, enough)
                    < enough
                {
                    count += 1;
                    if self.chance.below(count) == 0 {
                        to = next;
                    }
                }
            }
            if to == NONE {
                return;
            }
            let (timetable, taken) = (&self.timetable, &mut self.taken);
            let is_taken = &mut self.is_taken;
            timetable.others(self.network, at, to, step, &mut |other| {
                if !std::mem::replace(&mut is_taken[other as usize], true) {
                    taken.push(other);
                }
            });
            at = to;
        }
    }

    /// Those who pass near one place at about one time.
    fn take_meeting(&mut self, size: usize) {
        let agent = self.chance.below(self.goals.len());
        let step = self.chance.below(self.paths[agent].len()) as u32;
        let steps = step.saturating_sub(MEETING_STEPS)
            ..(step + MEETING_STEPS + 1).min(self.timetable.horizon());
        let mut near = vec![self.paths[agent][step as usize]];
        let mut at = 0;
        while at < near.len() && near.len() < MEETING_VERTICES {
            let vertex = near[at];
            at += 1;
            for step in steps.clone() {
                let other = self.timetable.who(vertex, step);
                if other != NONE {
                    self.take(other);
                }
                if self.taken.len() >= size {
                    return;
                }
            }
            for &to in self.network.successors(vertex) {
                if !near.contains(&to) {
                    near.push(to);
                }
            }
        }
    }
}
