//! What the planner is asked and what it answers.

use serde::{Deserialize, Serialize};
use takt_maps::{ClassId, EdgeId, KindId, NodeId, PlaceId, VehicleId};

/// One vehicle as the planner sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AgentSnapshot {
    /// Does it take part? `false`: not on the floor, or position unknown (then what it holds is in `blocked`).
    pub present: bool,
    /// May it be given moves? `false`: it stays at `node` for the whole plan (handshake, pause, fault, dead link,
    /// held up on its way).
    pub movable: bool,
    /// Where its base ends.
    pub node: NodeId,
    /// Sequence number of the last waypoint of its base.
    pub seq: u32,
    /// How long it takes to get there, ms, if nothing stops it.
    pub ready_ms: u32,
    /// Its kind.
    pub kind: KindId,
    /// Its footprint class now.
    pub class: ClassId,
    /// Where it should go; `None`: nowhere, but it may be pushed aside.
    pub goal: Option<NodeId>,
    /// Once at its goal it stays there (a load is handed over); otherwise it may be pushed on.
    pub dwell: bool,
    /// Greater goes first.
    pub priority: u32,
}

/// The state that a plan starts from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MotionSnapshot {
    /// The cycle in which it was taken.
    pub stamp: u64,
    /// One entry for each vehicle of the floor, indexed by [`VehicleId`].
    pub agents: Vec<AgentSnapshot>,
    /// Places that nobody may enter, sorted.
    pub blocked: Vec<PlaceId>,
}

/// One move of one vehicle: along this edge, to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Move {
    /// Who.
    pub vehicle: VehicleId,
    /// Along which edge.
    pub edge: EdgeId,
}

/// A plan for everyone, from where their bases end.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MotionProposal {
    /// The snapshot that it answers.
    pub stamp: u64,
    /// Sequence number of each vehicle's last waypoint in that snapshot, indexed by [`VehicleId`].
    pub base_end: Vec<u32>,
    /// The moves. The rank of a move, the certificate that is checked, is its index.
    pub moves: Vec<Move>,
    /// Effort spent, in counted steps.
    pub work: u64,
}
