//! The floor as ground that vehicles reserve over time: nodes to stand at, edges on which they are on their way, and arrivals.

use super::epibt::{Classes, Ground, Piece, Place};
use super::graph::Rows;
use takt_maps::{ClassId, Floor, PlaceId};

/// The ground of a floor. Its pieces are the floor's places.
///
/// Who is on its way along an edge takes up where it comes from, the ground of the edge and where it goes; in the tick in
/// which it arrives it takes up its end only, so that another one can follow it in that tick.
#[derive(Clone, Debug)]
pub(super) struct FloorGround {
    nodes: usize,
    edges: usize,
    pieces: usize,
    /// Pieces of each edge: where it begins, its ground, where it ends.
    of_edge: Vec<[Piece; 3]>,
    /// By class and node.
    at_node: Rows<(Piece, Classes)>,
    /// By class and edge: of its ground and its end.
    along: Rows<(Piece, Classes)>,
    /// By place.
    areas: Rows<u16>,
    capacities: Vec<u16>,
}

impl FloorGround {
    pub fn new(floor: &Floor) -> Self {
        let map = &floor.roadmap;
        let (nodes, edges) = (map.nodes().len(), map.edges().len());
        let conflicts = |class: usize, place: PlaceId| {
            let conflicts = floor.conflicts.of(ClassId::from_index(class), place);
            conflicts.iter().map(|c| (c.place.0, c.classes))
        };
        let at_node = Rows::collect((0..floor.classes * nodes).map(|row| {
            let own = (PlaceId::from_index(row % nodes).0, Classes::MAX);
            let others = conflicts(row / nodes, PlaceId::from_index(row % nodes));
            others
                .filter(move |&(piece, _)| piece != own.0)
                .chain([own])
        }));
        let along = Rows::collect((0..floor.classes * edges).map(|row| {
            let edge = &map.edges()[row % edges];
            let end = map.place_of(edge.to);
            let mut all: Vec<(Piece, Classes)> = [edge.place, end]
                .iter()
                .flat_map(|&place| conflicts(row / edges, place))
                .chain([(edge.place.0, Classes::MAX), (end.0, Classes::MAX)])
                .collect();
            all.sort_unstable_by_key(|&(piece, _)| piece);
            all.dedup_by(|b, a| {
                let same = a.0 == b.0;
                if same {
                    a.1 |= b.1;
                }
                same
            });
            all
        }));
        let zones_of = |places: &[PlaceId]| {
            let inside = |zone: &&takt_maps::Zone| {
                places.iter().any(|p| zone.places.binary_search(p).is_ok())
            };
            let zones = floor.zones.iter().enumerate();
            let zones = zones.filter(|(_, zone)| inside(zone));
            zones.map(|(at, _)| at as u16).collect::<Vec<_>>()
        };
        let of_nodes = (0..nodes).map(|n| zones_of(&[PlaceId::from_index(n)]));
        let of_edges = map
            .edges()
            .iter()
            .map(|e| zones_of(&[map.place_of(e.from), e.place, map.place_of(e.to)]));
        let of_arrivals = map
            .edges()
            .iter()
            .map(|e| zones_of(&[e.place, map.place_of(e.to)]));
        Self {
            nodes,
            edges,
            pieces: map.places(),
            of_edge: map
                .edges()
                .iter()
                .map(|e| [map.place_of(e.from).0, e.place.0, map.place_of(e.to).0])
                .collect(),
            at_node,
            along,
            areas: Rows::collect(of_nodes.chain(of_edges).chain(of_arrivals)),
            capacities: floor.zones.iter().map(|zone| zone.capacity).collect(),
        }
    }

    /// The place of one on its way along an edge. That of one at a node is the node.
    #[inline]
    pub fn on(&self, edge: u32) -> Place {
        self.nodes as u32 + edge
    }

    /// The place of one that arrives by an edge.
    #[inline]
    pub fn arriving(&self, edge: u32) -> Place {
        (self.nodes + self.edges) as u32 + edge
    }

    /// The edge that a place is on, if it isn't a node, and does it arrive there?
    #[inline]
    pub fn edge(&self, place: Place) -> Option<(u32, bool)> {
        let at = place.checked_sub(self.nodes as u32)?;
        match at.checked_sub(self.edges as u32) {
            None => Some((at, false)),
            Some(edge) => Some((edge, true)),
        }
    }

    /// The node where one is, or comes to.
    #[inline]
    pub fn end(&self, place: Place) -> u32 {
        self.edge(place)
            .map_or(place, |(edge, _)| self.of_edge[edge as usize][2])
    }

    /// The node where one is at the end of the tick, if it is at one.
    #[inline]
    pub fn stands(&self, place: Place) -> Option<u32> {
        match self.edge(place) {
            Some((_, false)) => None,
            _ => Some(self.end(place)),
        }
    }

    /// The edge that one begins who gets from a place to another one in a tick.
    #[inline]
    pub fn begun(&self, from: Place, to: Place) -> Option<u32> {
        let (edge, _) = self.edge(to)?;
        (from != self.on(edge)).then_some(edge)
    }

    /// Number of places.
    pub fn places(&self) -> usize {
        self.nodes + 2 * self.edges
    }
}

impl Ground for FloorGround {
    const PUSHED_MAX: usize = 4;
    const TURNS: bool = false;

    fn pieces(&self) -> usize {
        self.pieces
    }

    #[inline]
    fn pieces_of(&self, place: Place) -> impl Iterator<Item = Piece> + '_ {
        let (node, edge) = match self.edge(place) {
            None => (Some(place), &[][..]),
            Some((edge, false)) => (None, &self.of_edge[edge as usize][..]),
            Some((edge, true)) => (None, &self.of_edge[edge as usize][2..]),
        };
        node.into_iter().chain(edge.iter().copied())
    }

    #[inline]
    fn conflicts(&self, class: u8, place: Place) -> impl Iterator<Item = (Piece, Classes)> + '_ {
        let class = usize::from(class);
        let row = match self.edge(place) {
            None => self.at_node.row(class * self.nodes + place as usize),
            Some((edge, _)) => self.along.row(class * self.edges + edge as usize),
        };
        row.iter().copied()
    }

    #[inline]
    fn conflicts_behind(
        &self,
        class: u8,
        place: Place,
    ) -> impl Iterator<Item = (Piece, Classes)> + '_ {
        let row = match self.edge(place) {
            Some((edge, false)) => {
                let from = self.of_edge[edge as usize][0] as usize;
                self.at_node.row(usize::from(class) * self.nodes + from)
            }
            _ => &[],
        };
        row.iter().copied()
    }

    #[inline]
    fn begins(&self, from: Place, to: Place) -> bool {
        self.begun(from, to).is_some()
    }

    #[inline]
    fn areas(&self, place: Place) -> &[u16] {
        self.areas.row(place as usize)
    }

    fn capacities(&self) -> &[u16] {
        &self.capacities
    }
}
