//! The roadmap: nodes, directed edges and what leaves and enters each node, in flat arrays.

use crate::ids::{DoorId, EdgeId, KindId, LevelId, NodeId, PlaceId};

/// A point at which a vehicle may stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique on the floor.
    pub name: String,
    /// The level that it is on.
    pub level: LevelId,
    /// East of the level's origin.
    pub x_mm: i32,
    /// North of the level's origin.
    pub y_mm: i32,
}

/// A straight way from one node to another, in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where it begins.
    pub from: NodeId,
    /// Where it ends; never `from`.
    pub to: NodeId,
    /// The ground that it covers; shared with the edge in the other direction, if any.
    pub place: PlaceId,
    /// Length, greater than 0.
    pub length_mm: u32,
    /// Speed limit, greater than 0.
    pub speed_mm_s: u32,
    /// Bit `k` is set if vehicles of kind `k` may use it.
    pub kinds: u32,
    /// The edge in the other direction, if it is two-way.
    pub twin: Option<EdgeId>,
    /// The door that must be open before, and stay open while, a vehicle is on it.
    pub door: Option<DoorId>,
}

impl Edge {
    /// May vehicles of this kind use the edge?
    #[inline]
    pub fn allows(&self, kind: KindId) -> bool {
        self.kinds >> kind.0 & 1 == 1
    }
}

/// Nodes and directed edges, with adjacency in compressed rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roadmap {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    places: usize,
    out_start: Vec<u32>,
    out_edges: Vec<EdgeId>,
    in_start: Vec<u32>,
    in_edges: Vec<EdgeId>,
}

impl Roadmap {
    /// Builds the adjacency.
    ///
    /// Places `0 .. nodes.len()` are the nodes; those of edges must follow without gap.
    ///
    /// # Panics
    /// If an edge names a node that is not there, is a loop, or has a place below `nodes.len()`: formats check
    /// this before they get here.
    pub fn new(nodes: Vec<Node>, edges: Vec<Edge>) -> Self {
        for edge in &edges {
            assert!(
                edge.from.index() < nodes.len() && edge.to.index() < nodes.len(),
                "edge ends on a node"
            );
            assert!(edge.from != edge.to, "an edge joins two nodes");
            assert!(
                edge.place.index() >= nodes.len(),
                "an edge's place comes after those of nodes"
            );
        }
        let places = edges
            .iter()
            .map(|e| e.place.index() + 1)
            .max()
            .unwrap_or(nodes.len());
        let (out_start, out_edges) = rows(nodes.len(), &edges, |e| e.from);
        let (in_start, in_edges) = rows(nodes.len(), &edges, |e| e.to);
        Self {
            nodes,
            edges,
            places,
            out_start,
            out_edges,
            in_start,
            in_edges,
        }
    }

    /// All nodes, indexed by [`NodeId`].
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All directed edges, indexed by [`EdgeId`].
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// One node.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// One edge.
    #[inline]
    pub fn edge(&self, id: EdgeId) -> &Edge {
        &self.edges[id.index()]
    }

    /// Number of places: nodes, then the grounds of edges.
    #[inline]
    pub fn places(&self) -> usize {
        self.places
    }

    /// The place that is a node.
    #[inline]
    pub fn place_of(&self, node: NodeId) -> PlaceId {
        PlaceId(node.0)
    }

    /// The node that a place is, unless it is the ground of an edge.
    #[inline]
    pub fn node_of(&self, place: PlaceId) -> Option<NodeId> {
        (place.index() < self.nodes.len()).then_some(NodeId(place.0))
    }

    /// The edges that leave a node, in the order of their ids.
    #[inline]
    pub fn out_edges(&self, node: NodeId) -> &[EdgeId] {
        &self.out_edges
            [self.out_start[node.index()] as usize..self.out_start[node.index() + 1] as usize]
    }

    /// The edges that enter a node, in the order of their ids.
    #[inline]
    pub fn in_edges(&self, node: NodeId) -> &[EdgeId] {
        &self.in_edges
            [self.in_start[node.index()] as usize..self.in_start[node.index() + 1] as usize]
    }

    /// The edge from one node to another that a kind may use, if there is one.
    pub fn edge_between(&self, from: NodeId, to: NodeId, kind: KindId) -> Option<EdgeId> {
        self.out_edges(from)
            .iter()
            .copied()
            .find(|&e| self.edge(e).to == to && self.edge(e).allows(kind))
    }
}

/// Edge ids grouped by the node that `end` picks, as row starts and values.
fn rows(nodes: usize, edges: &[Edge], end: impl Fn(&Edge) -> NodeId) -> (Vec<u32>, Vec<EdgeId>) {
    let mut start = vec![0u32; nodes + 1];
    for edge in edges {
        start[end(edge).index() + 1] += 1;
    }
    for i in 0..nodes {
        start[i + 1] += start[i];
    }
    let mut next = start.clone();
    let mut values = vec![EdgeId(0); edges.len()];
    for (i, edge) in edges.iter().enumerate() {
        let slot = &mut next[end(edge).index()];
        values[*slot as usize] = EdgeId::from_index(i);
        *slot += 1;
    }
    (start, values)
}
