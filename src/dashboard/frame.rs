//! What the page gets several times a second: all that moves, and of the rest what has changed since the last frame.

use serde_json::{Value, json};
use takt_maps::words::{OperatingMode, VehicleActivity};
use takt_scheduler::orders::{Origin, Reason};

use crate::follower::model::{AlarmView, OrderView, ReadModel, VehicleView, state_word};

/// Ended orders in a first frame; later frames bring each that ends.
const ENDED_AT_FIRST: usize = 200;

/// What one page has got already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// Revision up to which it has the orders; `None` before the first frame.
    revision: Option<u64>,
    /// Time of the last sample that it has.
    sample_ms: Option<u64>,
}

/// The next frame for a page that has got `sent`.
pub(super) fn frame(model: &ReadModel, sent: &mut Sent) -> Value {
    let mut frame = json!({
        "now_ms": model.now_ms,
        "revision": model.revision,
        "paused": model.paused,
        "notice": model.notice,
        "vehicles": model.vehicles.iter().map(|v| vehicle(v, model.now_ms)).collect::<Vec<_>>(),
        "doors": model.doors,
        "devices": model.devices.iter().map(|d| u8::from(d.up)).collect::<Vec<_>>(),
        "stock": model.stock,
        "alarms": model.alarms.iter().map(alarm).collect::<Vec<_>>(),
        "kpis": model.kpis,
    });
    if sent.revision != Some(model.revision) {
        frame["orders"] = Value::Array(orders(model, sent.revision));
        sent.revision = Some(model.revision);
    }
    let last = model.samples.back().map(|s| s.at_ms);
    if sent.sample_ms != last {
        let new = model.samples.iter();
        let new = new.filter(|s| sent.sample_ms.is_none_or(|at| s.at_ms > at));
        frame["samples"] = json!(new.collect::<Vec<_>>());
        sent.sample_ms = last;
    }
    frame
}

/// The orders that changed after a revision; at first, the open ones and those that ended of late.
fn orders(model: &ReadModel, after: Option<u64>) -> Vec<Value> {
    let all = model.orders.values();
    match after {
        Some(revision) => all.filter(|o| o.revision > revision).map(order).collect(),
        None => {
            let (mut ended, open): (Vec<_>, Vec<_>) = all.partition(|o| o.state.is_final());
            ended.sort_by_key(|o| o.revision);
            let late = ended.len().saturating_sub(ENDED_AT_FIRST);
            ended[late..]
                .iter()
                .chain(&open)
                .copied()
                .map(order)
                .collect()
        }
    }
}

fn vehicle(v: &VehicleView, now_ms: u64) -> Value {
    json!({
        "pose": v.pose.map(|p| (p.x_mm, p.y_mm, p.heading_mrad)),
        "speed": v.speed_mm_s,
        "battery": v.battery_permille,
        "loaded": v.loaded,
        "mode": match v.mode {
            OperatingMode::Automatic => "automatic",
            OperatingMode::Manual => "manual",
            OperatingMode::EmergencyStop => "emergency_stop",
        },
        "activity": match v.activity {
            VehicleActivity::Idle => "idle",
            VehicleActivity::Driving => "driving",
            VehicleActivity::Acting => "acting",
            VehicleActivity::Charging => "charging",
            VehicleActivity::Fault => "fault",
        },
        "fault": v.fault,
        "mission": v.mission,
        "wait": v.wait,
        "paused": v.paused,
        "linked": v.linked,
        "age_ms": now_ms.saturating_sub(v.seen_ms),
        "base": v.base,
        "route": v.route,
        "distance_mm": v.distance_mm,
    })
}

fn alarm(a: &AlarmView) -> Value {
    json!({ "kind": a.kind, "priority": a.priority, "since_ms": a.since_ms, "until_ms": a.until_ms })
}

