//! One handshake being carried out: the interpreter that the control cycle steps.

use super::program::{ProgramId, Programs, Step};
use crate::image::Image;
use serde::{Deserialize, Serialize};
use takt_maps::Value;

/// Which half of a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Phase {
    /// The steps that begin it: the whole of a transfer, opening a door, switching a charger on.
    Begin,
    /// The steps that end it: closing a door, switching a charger off.
    End,
}

/// Which way a load goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Direction {
    /// The vehicle takes: [`Value::Direction`] is 1.
    #[default]
    Load,
    /// The vehicle gives: [`Value::Direction`] is 2.
    Unload,
}

/// What a handshake is about: where [`Value`]s that are not constants come from. Doors and chargers need none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Context {
    /// Which way the load goes.
    pub direction: Direction,
    /// The low word of the load's id.
    pub load: u16,
    /// Which of the station's buffers: 1 for the first in the floor file, 0 for none.
    pub buffer: u16,
}

/// How far a handshake is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// In a step.
    Running {
        /// Index of the step in its phase; [`Programs::step_name`] has its name.
        step: u16,
        /// The vehicle's own action belongs to this step: it may begin, and the step waits for its end.
        vehicle_may_act: bool,
    },
    /// All steps are taken.
    Done,
    /// Given up. Outputs stay as they were until [`Instance::acknowledge`].
    Failed {
        /// Index of the step in which it failed.
        step: u16,
        /// Why.
        cause: Cause,
        /// The failure was acknowledged, the request is taken back and the device shows no fault: a retry (a new
        /// [`Instance`]) can succeed.
        clear: bool,
    },
}

/// Why a handshake failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// A step took longer than its time-out.
    Timeout,
    /// The device's fault input was set.
    DeviceFault,
}

/// A handshake with one device, begun by [`Instance::start`] and carried on by [`Instance::step`] once a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Instance {
    program: ProgramId,
    phase: Phase,
    context: Context,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
enum State {
    /// Nothing is set yet.
    Starting,
    /// The step's outputs are set; it waits since then.
    Waiting {
        step: u16,
        since_ms: u64,
    },
    Done,
    Failed {
        step: u16,
        cause: Cause,
        acknowledge: Acknowledge,
    },
}

/// Has a person, or a rule of the caller, acknowledged the failure?
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
enum Acknowledge {
    No,
    /// The request is taken back, and the output set until the fault clears.
    Asked,
    /// The fault was seen to clear, the output was withdrawn.
    Over,
}

impl Instance {
    /// A handshake about to begin; nothing is set before the first [`step`](Self::step).
    pub fn start(program: ProgramId, phase: Phase, context: Context) -> Self {
        Self {
            program,
            phase,
            context,
            state: State::Starting,
        }
    }

    /// The program that it carries out.
    pub fn program(&self) -> ProgramId {
        self.program
    }

    /// The half that it carries out.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// One call a cycle: looks at the device's inputs, sets its outputs, and takes one transition at most.
    ///
    /// A step's outputs are set in one call and its inputs looked at from the next one on. `now_ms` is the cycle's
    /// time and does not go back; `vehicle_done` says that the action that this handshake is about is finished, and
    /// counts only in a step in which the vehicle acts. A device fault ends the handshake before anything is set.
    ///
    /// # Panics
    /// If the instance was started with a [`ProgramId`] of other programs.
    pub fn step(
        &mut self,
        programs: &Programs,
        inputs: &Image,
        outputs: &mut Image,
        now_ms: u64,
        vehicle_done: bool,
    ) -> Status {
        let program = programs.program(self.program);
        let fault = program.fault.is_some_and(|point| inputs.get(point) != 0);
        self.state = match self.state {
            State::Starting if fault => failed(0, Cause::DeviceFault),
            State::Waiting { step, .. } if fault => failed(step, Cause::DeviceFault),
            State::Starting => self.enter(programs, outputs, now_ms, 0),
            State::Waiting { step, since_ms } => {
                match programs.step(self.program, self.phase, step) {
                    Some(s) if !self.satisfied(programs, s, inputs, vehicle_done) => {
                        if is_over(s, since_ms, now_ms) {
                            failed(step, Cause::Timeout)
                        } else {
                            State::Waiting { step, since_ms }
                        }
                    }
                    _ => self.enter(programs, outputs, now_ms, step + 1),
                }
            }
            State::Failed {
                step,
                cause,
                acknowledge: Acknowledge::Asked,
            } => {
                // The request goes first: an acknowledgement must not set the machine going again.
                self.withdraw(programs, outputs);
                if let Some(point) = program.acknowledge {
                    outputs.set(point, u16::from(fault));
                }
                let acknowledge = if fault {
                    Acknowledge::Asked
                } else {
                    Acknowledge::Over
                };
                State::Failed {
                    step,
                    cause,
                    acknowledge,
                }
            }
            over @ (State::Done | State::Failed { .. }) => over,
        };
        self.status(programs, fault)
    }

