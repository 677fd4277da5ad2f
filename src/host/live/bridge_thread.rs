//! The bridge thread: polls the cycle's rings once a millisecond and carries everything to and from those who may wait.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use takt_plc_bridge::FromField;
use takt_sim::workload::Workload;

use super::Field;
use super::cycle_thread::{BridgeEnds, Output, Returned};
use super::keeper::ToKeeper;
use super::workers::{Answer, Workers};
use crate::controller::{Ask, Input};
use crate::host::front::Front;
use crate::host::store::Cycle;

/// Time between two looks at the rings.
const POLL: Duration = Duration::from_millis(1);
/// Looks at an empty ring after which the cycle is given up for dead.
const IDLE_POLLS_MAX: u32 = 5_000;
/// Orders that the floor makes by itself are looked for so often.
const WORKLOAD: Duration = Duration::from_millis(500);

/// What comes from anywhere for the cycle.
#[derive(Debug)]
pub(super) enum ToCycle {
    /// From a link.
    Field(FromField),
    /// From a worker.
    Answer(Answer),
    /// From the keeper: a request, with its token.
    Ask { token: u64, request: Ask },
    /// From the keeper: durable up to the end of this cycle.
    Durable { cycle: u64 },
}

/// Everything that the thread holds.
pub(super) struct BridgeThread {
    pub ends: BridgeEnds,
    /// The cycle puts nothing out any more.
    pub cycle_ended: Arc<AtomicBool>,
    pub from_all: Receiver<ToCycle>,
    pub field: Arc<dyn Field>,
    pub to_keeper: Sender<ToKeeper>,
    pub workers: Workers,
    pub workload: Option<Workload>,
    pub front: Front,
    /// Inputs are to be journalled.
    pub keeps: bool,
}

impl BridgeThread {
    /// Runs until the cycle has ended and its ring is empty.
    pub(super) fn run(mut self) {
        let mut waiting: Option<Input> = None;
        let (mut timing_at, mut workload_at) = (Instant::now(), Instant::now());
        // What is in the cycle's ring of inputs, in order: what a cycle takes from there is journalled with it.
        let mut pushed = VecDeque::new();
        let mut deltas = Vec::new();
        let mut idle_polls = 0u32;
        loop {
            // Looked at before the ring, so that nothing put out before the end is left in it.
            let last = self.cycle_ended.load(Ordering::Acquire);
            // Outputs of the cycle.
            let mut cycles = Vec::new();
            while let Some(output) = self.ends.outputs.pop() {
                idle_polls = 0;
                match output {
                    Output::Command(command) => self.field.send(command),
                    Output::Delta(delta) => deltas.push(delta),
                    Output::Motion(snapshot) => self.workers.plan(snapshot),
                    Output::Dispatch(snapshot) => self.workers.dispatch(snapshot),
                    Output::MotionDone(proposal) => self.workers.recycle_motion(proposal),
                    Output::DispatchDone(proposal) => self.workers.recycle_dispatch(proposal),
                    Output::End {
                        cycle,
                        facts,
                        taken,
                    } => cycles.push(Cycle {
                        number: cycle,
                        facts,
                        inputs: pushed.drain(..pushed.len().min(taken as usize)).collect(),
                        deltas: std::mem::take(&mut deltas),
                    }),
                }
            }
            if !cycles.is_empty() {
                // Without the keeper (its disk is full) the floor is about to be stopped: vehicles still have to be told.
                let _ = self.to_keeper.send(ToKeeper::Cycles(cycles));
            }
            // Inputs for the cycle; one that finds no room waits, and all behind it.
            while waiting.is_none() {
                let input = match self.from_all.try_recv() {
                    Ok(ToCycle::Field(said)) => Input::Field(said),
                    Ok(ToCycle::Ask { token, request }) => Input::Ask { token, request },
                    Ok(ToCycle::Durable { cycle }) => Input::Durable { cycle },
                    Ok(ToCycle::Answer(Answer::Motion(snapshot, proposal))) => {
                        self.give_back(Returned::Motion(snapshot));
                        Input::Motion(proposal)
                    }
                    Ok(ToCycle::Answer(Answer::Dispatch(snapshot, proposal))) => {
                        self.give_back(Returned::Dispatch(snapshot));
                        Input::Dispatch(proposal)
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                };
                waiting = self.push(input, &mut pushed);
            }
            if let Some(input) = waiting.take() {
                waiting = self.push(input, &mut pushed);
            }
            // Things that are due by the clock.
            if timing_at.elapsed() >= Duration::from_secs(1) {
                timing_at = Instant::now();
                if let Some(timing) = self.ends.timing.as_mut().map(|reader| reader.get()) {
                    // As above.
                    let _ = self.to_keeper.send(ToKeeper::Timing(timing));
                }
            }
            if workload_at.elapsed() >= WORKLOAD {
                workload_at = Instant::now();
                self.order();
            }
            // Something is put out in every cycle: a ring that stays empty is one of a cycle that has died.
            idle_polls += 1;
            if last || idle_polls > IDLE_POLLS_MAX {
                break;
            }
            std::thread::sleep(POLL);
        }
    }

    /// Gives the cycle an input; gives it back when there is no room.
    fn push(&mut self, input: Input, pushed: &mut VecDeque<Input>) -> Option<Input> {
        let copy = self.keeps.then(|| input.clone());
        match self.ends.inputs.push(input) {
            Ok(()) => {
                pushed.extend(copy);
                None
            }
            Err(full) => Some(full.0),
        }
    }

    fn give_back(&mut self, boxed: Returned) {
        // There is room: as many boxes exist as the ring holds.
        let _ = self.ends.returned.push(boxed);
    }

    /// Orders that the floor makes by itself.
    fn order(&mut self) {
        let Some(workload) = &mut self.workload else {
            return;
        };
        let (now_ms, open, ready) = self.front.read(|model| {
            (
                model.now_ms,
                model.kpis.orders_open as usize,
                model.notice.is_empty() && !model.paused,
            )
        });
        if !ready || now_ms == 0 {
            return;
        }
        let mut pushed = 0;
        while let Some(request) = workload.next(now_ms, open + pushed) {
            let spec = self
                .front
                .read(|model| crate::host::workload::spec(model, &request, now_ms));
            let Some(spec) = spec else { continue };
            pushed += 1;
            if self.to_keeper.send(ToKeeper::Floor(spec)).is_err() {
                return;
            }
        }
    }
}
