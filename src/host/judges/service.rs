//! The judge of service: once nothing goes wrong any more, every order that was open ends, and every vehicle is in
//! service again, within a bound.

use takt_maps::{Floor, OrderId, VehicleId};

use super::orders::Orders;
use super::{Findings, Violation};
use crate::follower::model::{MissionView, ReadModel, WaitView};

/// So long after the last fault every order and every vehicle may take.
pub const SETTLING_MS: u64 = 30 * 60_000;

/// Watches a floor on which nothing goes wrong any more.
#[derive(Debug)]
pub struct Service {
    since_ms: u64,
    orders: Vec<OrderId>,
}

impl Service {
    /// From now on nothing goes wrong, and these orders are open.
    pub fn new(orders: &Orders, now_ms: u64) -> Self {
        Self {
            since_ms: now_ms,
            orders: orders.open().collect(),
        }
    }

    /// Is all as it should be? The bound may still be far.
    pub fn settled(&mut self, model: &ReadModel) -> bool {
        let open = |id: &OrderId| model.orders.get(id).is_some_and(|o| !o.state.is_final());
        self.orders.retain(open);
        self.orders.is_empty()
            && (0..model.vehicles.len())
                .all(|i| complaint(model, VehicleId::from_index(i)).is_none())
    }

    /// Is the time up? Then this is what is not as it should be.
    pub fn complaints(
        &self,
        floor: &Floor,
        model: &ReadModel,
        at_ms: u64,
    ) -> Option<Vec<Violation>> {
        if at_ms < self.since_ms + SETTLING_MS {
            return None;
        }
        let mut found = Findings::default();
        let minutes = SETTLING_MS / 60_000;
        for id in &self.orders {
            let state = model.orders.get(id).map(|o| o.state);
            found.note("service", at_ms, || {
                format!(
                    "order {} is still {state:?}, {minutes} minutes after the last fault",
                    id.0
                )
            });
        }
        for (i, vehicle) in floor.vehicles.iter().enumerate() {
            if let Some(complaint) = complaint(model, VehicleId::from_index(i)) {
                found.note("service", at_ms, || {
                    format!(
                        "{} {complaint}, {minutes} minutes after the last fault",
                        vehicle.name
                    )
                });
            }
        }
        Some(found.violations)
    }
}

/// Why a vehicle is not in service.
pub fn complaint(model: &ReadModel, vehicle: VehicleId) -> Option<&'static str> {
    let v = &model.vehicles[vehicle.index()];
    if let MissionView::ToPickup(id)
    | MissionView::Loading(id)
    | MissionView::ToDrop(id)
    | MissionView::Unloading(id) = v.mission
        && model.orders.get(&id).is_none_or(|o| o.state.is_final())
    {
        return Some("works on an order that has ended");
    }
    match v.wait {
        _ if !v.linked => Some("is out of touch"),
        _ if v.paused => Some("is paused"),
        WaitView::Position => Some("is not where it should be"),
        WaitView::Fault => Some("is faulty"),
        _ if v.fault != 0 => Some("reports a fault"),
        _ => None,
    }
}
