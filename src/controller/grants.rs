//! Grants: each vehicle is given the ground ahead that it needs to keep going, as far as that is safe now.

use takt_motion::kinematics::lookahead_mm;
use takt_motion::traffic::Wait;

use super::{Controller, Outputs};
use crate::follower::model::WaitView;

/// A proposal that takes longer than this many cycles is no longer waited for.
const PLANNER_CYCLES_MAX: u64 = 20;

impl Controller {
    /// Extends the base of every vehicle that may move.
    ///
    /// While the planner works on a snapshot, bases stay as they are in it, so that its proposal fits; vehicles have
    /// enough ground ahead for that time.
    pub(super) fn grant<O: Outputs>(&mut self, _out: &mut O) {
        if let Some(asked) = self.planner.asked {
            if self.cycle - asked <= PLANNER_CYCLES_MAX {
                return;
            }
            self.planner.asked = None;
        }
        for vehicle in self.vehicles() {
            if !self.may_move(vehicle) {
                self.fleet[vehicle.index()].wait = self.standing_reason(vehicle);
                continue;
            }
            let kind = self.floor.kind_of(vehicle);
            let loaded = self.traffic.is_loaded(vehicle);
            let ahead = lookahead_mm(kind, loaded, self.reaction_ms());
            let mut wait = WaitView::None;
            while self.traffic.base_beyond_next_mm(vehicle) < ahead {
                let (doors, floor) = (&self.doors, &self.floor);
                match self.traffic.grant(floor, vehicle, u32::MAX, |edge| {
                    Self::door_open(doors, floor, edge)
                }) {
                    Ok(_) => {
                        self.counts.grants += 1;
                        self.fleet[vehicle.index()].command_due = true;
                    }
                    Err(why) => {
                        wait = match why {
                            Wait::NoMove => self.without_plan(vehicle),
                            Wait::Held { by } => WaitView::Vehicle(by),
                            Wait::Order { behind } => WaitView::Vehicle(behind),
                            Wait::Zone => WaitView::Zone,
                            Wait::Gate(_) => WaitView::Door,
                            Wait::BaseFull | Wait::Exhausted => WaitView::None,
                        };
                        break;
                    }
                }
            }
            self.fleet[vehicle.index()].wait = wait;
        }
    }

    /// How long a vehicle may go without hearing of new ground: a transfer each way, and the planner's freeze.
    fn reaction_ms(&self) -> u32 {
        let control = &self.floor.control;
        2 * control.transfer_ms + PLANNER_CYCLES_MAX as u32 * control.cycle_us / 1_000 + 300
    }

    fn without_plan(&self, vehicle: takt_maps::VehicleId) -> WaitView {
        let goal = self.fleet[vehicle.index()].goal(&self.floor, |id| self.stops(id));
        if goal.is_some_and(|goal| self.traffic.base_end(vehicle).0 != goal) {
            WaitView::Plan
        } else {
            WaitView::None
        }
    }

    fn standing_reason(&self, vehicle: takt_maps::VehicleId) -> WaitView {
        use super::fleet::Location;
        let v = &self.fleet[vehicle.index()];
        if !v.linked {
            WaitView::Link
        } else if v.location != Location::Known {
            WaitView::Position
        } else if !v.fit() {
            WaitView::Fault
        } else if v.paused || self.floor_paused || self.stopping {
            WaitView::Paused
        } else if v.transfer.is_some() || v.dock.is_some() {
            WaitView::Device
        } else {
            WaitView::None
        }
    }
}
