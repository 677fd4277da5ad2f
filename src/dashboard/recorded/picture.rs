//! What the page is shown of one moment of a recording.

use std::sync::Arc;

use takt_maps::Floor;

use crate::controller::VehicleStatus;
use crate::follower::Follower;
use crate::follower::model::{ReadModel, WaitView};

/// The read model, and what a page that looks on all the time would know besides.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// What the follower had made of everything up to this moment.
    pub model: ReadModel,
    /// For each vehicle since when it stands and waits, in controller milliseconds; `None`: it does not.
    pub waiting_since: Vec<Option<u64>>,
}

/// The same, only lent.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub model: &'a ReadModel,
    pub waiting_since: &'a [Option<u64>],
}

impl Picture {
    /// A look at it.
    pub(super) fn look(&self) -> Look<'_> {
        Look {
            model: &self.model,
            waiting_since: &self.waiting_since,
        }
    }

    /// Before anything is known.
    pub(super) fn blank(floor: &Arc<Floor>) -> Self {
        Self {
            model: Follower::new(floor.clone(), 0).model,
            waiting_since: vec![None; floor.vehicles.len()],
        }
    }
}

/// Takes in what a vehicle says at `now_ms`: one that drives or has nothing to wait for does not wait.
pub(super) fn note_waiting(since: &mut [Option<u64>], status: &VehicleStatus, now_ms: u64) {
    let since = &mut since[status.vehicle.index()];
    if status.wait == WaitView::None || status.speed_mm_s > 0 {
        *since = None;
    } else {
        since.get_or_insert(now_ms);
    }
}
