//! The judge of orders and vehicles: none lost, none stuck. Footprints are judged in `takt_sim`.

use takt_maps::words::VehicleReport;
use takt_maps::{Floor, VehicleId};
use takt_scheduler::orders::OrderState;

use crate::controller::Delta;
use crate::follower::model::{MissionView, WaitView};

/// A vehicle that has somewhere to go and nothing that holds it but others, and stands for longer, is deadlocked.
pub const DEADLOCK_MS: u64 = 180_000;

/// Watches deltas and reports.
#[derive(Debug)]
pub struct Judge {
    vehicles: Vec<Watch>,
    submitted: u64,
    ended: u64,
    /// Vehicles found deadlocked, each time that it begins.
    pub deadlocks: u64,
    /// The longest that a vehicle stood for others.
    pub longest_wait_ms: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    reached: u32,
    since_ms: u64,
    /// It was held by others when last looked at.
    held: bool,
    counted: bool,
}

impl Judge {
    /// A judge of a controller that begins at this time, with this many orders restored from a store.
    pub fn new(floor: &Floor, restored: u64, now_ms: u64) -> Self {
        let watch = Watch {
            since_ms: now_ms,
            ..Watch::default()
        };
        Self {
            vehicles: vec![watch; floor.vehicles.len()],
            submitted: restored,
            ended: 0,
            deadlocks: 0,
            longest_wait_ms: 0,
        }
    }

    /// Counts orders.
    pub fn delta(&mut self, delta: &Delta) {
        match delta {
            Delta::Submitted { .. } => self.submitted += 1,
            Delta::Moved(t) if t.to.is_final() && !t.from.is_some_and(OrderState::is_final) => {
                self.ended += 1
            }
            _ => {}
        }
    }

    /// Waiting counts from now on only: until now something was the matter.
    pub fn begin_again(&mut self, now_ms: u64) {
        for watch in &mut self.vehicles {
            (watch.since_ms, watch.counted) = (now_ms, false);
        }
    }

    /// Vehicles that have stood for others for longer than this.
    pub fn stands(&self, now_ms: u64, for_ms: u64) -> impl Iterator<Item = VehicleId> + '_ {
        let stands = move |w: &Watch| w.held && now_ms > w.since_ms + for_ms;
        let all = self.vehicles.iter().enumerate();
        all.filter(move |(_, w)| stands(w))
            .map(|(i, _)| VehicleId::from_index(i))
    }

    /// Looks at one vehicle, some times a second.
    pub fn vehicle(
        &mut self,
        vehicle: VehicleId,
        report: &VehicleReport,
        mission: MissionView,
        wait: WaitView,
        now_ms: u64,
    ) {
        let watch = &mut self.vehicles[vehicle.index()];
        let held = matches!(wait, WaitView::Vehicle(_) | WaitView::Plan | WaitView::Zone);
        if report.reached_seq != watch.reached
            || mission == MissionView::Idle
            || !held
            || report.speed_mm_s > 0
        {
            *watch = Watch {
                reached: report.reached_seq,
                since_ms: now_ms,
                ..Watch::default()
            };
            return;
        }
        watch.held = true;
        let waited = now_ms.saturating_sub(watch.since_ms);
        self.longest_wait_ms = self.longest_wait_ms.max(waited);
        if waited > DEADLOCK_MS && !watch.counted {
            watch.counted = true;
            self.deadlocks += 1;
        }
    }

    /// Orders that were accepted, have not ended, and the controller does not know any more.
    pub fn lost(&self, open: u64) -> u64 {
        (self.submitted - self.ended).saturating_sub(open)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn nobody_has_waited_since_before_the_controller_began() {
        let floor = takt_maps::formats::builtin("electronics-line").unwrap();
        // A store that is three days old.
        let begun_ms = 3 * 86_400_000;
        let mut judge = Judge::new(&floor.unwrap().floor, 0, begun_ms);
        let mut look = |after_ms| {
            let report = VehicleReport::default();
            let wait = WaitView::Plan;
            let mission = MissionView::Parking;
            judge.vehicle(VehicleId(0), &report, mission, wait, begun_ms + after_ms);
            judge.deadlocks
        };
        assert_eq!(look(100), 0);
        assert_eq!(look(DEADLOCK_MS), 0);
        assert_eq!(look(DEADLOCK_MS + 1), 1);
        assert_eq!(judge.longest_wait_ms, DEADLOCK_MS + 1);
    }

    #[test]
    fn who_stands_when_the_last_fault_ends_counts_from_there() {
        let floor = takt_maps::formats::builtin("electronics-line").unwrap();
        let mut judge = Judge::new(&floor.unwrap().floor, 0, 0);
        let look = |judge: &mut Judge, wait, now_ms| {
            let report = VehicleReport::default();
            let mission = MissionView::Parking;
            judge.vehicle(VehicleId(0), &report, mission, wait, now_ms);
        };
        look(&mut judge, WaitView::Plan, 100);
        assert_eq!(judge.stands(20_000, 10_000).next(), Some(VehicleId(0)));
        judge.begin_again(20_000);
        assert_eq!(judge.stands(30_000, 10_000).next(), None);
        assert_eq!(judge.stands(30_001, 10_000).count(), 1);
        look(&mut judge, WaitView::None, 30_100);
        assert_eq!(judge.stands(90_000, 10_000).next(), None);
    }
}
