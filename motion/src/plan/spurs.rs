//! Dead ends: chains of nodes that have one way in and out.
//!
//! Who goes into one blocks whoever wants out of it, and the node where it begins (its *mouth*) is the worst place to
//! wait. The planner keeps a chain for one visitor at a time and lets others wait away from the mouth.

use super::graph::{NONE, Rows};
use takt_maps::{ClassId, Floor, PlaceId};

/// The dead ends of a roadmap.
#[derive(Clone, Debug)]
pub(super) struct Spurs {
    /// The dead end that each node is in, or [`NONE`].
    of: Vec<u32>,
    /// How many edges each node is away from the mouth; 0 outside dead ends.
    depth: Vec<u32>,
    /// The dead ends at whose mouth a node is, or near enough to be in the way; by node.
    mouths: Rows<u32>,
    count: usize,
}

impl Spurs {
    /// Finds chains that begin at a node with three neighbours or more and end at one with a single neighbour.
    pub fn new(floor: &Floor) -> Self {
        let map = &floor.roadmap;
        let nodes = map.nodes().len();
        let mut neighbours = vec![Vec::new(); nodes];
        for edge in map.edges() {
            neighbours[edge.from.index()].push(edge.to.0);
            neighbours[edge.to.index()].push(edge.from.0);
        }
        for list in &mut neighbours {
            list.sort_unstable();
            list.dedup();
        }
        let mut of = vec![NONE; nodes];
        let mut depth = vec![0; nodes];
        let mut mouths = vec![Vec::new(); nodes];
        let mut count = 0;
        for end in 0..nodes {
            if neighbours[end].len() != 1 {
                continue;
            }
            let mut chain = vec![end as u32];
            let mut at = neighbours[end][0] as usize;
            while neighbours[at].len() == 2 {
                let last = chain[chain.len() - 1];
                chain.push(at as u32);
                let next = neighbours[at].iter().find(|&&n| n != last);
                at = *next.unwrap_or(&last) as usize;
            }
            if neighbours[at].len() < 3 {
                continue; // the whole roadmap is a chain: nowhere is outside it
            }
            for (i, &n) in chain.iter().enumerate() {
                of[n as usize] = count;
                depth[n as usize] = (chain.len() - i) as u32;
            }
            for n in conflicting_nodes(floor, &chain, at as u32) {
                if !chain.contains(&n) {
                    mouths[n as usize].push(count);
                }
            }
            count += 1;
        }
        Self {
            of,
            depth,
            mouths: Rows::collect(mouths),
            count: count as usize,
        }
    }

    /// Number of dead ends.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The dead end that a node is in, or [`NONE`].
    #[inline]
    pub fn of(&self, node: u32) -> u32 {
        self.of[node as usize]
    }

    /// How many edges the node is away from the mouth of its dead end; 0 outside.
    #[inline]
    pub fn depth(&self, node: u32) -> u32 {
        self.depth[node as usize]
    }

    /// The dead ends in whose mouth a vehicle at this node is.
    #[inline]
    pub fn mouths(&self, node: u32) -> &[u32] {
        self.mouths.row(node as usize)
    }
}

/// The mouth, and the nodes that conflict with it or with a place of the chain, for any classes; sorted.
fn conflicting_nodes(floor: &Floor, chain: &[u32], mouth: u32) -> Vec<u32> {
    let map = &floor.roadmap;
    let mut places: Vec<PlaceId> = chain.iter().map(|&n| PlaceId(n)).collect();
    places.push(PlaceId(mouth));
    for &n in chain {
        let node = takt_maps::NodeId(n);
        let edges = map.out_edges(node).iter().chain(map.in_edges(node));
        places.extend(edges.map(|&e| map.edge(e).place));
    }
    let mut nodes: Vec<u32> = (0..floor.classes)
        .flat_map(|c| {
            let class = ClassId::from_index(c);
            places
                .iter()
                .flat_map(move |&p| floor.conflicts.of(class, p))
        })
        .filter_map(|c| map.node_of(c.place))
        .map(|n| n.0)
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::grid;

    #[test]
    fn a_chain_off_a_ring_is_a_dead_end_with_its_mouth() {
        let floor = grid(&["....", ".##.", "....", "#.##", "#.##"], 1);
        let spurs = Spurs::new(&floor);
        let node = |x: i32, y: i32| crate::plan::testing::node_at(&floor, x, y).0;
        assert_eq!(spurs.count(), 1);
        assert_eq!(spurs.of(node(1, 4)), 0);
        assert_eq!(spurs.depth(node(1, 4)), 2);
        assert_eq!(spurs.depth(node(1, 3)), 1);
        assert_eq!(spurs.mouths(node(1, 2)), &[0]);
        assert_eq!(spurs.of(node(1, 2)), NONE);
        assert!(spurs.mouths(node(3, 2)).is_empty());
    }

    #[test]
    fn a_bare_chain_has_no_outside() {
        assert_eq!(Spurs::new(&grid(&["....."], 1)).count(), 0);
    }
}
