//! Planner and dispatcher as every host makes them: what they answer depends on floor, seed and question alone, so that
//! a replay can ask again.

use takt_maps::Floor;
use takt_motion::plan::{AnyPlanner, Discipline, PlannerOptions};
use takt_scheduler::dispatch::{DispatchOptions, Dispatcher};

/// The planner of a floor.
pub fn planner(floor: &Floor, seed: u64, discipline: Discipline) -> AnyPlanner {
    let options = PlannerOptions {
        seed,
        ..PlannerOptions::default()
    };
    AnyPlanner::new(floor, options, discipline)
}

/// The dispatcher of a floor.
pub fn dispatcher(floor: &Floor, seed: u64) -> Dispatcher {
    let options = DispatchOptions {
        seed,
        ..DispatchOptions::default()
    };
    Dispatcher::new(floor, options)
}
