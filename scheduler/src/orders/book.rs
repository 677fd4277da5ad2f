//! The book of open orders.

mod steps;

use super::ends::BadEnds;
use super::slab::{NONE, Slab};
use super::{
    Dependency, Ended, Order, OrderSpec, OrderState, PRIORITY_MAX, Reason, Refusal, Totals,
    Transition,
};
use crate::hash::digest;
use takt_maps::OrderId;

/// Most orders that one [`OrderBook::tick`] looks at.
pub const TICK_BUDGET: usize = 64;

/// Holds every accepted order until it ends, in room taken once at construction.
///
/// Runs in the control cycle: nothing here allocates after [`OrderBook::new`], and work is bounded by the capacity.
/// The caller gives each order its id, and ids increase. Every change of state is handed to the caller's sink as a
/// [`Transition`] before the call returns.
///
/// **Ended orders.** An order that ends leaves the book. What depends on it is told at once. For orders that come later
/// and name it, the book remembers the ids of the last `capacity` orders that were cancelled or failed; any other id up
/// to the last accepted one that is not in the book counts as completed.
///
/// **Cancelling** is possible until loading begins. From then on the load has left its place, or may have, and the
/// order is carried out: [`Refusal::LoadOnBoard`].
#[derive(Clone, Debug)]
pub struct OrderBook {
    pub(super) slab: Slab,
    /// Number of orders in state `Waiting`.
    waiting: u32,
    /// Where `tick` goes on; `NONE`: from the head.
    pub(super) cursor: u32,
    /// Where `scan` goes on; `NONE`: at its end.
    scan: u32,
    pub(super) bad_ends: BadEnds,
    pub(super) last_id: OrderId,
    pub(super) totals: Totals,
}

