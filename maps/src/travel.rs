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
