//! Priority inheritance with backtracking, over operations.
//!
//! As in PIBT an agent that takes a way hands its priority on to whoever stands there, and takes its choice back if that one
//! finds no way out. Here ways are operations, of several steps each, and nobody is without one at any time: what all
//! have is always a valid plan (EPIBT, arXiv 2511.09193). How many others each choice may push at once is up to the ground:
//! on grids pushing several costs more than it brings; where agents keep others away from more than one place there is often
//! no way but that.

use super::NONE;
use super::choices::Choices;
use super::ground::{Ground, Place};
use super::reservations::{InTheWay, Reservations};
use crate::plan::chance::Chance;

/// How often each agent was pushed in the current attempt, to be out of the way by which moment.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Visits<const MOMENTS: usize> {
    attempt: u32,
    /// Attempt of each agent, and its visits by moment.
    of: Vec<(u32, [u8; MOMENTS])>,
}

impl<const MOMENTS: usize> Visits<MOMENTS> {
    pub fn new(agents: usize) -> Self {
        Self {
            attempt: 0,
            of: vec![(0, [0; MOMENTS]); agents],
        }
    }

    /// Begins an attempt.
    pub fn begin(&mut self) {
        self.attempt = self.attempt.wrapping_add(1);
    }

    /// Counts a visit; `false` if there were enough.
    fn visit(&mut self, agent: u32, moment: usize, max: u8) -> bool {
        let (attempt, visits) = &mut self.of[agent as usize];
        if *attempt != self.attempt {
            (*attempt, *visits) = (self.attempt, [0; MOMENTS]);
        }
        if visits[moment..].iter().any(|&count| count >= max) {
            return false;
        }
        visits[moment] += 1;
        true
    }
}

/// Reservations that were made, or removed, so that they can be taken back.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct Log(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    agent: u32,
    route: u8,
    made: bool,
}

/// What it takes to find rings of agents that follow each other.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Rings {
    /// Whose reservations are made?
    pub placed: Vec<bool>,
    /// Those whom an agent follows, and those whom these follow.
    followed: Vec<u32>,
}

impl Rings {
    pub fn new(agents: usize) -> Self {
        Self {
            placed: vec![false; agents],
            followed: Vec::with_capacity(agents),
        }
    }
}

/// What an attempt may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::plan) struct Effort {
    /// Choices that may still be looked at.
    pub looks: u32,
    /// Of these, for one choice of the agent that the attempt is for, so that there is something left for the next one.
    pub looks_each: u32,
    /// Times that an agent may be pushed to be out of the way by the same moment. Who couldn't be for one agent hardly can for
    /// another.
    pub visits: u8,
    /// One choice in so many is passed over, so that an attempt finds something else than the last one; 0: none.
    pub skip: u64,
}

/// What an attempt works on.
pub(in crate::plan) struct Attempt<'a, G, const MOMENTS: usize> {
    pub ground: &'a G,
    pub choices: &'a mut Choices<MOMENTS>,
    pub room: &'a [u16],
    pub room_weight: i64,
    pub reservations: &'a mut Reservations<MOMENTS>,
    /// The route of each agent.
    pub route: &'a mut [u8],
    /// What a unit of value counts for each agent.
    pub weight: &'a [u32],
    /// Turn of each agent; nobody pushes one whose turn is not after `turn`.
    pub turns: &'a [u32],
    pub turn: u32,
    /// Who is in the chain of inheritance.
    pub pushing: &'a mut [bool],
    pub visits: &'a mut Visits<MOMENTS>,
    pub log: &'a mut Log,
    pub rings: &'a mut Rings,
    pub effort: Effort,
    /// Choices that may still be looked at for the present choice of the agent that the attempt is for.
    pub looks_left: u32,
    /// Choices that have been looked at.
    pub looked: u64,
    pub random: &'a mut Chance,
}

