//! One step of priority inheritance with backtracking, on conflict sets.
//!
//! After Okumura, Machida, Défago, Tamura: "Priority inheritance with backtracking for iterative multi-agent path
//! finding" (Artificial Intelligence 310, 2022). There an agent wants a cell and pushes whoever is in it; here it wants
//! an edge and the node at its end, and pushes *everyone* who stands in conflict with either. A step is not taken by
//! all at once but as a sequence of moves, those of the pushed before those of the pushers, so that any order-keeping
//! execution is free of collisions; closed rings therefore don't rotate.

use super::distance::Fields;
use super::graph::Graph;
use super::rank::{Choice, Way};
use super::world::{Blocker, Phase, World};

/// Stacks of the recursion, kept so that planning doesn't allocate.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks {
    /// Choices of those who are deciding.
    pub choices: Vec<Choice>,
    /// Who has to be pushed, for those who are deciding.
    pub in_the_way: Vec<u32>,
    /// Who is deciding, with the edge wanted: the chain of inheritance.
    pub chain: Vec<(u32, u32)>,
}

/// What a step works on.
pub(super) struct Step<'a> {
    pub graph: &'a Graph,
    pub fields: &'a Fields,
    pub world: &'a mut World,
    pub stacks: &'a mut Stacks,
}

impl Step<'_> {
    /// Decides what a vehicle does in this step, by itself (`pusher` is `None`) or because it must go out of the way.
    ///
    /// Returns whether it has got out of the way; by itself it always succeeds, as it may stay.
    pub fn settle(&mut self, agent: u32, pusher: Option<u32>) -> bool {
        self.world.agents[agent as usize].phase = Phase::Deciding;
        let base = self.stacks.choices.len();
        self.rank(agent, pusher);
        let mut stuck = None;
        for at in base..self.stacks.choices.len() {
            let choice = self.stacks.choices[at];
            let Way::Edge(edge) = choice.way else {
                if pusher.is_some() {
                    continue; // whoever is pushed must leave
                }
                break; // it stays
            };
            match self.try_edge(agent, edge) {
                Ok(()) => {
                    self.stacks.choices.truncate(base);
                    return true;
                }
                Err(blocker) => stuck = stuck.or(Some(blocker)),
            }
        }
        self.stacks.choices.truncate(base);
        let it = &mut self.world.agents[agent as usize];
        if pusher.is_some() {
            // It is not pushed again in this step, which bounds the search; its own turn may still come.
            it.phase = Phase::Open;
            it.refused = true;
            return false;
        }
        it.phase = Phase::Decided;
        it.stuck = Some(stuck.unwrap_or(Blocker::Closed));
        true
    }

    /// Clears the way along an edge and goes, or leaves everything as it was.
    fn try_edge(&mut self, agent: u32, edge: u32) -> Result<(), Blocker> {
        self.world.work += 1;
        let class = self.world.agents[agent as usize].class;
        let target = self.graph.edges[edge as usize].1;

        // Its end must not be in the way of those who wait for it to leave.
        for &(waiter, wanted) in &self.stacks.chain {
            let waiter_class = self.world.agents[waiter as usize].class;
            if self.graph.in_the_way(waiter_class, wanted, class, target) {
                return Err(Blocker::Agent(waiter));
            }
        }

        // Who is in the way? All of them must be free to leave.
        let base = self.stacks.in_the_way.len();
        for swept in self.graph.swept(class, edge) {
            let other = self.world.occupant[swept.node as usize];
            if other == agent || other == super::graph::NONE {
                continue;
            }
            let it = &self.world.agents[other as usize];
            if swept.classes >> it.class & 1 == 0 {
                continue;
            }
            if it.fixed || it.refused || it.phase != Phase::Open {
                self.stacks.in_the_way.truncate(base);
                return Err(Blocker::Agent(other));
            }
            self.stacks.in_the_way.push(other);
        }

        // They inherit the priority: push them out.
        let before = self.world.moves.len();
        let end = self.stacks.in_the_way.len();
        self.stacks.chain.push((agent, edge));
        let mut result = Ok(());
        for at in base..end {
            let other = self.stacks.in_the_way[at];
            let it = &self.world.agents[other as usize];
            if !self.graph.in_the_way(class, edge, it.class, it.node) {
                continue; // pushed away by one that was pushed
            }
            if it.phase != Phase::Open || it.refused || !self.settle(other, Some(agent)) {
                result = Err(Blocker::Agent(other));
                break;
            }
        }
        self.stacks.chain.pop();
        self.stacks.in_the_way.truncate(base);

        if result.is_ok()
            && let Some(zone) = self.world.full_zone(self.graph, agent, edge)
        {
            result = Err(Blocker::Zone(zone));
        }
        match result {
            Ok(()) => self.world.go(self.graph, agent, edge),
            Err(_) => self.world.undo(self.graph, before),
        }
        result
    }
}
