//! The cycle's thread: a timer, the controller's step, and rings; nothing else.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use takt_maps::Floor;
use takt_motion::{AgentSnapshot, MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_rt::alloc;
use takt_rt::cycle::{Executive, Timing};
use takt_rt::host::LiveClock;
use takt_rt::queue::latest::Reader;
use takt_rt::queue::spsc::{Consumer, Producer, ring};
use takt_rt::thread::{self, RealTime};
use takt_rt::timing::Quantiles;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot};

use super::RealTimeOptions;
use super::phases::{PHASES, PhaseTimes};
use crate::controller::{Controller, Counts, CycleFacts, Delta, Input, Outputs, Phase};

/// Inputs taken in one cycle at most.
const INPUTS_MAX: usize = 1_024;
/// A controlled stop waits so long for vehicles to come to rest.
const STOP_MS_MAX: u64 = 5_000;

/// What leaves the cycle.
// Boxing commands or deltas would allocate in the cycle; the ring is large enough.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub(super) enum Output {
    /// For the field.
    Command(ToField),
    /// For the keeper.
    Delta(Delta),
    /// For the planner.
    Motion(Box<MotionSnapshot>),
    /// For the dispatcher.
    Dispatch(Box<DispatchSnapshot>),
    /// Back to the planner.
    MotionDone(Box<MotionProposal>),
    /// Back to the dispatcher.
    DispatchDone(Box<DispatchProposal>),
    /// Everything of this cycle has been put out.
    End {
        /// The cycle.
        cycle: u64,
        /// What it was told by its thread, before all other inputs.
        facts: CycleFacts,
        /// How many inputs it took from the ring.
        taken: u32,
    },
}

/// Boxes that come back to the cycle, to be filled again.
#[derive(Debug)]
pub(super) enum Returned {
    Motion(Box<MotionSnapshot>),
    Dispatch(Box<DispatchSnapshot>),
}

/// The cycle's ends of the rings.
pub(super) struct CycleEnds {
    inputs: Consumer<Input>,
    returned: Consumer<Returned>,
    outputs: Producer<Output>,
    executive: Executive<LiveClock>,
}

/// The bridge thread's ends of the rings.
pub(super) struct BridgeEnds {
    pub inputs: Producer<Input>,
    pub returned: Producer<Returned>,
    pub outputs: Consumer<Output>,
    pub timing: Option<Reader<Timing>>,
}

/// Makes the rings, sized for the floor: seconds of outputs, so that a slow disk does not reach the cycle.
pub(super) fn rings(floor: &Floor, spin_ns: u64) -> (CycleEnds, BridgeEnds) {
    let (inputs, take_inputs) = ring(4_096);
    let (returned, take_returned) = ring(8);
    // Each vehicle some ten commands and some ten status deltas a second.
    let outputs_max = (floor.vehicles.len() * 64 + 4_096).next_power_of_two();
    let (outputs, take_outputs) = ring(outputs_max);
    let mut executive = Executive::new(u64::from(floor.control.cycle_us) * 1_000, LiveClock)
        .budget_ns(budget_ns(floor))
        .spin_ns(spin_ns);
    let timing = executive.take_timing_reader();
    (
        CycleEnds {
            inputs: take_inputs,
            returned: take_returned,
            outputs,
            executive,
        },
        BridgeEnds {
            inputs,
            returned,
            outputs: take_outputs,
            timing,
        },
    )
}

/// CPU time that a cycle may take.
fn budget_ns(floor: &Floor) -> u64 {
    u64::from(floor.control.cycle_us) * u64::from(floor.control.budget_permille)
}

/// How the cycle ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    pub timing: Timing,
    pub counts: Counts,
    pub state_hash: u64,
    pub cycles: u64,
    /// Orders that the controller still had.
    pub open: u64,
    /// See [`Summary::phases`](super::Summary::phases).
    pub phases: [Quantiles; PHASES],
    /// Calls of the allocator while the cycle ran.
    pub allocations: u64,
    /// What the thread cost while the cycle ran.
    pub usage: thread::Usage,
    /// How the thread was scheduled.
    pub scheduler: String,
}

