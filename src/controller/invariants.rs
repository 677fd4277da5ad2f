//! What must hold, looked at while it runs: a violation is a controlled stop and an alarm, never a panic.

use takt_maps::VehicleId;

use super::reports::alarm;
use super::{Controller, Outputs};
use crate::follower::model::{AlarmKind, AlarmPriority};

impl Controller {
    /// Looks at the ground of one vehicle, another one each cycle: nobody else may hold what conflicts with it.
    ///
    /// The grants have been checked before; this is the second pair of eyes.
    pub(super) fn check_invariants<O: Outputs>(&mut self, out: &mut O) {
        let Some(turn) = self.cycle.checked_rem(self.fleet.len() as u64) else {
            return;
        };
        if self.stopping || self.ground_is_its_own(VehicleId::from_index(turn as usize)) {
            return;
        }
        out.delta(alarm(
            true,
            AlarmKind::Invariant,
            AlarmPriority::High,
            self.now_ms,
        ));
        self.stop();
    }

    fn ground_is_its_own(&self, vehicle: VehicleId) -> bool {
        let class = |v: VehicleId| self.floor.kind_of(v).class(self.traffic.is_loaded(v));
        self.traffic.held(vehicle).all(|place| {
            self.floor
                .conflicts
                .of(class(vehicle), place)
                .iter()
                .all(|conflict| {
                    self.traffic.holder(conflict.place).is_none_or(|other| {
                        other == vehicle || conflict.classes >> class(other).0 & 1 == 0
                    })
                })
        })
    }
}
