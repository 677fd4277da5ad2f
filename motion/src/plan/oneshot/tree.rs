//! Configurations that the search has seen, and how each is reached at the least loss so far.

use super::constraints::Constraints;
use super::network::NONE;
use super::order::Order;
use crate::plan::rank::mix;
use std::collections::HashMap;

/// One configuration.
#[derive(Debug)]
pub(super) struct Node {
    /// From which it is reached, or [`NONE`].
    pub parent: u32,
    /// The loss up to here.
    pub loss: u32,
    pub order: Order,
    pub constraints: Constraints,
    /// Next node with the same hash.
    twin: u32,
    hash: u64,
    /// Configurations that are one step from here, as far as known.
    pub next: Vec<u32>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    agents: usize,
    /// Vertices of all agents, a row a node.
    rows: Vec<u32>,
    /// The last node of each hash.
    by_hash: HashMap<u64, u32, std::hash::BuildHasherDefault<Identity>>,
    /// Who has to hand on that it is reached at less loss.
    queue: Vec<u32>,
}

impl Tree {
    pub fn new(agents: usize) -> Self {
        Self {
            nodes: Vec::new(),
            agents,
            rows: Vec::new(),
            by_hash: HashMap::default(),
            queue: Vec::new(),
        }
    }

    /// Vertices of all agents.
    #[inline]
    pub fn configuration(&self, node: u32) -> &[u32] {
        &self.rows[node as usize * self.agents..][..self.agents]
    }

    /// What the next set of constraints is made of.
    pub fn parts(&mut self, node: u32) -> (&mut Constraints, &[u32], &[u32]) {
        let it = &mut self.nodes[node as usize];
        (
            &mut it.constraints,
            &it.order.agents,
            &self.rows[node as usize * self.agents..][..self.agents],
        )
    }

    /// The hash of a configuration one step after a node.
    pub fn hash_after(&self, node: u32, to: &[u32]) -> u64 {
        let from = self.configuration(node);
        let mut hash = self.nodes[node as usize].hash;
        for (agent, (&from, &to)) in from.iter().zip(to).enumerate() {
            if from != to {
                hash ^= token(agent, from) ^ token(agent, to);
            }
        }
        hash
    }

    /// The hash of a configuration.
    pub fn hash(configuration: &[u32]) -> u64 {
        configuration
            .iter()
            .enumerate()
            .fold(0, |hash, (agent, &at)| hash ^ token(agent, at))
    }

    /// The node of a configuration, if it has been seen.
    pub fn find(&self, hash: u64, configuration: &[u32]) -> Option<u32> {
        let mut node = *self.by_hash.get(&hash)?;
        while node != NONE && self.configuration(node) != configuration {
            node = self.nodes[node as usize].twin;
        }
        (node != NONE).then_some(node)
    }

    /// Adds one that has not been seen.
    pub fn add(
        &mut self,
        parent: u32,
        loss: u32,
        configuration: &[u32],
        hash: u64,
        order: Order,
    ) -> u32 {
        let node = self.nodes.len() as u32;
        let twin = self.by_hash.insert(hash, node).unwrap_or(NONE);
        let constraints = Constraints::default();
        self.nodes.push(Node {
            parent,
            loss,
            order,
            constraints,
            twin,
            hash,
            next: Vec::new(),
        });
        self.rows.extend_from_slice(configuration);
        if parent != NONE {
            self.nodes[parent as usize].next.push(node);
        }
        node
    }

    /// Agents that lose a step between two configurations: all that do not rest at their goals.
    pub fn step_loss(&self, from: u32, to: u32, goals: &[u32]) -> u32 {
        let (from, to) = (self.configuration(from), self.configuration(to));
        step_loss(from, to, goals)
    }

    /// Takes note that `to` is one step from `from`, and of all that is reached at less loss thereby (LaCAM\*, Okumura 2023,
    /// section 3); they are added to `improved`. Gives back how many nodes were looked at.
    pub fn connect(&mut self, from: u32, to: u32, goals: &[u32], improved: &mut Vec<u32>) -> u64 {
        if self.nodes[from as usize].next.contains(&to) {
            return 0;
        }
        self.nodes[from as usize].next.push(to);
        self.queue.clear();
        self.queue.push(from);
        let mut looked_at = 0;
        // Label-correcting: a node is looked at again whenever its loss gets less.
        while let Some(node) = self.queue.pop() {
            for at in 0..self.nodes[node as usize].next.len() {
                let next = self.nodes[node as usize].next[at];
                looked_at += 1;
                let loss = self.nodes[node as usize].loss + self.step_loss(node, next, goals);
                let it = &mut self.nodes[next as usize];
                if loss < it.loss {
                    (it.loss, it.parent) = (loss, node);
                    self.queue.push(next);
                    improved.push(next);
                }
            }
        }
        looked_at
    }

    /// The nodes on the way to one, from the first on.
    pub fn way_nodes(&self, mut node: u32) -> Vec<u32> {
        let mut way = Vec::new();
        while node != NONE {
            way.push(node);
            node = self.nodes[node as usize].parent;
        }
        way.reverse();
        way
    }

    /// The configurations up to a node.
    pub fn way_to(&self, node: u32) -> Vec<&[u32]> {
        let nodes = self.way_nodes(node);
        nodes
            .into_iter()
            .map(|node| self.configuration(node))
            .collect()
    }
}

/// Agents that lose a step between two configurations.
pub(super) fn step_loss(from: &[u32], to: &[u32], goals: &[u32]) -> u32 {
    let steps = from.iter().zip(to).zip(goals);
    steps
        .filter(|((from, to), goal)| from != goal || to != goal)
        .count() as u32
}

/// What an agent at a vertex adds to the hash of a configuration.
#[inline]
fn token(agent: usize, vertex: u32) -> u64 {
    mix((agent as u64) << 32 | u64::from(vertex))
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.0 = self.0 << 8 | u64::from(byte));
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
