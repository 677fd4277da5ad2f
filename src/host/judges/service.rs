//! The judge of service: once nothing goes wrong any more, every order that was open ends, and every vehicle is in
//! service again, within a bound.

use takt_maps::{Floor, OrderId, VehicleId};

use super::orders::Orders;
use super::standing::Judge;
use super::{Findings, Violation};
use crate::follower::model::{MissionView, ReadModel, WaitView};

/// So long after the last fault every order and every vehicle may take.
pub const SETTLING_MS: u64 = 30 * 60_000;

/// Watches a floor on which nothing goes wrong any more.
#[derive(Debug)]
pub struct Service {
    since_ms: u64,
    orders: Vec<OrderId>,
    /// Since when all has been well.
    well_since_ms: Option<u64>,
}

/// All has to be well for so long: a good moment may be one between two bad ones.
const WELL_MS: u64 = 10_000;

/// Who stands for others for longer may be deadlocked.
const STANDING_MS: u64 = 60_000;

impl Service {
    /// From now on nothing goes wrong, and these orders are open.
    pub fn new(orders: &Orders, now_ms: u64) -> Self {
        Self {
            since_ms: now_ms,
            orders: orders.open().collect(),
            well_since_ms: None,
        }
    }

    /// Is all as it should be, and has been for a while? The bound may still be far. To be asked once a second.
    pub fn settled(&mut self, model: &ReadModel, standing: &Judge, now_ms: u64) -> bool {
        let well = self.is_well(model, standing, now_ms);
        self.well_since_ms = well.then(|| self.well_since_ms.unwrap_or(now_ms));
        self.well_since_ms
            .is_some_and(|since_ms| now_ms >= since_ms + WELL_MS)
    }

    fn is_well(&mut self, model: &ReadModel, standing: &Judge, now_ms: u64) -> bool {
        let open = |id: &OrderId| model.orders.get(id).is_some_and(|o| !o.state.is_final());
        self.orders.retain(open);
        self.orders.is_empty()
            && standing.stands(now_ms, STANDING_MS).next().is_none()
            && (0..model.vehicles.len())
                .all(|i| complaint(model, VehicleId::from_index(i)).is_none())
    }

    /// Is the time up? Then this is what is not as it should be.
    pub fn complaints(
        &self,
        floor: &Floor,
        model: &ReadModel,
        standing: &Judge,
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
        for vehicle in standing.stands(at_ms, STANDING_MS) {
            found.note("service", at_ms, || {
                format!(
                    "{} stands for others, {minutes} minutes after the last fault",
                    floor.vehicles[vehicle.index()].name
                )
            });
        }
        if found.violations.is_empty() {
            found.note("service", at_ms, || {
                format!("never was all well for a while in {minutes} minutes after the last fault")
            });
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
