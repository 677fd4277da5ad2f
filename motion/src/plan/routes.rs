//! Looking along the ways that vehicles mean to take: who is in whose way, and where could one go out of it.

use super::distance::{Fields, UNREACHABLE};
use super::graph::{Arc, Graph, NONE};
use super::world::{Agent, World};
use takt_maps::ClassMask;

/// How many edges ahead two vehicles look for each other.
const LOOK_AHEAD: usize = 12;

/// How many edges of the other's way a vehicle keeps clear of when it goes aside.
const ROUTE_MAX: usize = 256;

/// The edge that a vehicle would take from `node` if it were alone.
pub(super) fn next_arc(graph: &Graph, fields: &Fields, it: &Agent, node: u32) -> Option<Arc> {
    if node == it.goal || it.field == NONE {
        return None;
    }
    let arcs = graph.kinds[usize::from(it.kind)].out.row(node as usize);
    let cost = |a: &Arc| fields.ms(it.field, a.node).saturating_add(a.ms);
    let best = arcs.iter().copied().min_by_key(cost)?;
    (fields.ms(it.field, best.node) != UNREACHABLE).then_some(best)
}

/// Does `other` stand in the way of what `it` does next?
pub(super) fn ahead(graph: &Graph, fields: &Fields, it: &Agent, other: &Agent) -> bool {
    let mut node = it.node;
    for _ in 0..LOOK_AHEAD {
        let Some(arc) = next_arc(graph, fields, it, node) else {
            return false;
        };
        if graph.in_the_way(it.class, arc.edge, other.class, other.node) {
            return true;
        }
        node = arc.node;
    }
    false
}

/// Who needs a place to go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefugeFor {
    /// The vehicle in the way.
    pub agent: u32,
    /// In whose way.
    pub comer: u32,
    /// A zone that it should leave.
    pub zone: Option<u16>,
}

/// Finds places to go out of the way; keeps its buffers.
#[derive(Clone, Debug, Default)]
pub(super) struct RefugeFinder {
    /// The classes for which each node is on the way of the one that comes.
    route: Vec<ClassMask>,
    /// Nodes of `route` to be cleared.
    marked: Vec<u32>,
    seen: Vec<u64>,
    round: u64,
    queue: Vec<u32>,
    /// Nodes looked at: the effort.
    pub work: u64,
}

impl RefugeFinder {
    pub fn new(nodes: usize) -> Self {
        Self {
            route: vec![0; nodes],
            marked: Vec::with_capacity(nodes),
            seen: vec![0; nodes],
            round: 0,
            queue: Vec::with_capacity(nodes),
            work: 0,
        }
    }

    /// The nearest node (in edges) where the vehicle is in nobody's place and not on the way of the comer; `taken` tells
    /// nodes that others go to.
    pub fn find(
        &mut self,
        graph: &Graph,
        fields: &Fields,
        world: &World,
        who: RefugeFor,
        taken: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let RefugeFor { agent, comer, zone } = who;
        self.mark_route(graph, fields, &world.agents[comer as usize]);
        let it = &world.agents[agent as usize];
        let kind = &graph.kinds[usize::from(it.kind)];
        let shut = graph.spurs.of(world.agents[comer as usize].goal);
        self.round += 1;
        self.queue.clear();
        self.queue.push(it.node);
        self.seen[it.node as usize] = self.round;
        let mut at = 0;
        while at < self.queue.len() {
            let node = self.queue[at];
            at += 1;
            self.work += 1;
            for arc in kind.out.row(node as usize) {
                if self.seen[arc.node as usize] == self.round || world.edge_closed(graph, arc.edge)
                {
                    continue;
                }
                let others = graph.swept(it.class, arc.edge).iter().filter_map(|s| {
                    let other = world.occupant[s.node as usize];
                    let there = other != NONE
                        && other != agent
                        && s.classes >> world.agents[other as usize].class & 1 == 1;
                    there.then_some(other)
                });
                let (mut barred, mut crowded) = (false, false);
                for other in others {
                    barred |= world.agents[other as usize].fixed;
                    crowded |= other != comer;
                }
                if barred {
                    continue; // nobody gets past
                }
                self.seen[arc.node as usize] = self.round;
                self.queue.push(arc.node);
                let in_shut = shut != NONE
                    && (graph.spurs.of(arc.node) == shut
                        || graph.spurs.mouths(arc.node).contains(&shut));
                let good = !crowded
                    && !in_shut
                    && kind.in_main(arc.node)
                    && self.route[arc.node as usize] >> it.class & 1 == 0
                    && world.occupant[arc.node as usize] == NONE
                    && !taken(arc.node)
                    && zone.is_none_or(|z| !graph.node_zones.row(arc.node as usize).contains(&z));
                if good {
                    return Some(arc.node);
                }
            }
        }
        None
    }

    /// Marks everything that conflicts with the way of `comer`.
    fn mark_route(&mut self, graph: &Graph, fields: &Fields, comer: &Agent) {
        for node in self.marked.drain(..) {
            self.route[node as usize] = 0;
        }
        let mut node = comer.node;
        for _ in 0..ROUTE_MAX {
            let Some(arc) = next_arc(graph, fields, comer, node) else {
                break;
            };
            for swept in graph.swept(comer.class, arc.edge) {
                if self.route[swept.node as usize] == 0 {
                    self.marked.push(swept.node);
                }
                self.route[swept.node as usize] |= swept.classes;
            }
            node = arc.node;
        }
    }
}
