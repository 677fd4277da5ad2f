//! The people of a rehearsal: they pause and resume, cancel and prioritise, and put vehicles back into service after an
//! emergency stop, as somebody on a real floor has to.

use std::collections::BTreeSet;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::words::OperatingMode;
use takt_maps::{EdgeId, OrderId, VehicleId};
use takt_scheduler::orders::OrderState;

use crate::controller::Ask;
use crate::follower::model::{AlarmKind, AlarmView, ReadModel, WaitView};

/// They look round so often.
const ROUND_MS: u64 = 1_000;
/// A vehicle that stands ready after an emergency stop, manual mode or power-on is resumed after so long.
const RESUME_MS: u64 = 5_000;

/// A vehicle that keeps a controller from beginning is driven back to a node after so long.
const FETCH_MS: u64 = 60_000;
/// A vehicle that is not where it should be is looked at after so long, and told to go on.
const STRAY_MS: u64 = 60_000;
/// A load that nobody has ordered is taken off after so long.
const UNLOAD_MS: u64 = 15_000;

/// What operators want, and what they have seen.
pub(super) struct Operators {
    random: Pcg32,
    /// Vehicles that somebody wants to be paused; how often.
    pauses: Vec<u32>,
    /// Somebody wants the floor to be paused; how often.
    floor_pauses: u32,
    /// Edges that somebody wants to be blocked.
    blocked: BTreeSet<EdgeId>,
    /// Since when each vehicle stands ready, paused, and nobody wants it to be.
    ready_since_ms: Vec<Option<u64>>,
    /// Since when the controller waits for vehicles to say where they are.
    unlocated_since_ms: Option<u64>,
    /// Since when each vehicle stands, and not where it should be.
    astray_since_ms: Vec<Option<u64>>,
    /// Since when each vehicle stands with a load that it has no order for.
    stray_since_ms: Vec<Option<u64>>,
    next_round_ms: u64,
}

impl Operators {
    pub(super) fn new(vehicles: usize, seed: u64) -> Self {
        Self {
            random: Pcg32::seed_from_u64(seed ^ 0x0be2_a705),
            pauses: vec![0; vehicles],
            floor_pauses: 0,
            blocked: BTreeSet::new(),
            ready_since_ms: vec![None; vehicles],
            unlocated_since_ms: None,
            astray_since_ms: vec![None; vehicles],
            stray_since_ms: vec![None; vehicles],
            next_round_ms: 0,
        }
    }

    /// Somebody wants a vehicle to be paused from now on, or no longer.
    pub(super) fn want_paused(&mut self, vehicle: VehicleId, paused: bool) {
        count(&mut self.pauses[vehicle.index()], paused);
    }

    /// Somebody wants the floor to be paused from now on, or no longer.
    pub(super) fn want_floor_paused(&mut self, paused: bool) {
        count(&mut self.floor_pauses, paused);
    }

    /// Somebody wants an edge to be blocked from now on, or no longer.
    pub(super) fn want_blocked(&mut self, edge: EdgeId, blocked: bool) {
        if blocked {
            self.blocked.insert(edge);
        } else {
            self.blocked.remove(&edge);
        }
    }

    /// What they ask for now, if anything. A request that is lost is made again: they look at what is shown.
    pub(super) fn look_round(&mut self, model: &ReadModel, now_ms: u64, asks: &mut Vec<Ask>) {
        if now_ms < self.next_round_ms {
            return;
        }
        self.next_round_ms = now_ms + ROUND_MS;
        let floor_paused = self.floor_pauses > 0;
        if model.paused != floor_paused {
            asks.push(Ask::PauseFloor(floor_paused));
        }
        let change = self.blocked.symmetric_difference(&model.blocked);
        asks.extend(change.map(|&edge| Ask::BlockEdge(edge, self.blocked.contains(&edge))));
        for (i, view) in model.vehicles.iter().enumerate() {
            let vehicle = VehicleId::from_index(i);
            let wanted = self.pauses[i] > 0;
            let since = &mut self.ready_since_ms[i];
            let ready =
                view.paused && !wanted && view.linked && view.mode == OperatingMode::Automatic;
            *since = if ready {
                Some(since.unwrap_or(now_ms))
            } else {
                None
            };
            if wanted && !view.paused {
                asks.push(Ask::PauseVehicle(vehicle, true));
            } else if since.is_some_and(|since_ms| now_ms >= since_ms + RESUME_MS) {
                asks.push(Ask::PauseVehicle(vehicle, false));
            }
        }
    }

