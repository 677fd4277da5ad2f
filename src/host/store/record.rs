//! What a store holds: the records of its log, and those of its checkpoints.
//!
//! The encoding of everything here but [`Record::Replay`] is part of the store's version: raise [`VERSION`] when it
//! changes, and teach `migrate` the old one. What only a replay needs is kept as bytes that only the same build
//! reads, so that the controller's inputs may change freely.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use takt_maps::{BufferId, EdgeId, OrderId, VehicleId};

use crate::controller::{Ask, CycleFacts, Delta, Input, StateHash};
use crate::follower::Client;
use crate::follower::model::OrderView;

/// Version of [`Record`] and [`Kept`].
pub const VERSION: u32 = 2;

/// The sources that this program was built from, as a digest: only the same build replays a recording.
pub const BUILD: &str = env!("TAKT_BUILD");

/// One record of the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Record {
    /// A controller begins its life, from the checkpoint of the same number.
    Begin(Begin),
    /// Who submitted the order of the next [`Delta::Submitted`].
    Client(Client),
    /// A change: one for which [`Delta::durable`] holds.
    Change(Delta),
    /// Who asked for what, beside the changes that it caused.
    Asked {
        /// Who.
        person: String,
        /// For what.
        request: Ask,
    },
    /// A [`Replay`], encoded.
    Replay(#[serde(with = "bytes")] Vec<u8>),
    /// The controller has ended in order; its last cycle.
    End {
        /// The cycle.
        cycle: u64,
    },
}

impl Record {
    /// Its kind in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::Client(_) => "client",
            Self::Change(_) => "change",
            Self::Asked { .. } => "asked",
            Self::Replay(_) => "replay",
            Self::End { .. } => "end",
        }
    }
}

/// What a controller's life begins with, beside the checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Begin {
    /// [`BUILD`] of the program.
    pub build: String,
    /// Name of the floor.
    pub floor: String,
    /// UTC at the beginning, in milliseconds since 1970.
    pub utc_ms: u64,
    /// The controller's own number, as vehicles are told it.
    pub epoch: u16,
    /// Seed of planner and dispatcher.
    pub seed: u64,
}

/// What a replay needs, in the order in which it happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Replay<'a> {
    /// A cycle that took something in or changed something; the changes follow. Cycles between two of them ran without
    /// inputs, but for those that were missed.
    Cycle {
        /// Its number.
        cycle: u64,
        /// What its host told it.
        facts: CycleFacts,
        /// What it took in besides, in order.
        inputs: Cow<'a, [Input]>,
    },
    /// The state's hash at the end of a cycle.
    Hash {
        /// The cycle.
        cycle: u64,
        /// The hash.
        hash: StateHash,
    },
}

/// What every [`Replay`] begins with, for those who do not want the rest.
#[derive(Deserialize)]
enum Head {
    Cycle(u64),
    Hash(u64),
}

impl Replay<'_> {
    /// The cycle that an encoded record of this build is about; `None` if the bytes are not of this build.
    pub fn cycle_of(bytes: &[u8]) -> Option<u64> {
        match postcard::take_from_bytes(bytes).ok()?.0 {
            Head::Cycle(cycle) | Head::Hash(cycle) => Some(cycle),
        }
    }
}

/// One record of a checkpoint: together they are what the next controller starts from and what people are shown.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Kept {
    /// UTC at controller time 0, in milliseconds since 1970; controller time goes on across restarts.
    Zero {
        /// Milliseconds.
        utc_ms: u64,
    },
    /// Controller milliseconds up to which the store knows something.
    Known {
        /// Milliseconds.
        until_ms: u64,
    },
    /// The greatest order id ever given.
    LastOrder(OrderId),
    /// An order that is open, or ended of late.
    Order(OrderView),
    /// Pieces in a buffer.
    Stock {
        /// Which.
        buffer: BufferId,
        /// Pieces.
        pieces: u32,
    },
    /// A vehicle that a person paused.
    VehiclePaused(VehicleId),
    /// The floor is paused.
    FloorPaused,
    /// An edge that a person blocked.
    EdgeBlocked(EdgeId),
    /// A vehicle that was heard.
    VehicleBooted {
        /// Which.
        vehicle: VehicleId,
        /// How often it had been switched on.
        boot: u16,
    },
    /// The start that wrote this has found that something durable is lost: the controller begins with the alarm.
    Loss,
}

impl Kept {
    /// Its kind in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "zero",
            Self::Known { .. } => "known",
            Self::LastOrder(_) => "last_order",
            Self::Order(_) => "order",
            Self::Stock { .. } => "stock",
            Self::VehiclePaused(_) => "vehicle_paused",
            Self::FloorPaused => "floor_paused",
            Self::EdgeBlocked(_) => "edge_blocked",
            Self::VehicleBooted { .. } => "vehicle_booted",
            Self::Loss => "loss",
        }
    }
}

/// Bytes as one run, not as a sequence of numbers.
mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        struct Run;
        impl de::Visitor<'_> for Run {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Run)
    }
}
