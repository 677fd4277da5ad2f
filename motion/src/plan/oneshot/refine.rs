//! Makes a solution better until the budget ends: large neighbourhood search.
//!
//! After Li, Chen, Harabor, Stuckey, Koenig, "Anytime multi-agent path finding via large neighborhood search" (IJCAI
//! 2021): some agents are taken out and planned anew, one after the other in a random order, around all the others;
//! the result is kept unless it is worse.

use super::fields::Fields;
use super::neighbourhood::{Arms, TAKEN_MAX};
use super::network::{NONE, Network};
use super::pibt::Problem;
use super::sipp::{Sipp, Trip};
use super::solution::{Solution, path_loss};
use super::timetable::Timetable;
use crate::plan::chance::Chance;

/// It may be worse than the best by one in so many.
const SLACK_SHARE: u64 = 1_000;
/// So many paths an agent may have been replaced since the best solution; then it starts from that again.
const SINCE_BEST_MAX: usize = 4;

/// A solution that is being made better.
#[derive(Debug)]
pub(super) struct Refiner<'a> {
    pub network: &'a Network,
    pub goals: &'a [u32],
    rotation: bool,
    pub fields: &'a mut Fields,
    pub timetable: Timetable,
    /// Path of each agent, up to its arrival for good.
    pub paths: Vec<Vec<u32>>,
    /// Loss of each agent, and the least possible.
    pub loss: Vec<u32>,
    pub least: Vec<u32>,
    pub sipp: Sipp,
    pub chance: Chance,
    pub arms: Arms,
    /// Who is out, and their old paths.
    pub taken: Vec<u32>,
    pub is_taken: Vec<bool>,
    old: Vec<Vec<u32>>,
    spare: Vec<Vec<u32>>,
    /// Agents that were taken out so far: part of the effort.
    chosen: u64,
    /// Who has to go before somebody in a step, and from where to where.
    before: Vec<(u32, u32, u32)>,
    /// Paths that were replaced since the best solution, the oldest first.
    since_best: Vec<(u32, Vec<u32>)>,
}

impl<'a> Refiner<'a> {
    pub fn new(
        problem: Problem<'a>,
        fields: &'a mut Fields,
        solution: Solution,
        seed: u64,
    ) -> Self {
        let Problem {
            network,
            goals,
            rotation,
        } = problem;
        let agents = goals.len();
        let mut timetable = Timetable::new(network, solution.makespan() as u32 + 2);
        for (agent, path) in solution.paths.iter().enumerate() {
            timetable.enter(network, agent as u32, path);
        }
        let loss = solution.paths.iter().map(|path| path_loss(path)).collect();
        let distance =
            |agent: usize| fields.distance(network, agent as u32, solution.paths[agent][0]);
        let least = (0..agents).map(distance).collect();
        Self {
            network,
            goals,
            rotation,
            fields,
            timetable,
            paths: solution.paths,
            loss,
            least,
            sipp: Sipp::default(),
            chance: Chance::new(!seed),
            arms: Arms::new(agents),
            taken: Vec::new(),
            is_taken: vec![false; agents],
            old: Vec::new(),
            spare: Vec::new(),
            chosen: 0,
            before: Vec::new(),
            since_best: Vec::new(),
        }
    }

    pub fn into_solution(self) -> Solution {
        Solution { paths: self.paths }
    }

    /// The loss of all together.
    pub fn sum_of_loss(&self) -> u64 {
        self.loss.iter().map(|&loss| u64::from(loss)).sum()
    }

    /// Effort so far, that of all distances included.
    pub fn work(&self) -> u64 {
        self.sipp.work + self.fields.work + self.chosen
    }

