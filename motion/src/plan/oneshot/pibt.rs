//! One configuration after another: priority inheritance with backtracking.
//!
//! Okumura, Machida, Défago, Tamura, "Priority inheritance with backtracking for iterative multi-agent path finding"
//! (Artificial Intelligence 310, 2022). Ties go by *hindrance*: how many neighbours would be hindered (Okumura, Nagai,
//! "Lightweight and effective preference construction in PIBT", 2025). The recursion is a stack of its own: chains of
//! thousands happen.

use super::fields::Fields;
use super::network::{NONE, Network};
use crate::plan::chance::Chance;

/// Where in a key the hindrance is: above chance, below the distance.
const HINDRANCE_SHIFT: u32 = 24;

/// Makes configurations; everything that it needs is allocated once.
#[derive(Clone, Debug)]
pub(super) struct Pibt {
    /// Who is at each vertex, and who will be.
    pub(super) here: Vec<u32>,
    there: Vec<u32>,
    /// Where each agent is, and where it will be, or [`NONE`] while that is open.
    pub(super) from: Vec<u32>,
    pub(super) to: Vec<u32>,
    /// A vertex of each agent, and its distance from there to the goal.
    known: Vec<(u32, u32)>,
    frames: Vec<Frame>,
    choices: Vec<Choice>,
    pub(super) chance: Chance,
    /// Choices looked at: the effort.
    pub work: u64,
}

/// Somebody who decides.
#[derive(Clone, Copy, Debug)]
struct Frame {
    agent: u32,
    /// Whom it pulls along when it takes its first choice.
    pulls: u32,
    begin: u32,
    /// The next choice.
    at: u32,
    /// Up to where choices are in their order.
    ranked: u32,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    /// Less is better.
    key: u64,
    to: u32,
}

/// What a configuration is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem<'a> {
    pub network: &'a Network,
    pub goals: &'a [u32],
    /// May closed rings turn?
    pub rotation: bool,
}

impl Pibt {
    pub fn new(network: &Network, agents: usize, seed: u64) -> Self {
        Self {
            here: vec![NONE; network.len()],
            there: vec![NONE; network.len()],
            from: vec![NONE; agents],
            to: vec![NONE; agents],
            known: vec![(NONE, 0); agents],
            frames: Vec::new(),
            choices: Vec::new(),
            chance: Chance::new(seed),
            work: 0,
        }
    }

    /// The configuration after `from`, agents deciding in `order`, those in `given` (agent, vertex) as it says; `None` if
    /// they can't.
    pub fn next(
        &mut self,
        problem: Problem,
        fields: &mut Fields,
        from: &[u32],
        order: &[u32],
        given: &[(u32, u32)],
    ) -> Option<&[u32]> {
        for (agent, &vertex) in from.iter().enumerate() {
            self.here[vertex as usize] = agent as u32;
            self.from[agent] = vertex;
            self.to[agent] = NONE;
        }
        let done = self.give(given)
            && self.decide_all(problem, fields, order)
            && (problem.rotation || !self.turns(from));
        for agent in 0..from.len() {
            self.here[self.from[agent] as usize] = NONE;
            if self.to[agent] != NONE {
                self.there[self.to[agent] as usize] = NONE;
            }
        }
        done.then_some(&self.to)
    }

    fn give(&mut self, given: &[(u32, u32)]) -> bool {
        for &(agent, to) in given {
            let other = self.here[to as usize];
            let swaps = other != NONE
                && other != agent
                && self.to[other as usize] == self.from[agent as usize];
            if self.there[to as usize] != NONE || swaps {
                return false;
            }
            self.to[agent as usize] = to;
            self.there[to as usize] = agent;
        }
        true
    }

    /// Does a closed ring of agents turn?
    fn turns(&self, from: &[u32]) -> bool {
        // Along who takes whose place, each agent is looked at once.
        let mut chain_of = vec![NONE; from.len()];
        (0..from.len() as u32).any(|first| {
            let mut agent = first;
            while agent != NONE && chain_of[agent as usize] == NONE {
                chain_of[agent as usize] = first;
                let to = self.to[agent as usize];
                agent = if to == from[agent as usize] {
                    NONE
                } else {
                    self.here[to as usize]
                };
            }
            agent != NONE && chain_of[agent as usize] == first
        })
    }

    fn decide_all(&mut self, problem: Problem, fields: &mut Fields, order: &[u32]) -> bool {
        for &agent in order {
            if self.to[agent as usize] == NONE && !self.decide(problem, fields, agent) {
                return false;
            }
        }
        true
    }

