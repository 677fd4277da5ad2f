//! What the controller takes in. Every input is named here; nothing else can change its state.

use serde::{Deserialize, Serialize};
use takt_maps::{EdgeId, OrderId, VehicleId};
use takt_motion::MotionProposal;
use takt_plc_bridge::FromField;
use takt_scheduler::dispatch::DispatchProposal;
use takt_scheduler::orders::OrderSpec;

/// One input, consumed in a known cycle.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Something that a vehicle, a device or a link said.
    Field(FromField),
    /// Something that a person or program asked for; answered by [`Delta::Answer`](super::Delta::Answer).
    Ask {
        /// Comes back with the answer; unique in the life of a controller.
        token: u64,
        /// What is asked for.
        request: Ask,
    },
    /// The planner's answer to a snapshot. The box goes back to its owner through the outputs.
    Motion(Box<MotionProposal>),
    /// The dispatcher's answer to a snapshot. The box goes back to its owner through the outputs.
    Dispatch(Box<DispatchProposal>),
    /// Everything that was put out up to the end of this cycle is durable.
    Durable {
        /// The cycle.
        cycle: u64,
    },
    /// The cycle missed beats since the last input of this kind, for whatever reason.
    Missed {
        /// How many.
        beats: u64,
    },
    /// Controlled stop: hold every vehicle, grant nothing more.
    Stop,
    /// The last cycle computed for longer than its budget, by its own fault.
    Overrun {
        /// The phase that exceeded its share first.
        phase: Phase,
    },
}

/// What the host itself has to tell a cycle: how the last ones went, and whether to stop. The same function turns it
/// into inputs when the cycle runs and when it is replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CycleFacts {
    /// Begin a controlled stop.
    pub stop: bool,
    /// Beats missed since the last cycle.
    pub missed: u64,
    /// The last cycle exceeded its budget, first in this phase.
    pub overrun: Option<Phase>,
}

impl CycleFacts {
    /// The inputs that they are, in the order in which they come before all others.
    pub fn inputs(self) -> impl Iterator<Item = Input> {
        let missed = (self.missed > 0).then_some(Input::Missed { beats: self.missed });
        let overrun = self.overrun.map(|phase| Input::Overrun { phase });
        let stop = self.stop.then_some(Input::Stop);
        stop.into_iter().chain(missed).chain(overrun)
    }
}

/// A part of the step that has a budget of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Phase {
    /// Taking the inputs in.
    Inputs,
    /// Links, positions, lines, orders.
    State,
    /// Missions, transfers, chargers, doors.
    Devices,
    /// Admission and grants.
    Traffic,
    /// Questions to the workers: may be left out.
    Questions,
    /// Commands to the floor.
    Commands,
    /// How everything is, for those who look: may be left out.
    Status,
}

impl Phase {
    /// All, in the order in which a step goes through them.
    pub const ALL: [Phase; 7] = [
        Phase::Inputs,
        Phase::State,
        Phase::Devices,
        Phase::Traffic,
        Phase::Questions,
        Phase::Commands,
        Phase::Status,
    ];

    /// Its share of a cycle's budget in percent; together they are the whole.
    pub const fn share_percent(self) -> u64 {
        match self {
            Phase::Inputs => 30,
            Phase::State | Phase::Devices | Phase::Questions | Phase::Commands => 10,
            Phase::Traffic => 25,
            Phase::Status => 5,
        }
    }

    /// Its name as in the manual.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Inputs => "inputs",
            Phase::State => "state",
            Phase::Devices => "devices",
            Phase::Traffic => "traffic",
            Phase::Questions => "questions",
            Phase::Commands => "commands",
            Phase::Status => "status",
        }
    }
}

/// A change that somebody asks for, in ids.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// A new transport order.
    Submit(OrderSpec),
    /// End an order that is not on board yet.
    Cancel(OrderId),
    /// Pause or resume one vehicle.
    PauseVehicle(VehicleId, bool),
    /// Pause or resume all vehicles.
    PauseFloor(bool),
    /// Give an order that has not ended another priority.
    Prioritise(OrderId, u8),
    /// Block an edge of the roadmap, or free it: nobody is granted it any more, and plans lead round it.
    BlockEdge(EdgeId, bool),
    /// Locate a vehicle that is not where it should be where it says that it is: a person has looked.
    LocateVehicle(VehicleId),
}
