//! Exclusive blocks, as openTCS documents its default router and scheduler (user's guide, "Default strategies").
//!
//! The baseline without a plan. Each vehicle has a route of its own, found by Dijkstra's algorithm without regard to the
//! others ("it does not route around slower or stopped vehicles blocking the way"), and allocates it bit by bit: the path
//! and the point at its end are given if nobody else has anything in conflict, and if they belong to a block, only if
//! nobody else is in any part of it. Requests that can't be granted wait, and are looked at in the order in which they
//! were made. Nothing says in what order vehicles go through two places, so two can wait for each other for ever.
//!
//! openTCS leaves it to the plant's designer to draw blocks "to prevent deadlock situations, e.g. at path intersections or
//! dead ends". Drawn here: each dead end with the junction where it begins, and each two-way lane between two junctions.

use super::PlannerOptions;
use super::distance::{Fields, UNREACHABLE};
use super::graph::{Arc, Graph, NONE, Rows};
use super::stage::Stage;
use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot, Move};
use takt_maps::{EdgeId, Floor, VehicleId};

/// Paths that a vehicle can allocate in one plan. It is granted no more of them than it needs to keep going.
const STEPS: u32 = 4;

/// A planner that knows routes and free ground only.
#[derive(Clone, Debug)]
pub struct Blocks {
    graph: Graph,
    fields: Fields,
    stage: Stage,
    /// Blocks of each node.
    blocks_of: Rows<u32>,
    /// How many vehicles are in each block.
    inside: Vec<u32>,
    /// What each vehicle last asked for, and the stamp of the snapshot in which it did so first.
    asked: Vec<(u32, u64)>,
    /// Those who ask, the first to have asked first.
    queue: Vec<u32>,
}

impl Blocks {
    /// A planner for a floor.
    pub fn new(floor: &Floor, _: PlannerOptions) -> Self {
        let graph = Graph::new(floor);
        let vehicles = floor.vehicles.len();
        let (count, blocks_of) = draw(floor);
        Self {
            fields: Fields::new(graph.nodes, vehicles),
            stage: Stage::new(&graph, floor.roadmap.places(), vehicles),
            blocks_of,
            inside: vec![0; count],
            asked: vec![(NONE, 0); vehicles],
            queue: Vec::with_capacity(vehicles),
            graph,
        }
    }

    /// Proposes what can be allocated now. Deterministic in the snapshots so far.
    pub fn plan(&mut self, snapshot: &MotionSnapshot, out: &mut MotionProposal) {
        self.fields.work = 0;
        let changed = self.stage.begin(&self.graph, snapshot);
        self.fields.begin(changed);
        self.count_inside(snapshot);

        // Who asks for what, and since when?
        self.queue.clear();
        for (i, it) in snapshot.agents.iter().take(self.asked.len()).enumerate() {
            let edge = self.next(i, it).unwrap_or(NONE);
            if self.asked[i].0 != edge {
                self.asked[i] = (edge, snapshot.stamp);
            }
            if edge != NONE {
                self.queue.push(i as u32);
            }
        }
        let asked = &self.asked;
        self.queue.sort_by_key(|&i| (asked[i as usize].1, i));

        // First come, first served; who has to wait asks for nothing further.
        out.moves.clear();
        for _ in 0..STEPS {
            let mut queue = std::mem::take(&mut self.queue);
            queue.retain(|&i| {
                let it = &snapshot.agents[i as usize];
                let given = self.next(i as usize, it).and_then(|e| self.allocate(i, e));
                out.moves.extend(given);
                given.is_some()
            });
            self.queue = queue;
        }
        out.stamp = snapshot.stamp;
        out.base_end.clear();
        out.base_end.extend(snapshot.agents.iter().map(|a| a.seq));
        out.work = self.stage.work() + self.fields.work;
    }

    fn count_inside(&mut self, snapshot: &MotionSnapshot) {
        self.inside.fill(0);
        for (i, it) in snapshot.agents.iter().take(self.asked.len()).enumerate() {
            if it.present {
                for &block in self.blocks_of.row(self.stage.node(i) as usize) {
                    self.inside[block as usize] += 1;
                }
            }
        }
    }

    /// The next edge of a vehicle's route from where it stands.
    fn next(&mut self, vehicle: usize, it: &AgentSnapshot) -> Option<u32> {
        let node = self.stage.node(vehicle);
        let goal = it.goal.filter(|g| g.index() < self.graph.nodes)?;
        if !it.present || !it.movable || node == goal.0 {
            return None;
        }
        let (graph, stage) = (&self.graph, &self.stage);
        let closed = |edge: u32| stage.is_closed(graph, edge);
        let field = self.fields.get(graph, it.kind.0, goal.0, closed);
        let arcs = graph.kinds[it.kind.index()].out.row(node as usize);
        let open = arcs.iter().filter(|a| !closed(a.edge));
        let via = |a: &Arc| (self.fields.ms(field, a.node), a.ms, a.edge);
        open.map(via)
            .filter(|&(ms, ..)| ms != UNREACHABLE)
            .min_by_key(|&(ms, along, edge)| (ms.saturating_add(along), edge))
            .map(|(.., edge)| edge)
    }

