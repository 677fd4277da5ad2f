//! Faults that the simulated floor does itself: how they begin and end.

use super::dice::dice;
use super::incidents::{Area, Pallet};
use super::{Fault, FaultKind, Target};
use crate::floor::SimFloor;
use takt_maps::{NodeId, VehicleId};

impl SimFloor {
    /// Begins a fault of vehicles, PLCs, ways and areas; what happens at once has then happened. `false`: it is not the
    /// floor's to do, but that of the host that runs it.
    ///
    /// Faults of different kinds on the same target combine, and each ends by itself. Of two of the same kind the later
    /// one decides about their size, and both end with the last.
    pub fn begin_fault(&mut self, fault: &Fault) -> bool {
        if !fault.kind.is_of_floor() {
            return false;
        }
        // A vehicle may be switched off or on.
        self.plug_changes += 1;
        match fault.target {
            Target::Vehicle(id) => self.begin_at_vehicle(id, fault),
            Target::Device(id) => self.plcs[id.index()].begin_fault(fault.kind),
            Target::Edge(id) => {
                let pallet = Pallet::new(&self.floor, id);
                self.incidents.pallets.push(pallet);
            }
            Target::Area(id) => {
                let area = Area::new(&self.floor, fault, id);
                self.incidents.areas.push(area);
            }
            Target::Whole => {}
        }
        true
    }

    /// Ends a fault that has begun; one that happened at once, or that is over already, is left alone. `false`: it is
    /// not the floor's to do.
    pub fn end_fault(&mut self, fault: &Fault) -> bool {
        if !fault.kind.is_of_floor() {
            return false;
        }
        // A vehicle may be switched off or on.
        self.plug_changes += 1;
        match fault.target {
            Target::Vehicle(id) => self.vehicles[id.index()].end_fault(fault.kind),
            Target::Device(id) => {
                self.plcs[id.index()].end_fault(fault.kind);
                self.write_inputs();
            }
            Target::Edge(id) => self.take_pallet_away(id),
            Target::Area(id) => self.end_area(fault, id),
            Target::Whole => {}
        }
        true
    }

    fn begin_at_vehicle(&mut self, id: VehicleId, fault: &Fault) {
        if fault.kind == FaultKind::VehicleDropsLoad {
            let cargo = std::mem::take(&mut self.cargo[id.index()]);
            self.stock.lose(cargo);
        }
        self.vehicles[id.index()].begin_fault(fault, dice(self.incidents.seed, fault));
    }
}

impl SimFloor {
    /// A person drives a vehicle that stands between two nodes, with nothing to do, back to the one that it came from.
    /// Says whether there was anything to do.
    pub fn drive_back(&mut self, id: VehicleId) -> bool {
        self.drive_to(id, self.vehicles[id.index()].motion().node())
    }

    /// A person drives a vehicle with nothing to do to a node. Says whether it was elsewhere.
    pub fn drive_to(&mut self, id: VehicleId, node: NodeId) -> bool {
        let at = self.floor.roadmap.node(node);
        let to_mm = (f64::from(at.x_mm), f64::from(at.y_mm));
        self.vehicles[id.index()].drive_to(node, at.level, to_mm)
    }

    /// A person switches a vehicle off and on: it forgets its base.
    pub fn switch_off_and_on(&mut self, id: VehicleId) {
        let off = Fault {
            kind: FaultKind::VehicleReboots,
            target: Target::Vehicle(id),
            at_ms: self.now_ms(),
            for_ms: 0,
            amount: 0,
        };
        self.begin_fault(&off);
        self.end_fault(&off);
    }

    /// A person takes the load off a vehicle and carries it away.
    pub fn take_load_off(&mut self, id: VehicleId) {
        let cargo = std::mem::take(&mut self.cargo[id.index()]);
        self.stock.lose(cargo);
        self.vehicles[id.index()].take_load_off();
    }
}

impl FaultKind {
    /// Does the simulated floor do it, rather than the host that runs it?
    pub fn is_of_floor(self) -> bool {
        use FaultKind::*;
        matches!(
            self,
            VehicleStops
                | VehicleSlips
                | VehicleOvershoots
                | VehicleLosesPosition
                | VehicleJumps
                | VehicleStaleReports
                | VehicleFalseReports
                | VehiclePushed
                | VehicleDropsLoad
                | VehicleWrongLoad
                | VehicleRunsFlat
                | VehicleRefuses
                | VehicleRepeats
                | VehicleReboots
                | VehicleEmergencyStop
                | AreaEmergencyStop
                | FireAlarm
                | PlcRestart
                | PlcFreezes
                | DoorSticks
                | ChargerSticks
                | Pallet
                | PalletReported
        )
    }
}

#[cfg(test)]
mod bench;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod plc_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod vehicle_tests;
