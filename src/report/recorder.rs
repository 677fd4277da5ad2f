//! The recorder: looks at a rehearsal once a simulated second and writes its chronicle.
//!
//! It only reads, so a run with it is the run without it.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use takt_maps::words::OperatingMode;
use takt_maps::{Floor, NodeId, OrderId, VehicleId};
use takt_scheduler::orders::OrderState;

use super::chronicle::{
    Chronicle, Doing, FaultLine, Hindrance, LOOK_MS, OrderEnd, Sample, ViolationLine,
};
use super::traffic::Follow;
use crate::follower::model::{MissionView, OrderView, ReadModel, VehicleView, WaitView};
use crate::host::virtual_time::Rehearsal;

/// Looks at one rehearsal.
#[derive(Clone, Debug)]
pub struct Recorder {
    floor: Arc<Floor>,
    chronicle: Chronicle,
    follow: Follow,
    /// Orders that were open at the last look.
    open: BTreeSet<OrderId>,
    /// The newest order seen so far.
    newest: OrderId,
    next_ms: u64,
}

impl Recorder {
    /// A recorder of a rehearsal that begins now. What a store holds of orders that ended before is not counted.
    pub fn new(rehearsal: &Rehearsal) -> Self {
        let model = rehearsal.model();
        let orders = &model.orders;
        let floor = model.floor.clone();
        Self {
            chronicle: Chronicle::new(floor.vehicles.len()),
            follow: Follow::new(&floor),
            open: orders
                .values()
                .filter(|o| !o.state.is_final())
                .map(|o| o.id)
                .collect(),
            newest: orders.last_key_value().map_or(OrderId(0), |(id, _)| *id),
            next_ms: rehearsal.now_ms() + LOOK_MS,
            floor,
        }
    }

    /// Looks, if a second is over since the last look; to be called after each step.
    #[inline]
    pub fn look(&mut self, rehearsal: &Rehearsal) {
        if rehearsal.now_ms() >= self.next_ms {
            self.look_now(rehearsal);
        }
    }

    fn look_now(&mut self, rehearsal: &Rehearsal) {
        let now_ms = rehearsal.now_ms();
        self.next_ms = now_ms + LOOK_MS;
        let since_ms = std::mem::replace(&mut self.chronicle.until_ms, now_ms);
        let model = rehearsal.model();
        let traffic = rehearsal.controller().traffic();
        for (index, view) in model.vehicles.iter().enumerate() {
            let vehicle = VehicleId::from_index(index);
            let driven = &mut self.chronicle.traversals;
            let node = self.follow.look(&self.floor, traffic, vehicle, driven);
            let hindrance = hindrance(view).map(|why| (why, node));
            let doing = doing(view.mission);
            self.chronicle
                .vehicle(vehicle, (since_ms, now_ms), doing, hindrance);
        }
        self.orders(model, now_ms);
        let statistics = rehearsal.sim().statistics();
        let now = model.now_ms;
        let late = |id: &OrderId| model.orders.get(id).is_some_and(|o| o.late(now));
        self.chronicle.samples.push(Sample {
            at_ms: now_ms,
            open: self.open.len() as u64,
            late: self.open.iter().filter(|id| late(id)).count() as u64,
            starved_ms: statistics.lines.iter().map(|l| l.starvation_ms).collect(),
        });
    }

    /// Finds the orders that are new, and those that have ended.
    fn orders(&mut self, model: &ReadModel, now_ms: u64) {
        let after = (Bound::Excluded(self.newest), Bound::Unbounded);
        for &id in model.orders.range(after).map(|(id, _)| id) {
            self.newest = id;
            self.open.insert(id);
        }
        let ended = &mut self.chronicle.orders;
        self.open.retain(|id| match model.orders.get(id) {
            Some(order) if order.state.is_final() => {
                ended.extend(end(order, now_ms));
                false
            }
            still => still.is_some(),
        });
    }

    /// What was recorded; `faults` are those that were put into the run, `violations` what judges objected to.
    pub fn end(mut self, faults: Vec<FaultLine>, violations: Vec<ViolationLine>) -> Chronicle {
        self.chronicle.faults = faults;
        self.chronicle.violations = violations;
        self.chronicle
    }

    /// Ways between two looks that could not be followed along edges.
    pub fn unknown_ways(&self) -> u64 {
        self.follow.unknown
    }
}

/// How an order ended; its end is put at the time of the look, which is at most a second later.
fn end(order: &OrderView, now_ms: u64) -> Option<OrderEnd> {
    let ended_ms = order.ended_ms?;
    let deadline = order.spec.deadline_ms;
    Some(OrderEnd {
        lead_ms: ended_ms.saturating_sub(order.submitted_ms),
        at_ms: now_ms,
        completed: order.state == OrderState::Completed,
        late_ms: deadline
            .and_then(|d| ended_ms.checked_sub(d))
            .filter(|&l| l > 0),
    })
}

fn doing(mission: MissionView) -> Doing {
    match mission {
        MissionView::Idle => Doing::Idle,
        MissionView::ToPickup(_) => Doing::ToPickup,
        MissionView::Loading(_) => Doing::Loading,
        MissionView::ToDrop(_) => Doing::ToDrop,
        MissionView::Unloading(_) => Doing::Unloading,
        MissionView::ToCharger => Doing::ToCharger,
        MissionView::Charging => Doing::Charging,
        MissionView::Parking => Doing::Parking,
    }
}

/// Why a vehicle stands, if it does; one that has nothing to do does not wait.
fn hindrance(view: &VehicleView) -> Option<Hindrance> {
    if view.fault != 0 || !view.linked || view.mode != OperatingMode::Automatic {
        return Some(Hindrance::Fault);
    }
    if view.paused {
        return Some(Hindrance::Paused);
    }
    if view.speed_mm_s > 0 || view.mission == MissionView::Idle {
        return None;
    }
    match view.wait {
        // The dialogue with a device is part of loading, unloading and charging.
        WaitView::None | WaitView::Device => None,
        WaitView::Plan => Some(Hindrance::Plan),
        WaitView::Vehicle(other) => Some(Hindrance::Vehicle(other)),
        WaitView::Zone => Some(Hindrance::Zone),
        WaitView::Door => Some(Hindrance::Door),
        WaitView::Blocked => Some(Hindrance::Blocked),
        WaitView::Paused => Some(Hindrance::Paused),
        WaitView::Link | WaitView::Position | WaitView::Fault => Some(Hindrance::Fault),
    }
}

/// What a place is called: the station or charger there, otherwise its node.
pub(super) fn place_name(floor: &Floor, node: NodeId) -> &str {
    let station = floor.stations.iter().find(|s| s.node == node);
    let charger = floor.chargers.iter().find(|c| c.node == node);
    station
        .map(|s| &s.name)
        .or(charger.map(|c| &c.name))
        .unwrap_or(&floor.roadmap.node(node).name)
}

#[cfg(test)]
mod tests;
