//! The workers: planner and dispatcher, each on a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use takt_maps::Floor;
use takt_motion::plan::Discipline;
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot};

use super::bridge_thread::ToCycle;
use crate::host::workers;

/// A worker's answer, with the snapshot's box.
#[derive(Debug)]
pub(super) enum Answer {
    Motion(Box<MotionSnapshot>, Box<MotionProposal>),
    Dispatch(Box<DispatchSnapshot>, Box<DispatchProposal>),
}

/// The ends at which workers take their questions.
pub(super) struct Workers {
    plan: Sender<(Box<MotionSnapshot>, Box<MotionProposal>)>,
    dispatch: Sender<Box<DispatchSnapshot>>,
    // The boxes are what travels.
    #[allow(clippy::vec_box)]
    proposals: Vec<Box<MotionProposal>>,
}

impl Workers {
    /// Starts both; they end when this is dropped.
    pub(super) fn start(
        floor: &Arc<Floor>,
        seed: u64,
        answers: &Sender<ToCycle>,
    ) -> std::io::Result<Self> {
        let (plan, questions) = channel::<(Box<MotionSnapshot>, Box<MotionProposal>)>();
        let (planner_floor, to) = (floor.clone(), answers.clone());
        super::thread("takt-planner", move || {
            step_back();
            let mut planner = workers::planner(&planner_floor, seed, Discipline::default());
            while let Ok((snapshot, mut proposal)) = questions.recv() {
                planner.plan(&planner_floor, &snapshot, &mut proposal);
                if to
                    .send(ToCycle::Answer(Answer::Motion(snapshot, proposal)))
                    .is_err()
                {
                    break;
                }
            }
        })?;
        let (dispatch, questions) = channel::<Box<DispatchSnapshot>>();
        let (dispatcher_floor, to) = (floor.clone(), answers.clone());
        super::thread("takt-dispatcher", move || {
            step_back();
            let mut dispatcher = workers::dispatcher(&dispatcher_floor, seed);
            while let Ok(snapshot) = questions.recv() {
                let proposal = Box::new(dispatcher.solve(&dispatcher_floor, &snapshot));
                if to
                    .send(ToCycle::Answer(Answer::Dispatch(snapshot, proposal)))
                    .is_err()
                {
                    break;
                }
            }
        })?;
        Ok(Self {
            plan,
            dispatch,
            proposals: vec![Box::default(), Box::default()],
        })
    }

    /// Asks the planner.
    pub(super) fn plan(&mut self, snapshot: Box<MotionSnapshot>) {
        let proposal = self.proposals.pop().unwrap_or_default();
        if self.plan.send((snapshot, proposal)).is_err() {
            tracing::error!("the planner has died: vehicles stop at the ends of their bases");
        }
    }

    /// Asks the dispatcher.
    pub(super) fn dispatch(&mut self, snapshot: Box<DispatchSnapshot>) {
        if self.dispatch.send(snapshot).is_err() {
            tracing::error!("the dispatcher has died: orders stay open");
        }
    }

    /// A proposal's box comes back.
    pub(super) fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.proposals.push(proposal);
    }

    /// A proposal's box comes back; it is dropped here, outside of the cycle.
    pub(super) fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        drop(proposal);
    }
}

/// Workers compute for long, and may wait: keeper, bridge and links, for which somebody waits, come first.
fn step_back() {
    if let Err(why) = takt_rt::thread::step_back(10) {
        tracing::debug!("a worker runs at the priority of all others: {why}");
    }
}
