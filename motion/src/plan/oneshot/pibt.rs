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
    /// For how many of those who have decided each vertex has to be clear; not in plain networks.
    claims: Vec<u16>,
    /// Where each agent is, and where it will be, or [`NONE`] while that is open.
    pub(super) from: Vec<u32>,
    pub(super) to: Vec<u32>,
    /// A vertex of each agent, and its distance from there to the goal.
    known: Vec<(u32, u32)>,
    /// The same of where it has decided to go, if that is nearer.
    known_next: Vec<(u32, u32)>,
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
    /// Are all of its choices there?
    ranked: bool,
    /// It has chosen, and those who are in its way decide first.
    going: bool,
}

/// Whether it can be gone.
#[derive(Clone, Copy, Debug)]
enum Way {
    Clear,
    /// If this one, who has not decided, goes out of the way.
    Push(u32),
    Shut,
}

/// The one who decides.
fn frame_of(frames: &mut [Frame]) -> &mut Frame {
    let last = frames.len() - 1;
    &mut frames[last]
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
            claims: vec![0; if network.is_plain() { 0 } else { network.len() }],
            from: vec![NONE; agents],
            to: vec![NONE; agents],
            known: vec![(NONE, 0); agents],
            known_next: vec![(NONE, 0); agents],
            frames: Vec::new(),
            choices: Vec::new(),
            chance: Chance::new(seed),
            work: 0,
        }
    }

    /// Forgets distances: the next ones are by other fields.
    pub fn forget(&mut self) {
        self.known.fill((NONE, 0));
        self.known_next.fill((NONE, 0));
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
            if self.known_next[agent].0 == vertex {
                self.known[agent] = self.known_next[agent];
            }
        }
        let done = self.give(problem, given)
            && self.decide_all(problem, fields, order)
            && (problem.rotation || !self.turns(problem));
        for agent in 0..from.len() {
            self.here[self.from[agent] as usize] = NONE;
            if self.to[agent] != NONE {
                self.there[self.to[agent] as usize] = NONE;
            }
        }
        self.claims.fill(0);
        self.frames.clear();
        self.choices.clear();
        done.then_some(&self.to)
    }

    fn give(&mut self, problem: Problem, given: &[(u32, u32)]) -> bool {
        for &(agent, to) in given {
            if let Way::Shut = self.way(problem, agent, to) {
                return false;
            }
            self.take(problem, agent, to);
        }
        true
    }

    /// Does a closed ring of agents turn?
    fn turns(&self, problem: Problem) -> bool {
        // Along who takes whose place, each agent is looked at once.
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![NEW; self.from.len()];
        let mut stack = Vec::new();
        for first in 0..self.from.len() as u32 {
            stack.push((first, 0));
            while let Some((agent, at)) = stack.pop() {
                let (from, to) = (self.from[agent as usize], self.to[agent as usize]);
                state[agent as usize] = OPEN;
                let swept = if from == to {
                    &[][..]
                } else {
                    problem.network.swept(from, to)
                };
                let before = |vertex: &u32| self.here[*vertex as usize];
                let Some(next) = swept.get(at) else {
                    state[agent as usize] = DONE;
                    continue;
                };
                stack.push((agent, at + 1));
                let other = before(next);
                if other == NONE || other == agent {
                    continue;
                }
                match state[other as usize] {
                    NEW => stack.push((other, 0)),
                    OPEN => return true,
                    _ => {}
                }
            }
        }
        false
    }

    fn decide_all(&mut self, problem: Problem, fields: &mut Fields, order: &[u32]) -> bool {
        for &agent in order {
            if self.to[agent as usize] != NONE {
                continue;
            }
            // Most who are at their goals are asked by nobody to go.
            let from = self.from[agent as usize];
            let home = from == problem.goals[agent as usize];
            if home && matches!(self.way(problem, agent, from), Way::Clear) {
                self.work += 1;
                self.take(problem, agent, from);
            } else if !self.decide(problem, fields, agent) {
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
            if frame.going {
                // Is everybody out of its way?
                let to = self.to[agent as usize];
                match self.way(problem, agent, to) {
                    Way::Shut => self.give_up(problem, agent),
                    Way::Push(other) => self.ask(problem, fields, other),
                    Way::Clear => {
                        self.agree(problem);
                        if self.frames.is_empty() {
                            return true;
                        }
                    }
                }
                continue;
            }
            if frame.at as usize == self.choices.len() && !frame.ranked {
                self.rank(problem, fields);
                continue;
            }
            if frame.at as usize == self.choices.len() {
                // Nothing is left: it stays, and whoever pushes it has to choose otherwise.
                self.choices.truncate(frame.begin as usize);
                self.frames.pop();
                if !self.may_stay(problem, agent) {
                    return false;
                }
                self.take(problem, agent, from);
                continue;
            }
            let to = self.choices[frame.at as usize].to;
            frame.at += 1;
            self.work += 1;
            match self.way(problem, agent, to) {
                Way::Shut => {}
                Way::Push(other) => {
                    frame_of(&mut self.frames).going = true;
                    self.take(problem, agent, to);
                    self.ask(problem, fields, other);
                }
                Way::Clear => {
                    self.take(problem, agent, to);
                    self.agree(problem);
                    if self.frames.is_empty() {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Can an agent go to a vertex as things are?
    #[inline]
    fn way(&self, problem: Problem, agent: u32, to: u32) -> Way {
        let network = problem.network;
        let from = self.from[agent as usize];
        let mine = self.to[agent as usize] == to;
        if !network.is_plain() && self.claims[to as usize] > u16::from(mine) {
            return Way::Shut; // somebody else needs the room
        }
        let mut push = NONE;
        for &vertex in network.swept(from, to) {
            let there = self.there[vertex as usize];
            if there != NONE && there != agent {
                return Way::Shut;
            }
            let other = self.here[vertex as usize];
            if other == NONE || other == agent {
                continue;
            }
            let its = self.to[other as usize];
            if its == NONE {
                push = if push == NONE { other } else { push };
                continue;
            }
            if from != to && network.swept(vertex, its).contains(&from) {
                return Way::Shut; // they would swap
            }
            if !problem.rotation && self.frames.iter().any(|frame| frame.agent == other) {
                return Way::Shut; // a closed ring would turn
            }
        }
        if push == NONE {
            Way::Clear
        } else {
            Way::Push(push)
        }
    }

    /// Notes that an agent will be at a vertex.
    #[inline]
    fn take(&mut self, problem: Problem, agent: u32, to: u32) {
        self.to[agent as usize] = to;
        self.there[to as usize] = agent;
        if !problem.network.is_plain() {
            for &vertex in problem.network.swept(self.from[agent as usize], to) {
                self.claims[vertex as usize] += 1;
            }
        }
    }

    /// The one who decides can't go where it wanted to.
    fn give_up(&mut self, problem: Problem, agent: u32) {
        frame_of(&mut self.frames).going = false;
        let to = std::mem::replace(&mut self.to[agent as usize], NONE);
        if self.there[to as usize] == agent {
            self.there[to as usize] = NONE;
        }
        if !problem.network.is_plain() {
            for &vertex in problem.network.swept(self.from[agent as usize], to) {
                self.claims[vertex as usize] -= 1;
            }
        }
    }

    /// Is its place needed by nobody but those who push it, and have to choose otherwise?
    fn may_stay(&self, problem: Problem, agent: u32) -> bool {
        let (network, from) = (problem.network, self.from[agent as usize]);
        let pushes = |frame: &&Frame| {
            let (start, end) = (
                self.from[frame.agent as usize],
                self.to[frame.agent as usize],
            );
            frame.going && network.swept(start, end).contains(&from)
        };
        if network.is_plain() {
            let there = self.there[from as usize];
            return there == NONE || self.frames.iter().any(|frame| frame.agent == there);
        }
        usize::from(self.claims[from as usize]) == self.frames.iter().filter(pushes).count()
    }

    /// The one who decides has found a way.
    #[inline]
    fn agree(&mut self, problem: Problem) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let choice = self.choices[frame.at as usize - 1];
        let distance = (choice.key >> 32) as u32;
        if distance < self.known[frame.agent as usize].1 {
            self.known_next[frame.agent as usize] = (choice.to, distance);
        }
        self.choices.truncate(frame.begin as usize);
        let pulled = frame.pulls;
        let first = frame.at == frame.begin + 1;
        if first && pulled != NONE && self.to[pulled as usize] == NONE {
            let from = self.from[frame.agent as usize];
            // On one-way lanes there may be no way there.
            let its = self.from[pulled as usize];
            let leads = problem.network.successors(its).contains(&from);
            if leads && matches!(self.way(problem, pulled, from), Way::Clear) {
                self.take(problem, pulled, from);
            }
        }
    }

    /// Puts an agent on the stack of those who decide, with what it can do, best first.
    fn ask(&mut self, problem: Problem, fields: &mut Fields, agent: u32) {
        let network = problem.network;
        let from = self.from[agent as usize];
        let begin = self.choices.len();
        let stay = self.distance(network, fields, agent);
        // Ways that are known to lead nearer: often one of them is taken, and no other has to be looked at.
        for &to in network.successors(from) {
            if fields.is_below(agent, to, stay) {
                let key = self.key(fields.distance(network, agent, to));
                self.choices.push(Choice { key, to });
            }
        }
        let nearer = self.choices.len();
        if nearer > begin + 1 {
            self.hinder(problem, fields, from, begin..nearer);
            self.sort(begin);
        }
        self.frames.push(Frame {
            agent,
            pulls: NONE,
            begin: begin as u32,
            at: begin as u32,
            ranked: false,
            going: false,
        });
        if nearer == begin {
            self.rank(problem, fields);
        }
        let pulls = self.partner(problem, fields, agent, self.choices[begin].to);
        if pulls != NONE {
            self.rank(problem, fields);
            self.choices[begin..].reverse();
            frame_of(&mut self.frames).pulls = pulls;
        }
    }

    /// Adds the other choices of the one who decides, in their order.
    fn rank(&mut self, problem: Problem, fields: &mut Fields) {
        let Frame { agent, begin, .. } = *frame_of(&mut self.frames);
        frame_of(&mut self.frames).ranked = true;
        let network = problem.network;
        let from = self.from[agent as usize];
        let (first, known) = (begin as usize, self.choices.len());
        let stay = self.distance(network, fields, agent);
        let key = self.key(stay);
        self.choices.push(Choice { key, to: from });
        for &to in network.successors(from) {
            if self.choices[first..known]
                .iter()
                .any(|choice| choice.to == to)
            {
                continue;
            }
            let distance = fields.one_step_off(network, agent, to, stay);
            let key = self.key(distance);
            self.choices.push(Choice { key, to });
        }
        self.hinder(problem, fields, from, known..self.choices.len());
        self.sort(known);
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
                if to != beside && to != from && fields.is_below(other, to, now) {
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