impl OrderBook {
    /// An empty book with room for `capacity` open orders (`control.orders_max` of the floor), at least one.
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.clamp(1, NONE - 1);
        Self {
            slab: Slab::new(capacity),
            waiting: 0,
            cursor: NONE,
            scan: NONE,
            bad_ends: BadEnds::new(capacity as usize),
            last_id: OrderId(0),
            totals: Totals::default(),
        }
    }

    /// Number of orders in the book.
    pub fn len(&self) -> usize {
        self.slab.len() as usize
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    /// Most orders that it holds.
    pub fn capacity(&self) -> usize {
        self.slab.capacity() as usize
    }

    /// The greatest id accepted; 0 before the first.
    pub fn last_id(&self) -> OrderId {
        self.last_id
    }

    /// How orders have ended so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// An order that has not ended.
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        let slot = self.slab.find(id)?;
        Some(self.slab.order(slot))
    }

    /// All orders in the book, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.slab.iter()
    }

    /// The orders that wait for a vehicle, in the order of their ids.
    pub fn open(&self) -> impl Iterator<Item = &Order> {
        self.iter().filter(|o| o.state == OrderState::Open)
    }

    /// Begins to go through all orders, in the order of their ids.
    pub fn scan_begin(&mut self) {
        self.scan = self.slab.first();
    }

    /// Goes through `budget` orders more; true when all have been seen. What is accepted or ends meanwhile may be left
    /// out.
    pub fn scan(&mut self, budget: usize, mut see: impl FnMut(&Order)) -> bool {
        for _ in 0..budget {
            if self.scan == NONE {
                return true;
            }
            see(self.slab.order(self.scan));
            self.scan = self.slab.after(self.scan);
        }
        self.scan == NONE
    }

    /// Digest of everything that the book's future answers depend on.
    pub fn state_hash(&self) -> u64 {
        let t = &self.totals;
        digest(&[
            self.slab.hash(),
            self.cursor().0,
            match self.scan {
                NONE => 0,
                at => self.slab.order(at).id.0,
            },
            self.bad_ends.hash(),
            self.last_id.0,
            t.accepted,
            t.completed,
            t.late,
            t.cancelled,
            t.failed,
        ])
    }

    /// Could this order be accepted now, with a new id?
    ///
    /// # Errors
    /// Why not; see [`OrderBook::submit`].
    pub fn check(&self, spec: &OrderSpec) -> Result<(), Refusal> {
        if spec.pickup.station == spec.drop.station {
            return Err(Refusal::SameStation);
        }
        if spec.priority > PRIORITY_MAX {
            return Err(Refusal::Priority(spec.priority));
        }
        if spec.deadline_ms.is_some_and(|d| d < spec.release_ms) {
            return Err(Refusal::DeadlineBeforeRelease);
        }
        if let Some(on) = spec.depends_on
            && self.slab.find(on).is_none()
        {
            if on.0 == 0 || on > self.last_id {
                return Err(Refusal::UnknownDependency(on));
            }
            if self.bad_ends.contains(on) {
                return Err(Refusal::DependencyFailed(on));
            }
        }
        if self.slab.is_full() {
            return Err(Refusal::Full {
                capacity: self.slab.capacity(),
            });
        }
        Ok(())
    }

    /// Accepts an order under a new id, greater than all before.
    ///
    /// It is `Open` at once if it need not wait, else `Waiting`.
    ///
    /// # Errors
    /// A [`Refusal`] if the book is full or the order makes no sense; stations and buffers are the caller's to check.
    pub fn submit(
        &mut self,
        id: OrderId,
        spec: OrderSpec,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        if id <= self.last_id {
            return Err(Refusal::IdNotIncreasing {
                id,
                last: self.last_id,
            });
        }
        self.check(&spec)?;
        let dependency = match spec.depends_on {
            None => Dependency::None,
            Some(on) if self.slab.find(on).is_some() => Dependency::Pending,
            Some(_) => Dependency::Met,
        };
        let ready = dependency != Dependency::Pending && spec.release_ms <= now_ms;
        let order = Order {
            id,
            spec,
            state: if ready {
                OrderState::Open
            } else {
                OrderState::Waiting
            },
            dependency,
            accepted_ms: now_ms,
            since_ms: now_ms,
        };
        self.totals.accepted += 1;
        self.enter(order);
        sink(Transition {
            order: id,
            spec,
            from: None,
            to: order.state,
            reason: None,
            at_ms: now_ms,
        });
        Ok(())
    }

    /// Gives an order another priority.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::Priority`].
    pub fn prioritise(&mut self, id: OrderId, priority: u8) -> Result<(), Refusal> {
        if priority > PRIORITY_MAX {
            return Err(Refusal::Priority(priority));
        }
        let slot = self.slab.find(id).ok_or(Refusal::NotInBook(id))?;
        self.slab
            .change(slot, |order| order.spec.priority = priority);
        Ok(())
    }

    /// Releases waiting orders whose time has come, and cancels those whose predecessor did not end well.
    ///
    /// Looks at [`TICK_BUDGET`] orders at most and goes on there in the next call; those that it cancels are handed to
    /// `sink` as transitions to [`OrderState::Cancelled`].
    pub fn tick(&mut self, now_ms: u64, sink: &mut impl FnMut(Transition)) {
        if self.waiting == 0 {
            return;
        }
        for _ in 0..TICK_BUDGET.min(self.slab.len() as usize) {
            if self.cursor == NONE {
                self.cursor = self.slab.first();
            }
            if self.cursor == NONE {
                return;
            }
            let at = self.cursor;
            self.cursor = self.slab.after(at);
            let order = *self.slab.order(at);
            if order.state != OrderState::Waiting {
                continue;
            }
            match order.dependency {
                Dependency::Pending => {}
                Dependency::Broken => {
                    let reason = Some(Reason::DependencyFailed);
                    self.end(at, OrderState::Cancelled, reason, now_ms, sink);
                }
                Dependency::None | Dependency::Met => {
                    if order.spec.release_ms <= now_ms {
                        self.turn(at, OrderState::Open, None, now_ms, sink);
                    }
                }
            }
        }
    }

    /// Changes an order's state, with its digest and the count of waiting orders, and tells.
    fn turn(
        &mut self,
        slot: u32,
        to: OrderState,
        reason: Option<Reason>,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) {
        let from = self.slab.order(slot).state;
        self.slab.change(slot, |order| {
            order.state = to;
            order.since_ms = now_ms;
        });
        let order = self.slab.order(slot);
        // Nothing returns to `Waiting`.
        self.waiting -= u32::from(from == OrderState::Waiting);
        sink(Transition {
            order: order.id,
            spec: order.spec,
            from: Some(from),
            to,
            reason,
            at_ms: now_ms,
        });
    }

    /// Ends an order: tells, counts, tells its dependents, and gives its slot back.
    fn end(
        &mut self,
        slot: u32,
        to: OrderState,
        reason: Option<Reason>,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Ended {
        let before = self.slab.order(slot).state;
        self.turn(slot, to, reason, now_ms, sink);
        let order = *self.slab.order(slot);
        let completed = to == OrderState::Completed;
        let late = completed && order.spec.deadline_ms.is_some_and(|d| now_ms > d);
        match to {
            OrderState::Completed => self.totals.completed += 1,
            OrderState::Cancelled => self.totals.cancelled += 1,
            _ => self.totals.failed += 1,
        }
        self.totals.late += u64::from(late);
        if !completed {
            self.bad_ends.push(order.id);
        }
        let how = if completed {
            Dependency::Met
        } else {
            Dependency::Broken
        };
        self.slab.tell_dependents(slot, how);
        if self.cursor == slot {
            self.cursor = self.slab.after(slot);
        }
        if self.scan == slot {
            self.scan = self.slab.after(slot);
        }
        self.slab.leave(slot);
        Ended {
            order,
            vehicle: before.vehicle(),
            on_board: before.on_board(),
            late,
        }
    }

    /// Takes an order in; the caller knows that there is room.
    pub(super) fn enter(&mut self, order: Order) {
        self.slab.enter(order);
        self.waiting += u32::from(order.state == OrderState::Waiting);
        self.last_id = self.last_id.max(order.id);
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
