//! What the controller counts about itself.

/// Things that the controller counts about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Counts {
    /// Motion proposals admitted.
    pub plans_admitted: u64,
    /// Motion proposals refused.
    pub plans_refused: u64,
    /// Waypoints granted.
    pub grants: u64,
    /// Assignments taken over.
    pub assignments: u64,
    /// Assignments refused, since the state had moved on.
    pub assignments_refused: u64,
    /// Reports that contradict what was granted.
    pub reports_refused: u64,
    /// Transfers that failed.
    pub transfers_failed: u64,
    /// Beats of the cycle that were missed.
    pub beats_missed: u64,
    /// Cycles that computed for longer than their budget.
    pub overruns: u64,
    /// The same by the phase that exceeded its share first, in the order of [`Phase::ALL`](super::Phase::ALL).
    pub overruns_by_phase: [u64; 7],
    /// Cycles that left out what may be left out, because of overruns.
    pub cycles_shed: u64,
    /// Cycles that granted nothing, because of overruns.
    pub cycles_held: u64,
}
