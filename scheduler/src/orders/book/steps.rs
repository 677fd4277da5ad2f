//! The steps of an order's life, from its vehicle to its end.

use super::OrderBook;
use crate::orders::{Ended, OrderState, Reason, Refusal, Transition};
use takt_maps::{OrderId, VehicleId};

impl OrderBook {
    /// Gives an open order to a vehicle.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Open`.
    pub fn assign(
        &mut self,
        id: OrderId,
        vehicle: VehicleId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        let slot = self.in_state(id, |s| matches!(s, OrderState::Open))?;
        self.turn(slot, OrderState::Assigned { vehicle }, None, now_ms, sink);
        Ok(())
    }

    /// Takes an order from its vehicle again; it is `Open` afterwards. Possible until the load is on board.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Assigned` or `Loading`.
    pub fn unassign(
        &mut self,
        id: OrderId,
        reason: Reason,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        let slot = self.in_state(id, |s| {
            matches!(s, OrderState::Assigned { .. } | OrderState::Loading { .. })
        })?;
        self.turn(slot, OrderState::Open, Some(reason), now_ms, sink);
        Ok(())
    }

    /// The vehicle begins to take the load.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Assigned`.
    pub fn loading(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        self.advance(id, now_ms, sink, |state| match state {
            OrderState::Assigned { vehicle } => Some(OrderState::Loading { vehicle }),
            _ => None,
        })
    }

    /// The load is on board.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Loading`.
    pub fn loaded(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        self.advance(id, now_ms, sink, |state| match state {
            OrderState::Loading { vehicle } => Some(OrderState::Carrying { vehicle }),
            _ => None,
        })
    }

    /// The vehicle begins to hand the load over.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Carrying`.
    pub fn unloading(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<(), Refusal> {
        self.advance(id, now_ms, sink, |state| match state {
            OrderState::Carrying { vehicle } => Some(OrderState::Unloading { vehicle }),
            _ => None,
        })
    }

    /// The load is handed over: the order leaves the book.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::WrongState`] unless it is `Unloading`.
    pub fn completed(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<Ended, Refusal> {
        let slot = self.in_state(id, |s| matches!(s, OrderState::Unloading { .. }))?;
        Ok(self.end(slot, OrderState::Completed, None, now_ms, sink))
    }

    /// The order cannot be carried out: it leaves the book, from whatever state.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`].
    pub fn failed(
        &mut self,
        id: OrderId,
        reason: Reason,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<Ended, Refusal> {
        let slot = self.in_state(id, |_| true)?;
        Ok(self.end(slot, OrderState::Failed, Some(reason), now_ms, sink))
    }

    /// A person does not want it any more: it leaves the book, if loading has not begun.
    ///
    /// # Errors
    /// [`Refusal::NotInBook`], [`Refusal::LoadOnBoard`] from `Loading` on.
    pub fn cancel(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
    ) -> Result<Ended, Refusal> {
        let slot = self.in_state(id, |_| true)?;
        match self.slab.order(slot).state {
            OrderState::Loading { vehicle }
            | OrderState::Carrying { vehicle }
            | OrderState::Unloading { vehicle } => Err(Refusal::LoadOnBoard(vehicle)),
            _ => {
                let reason = Some(Reason::ByPerson);
                Ok(self.end(slot, OrderState::Cancelled, reason, now_ms, sink))
            }
        }
    }

    /// The slot of an order whose state is as told.
    fn in_state(&self, id: OrderId, allowed: impl Fn(OrderState) -> bool) -> Result<u32, Refusal> {
        let slot = self.slab.find(id).ok_or(Refusal::NotInBook(id))?;
        let state = self.slab.order(slot).state;
        if allowed(state) {
            Ok(slot)
        } else {
            Err(Refusal::WrongState(state))
        }
    }

    /// One step along the way of an order.
    fn advance(
        &mut self,
        id: OrderId,
        now_ms: u64,
        sink: &mut impl FnMut(Transition),
        next: impl Fn(OrderState) -> Option<OrderState>,
    ) -> Result<(), Refusal> {
        let slot = self.in_state(id, |_| true)?;
        let state = self.slab.order(slot).state;
        let to = next(state).ok_or(Refusal::WrongState(state))?;
        self.turn(slot, to, None, now_ms, sink);
        Ok(())
    }
}