    /// Plans neighbourhoods anew until `go_on` says no; `true`: nobody can lose less.
    ///
    /// It may get worse by a little between two improvements (record-to-record travel, Dueck 1993), but it ends with the
    /// best.
    pub fn refine(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> bool {
        let least: u64 = self.least.iter().map(|&least| u64::from(least)).sum();
        let mut best = self.sum_of_loss();
        let mut now = best;
        while best > least {
            if !go_on(self.work()) {
                break;
            }
            let before = self.work();
            let arm = self.choose();
            self.chosen += self.taken.len() as u64;
            let slack = best / SLACK_SHARE > now - best;
            let gained = self.plan_anew(u32::from(slack));
            now = now.saturating_add_signed(-gained);
            if now <= best {
                best = now;
                self.spare
                    .extend(self.since_best.drain(..).map(|(_, path)| path));
            } else if self.since_best.len() > SINCE_BEST_MAX * self.goals.len() {
                self.back_to_best();
                now = best;
            }
            let gained = gained.max(0) as u64;
            self.arms
                .learn(arm, gained, self.work() - before, self.taken.len());
        }
        self.back_to_best();
        debug_assert_eq!(self.sum_of_loss(), best);
        best == least
    }

    /// Puts everybody back on the paths of the best solution.
    fn back_to_best(&mut self) {
        let changed: Vec<(u32, Vec<u32>)> = self.since_best.drain(..).rev().collect();
        for (agent, _) in &changed {
            if !std::mem::replace(&mut self.is_taken[*agent as usize], true) {
                self.timetable
                    .remove(self.network, &self.paths[*agent as usize]);
            }
        }
        // The oldest path of each comes last.
        for (agent, path) in changed.iter() {
            self.paths[*agent as usize].clone_from(path);
        }
        for (agent, _) in &changed {
            if std::mem::replace(&mut self.is_taken[*agent as usize], false) {
                let path = &self.paths[*agent as usize];
                self.timetable.enter(self.network, *agent, path);
                self.loss[*agent as usize] = path_loss(path);
            }
        }
        self.spare.extend(changed.into_iter().map(|(_, path)| path));
    }

    /// Plans those who are taken, in a random order; gives back what was gained, at least `-slack`.
    fn plan_anew(&mut self, slack: u32) -> i64 {
        debug_assert!(self.taken.len() <= TAKEN_MAX);
        self.chance.shuffle(&mut self.taken);
        let before: u32 = self
            .taken
            .iter()
            .map(|&agent| self.loss[agent as usize])
            .sum();
        let mut rest: u32 = self
            .taken
            .iter()
            .map(|&agent| self.least[agent as usize])
            .sum();
        if before == rest {
            return 0;
        }
        for &agent in &self.taken {
            self.timetable
                .remove(self.network, &self.paths[agent as usize]);
        }
        self.old.clear();
        let mut loss = 0;
        let mut losses = [0; TAKEN_MAX];
        for (at, its_loss) in losses[..self.taken.len()].iter_mut().enumerate() {
            let agent = self.taken[at];
            rest -= self.least[agent as usize];
            // As good as before is good enough: it may open a way for others.
            let below = (before + slack + 1).saturating_sub(loss + rest);
            let mut path = self.spare.pop().unwrap_or_default();
            let Some(its) = self.plan_one(agent, below, &mut path) else {
                self.spare.push(path);
                self.take_back(at);
                return 0;
            };
            self.timetable.enter(self.network, agent, &path);
            let old = std::mem::replace(&mut self.paths[agent as usize], path);
            self.old.push(old);
            *its_loss = its;
            loss += its;
        }
        for (&agent, its) in self.taken.iter().zip(losses) {
            self.loss[agent as usize] = its;
        }
        let changed = self.taken.iter().copied().zip(self.old.drain(..));
        self.since_best.extend(changed);
        i64::from(before) - i64::from(loss)
    }

    /// The best path of one around all who are in the timetable, if it loses less than `below`.
    pub fn plan_one(&mut self, agent: u32, below: u32, path: &mut Vec<u32>) -> Option<u32> {
        let (start, goal) = (self.paths[agent as usize][0], self.goals[agent as usize]);
        let trip = Trip {
            agent,
            start,
            goal,
            below,
            // Another one each time: what would be found again and again is no news.
            taste: self.chance.bits() as u32,
        };
        let loss = self
            .sipp
            .plan(self.network, self.fields, &self.timetable, trip, path)?;
        debug_assert_eq!(loss, path_loss(path), "the loss that was planned");
        (!self.would_turn(agent, path)).then_some(loss)
    }

    /// Would a closed ring turn that may not, if this agent went this path?
    pub fn would_turn(&mut self, agent: u32, path: &[u32]) -> bool {
        !self.rotation
            && path.windows(2).enumerate().any(|(step, ends)| {
                ends[0] != ends[1] && self.turns(agent, (ends[0], ends[1]), step as u32)
            })
    }

    /// Does somebody who has to go before this agent have to go after it, when it goes this way after `step`?
    fn turns(&mut self, agent: u32, way: (u32, u32), step: u32) -> bool {
        self.before.clear();
        self.before.push((agent, way.0, way.1));
        let mut at = 0;
        while let Some(&(goer, from, to)) = self.before.get(at) {
            at += 1;
            for &vertex in self.network.swept(from, to) {
                if vertex == way.0 && goer != agent {
                    return true;
                }
                let other = self.timetable.who(vertex, step);
                if other == NONE || self.before.iter().any(|known| known.0 == other) {
                    continue;
                }
                let path = &self.paths[other as usize];
                let next = path[(step as usize + 1).min(path.len() - 1)];
                if next != vertex {
                    self.before.push((other, vertex, next));
                }
            }
        }
        false
    }

    /// Puts those who are taken back on their old paths, after `done` of them have been planned.
    fn take_back(&mut self, done: usize) {
        for &agent in &self.taken[..done] {
            self.timetable
                .remove(self.network, &self.paths[agent as usize]);
        }
        for at in (0..done).rev() {
            if let Some(old) = self.old.pop() {
                let agent = self.taken[at] as usize;
                self.spare
                    .push(std::mem::replace(&mut self.paths[agent], old));
            }
        }
        for &agent in &self.taken {
            self.timetable
                .enter(self.network, agent, &self.paths[agent as usize]);
        }
    }
}
