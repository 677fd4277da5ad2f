//! Takt's own messages: names for ids, metres for millimetres.

use serde::Serialize;
use serde_json::{Value, json};
use takt_maps::words::{OperatingMode, VehicleActivity};
use takt_maps::{BufferId, DeviceId, DoorId, Floor, OrderId, StationId, VehicleId};
use takt_scheduler::orders::{OrderSpec, OrderState, Origin, Transition};

use super::Beginning;
use crate::controller::{Ask, StateHash, VehicleStatus};
use crate::follower::model::{
    AlarmKind, AlarmPriority, DoorView, MissionView, OrderView, WaitView, state_word,
};
use crate::follower::{Client, FLOOR};

/// A vehicle as it says that it is; this is most of the file.
#[derive(Serialize)]
pub(super) struct Vehicle<'a> {
    x_m: Option<f64>,
    y_m: Option<f64>,
    heading_rad: Option<f64>,
    speed_m_s: f64,
    battery: f64,
    loaded: bool,
    mission: &'static str,
    order: Option<u64>,
    wait: &'static str,
    waits_for: Option<&'a str>,
    mode: &'static str,
    activity: &'static str,
    fault: u16,
    linked: bool,
    distance_m: f64,
}

/// Millimetres as metres.
pub(super) fn metres(mm: i32) -> f64 {
    f64::from(mm) / 1_000.0
}

pub(super) fn vehicle<'a>(floor: &'a Floor, status: &VehicleStatus) -> Vehicle<'a> {
    let (mission, order) = match status.mission {
        MissionView::Idle => ("idle", None),
        MissionView::ToPickup(order) => ("to_pickup", Some(order)),
        MissionView::Loading(order) => ("loading", Some(order)),
        MissionView::ToDrop(order) => ("to_drop", Some(order)),
        MissionView::Unloading(order) => ("unloading", Some(order)),
        MissionView::ToCharger => ("to_charger", None),
        MissionView::Charging => ("charging", None),
        MissionView::Parking => ("parking", None),
    };
    let (wait, waits_for) = match status.wait {
        WaitView::None => ("none", None),
        WaitView::Plan => ("plan", None),
        WaitView::Vehicle(other) => ("vehicle", Some(other)),
        WaitView::Zone => ("zone", None),
        WaitView::Door => ("door", None),
        WaitView::Blocked => ("blocked", None),
        WaitView::Device => ("device", None),
        WaitView::Paused => ("paused", None),
        WaitView::Link => ("link", None),
        WaitView::Position => ("position", None),
        WaitView::Fault => ("fault", None),
    };
    Vehicle {
        x_m: status.pose.map(|p| metres(p.x_mm)),
        y_m: status.pose.map(|p| metres(p.y_mm)),
        heading_rad: status.pose.map(|p| f64::from(p.heading_mrad) / 1_000.0),
        speed_m_s: f64::from(status.speed_mm_s) / 1_000.0,
        battery: f64::from(status.battery_permille) / 1_000.0,
        loaded: status.loaded,
        mission,
        order: order.map(|o| o.0),
        wait,
        waits_for: waits_for.map(|v| vehicle_name(floor, v)),
        mode: match status.mode {
            OperatingMode::Automatic => "automatic",
            OperatingMode::Manual => "manual",
            OperatingMode::EmergencyStop => "emergency_stop",
        },
        activity: match status.activity {
            VehicleActivity::Idle => "idle",
            VehicleActivity::Driving => "driving",
            VehicleActivity::Acting => "acting",
            VehicleActivity::Charging => "charging",
            VehicleActivity::Fault => "fault",
        },
        fault: status.fault,
        linked: status.linked,
        distance_m: status.distance_mm as f64 / 1_000.0,
    }
}

pub(super) fn life(floor: &Floor, life: &Beginning<'_>) -> Value {
    json!({
        "floor": floor.name,
        "epoch": life.epoch,
        "build": life.build,
        "seed": life.seed,
        "vehicles": floor.vehicles.len(),
        "orders_open": life.follower.model.kpis.orders_open,
    })
}

/// An order in a state; `was` is the one before, `None` when nothing was before.
fn order(
    floor: &Floor,
    id: OrderId,
    spec: &OrderSpec,
    state: OrderState,
    was: Option<OrderState>,
) -> Value {
    json!({
        "order": id.0,
        "state": state_word(state),
        "was": was.map(state_word),
        "vehicle": state.vehicle().map(|v| vehicle_name(floor, v)),
        "from": station_name(floor, spec.pickup.station),
        "to": station_name(floor, spec.drop.station),
        "priority": spec.priority,
        "quantity": spec.quantity,
        "release_ms": spec.release_ms,
        "deadline_ms": spec.deadline_ms,
        "depends_on": spec.depends_on.map(|o| o.0),
        "origin": match spec.origin {
            Origin::Client => "client",
            Origin::CallOff(_) => "call_off",
            Origin::Collection(_) => "collection",
            Origin::Workload => "workload",
        },
        "person": null,
        "client_id": null,
        "reason": null,
        "restored": false,
    })
}

pub(super) fn accepted(
    floor: &Floor,
    id: OrderId,
    spec: &OrderSpec,
    state: OrderState,
    client: Option<&Client>,
) -> Value {
    let mut message = order(floor, id, spec, state, None);
    message["person"] = client.map_or(FLOOR, |c| &c.person).into();
    message["client_id"] = client.map(|c| c.client_id.as_str()).into();
    message
}

