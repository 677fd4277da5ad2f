//! The judge of stock: loads come where they belong and fit, as many pieces as the order says, and what the controller
//! counts, and shows, is what its orders have brought.
//!
//! Counts are compared for buffers that take everything, that no line touches, and whose level no PLC reports: for these
//! the controller's own account is all that there is. Beside that each order is compared with what was truly handed
//! over in its name, so that the account is right where each order is.

use std::collections::BTreeMap;

use takt_maps::words::LoadId;
use takt_maps::{BufferId, BufferRole, DeviceId, Floor, OrderId};
use takt_scheduler::materials::Account;
use takt_scheduler::orders::{OrderSpec, OrderState, Transition};
use takt_sim::Handover;
use takt_sim::stock::Stock as Truth;

use super::Findings;
use super::orders::Orders;
use crate::controller::Delta;
use crate::follower::model::ReadModel;

/// Keeps books of its own.
#[derive(Debug)]
pub struct Stock {
    names: Vec<String>,
    /// Most that fits in; `None`: as much as comes.
    room: Vec<Option<u64>>,
    /// Pieces that have been brought, as durable changes of orders say; `None` for a buffer that is not counted.
    counted: Vec<Option<u64>>,
    /// Until then the PLC that reports a buffer's level may have said a false one.
    misled_until_ms: Vec<u64>,
    /// The PLC of each buffer that has one which reports its level.
    reported_by: Vec<Option<DeviceId>>,
    /// Orders that have not ended.
    open: BTreeMap<OrderId, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    spec: OrderSpec,
    /// Pieces that were taken in its name.
    taken: Option<u32>,
    /// Pieces that came to the buffer that it says.
    brought: Option<u32>,
    /// It was asked for on a false word about what is in its buffer.
    misled: bool,
}

/// A level that a PLC said under a fault is believed for so long afterwards.
const BELIEVED_MS: u64 = 10_000;

impl Stock {
    /// Of a floor on which a controller begins with these pieces in buffers.
    pub fn new(floor: &Floor, pieces: &[u32]) -> Self {
        let buffers = floor.buffers.iter();
        let counted = buffers.zip(pieces).map(|(b, &pieces)| {
            let alone = b.role == BufferRole::Sink && b.level.is_none();
            alone.then_some(u64::from(pieces))
        });
        let room = |b: &takt_maps::Buffer| match b.role {
            BufferRole::Consume { .. } | BufferRole::Produce { .. } => Some(b.capacity.into()),
            BufferRole::Source { .. } | BufferRole::Sink => None,
        };
        let reported_by = |b: &takt_maps::Buffer| {
            let device = floor.stations[b.station.index()].device;
            device
                .filter(|_| b.level.is_some())
                .map(|(device, _)| device)
        };
        Self {
            names: floor.buffers.iter().map(|b| b.name.clone()).collect(),
            room: floor.buffers.iter().map(room).collect(),
            counted: counted.collect(),
            misled_until_ms: vec![0; floor.buffers.len()],
            reported_by: floor.buffers.iter().map(reported_by).collect(),
            open: BTreeMap::new(),
        }
    }

    /// A PLC says until then what is not so: that nothing is there as it restarts, or what was there before. More may be
    /// ordered then than fits.
    pub fn misled(&mut self, device: DeviceId, until_ms: u64) {
        let misled = self.misled_until_ms.iter_mut().zip(&self.reported_by);
        for (until, _) in misled.filter(|(_, by)| **by == Some(device)) {
            *until = (*until).max(until_ms + BELIEVED_MS);
        }
    }

    /// A load changed hands on the floor, on which there is so much now.
    pub fn handed_over(
        &mut self,
        handover: &Handover,
        truth: &Truth,
        orders: &Orders,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        let mut open = self.open.iter_mut();
        let Some((&order, known)) = open.find(|(id, _)| LoadId::of(**id) == handover.load) else {
            return;
        };
        let stop = match handover.taking {
            true => known.spec.pickup,
            false => known.spec.drop,
        };
        let pieces = handover.cargo.pieces;
        match handover.taking {
            true => known.taken = Some(pieces),
            false => known.brought = Some(pieces),
        }
        if orders.doubts(order) {
            return;
        }
        if stop.buffer != handover.buffer && stop.buffer.is_some() {
            let name = |b: Option<BufferId>| b.map_or("no buffer", |b| &self.names[b.index()]);
            findings.note("stock", now_ms, || {
                format!(
                    "the load of order {} went by {}, and belongs to {}",
                    order.0,
                    name(handover.buffer),
                    name(stop.buffer)
                )
            });
        }
        let brings = !handover.taking && !known.misled;
        if let Some(buffer) = handover.buffer.filter(|_| brings)
            && let Some(room) = self.room[buffer.index()]
            && truth.level(buffer) > room
        {
            findings.note("stock", now_ms, || {
                format!(
                    "order {} brought {pieces} pieces to {}, where {} are now and only {room} fit",
                    order.0,
                    self.names[buffer.index()],
                    truth.level(buffer)
                )
            });
        }
    }

