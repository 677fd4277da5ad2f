//! From order ids to slots, in constant time and constant space.

use takt_maps::OrderId;

/// An open-addressing table with linear probing and backward-shift deletion (Knuth, TAOCP 6.4, Algorithm R).
///
/// At most half full, so every probe ends. It is never iterated.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// `(id, slot)`; id 0 marks a free cell. Its length is a power of two.
    cells: Vec<(u64, u32)>,
    mask: usize,
}

impl Index {
    /// A table with room for `capacity` ids.
    pub fn new(capacity: usize) -> Self {
        let len = (capacity.max(1) * 2).next_power_of_two();
        Self {
            cells: vec![(0, 0); len],
            mask: len - 1,
        }
    }

    /// Where an id would be if it were alone.
    fn home(&self, id: u64) -> usize {
        (crate::hash::mix(0, id) as usize) & self.mask
    }

    /// The cell that holds the id, or the free cell where it would go.
    fn find(&self, id: u64) -> usize {
        let mut at = self.home(id);
        while self.cells[at].0 != 0 && self.cells[at].0 != id {
            at = (at + 1) & self.mask;
        }
        at
    }

    /// The slot of an id.
    pub fn get(&self, id: OrderId) -> Option<u32> {
        let (found, slot) = self.cells[self.find(id.0)];
        (found != 0).then_some(slot)
    }

    /// Adds an id that is not in it; the caller keeps to the capacity.
    pub fn insert(&mut self, id: OrderId, slot: u32) {
        let at = self.find(id.0);
        debug_assert!(id.0 != 0 && self.cells[at].0 == 0, "a new id");
        self.cells[at] = (id.0, slot);
    }

    /// Removes an id, if it is there.
    pub fn remove(&mut self, id: OrderId) {
        let mut hole = self.find(id.0);
        if self.cells[hole].0 == 0 {
            return;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let key = self.cells[at].0;
            if key == 0 {
                break;
            }
            // An element may move back into the hole unless its home lies behind the hole.
            let home = self.home(key);
            if (at.wrapping_sub(home) & self.mask) >= (at.wrapping_sub(hole) & self.mask) {
                self.cells[hole] = self.cells[at];
                hole = at;
            }
        }
        self.cells[hole] = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn behaves_like_a_map(steps in prop::collection::vec((any::<bool>(), 1u64..40), 0..200)) {
            let mut index = Index::new(16);
            let mut model = BTreeMap::new();
            for (i, (add, id)) in steps.into_iter().enumerate() {
                if add && model.len() < 16 && !model.contains_key(&id) {
                    index.insert(OrderId(id), i as u32);
                    model.insert(id, i as u32);
                } else {
                    index.remove(OrderId(id));
                    model.remove(&id);
                }
                for id in 1..40 {
                    prop_assert_eq!(index.get(OrderId(id)), model.get(&id).copied());
                }
            }
        }
    }
}
