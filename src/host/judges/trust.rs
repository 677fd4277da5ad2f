//! Whose word about a load counts: not that of a vehicle while a fault makes it false, nor what became of the orders
//! that it was on meanwhile. What it does later is judged again.

use std::collections::BTreeSet;

use takt_maps::{OrderId, VehicleId};
use takt_scheduler::orders::{OrderState, Transition};

/// What a vehicle said before its fault was over may arrive so much later.
const UNDER_WAY_MS: u64 = 5_000;

/// Doubts about vehicles and orders.
#[derive(Debug)]
pub(super) struct Trust {
    vehicles: Vec<Word>,
    /// Orders that have not ended, and were with a vehicle whose word did not count.
    doubted: BTreeSet<OrderId>,
}

/// The word of one vehicle.
#[derive(Clone, Copy, Default, Debug)]
struct Word {
    /// Faults that are on and make it false.
    faults: u32,
    /// Until then something may still be heard that it said under one.
    until_ms: u64,
    /// It will mistake the next load that it takes for another.
    mistakes_next: bool,
}

impl Trust {
    /// Everybody's word counts.
    pub(super) fn new(vehicles: usize) -> Self {
        Self {
            vehicles: vec![Word::default(); vehicles],
            doubted: BTreeSet::new(),
        }
    }

    /// A fault begins that makes a vehicle's word false.
    pub(super) fn lies(&mut self, vehicle: VehicleId) {
        self.vehicles[vehicle.index()].faults += 1;
    }

    /// Such a fault is over.
    pub(super) fn lies_no_more(&mut self, vehicle: VehicleId, now_ms: u64) {
        let word = &mut self.vehicles[vehicle.index()];
        word.faults = word.faults.saturating_sub(1);
        word.until_ms = word.until_ms.max(now_ms + UNDER_WAY_MS);
    }

    /// The next load that it takes will be another than it is told.
    pub(super) fn mistakes_next(&mut self, vehicle: VehicleId) {
        self.vehicles[vehicle.index()].mistakes_next = true;
    }

    /// What becomes of this order is not held against anybody.
    pub(super) fn doubt(&mut self, order: OrderId) {
        self.doubted.insert(order);
    }

    /// An order takes a step. `by`: whose it was.
    pub(super) fn moved(&mut self, step: &Transition, by: Option<VehicleId>, now_ms: u64) {
        for vehicle in [by, step.to.vehicle()].into_iter().flatten() {
            let word = &mut self.vehicles[vehicle.index()];
            if word.faults > 0 || now_ms < word.until_ms || word.mistakes_next {
                self.doubted.insert(step.order);
            }
            let was_on_board = step.from.is_some_and(OrderState::on_board);
            word.mistakes_next &= !(step.to.is_final() && was_on_board);
        }
    }

    /// An order has ended: may it have ended otherwise than it seemed?
    pub(super) fn ended(&mut self, order: OrderId) -> bool {
        self.doubted.remove(&order)
    }

    /// May what becomes of this order be otherwise than it seems?
    pub(super) fn doubts(&self, order: OrderId) -> bool {
        self.doubted.contains(&order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIAR: VehicleId = VehicleId(0);

    fn step(order: u64, from: OrderState, to: OrderState) -> Transition {
        Transition {
            order: OrderId(order),
            spec: Default::default(),
            from: Some(from),
            to,
            reason: None,
            at_ms: 0,
        }
    }

    fn taken(trust: &mut Trust, order: u64, now_ms: u64) {
        let to = OrderState::Assigned { vehicle: LIAR };
        trust.moved(&step(order, OrderState::Open, to), None, now_ms);
    }

    fn completed(trust: &mut Trust, order: u64, now_ms: u64) -> bool {
        let from = OrderState::Unloading { vehicle: LIAR };
        let end = step(order, from, OrderState::Completed);
        trust.moved(&end, Some(LIAR), now_ms);
        trust.ended(OrderId(order))
    }

    #[test]
    fn an_order_of_a_liar_is_doubted_and_its_next_is_not() {
        let mut trust = Trust::new(1);
        trust.lies(LIAR);
        taken(&mut trust, 1, 10);
        trust.lies_no_more(LIAR, 1_000);
        taken(&mut trust, 2, 1_000 + UNDER_WAY_MS);
        assert!(completed(&mut trust, 1, 60_000), "it had it while it lied");
        assert!(!completed(&mut trust, 2, 90_000));
    }

    #[test]
    fn of_two_lies_the_last_to_end_counts_and_what_was_said_arrives_later() {
        let mut trust = Trust::new(1);
        trust.lies(LIAR);
        trust.lies(LIAR);
        trust.lies_no_more(LIAR, 1_000);
        taken(&mut trust, 1, 30_000);
        assert!(trust.doubts(OrderId(1)));
        trust.lies_no_more(LIAR, 40_000);
        taken(&mut trust, 2, 40_000 + UNDER_WAY_MS - 1);
        taken(&mut trust, 3, 40_000 + UNDER_WAY_MS);
        assert_eq!([2, 3].map(|id| trust.doubts(OrderId(id))), [true, false]);
    }

    #[test]
    fn the_next_load_is_mistaken_and_no_other() {
        let mut trust = Trust::new(1);
        trust.mistakes_next(LIAR);
        assert!(completed(&mut trust, 1, 10));
        assert!(!completed(&mut trust, 2, 20));
    }
}
