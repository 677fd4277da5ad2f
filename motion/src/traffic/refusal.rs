//! Why something was not taken on.

use takt_maps::{EdgeId, NodeId, VehicleId, ZoneId};

/// Why something was not taken on; then nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The floor has no such vehicle.
    #[error("there is no vehicle {}", .0.0)]
    UnknownVehicle(VehicleId),
    /// The floor has no such node.
    #[error("there is no node {}", .0.0)]
    UnknownNode(NodeId),
    /// The floor has no such edge.
    #[error("there is no edge {}", .0.0)]
    UnknownEdge(EdgeId),
    /// The vehicle is under control already.
    #[error("the vehicle is under control already")]
    AlreadyPlaced,
    /// The vehicle is not under control.
    #[error("vehicle {} is not under control", .0.0)]
    NotPlaced(VehicleId),
    /// The vehicle is on its way, or has a base that is not finished.
    #[error("the vehicle is not at rest")]
    NotAtRest,
    /// The ground is in conflict with what another vehicle holds.
    #[error("vehicle {} holds ground in conflict", by.0)]
    Held {
        /// The other vehicle.
        by: VehicleId,
    },
    /// The zone would have more vehicles than its capacity.
    #[error("zone {} is full", .0.0)]
    Zone(ZoneId),
    /// Something is being rehearsed that counts on things as they are: ask again in a later cycle.
    #[error("a plan is being looked at: ask again")]
    Rehearsing,
    /// The floor changed under the proposal while it was looked at.
    #[error("the floor changed while the proposal was looked at")]
    Overtaken,
    /// The sequence number leaves too few above it.
    #[error("the sequence number is not below 2^31")]
    Sequence,
    /// The proposal is not for this fleet.
    #[error("the proposal is for {vehicles} vehicles")]
    WrongFleet {
        /// Vehicles in it.
        vehicles: usize,
    },
    /// The proposal has more moves than there is room for.
    #[error("the proposal has {moves} moves, more than there is room for")]
    TooLong {
        /// Moves in it.
        moves: usize,
    },
    /// The proposal starts from a base end that the vehicle does not have, or has left another way.
    #[error("vehicle {} is no longer where the proposal starts", vehicle.0)]
    Stale {
        /// The vehicle.
        vehicle: VehicleId,
    },
    /// A move does not start where its vehicle then stands.
    #[error("move {rank} does not start where its vehicle stands")]
    WrongStart {
        /// The move.
        rank: u32,
    },
    /// A move uses an edge that its vehicle's kind may not use.
    #[error("move {rank} uses an edge that is not for the vehicle's kind")]
    WrongKind {
        /// The move.
        rank: u32,
    },
    /// A move comes in conflict with where another vehicle then stands.
    #[error("move {rank} comes in conflict with vehicle {}", other.0)]
    Conflict {
        /// The move.
        rank: u32,
        /// The other vehicle.
        other: VehicleId,
    },
    /// A move enters a zone that is then full.
    #[error("move {rank} enters zone {}, which is full", zone.0)]
    ZoneFull {
        /// The move.
        rank: u32,
        /// The zone.
        zone: ZoneId,
    },
}
