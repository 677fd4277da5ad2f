//! The judge of orders: each is given an id once, goes its way step by step, and ends once; what is durable stays known;
//! what is called completed was delivered.

use std::collections::BTreeMap;

use takt_maps::words::LoadId;
use takt_maps::{Floor, OrderId, VehicleId};
use takt_scheduler::orders::{OrderState, Transition};
use takt_sim::Handover;

use super::Findings;
use super::trust::Trust;
use crate::controller::Delta;
use crate::follower::model::ReadModel;

/// Deliveries that are remembered for orders that have not been called completed yet.
const DELIVERIES_MAX: usize = 10_000;

/// Keeps a ledger of its own, of what was durable.
#[derive(Debug)]
pub struct Orders {
    open: BTreeMap<OrderId, Entry>,
    last: OrderId,
    /// Loads that were handed over at a station: how often where last.
    delivered: BTreeMap<LoadId, (u32, takt_maps::StationId)>,
    /// Whose word counts.
    trust: Trust,
    /// Orders that a disk lost which had said that it had them.
    pub lost_by_disk: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: OrderState,
    /// After a restart it is only known up to what the new controller makes of it.
    uncertain: bool,
    /// What became of its load may have been lost by a disk that lied.
    forgotten: bool,
}

/// How a new controller has started.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    /// The id that it gives next.
    pub next_order: OrderId,
    /// Revision of the read model that its predecessor showed last.
    pub shown_before: u64,
    /// Its disk had said that it synced, and had not.
    pub disk_lied: bool,
    /// It has said that something durable is lost.
    pub loss_named: bool,
    /// It is what the start before this one said, whose controller did not live to tell.
    pub named_again: bool,
}

impl Restart {
    /// May something be missing? Only what a lying disk lost, and only when it is said.
    pub fn excuses_loss(&self) -> bool {
        self.disk_lied && self.loss_named
    }
}

impl Orders {
    /// An empty ledger.
    pub fn new(floor: &Floor) -> Self {
        Self {
            open: BTreeMap::new(),
            last: OrderId(0),
            delivered: BTreeMap::new(),
            trust: Trust::new(floor.vehicles.len()),
            lost_by_disk: 0,
        }
    }

    /// From now on this vehicle's word about its load does not count, nor what becomes of the orders that it is on.
    pub fn distrust(&mut self, vehicle: VehicleId) {
        self.trust.lies(vehicle);
        let open = self.open.iter();
        let its = open.filter(|(_, entry)| entry.state.vehicle() == Some(vehicle));
        its.for_each(|(&id, _)| self.trust.doubt(id));
    }

    /// Its word counts again, when what it said until now has arrived; that of the orders that it was on does not.
    pub fn trust_again(&mut self, vehicle: VehicleId, now_ms: u64) {
        self.trust.lies_no_more(vehicle, now_ms);
    }

    /// It mistakes the load that it has, or else the next that it takes, for another.
    pub fn mistakes_a_load(&mut self, vehicle: VehicleId) {
        self.trust.mistakes_next(vehicle);
    }

    /// A load has gone otherwise than by a vehicle's doing: of its order anything may be said.
    pub fn lost(&mut self, load: LoadId) {
        let mut open = self.open.keys();
        if let Some(&order) = open.find(|&&id| LoadId::of(id) == load) {
            self.trust.doubt(order);
        }
    }

    /// May what becomes of this order be otherwise than it seems, by a fault?
    pub fn doubts(&self, order: OrderId) -> bool {
        self.trust.doubts(order) || self.open.get(&order).is_some_and(|entry| entry.forgotten)
    }

    /// A load changed hands on the floor.
    pub fn handed_over(&mut self, handover: &Handover, now_ms: u64, findings: &mut Findings) {
        if handover.taking || handover.load == LoadId::NONE {
            return;
        }
        let entry = self
            .delivered
            .entry(handover.load)
            .or_insert((0, handover.station));
        entry.0 += 1;
        entry.1 = handover.station;
        if entry.0 > 1 {
            findings.note("orders", now_ms, || {
                format!("load {} was handed over {} times", handover.load.0, entry.0)
            });
        }
        if self.delivered.len() > DELIVERIES_MAX {
            self.delivered.pop_first();
        }
    }

    /// A change that is durable.
    pub fn changed(&mut self, delta: &Delta, now_ms: u64, findings: &mut Findings) {
        match delta {
            Delta::Submitted { id, .. } => {
                if *id <= self.last {
                    findings.note("orders", now_ms, || {
                        format!("order id {} was given twice", id.0)
                    });
                }
                self.last = self.last.max(*id);
                let entry = Entry {
                    state: OrderState::Waiting,
                    uncertain: true,
                    forgotten: false,
                };
                self.open.insert(*id, entry);
            }
            Delta::Moved(transition) => self.moved(transition, now_ms, findings),
            _ => {}
        }
    }

