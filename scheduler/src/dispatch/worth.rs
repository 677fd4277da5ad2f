//! What it is worth to let a vehicle carry out an order or charge, in weighted milliseconds.
//!
//! An order's *burden* grows with time: each millisecond until it is completed costs its weight (1, plus its priority,
//! plus a step for every minute that it has been open), and five times that after its deadline. Carrying it out with
//! one vehicle is worth the burden that it would have gained if it were completed a horizon later than by the best
//! vehicle, less the burden that it has with this one, less the empty travel. So whatever is urgent draws the best
//! vehicles, nothing that can be done is left undone, and everything becomes urgent in the end.

use super::DispatchOptions;
use super::model::{Choice, Model};
use super::snapshot::{DispatchSnapshot, OpenOrder, Task, VehicleState};
use super::travel::Travel;
use crate::hash::digest;
use takt_maps::{ChargerId, Floor, KindId, OrderId, VehicleId};

/// Least worth of an order; more than any voluntary charging, so that idle time is what is charged in.
const ORDER_WORTH: i64 = 1_000_000;

/// Worth of charging for a vehicle that must, less its way there.
const MUST_CHARGE_WORTH: i64 = 4_000_000;

/// Worth of charging for one that may, less its way there; also the longest way for that.
const MAY_CHARGE_WORTH: i64 = 200_000;

/// From this on a battery counts as full: reports seldom reach the last permille.
const FULL_PERMILLE: u16 = 980;

/// Travel times count up to this, so that sums stay far from the limits of numbers.
const TRAVEL_MAX_MS: u32 = 3_600_000;

/// Being late weighs so many times more than waiting.
const LATE_WEIGHT: i64 = 4;

/// An order that has been open for so long is one step more urgent.
const AGE_STEP_MS: u64 = 60_000;

/// Most steps of urgency by age.
const AGE_STEPS_MAX: u64 = 30;

/// An order open for longer is not held back for a vehicle that is still busy while another one is free: estimates of
/// when a vehicle will be free can slip for ever.
const PATIENCE_MS: u64 = 30_000;

/// With more pairs of order and vehicle than this, not every pair is weighed.
const PAIRS_MAX: usize = 100_000;

/// Then so many vehicles are for each order: those that would have it done first, and the one that is on its way.
const BIDS_MAX: usize = 48;

/// Gains are multiplied by this; what is added below it decides between equals, by the seed.
pub(super) const TIE: i64 = 8;

/// The model and what its rows stand for.
pub(super) struct Draft {
    pub model: Model,
    /// Rows of tasks.
    pub tasks: Vec<Task>,
    /// Tasks that need no decision: vehicles that go on charging because they must.
    pub settled: Vec<(VehicleId, Task)>,
    /// Orders that no vehicle can reach.
    pub unreachable: Vec<OrderId>,
    /// Pairs of vehicle and task looked at.
    pub work: u64,
}

/// Weighs every pair of vehicle and task.
pub(super) fn draft(
    floor: &Floor,
    snapshot: &DispatchSnapshot,
    options: &DispatchOptions,
    travel: &mut Travel,
) -> Draft {
    let mut draft = Draft {
        model: Model {
            vehicles: snapshot.vehicles.len(),
            ..Model::default()
        },
        tasks: Vec::new(),
        settled: Vec::new(),
        unreachable: Vec::new(),
        work: 0,
    };
    let mut bids = Vec::new();
    for order in &snapshot.orders {
        weigh_order(
            floor, snapshot, options, travel, order, &mut draft, &mut bids,
        );
    }
    // The least worth is the same for all orders, so that it changes nothing between them.
    let least = bids.iter().map(|b| b.gain).min().unwrap_or(0).min(0);
    for bid in &mut bids {
        bid.gain += ORDER_WORTH - least;
    }
    draft.model.choices = bids;
    weigh_charging(floor, snapshot, options, travel, &mut draft);
    draft.model.tasks = draft.tasks.len();
    for c in &mut draft.model.choices {
        let tie = digest(&[options.seed, u64::from(c.vehicle), u64::from(c.task)]);
        c.gain = c.gain * TIE + (tie % TIE as u64) as i64;
    }
    draft
}

