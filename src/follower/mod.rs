//! The follower: applies the controller's deltas, one after the other, to the read model.
//!
//! It sees nothing else, so what API, dashboard and store know can always be rebuilt from what was journalled.

mod kpis;
pub mod model;

use std::collections::BTreeMap;
use std::sync::Arc;

use takt_maps::{Floor, OrderId};
use takt_scheduler::orders::{OrderState, Transition};

use crate::controller::{Delta, VehicleStatus};
use kpis::Meter;
use model::*;

/// Who submitted an order under what name.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Client {
    /// The client's own id for the order; empty: none.
    pub client_id: String,
    /// Who.
    pub person: String,
}

/// The person who stands for what the floor orders by itself.
pub const FLOOR: &str = "floor";

/// Applies deltas to a read model.
#[derive(Clone, Debug)]
pub struct Follower {
    /// What it has made of them.
    pub model: ReadModel,
    meter: Meter,
    /// Client ids in use, for idempotent submission.
    clients: BTreeMap<String, OrderId>,
    /// Ended orders in the model, oldest first.
    ended: std::collections::VecDeque<OrderId>,
    hash: u64,
}

impl Follower {
    /// A follower of a controller that has done nothing yet.
    pub fn new(floor: Arc<Floor>, zero_utc_ms: u64) -> Self {
        let model = ReadModel {
            revision: 0,
            now_ms: 0,
            started_utc_ms: zero_utc_ms,
            paused: false,
            notice: String::new(),
            vehicles: vec![VehicleView::default(); floor.vehicles.len()],
            orders: BTreeMap::new(),
            stock: floor.buffers.iter().map(|b| b.initial).collect(),
            blocked: Default::default(),
            boots: Default::default(),
            doors: vec![DoorView::default(); floor.doors.len()],
            devices: vec![LinkView::default(); floor.devices.len()],
            alarms: Default::default(),
            kpis: Kpis::default(),
            samples: Default::default(),
            floor,
        };
        let meter = Meter::new(&model);
        Self {
            model,
            meter,
            clients: BTreeMap::new(),
            ended: Default::default(),
            hash: 0,
        }
    }

    /// The order that a client id stands for.
    pub fn order_of(&self, client_id: &str) -> Option<OrderId> {
        self.clients.get(client_id).copied()
    }

    /// The last state hash that the controller gave.
    pub fn state_hash(&self) -> u64 {
        self.hash
    }

    /// Counts from here on: what came before was the life of an earlier controller.
    pub fn begin(&mut self) {
        let open = self
            .model
            .orders
            .values()
            .filter(|o| !o.state.is_final())
            .count() as u64;
        self.model.kpis = Kpis {
            orders_open: open,
            ..Kpis::default()
        };
        self.model.alarms.clear();
        self.model.samples.clear();
        self.meter = Meter::new(&self.model);
    }

    /// Puts an order that a store kept into the model.
    pub fn restore(&mut self, order: OrderView) {
        self.model.revision = self.model.revision.max(order.revision);
        if !order.client_id.is_empty() {
            self.clients.insert(order.client_id.clone(), order.id);
        }
        if order.state.is_final() {
            self.ended.push_back(order.id);
        } else {
            self.model.kpis.orders_open += 1;
        }
        self.model.orders.insert(order.id, order);
    }

