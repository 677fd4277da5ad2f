//! The store: what the keeper journals, and what a new start makes of it.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use takt_maps::{BufferId, Floor, OrderId, VehicleId};
use takt_rt::host::LiveDisk;
use takt_scheduler::orders::{Dependency, Order, OrderState};

use super::LiveError;
use crate::controller::{Ask, Delta, Restored};
use crate::follower::model::OrderView;
use crate::follower::{Client, Follower};
use crate::journal::{Identity, Journal};

/// File of the journal in the data directory.
const FILE: &str = "orders.journal";
/// Version of [`Entry`].
const VERSION: u32 = 1;

/// One record of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    /// UTC at controller time 0, in milliseconds since 1970; controller time goes on across restarts.
    Zero {
        /// Milliseconds.
        utc_ms: u64,
    },
    /// The greatest order id ever given.
    LastOrder(OrderId),
    /// An order as it was when older entries were compacted.
    Order(OrderView),
    /// Who submitted the order of the next `Submitted`.
    Client(Client),
    /// A change.
    Delta(Delta),
    /// Who asked for what, beside the deltas that it caused.
    Asked {
        /// Who.
        person: String,
        /// For what.
        request: Ask,
    },
}

/// The journal, or nothing where nothing is to be kept.
pub(super) struct Store {
    journal: Option<Journal<LiveDisk, Entry>>,
    epoch: u16,
}

impl Store {
    /// Opens the store, rebuilds what it knows, and compacts it.
    pub(super) fn open(
        floor: &Arc<Floor>,
        data: Option<&Path>,
        utc_ms: u64,
    ) -> Result<(Self, Follower, Restored), LiveError> {
        let Some(directory) = data else {
            // Greater than that of a controller that ran some seconds ago, up to a wrap after 18 hours.
            let epoch = ((utc_ms / 1_000) as u16).max(1);
            let store = Self {
                journal: None,
                epoch,
            };
            return Ok((
                store,
                Follower::new(floor.clone(), utc_ms),
                Restored::default(),
            ));
        };
        let failed = |e: &dyn std::fmt::Display| {
            LiveError::Store(format!("store {}: {e}", directory.display()))
        };
        let disk = LiveDisk::open(directory).map_err(|e| failed(&e))?;
        let identity = Identity {
            floor_digest: floor.digest,
            record_version: VERSION,
        };
        let (mut journal, recovered) =
            Journal::open(disk, FILE, identity).map_err(|e| failed(&e))?;
        for warning in &recovered.warnings {
            tracing::warn!("store {}: {warning}", directory.display());
        }
        let (follower, restored, zero) = rebuild(floor, &recovered.records, utc_ms);
        let compact = compacted(&follower, &restored, zero);
        journal.checkpoint(compact.iter()).map_err(|e| failed(&e))?;
        // The vehicles' registers have 16 bits for it; they compare as serial numbers do.
        let epoch = journal.epoch() as u16;
        Ok((
            Self {
                journal: Some(journal),
                epoch,
            },
            follower,
            restored,
        ))
    }

    /// This start's epoch.
    pub(super) fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Keeps an entry with the next commit.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), String> {
        match &mut self.journal {
            Some(journal) => journal.append(entry).map(drop).map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// Makes all that was appended durable.
    pub(super) fn commit(&mut self) -> Result<(), String> {
        match &mut self.journal {
            Some(journal) => journal.commit().map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }
}

/// What the entries say: a follower's model, and what a controller starts from.
fn rebuild(floor: &Arc<Floor>, entries: &[Entry], utc_ms: u64) -> (Follower, Restored, u64) {
    let zero = entries.iter().find_map(|e| {
        if let Entry::Zero { utc_ms } = e {
            Some(*utc_ms)
        } else {
            None
        }
    });
    let zero = zero.unwrap_or(utc_ms);
    let mut follower = Follower::new(floor.clone(), zero);
    let (mut last, mut latest_ms) = (0, 0);
    let mut client = None;
    let mut stocked = false;
    let mut bad_ends = Vec::new();
    for entry in entries {
        match entry {
            Entry::Zero { .. } => {}
            Entry::LastOrder(id) => last = last.max(id.0),
            Entry::Order(order) => {
                latest_ms = latest_ms.max(order.ended_ms.unwrap_or(order.submitted_ms));
                if matches!(order.state, OrderState::Cancelled | OrderState::Failed) {
                    bad_ends.push(order.id);
                }
                follower.restore(order.clone());
            }
            Entry::Asked { .. } => {}
            Entry::Client(who) => client = Some(who.clone()),
            Entry::Delta(delta) => {
                match delta {
                    Delta::Submitted { id, at_ms, .. } => {
                        last = last.max(id.0);
                        latest_ms = latest_ms.max(*at_ms);
                    }
                    Delta::Moved(t) => {
                        latest_ms = latest_ms.max(t.at_ms);
                        if matches!(t.to, OrderState::Cancelled | OrderState::Failed) {
                            bad_ends.push(t.order);
                        }
                    }
                    Delta::Stock { .. } => stocked = true,
                    _ => {}
                }
                let who = if matches!(delta, Delta::Submitted { .. }) {
                    client.take()
                } else {
                    None
                };
                follower.apply(delta, who);
            }
        }
    }
    follower.begin();
    let model = &follower.model;
    let orders: Vec<Order> = model
        .orders
        .values()
        .filter(|o| !o.state.is_final())
        .map(as_order)
        .collect();
    let paused = (0..model.vehicles.len())
        .filter(|&i| model.vehicles[i].paused)
        .map(VehicleId::from_index)
        .collect();
    let restored = Restored {
        orders,
        bad_ends,
        stock: if stocked {
            model.stock.clone()
        } else {
            Vec::new()
        },
        paused,
        floor_paused: model.paused,
        next_order: last + 1,
        // The wall clock goes on while nothing runs; it may have been set back.
        now_ms: utc_ms.saturating_sub(zero).max(latest_ms),
    };
    (follower, restored, zero)
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

/// The same state in fewer entries.
fn compacted(follower: &Follower, restored: &Restored, zero: u64) -> Vec<Entry> {
    let model = &follower.model;
    let mut entries = vec![
        Entry::Zero { utc_ms: zero },
        Entry::LastOrder(OrderId(restored.next_order - 1)),
    ];
    entries.extend(model.orders.values().cloned().map(Entry::Order));
    for (i, &pieces) in restored.stock.iter().enumerate() {
        entries.push(Entry::Delta(Delta::Stock {
            buffer: BufferId::from_index(i),
            pieces,
        }));
    }
    for &vehicle in &restored.paused {
        entries.push(Entry::Delta(Delta::VehiclePaused {
            vehicle,
            paused: true,
        }));
    }
    if restored.floor_paused {
        entries.push(Entry::Delta(Delta::FloorPaused { paused: true }));
    }
    entries
}