    /// Lets an agent decide, and everybody whom it pushes.
    fn decide(&mut self, problem: Problem, fields: &mut Fields, agent: u32) -> bool {
        debug_assert!(self.frames.is_empty(), "one decides at a time");
        self.ask(problem, fields, agent);
        while let Some(frame) = self.frames.last_mut() {
            let (agent, from) = (frame.agent, self.from[frame.agent as usize]);
            if frame.at == frame.ranked && (frame.at as usize) < self.choices.len() {
                frame.ranked = self.choices.len() as u32;
                let begin = frame.at as usize;
                self.rank(problem, fields, from, begin);
                continue;
            }
            if frame.at as usize == self.choices.len() {
                // Nothing is left: it stays, and whoever pushes it has to choose otherwise.
                self.choices.truncate(frame.begin as usize);
                self.frames.pop();
                self.to[agent as usize] = from;
                self.there[from as usize] = agent;
                continue;
            }
            let to = self.choices[frame.at as usize].to;
            frame.at += 1;
            self.work += 1;
            if self.there[to as usize] != NONE {
                continue;
            }
            let other = self.here[to as usize];
            if other != NONE && self.to[other as usize] == from {
                continue; // they would swap
            }
            if !problem.rotation
                && other != agent
                && self.frames.iter().any(|frame| frame.agent == other)
            {
                continue; // a closed ring would turn
            }
            self.to[agent as usize] = to;
            self.there[to as usize] = agent;
            if other != NONE && self.to[other as usize] == NONE {
                self.ask(problem, fields, other);
                continue;
            }
            self.agree();
            return true;
        }
        false
    }

    /// Everybody who decides has found a way, the last one first.
    fn agree(&mut self) {
        while let Some(frame) = self.frames.pop() {
            let from = self.from[frame.agent as usize];
            let first = frame.at == frame.begin + 1;
            if first
                && frame.pulls != NONE
                && self.to[frame.pulls as usize] == NONE
                && self.there[from as usize] == NONE
            {
                self.to[frame.pulls as usize] = from;
                self.there[from as usize] = frame.pulls;
            }
        }
        self.choices.clear();
    }

    /// Puts an agent on the stack of those who decide, with what it can do, best first.
    fn ask(&mut self, problem: Problem, fields: &mut Fields, agent: u32) {
        let network = problem.network;
        let from = self.from[agent as usize];
        let begin = self.choices.len();
        let stay = self.distance(network, fields, agent);
        let key = self.key(stay);
        self.choices.push(Choice { key, to: from });
        for &to in network.successors(from) {
            let distance = fields.distance_below(network, agent, to, stay);
            let key = self.key(distance);
            self.choices.push(Choice { key, to });
        }
        self.sort(begin);
        // Often one of the best is taken: only they are ranked for now.
        let best = self.choices[begin].key >> 32;
        let others = self.choices[begin..]
            .iter()
            .position(|choice| choice.key >> 32 != best);
        let mut ranked = others.map_or(self.choices.len(), |others| begin + others);
        if ranked > begin + 1 {
            self.hinder(problem, fields, from, begin..ranked);
            self.sort(begin);
        }
        let pulls = self.partner(problem, fields, agent, self.choices[begin].to);
        if pulls != NONE {
            self.rank(problem, fields, from, ranked);
            ranked = self.choices.len();
            self.choices[begin..].reverse();
        }
        self.frames.push(Frame {
            agent,
            pulls,
            begin: begin as u32,
            at: begin as u32,
            ranked: ranked as u32,
        });
    }

    /// Puts the choices from `begin` on, which are in the order of their distances, in order.
    fn rank(&mut self, problem: Problem, fields: &mut Fields, from: u32, begin: usize) {
        self.hinder(problem, fields, from, begin..self.choices.len());
        self.sort(begin);
    }

    /// By insertion: there are five at most.
    #[inline]
    fn sort(&mut self, begin: usize) {
        for end in begin + 1..self.choices.len() {
            let choice = self.choices[end];
            let mut at = end;
            while at > begin && self.choices[at - 1].key > choice.key {
                self.choices[at] = self.choices[at - 1];
                at -= 1;
            }
            self.choices[at] = choice;
        }
    }

    /// From where an agent is to its goal.
    #[inline]
    fn distance(&mut self, network: &Network, fields: &mut Fields, agent: u32) -> u32 {
        let at = self.from[agent as usize];
        let known = &mut self.known[agent as usize];
        if known.0 != at {
            *known = (at, fields.distance(network, agent, at));
        }
        known.1
    }

    /// Adds to the keys how many of those beside `from` would come nearer to their goals there.
    fn hinder(
        &mut self,
        problem: Problem,
        fields: &mut Fields,
        from: u32,
        choices: std::ops::Range<usize>,
    ) {
        let network = problem.network;
        for &beside in network.successors(from) {
            let other = self.here[beside as usize];
            if other == NONE {
                continue;
            }
            let now = self.distance(network, fields, other);
            for at in choices.clone() {
                let to = self.choices[at].to;
                if to != beside
                    && to != from
                    && fields.distance_below(network, other, to, now) < now
                {
                    self.choices[at].key += 1 << HINDRANCE_SHIFT;
                }
            }
        }
    }

    /// Nearer to the goal first, then where it hinders fewer, which is added, then by chance.
    #[inline]
    fn key(&mut self, distance: u32) -> u64 {
        u64::from(distance) << 32 | self.chance.bits() >> (64 - HINDRANCE_SHIFT)
    }
}
