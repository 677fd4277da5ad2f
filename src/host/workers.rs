//! Planner and dispatcher as every host makes them: what they answer depends on floor, seed and question alone, so that
//! a replay can ask again.

use takt_maps::Floor;
use takt_motion::plan::{Planner, PlannerOptions};
use takt_scheduler::dispatch::{DispatchOptions, Dispatcher};

/// The planner of a floor.
pub fn planner(floor: &Floor, seed: u64) -> Planner {
    let options = PlannerOptions {
        seed,
        ..PlannerOptions::default()
    };
    Planner::new(floor, options)
}

/// The dispatcher of a floor.
pub fn dispatcher(floor: &Floor, seed: u64) -> Dispatcher {
    let options = DispatchOptions {
        seed,
        ..DispatchOptions::default()
    };
    Dispatcher::new(floor, options)
}
