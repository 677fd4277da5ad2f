//! Who goes first, what it counts, and who may be under way at all.
//!
//! Who has least left to do goes first: that finishes most. On a floor that is so full that few can move, whoever has much
//! left to do would only take others from their ways and get nowhere itself; there the last in the order idle, and may be
//! pushed anywhere, until those before them have got through.

use super::agent::Agent;
use super::fields::UNREACHABLE;
use super::jams::{STUCK, STUCK_FOR_SURE};
use super::space::{NONE, Place, State};
use crate::plan::rank::mix;

/// Steps without getting nearer to its goal after which an agent draws lots, and again after as many: with every other one it
/// lets all others go first, since it may be in the way of the one that is in its way.
const PATIENCE: u32 = 10;

/// What is added to what is left to do, for those who let others go first: more than any way.
const AFTER_ALL: u32 = 1 << 24;

/// The weight of the first; the others' falls off with their turns, to nothing.
const WEIGHT_MAX: u64 = 10_000;

/// How near an agent has got to its goal.
#[derive(Clone, Copy, Debug)]
struct Progress {
    goal: Place,
    /// The lowest cost so far, and the step in which that was.
    cost: u32,
    step: u32,
}

/// The order of the agents in a step.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    /// What remains for each agent to do, and its number: who goes first.
    order: Vec<(u32, u32)>,
    /// Turn of each agent, from 1.
    pub turns: Vec<u32>,
    /// What a unit of value counts for each agent.
    pub weight: Vec<u32>,
    progress: Vec<Progress>,
    /// How many may be under way.
    pub under_way_max: usize,
}

impl Ranking {
    pub fn new(places: usize, agents: usize) -> Self {
        let none = Progress {
            goal: NONE,
            cost: 0,
            step: 0,
        };
        Self {
            order: (0..agents as u32).map(|index| (0, index)).collect(),
            turns: vec![0; agents],
            weight: vec![1; agents],
            progress: vec![none; agents],
            under_way_max: under_way_max(places),
        }
    }

    /// Ranks the agents in a step; `cost` gives that from a state to a place.
    pub fn rank(&mut self, agents: &[Agent], step: u32, cost: impl Fn(State, Place) -> u32) {
        self.order.clear();
        for (index, agent) in agents.iter().enumerate() {
            let left = if agent.goal == NONE {
                self.progress[index].goal = NONE;
                u32::MAX
            } else {
                let cost = cost(agent.state, agent.goal).min(u32::from(UNREACHABLE));
                let left = cost.saturating_add(agent.rest).min(AFTER_ALL);
                if self.is_demoted(index as u32, agent.goal, cost, step) {
                    left + AFTER_ALL
                } else {
                    left
                }
            };
            self.order.push((left, index as u32));
        }
        self.order.sort_unstable();
        let count = self.order.len() as u64;
        for (turn, &(left, index)) in self.order.iter().enumerate() {
            self.turns[index as usize] = turn as u32 + 1;
            self.weight[index as usize] = if left == u32::MAX || turn >= self.under_way_max {
                1
            } else {
                (WEIGHT_MAX * (count - turn as u64) / count) as u32 + 1
            };
        }
    }

    /// Takes note of what is left of an agent's way; does it let others go first, since it got no further for long?
    fn is_demoted(&mut self, index: u32, goal: Place, cost: u32, step: u32) -> bool {
        let progress = &mut self.progress[index as usize];
        if progress.goal != goal || cost < progress.cost {
            *progress = Progress { goal, cost, step };
        }
        let round = u64::from((step - progress.step) / PATIENCE);
        round > 0 && mix(round << 32 | u64::from(index)) & 1 == 1
    }

    /// From now on everybody has to get nearer than it is now: after a time in which costs were others.
    pub fn forget_progress(&mut self) {
        for progress in &mut self.progress {
            progress.goal = NONE;
        }
    }

    /// How many may be stuck, since they haven't got nearer to their goals for long, and is one of them stuck for sure?
    /// `is_there` says who is at its goal.
    pub fn stuck(
        &self,
        agents: &[Agent],
        step: u32,
        is_there: impl Fn(&Agent) -> bool,
    ) -> (usize, bool) {
        let since = |(agent, progress): (&Agent, &Progress)| match agent.goal {
            NONE => 0,
            _ if is_there(agent) => 0,
            // There is no way, as far as is known.
            _ if progress.cost >= u32::from(UNREACHABLE) => 0,
            _ => step - progress.step,
        };
        let stuck = agents.iter().zip(&self.progress).map(since);
        stuck.fold((0, false), |(count, for_sure), steps| {
            let count = count + usize::from(steps >= STUCK);
            (count, for_sure || steps >= STUCK_FOR_SURE)
        })
    }

    /// The agents in their order, at first as they are numbered.
    pub fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.order.iter().map(|&(_, index)| index as usize)
    }

    /// The agent whose turn is the n-th, from 0.
    pub fn nth(&self, turn: usize) -> u32 {
        self.order[turn].1
    }

    /// Those who are to idle in this step although they have goals, and those who have none among the last.
    pub fn idle(&self) -> impl Iterator<Item = u32> + '_ {
        let last = self.order.iter().skip(self.under_way_max);
        last.map(|&(_, index)| index)
    }
}

/// How many agents may be under way: two for five places. With more of them on the floor they finish less: each that moves
/// needs others to get out of its way.
fn under_way_max(places: usize) -> usize {
    (places * 2 / 5).max(1)
}
