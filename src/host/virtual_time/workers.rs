//! Planner and dispatcher of a rehearsal: they answer at once, and their answers arrive some cycles later.

use std::collections::VecDeque;
use std::sync::Arc;

use takt_maps::Floor;
use takt_motion::plan::Planner;
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot, Dispatcher};

use crate::controller::{Delta, Input, Outputs};
use crate::host::workers;

/// Cycles from question to answer, as a worker thread would take.
const PLANNER_CYCLES: u64 = 2;
/// Cycles from question to answer, as a worker thread would take.
const DISPATCHER_CYCLES: u64 = 4;

/// The workers and everything on its way between them and the controller.
// The boxes are what travels between controller and workers, here as live.
#[allow(clippy::vec_box)]
pub(super) struct Workers {
    pub(super) planner: Planner,
    pub(super) dispatcher: Dispatcher,
    pub(super) floor: Arc<Floor>,
    pub(super) cycle: u64,
    pub(super) commands: Vec<ToField>,
    pub(super) deltas: Vec<Delta>,
    pub(super) motion_snapshots: Vec<Box<MotionSnapshot>>,
    pub(super) motion_proposals: Vec<Box<MotionProposal>>,
    pub(super) dispatch_snapshots: Vec<Box<DispatchSnapshot>>,
    pub(super) dispatch_proposals: Vec<Box<DispatchProposal>>,
    pub(super) answers: VecDeque<(u64, Input)>,
    pub(super) work: u64,
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
        self.work += proposal.work;
        self.motion_snapshots.push(snapshot);
        self.answers
            .push_back((self.cycle + PLANNER_CYCLES, Input::Motion(proposal)));
    }

    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.dispatch_snapshots.pop()
    }

    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        let mut proposal = self.dispatch_proposals.pop().unwrap_or_default();
        *proposal = self.dispatcher.solve(&self.floor, &snapshot);
        self.dispatch_snapshots.push(snapshot);
        self.answers
            .push_back((self.cycle + DISPATCHER_CYCLES, Input::Dispatch(proposal)));
    }

    fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.motion_proposals.push(proposal);
    }

    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        self.dispatch_proposals.push(proposal);
    }
}

impl Workers {
    pub(super) fn new(floor: &Arc<Floor>, seed: u64) -> Self {
        Self {
            planner: workers::planner(floor, seed),
            dispatcher: workers::dispatcher(floor, seed),
            floor: floor.clone(),
            cycle: 0,
            commands: Vec::new(),
            deltas: Vec::new(),
            motion_snapshots: vec![Box::default()],
            motion_proposals: vec![Box::default()],
            dispatch_snapshots: vec![Box::default()],
            dispatch_proposals: vec![Box::default()],
            answers: VecDeque::new(),
            work: 0,
        }
    }
}
