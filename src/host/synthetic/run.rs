//! A controller on a synthetic floor in virtual time, with planner and dispatcher: what benches and tests measure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use takt_maps::Floor;
use takt_motion::plan::{Planner, PlannerOptions};
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_plc_bridge::handshake::HandshakeError;
use takt_scheduler::dispatch::{DispatchOptions, DispatchProposal, DispatchSnapshot, Dispatcher};
use takt_scheduler::orders::{OrderState, Transition};
use takt_sim::workload::Workload;

use super::fleet::Fleet;
use crate::controller::{Ask, Controller, Delta, Input, Outputs, Phase, Restored};
use crate::host::workload::order;

/// From question to answer of the dispatcher.
const DISPATCHER_MS: u64 = 50;
/// New orders a cycle at most: a burst at the start is no case of its own.
const ORDERS_PER_CYCLE: usize = 4;

/// Is told when a step begins, when its phases do, and when it ends.
pub trait Watch {
    /// The step begins; its inputs are at hand.
    fn start(&mut self) {}
    /// A phase begins.
    fn begin(&mut self, _phase: Phase) {}
    /// The step has ended.
    fn end(&mut self) {}
}

/// Nobody watches.
impl Watch for () {}

/// A controller at work.
pub struct Run<W: Watch> {
    floor: Arc<Floor>,
    controller: Controller,
    fleet: Fleet,
    workload: Workload,
    hand: Hand<W>,
    inputs: Vec<Input>,
    cycle: u64,
    token: u64,
}

/// What the controller's outputs go into; workers answer between steps.
// The boxes are what travels between controller and workers, here as live.
#[allow(clippy::vec_box)]
struct Hand<W: Watch> {
    watch: W,
    planner: Planner,
    dispatcher: Dispatcher,
    commands: Vec<ToField>,
    deltas: Vec<Delta>,
    completed: u64,
    /// Plans made, and how long that took.
    planning: (u64, Duration),
    motion: Option<Box<MotionSnapshot>>,
    dispatch: Option<Box<DispatchSnapshot>>,
    motion_asked: Option<Box<MotionSnapshot>>,
    dispatch_asked: Option<Box<DispatchSnapshot>>,
    motion_proposals: Vec<Box<MotionProposal>>,
    /// Answers on their way, with the milliseconds at which they arrive, in that order.
    answers: VecDeque<(u64, Answer)>,
}

enum Answer {
    Motion(Box<MotionSnapshot>, Box<MotionProposal>),
    Dispatch(Box<DispatchSnapshot>, Box<DispatchProposal>),
}

impl<W: Watch> Outputs for Hand<W> {
    fn begin(&mut self, phase: Phase) {
        self.watch.begin(phase);
    }
    fn command(&mut self, command: ToField) {
        self.commands.push(command);
    }
    fn delta(&mut self, delta: Delta) {
        let done = |t: &Transition| t.to == OrderState::Completed;
        self.completed += u64::from(matches!(&delta, Delta::Moved(t) if done(t)));
        self.deltas.push(delta);
    }
    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        self.motion.take()
    }
    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>) {
        self.motion_asked = Some(snapshot);
    }
    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.dispatch.take()
    }
    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        self.dispatch_asked = Some(snapshot);
    }
    fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.motion_proposals.push(proposal);
    }
    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        drop(proposal);
    }
}

impl<W: Watch> Run<W> {
    /// A fresh controller, everyone at the start; `seed` is that of planner, dispatcher and workload.
    ///
    /// # Errors
    /// If the floor's handshakes do not fit its devices; synthetic floors have none.
    pub fn new(floor: Arc<Floor>, seed: u64, watch: W) -> Result<Self, HandshakeError> {
        let planner = PlannerOptions {
            seed,
            ..PlannerOptions::default()
        };
        let dispatch = DispatchOptions {
            seed,
            ..DispatchOptions::default()
        };
        Ok(Self {
            controller: Controller::new(floor.clone(), 1, Restored::default())?,
            fleet: Fleet::new(&floor),
            workload: Workload::new(&floor, seed),
            hand: Hand {
                watch,
                planner: Planner::new(&floor, planner),
                dispatcher: Dispatcher::new(&floor, dispatch),
                commands: Vec::new(),
                deltas: Vec::new(),
                completed: 0,
                planning: (0, Duration::ZERO),
                motion: Some(Box::default()),
                dispatch: Some(Box::default()),
                motion_asked: None,
                dispatch_asked: None,
                motion_proposals: vec![Box::default()],
                answers: VecDeque::new(),
            },
            inputs: Vec::new(),
            cycle: 0,
            token: 0,
            floor,
        })
    }

