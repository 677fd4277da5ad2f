//! Nodes by where they are: which one does a vehicle stand at?

use takt_maps::{NodeId, Roadmap};

/// Nodes in order of the square of the plane that they lie in.
///
/// Levels lie apart in the plane or not at all: like the pose in a report, this does not tell them apart.
#[derive(Clone, Debug)]
pub(super) struct NodeIndex {
    /// Side of a square: the greatest distance that is looked for.
    side_mm: i32,
    /// Row and column of the square, and the node.
    sorted: Vec<(i32, i32, NodeId)>,
}

impl NodeIndex {
    /// Nodes of a roadmap, to be found within `tolerance_mm`.
    pub fn new(roadmap: &Roadmap, tolerance_mm: u32) -> Self {
        let side_mm = i32::try_from(tolerance_mm.max(1)).unwrap_or(i32::MAX);
        let nodes = roadmap.nodes().iter().enumerate();
        let square = |(i, node): (usize, &takt_maps::Node)| {
            let (row, column) = (node.y_mm.div_euclid(side_mm), node.x_mm.div_euclid(side_mm));
            (row, column, NodeId::from_index(i))
        };
        let mut sorted: Vec<_> = nodes.map(square).collect();
        sorted.sort_unstable();
        Self { side_mm, sorted }
    }

    /// The node nearest to a point, if it is within the tolerance; of equals the one with the lower id.
    pub fn nearest(&self, roadmap: &Roadmap, (x, y): (i32, i32)) -> Option<NodeId> {
        let limit = i64::from(self.side_mm);
        let (row, column) = (y.div_euclid(self.side_mm), x.div_euclid(self.side_mm));
        let mut best: Option<(i64, NodeId)> = None;
        // What is within a side of the point lies in its square or beside it.
        for row in row.saturating_sub(1)..=row.saturating_add(1) {
            let first = (row, column.saturating_sub(1), NodeId(0));
            let from = self.sorted.partition_point(|&square| square < first);
            for &(at_row, at_column, node) in &self.sorted[from..] {
                if at_row != row || at_column > column.saturating_add(1) {
                    break;
                }
                let at = roadmap.node(node);
                let (dx, dy) = (
                    i64::from(at.x_mm) - i64::from(x),
                    i64::from(at.y_mm) - i64::from(y),
                );
                let found = (dx * dx + dy * dy, node);
                if found.0 <= limit * limit && best.is_none_or(|best| found < best) {
                    best = Some(found);
                }
            }
        }
        best.map(|(_, node)| node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use takt_maps::{LevelId, Node};

    proptest! {
        #[test]
        fn finds_what_a_look_at_all_finds(
            at in prop::collection::vec((-50i32..50, -50i32..50), 1..30),
            (x, y) in (-60i32..60, -60i32..60),
            tolerance in 0u32..40,
        ) {
            let node = |&(x_mm, y_mm): &(i32, i32)| Node {
                name: String::new(), level: LevelId(0), x_mm, y_mm
            };
            let roadmap = Roadmap::new(at.iter().map(node).collect(), vec![]);
            let index = NodeIndex::new(&roadmap, tolerance);
            let distance2 = |&(a, b): &(i32, i32)| (a - x) * (a - x) + (b - y) * (b - y);
            let all = at.iter().map(distance2).enumerate();
            let limit = tolerance.max(1) as i32;
            let nearest = all.map(|(i, d)| (d, i)).min().filter(|&(d, _)| d <= limit * limit);
            let expected = nearest.map(|(_, i)| NodeId::from_index(i));
            prop_assert_eq!(index.nearest(&roadmap, (x, y)), expected);
        }
    }
}
