//! What a rehearsal found out.

use serde::Serialize;

use super::Rehearsal;
use crate::controller::Counts;

/// What a rehearsal found out; the same for the same floor and options, on every machine.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Name of the floor.
    pub floor: String,
    /// As given.
    pub seed: u64,
    /// Simulated time.
    pub simulated_s: f64,
    /// Vehicles on the floor.
    pub vehicles: usize,
    /// Orders completed.
    pub orders_done: u64,
    /// Orders not ended.
    pub orders_open: u64,
    /// Orders completed late, or open and late.
    pub orders_late: u64,
    /// Orders cancelled or failed.
    pub orders_ended_otherwise: u64,
    /// Orders accepted, not ended, and not known any more.
    pub orders_lost: u64,
    /// Time that lines stood for want of parts, summed.
    pub starvation_s: f64,
    /// Footprints that touched each other or a wall.
    pub contacts: u64,
    /// Vehicles that stood for others for more than three minutes.
    pub deadlocks: u64,
    /// The longest that a vehicle stood for others.
    pub longest_wait_s: f64,
    /// Way driven by all vehicles.
    pub distance_m: f64,
    /// Share of vehicle time spent on orders.
    pub utilisation: f64,
    /// Cycles done.
    pub cycles: u64,
    /// Hash of the controller's state at the end.
    pub state_hash: String,
    /// What the controller counted.
    pub counts: Counts,
    /// Faults that have begun.
    pub faults: u64,
    /// Controllers that have run: one, and one more after each crash.
    pub lives: u64,
    /// Contacts of vehicles that were off where they believed to be.
    pub contacts_by_slip: u64,
    /// Contacts of vehicles with what fell right before them.
    pub contacts_with_obstacles: u64,
    /// Orders that a disk lost which had said that it had them.
    pub orders_lost_by_disk: u64,
    /// What judges found beside that, all of it; programs are given the list.
    #[serde(skip)]
    pub violations: u64,
}

impl Rehearsal {
    /// How it went so far.
    pub fn outcome(&self, seed: u64) -> Outcome {
        let kpis = &self.follower.model.kpis;
        let stats = self.sim.statistics();
        let open = self.controller.orders_open() as u64;
        Outcome {
            floor: self.floor.name.clone(),
            seed,
            simulated_s: self.now_ms() as f64 / 1_000.0,
            vehicles: self.floor.vehicles.len(),
            orders_done: kpis.orders_done,
            orders_open: open,
            orders_late: kpis.orders_late,
            orders_ended_otherwise: kpis.orders_ended_otherwise,
            orders_lost: self.judge.lost(open),
            starvation_s: stats.starvation_ms() as f64 / 1_000.0,
            contacts: stats.contacts,
            deadlocks: self.judge.deadlocks,
            longest_wait_s: self.judge.longest_wait_ms as f64 / 1_000.0,
            distance_m: stats.distance_mm() as f64 / 1_000.0,
            utilisation: f64::from(kpis.utilisation_permille) / 1_000.0,
            cycles: self.cycle,
            state_hash: format!("{:016x}", self.controller.state_hash().total()),
            counts: self.controller.counts(),
            faults: self.trouble.begun(),
            lives: self.lives,
            contacts_by_slip: stats.contacts_by_slip,
            contacts_with_obstacles: stats.contacts_with_obstacles,
            orders_lost_by_disk: self.orders.lost_by_disk,
            violations: self.findings.count,
        }
    }
}
