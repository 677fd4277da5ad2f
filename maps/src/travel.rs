//! Shortest travel times, computed when they are first asked for.

use crate::floor::Floor;
use crate::ids::{EdgeId, KindId, NodeId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// No way leads there.
pub const UNREACHABLE: u32 = u32::MAX;

/// Cosine of the change of direction (about 10°) from which on a vehicle stops to turn.
const STRAIGHT: f64 = 0.985;

/// Rows kept unless told otherwise.
const ROWS_DEFAULT: usize = 1_024;

/// Shortest travel times in milliseconds to goals, as rows over all nodes: one a kind and goal.
///
/// A way costs its edges' times at greatest speed without load, and for each change of direction the time to brake,
/// turn by a quarter and speed up again; acceleration at its ends is left out, so that times add up. Dijkstra's
/// algorithm over the edges, backward from the goal. Belongs to one floor: rows of another would be meaningless.
#[derive(Debug)]
pub struct TravelTimes {
    rows: Vec<Vec<u32>>,
    /// Which row is whose.
    index: HashMap<(KindId, NodeId), usize>,
    owners: Vec<(KindId, NodeId)>,
    rows_max: usize,
    /// The row that gives way next.
    oldest: usize,
    /// Scratch: time from the beginning of each edge to the goal.
    edges: Vec<u32>,
    queue: BinaryHeap<Reverse<(u32, EdgeId)>>,
}

impl Default for TravelTimes {
    fn default() -> Self {
        Self::new(ROWS_DEFAULT)
    }
}

impl TravelTimes {
    /// Keeps at most `rows_max` rows (at least one), of 4 bytes a node each; the oldest gives way.
    pub fn new(rows_max: usize) -> Self {
        Self {
            rows: Vec::new(),
            index: HashMap::new(),
            owners: Vec::new(),
            rows_max: rows_max.max(1),
            oldest: 0,
            edges: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// Are the times to a goal at hand, so that asking for them costs no search?
    pub fn is_known(&self, kind: KindId, goal: NodeId) -> bool {
        self.index.contains_key(&(kind, goal))
    }

    /// Times from every node to `goal`, indexed by [`NodeId`]; [`UNREACHABLE`] where no way leads there.
    pub fn to(&mut self, floor: &Floor, kind: KindId, goal: NodeId) -> &[u32] {
        let row = match self.index.get(&(kind, goal)) {
            Some(&row) => row,
            None => self.compute(floor, kind, goal),
        };
        &self.rows[row]
    }

    /// Time from one node to another.
    pub fn between(&mut self, floor: &Floor, kind: KindId, from: NodeId, goal: NodeId) -> u32 {
        self.to(floor, kind, goal)[from.index()]
    }

    /// Fills a new row, or the oldest one again.
    fn compute(&mut self, floor: &Floor, kind: KindId, goal: NodeId) -> usize {
        let row = if self.rows.len() < self.rows_max {
            self.rows.push(Vec::new());
            self.owners.push((kind, goal));
            self.rows.len() - 1
        } else {
            let row = self.oldest;
            self.oldest = (row + 1) % self.rows_max;
            self.index.remove(&self.owners[row]);
            self.owners[row] = (kind, goal);
            row
        };
        self.index.insert((kind, goal), row);
        self.search(floor, kind, goal);
        let nodes = floor.roadmap.nodes().len();
        let times = &mut self.rows[row];
        times.clear();
        times.resize(nodes, UNREACHABLE);
        for (edge, &time) in floor.roadmap.edges().iter().zip(&self.edges) {
            let best = &mut times[edge.from.index()];
            *best = time.min(*best);
        }
        times[goal.index()] = 0;
        row
    }

    /// Time from the beginning of each edge to the goal, by way of that edge.
    fn search(&mut self, floor: &Floor, kind: KindId, goal: NodeId) {
        let roadmap = &floor.roadmap;
        let turn_ms = turn_ms(floor, kind);
        self.edges.clear();
        self.edges.resize(roadmap.edges().len(), UNREACHABLE);
        self.queue.clear();
        for &e in roadmap.in_edges(goal) {
            relax(floor, kind, e, 0, &mut self.edges, &mut self.queue);
        }
        while let Some(Reverse((time, e))) = self.queue.pop() {
            if time > self.edges[e.index()] {
                continue;
            }
            for &before in roadmap.in_edges(roadmap.edge(e).from) {
                let turn = if straight(floor, kind, before, e) {
                    0
                } else {
                    turn_ms
                };
                let time = time.saturating_add(turn);
                relax(floor, kind, before, time, &mut self.edges, &mut self.queue);
            }
        }
    }
}

/// Takes over the way along `e` with `rest` to go at its end, if it is better than what is known.
fn relax(
    floor: &Floor,
    kind: KindId,
    e: EdgeId,
    rest: u32,
    times: &mut [u32],
    queue: &mut BinaryHeap<Reverse<(u32, EdgeId)>>,
) {
    if !floor.roadmap.edge(e).allows(kind) {
        return;
    }
    let time = rest.saturating_add(floor.edge_time_ms(kind, false, e));
    if time < times[e.index()] {
        times[e.index()] = time;
        queue.push(Reverse((time, e)));
    }
}

/// What a change of direction costs: a quarter turn on the spot, and the time lost in braking and speeding up.
pub fn turn_ms(floor: &Floor, kind: KindId) -> u32 {
    let kind = &floor.kinds[kind.index()];
    let turn = 1_571_000 / kind.turn_mrad_s.max(1);
    // Half of what the speed change takes is lost against driving on.
    let change = |rate: u32| kind.speed_mm_s[0].saturating_mul(500) / rate.max(1);
    turn + change(kind.acceleration_mm_s2) + change(kind.deceleration_mm_s2)
}

/// Does a vehicle go from `a` on to `b` without turning? Kinds that can reverse go straight back too.
fn straight(floor: &Floor, kind: KindId, a: EdgeId, b: EdgeId) -> bool {
    let vector = |e: EdgeId| {
        let edge = floor.roadmap.edge(e);
        let (p, q) = (floor.roadmap.node(edge.from), floor.roadmap.node(edge.to));
        (
            f64::from(q.x_mm) - f64::from(p.x_mm),
            f64::from(q.y_mm) - f64::from(p.y_mm),
        )
    };
    let (u, v) = (vector(a), vector(b));
    let dot = u.0 * v.0 + u.1 * v.1;
    let lengths = ((u.0 * u.0 + u.1 * u.1) * (v.0 * v.0 + v.1 * v.1)).sqrt();
    dot > STRAIGHT * lengths || (floor.kinds[kind.index()].reverse && dot < -STRAIGHT * lengths)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::spec::{FloorSpec, KindSpec, NodeSpec, PathSpec, rectangle};
    use proptest::prelude::*;

    fn floor(points: &[(u8, u8)], ways: &[(usize, usize, bool, u8)], reverse: bool) -> Floor {
        let name = |i: usize| format!("n{}", i % points.len());
        let kind = |i: usize| KindSpec {
            name: format!("k{i}").into(),
            footprint: rectangle(0.5, 0.4).into(),
            speed: (1.0 + i as f64).into(),
            reverse,
            ..KindSpec::default()
        };
        let node = |(i, &(x, y)): (usize, &(u8, u8))| NodeSpec {
            name: name(i).into(),
            at: [f64::from(x) * 2.0, f64::from(y) * 2.0].into(),
            level: None,
        };
        let ways = ways
            .iter()
            .filter(|w| w.0 % points.len() != w.1 % points.len());
        let path = |&(a, b, two_way, kinds): &(usize, usize, bool, u8)| PathSpec {
            through: vec![name(a).into(), name(b).into()],
            two_way,
            kinds: (kinds < 2).then(|| vec![format!("k{kinds}").into()]),
            ..PathSpec::default()
        };
        compile::without_checks(&FloorSpec {
            nodes: points.iter().enumerate().map(node).collect(),
            paths: ways.map(path).collect(),
            kinds: vec![kind(0), kind(1)],
            ..FloorSpec::default()
        })
    }

    /// All times to a goal, by relaxing every pair of edges until nothing changes (Bellman and Ford).
    fn slowly(floor: &Floor, kind: KindId, goal: NodeId) -> Vec<u32> {
        let edges = floor.roadmap.edges();
        let time = |e: usize| floor.edge_time_ms(kind, false, EdgeId::from_index(e));
        let mut via = vec![UNREACHABLE; edges.len()];
        for _ in 0..=edges.len() {
            for (e, edge) in edges.iter().enumerate().filter(|(_, e)| e.allows(kind)) {
                if edge.to == goal {
                    via[e] = via[e].min(time(e));
                }
                for (f, next) in edges.iter().enumerate() {
                    if edge.to == next.from && via[f] != UNREACHABLE {
                        let on =
                            straight(floor, kind, EdgeId::from_index(e), EdgeId::from_index(f));
                        let turn = if on { 0 } else { turn_ms(floor, kind) };
                        via[e] = via[e].min(time(e) + turn + via[f]);
                    }
                }
            }
        }
        let mut times = vec![UNREACHABLE; floor.roadmap.nodes().len()];
        for (e, edge) in edges.iter().enumerate() {
            times[edge.from.index()] = times[edge.from.index()].min(via[e]);
        }
        times[goal.index()] = 0;
        times
    }

    #[test]
    fn a_corner_costs_a_turn_and_a_line_does_not() {
        let points = [(0, 0), (1, 0), (2, 0), (2, 1)];
        let ways = [(0, 1, false, 9), (1, 2, false, 9), (2, 3, false, 9)];
        let floor = floor(&points, &ways, false);
        let mut times = TravelTimes::default();
        let turn = turn_ms(&floor, KindId(0));
        // A quarter turn at 60 degrees/s, and 1 m/s lost and won at 0.5 m/s².
        assert_eq!(turn, 1_500 + 1_000 + 1_000);
        let all = times.to(&floor, KindId(0), NodeId(3)).to_vec();
        assert_eq!(all, [6_000 + turn, 4_000 + turn, 2_000, 0]);
        assert_eq!(
            times.between(&floor, KindId(0), NodeId(3), NodeId(0)),
            UNREACHABLE
        );
    }

    proptest! {
        #[test]
        fn agrees_with_bellman_and_ford(
            points in prop::collection::btree_set((0u8..5, 0u8..5), 2..9),
            ways in prop::collection::vec((0usize..9, 0usize..9, any::<bool>(), 0u8..4), 1..16),
            reverse in any::<bool>(),
            rows in 1usize..5,
        ) {
            let points: Vec<_> = points.into_iter().collect();
            let floor = floor(&points, &ways, reverse);
            let mut times = TravelTimes::new(rows);
            for _ in 0..2 {
                for kind in [KindId(0), KindId(1)] {
                    for goal in (0..points.len()).map(NodeId::from_index) {
                        prop_assert_eq!(times.to(&floor, kind, goal), &slowly(&floor, kind, goal)[..]);
                    }
                }
            }
            prop_assert!(times.rows.len() <= rows && times.index.len() <= rows);
        }
    }
}