    /// Applies one delta; `client` says who submitted an order, for [`Delta::Submitted`] with a token.
    ///
    /// Gives back the order that it changed.
    pub fn apply(&mut self, delta: &Delta, client: Option<Client>) -> Option<OrderId> {
        match *delta {
            Delta::Submitted {
                id, spec, at_ms, ..
            } => {
                let client = client.unwrap_or_else(|| Client {
                    person: FLOOR.to_owned(),
                    ..Client::default()
                });
                if !client.client_id.is_empty() {
                    self.clients.insert(client.client_id.clone(), id);
                }
                self.model.revision += 1;
                let order = OrderView {
                    id,
                    client_id: client.client_id,
                    person: client.person,
                    spec,
                    state: OrderState::Waiting,
                    reason: None,
                    submitted_ms: at_ms,
                    assigned_ms: None,
                    loaded_ms: None,
                    ended_ms: None,
                    revision: self.model.revision,
                };
                self.model.kpis.orders_open += 1;
                self.model.orders.insert(id, order);
                return Some(id);
            }
            Delta::Moved(transition) => return self.moved(&transition),
            Delta::Stock { buffer, pieces } => {
                self.meter.stock(&mut self.model, buffer, pieces);
            }
            Delta::VehiclePaused { vehicle, paused } => {
                self.model.vehicles[vehicle.index()].paused = paused
            }
            Delta::FloorPaused { paused } => self.model.paused = paused,
            Delta::Prioritised { order, priority } => {
                let revision = self.model.revision + 1;
                let view = self.model.orders.get_mut(&order)?;
                view.spec.priority = priority;
                view.revision = revision;
                self.model.revision = revision;
                return Some(order);
            }
            Delta::VehicleBooted { vehicle, boot } => {
                self.model.boots.insert(vehicle, boot);
            }
            Delta::EdgeBlocked { edge, blocked } => {
                if blocked {
                    self.model.blocked.insert(edge);
                } else {
                    self.model.blocked.remove(&edge);
                }
            }
            Delta::Answer { .. } => {}
            Delta::Vehicle(status) => self.vehicle(&status),
            Delta::Door { door, state } => self.model.doors[door.index()] = state,
            Delta::DeviceLink { device, up } => self.model.devices[device.index()].up = up,
            Delta::Raised {
                kind,
                priority,
                at_ms,
            } => self.raise(kind, priority, at_ms),
            Delta::Cleared { kind, at_ms } => {
                for alarm in self
                    .model
                    .alarms
                    .iter_mut()
                    .filter(|a| a.kind == kind && a.until_ms.is_none())
                {
                    alarm.until_ms = Some(at_ms);
                }
            }
            Delta::Locating { missing } => {
                self.model.notice = match missing {
                    0 => String::new(),
                    n => format!("waiting for {n} vehicle(s) to say where they are"),
                };
            }
            Delta::Tick {
                cycle,
                now_ms,
                state_hash,
            } => {
                self.model.kpis.cycles = cycle;
                self.hash = state_hash.total();
                self.meter.tick(&mut self.model, now_ms);
            }
        }
        None
    }

    fn moved(&mut self, transition: &Transition) -> Option<OrderId> {
        let revision = self.model.revision + 1;
        let order = self.model.orders.get_mut(&transition.order)?;
        if order.state == transition.to && order.reason == transition.reason {
            return None;
        }
        self.model.revision = revision;
        order.revision = revision;
        order.state = transition.to;
        order.reason = transition.reason;
        match transition.to {
            OrderState::Assigned { .. } => order.assigned_ms = Some(transition.at_ms),
            OrderState::Open => order.assigned_ms = None,
            OrderState::Carrying { .. } => order.loaded_ms = Some(transition.at_ms),
            state if state.is_final() => {
                order.ended_ms = Some(transition.at_ms);
                let late = order.late(transition.at_ms);
                self.model.kpis.orders_open -= 1;
                self.meter
                    .ended(&mut self.model, state, late, transition.at_ms);
                self.forget(transition.order);
            }
            _ => {}
        }
        Some(transition.order)
    }

    /// Keeps the ended orders of late, not all.
    fn forget(&mut self, ended: OrderId) {
        self.ended.push_back(ended);
        while self.ended.len() > ENDED_MAX {
            if let Some(order) = self
                .ended
                .pop_front()
                .and_then(|id| self.model.orders.remove(&id))
            {
                self.clients.remove(&order.client_id);
            }
        }
    }

    fn vehicle(&mut self, status: &VehicleStatus) {
        let points = |nodes: &[takt_maps::NodeId]| -> Vec<(i32, i32)> {
            let at = |n: &takt_maps::NodeId| self.model.floor.roadmap.node(*n);
            nodes.iter().map(|n| (at(n).x_mm, at(n).y_mm)).collect()
        };
        let (base, route) = (
            points(status.base.as_slice()),
            points(status.route.as_slice()),
        );
        let view = &mut self.model.vehicles[status.vehicle.index()];
        *view = VehicleView {
            pose: status.pose,
            speed_mm_s: status.speed_mm_s,
            battery_permille: status.battery_permille,
            loaded: status.loaded,
            mode: status.mode,
            activity: status.activity,
            fault: status.fault,
            mission: status.mission,
            wait: status.wait,
            paused: view.paused,
            linked: status.linked,
            base,
            route,
            seen_ms: status.seen_ms,
            distance_mm: status.distance_mm,
        };
    }

    fn raise(&mut self, kind: AlarmKind, priority: AlarmPriority, at_ms: u64) {
        if self
            .model
            .alarms
            .iter()
            .any(|a| a.kind == kind && a.until_ms.is_none())
        {
            return;
        }
        self.model.alarms.push_front(AlarmView {
            kind,
            priority,
            since_ms: at_ms,
            until_ms: None,
        });
        self.model.alarms.truncate(ALARMS_MAX);
    }
}
