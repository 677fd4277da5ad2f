//! Putting the book back as it was.

use super::slab::NONE;
use super::{Dependency, Order, OrderBook, Refusal, Totals};
use takt_maps::OrderId;

/// A restart, or a replay from a checkpoint: [`OrderBook::restore_past`], then [`OrderBook::restore`] for each order,
/// then [`OrderBook::restore_cursor`].
impl OrderBook {
    /// Puts an order back as it was, after a restart; orders come in the order of their ids, after
    /// [`OrderBook::restore_past`].
    ///
    /// # Errors
    /// [`Refusal::Full`] if the floor has less room now, [`Refusal::IdNotIncreasing`], and [`Refusal::WrongState`] for an
    /// order that has ended.
    pub fn restore(&mut self, mut order: Order) -> Result<(), Refusal> {
        let newest = match self.slab.last() {
            NONE => OrderId(0),
            last => self.slab.order(last).id,
        };
        if order.id <= newest {
            return Err(Refusal::IdNotIncreasing {
                id: order.id,
                last: newest,
            });
        }
        if order.state.is_final() {
            return Err(Refusal::WrongState(order.state));
        }
        if self.slab.is_full() {
            return Err(Refusal::Full {
                capacity: self.slab.capacity(),
            });
        }
        let missing = |on: OrderId| self.slab.find(on).is_none();
        if order.dependency == Dependency::Pending
            && let Some(on) = order.spec.depends_on
            && missing(on)
        {
            // It would wait for ever.
            order.dependency = match self.bad_ends.contains(on) {
                true => Dependency::Broken,
                false => Dependency::Met,
            };
        }
        self.enter(order);
        Ok(())
    }

    /// Puts back what is known of orders that have ended: the greatest id ever accepted, how orders ended, and what
    /// [`OrderBook::bad_ends`] gave.
    pub fn restore_past(
        &mut self,
        last_id: OrderId,
        totals: Totals,
        bad_ends: impl IntoIterator<Item = OrderId>,
    ) {
        self.last_id = self.last_id.max(last_id);
        self.totals = totals;
        for id in bad_ends {
            self.bad_ends.push(id);
        }
    }

    /// The order that the next [`OrderBook::tick`] begins with; 0: the oldest.
    pub fn cursor(&self) -> OrderId {
        match self.cursor {
            NONE => OrderId(0),
            at => self.slab.order(at).id,
        }
    }

    /// Puts the cursor back, after all orders: a book restored in full goes on exactly as the old one would have.
    pub fn restore_cursor(&mut self, cursor: OrderId) {
        self.cursor = self.slab.find(cursor).unwrap_or(NONE);
    }

    /// The orders that were last cancelled or failed, oldest first; at most the capacity.
    pub fn bad_ends(&self) -> impl Iterator<Item = OrderId> {
        self.bad_ends.iter()
    }
}