pub(super) fn order(o: &OrderView) -> Value {
    json!({
        "id": o.id,
        "client_id": o.client_id,
        "person": o.person,
        "from": o.spec.pickup.station,
        "from_buffer": o.spec.pickup.buffer,
        "to": o.spec.drop.station,
        "to_buffer": o.spec.drop.buffer,
        "quantity": o.spec.quantity,
        "priority": o.spec.priority,
        "release_ms": o.spec.release_ms,
        "deadline_ms": o.spec.deadline_ms,
        "depends_on": o.spec.depends_on,
        "origin": match o.spec.origin {
            Origin::Client => "client",
            Origin::CallOff(_) => "call_off",
            Origin::Collection(_) => "collection",
            Origin::Workload => "workload",
        },
        "state": state_word(o.state),
        "vehicle": o.state.vehicle(),
        "reason": o.reason.map(reason),
        "submitted_ms": o.submitted_ms,
        "assigned_ms": o.assigned_ms,
        "loaded_ms": o.loaded_ms,
        "ended_ms": o.ended_ms,
        "revision": o.revision,
    })
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ByPerson => "by_person",
        Reason::DependencyFailed => "dependency_failed",
        Reason::LoadLost => "load_lost",
        Reason::TransferFailed => "transfer_failed",
        Reason::VehicleRemoved => "vehicle_removed",
        Reason::VehicleUnavailable => "vehicle_unavailable",
        Reason::Reassigned => "reassigned",
        Reason::Unreachable => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::controller::Delta;
    use crate::follower::Follower;
    use std::sync::Arc;
    use takt_maps::OrderId;
    use takt_maps::formats::builtin;
    use takt_scheduler::orders::OrderState;
    use takt_scheduler::orders::{OrderSpec, Transition};

    /// A follower after orders `1 ..= submitted`, of which the first `done` are completed.
    fn follower(submitted: u64, done: u64) -> Follower {
        let floor = builtin("electronics-line").unwrap().unwrap().floor;
        let mut follower = Follower::new(Arc::new(floor), 0);
        let spec = OrderSpec::default();
        for id in 1..=submitted {
            let id = OrderId(id);
            let submitted = Delta::Submitted {
                id,
                spec,
                token: None,
                at_ms: 0,
            };
            follower.apply(&submitted, None);
        }
        for order in (1..=done).map(OrderId) {
            let end = Transition {
                order,
                spec,
                from: None,
                to: OrderState::Completed,
                reason: None,
                at_ms: 1,
            };
            follower.apply(&Delta::Moved(end), None);
        }
        follower
    }

    fn ids(frame: &Value) -> Vec<u64> {
        let orders = frame["orders"].as_array().unwrap();
        orders.iter().map(|o| o["id"].as_u64().unwrap()).collect()
    }

    #[test]
    fn a_first_frame_has_the_open_orders_and_those_that_ended_of_late() {
        let ended = ENDED_AT_FIRST as u64 + 50;
        let follower = follower(ended + 2, ended);
        let mut sent = Sent::default();
        let first = frame(&follower.model, &mut sent);
        assert_eq!(ids(&first), (51..=ended + 2).collect::<Vec<_>>());
        let second = frame(&follower.model, &mut sent);
        assert!(second.get("orders").is_none());
    }

    #[test]
    fn later_frames_have_what_changed() {
        let mut follower = follower(3, 1);
        let mut sent = Sent::default();
        frame(&follower.model, &mut sent);
        let spec = OrderSpec::default();
        let at_ms = 2;
        let open = Transition {
            order: OrderId(2),
            spec,
            from: None,
            to: OrderState::Open,
            reason: None,
            at_ms,
        };
        follower.apply(&Delta::Moved(open), None);
        let tick = Delta::Tick {
            cycle: 1,
            now_ms: 10,
            state_hash: Default::default(),
        };
        follower.apply(&tick, None);
        let next = frame(&follower.model, &mut sent);
        assert_eq!(ids(&next), [2]);
        assert_eq!(next["orders"][0]["state"], "open");
        assert_eq!(next["samples"].as_array().unwrap().len(), 1);
        assert!(frame(&follower.model, &mut sent).get("samples").is_none());
    }
}
