//! Planner and dispatcher of a rehearsal: they answer at once, and their answers arrive some cycles later; or never, or
//! too late, or wrong, where faults say so.

use std::sync::Arc;

use rand_core::SeedableRng;
use rand_pcg::Pcg32;
use takt_maps::Floor;
use takt_motion::plan::{AnyPlanner, Discipline};
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot, Dispatcher};

use super::nonsense;
use crate::controller::{Delta, Input, Outputs};
use crate::host::workers;

/// Cycles from question to answer, as a worker thread would take.
const PLANNER_CYCLES: u64 = 2;
/// Cycles from question to answer, as a worker thread would take.
const DISPATCHER_CYCLES: u64 = 4;

/// What is the matter with a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Condition {
    /// It answers nothing for now.
    pub(super) stalled: bool,
    /// Its answers come so many cycles later.
    pub(super) late_cycles: u64,
    /// It answers the question before.
    pub(super) stale: bool,
    /// Its answers are mutilated.
    pub(super) nonsense: bool,
}

/// An answer on its way.
struct Answer {
    due: u64,
    planner: bool,
    input: Input,
}

/// The workers and everything on its way between them and the controller.
// The boxes are what travels between controller and workers, here as live.
#[allow(clippy::vec_box)]
pub(super) struct Workers {
    pub(super) planner: AnyPlanner,
    traffic: Discipline,
    pub(super) dispatcher: Dispatcher,
    pub(super) floor: Arc<Floor>,
    pub(super) cycle: u64,
    pub(super) commands: Vec<ToField>,
    pub(super) deltas: Vec<Delta>,
    pub(super) motion_snapshots: Vec<Box<MotionSnapshot>>,
    pub(super) motion_proposals: Vec<Box<MotionProposal>>,
    pub(super) dispatch_snapshots: Vec<Box<DispatchSnapshot>>,
    pub(super) dispatch_proposals: Vec<Box<DispatchProposal>>,
    answers: Vec<Answer>,
    /// What is the matter with the planner.
    pub(super) planning: Condition,
    /// What is the matter with the dispatcher.
    pub(super) dispatching: Condition,
    previous_plan: Option<MotionProposal>,
    previous_assignment: Option<DispatchProposal>,
    random: Pcg32,
}

impl Outputs for Workers {
    fn command(&mut self, command: ToField) {
        self.commands.push(command);
    }

    fn delta(&mut self, delta: Delta) {
        self.deltas.push(delta);
    }

    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        self.motion_snapshots.pop()
    }

    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>) {
        let mut proposal = self.motion_proposals.pop().unwrap_or_default();
        self.planner.plan(&self.floor, &snapshot, &mut proposal);
        self.motion_snapshots.push(snapshot);
        if self.planning.stale {
            let fresh = (*proposal).clone();
            if let Some(previous) = self.previous_plan.replace(fresh) {
                *proposal = previous;
            }
        }
        if self.planning.nonsense {
            nonsense::motion(&self.floor, &mut proposal, &mut self.random);
        }
        self.answers.push(Answer {
            due: self.cycle + PLANNER_CYCLES + self.planning.late_cycles,
            planner: true,
            input: Input::Motion(proposal),
        });
    }

    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.dispatch_snapshots.pop()
    }

    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        let mut proposal = self.dispatch_proposals.pop().unwrap_or_default();
        *proposal = self.dispatcher.solve(&self.floor, &snapshot);
        self.dispatch_snapshots.push(snapshot);
        if self.dispatching.stale {
            let fresh = (*proposal).clone();
            if let Some(previous) = self.previous_assignment.replace(fresh) {
                *proposal = previous;
            }
        }
        if self.dispatching.nonsense {
            nonsense::dispatch(&self.floor, &mut proposal, &mut self.random);
        }
        self.answers.push(Answer {
            due: self.cycle + DISPATCHER_CYCLES + self.dispatching.late_cycles,
            planner: false,
            input: Input::Dispatch(proposal),
        });
    }

    fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.motion_proposals.push(proposal);
    }

    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        self.dispatch_proposals.push(proposal);
    }
}

impl Workers {
    pub(super) fn new(floor: &Arc<Floor>, seed: u64, traffic: Discipline) -> Self {
        Self {
            planner: workers::planner(floor, seed, traffic),
            traffic,
            dispatcher: workers::dispatcher(floor, seed),
            floor: floor.clone(),
            cycle: 0,
            commands: Vec::new(),
            deltas: Vec::new(),
            motion_snapshots: vec![Box::default()],
            motion_proposals: vec![Box::default()],
            dispatch_snapshots: vec![Box::default()],
            dispatch_proposals: vec![Box::default()],
            answers: Vec::new(),
            planning: Condition::default(),
            dispatching: Condition::default(),
            previous_plan: None,
            previous_assignment: None,
            random: Pcg32::seed_from_u64(seed ^ 0x0202_5e25),
        }
    }

    /// New workers for a new controller; what is the matter with them stays.
    pub(super) fn restart(&mut self, seed: u64) {
        let (planning, dispatching) = (self.planning, self.dispatching);
        let random = self.random.clone();
        *self = Self::new(&self.floor, seed, self.traffic);
        (self.planning, self.dispatching) = (planning, dispatching);
        self.random = random;
    }

    /// Hands out the answers that have arrived.
    pub(super) fn arrived(&mut self, inputs: &mut Vec<Input>) {
        let mut at = 0;
        while at < self.answers.len() {
            let answer = &self.answers[at];
            let condition = if answer.planner {
                self.planning
            } else {
                self.dispatching
            };
            if answer.due <= self.cycle && !condition.stalled {
                inputs.push(self.answers.remove(at).input);
            } else {
                at += 1;
            }
        }
    }
}
