//! Where a replayed controller's outputs go: kept as far as they are compared, dropped otherwise.

use std::collections::VecDeque;
use std::sync::Arc;

use takt_maps::Floor;
use takt_motion::plan::{AnyPlanner, Discipline};
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot, Dispatcher};

use crate::controller::{Delta, Input, Outputs, StateHash};
use crate::host::workers;

/// Planner and dispatcher, to compute again what they answered.
struct Workers {
    planner: AnyPlanner,
    dispatcher: Dispatcher,
    /// Plans and assignments whose recorded twin has not come yet: at most one each.
    plan: Option<Box<MotionProposal>>,
    assignment: Option<Box<DispatchProposal>>,
}

/// What came out of the cycles so far and has not been compared.
pub(super) struct Kept {
    floor: Arc<Floor>,
    /// Changes, in order.
    pub changes: VecDeque<Delta>,
    /// The last hash put out, with its cycle.
    pub hash: Option<(u64, StateHash)>,
    /// Everything of the last cycle, for those who watch.
    pub watched: Option<Vec<Delta>>,
    motion: Option<Box<MotionSnapshot>>,
    dispatch: Option<Box<DispatchSnapshot>>,
    workers: Option<Workers>,
}

impl Kept {
    pub(super) fn new(floor: &Arc<Floor>, seed: u64, rerun: bool) -> Self {
        let models = || Workers {
            planner: workers::planner(floor, seed, Discipline::default()),
            dispatcher: workers::dispatcher(floor, seed),
            plan: None,
            assignment: None,
        };
        Self {
            floor: floor.clone(),
            changes: VecDeque::new(),
            hash: None,
            watched: None,
            motion: Some(Box::default()),
            dispatch: Some(Box::default()),
            workers: rerun.then(models),
        }
    }

    /// Compares a recorded answer of a worker with the one computed again: `None` if there is nothing to compare,
    /// otherwise whether they are equal.
    pub(super) fn same_answer(&mut self, input: &Input) -> Option<bool> {
        let workers = self.workers.as_mut()?;
        match input {
            Input::Motion(recorded) => {
                let again = workers.plan.take()?;
                Some(again == *recorded)
            }
            Input::Dispatch(recorded) => {
                let again = workers.assignment.take()?;
                Some(again == *recorded)
            }
            _ => None,
        }
    }
}

impl Outputs for Kept {
    fn command(&mut self, _: ToField) {}

    fn delta(&mut self, delta: Delta) {
        if let Some(watched) = &mut self.watched {
            watched.push(delta);
        }
        if delta.durable() {
            self.changes.push_back(delta);
        } else if let Delta::Tick {
            cycle, state_hash, ..
        } = delta
        {
            self.hash = Some((cycle, state_hash));
        }
    }

    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        self.motion.take()
    }

    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>) {
        if let Some(workers) = &mut self.workers {
            let mut proposal = Box::<MotionProposal>::default();
            workers.planner.plan(&self.floor, &snapshot, &mut proposal);
            workers.plan = Some(proposal);
        }
        self.motion = Some(snapshot);
    }

    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.dispatch.take()
    }

    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        if let Some(workers) = &mut self.workers {
            let again = workers.dispatcher.solve(&self.floor, &snapshot);
            workers.assignment = Some(Box::new(again));
        }
        self.dispatch = Some(snapshot);
    }

    fn recycle_motion(&mut self, _: Box<MotionProposal>) {}

    fn recycle_dispatch(&mut self, _: Box<DispatchProposal>) {}
}