/// Runs the controller until told to stop and everything stands.
pub(super) fn run(
    mut controller: Controller,
    floor: &Floor,
    ends: CycleEnds,
    real_time: RealTimeOptions,
    gate: impl FnOnce(),
    stop: &AtomicBool,
) -> Ended {
    let CycleEnds {
        mut inputs,
        returned,
        outputs,
        mut executive,
    } = ends;
    let asked = RealTime {
        priority: Some(real_time.priority),
        cpu: real_time.cpu,
        ..RealTime::default()
    };
    if let Some(missing) = asked.apply_after(gate).missing() {
        tracing::warn!("the control cycle runs {missing}");
    }
    let mut out = Rings {
        outputs,
        returned,
        overflowed: false,
        phases: PhaseTimes::new(LiveClock, budget_ns(floor)),
        motion: Some(Box::new(MotionSnapshot {
            agents: vec![AgentSnapshot::default(); floor.vehicles.len()],
            blocked: Vec::with_capacity(floor.roadmap.places() + floor.roadmap.edges().len()),
            ..MotionSnapshot::default()
        })),
        dispatch: Some(Box::new(DispatchSnapshot {
            orders: Vec::with_capacity(floor.control.orders_max as usize),
            vehicles: Vec::with_capacity(floor.vehicles.len()),
            chargers: Vec::with_capacity(floor.chargers.len()),
            parking_blocked: Vec::with_capacity(floor.parking.len()),
            ..DispatchSnapshot::default()
        })),
    };
    let mut stop_at = None;
    let mut last = 0;
    let trapped = alloc::trap_asked_for();
    let before = thread::usage();
    let allocations = alloc::calls();
    alloc::trap(trapped);
    executive.run(|start| {
        last = start.number;
        // Before the times of the last cycle are forgotten.
        let overrun = start.overran.then(|| out.phases.exceeded());
        out.phases.start();
        let stopping = stop.load(Ordering::Acquire) || out.overflowed;
        let facts = CycleFacts {
            stop: stopping && stop_at.is_none(),
            missed: start.missed(),
            overrun,
        };
        let mut taken = 0;
        let from_ring = std::iter::from_fn(|| inputs.pop())
            .take(INPUTS_MAX)
            .inspect(|_| taken += 1);
        controller.step(start.number, facts.inputs().chain(from_ring), &mut out);
        out.push(Output::End {
            cycle: start.number,
            facts,
            taken,
        });
        out.phases.finish();
        if !stopping {
            return ControlFlow::Continue(());
        }
        let until = *stop_at.get_or_insert(controller.now_ms() + STOP_MS_MAX);
        // A few cycles at least, so that the last commands are on their way.
        let early = controller.now_ms() + STOP_MS_MAX - 200 < until;
        if !early && (controller.stands() || controller.now_ms() >= until) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    alloc::trap(false);
    let (allocations, after) = (alloc::calls() - allocations, thread::usage());
    if out.overflowed {
        tracing::error!(
            "the bridge thread did not take the cycle's outputs in time: controlled stop"
        );
    }
    Ended {
        timing: *executive.timing(),
        counts: controller.counts(),
        state_hash: controller.state_hash().total(),
        cycles: last,
        open: controller.orders_open() as u64,
        phases: out.phases.quantiles(),
        allocations,
        usage: after.since(before),
        scheduler: thread::scheduler(),
    }
}

/// The cycle's outputs as rings.
struct Rings {
    outputs: Producer<Output>,
    returned: Consumer<Returned>,
    /// A value found no room: what follows cannot be trusted to be complete, so the floor is stopped.
    overflowed: bool,
    phases: PhaseTimes,
    motion: Option<Box<MotionSnapshot>>,
    dispatch: Option<Box<DispatchSnapshot>>,
}

impl Rings {
    fn push(&mut self, output: Output) {
        self.overflowed |= self.outputs.push(output).is_err();
    }

    /// Boxes come back before the answers that they belong to, and are looked for after those have been taken in: so
    /// whether one is there depends on the inputs alone.
    fn take_back(&mut self) {
        while let Some(boxed) = self.returned.pop() {
            match boxed {
                Returned::Motion(snapshot) => self.motion = Some(snapshot),
                Returned::Dispatch(snapshot) => self.dispatch = Some(snapshot),
            }
        }
    }
}

impl Outputs for Rings {
    fn begin(&mut self, phase: Phase) {
        self.phases.enter(phase);
    }
    fn command(&mut self, command: ToField) {
        self.push(Output::Command(command));
    }
    fn delta(&mut self, delta: Delta) {
        self.push(Output::Delta(delta));
    }
    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        self.take_back();
        self.motion.take()
    }
    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>) {
        self.push(Output::Motion(snapshot));
    }
    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.take_back();
        self.dispatch.take()
    }
    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        self.push(Output::Dispatch(snapshot));
    }
    fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.push(Output::MotionDone(proposal));
    }
    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        self.push(Output::DispatchDone(proposal));
    }
}
