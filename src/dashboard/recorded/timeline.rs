//! What the page's slider runs over, and what is marked on it.
//!
//! Positions are milliseconds from the beginning of the recording. Lives are put one behind the other: the time between
//! them, in which nothing ran, takes no room.

use serde::Serialize;

use crate::follower::model::{AlarmKind, AlarmPriority};

/// The whole recording, as the page gets it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Timeline {
    /// Its last position; its first is 0.
    pub end_ms: u64,
    /// Time between two pictures, in milliseconds.
    pub step_ms: u64,
    /// Its lives, oldest first.
    pub lives: Vec<LifeMark>,
    /// Alarms that were raised, oldest first.
    pub alarms: Vec<AlarmMark>,
    /// How many more there were than are marked.
    pub alarms_left_out: u64,
}

/// A life on the timeline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct LifeMark {
    /// Its epoch.
    pub epoch: u32,
    /// Position of its beginning.
    pub from_ms: u64,
    /// Position of its end.
    pub to_ms: u64,
    /// UTC of its beginning, in milliseconds since 1970.
    pub from_utc_ms: u64,
    /// It ended in order; otherwise it was killed, or the recording was cut off.
    pub ended: bool,
    /// Why it could not be replayed to its end; empty if it was.
    pub stopped: String,
}

impl LifeMark {
    /// A life that has just begun.
    pub(super) fn new(epoch: u32, from_ms: u64, from_utc_ms: u64) -> Self {
        Self {
            epoch,
            from_ms,
            to_ms: from_ms,
            from_utc_ms,
            ended: false,
            stopped: String::new(),
        }
    }
}

/// An alarm that was raised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(super) struct AlarmMark {
    /// Position.
    pub at_ms: u64,
    /// How much it matters.
    pub priority: AlarmPriority,
    /// What it is about.
    pub kind: AlarmKind,
}