    fn moved(&mut self, t: &Transition, now_ms: u64, findings: &mut Findings) {
        let Some(entry) = self.open.get_mut(&t.order) else {
            findings.note("orders", now_ms, || {
                format!(
                    "order {} goes to {:?}, and has ended or was never accepted",
                    t.order.0, t.to
                )
            });
            return;
        };
        if !entry.uncertain && t.from != Some(entry.state) {
            let was = entry.state;
            findings.note("orders", now_ms, || {
                format!(
                    "order {} goes from {:?} to {:?}, and was {was:?}",
                    t.order.0, t.from, t.to
                )
            });
        }
        let by = entry
            .state
            .vehicle()
            .or(t.from.and_then(OrderState::vehicle));
        self.trust.moved(t, by, now_ms);
        let forgotten = entry.forgotten;
        *entry = Entry {
            state: t.to,
            uncertain: false,
            forgotten,
        };
        if !t.to.is_final() {
            return;
        }
        self.open.remove(&t.order);
        let delivery = self.delivered.remove(&LoadId::of(t.order));
        let trusted = !self.trust.ended(t.order) && !forgotten;
        if t.to == OrderState::Completed && trusted {
            match delivery {
                None => findings.note("orders", now_ms, || {
                    format!(
                        "order {} is called completed, and its load was never handed over",
                        t.order.0
                    )
                }),
                Some((_, station)) if station != t.spec.drop.station => {
                    findings.note("orders", now_ms, || {
                        format!(
                            "order {} is called completed, and its load went to another station",
                            t.order.0
                        )
                    });
                }
                Some(_) => {}
            }
        }
    }

    /// A new controller has started, and this is what it knows.
    ///
    /// A disk that lied may have lost something; but whoever opens the store has to say so, and no id is given twice in
    /// any case.
    pub fn restarted(
        &mut self,
        model: &ReadModel,
        restart: Restart,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        let excused = restart.excuses_loss();
        if restart.loss_named && !restart.disk_lied && !restart.named_again {
            findings.note("loss", now_ms, || {
                "a loss was named after a restart, and the disk had lost nothing".to_owned()
            });
        }
        let unnamed = |what: String| match restart.disk_lied {
            true => (
                "loss",
                format!("{what}: a lying disk lost it, and nobody said so"),
            ),
            false => ("orders", what),
        };
        let open: Vec<OrderId> = self.open.keys().copied().collect();
        for id in open {
            match model.orders.get(&id) {
                // Taken over below.
                Some(order) if !order.state.is_final() => {}
                // It ended, and that was kept although the dead controller did not live to tell.
                Some(_) => drop(self.open.remove(&id)),
                None => {
                    self.open.remove(&id);
                    self.lost_by_disk += u64::from(restart.disk_lied);
                    if !excused {
                        let (judge, what) = unnamed(format!(
                            "order {} was durable and is not known after a restart",
                            id.0
                        ));
                        findings.note(judge, now_ms, || what);
                    }
                }
            }
        }
        for (id, order) in model.orders.iter().filter(|(_, o)| !o.state.is_final()) {
            if *id <= self.last && !self.open.contains_key(id) && !excused {
                let (judge, what) = unnamed(format!(
                    "order {} had ended and is open again after a restart",
                    id.0
                ));
                findings.note(judge, now_ms, || what);
            }
            if excused {
                // That it was delivered may be forgotten: then it is done again, under the same load's name.
                self.delivered.remove(&LoadId::of(*id));
            }
            // What was forgotten once stays so in the lives that follow.
            let before = self.open.get(id).is_some_and(|entry| entry.forgotten);
            self.open.insert(
                *id,
                Entry {
                    state: order.state,
                    uncertain: true,
                    forgotten: excused || before,
                },
            );
            self.last = self.last.max(*id);
        }
        if model.revision < restart.shown_before && !excused {
            let (judge, what) = unnamed(format!(
                "{} changes of orders were shown and are not known after a restart",
                restart.shown_before - model.revision
            ));
            findings.note(judge, now_ms, || what);
        }
        if restart.next_order <= self.last {
            findings.note("orders", now_ms, || {
                format!(
                    "order id {} would be given again after a restart",
                    restart.next_order.0
                )
            });
        }
    }

    /// The controller's book has so many open orders, all of them durable.
    pub fn compare(&self, open: usize, now_ms: u64, findings: &mut Findings) {
        if open != self.open.len() {
            findings.note("orders", now_ms, || {
                format!(
                    "{} orders are open, and the controller knows {open}",
                    self.open.len()
                )
            });
        }
    }

    /// Orders that have not ended.
    pub fn open(&self) -> impl Iterator<Item = OrderId> {
        self.open.keys().copied()
    }
}
