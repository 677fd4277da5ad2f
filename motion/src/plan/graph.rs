//! The floor as the planner reads it in its inner loops: flat tables made once.

use super::spurs::Spurs;
use crate::kinematics::braking_mm;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use takt_maps::{ClassId, ClassMask, EdgeId, Floor, KindId, Point, VehicleKind};

/// "No agent", "no node", "no field" in the planner's tables of `u32`.
pub(super) const NONE: u32 = u32::MAX;

/// An edge seen from one of its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    /// The node at the other end.
    pub node: u32,
    /// The edge.
    pub edge: u32,
    /// Time along it for an empty vehicle of the kind.
    pub ms: u32,
}

/// A node that must be empty of vehicles of `classes` when another takes an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Swept {
    pub node: u32,
    pub classes: ClassMask,
}

/// Rows of values, one row for each key.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows<T> {
    start: Vec<u32>,
    values: Vec<T>,
}

impl<T> Rows<T> {
    /// Collects rows in the order of their keys.
    pub fn collect<I: IntoIterator<Item = T>>(rows: impl IntoIterator<Item = I>) -> Self {
        let (mut start, mut values) = (vec![0], Vec::new());
        for row in rows {
            values.extend(row);
            start.push(values.len() as u32);
        }
        Self { start, values }
    }

    /// The row of a key.
    #[inline]
    pub fn row(&self, key: usize) -> &[T] {
        &self.values[self.start[key] as usize..self.start[key + 1] as usize]
    }
}

/// What one vehicle kind can use of the roadmap.
#[derive(Clone, Debug)]
pub(super) struct KindGraph {
    /// What leaves each node.
    pub out: Rows<Arc>,
    /// What enters each node.
    pub into: Rows<Arc>,
    /// Strongly connected component of each node.
    component: Vec<u32>,
    /// The largest of them: a vehicle in it can get everywhere that it could before.
    main: u32,
    /// Time of a quarter turn on the spot.
    quarter_turn_ms: u32,
    /// Can the kind drive with its rear ahead?
    reverse: bool,
    /// One that comes to the end of its base sooner would have to brake before the next plan.
    ahead_ms: u32,
}

impl KindGraph {
    fn new(floor: &Floor, kind: KindId) -> Self {
        let map = &floor.roadmap;
        let arc = |node: u32, e: EdgeId| Arc {
            node,
            edge: e.0,
            ms: floor.edge_time_ms(kind, false, e).max(1),
        };
        let usable = |e: &&EdgeId| map.edge(**e).allows(kind);
        let nodes = || (0..map.nodes().len()).map(takt_maps::NodeId::from_index);
        let out = Rows::collect(nodes().map(|n| {
            let edges = map.out_edges(n).iter().filter(usable);
            edges.map(|&e| arc(map.edge(e).to.0, e)).collect::<Vec<_>>()
        }));
        let into = Rows::collect(nodes().map(|n| {
            let edges = map.in_edges(n).iter().filter(usable);
            edges
                .map(|&e| arc(map.edge(e).from.0, e))
                .collect::<Vec<_>>()
        }));
        let mut graph = DiGraph::<(), (), u32>::with_capacity(map.nodes().len(), 0);
        for _ in map.nodes() {
            graph.add_node(());
        }
        for edge in map.edges().iter().filter(|e| e.allows(kind)) {
            graph.add_edge(edge.from.0.into(), edge.to.0.into(), ());
        }
        let mut component = vec![0; map.nodes().len()];
        let mut main = (0, 0);
        for (c, members) in kosaraju_scc(&graph).iter().enumerate() {
            members.iter().for_each(|n| component[n.index()] = c as u32);
            main = main.max((members.len(), c as u32));
        }
        let of_kind = &floor.kinds[kind.index()];
        Self {
            out,
            into,
            component,
            main: main.1,
            quarter_turn_ms: (1_571_000 / u64::from(of_kind.turn_mrad_s.max(1))).min(60_000) as u32,
            reverse: of_kind.reverse,
            ahead_ms: braking_ms(of_kind).saturating_add(floor.control.planner_ms),
        }
    }

    /// Is `to` a trap: once there, a vehicle that was pushed from `from` could not come back?
    #[inline]
    pub fn trap(&self, from: u32, to: u32) -> bool {
        let c = self.component[to as usize];
        c != self.main && c != self.component[from as usize]
    }

    /// Is the node in the part of the roadmap where vehicles of this kind go round for ever?
    #[inline]
    pub fn in_main(&self, node: u32) -> bool {
        self.component[node as usize] == self.main
    }

    /// One that gets to a node later than in this time needs no further edge yet.
    pub fn ahead_ms(&self) -> u32 {
        self.ahead_ms
    }

    /// Does one that comes to a node in so much time have to be given its next edge now, so that it need not brake?
    #[inline]
    pub fn needs_ground(&self, in_ms: u32) -> bool {
        in_ms < self.ahead_ms
    }

    /// Time to turn on the spot between two directions (in thousandths); a quarter turn for each right angle.
    pub fn turn_ms(&self, from: [i32; 2], to: [i32; 2]) -> u32 {
        if from == [0, 0] {
            return 0;
        }
        let dot = (from[0] * to[0] + from[1] * to[1]).clamp(-1_000_000, 1_000_000);
        let along = if self.reverse { dot.abs() } else { dot };
        (u64::from(self.quarter_turn_ms) * (1_000_000 - along) as u64 / 1_000_000) as u32
    }
}