    /// Allocates an edge and its end, if they and their blocks are free.
    fn allocate(&mut self, vehicle: u32, edge: u32) -> Option<Move> {
        let (from, to, _) = self.graph.edges[edge as usize];
        let m = Move {
            vehicle: VehicleId(vehicle as u16),
            edge: EdgeId(edge),
        };
        let (here, there) = (
            self.blocks_of.row(from as usize),
            self.blocks_of.row(to as usize),
        );
        let others = |b: &u32| self.inside[*b as usize] > u32::from(here.contains(b));
        if there.iter().any(others) || !self.stage.may(&self.graph, &m) {
            return None;
        }
        self.stage.go(&self.graph, &m);
        here.iter().for_each(|&b| self.inside[b as usize] -= 1);
        there.iter().for_each(|&b| self.inside[b as usize] += 1);
        Some(m)
    }
}

/// Draws blocks: how many there are, and those of each node.
fn draw(floor: &Floor) -> (usize, Rows<u32>) {
    let map = &floor.roadmap;
    let nodes = map.nodes().len();
    let mut there = vec![Vec::new(); nodes];
    let mut back = vec![Vec::new(); nodes];
    for edge in map.edges() {
        there[edge.from.index()].push(edge.to.0);
        back[edge.to.index()].push(edge.from.0);
    }
    for list in there.iter_mut().chain(&mut back) {
        list.sort_unstable();
        list.dedup();
    }
    // Part of a lane without a place to pass: a way each way, to one neighbour or two.
    let narrow = |n: usize| (1..=2).contains(&there[n].len()) && there[n] == back[n];
    let mut blocks_of: Vec<Vec<u32>> = vec![Vec::new(); nodes];
    let mut seen = vec![false; nodes];
    let mut count = 0;
    for first in 0..nodes {
        if seen[first] || !narrow(first) {
            continue;
        }
        seen[first] = true;
        let (mut lane, mut at) = (vec![first], 0);
        let mut mouths = Vec::new();
        while let Some(&n) = lane.get(at) {
            at += 1;
            for &next in &there[n] {
                let next = next as usize;
                if !narrow(next) {
                    mouths.push(next);
                } else if !std::mem::replace(&mut seen[next], true) {
                    lane.push(next);
                }
            }
        }
        if lane.iter().any(|&n| there[n].len() == 1) {
            lane.extend(mouths);
        }
        lane.iter().for_each(|&n| blocks_of[n].push(count));
        count += 1;
    }
    (count as usize, Rows::collect(blocks_of))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plan::testing::{Shop, grid, node_at};

    fn blocks(rows: &[&str], vehicles: usize) -> (Floor, Blocks) {
        let floor = grid(rows, vehicles);
        let blocks = Blocks::new(&floor, PlannerOptions::default());
        (floor, blocks)
    }

    #[test]
    fn dead_ends_with_their_mouths_and_lanes_without_their_ends_are_blocks() {
        let (floor, blocks) = blocks(&["....#", ".##..", "....#"], 1);
        let of = |x, y| blocks.blocks_of.row(node_at(&floor, x, y).index());
        // The lane on the left, from the junction on the right round to it.
        assert_eq!(of(0, 0), of(0, 2));
        assert_eq!(of(0, 0).len(), 1);
        // The dead end and its mouth.
        assert_eq!(of(4, 1), of(3, 1));
        assert_ne!(of(4, 1), of(0, 0));
        assert_eq!(blocks.inside.len(), 2);
    }

    #[test]
    fn a_lane_is_one_vehicles_and_who_asked_first_goes_first() {
        let (floor, mut blocks) = blocks(&[".##.", "....", ".##."], 2);
        let at = |x, y| node_at(&floor, x, y);
        let mut shop = Shop::new(floor.clone(), &[at(0, 1), at(3, 1)], Vec::new(), 1);
        shop.snapshot.agents[0].goal = Some(at(3, 2));
        shop.snapshot.agents[1].goal = Some(at(0, 0));
        // The second one has asked before.
        shop.snapshot.agents[0].movable = false;
        shop.snapshot.stamp = 1;
        let mut out = MotionProposal::default();
        blocks.plan(&shop.snapshot, &mut out);
        shop.snapshot.agents[0].movable = true;
        shop.snapshot.stamp = 2;
        blocks.plan(&shop.snapshot, &mut out);
        assert!(!out.moves.is_empty());
        assert!(
            out.moves.iter().all(|m| m.vehicle.0 == 1),
            "{:?}",
            out.moves
        );
    }
}