pub(super) fn restored(floor: &Floor, view: &OrderView) -> Value {
    let mut message = order(floor, view.id, &view.spec, view.state, None);
    message["person"] = view.person.as_str().into();
    message["client_id"] = view.client_id.as_str().into();
    message["restored"] = true.into();
    message
}

pub(super) fn moved(floor: &Floor, t: &Transition) -> Value {
    let mut message = order(floor, t.order, &t.spec, t.to, t.from);
    message["reason"] = t.reason.map(|reason| word(&reason)).into();
    message
}

pub(super) fn request(floor: &Floor, person: &str, request: &Ask) -> Value {
    let (what, order, vehicle) = match request {
        Ask::Submit(_) => ("submit", None, None),
        Ask::Cancel(order) => ("cancel", Some(order.0), None),
        Ask::PauseVehicle(vehicle, true) => ("pause_vehicle", None, Some(*vehicle)),
        Ask::PauseVehicle(vehicle, false) => ("resume_vehicle", None, Some(*vehicle)),
        Ask::LocateVehicle(vehicle) => ("locate_vehicle", None, Some(*vehicle)),
        Ask::PauseFloor(true) => ("pause_floor", None, None),
        Ask::PauseFloor(false) => ("resume_floor", None, None),
        Ask::Prioritise(order, _) => ("prioritise", Some(order.0), None),
        Ask::BlockEdge(_, true) => ("block_edge", None, None),
        Ask::BlockEdge(_, false) => ("free_edge", None, None),
    };
    let vehicle = vehicle.map(|v| vehicle_name(floor, v));
    json!({ "person": person, "request": what, "order": order, "vehicle": vehicle })
}

pub(super) fn stock(floor: &Floor, buffer: BufferId, pieces: u32) -> Value {
    let b = floor.buffers.get(buffer.index());
    json!({
        "buffer": b.map(|b| &b.name),
        "station": b.map(|b| station_name(floor, b.station)),
        "material": b.and_then(|b| floor.materials.get(b.material.index())).map(|m| &m.name),
        "pieces": pieces,
        "capacity": b.map(|b| b.capacity),
    })
}

/// Of a vehicle, or of the whole floor.
pub(super) fn paused(floor: &Floor, vehicle: Option<VehicleId>, paused: bool) -> Value {
    let vehicle = vehicle.map(|v| vehicle_name(floor, v));
    json!({ "vehicle": vehicle, "paused": paused })
}

pub(super) fn door(floor: &Floor, door: DoorId, state: DoorView) -> Value {
    let name = floor.doors.get(door.index()).map(|d| &d.name);
    json!({ "door": name, "state": state })
}

pub(super) fn device(floor: &Floor, device: DeviceId, up: bool) -> Value {
    json!({ "device": device_name(floor, device), "up": up })
}

/// An alarm that comes with this priority, or goes.
pub(super) fn alarm(floor: &Floor, kind: AlarmKind, priority: Option<AlarmPriority>) -> Value {
    let (what, about) = match kind {
        AlarmKind::VehicleLink(v) => ("vehicle_link", vehicle_name(floor, v)),
        AlarmKind::VehiclePosition(v) => ("vehicle_position", vehicle_name(floor, v)),
        AlarmKind::VehicleFault(v) => ("vehicle_fault", vehicle_name(floor, v)),
        AlarmKind::VehicleLoad(v) => ("vehicle_load", vehicle_name(floor, v)),
        AlarmKind::DeviceLink(d) => ("device_link", device_name(floor, d)),
        AlarmKind::Handshake(d) => ("handshake", device_name(floor, d)),
        AlarmKind::Transfer(s) => ("transfer", station_name(floor, s)),
        AlarmKind::Invariant => ("invariant", ""),
        AlarmKind::Deadline => ("deadline", ""),
        AlarmKind::Overrun => ("overrun", ""),
        AlarmKind::GrantsHeld => ("grants_held", ""),
        AlarmKind::OverrunStop => ("overrun_stop", ""),
        AlarmKind::StoreLoss => ("store_loss", ""),
    };
    json!({ "kind": what, "about": about, "active": priority.is_some(), "priority": priority })
}

pub(super) fn locating(missing: u32) -> Value {
    json!({ "missing": missing })
}

/// Hashes are text: they have more digits than JSON's numbers hold everywhere.
pub(super) fn state_hash(cycle: u64, hash: &StateHash) -> Value {
    let mut message = json!({ "cycle": cycle, "hash": format!("{:016x}", hash.total()) });
    for (part, value) in StateHash::PARTS.iter().zip(hash.parts) {
        message[*part] = format!("{value:016x}").into();
    }
    message
}

/// The name of a fieldless variant in small letters: `TransferFailed` is `transfer_failed`.
fn word(variant: &impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn vehicle_name(floor: &Floor, vehicle: VehicleId) -> &str {
    floor.vehicles.get(vehicle.index()).map_or("", |v| &v.name)
}

fn station_name(floor: &Floor, station: StationId) -> &str {
    floor.stations.get(station.index()).map_or("", |s| &s.name)
}

fn device_name(floor: &Floor, device: DeviceId) -> &str {
    floor.devices.get(device.index()).map_or("", |d| &d.name)
}
