//! What the controller takes in. Every input is named here; nothing else can change its state.

use serde::{Deserialize, Serialize};
use takt_maps::{OrderId, VehicleId};
use takt_motion::MotionProposal;
use takt_plc_bridge::FromField;
use takt_scheduler::dispatch::DispatchProposal;
use takt_scheduler::orders::OrderSpec;

/// One input, consumed in a known cycle.
#[derive(Debug)]
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
}