    /// Milliseconds so far.
    pub fn now_ms(&self) -> u64 {
        self.cycle * u64::from(self.floor.control.cycle_us) / 1_000
    }

    /// One cycle of everything; the planner's answer to a question takes `planner_ms`.
    pub fn step(&mut self, planner_ms: u64) {
        self.cycle += 1;
        let now_ms = self.now_ms();
        let inputs = &mut self.inputs;
        self.fleet
            .poll(now_ms, |said| inputs.push(Input::Field(said)));
        self.order(now_ms);
        while self.hand.answers.front().is_some_and(|a| a.0 <= now_ms) {
            match self.hand.answers.pop_front() {
                Some((_, Answer::Motion(snapshot, proposal))) => {
                    self.hand.motion = Some(snapshot);
                    self.inputs.push(Input::Motion(proposal));
                }
                Some((_, Answer::Dispatch(snapshot, proposal))) => {
                    self.hand.dispatch = Some(snapshot);
                    self.inputs.push(Input::Dispatch(proposal));
                }
                None => {}
            }
        }
        self.inputs.push(Input::Durable {
            cycle: self.cycle - 1,
        });
        self.hand.deltas.clear();
        self.hand.watch.start();
        self.controller
            .step(self.cycle, self.inputs.drain(..), &mut self.hand);
        self.hand.watch.end();
        for command in self.hand.commands.drain(..) {
            self.fleet.command(&command, now_ms);
        }
        self.hand.answer(&self.floor, now_ms, planner_ms);
    }

    /// Transports that arise by themselves.
    fn order(&mut self, now_ms: u64) {
        if !self.controller.located() {
            return;
        }
        let open = self.controller.orders_open();
        for i in 0..ORDERS_PER_CYCLE {
            let Some(request) = self.workload.next(now_ms, open + i) else {
                return;
            };
            self.token += 1;
            self.inputs.push(Input::Ask {
                token: self.token,
                request: Ask::Submit(order(&self.floor, &request, now_ms)),
            });
        }
    }

    /// The controller, to look at.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// What the last step changed.
    pub fn deltas(&self) -> &[Delta] {
        &self.hand.deltas
    }

    /// Transports completed so far.
    pub fn orders_completed(&self) -> u64 {
        self.hand.completed
    }

    /// How many plans were made, and the time that the planner took for them.
    pub fn planning(&self) -> (u64, Duration) {
        self.hand.planning
    }

    /// Who watches.
    pub fn watch_mut(&mut self) -> &mut W {
        &mut self.hand.watch
    }
}

impl<W: Watch> Hand<W> {
    /// Lets the workers answer what they were asked in this cycle.
    fn answer(&mut self, floor: &Floor, now_ms: u64, planner_ms: u64) {
        if let Some(snapshot) = self.motion_asked.take() {
            let mut proposal = self.motion_proposals.pop().unwrap_or_default();
            let begun = Instant::now();
            self.planner.plan(floor, &snapshot, &mut proposal);
            self.planning = (self.planning.0 + 1, self.planning.1 + begun.elapsed());
            self.arrive(now_ms + planner_ms, Answer::Motion(snapshot, proposal));
        }
        if let Some(snapshot) = self.dispatch_asked.take() {
            let proposal = Box::new(self.dispatcher.solve(floor, &snapshot));
            self.arrive(now_ms + DISPATCHER_MS, Answer::Dispatch(snapshot, proposal));
        }
    }

    fn arrive(&mut self, at_ms: u64, answer: Answer) {
        let later = |other: &(u64, Answer)| other.0 > at_ms;
        let place = self.answers.iter().position(later);
        let place = place.unwrap_or(self.answers.len());
        self.answers.insert(place, (at_ms, answer));
    }
}
