//! Grants: each vehicle is given the ground ahead that it needs to keep going, as far as that is safe now.

use takt_maps::VehicleId;
use takt_motion::kinematics::lookahead_mm;
use takt_motion::traffic::Wait;

use super::looks::share;
use super::{Controller, Outputs};
use crate::follower::model::WaitView;

/// Most grants to a vehicle at one time. Its turn comes back after some ten milliseconds: no vehicle goes that fast.
const GRANTS_PER_LOOK: usize = 2;

impl Controller {
    /// Extends the base of every vehicle that may move.
    ///
    /// While the planner works on a snapshot, bases stay as they are in it, so that its proposal fits; vehicles have
    /// enough ground ahead for that time.
    pub(super) fn grant<O: Outputs>(&mut self, _out: &mut O) {
        if self.is_frozen() || self.traffic.is_rehearsing() {
            return;
        }
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            if !self.may_move(vehicle) {
                self.waits[vehicle.index()] = self.standing_reason(vehicle);
                continue;
            }
            self.plan_wanted |= self.wants_plan(vehicle);
            if self.is_short_of_ground(vehicle) {
                self.hungry.push(vehicle);
            } else {
                self.waits[vehicle.index()] = WaitView::None;
            }
        }
        for _ in 0..self.grants_per_cycle() {
            let Some(vehicle) = self.hungry.pop() else {
                break;
            };
            if self.may_move(vehicle) {
                self.feed(vehicle);
            }
        }
    }

    /// Would it have to brake before long for want of ground?
    fn is_short_of_ground(&self, vehicle: VehicleId) -> bool {
        let kind = self.floor.kind_of(vehicle);
        let loaded = self.traffic.is_loaded(vehicle);
        let ahead = lookahead_mm(kind, loaded, self.reaction_ms());
        self.traffic.base_beyond_next_mm(vehicle) < ahead
    }

    /// Vehicles that are given ground in a cycle at most: of a large fleet everybody in a tenth of a second.
    fn grants_per_cycle(&self) -> usize {
        let fleet = self.fleet.len();
        match share(fleet, self.floor.control.cycle_us) {
            all if all == fleet => fleet,
            share => share / 5 + 2,
        }
    }

    /// Gives a vehicle ground, as far as it needs and may have it.
    fn feed(&mut self, vehicle: VehicleId) {
        let mut wait = WaitView::None;
        for _ in 0..GRANTS_PER_LOOK {
            if !self.is_short_of_ground(vehicle) {
                break;
            }
            if !self.lost.is_empty()
                && let Some(edge) = self.traffic.pending(vehicle).next()
                && let Some(lost) = self.in_the_way_by_its_word(vehicle, edge)
            {
                wait = WaitView::Vehicle(lost);
                break;
            }
            let (doors, floor, blocked) = (&self.doors, &self.floor, &self.blocked);
            match self.traffic.grant(floor, vehicle, u32::MAX, |edge| {
                !blocked[edge.index()] && Self::door_open(doors, floor, edge)
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
                        Wait::Gate(edge) if self.blocked[edge.index()] => WaitView::Blocked,
                        Wait::Gate(_) => WaitView::Door,
                        Wait::BaseFull | Wait::Exhausted | Wait::Rehearsal => WaitView::None,
                    };
                    break;
                }
            }
        }
        self.waits[vehicle.index()] = wait;
    }

    /// How long a vehicle may go without hearing of new ground: a transfer each way, and the planner's freeze.
    fn reaction_ms(&self) -> u32 {
        let control = &self.floor.control;
        2 * control.transfer_ms + self.freeze_ms() + 300
    }

    fn without_plan(&self, vehicle: VehicleId) -> WaitView {
        let goal = self.fleet[vehicle.index()].goal(&self.floor, |id| self.stops(id));
        if goal.is_some_and(|goal| self.traffic.base_end(vehicle).0 != goal) {
            WaitView::Plan
        } else {
            WaitView::None
        }
    }

    fn standing_reason(&self, vehicle: VehicleId) -> WaitView {
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
        } else if let Some(lost) = v.held_for {
            WaitView::Vehicle(lost)
        } else if v.transfer.is_some() || v.dock.is_some() {
            WaitView::Device
        } else {
            WaitView::None
        }
    }
}
