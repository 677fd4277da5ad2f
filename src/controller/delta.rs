//! What the controller puts out: commands to the floor, questions to the workers, and deltas, from which followers
//! build everything that is shown or kept.

use serde::{Deserialize, Serialize};
use takt_maps::words::{BASE_WINDOW, OperatingMode, Pose, VehicleActivity};
use takt_maps::{BufferId, DeviceId, DoorId, EdgeId, NodeId, OrderId, VehicleId};
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot};
use takt_scheduler::orders::{OrderSpec, Refusal, Transition};

use super::{Phase, StateHash};
use crate::follower::model::{AlarmKind, AlarmPriority, DoorView, MissionView, WaitView};

/// Where the controller puts its outputs. Live, these are lock-free queues; in virtual time, function calls.
///
/// None of the calls may block or allocate.
pub trait Outputs {
    /// A part of the step begins: a host that keeps to budgets reads its clock. Nothing comes back.
    fn begin(&mut self, _phase: Phase) {}
    /// A command for a vehicle or device.
    fn command(&mut self, command: ToField);
    /// A change, in the order in which changes happen.
    fn delta(&mut self, delta: Delta);
    /// A snapshot box to fill for the planner. Asked for only when the planner has answered; `None` is for hosts without
    /// one.
    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>>;
    /// Asks the planner.
    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>);
    /// A snapshot box to fill for the dispatcher. Asked for only when it has answered; `None` is for hosts without one.
    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>>;
    /// Asks the dispatcher.
    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>);
    /// Gives a proposal's box back to its owner.
    fn recycle_motion(&mut self, proposal: Box<MotionProposal>);
    /// Gives a proposal's box back to its owner.
    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>);
}

/// Most points of a route ahead that a delta carries.
pub const ROUTE_MAX: usize = 16;

/// One change. Those for which [`Delta::durable`] holds are journalled, and a state can be rebuilt from them.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Delta {
    /// An order was taken in.
    Submitted {
        /// Its id.
        id: OrderId,
        /// What is to be done.
        spec: OrderSpec,
        /// Of the request that it came from; `None`: it arose on the floor (a call-off).
        token: Option<u64>,
        /// Controller milliseconds.
        at_ms: u64,
    },
    /// An order went from one state to another.
    Moved(Transition),
    /// A buffer holds so many pieces.
    Stock {
        /// Which.
        buffer: BufferId,
        /// Pieces.
        pieces: u32,
    },
    /// A vehicle was paused or resumed.
    VehiclePaused {
        /// Which.
        vehicle: VehicleId,
        /// Paused?
        paused: bool,
    },
    /// The floor was paused or resumed.
    FloorPaused {
        /// Paused?
        paused: bool,
    },
    /// The answer to a request.
    Answer {
        /// Of the request.
        token: u64,
        /// What became of it.
        result: Result<Option<OrderId>, Refused>,
    },
    /// A vehicle as it is now; sent for each vehicle some times a second.
    Vehicle(VehicleStatus),
    /// A door changed.
    Door {
        /// Which.
        door: DoorId,
        /// How it is.
        state: DoorView,
    },
    /// A device's link came up or went down.
    DeviceLink {
        /// Which.
        device: DeviceId,
        /// Alive?
        up: bool,
    },
    /// An alarm came.
    Raised {
        /// About what.
        kind: AlarmKind,
        /// How much it matters.
        priority: AlarmPriority,
        /// Controller milliseconds.
        at_ms: u64,
    },
    /// An alarm's cause is gone.
    Cleared {
        /// About what.
        kind: AlarmKind,
        /// Controller milliseconds.
        at_ms: u64,
    },
    /// How many vehicles have not said yet where they are; nothing is granted before it is 0.
    Locating {
        /// Vehicles.
        missing: u32,
    },
    /// The end of a cycle that put something durable out, or of every hundredth.
    Tick {
        /// The cycle.
        cycle: u64,
        /// Controller milliseconds.
        now_ms: u64,
        /// Hash of the controller's state.
        state_hash: StateHash,
    },
    /// An order has another priority.
    Prioritised {
        /// Which.
        order: OrderId,
        /// Its priority now.
        priority: u8,
    },
    /// An edge was blocked or freed.
    EdgeBlocked {
        /// Which.
        edge: EdgeId,
        /// Blocked?
        blocked: bool,
    },
    /// A vehicle is heard for the first time since it was switched on.
    VehicleBooted {
        /// Which.
        vehicle: VehicleId,
        /// Its count of such times.
        boot: u16,
    },
}

impl Delta {
    /// Must it be kept?
    pub fn durable(&self) -> bool {
        matches!(
            self,
            Delta::Submitted { .. }
                | Delta::Moved(_)
                | Delta::Stock { .. }
                | Delta::VehiclePaused { .. }
                | Delta::FloorPaused { .. }
                | Delta::Prioritised { .. }
                | Delta::EdgeBlocked { .. }
                | Delta::VehicleBooted { .. }
        )
    }
}

/// Why a request was refused by the controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Refused {
    /// By the order book.
    Order(Refusal),
    /// No such vehicle.
    UnknownVehicle,
    /// No such edge.
    UnknownEdge,
    /// The vehicle is where it should be, or does not stand at a node with nothing ahead of it and nothing begun.
    NotToBeLocated,
}

/// A vehicle as the controller sees it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct VehicleStatus {
    /// Which.
    pub vehicle: VehicleId,
    /// Controller milliseconds of the last report.
    pub seen_ms: u64,
    /// Where it says it is.
    pub pose: Option<Pose>,
    /// Speed over ground.
    pub speed_mm_s: u16,
    /// State of charge.
    pub battery_permille: u16,
    /// Load on board?
    pub loaded: bool,
    /// Who drives.
    pub mode: OperatingMode,
    /// What it does.
    pub activity: VehicleActivity,
    /// Its fault code.
    pub fault: u16,
    /// What it is for.
    pub mission: MissionView,
    /// Why it waits.
    pub wait: WaitView,
    /// Is its link alive?
    pub linked: bool,
    /// Way driven since the controller's start.
    pub distance_mm: u64,
    /// Nodes granted and not reached.
    pub base: Nodes<BASE_WINDOW>,
    /// Nodes planned and not granted.
    pub route: Nodes<ROUTE_MAX>,
}

/// A short list of nodes of fixed size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nodes<const N: usize> {
    len: u8,
    nodes: [NodeId; N],
}

impl<const N: usize> Default for Nodes<N> {
    fn default() -> Self {
        Self {
            len: 0,
            nodes: [NodeId(0); N],
        }
    }
}

impl<const N: usize> Nodes<N> {
    /// Adds a node; what does not fit is left out.
    pub fn push(&mut self, node: NodeId) {
        if usize::from(self.len) < N {
            self.nodes[usize::from(self.len)] = node;
            self.len += 1;
        }
    }

    /// The nodes.
    pub fn as_slice(&self) -> &[NodeId] {
        &self.nodes[..usize::from(self.len)]
    }
}

impl<const N: usize> FromIterator<NodeId> for Nodes<N> {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut list = Self::default();
        nodes.into_iter().take(N).for_each(|n| list.push(n));
        list
    }
}

impl<const N: usize> Serialize for Nodes<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Nodes<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<NodeId>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