/// Is the battery of this vehicle something to look after?
fn energy_matters(floor: &Floor, vehicle: &VehicleState) -> bool {
    !floor.chargers.is_empty() && floor.kinds[vehicle.kind.index()].battery.capacity_wh > 0
}

/// Must it charge before anything else?
fn must_charge(floor: &Floor, vehicle: &VehicleState) -> bool {
    let battery = &floor.kinds[vehicle.kind.index()].battery;
    let limit = match vehicle.charging {
        Some(_) => battery.enough_permille,
        None => battery.low_permille,
    };
    energy_matters(floor, vehicle) && vehicle.battery_permille < limit
}

/// Time that a vehicle of a kind needs from the pickup to the end of the order, transfers included, if it can.
fn carrying_ms(floor: &Floor, travel: &mut Travel, kind: KindId, order: &OpenOrder) -> Option<u64> {
    let way = (order.pickup, order.drop);
    let full = travel.between(floor, kind, true, way)?.min(TRAVEL_MAX_MS);
    let transfers = 2 * u64::from(floor.kinds.get(kind.index())?.transfer_ms);
    Some(u64::from(full) + transfers)
}

/// How urgent the order is, and what that makes of a time of completion.
fn burden(order: &OpenOrder, now_ms: u64, done_ms: u64) -> i64 {
    let waited = now_ms.saturating_sub(order.open_since_ms) / AGE_STEP_MS;
    let weight = 1 + i64::from(order.priority) + waited.min(AGE_STEPS_MAX) as i64;
    let wait = done_ms.saturating_sub(now_ms) as i64;
    let late = order.deadline_ms.map_or(0, |deadline| {
        let counted = deadline.max(now_ms.saturating_sub(u64::from(TRAVEL_MAX_MS)));
        done_ms.saturating_sub(counted) as i64
    });
    weight * (wait + LATE_WEIGHT * late)
}

/// Adds a task row for an order, and its choices with a gain that is still to be raised to what orders are worth.
fn weigh_order(
    floor: &Floor,
    snapshot: &DispatchSnapshot,
    options: &DispatchOptions,
    travel: &mut Travel,
    order: &OpenOrder,
    draft: &mut Draft,
    bids: &mut Vec<Choice>,
) {
    let now_ms = snapshot.now_ms;
    let mut able = Vec::new();
    let mut reachable = false;
    let carrying: Vec<Option<u64>> = (0..floor.kinds.len())
        .map(|k| carrying_ms(floor, travel, KindId::from_index(k), order))
        .collect();
    for (v, vehicle) in snapshot.vehicles.iter().enumerate() {
        draft.work += 1;
        let way = (vehicle.free_node, order.pickup);
        let (true, Some(Some(carrying_ms))) = (vehicle.present, carrying.get(vehicle.kind.index()))
        else {
            continue;
        };
        let Some(empty_ms) = travel.between(floor, vehicle.kind, false, way) else {
            continue;
        };
        let empty_ms = u64::from(empty_ms.min(TRAVEL_MAX_MS));
        let start_ms = vehicle
            .free_at_ms
            .clamp(now_ms, now_ms.saturating_add(u64::from(TRAVEL_MAX_MS)));
        let done_ms = start_ms.saturating_add(empty_ms + carrying_ms);
        reachable = true;
        if !must_charge(floor, vehicle) {
            able.push((v, empty_ms as i64, done_ms));
        }
    }
    if !reachable {
        draft.unreachable.push(order.id);
        return;
    }
    let free = |v: usize| snapshot.vehicles[v].available;
    let waited = now_ms.saturating_sub(order.open_since_ms);
    if waited > PATIENCE_MS && able.iter().any(|&(v, ..)| free(v)) {
        able.retain(|&(v, ..)| free(v));
    }
    // Of a large fleet the best few are enough for each order: whoever is far away is near to others.
    if snapshot.orders.len() * snapshot.vehicles.len() > PAIRS_MAX && able.len() > BIDS_MAX {
        let kept = |v: usize| order.assigned == Some(VehicleId::from_index(v));
        able.select_nth_unstable_by_key(BIDS_MAX - 1, |&(v, _, done)| (!kept(v), done, v));
        able.truncate(BIDS_MAX);
        able.sort_unstable_by_key(|&(v, ..)| v);
    }
    let Some(best_ms) = able.iter().map(|&(.., done)| done).min() else {
        return;
    };
    let later = burden(
        order,
        now_ms,
        best_ms.saturating_add(u64::from(options.horizon_ms)),
    );
    let task = draft.tasks.len() as u32;
    draft.tasks.push(Task::Order(order.id));
    for (v, empty, done_ms) in able {
        let kept = order.assigned == Some(VehicleId::from_index(v));
        let keep_ms = u64::from(if kept { options.keep_ms } else { 0 });
        bids.push(Choice {
            vehicle: v as u32,
            task,
            gain: later - burden(order, now_ms, done_ms.saturating_sub(keep_ms)) - empty,
        });
    }
}

