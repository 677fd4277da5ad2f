//! What is wrong with a vehicle: the state of its faults, kind by kind, so that each ends without ending another.

use super::push::Push;
use super::repeat::Again;
use super::slip::Slip;
use crate::faults::FaultKind;
use takt_maps::words::VehicleReport;

/// Everything that is wrong with a vehicle just now.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Trouble {
    /// Faults that have begun and not ended; a kind is in it as often as it has begun.
    pub(super) active: Vec<FaultKind>,
    /// An emergency stop or a fire alarm of the area that it is in.
    pub(super) area_stop: bool,
    /// Something lies just ahead.
    pub(super) blocked: bool,
    pub(super) slip: Slip,
    pub(super) push: Option<Push>,
    /// How far the reported position is off, mm.
    pub(super) jump: (f64, f64),
    /// The report that it repeats.
    pub(super) stale: Option<VehicleReport>,
    /// Seed of its untrue reports.
    pub(super) untrue: Option<u64>,
    /// The last report before it was switched off.
    pub(super) off: Option<VehicleReport>,
    /// What is added to the id of the next load that it takes; 0 for nothing.
    pub(super) wrong_load: u32,
    pub(super) again: Again,
}

impl Trouble {
    /// Is a fault of this kind active?
    pub(super) fn has(&self, kind: FaultKind) -> bool {
        self.active.contains(&kind)
    }

    /// Is nothing wrong, and nothing left of what was?
    pub(super) fn is_over(&self) -> bool {
        *self == Self::default()
    }

    /// One fault of this kind is over; true if it was the last one.
    pub(super) fn ended(&mut self, kind: FaultKind) -> bool {
        if let Some(at) = self.active.iter().position(|&k| k == kind) {
            self.active.swap_remove(at);
        }
        // Faults are ended in any order: those that are left must not make two equal states differ.
        self.active.sort_unstable();
        !self.has(kind)
    }
}
