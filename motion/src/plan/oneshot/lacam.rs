//! LaCAM\*: lazy constraints addition search for multi-agent path finding.
//!
//! Okumura, "LaCAM: Search-based algorithm for quick multi-agent pathfinding" (AAAI 2023), and "Improving LaCAM for
//! scalable eventually optimal multi-agent pathfinding" (IJCAI 2023). A depth-first search over configurations, whose
//! successors are made by PIBT, one at a time, each under other constraints. It is complete: when nothing is left open
//! there is no solution, or none better than the one that was found.

use super::Options;
use super::fields::{Fields, UNREACHABLE};
use super::network::NONE;
use super::order::Order;
use super::pibt::{Pibt, Problem};
use super::tree::{Tree, step_loss};

/// A search that can be gone on with.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub problem: Problem<'a>,
    pub fields: Fields,
    pub pibt: Pibt,
    tree: Tree,
    /// Depth first: the last one is expanded.
    open: Vec<u32>,
    /// Place of each agent among all by the length of their ways.
    pub ranks: Vec<u32>,
    /// Where everybody is at the goal, once that has been found.
    goal: Option<u32>,
    given: Vec<(u32, u32)>,
    to: Vec<u32>,
    /// Constraints, and nodes looked at when ways got shorter: part of the effort.
    looked_at: u64,
}

/// Why a search has stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// The first solution.
    Found,
    /// Nothing is left: there is no solution, or none that is better.
    Exhausted,
    /// The budget has ended.
    Budget,
}

/// What came of looking for a successor.
enum Step {
    /// There is none left, or none that could be on a better way.
    Ended,
    /// None satisfies these constraints.
    Failed,
    /// This one.
    To(u32),
}

impl<'a> Search<'a> {
    pub fn new(problem: Problem<'a>, starts: &[u32], options: &Options) -> Self {
        let network = problem.network;
        let agents = starts.len();
        let mut search = Self {
            problem,
            fields: Fields::new(network, problem.goals, starts, options.threads),
            pibt: Pibt::new(network, agents, options.seed),
            tree: Tree::new(agents),
            open: Vec::new(),
            ranks: vec![0; agents],
            goal: None,
            given: Vec::new(),
            to: Vec::new(),
            looked_at: 0,
        };
        let distances: Vec<u32> = (0..agents as u32)
            .map(|agent| {
                search
                    .fields
                    .distance(network, agent, starts[agent as usize])
            })
            .collect();
        if distances.contains(&UNREACHABLE) {
            return search; // nothing is open
        }
        let mut by_length: Vec<u32> = (0..agents as u32).collect();
        by_length
            .sort_unstable_by_key(|&agent| (std::cmp::Reverse(distances[agent as usize]), agent));
        for (rank, &agent) in by_length.iter().enumerate() {
            search.ranks[agent as usize] = rank as u32;
        }
        let order = search.first_order(starts);
        let node = search.tree.add(NONE, 0, starts, Tree::hash(starts), order);
        search.open.push(node);
        search
    }

    /// Who decides first when all are `at` these vertices, and nothing was before.
    pub fn first_order(&self, at: &[u32]) -> Order {
        let mut by_rank: Vec<u32> = vec![0; at.len()];
        for (agent, &rank) in (0..).zip(&self.ranks) {
            by_rank[rank as usize] = agent;
        }
        Order::first(&by_rank, at, self.problem.goals)
    }

    /// Effort so far.
    pub fn work(&self) -> u64 {
        self.pibt.work + self.fields.work + self.looked_at
    }

    /// The loss of the best solution so far.
    pub fn loss(&self) -> Option<u32> {
        self.goal.map(|goal| self.tree.nodes[goal as usize].loss)
    }

    /// The configurations of the best solution so far; empty if there is none.
    pub fn solution(&self) -> Vec<&[u32]> {
        self.goal
            .map_or_else(Vec::new, |goal| self.tree.way_to(goal))
    }

    /// Searches until the first solution, or for better ones, until `go_on` says no.
    pub fn run(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> Stop {
        while let Some(&node) = self.open.last() {
            if !go_on(self.work()) {
                return Stop::Budget;
            }
            // Everybody is at the goal?
            if self.goal.is_none() && self.tree.nodes[node as usize].order.away == 0 {
                self.goal = Some(node);
                return Stop::Found;
            }
            match self.expand(node) {
                Step::Ended => _ = self.open.pop(),
                Step::Failed => {}
                // Also one that is known: it may now be reached at less loss.
                Step::To(next) => self.open.push(next),
            }
        }
        Stop::Exhausted
    }

    /// Makes the next successor of a configuration.
    fn expand(&mut self, node: u32) -> Step {
        let goals = self.problem.goals;
        // Can it be on a better way than the one that is known?
        if let Some(goal) = self.goal
            && self.at_least(node) >= self.tree.nodes[goal as usize].loss
        {
            return Step::Ended;
        }

        // The next set of constraints.
        let (constraints, order, from) = self.tree.parts(node);
        if !constraints.take(self.problem.network, order, from, &mut self.given) {
            return Step::Ended;
        }
        self.looked_at += 1 + self.given.len() as u64;

        // A configuration under them.
        let order = &self.tree.nodes[node as usize].order;
        let from = self.tree.configuration(node);
        let made = self.pibt.next(
            self.problem,
            &mut self.fields,
            from,
            &order.agents,
            &self.given,
        );
        let Some(to) = made else { return Step::Failed };
        self.to.clear();
        self.to.extend_from_slice(to);

        let hash = self.tree.hash_after(node, &self.to);
        if let Some(known) = self.tree.find(hash, &self.to) {
            self.looked_at += self.tree.connect(node, known, goals, &mut self.open);
            return Step::To(known);
        }
        let order = order.after(&self.to, goals, &self.ranks);
        let loss = self.tree.nodes[node as usize].loss + step_loss(from, &self.to, goals);
        Step::To(self.tree.add(node, loss, &self.to, hash, order))
    }

    /// The least loss of a solution by way of a node.
    fn at_least(&mut self, node: u32) -> u32 {
        let network = self.problem.network;
        let mut sum = self.tree.nodes[node as usize].loss;
        for (agent, &at) in self.tree.configuration(node).iter().enumerate() {
            sum += self.fields.distance(network, agent as u32, at);
        }
        sum
    }
}
