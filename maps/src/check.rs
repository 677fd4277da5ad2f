//! What is wrong with a floor that is well-formed: places too near to walls or to each other, and places that can't be
//! reached or never be left.

mod cuts;
mod doors;
mod reach;
mod space;

pub(crate) use doors::doors;
pub(crate) use reach::reach;
pub(crate) use space::space;

use crate::floor::Floor;
use crate::geometry::shapes::Shapes;
use crate::ids::{ClassId, EdgeId, NodeId};
use crate::spec::{FloorSpec, Span};

/// A floor under examination, with what it was made from.
pub(crate) struct Subject<'a> {
    pub spec: &'a FloorSpec,
    pub floor: &'a Floor,
    pub shapes: &'a Shapes,
    /// For each directed edge the index of its path.
    pub paths: &'a [u32],
    /// Have all stations, chargers, parking places and vehicles been resolved?
    pub whole: bool,
}

impl Subject<'_> {
    /// Name of a node.
    fn name(&self, node: NodeId) -> &str {
        &self.floor.roadmap.node(node).name
    }

    /// Where an edge was written: the name of the node that it leads to, in its path.
    fn edge_span(&self, edge: EdgeId) -> Option<Span> {
        let e = self.floor.roadmap.edge(edge);
        let path = &self.spec.paths[self.paths[edge.index()] as usize];
        let ends = [self.name(e.from), self.name(e.to)];
        let here = path.through.windows(2).find(|w| {
            let w = [w[0].value.as_str(), w[1].value.as_str()];
            w == ends || w == [ends[1], ends[0]]
        });
        here.and_then(|w| w[1].span).or(path.span)
    }

    /// A class in words: `"tugger"`, or `"tugger" (loaded)` for a footprint that it has only then.
    fn class_name(&self, class: ClassId) -> String {
        let kinds = &self.floor.kinds;
        let empty = kinds.iter().find(|k| k.classes[0] == class);
        let loaded = kinds.iter().find(|k| k.classes[1] == class);
        match (empty, loaded) {
            (Some(kind), _) => format!("\"{}\"", kind.name),
            (None, Some(kind)) => format!("\"{}\" (loaded)", kind.name),
            // Every class belongs to a kind.
            (None, None) => String::new(),
        }
    }
}