impl<G: Ground, const MOMENTS: usize> Attempt<'_, G, MOMENTS> {
    /// Gives an agent the best operation that it can have, others being pushed as it takes; what that costs altogether,
    /// weighted, is less than `below`. `None`: it can't have one, and everything is as it was.
    pub fn improve(&mut self, agent: u32, below: i64, depth: u32) -> Option<i64> {
        self.log.0.clear();
        self.release(agent);
        let result = self.settle(agent, below, depth, false);
        if result.is_none() {
            self.take_back(0);
        }
        result
    }

    /// Removes the reservations of an agent.
    #[inline]
    fn release(&mut self, agent: u32) {
        let route = self.route[agent as usize];
        let path = self.choices.path(agent, route);
        self.reservations.remove(self.ground, agent, path);
        self.place(agent, false);
        self.log.0.push(Entry {
            agent,
            route,
            made: false,
        });
    }

    /// Gives an agent a route, and reserves it.
    #[inline]
    fn reserve(&mut self, agent: u32, route: u8) {
        let path = self.choices.path(agent, route);
        self.reservations.add(self.ground, agent, path);
        self.route[agent as usize] = route;
        self.place(agent, true);
        self.log.0.push(Entry {
            agent,
            route,
            made: true,
        });
    }

    /// Notes whether an agent's reservations are made, where rings are looked for.
    #[inline]
    fn place(&mut self, agent: u32, made: bool) {
        if !G::TURNS {
            self.rings.placed[agent as usize] = made;
        }
    }

    /// Takes back what has been done since the log was so long.
    fn take_back(&mut self, keep: usize) {
        while self.log.0.len() > keep {
            let Some(last) = self.log.0.pop() else { return };
            self.place(last.agent, !last.made);
            let path = self.choices.path(last.agent, last.route);
            if last.made {
                self.reservations.remove(self.ground, last.agent, path);
            } else {
                self.reservations.add(self.ground, last.agent, path);
                self.route[last.agent as usize] = last.route;
            }
        }
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
            if !pushed {
                self.looks_left = self.effort.looks_each;
            }
            if self.effort.looks == 0 || self.looks_left == 0 {
                break;
            }
            let skip = self.effort.skip;
            if skip > 0 && at > 0 && self.random.bits().is_multiple_of(skip) {
                continue;
            }
            self.effort.looks -= 1;
            self.looks_left -= 1;
            self.looked += 1;
            let path = self.choices.path(agent, route);
            let Ok(in_the_way) = self.reservations.in_the_way(self.ground, agent, path) else {
                continue;
            };
            // It has to be worth it even if the others get their best.
            if let Some(more) =
                self.push(agent, route, in_the_way, below.saturating_sub(cost), depth)
            {
                return Some(cost + more);
            }
        }
        None
    }

    /// Gives an agent a route, and has those get out of the way who are in it; what that costs them, if it can be done and
    /// costs less than `below`.
    #[inline]
    fn push(
        &mut self,
        agent: u32,
        route: u8,
        in_the_way: InTheWay,
        below: i64,
        depth: u32,
    ) -> Option<i64> {
        let old = self.route[agent as usize];
        let others = in_the_way.others();
        for &(other, moment) in others {
            let free = !self.pushing[other as usize]
                && self.turns[other as usize] > self.turn
                && depth > 0
                && self
                    .visits
                    .visit(other, usize::from(moment), self.effort.visits);
            if !free {
                return None;
            }
        }
        let before = self.log.0.len();
        for &(other, _) in others {
            self.release(other);
        }
        if !G::TURNS && self.closes_ring(agent, route) {
            self.take_back(before);
            return None;
        }
        self.reserve(agent, route);
        let mut cost = 0;
        for &(other, _) in others {
            match self.settle(other, below.saturating_sub(cost), depth - 1, true) {
                Some(more) => cost += more,
                None => {
                    self.take_back(before);
                    self.route[agent as usize] = old;
                    return None;
                }
            }
        }
        Some(cost)
    }

    /// Would an agent on this route follow somebody, in a step, who follows it, directly or by way of others?
    fn closes_ring(&mut self, agent: u32, route: u8) -> bool {
        let path = *self.choices.path(agent, route);
        for moment in 1..MOMENTS {
            if !self.ground.begins(path[moment - 1], path[moment]) {
                continue;
            }
            let mut followed = std::mem::take(&mut self.rings.followed);
            followed.clear();
            let begin = path[moment - 1];
            let mut closes = self.follow(agent, agent, path[moment], moment, begin, &mut followed);
            let mut at = 0;
            while at < followed.len() && !closes {
                let other = followed[at];
                at += 1;
                let others = *self.choices.path(other, self.route[other as usize]);
                if self.rings.placed[other as usize]
                    && self.ground.begins(others[moment - 1], others[moment])
                {
                    closes =
                        self.follow(agent, other, others[moment], moment, begin, &mut followed);
                }
            }
            self.rings.followed = followed;
            if closes {
                return true;
            }
        }
        false
    }

    /// Notes whom `other`, which begins to go to a place at a moment, follows; `true` if it is `agent`, which leaves `begin`.
    fn follow(
        &self,
        agent: u32,
        other: u32,
        to: Place,
        moment: usize,
        begin: Place,
        followed: &mut Vec<u32>,
    ) -> bool {
        for (piece, classes) in self.ground.conflicts(self.reservations.class(other), to) {
            if other != agent
                && self.reservations.is_of(agent, classes)
                && self.ground.pieces_of(begin).any(|own| own == piece)
            {
                return true;
            }
            let before = self.reservations.at(piece, moment - 1);
            if before != NONE
                && before != other
                && before != agent
                && self.reservations.is_of(before, classes)
                && !followed.contains(&before)
            {
                followed.push(before);
            }
        }
        false
    }
}
