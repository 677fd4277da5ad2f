//! What a run has come to, in whole numbers.

use serde::Serialize;

/// Figures of one vehicle since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct VehicleStatistics {
    /// Distance driven.
    pub distance_mm: u64,
    /// Time driving and turning.
    pub driving_ms: u64,
    /// Time taking and handing over loads, waiting for the station included.
    pub acting_ms: u64,
    /// Time taking in energy.
    pub charging_ms: u64,
}

/// Figures of one line since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct LineStatistics {
    /// Takts finished.
    pub takts: u64,
    /// Time waited for a piece.
    pub starvation_ms: u64,
    /// Time waited for room.
    pub blocked_ms: u64,
    /// Pieces used up.
    pub consumed: u64,
    /// Pieces made.
    pub produced: u64,
}

/// Figures of a run since its start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Statistics {
    /// Simulated time.
    pub simulated_ms: u64,
    /// Steps simulated.
    pub steps: u64,
    /// Contacts that have begun between vehicles that were where they believed to be, or of such a vehicle with walls
    /// and doors; any is a failure of what drives the vehicles.
    pub contacts: u64,
    /// Contacts with a vehicle that was beside where it believed to be, by more than half of the clearance, or that was
    /// being pushed by hand.
    pub contacts_by_slip: u64,
    /// Contacts with something that lay on the way.
    pub contacts_with_obstacles: u64,
    /// Loads taken.
    pub loads: u64,
    /// Loads handed over.
    pub unloads: u64,
    /// Transfers that a station's PLC gave up.
    pub transfer_faults: u64,
    /// Deliveries that left more in a buffer than fits.
    pub overflows: u64,
    /// Pieces handed over where they do not belong.
    pub misplaced: u64,
    /// Pieces that fell off vehicles and were carried away.
    pub lost_by_fault: u64,
    /// Is every piece still accounted for?
    pub stock_conserved: bool,
    /// Of each vehicle.
    pub vehicles: Vec<VehicleStatistics>,
    /// Of each line.
    pub lines: Vec<LineStatistics>,
}

impl Statistics {
    /// Time that all lines have waited for pieces, ms.
    pub fn starvation_ms(&self) -> u64 {
        self.lines.iter().map(|l| l.starvation_ms).sum()
    }

    /// Distance that all vehicles have driven, mm.
    pub fn distance_mm(&self) -> u64 {
        self.vehicles.iter().map(|v| v.distance_mm).sum()
    }

    /// Pieces that all lines have used up.
    pub fn consumed(&self) -> u64 {
        self.lines.iter().map(|l| l.consumed).sum()
    }
}