    /// A change that is durable.
    pub fn changed(
        &mut self,
        delta: &Delta,
        orders: &Orders,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        match delta {
            Delta::Submitted { id, spec, .. } => {
                let mut known = Known::new(*spec);
                let until = spec.drop.buffer.map(|b| self.misled_until_ms[b.index()]);
                known.misled = until.is_some_and(|until_ms| now_ms < until_ms);
                self.open.insert(*id, known);
            }
            Delta::Moved(step) if step.to.is_final() => {
                let known = self.open.remove(&step.order);
                if step.to == OrderState::Completed {
                    self.brought(step.spec);
                }
                if let Some(known) = known.filter(|_| !orders.doubts(step.order)) {
                    known.ended(step, now_ms, findings);
                }
            }
            _ => {}
        }
    }

    /// An order was completed.
    fn brought(&mut self, spec: OrderSpec) {
        if let Some(buffer) = spec.drop.buffer
            && let Some(pieces) = &mut self.counted[buffer.index()]
        {
            *pieces += u64::from(spec.quantity);
        }
    }

    /// A new controller has started, and this is what it knows. `excused`: a disk that lied has lost something.
    pub fn restarted(
        &mut self,
        model: &ReadModel,
        excused: bool,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        let view = |id: &OrderId| model.orders.get(id);
        let ended: Vec<OrderId> = (self.open.keys())
            .filter(|id| view(id).is_none_or(|o| o.state.is_final()))
            .copied()
            .collect();
        for id in ended {
            // It ended, and that was kept although the dead controller did not live to tell.
            self.open.remove(&id);
            if let Some(order) = view(&id).filter(|o| o.state == OrderState::Completed) {
                self.brought(order.spec);
            }
        }
        for order in model.orders.values().filter(|o| !o.state.is_final()) {
            self.open.entry(order.id).or_insert(Known::new(order.spec));
        }
        // What is lost of the counts is named with the rest, and nobody can know it any more.
        if excused {
            let kept = self.counted.iter_mut().zip(&model.stock);
            kept.for_each(|(counted, &pieces)| *counted = counted.map(|_| pieces.into()));
        }
        self.shown(model, now_ms, findings);
    }

    /// The controller's accounts, and what it shows, are what orders have brought.
    pub fn compare(
        &self,
        accounts: &[Account],
        model: &ReadModel,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        for (i, account) in accounts.iter().enumerate() {
            self.check(i, account.pieces, "counts", now_ms, findings);
        }
        self.shown(model, now_ms, findings);
    }

    fn shown(&self, model: &ReadModel, now_ms: u64, findings: &mut Findings) {
        for (i, &pieces) in model.stock.iter().enumerate() {
            self.check(i, pieces, "shows", now_ms, findings);
        }
    }

    fn check(&self, at: usize, has: u32, does: &str, now_ms: u64, findings: &mut Findings) {
        if let Some(pieces) = self.counted[at].filter(|&pieces| pieces != u64::from(has)) {
            findings.note("stock", now_ms, || {
                let name = &self.names[at];
                format!("the controller {does} {has} pieces in {name}, and {pieces} were brought")
            });
        }
    }
}

impl Known {
    fn new(spec: OrderSpec) -> Self {
        Self {
            spec,
            taken: None,
            brought: None,
            misled: false,
        }
    }

    /// It has ended so, with nobody whose word does not count: then as many pieces have come as it says.
    fn ended(&self, step: &Transition, now_ms: u64, findings: &mut Findings) {
        let (order, quantity) = (step.order.0, self.spec.quantity);
        if self.spec.drop.buffer.is_none() || quantity == 0 {
            return;
        }
        // One that fails although its load has come is no lie: a vehicle that was pushed or switched off while it gave the
        // load away has forgotten its action, and then only a person can say where the load is.
        if let (OrderState::Completed, Some(pieces)) = (step.to, self.brought)
            && pieces != quantity
        {
            findings.note("stock", now_ms, || {
                format!(
                    "order {order} counts for {quantity} pieces, and brought {pieces} of {:?}",
                    self.taken
                )
            });
        }
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
