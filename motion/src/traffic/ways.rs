//! What a rehearsal asks of an edge, in one row: its ends, its ground, who may use it, and where a vehicle that stands is
//! in the way of one that goes along it.

use takt_maps::{ClassId, Conflict, EdgeId, Floor, KindId, NodeId, PlaceId};

/// A directed edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Where it begins.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// Its ground.
    pub place: PlaceId,
    /// Bit `k` is set if vehicles of kind `k` may use it.
    kinds: u32,
}

impl Way {
    /// May vehicles of this kind use it?
    pub fn allows(&self, kind: KindId) -> bool {
        self.kinds >> kind.0 & 1 == 1
    }
}

/// All edges of a floor.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    ways: Vec<Way>,
    /// For each class, the rows of all edges.
    start: Vec<u32>,
    standing: Vec<Conflict>,
}

impl Ways {
    /// Lays out the rows.
    pub fn new(floor: &Floor) -> Self {
        let map = &floor.roadmap;
        let way = |edge: &takt_maps::Edge| Way {
            from: edge.from,
            to: edge.to,
            place: edge.place,
            kinds: edge.kinds,
        };
        let mut this = Self {
            ways: map.edges().iter().map(way).collect(),
            start: vec![0],
            standing: Vec::new(),
        };
        let mut row: Vec<Conflict> = Vec::new();
        for class in (0..floor.classes.max(1)).map(ClassId::from_index) {
            for way in &this.ways {
                let used = [way.place, map.place_of(way.to)];
                let conflicts = used.map(|place| floor.conflicts.of(class, place));
                // Where it begins the vehicle itself stands.
                let stands = |c: &&Conflict| c.place.index() < map.nodes().len();
                let others = |c: &&Conflict| stands(c) && c.place.0 != way.from.0;
                row.clear();
                row.extend(conflicts.into_iter().flatten().filter(others));
                row.sort_unstable();
                for conflict in &row {
                    match this.standing[this.start[this.start.len() - 1] as usize..].last_mut() {
                        Some(last) if last.place == conflict.place => {
                            last.classes |= conflict.classes;
                        }
                        _ => this.standing.push(*conflict),
                    }
                }
                this.start.push(this.standing.len() as u32);
            }
        }
        this
    }

    /// One edge.
    #[inline]
    pub fn way(&self, edge: EdgeId) -> &Way {
        &self.ways[edge.index()]
    }

    /// One edge, if there is such a one.
    #[inline]
    pub fn get(&self, edge: EdgeId) -> Option<&Way> {
        self.ways.get(edge.index())
    }

    /// The nodes, but the first of the edge, at which a vehicle of the classes told must not stand while one of `class`
    /// goes along it.
    #[inline]
    pub fn in_the_way(&self, class: ClassId, edge: EdgeId) -> &[Conflict] {
        let row = class.index() * self.ways.len() + edge.index();
        &self.standing[self.start[row] as usize..self.start[row + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::tests::floors::{self, Dice};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_say_what_the_conflict_sets_say(seed: u64) {
            let floor = floors::random(&mut Dice::new(seed));
            let ways = Ways::new(&floor);
            let classes = || (0..floor.classes).map(ClassId::from_index);
            for (i, edge) in floor.roadmap.edges().iter().enumerate() {
                let used = [edge.place, PlaceId(edge.to.0)];
                for (class, other) in classes().flat_map(|a| classes().map(move |b| (a, b))) {
                    for node in (0..floor.roadmap.nodes().len()).map(NodeId::from_index) {
                        let there = (other, PlaceId(node.0));
                        let expected = node != edge.from
                            && used.iter().any(|&p| floor.conflicts.conflict((class, p), there));
                        let row = ways.in_the_way(class, EdgeId::from_index(i));
                        let found = row.iter().filter(|c| c.place.0 == node.0);
                        let told: Vec<bool> = found.map(|c| c.classes >> other.0 & 1 == 1).collect();
                        prop_assert!(told.len() <= 1);
                        prop_assert_eq!(told.contains(&true), expected);
                    }
                }
            }
        }
    }
}