/// Time in which a vehicle at full speed drives its braking distance, rounded up.
fn braking_ms(kind: &VehicleKind) -> u32 {
    let of_load = |loaded: bool| {
        let speed = kind.speed_mm_s[usize::from(loaded)].max(1);
        let way = u64::from(braking_mm(speed, kind.deceleration_mm_s2));
        (way * 1_000).div_ceil(u64::from(speed))
    };
    let longest = of_load(false).max(of_load(true));
    u32::try_from(longest).unwrap_or(u32::MAX)
}

/// Everything about a floor that doesn't change.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    /// Number of nodes.
    pub nodes: usize,
    points: Vec<Point>,
    /// By kind.
    pub kinds: Vec<KindGraph>,
    /// Beginning, end and direction (unit vector in thousandths) of each edge.
    pub edges: Vec<(u32, u32, [i32; 2])>,
    /// Place of each edge.
    pub edge_place: Vec<u32>,
    swept: Rows<Swept>,
    /// Zones of each node.
    pub node_zones: Rows<u16>,
    /// Zones that a vehicle is in while on its way along an edge (its ground and its end).
    pub edge_zones: Rows<u16>,
    /// Most vehicles at a time, by zone.
    pub zone_capacity: Vec<u16>,
    /// Dead ends.
    pub spurs: Spurs,
}

impl Graph {
    pub fn new(floor: &Floor) -> Self {
        let map = &floor.roadmap;
        let points: Vec<_> = map.nodes().iter().map(|n| (n.x_mm, n.y_mm)).collect();
        let edges = map
            .edges()
            .iter()
            .map(|e| {
                let direction = unit(points[e.from.index()], points[e.to.index()]);
                (e.from.0, e.to.0, direction)
            })
            .collect();
        let swept = Rows::collect((0..floor.classes * map.edges().len()).map(|row| {
            let class = ClassId::from_index(row / map.edges().len());
            swept_nodes(floor, class, row % map.edges().len())
        }));
        let mut node_zones = vec![Vec::new(); map.nodes().len()];
        let mut edge_zones = vec![Vec::new(); map.edges().len()];
        for (z, zone) in floor.zones.iter().enumerate() {
            let inside = |p| zone.places.binary_search(&p).is_ok();
            for (n, zones) in node_zones.iter_mut().enumerate() {
                if inside(takt_maps::PlaceId::from_index(n)) {
                    zones.push(z as u16);
                }
            }
            for (edge, zones) in map.edges().iter().zip(&mut edge_zones) {
                if inside(edge.place) || inside(map.place_of(edge.to)) {
                    zones.push(z as u16);
                }
            }
        }
        Self {
            nodes: map.nodes().len(),
            points,
            kinds: (0..floor.kinds.len())
                .map(|k| KindGraph::new(floor, KindId::from_index(k)))
                .collect(),
            edges,
            edge_place: map.edges().iter().map(|e| e.place.0).collect(),
            swept,
            node_zones: Rows::collect(node_zones),
            edge_zones: Rows::collect(edge_zones),
            zone_capacity: floor.zones.iter().map(|z| z.capacity).collect(),
            spurs: Spurs::new(floor),
        }
    }

    /// The direction from one node to another (unit vector in thousandths).
    pub fn direction(&self, from: u32, to: u32) -> [i32; 2] {
        unit(self.points[from as usize], self.points[to as usize])
    }

    /// The nodes where nobody may stand while a vehicle of this class takes this edge and arrives; sorted.
    #[inline]
    pub fn swept(&self, class: u8, edge: u32) -> &[Swept] {
        self.swept
            .row(usize::from(class) * self.edges.len() + edge as usize)
    }

    /// Is a vehicle of class `other` at `node` in the way of one of `class` that takes `edge`?
    #[inline]
    pub fn in_the_way(&self, class: u8, edge: u32, other: u8, node: u32) -> bool {
        let swept = self.swept(class, edge);
        // Rows are short: looking through them beats a binary search.
        swept
            .iter()
            .any(|s| s.node == node && s.classes >> other & 1 == 1)
    }
}

/// The direction from one point to another, in thousandths.
fn unit(from: Point, to: Point) -> [i32; 2] {
    let dx = f64::from(to.0) - f64::from(from.0);
    let dy = f64::from(to.1) - f64::from(from.1);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    [(dx / length * 1000.0) as i32, (dy / length * 1000.0) as i32]
}

/// The nodes that conflict with the ground or the end of an edge.
fn swept_nodes(floor: &Floor, class: ClassId, edge: usize) -> Vec<Swept> {
    let map = &floor.roadmap;
    let edge = &map.edges()[edge];
    let mut all: Vec<Swept> = [edge.place, map.place_of(edge.to)]
        .iter()
        .flat_map(|&p| floor.conflicts.of(class, p))
        .filter_map(|c| {
            Some(Swept {
                node: map.node_of(c.place)?.0,
                classes: c.classes,
            })
        })
        .collect();
    all.sort_unstable_by_key(|s| s.node);
    all.dedup_by(|b, a| {
        let same = a.node == b.node;
        if same {
            a.classes |= b.classes;
        }
        same
    });
    all
}