/// Adds a task row for each charger that is to be had, and its choices; settles those who go on charging.
fn weigh_charging(
    floor: &Floor,
    snapshot: &DispatchSnapshot,
    options: &DispatchOptions,
    travel: &mut Travel,
    draft: &mut Draft,
) {
    let mut to_be_had = snapshot.chargers.clone();
    to_be_had.resize(floor.chargers.len(), false);
    for (v, vehicle) in snapshot.vehicles.iter().enumerate() {
        let movable = vehicle.present && vehicle.available;
        if let Some(charger) = vehicle.charging
            && let Some(free) = to_be_had.get_mut(charger.index())
            && (!movable || must_charge(floor, vehicle))
        {
            // A charger that does not work holds nobody; its vehicle looks for another one below.
            if std::mem::take(free) && movable {
                let stays = Task::Charge(charger);
                draft.settled.push((VehicleId::from_index(v), stays));
            }
        }
        if let Some(Task::Charge(charger)) = vehicle.task
            && let Some(free) = to_be_had.get_mut(charger.index())
            && !movable
        {
            *free = false;
        }
    }
    for (c, charger) in floor.chargers.iter().enumerate() {
        if !to_be_had[c] {
            continue;
        }
        let charger_id = ChargerId::from_index(c);
        let task = draft.tasks.len() as u32;
        draft.tasks.push(Task::Charge(charger_id));
        for (v, vehicle) in snapshot.vehicles.iter().enumerate() {
            draft.work += 1;
            let id = VehicleId::from_index(v);
            let settled = draft.settled.iter().any(|&(w, _)| w == id);
            let movable = vehicle.present && vehicle.available;
            if !movable || settled || !energy_matters(floor, vehicle) {
                continue;
            }
            let way = (vehicle.free_node, charger.node);
            let Some(time) = travel.between(floor, vehicle.kind, false, way) else {
                continue;
            };
            let gain = charging_worth(floor, options, vehicle, charger_id, time);
            if gain > 0 {
                draft.model.choices.push(Choice {
                    vehicle: v as u32,
                    task,
                    gain,
                });
            }
        }
    }
}

/// What it is worth that a vehicle goes to a charger that is `time` away; not greater than 0: it should not.
fn charging_worth(
    floor: &Floor,
    options: &DispatchOptions,
    vehicle: &VehicleState,
    charger: ChargerId,
    time: u32,
) -> i64 {
    let battery = &floor.kinds[vehicle.kind.index()].battery;
    let level = vehicle.battery_permille;
    let way = i64::from(time.min(TRAVEL_MAX_MS));
    let missing = |of: u16| i64::from(of.saturating_sub(level));
    let keep = match vehicle.task {
        Some(Task::Charge(c)) if c == charger => i64::from(options.keep_ms),
        _ => 0,
    };
    if vehicle.charging == Some(charger) {
        // It has enough and may stay while nobody needs it or its place.
        missing(FULL_PERMILLE)
    } else if level < battery.low_permille {
        MUST_CHARGE_WORTH - way + 1_000 * missing(battery.low_permille) + keep
    } else if level < battery.enough_permille {
        MAY_CHARGE_WORTH - way + 100 * missing(battery.enough_permille) + keep
    } else {
        0
    }
}