    /// Answers a failure, a fault as well as a time-out: from the next [`step`](Self::step) on the request is taken
    /// back ([`withdraw`](Self::withdraw)), and the device's `acknowledge` output is set until its fault input clears.
    /// Nothing happens in a handshake that has not failed.
    pub fn acknowledge(&mut self) {
        if let State::Failed { acknowledge, .. } = &mut self.state {
            *acknowledge = Acknowledge::Asked;
        }
    }

    /// Sets every output to 0 that the steps of this phase set: the request is taken back, as for a cancelled order.
    ///
    /// # Panics
    /// If the instance was started with a [`ProgramId`] of other programs.
    pub fn withdraw(&self, programs: &Programs, outputs: &mut Image) {
        for step in programs.steps(self.program, self.phase) {
            for (point, _) in programs.set(step) {
                outputs.set(*point, 0);
            }
        }
    }

    /// Takes a step: sets its outputs and waits from now on. Past the last step the handshake is done.
    fn enter(&self, programs: &Programs, outputs: &mut Image, now_ms: u64, step: u16) -> State {
        let Some(s) = programs.step(self.program, self.phase, step) else {
            return State::Done;
        };
        for (point, value) in programs.set(s) {
            outputs.set(*point, self.context.value(*value));
        }
        State::Waiting {
            step,
            since_ms: now_ms,
        }
    }

    fn satisfied(
        &self,
        programs: &Programs,
        step: &Step,
        inputs: &Image,
        vehicle_done: bool,
    ) -> bool {
        let waits = programs.wait(step);
        (vehicle_done || !step.vehicle_acts)
            && waits
                .iter()
                .all(|(point, value)| inputs.get(*point) == self.context.value(*value))
    }

    fn status(&self, programs: &Programs, fault: bool) -> Status {
        match self.state {
            State::Starting => Status::Running {
                step: 0,
                vehicle_may_act: false,
            },
            State::Waiting { step, .. } => Status::Running {
                step,
                vehicle_may_act: programs
                    .step(self.program, self.phase, step)
                    .is_some_and(|s| s.vehicle_acts),
            },
            State::Done => Status::Done,
            State::Failed {
                step,
                cause,
                acknowledge,
            } => Status::Failed {
                step,
                cause,
                clear: !fault && acknowledge == Acknowledge::Over,
            },
        }
    }
}

impl Context {
    fn value(&self, value: Value) -> u16 {
        match value {
            Value::Constant(constant) => constant,
            Value::Direction => match self.direction {
                Direction::Load => 1,
                Direction::Unload => 2,
            },
            Value::Load => self.load,
            Value::Buffer => self.buffer,
        }
    }
}

fn failed(step: u16, cause: Cause) -> State {
    State::Failed {
        step,
        cause,
        acknowledge: Acknowledge::No,
    }
}

/// Is the time of a step up?
fn is_over(step: &Step, since_ms: u64, now_ms: u64) -> bool {
    step.timeout_ms > 0 && now_ms.saturating_sub(since_ms) >= u64::from(step.timeout_ms)
}
