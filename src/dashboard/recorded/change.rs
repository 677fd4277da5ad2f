//! What differs between two moments: small, since little does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use takt_maps::{EdgeId, OrderId, VehicleId};

use super::picture::{Look, Picture};
use super::vehicle_change::VehicleChange;
use crate::follower::model::{
    AlarmView, DoorView, Kpis, LinkView, OrderView, ReadModel, SAMPLES_MAX, Sample,
};

/// From one picture to a later one of the same life; what is empty or `None` stays as it was.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Change {
    revision: Option<u64>,
    now_ms: Option<u64>,
    started_utc_ms: Option<u64>,
    paused: Option<bool>,
    notice: Option<String>,
    vehicles: Vec<(u32, VehicleChange)>,
    orders: Vec<OrderView>,
    orders_gone: Vec<OrderId>,
    stock: Vec<(u32, u32)>,
    blocked: Option<BTreeSet<EdgeId>>,
    boots: Option<BTreeMap<VehicleId, u16>>,
    doors: Option<Vec<DoorView>>,
    devices: Option<Vec<LinkView>>,
    alarms: Option<VecDeque<AlarmView>>,
    kpis: Option<Kpis>,
    samples: Vec<Sample>,
    waiting_since: Vec<(u32, Option<u64>)>,
}

impl Change {
    /// What makes `new` of `old`.
    pub(super) fn between(old: &Picture, new: Look<'_>) -> Self {
        // Named one by one: a new field of the model has to be thought of here.
        let ReadModel {
            floor: _,
            revision,
            now_ms,
            started_utc_ms,
            paused,
            notice,
            vehicles,
            orders: _,
            stock,
            blocked,
            boots,
            doors,
            devices,
            alarms,
            kpis,
            samples,
        } = new.model;
        let was = &old.model;
        let (orders, orders_gone) = orders(was, new.model);
        let last_sample = was.samples.back().map(|s| s.at_ms);
        let is_new = |s: &&Sample| last_sample.is_none_or(|last| s.at_ms > last);
        let vehicles = was.vehicles.iter().zip(vehicles).enumerate();
        let vehicle = |(i, (was, is))| Some((i as u32, VehicleChange::between(was, is)?));
        Self {
            revision: changed(&was.revision, revision),
            now_ms: changed(&was.now_ms, now_ms),
            started_utc_ms: changed(&was.started_utc_ms, started_utc_ms),
            paused: changed(&was.paused, paused),
            notice: changed(&was.notice, notice),
            vehicles: vehicles.filter_map(vehicle).collect(),
            orders,
            orders_gone,
            stock: changed_places(&was.stock, stock),
            blocked: changed(&was.blocked, blocked),
            boots: changed(&was.boots, boots),
            doors: changed(&was.doors, doors),
            devices: changed(&was.devices, devices),
            alarms: changed(&was.alarms, alarms),
            kpis: changed(&was.kpis, kpis),
            samples: samples.iter().filter(is_new).copied().collect(),
            waiting_since: changed_places(&old.waiting_since, new.waiting_since),
        }
    }

    /// Is there none?
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Makes the new picture of the old one.
    pub(super) fn apply(self, picture: &mut Picture) {
        let model = &mut picture.model;
        set(&mut model.revision, self.revision);
        set(&mut model.now_ms, self.now_ms);
        set(&mut model.started_utc_ms, self.started_utc_ms);
        set(&mut model.paused, self.paused);
        set(&mut model.notice, self.notice);
        for (i, change) in self.vehicles {
            change.apply(&mut model.vehicles[i as usize]);
        }
        for order in self.orders {
            model.orders.insert(order.id, order);
        }
        for id in self.orders_gone {
            model.orders.remove(&id);
        }
        set_places(&mut model.stock, self.stock);
        set(&mut model.blocked, self.blocked);
        set(&mut model.boots, self.boots);
        set(&mut model.doors, self.doors);
        set(&mut model.devices, self.devices);
        set(&mut model.alarms, self.alarms);
        set(&mut model.kpis, self.kpis);
        model.samples.extend(self.samples);
        while model.samples.len() > SAMPLES_MAX {
            model.samples.pop_front();
        }
        set_places(&mut picture.waiting_since, self.waiting_since);
    }
}

/// Orders that are new or otherwise than they were, and those that are gone. Each change of one has a revision.
fn orders(was: &ReadModel, is: &ReadModel) -> (Vec<OrderView>, Vec<OrderId>) {
    if was.revision == is.revision && was.orders.len() == is.orders.len() {
        return Default::default();
    }
    let other = |order: &&OrderView| was.orders.get(&order.id) != Some(order);
    let changed = is.orders.values().filter(other).cloned().collect();
    let gone = |id: &&OrderId| !is.orders.contains_key(id);
    (changed, was.orders.keys().filter(gone).copied().collect())
}

fn changed<T: Clone + PartialEq>(was: &T, is: &T) -> Option<T> {
    (was != is).then(|| is.clone())
}

fn set<T>(place: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *place = new;
    }
}

fn changed_places<T: Copy + PartialEq>(was: &[T], is: &[T]) -> Vec<(u32, T)> {
    let all = was.iter().zip(is).enumerate();
    all.filter(|(_, (was, is))| was != is)
        .map(|(i, (_, is))| (i as u32, *is))
        .collect()
}

fn set_places<T>(places: &mut [T], new: Vec<(u32, T)>) {
    for (i, value) in new {
        places[i as usize] = value;
    }
}
