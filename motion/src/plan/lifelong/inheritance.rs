//! Priority inheritance with backtracking, over operations.
//!
//! As in PIBT an agent that takes a way hands its priority on to whoever stands there, and takes its choice back if that one
//! finds no way out. Here ways are operations, of several actions each, and nobody is without one at any time: what all
//! have is always a valid plan (EPIBT, arXiv 2511.09193). At most one other agent is pushed by each choice; pushing several
//! costs more than it brings.

use super::choices::Choices;
use super::operations::LENGTH;
use super::reservations::{InTheWay, Reservations};
use super::space::Space;
use crate::plan::chance::Chance;

/// Times that an agent may be pushed in one attempt to be out of the way by the same moment.
const VISITS_MAX: u8 = 1;

/// How often each agent was pushed in the current attempt. Who couldn't be out of the way by some moment for one agent hardly
/// can by an earlier one for another.
#[derive(Clone, Debug)]
pub(super) struct Visits {
    attempt: u32,
    /// Attempt of each agent, and its visits by moment.
    of: Vec<(u32, [u8; LENGTH + 1])>,
}

impl Visits {
    pub fn new(agents: usize) -> Self {
        Self {
            attempt: 0,
            of: vec![(0, [0; LENGTH + 1]); agents],
        }
    }

    /// Begins an attempt.
    pub fn begin(&mut self) {
        self.attempt = self.attempt.wrapping_add(1);
    }

    /// Counts a visit; `false` if there were enough.
    fn visit(&mut self, agent: u32, moment: usize) -> bool {
        let (attempt, visits) = &mut self.of[agent as usize];
        if *attempt != self.attempt {
            (*attempt, *visits) = (self.attempt, [0; LENGTH + 1]);
        }
        if visits[moment..].iter().any(|&count| count >= VISITS_MAX) {
            return false;
        }
        visits[moment] += 1;
        true
    }
}

/// What an attempt works on.
pub(super) struct Attempt<'a, S> {
    pub space: &'a S,
    pub choices: &'a mut Choices,
    pub room: &'a [u16],
    pub room_weight: i64,
    pub reservations: &'a mut Reservations,
    /// The route of each agent.
    pub route: &'a mut [u8],
    /// What a unit of value counts for each agent.
    pub weight: &'a [u32],
    /// Turn of each agent; nobody pushes one whose turn is not after `turn`.
    pub turns: &'a [u32],
    pub turn: u32,
    /// Who is in the chain of inheritance.
    pub pushing: &'a mut [bool],
    pub visits: &'a mut Visits,
    /// Choices that may still be looked at.
    pub looks: u32,
    pub looked: u64,
    pub random: &'a mut Chance,
    /// One choice in so many is passed over; 0: none.
    pub skip: u64,
}

impl<S: Space> Attempt<'_, S> {
    /// Gives an agent the best operation that it can have, others being pushed as it takes; what that costs altogether,
    /// weighted, is less than `below`. `None`: it can't have one, and everything is as it was.
    pub fn improve(&mut self, agent: u32, below: i64, depth: u32) -> Option<i64> {
        let old = self.route[agent as usize];
        let path = *self.choices.path(agent, old);
        self.reservations.remove(agent, &path);
        let result = self.settle(agent, below, depth, false);
        if result.is_none() {
            self.reservations.add(agent, &path);
        }
        result
    }

    /// As [`Self::improve`], for one whose reservations are removed; they stay so where it fails.
    fn settle(&mut self, agent: u32, below: i64, depth: u32, pushed: bool) -> Option<i64> {
        self.pushing[agent as usize] = true;
        let result = self.choose(agent, below, depth, pushed);
        self.pushing[agent as usize] = false;
        result
    }

    fn choose(&mut self, agent: u32, below: i64, depth: u32, pushed: bool) -> Option<i64> {
        let old = self.route[agent as usize];
        let old_value = self.choices.value(agent, old);
        let weight = i64::from(self.weight[agent as usize]);
        if pushed {
            self.choices.prepare(agent, self.room, self.room_weight);
        }
        for at in 0..self.choices.of(agent).len() {
            let route = if pushed {
                self.choices.nth_pushed(agent, at)
            } else {
                self.choices.nth(agent, at).route()
            };
            let cost = (self.choices.value(agent, route) - old_value) * weight;
            if cost >= below {
                if pushed {
                    continue;
                }
                break; // the others cost more still
            }
            if self.looks == 0 {
                break;
            }
            if self.skip > 0 && at > 0 && self.random.bits().is_multiple_of(self.skip) {
                continue;
            }
            self.looks -= 1;
            self.looked += 1;
            let path = *self.choices.path(agent, route);
            match self.reservations.in_the_way(self.space, agent, &path) {
                InTheWay::Several => {}
                InTheWay::Nobody => {
                    self.reservations.add(agent, &path);
                    self.route[agent as usize] = route;
                    return Some(cost);
                }
                InTheWay::One(other, moment) => {
                    let free = !self.pushing[other as usize]
                        && self.turns[other as usize] > self.turn
                        && depth > 0
                        && self.visits.visit(other, moment);
                    if !free {
                        continue;
                    }
                    // It has to be worth it even if the other one gets its best.
                    let others = *self.choices.path(other, self.route[other as usize]);
                    self.reservations.remove(other, &others);
                    self.reservations.add(agent, &path);
                    self.route[agent as usize] = route;
                    if let Some(more) =
                        self.settle(other, below.saturating_sub(cost), depth - 1, true)
                    {
                        return Some(cost + more);
                    }
                    self.route[agent as usize] = old;
                    self.reservations.remove(agent, &path);
                    self.reservations.add(other, &others);
                }
            }
        }
        None
    }
}
