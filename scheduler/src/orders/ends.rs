//! What the book remembers of orders that did not end well.

use crate::hash::mix;
use takt_maps::OrderId;

/// A ring of the ids of the orders that were last cancelled or failed.
#[derive(Clone, Debug)]
pub(super) struct BadEnds {
    ids: Vec<OrderId>,
    /// Where the next one goes, once the ring is full.
    oldest: usize,
    capacity: usize,
    hash: u64,
}

impl BadEnds {
    /// A ring of `capacity`, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            ids: Vec::with_capacity(capacity),
            oldest: 0,
            capacity,
            hash: 0,
        }
    }

    /// Remembers one, and forgets the oldest if there is no room.
    pub fn push(&mut self, id: OrderId) {
        self.hash = self.hash.wrapping_add(mix(1, id.0));
        if self.ids.len() < self.capacity {
            self.ids.push(id);
        } else {
            self.hash = self.hash.wrapping_sub(mix(1, self.ids[self.oldest].0));
            self.ids[self.oldest] = id;
            self.oldest = (self.oldest + 1) % self.capacity;
        }
    }

    /// Is it remembered? Looks through the ring: for rare questions.
    pub fn contains(&self, id: OrderId) -> bool {
        self.ids.contains(&id)
    }

    /// From the oldest to the newest.
    pub fn iter(&self) -> impl Iterator<Item = OrderId> {
        let (new, old) = self.ids.split_at(self.oldest);
        old.iter().chain(new).copied()
    }

    /// Digest of what is remembered.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_and_hashes_only_them() {
        let mut ring = BadEnds::new(3);
        for id in 1..=7 {
            ring.push(OrderId(id));
        }
        let kept: Vec<_> = ring.iter().map(|o| o.0).collect();
        assert_eq!(kept, [5, 6, 7]);
        assert!(!ring.contains(OrderId(4)));
        let mut fresh = BadEnds::new(3);
        for id in kept {
            fresh.push(OrderId(id));
        }
        assert_eq!(fresh.hash(), ring.hash());
    }
}