    /// Vehicles that they drive back to a node, since the controller asks where they are and they stand between two.
    pub(super) fn fetch(
        &mut self,
        model: &ReadModel,
        located: bool,
        now_ms: u64,
    ) -> Vec<VehicleId> {
        let since = &mut self.unlocated_since_ms;
        *since = if located {
            None
        } else {
            Some(since.unwrap_or(now_ms))
        };
        if since.is_none_or(|since_ms| now_ms < since_ms + FETCH_MS) {
            return Vec::new();
        }
        let named = model.alarms.iter().filter(|a| a.until_ms.is_none());
        let vehicles = named.filter_map(|a| match a.kind {
            AlarmKind::VehiclePosition(vehicle) => Some(vehicle),
            _ => None,
        });
        let stands = |v: &VehicleId| model.vehicles[v.index()].speed_mm_s == 0;
        vehicles.filter(stands).collect()
    }

    /// Vehicles that they look at since they are not where they should be.
    pub(super) fn look_for(&mut self, model: &ReadModel, now_ms: u64) -> Vec<VehicleId> {
        let mut astray = Vec::new();
        for (i, view) in model.vehicles.iter().enumerate() {
            let since = &mut self.astray_since_ms[i];
            *since = if view.wait == WaitView::Position && view.linked && view.speed_mm_s == 0 {
                Some(since.unwrap_or(now_ms))
            } else {
                None
            };
            if since.is_some_and(|since_ms| now_ms >= since_ms + STRAY_MS) {
                *since = None;
                astray.push(VehicleId::from_index(i));
            }
        }
        astray
    }

    /// Vehicles from which they take a load that nobody has ordered.
    pub(super) fn unload(&mut self, model: &ReadModel, now_ms: u64) -> Vec<VehicleId> {
        let mut unloaded = Vec::new();
        for (i, view) in model.vehicles.iter().enumerate() {
            let vehicle = VehicleId::from_index(i);
            let active =
                |a: &AlarmView| a.kind == AlarmKind::VehicleLoad(vehicle) && a.until_ms.is_none();
            let stray = view.loaded && view.speed_mm_s == 0 && model.alarms.iter().any(active);
            let since = &mut self.stray_since_ms[i];
            *since = if stray {
                Some(since.unwrap_or(now_ms))
            } else {
                None
            };
            if since.is_some_and(|since_ms| now_ms >= since_ms + UNLOAD_MS) {
                *since = None;
                unloaded.push(vehicle);
            }
        }
        unloaded
    }

    /// One of the orders that are open, if there is one.
    pub(super) fn any_order(&mut self, model: &ReadModel) -> Option<OrderId> {
        let open = |s: OrderState| {
            matches!(
                s,
                OrderState::Waiting | OrderState::Open | OrderState::Assigned { .. }
            )
        };
        let all: Vec<OrderId> = (model.orders.values())
            .filter(|o| open(o.state))
            .map(|o| o.id)
            .collect();
        if all.is_empty() {
            return None;
        }
        let nth = (u64::from(self.random.next_u32()) * all.len() as u64) >> 32;
        all.get(nth as usize).copied()
    }
}

fn count(wants: &mut u32, one_more: bool) {
    *wants = if one_more {
        *wants + 1
    } else {
        wants.saturating_sub(1)
    };
}
