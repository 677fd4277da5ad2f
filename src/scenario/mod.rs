//! Scenarios: a floor, a fleet, a seed and a script of faults, run in virtual time before all judges.
//!
//! A scenario is everything that a run depends on; the same scenario is the same run, on every machine. The [`swarm`]
//! makes them up at random, [`mod@shrink`] cuts one down to what still fails, and a [`mod@file`] keeps one.

pub mod file;
pub mod floors;
mod memory;
pub mod run;
pub mod shrink;
pub mod swarm;

use std::sync::Arc;

use takt_maps::Floor;
use takt_sim::faults::Fault;

use crate::host::virtual_time::links::Depth;
use floors::FloorChoice;

/// The longest that a run may be asked for, ms: a leap year.
pub const FOR_MS_MAX: u64 = 366 * 86_400_000;

/// Everything that a run depends on.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Which floor.
    pub floor: FloorChoice,
    /// Of planner, dispatcher, workload and floor.
    pub seed: u64,
    /// How long things go wrong, simulated milliseconds; the time to settle comes on top.
    pub for_ms: u64,
    /// How links are simulated.
    pub depth: Depth,
    /// Vehicles on the floor, the first of those that the floor has; `None`: all.
    pub vehicles: Option<usize>,
    /// Production lines run, and call parts off.
    pub lines: bool,
    /// The floor's own random and rush orders.
    pub workload: bool,
    /// A production system that orders and checks what was acknowledged.
    pub clients: bool,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// The floor with this scenario's fleet and load.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn floor(&self) -> Result<Arc<Floor>, String> {
        let mut floor = self.floor.load()?;
        if let Some(vehicles) = self.vehicles {
            floor.vehicles.truncate(vehicles.max(1));
        }
        if !self.lines {
            floor.lines.clear();
        }
        if !self.workload {
            floor.workload = Default::default();
        }
        Ok(Arc::new(floor))
    }
}

#[cfg(test)]
mod tests;
