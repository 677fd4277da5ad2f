//! Swaps: two who stand in each other's way in a corridor change places where it is wide enough.
//!
//! Okumura, "Improving LaCAM for scalable eventually optimal multi-agent pathfinding" (IJCAI 2023, section 4).

use super::fields::Fields;
use super::network::NONE;
use super::pibt::{Pibt, Problem};

impl Pibt {
    /// With whom an agent that would go to `to` has to swap, or [`NONE`].
    pub(super) fn partner(
        &self,
        problem: Problem,
        fields: &mut Fields,
        agent: u32,
        to: u32,
    ) -> u32 {
        let from = self.from[agent as usize];
        if to == from {
            return NONE;
        }
        // Where it can be passed nobody has to swap, and where it can't be got out of nobody can.
        if let WayOn::Several = self.way_on(problem, from, to) {
            return NONE;
        }
        if !self.can_swap(problem, to, from) {
            return NONE;
        }
        let network = problem.network;
        let ahead = self.here[to as usize];
        if ahead != NONE
            && self.to[ahead as usize] == NONE
            && self.must_swap(problem, fields, agent, ahead, from, to)
        {
            return ahead;
        }
        // One beside it wants to come here, and could not get past where it goes: it makes room.
        for &beside in network.successors(from) {
            let other = self.here[beside as usize];
            if other != NONE
                && to != beside
                && self.must_swap(problem, fields, other, agent, from, to)
            {
                return other;
            }
        }
        NONE
    }

    /// Whether `pusher` at `from`, led on by `puller` at `to`, meets no place to pass it before its goal.
    fn must_swap(
        &self,
        problem: Problem,
        fields: &mut Fields,
        pusher: u32,
        puller: u32,
        from: u32,
        to: u32,
    ) -> bool {
        let network = problem.network;
        let (mut from, mut to) = (from, to);
        let mut nearer = |agent: u32, a: u32, b: u32| {
            let enough = fields.distance(network, agent, b);
            fields.distance_below(network, agent, a, enough) < enough
        };
        while nearer(pusher, to, from) {
            match self.way_on(problem, from, to) {
                WayOn::Several => return false,
                WayOn::None => break,
                WayOn::One(next) => (from, to) = (to, next),
            }
        }
        nearer(puller, from, to)
            && (problem.goals[pusher as usize] == from || nearer(pusher, to, from))
    }

    /// Whether going on from `to`, away from `from`, leads to a place where two can pass.
    fn can_swap(&self, problem: Problem, from: u32, to: u32) -> bool {
        let origin = from;
        let (mut from, mut to) = (from, to);
        // One-way lanes may lead round without end.
        for _ in 0..problem.network.len() {
            if to == origin {
                break;
            }
            match self.way_on(problem, from, to) {
                WayOn::Several => return true,
                WayOn::None => return false,
                WayOn::One(next) => (from, to) = (to, next),
            }
        }
        false
    }

    /// How it goes on from `to` beside back to `from`; dead ends in which somebody is at home don't count.
    fn way_on(&self, problem: Problem, from: u32, to: u32) -> WayOn {
        let network = problem.network;
        let mut on = WayOn::None;
        for &next in network.successors(to) {
            let there = self.here[next as usize];
            let at_home = there != NONE
                && network.successors(next).len() == 1
                && problem.goals[there as usize] == next;
            if next == from || at_home {
                continue;
            }
            if let WayOn::One(_) = on {
                return WayOn::Several;
            }
            on = WayOn::One(next);
        }
        on
    }
}

/// How many ways there are.
enum WayOn {
    None,
    One(u32),
    Several,
}
