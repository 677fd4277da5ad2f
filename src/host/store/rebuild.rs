//! From records to a follower and a controller's beginning, and back to a checkpoint.

use std::sync::Arc;

use takt_maps::{BufferId, Floor, OrderId, VehicleId};
use takt_scheduler::orders::{Dependency, Order, OrderState};

use super::record::{Kept, Record};
use crate::controller::{Delta, Restored};
use crate::follower::model::OrderView;
use crate::follower::{Client, Follower};

/// What is made of records, one after the other.
pub struct Rebuild {
    follower: Follower,
    zero_utc_ms: Option<u64>,
    last_order: u64,
    latest_ms: u64,
    /// Of the next order submitted.
    client: Option<Client>,
    /// The start that wrote the checkpoint has found a loss.
    loss: bool,
}

impl Rebuild {
    /// Nothing yet; `utc_ms` counts where the records do not say when controller time began.
    pub fn new(floor: &Arc<Floor>, checkpoint: &[Kept], utc_ms: u64) -> Self {
        let zero_utc_ms = checkpoint.iter().find_map(|kept| match kept {
            Kept::Zero { utc_ms } => Some(*utc_ms),
            _ => None,
        });
        let follower = Follower::new(floor.clone(), zero_utc_ms.unwrap_or(utc_ms));
        let mut this = Self {
            follower,
            zero_utc_ms,
            last_order: 0,
            latest_ms: 0,
            client: None,
            loss: false,
        };
        checkpoint.iter().for_each(|kept| this.keep(kept));
        this
    }

    fn keep(&mut self, kept: &Kept) {
        match kept {
            Kept::Zero { .. } => {}
            Kept::Known { until_ms } => self.latest_ms = self.latest_ms.max(*until_ms),
            Kept::LastOrder(id) => self.last_order = self.last_order.max(id.0),
            Kept::Order(order) => {
                self.last_order = self.last_order.max(order.id.0);
                let known_ms = order.ended_ms.unwrap_or(order.submitted_ms);
                self.latest_ms = self.latest_ms.max(known_ms);
                self.follower.restore(order.clone());
            }
            Kept::Stock { buffer, pieces } => self.change(&Delta::Stock {
                buffer: *buffer,
                pieces: *pieces,
            }),
            Kept::VehiclePaused(vehicle) => self.change(&Delta::VehiclePaused {
                vehicle: *vehicle,
                paused: true,
            }),
            Kept::EdgeBlocked(edge) => self.change(&Delta::EdgeBlocked {
                edge: *edge,
                blocked: true,
            }),
            Kept::VehicleBooted { vehicle, boot } => self.change(&Delta::VehicleBooted {
                vehicle: *vehicle,
                boot: *boot,
            }),
            Kept::Loss => self.loss = true,
            Kept::FloorPaused => self.change(&Delta::FloorPaused { paused: true }),
        }
    }

    /// Takes one record of the log.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Client(who) => self.client = Some(who.clone()),
            Record::Change(delta) => self.change(delta),
            Record::Begin(begin) => {
                let zero = *self.zero_utc_ms.get_or_insert(begin.utc_ms);
                self.latest_ms = self.latest_ms.max(begin.utc_ms.saturating_sub(zero));
            }
            Record::Asked { .. } | Record::Replay(_) | Record::End { .. } => {}
        }
    }

    fn change(&mut self, delta: &Delta) {
        let mut client = None;
        match delta {
            Delta::Submitted { id, at_ms, .. } => {
                self.last_order = self.last_order.max(id.0);
                self.latest_ms = self.latest_ms.max(*at_ms);
                client = self.client.take();
            }
            Delta::Moved(t) => self.latest_ms = self.latest_ms.max(t.at_ms),
            _ => {}
        }
        self.follower.apply(delta, client);
    }

    /// So many ids may have been given that nothing is known of.
    pub fn skip_orders(&mut self, ids: u64) {
        self.last_order = self.last_order.saturating_add(ids);
    }

    /// Did the start that wrote the checkpoint find a loss?
    pub fn found_loss(&self) -> bool {
        self.loss
    }

    /// The order id that comes next.
    pub fn next_order(&self) -> u64 {
        self.last_order.saturating_add(1)
    }

    /// Orders go on with this id, or a later one.
    pub fn go_on_with(&mut self, next_order: u64) {
        self.last_order = self.last_order.max(next_order.saturating_sub(1));
    }

    /// The checkpoint that stands for all of it. The wall clock goes on while nothing runs; it may have been set back.
    pub fn checkpoint(&self, utc_ms: u64) -> Vec<Kept> {
        let zero = self.zero_utc_ms.unwrap_or(utc_ms);
        let until_ms = utc_ms.saturating_sub(zero).max(self.latest_ms);
        checkpoint(&self.follower, zero, until_ms, OrderId(self.last_order))
    }

    /// What people are shown, and what a controller starts from.
    pub fn finish(mut self) -> (Follower, Restored) {
        self.follower.begin();
        let model = &self.follower.model;
        let ended_badly =
            |o: &&OrderView| matches!(o.state, OrderState::Cancelled | OrderState::Failed);
        let restored = Restored {
            orders: model
                .orders
                .values()
                .filter(|o| !o.state.is_final())
                .map(as_order)
                .collect(),
            bad_ends: model
                .orders
                .values()
                .filter(ended_badly)
                .map(|o| o.id)
                .collect(),
            stock: model.stock.clone(),
            paused: (0..model.vehicles.len())
                .filter(|&i| model.vehicles[i].paused)
                .map(VehicleId::from_index)
                .collect(),
            floor_paused: model.paused,
            blocked: model.blocked.iter().copied().collect(),
            boots: model.boots.iter().map(|(&v, &boot)| (v, boot)).collect(),
            next_order: self.last_order + 1,
            now_ms: self.latest_ms,
            loss: self.loss,
        };
        (self.follower, restored)
    }
}

fn as_order(view: &OrderView) -> Order {
    let dependency = if view.spec.depends_on.is_some() {
        Dependency::Pending
    } else {
        Dependency::None
    };
    Order {
        id: view.id,
        spec: view.spec,
        state: view.state,
        dependency,
        accepted_ms: view.submitted_ms,
        since_ms: view.assigned_ms.unwrap_or(view.submitted_ms),
    }
}

/// A follower's model as a checkpoint.
pub fn checkpoint(
    follower: &Follower,
    zero_utc_ms: u64,
    until_ms: u64,
    last_order: OrderId,
) -> Vec<Kept> {
    let model = &follower.model;
    let mut kept = vec![
        Kept::Zero {
            utc_ms: zero_utc_ms,
        },
        Kept::Known { until_ms },
        Kept::LastOrder(last_order),
    ];
    kept.extend(model.orders.values().cloned().map(Kept::Order));
    kept.extend(
        model
            .stock
            .iter()
            .enumerate()
            .map(|(i, &pieces)| Kept::Stock {
                buffer: BufferId::from_index(i),
                pieces,
            }),
    );
    let paused = (0..model.vehicles.len()).filter(|&i| model.vehicles[i].paused);
    kept.extend(paused.map(|i| Kept::VehiclePaused(VehicleId::from_index(i))));
    kept.extend(model.paused.then_some(Kept::FloorPaused));
    kept.extend(model.blocked.iter().map(|&edge| Kept::EdgeBlocked(edge)));
    let boots = model.boots.iter();
    kept.extend(boots.map(|(&vehicle, &boot)| Kept::VehicleBooted { vehicle, boot }));
    kept
}
