//! Room for orders: slots with a free list, linked in the order of ids, and who depends on whom.

use super::index::Index;
use super::{Dependency, Order};
use takt_maps::OrderId;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Slot {
    order: Order,
    /// Neighbours in the list of live orders, by id; of a free slot, `next` is the next free one.
    prev: u32,
    next: u32,
    /// The last order in the book that depends on this one.
    dependents: u32,
    /// The order before it that depends on the same one.
    sibling: u32,
}

/// Orders in fixed room: every change keeps the digest sum, nothing allocates after construction.
#[derive(Clone, Debug)]
pub(super) struct Slab {
    slots: Vec<Slot>,
    free: u32,
    head: u32,
    tail: u32,
    len: u32,
    index: Index,
    /// Sum of the digests of all orders.
    hash: u64,
}

impl Slab {
    /// Empty, with room for `capacity` orders, `1 .. u32::MAX`.
    pub fn new(capacity: u32) -> Self {
        let slot = |i: u32| Slot {
            order: Order::default(),
            prev: NONE,
            next: if i + 1 < capacity { i + 1 } else { NONE },
            dependents: NONE,
            sibling: NONE,
        };
        Self {
            slots: (0..capacity).map(slot).collect(),
            free: 0,
            head: NONE,
            tail: NONE,
            len: 0,
            index: Index::new(capacity as usize),
            hash: 0,
        }
    }

    /// Number of orders.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Most orders.
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Is every slot taken?
    pub fn is_full(&self) -> bool {
        self.free == NONE
    }

    /// Sum of the digests of all orders.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The slot of an order.
    pub fn find(&self, id: OrderId) -> Option<u32> {
        self.index.get(id)
    }

    /// The order in a slot that is taken.
    pub fn order(&self, at: u32) -> &Order {
        &self.slots[at as usize].order
    }

    /// The oldest order's slot, or `NONE`.
    pub fn first(&self) -> u32 {
        self.head
    }

    /// The newest order's slot, or `NONE`.
    pub fn last(&self) -> u32 {
        self.tail
    }

    /// The slot after one that is taken, or `NONE`.
    pub fn after(&self, at: u32) -> u32 {
        self.slots[at as usize].next
    }

    /// All orders by id.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        let mut at = self.head;
        std::iter::from_fn(move || {
            let slot = self.slots.get(at as usize)?;
            at = slot.next;
            Some(&slot.order)
        })
    }

    /// Changes an order, and the digest sum with it. Its id and specification stay.
    pub fn change(&mut self, at: u32, change: impl FnOnce(&mut Order)) {
        let order = &mut self.slots[at as usize].order;
        self.hash = self.hash.wrapping_sub(order.digest());
        change(order);
        self.hash = self.hash.wrapping_add(order.digest());
    }

    /// Tells what depends on the order in `at` how that ended; bounded by the number of orders.
    pub fn tell_dependents(&mut self, at: u32, how: Dependency) {
        let mut next = std::mem::replace(&mut self.slots[at as usize].dependents, NONE);
        while next != NONE {
            self.change(next, |order| order.dependency = how);
            next = std::mem::replace(&mut self.slots[next as usize].sibling, NONE);
        }
    }

    /// Takes a free slot for an order and links it in as the newest; the caller knows that there is one.
    pub fn enter(&mut self, order: Order) {
        let at = self.free;
        assert!(at != NONE, "a free slot was checked for");
        let on = match order.dependency {
            Dependency::Pending => order.spec.depends_on.and_then(|on| self.index.get(on)),
            _ => None,
        };
        let sibling = on.map_or(NONE, |on| {
            std::mem::replace(&mut self.slots[on as usize].dependents, at)
        });
        let slot = &mut self.slots[at as usize];
        self.free = slot.next;
        *slot = Slot {
            order,
            prev: self.tail,
            next: NONE,
            dependents: NONE,
            sibling,
        };
        match self.slots.get_mut(self.tail as usize) {
            Some(tail) => tail.next = at,
            None => self.head = at,
        }
        self.tail = at;
        self.len += 1;
        self.index.insert(order.id, at);
        self.hash = self.hash.wrapping_add(order.digest());
    }

    /// Unlinks an order from every list and frees its slot.
    pub fn leave(&mut self, at: u32) {
        let Slot {
            order,
            prev,
            next,
            sibling,
            ..
        } = self.slots[at as usize];
        if order.dependency == Dependency::Pending
            && let Some(on) = order.spec.depends_on.and_then(|on| self.index.get(on))
        {
            self.forget_dependent(on, at, sibling);
        }
        match self.slots.get_mut(prev as usize) {
            Some(slot) => slot.next = next,
            None => self.head = next,
        }
        match self.slots.get_mut(next as usize) {
            Some(slot) => slot.prev = prev,
            None => self.tail = prev,
        }
        self.index.remove(order.id);
        self.hash = self.hash.wrapping_sub(order.digest());
        self.len -= 1;
        self.slots[at as usize].next = self.free;
        self.free = at;
    }

    /// Takes `at` out of the list of what depends on `on`.
    fn forget_dependent(&mut self, on: u32, at: u32, sibling: u32) {
        if self.slots[on as usize].dependents == at {
            self.slots[on as usize].dependents = sibling;
            return;
        }
        let mut before = self.slots[on as usize].dependents;
        while before != NONE {
            let slot = &mut self.slots[before as usize];
            if slot.sibling == at {
                slot.sibling = sibling;
                return;
            }
            before = slot.sibling;
        }
    }
}
