//! How long a vehicle of a kind needs from anywhere to a goal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use takt_maps::{Floor, KindId, NodeId};

/// No way.
pub const UNREACHABLE: u32 = u32::MAX;

/// Travel times along the roadmap at the greatest speeds allowed, without waiting for others, computed when first asked
/// for and kept.
///
/// One search a goal, kind and load state: Dijkstra from the goal against the edges.
#[derive(Clone, Debug, Default)]
pub struct Travel {
    to: BTreeMap<(KindId, bool, NodeId), Vec<u32>>,
}

impl Travel {
    /// Nothing computed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Milliseconds from every node to `goal`, indexed by [`NodeId`]; [`UNREACHABLE`] where there is no way.
    pub fn to(&mut self, floor: &Floor, kind: KindId, loaded: bool, goal: NodeId) -> &[u32] {
        self.to
            .entry((kind, loaded, goal))
            .or_insert_with(|| times_to(floor, kind, loaded, goal))
    }

    /// Milliseconds from one node to another, if there is a way.
    pub fn between(
        &mut self,
        floor: &Floor,
        kind: KindId,
        loaded: bool,
        (from, goal): (NodeId, NodeId),
    ) -> Option<u32> {
        let times = self.to(floor, kind, loaded, goal);
        times
            .get(from.index())
            .copied()
            .filter(|&t| t != UNREACHABLE)
    }
}

/// Dijkstra's algorithm from the goal, against the edges.
fn times_to(floor: &Floor, kind: KindId, loaded: bool, goal: NodeId) -> Vec<u32> {
    let road = &floor.roadmap;
    let mut times = vec![UNREACHABLE; road.nodes().len()];
    if goal.index() >= times.len() || kind.index() >= floor.kinds.len() {
        return times;
    }
    let mut queue = BinaryHeap::new();
    times[goal.index()] = 0;
    queue.push(Reverse((0u32, goal)));
    while let Some(Reverse((time, node))) = queue.pop() {
        if time > times[node.index()] {
            continue;
        }
        for &e in road.in_edges(node) {
            let edge = road.edge(e);
            if !edge.allows(kind) {
                continue;
            }
            let new = time.saturating_add(floor.edge_time_ms(kind, loaded, e));
            if new < times[edge.from.index()] {
                times[edge.from.index()] = new;
                queue.push(Reverse((new, edge.from)));
            }
        }
    }
    times
}
