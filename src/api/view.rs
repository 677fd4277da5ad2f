//! The read model in the API's words: names for ids, UTC for controller time, metres for millimetres.

use std::sync::Arc;

use takt_maps::words::OperatingMode;
use takt_maps::{BufferId, Floor, StationId, VehicleId};
use takt_scheduler::orders::{OrderState, Reason};

use super::v1;
use crate::follower::model::{MissionView, OrderView, ReadModel, VehicleView, WaitView};

/// What translation needs beside the thing itself.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// For names.
    pub(super) floor: Arc<Floor>,
    /// Controller time.
    pub(super) now_ms: u64,
    /// UTC of controller time 0, in milliseconds since 1970.
    pub(super) zero_utc_ms: u64,
}

impl Frame {
    /// As the model is now.
    pub(super) fn of(model: &ReadModel) -> Self {
        Self {
            floor: model.floor.clone(),
            now_ms: model.now_ms,
            zero_utc_ms: model.started_utc_ms,
        }
    }

    /// UTC of a controller time, in milliseconds since 1970.
    pub(super) fn utc_ms(&self, at_ms: u64) -> i64 {
        i64::try_from(self.zero_utc_ms.saturating_add(at_ms)).unwrap_or(i64::MAX)
    }

    /// Controller time of a UTC time, in milliseconds; 0 for what was before.
    pub(super) fn controller_ms(&self, utc_ms: i64) -> u64 {
        u64::try_from(utc_ms)
            .unwrap_or(0)
            .saturating_sub(self.zero_utc_ms)
    }

    fn station(&self, id: StationId) -> String {
        self.floor.stations[id.index()].name.clone()
    }

    fn buffer(&self, id: Option<BufferId>) -> String {
        id.map_or_else(String::new, |id| {
            self.floor.buffers[id.index()].name.clone()
        })
    }

    fn vehicle_name(&self, id: VehicleId) -> String {
        self.floor.vehicles[id.index()].name.clone()
    }

    /// An order.
    pub(super) fn order(&self, view: &OrderView) -> v1::Order {
        let spec = &view.spec;
        v1::Order {
            id: view.id.0,
            client_id: view.client_id.clone(),
            person: view.person.clone(),
            pickup_station: self.station(spec.pickup.station),
            drop_station: self.station(spec.drop.station),
            pickup_buffer: self.buffer(spec.pickup.buffer),
            drop_buffer: self.buffer(spec.drop.buffer),
            quantity: spec.quantity,
            priority: u32::from(spec.priority),
            release_time_ms: if spec.release_ms == 0 {
                0
            } else {
                self.utc_ms(spec.release_ms)
            },
            deadline_ms: spec.deadline_ms.map_or(0, |at| self.utc_ms(at)),
            depends_on: spec.depends_on.map_or(0, |id| id.0),
            state: state(view.state).into(),
            vehicle: view
                .state
                .vehicle()
                .map_or_else(String::new, |id| self.vehicle_name(id)),
            reason: view
                .reason
                .filter(|_| view.state.is_final())
                .map_or("", reason)
                .to_owned(),
            late: view.late(self.now_ms),
            submit_time_ms: self.utc_ms(view.submitted_ms),
            end_time_ms: view.ended_ms.map_or(0, |at| self.utc_ms(at)),
            revision: view.revision,
        }
    }

    /// A vehicle of the floor.
    pub(super) fn vehicle(&self, id: VehicleId, view: &VehicleView) -> v1::Vehicle {
        let (mission, order) = mission(view.mission);
        let metres = |mm: i32| f64::from(mm) / 1_000.0;
        let pose = view.pose.unwrap_or_default();
        v1::Vehicle {
            name: self.vehicle_name(id),
            kind: self.floor.kind_of(id).name.clone(),
            located: view.pose.is_some(),
            x_m: metres(pose.x_mm),
            y_m: metres(pose.y_mm),
            heading_rad: f64::from(pose.heading_mrad) / 1_000.0,
            speed_m_s: f64::from(view.speed_mm_s) / 1_000.0,
            battery: f64::from(view.battery_permille) / 1_000.0,
            loaded: view.loaded,
            mission: mission.to_owned(),
            order,
            wait: self.wait(view.wait),
            paused: view.paused,
            linked: view.linked,
            mode: mode(view.mode).to_owned(),
            fault: u32::from(view.fault),
            distance_m: view.distance_mm as f64 / 1_000.0,
            report_age_ms: self.now_ms.saturating_sub(view.seen_ms),
        }
    }

    fn wait(&self, wait: WaitView) -> String {
        match wait {
            WaitView::None => "",
            WaitView::Plan => "plan",
            WaitView::Vehicle(id) => return format!("vehicle {}", self.vehicle_name(id)),
            WaitView::Zone => "zone",
            WaitView::Door => "door",
            WaitView::Blocked => "blocked",
            WaitView::Device => "device",
            WaitView::Paused => "paused",
            WaitView::Link => "link",
            WaitView::Position => "position",
            WaitView::Fault => "fault",
        }
        .to_owned()
    }
}

fn mission(mission: MissionView) -> (&'static str, u64) {
    match mission {
        MissionView::Idle => ("idle", 0),
        MissionView::ToPickup(order) => ("to_pickup", order.0),
        MissionView::Loading(order) => ("loading", order.0),
        MissionView::ToDrop(order) => ("to_drop", order.0),
        MissionView::Unloading(order) => ("unloading", order.0),
        MissionView::ToCharger => ("to_charger", 0),
        MissionView::Charging => ("charging", 0),
        MissionView::Parking => ("parking", 0),
    }
}

fn mode(mode: OperatingMode) -> &'static str {
    match mode {
        OperatingMode::Automatic => "automatic",
        OperatingMode::Manual => "manual",
        OperatingMode::EmergencyStop => "emergency_stop",
    }
}

fn state(state: OrderState) -> v1::OrderState {
    match state {
        OrderState::Waiting => v1::OrderState::Waiting,
        OrderState::Open => v1::OrderState::Open,
        OrderState::Assigned { .. } => v1::OrderState::Assigned,
        OrderState::Loading { .. } => v1::OrderState::Loading,
        OrderState::Carrying { .. } => v1::OrderState::Carrying,
        OrderState::Unloading { .. } => v1::OrderState::Unloading,
        OrderState::Completed => v1::OrderState::Completed,
        OrderState::Cancelled => v1::OrderState::Cancelled,
        OrderState::Failed => v1::OrderState::Failed,
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ByPerson => "cancelled by a person",
        Reason::DependencyFailed => "the order that it depends on was cancelled or failed",
        Reason::LoadLost => "the load is not where it should be",
        Reason::TransferFailed => "taking or handing over the load failed",
        Reason::VehicleRemoved => "the vehicle was taken off the floor with the load on board",
        Reason::VehicleUnavailable => "the vehicle cannot go on",
        Reason::Reassigned => "given to another vehicle",
        Reason::Unreachable => "no vehicle can get from the pickup to the drop",
    }
}
