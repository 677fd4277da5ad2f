//! The simulated floor: all models, advanced together in steps of 10 ms.

use crate::faults::incidents::Incidents;
use crate::handover::Handover;
use crate::judge::{Cause, Contact, Judge, Seen};
use crate::line::Line;
use crate::plc::{Model, Plc, image::Image, trouble::Way};
use crate::statistics::{LineStatistics, Statistics, VehicleStatistics};
use crate::stock::{Cargo, Stock};
use crate::vehicle::Vehicle;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use std::collections::VecDeque;
use std::sync::Arc;
use takt_maps::words::{OperatingMode, VehicleCommand, VehicleReport};
use takt_maps::{
    BufferId, DeviceId, DoorId, Floor, IMAGE_WORDS, LineId, NodeId, StationId, VehicleId,
};

/// The longest step of the models, ms.
pub const STEP_MS: u32 = 10;

/// Something with an interface of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// A vehicle.
    Vehicle(VehicleId),
    /// A device.
    Device(DeviceId),
}

/// A floor with everything on it.
#[derive(Clone, Debug)]
pub struct SimFloor {
    pub(crate) floor: Arc<Floor>,
    pub(crate) vehicles: Vec<Vehicle>,
    pub(crate) plcs: Vec<Plc>,
    pub(crate) stock: Stock,
    /// What each vehicle carries.
    pub(crate) cargo: Vec<Cargo>,
    /// Stations by node, sorted.
    pub(crate) stations: Vec<(NodeId, StationId)>,
    pub(crate) loads: u64,
    pub(crate) unloads: u64,
    /// Loads that changed hands and nobody has asked about; the latest, if nobody ever does.
    pub(crate) handovers: VecDeque<Handover>,
    lines: Vec<Line>,
    /// The device of each door, if it has one.
    doors: Vec<Option<DeviceId>>,
    pub(crate) judge: Judge,
    pub(crate) incidents: Incidents,
    seen: Vec<Seen>,
    /// What unplugged vehicles last said.
    silent_vehicles: Vec<Option<VehicleReport>>,
    /// What unplugged devices last said.
    silent_devices: Vec<Option<Image>>,
    /// Times that a plug was pulled or put back.
    pub(crate) plug_changes: u64,
    now_ms: u64,
    steps: u64,
}

impl SimFloor {
    /// The floor at its start; the seed decides how full the batteries are (70 to 100 %).
    pub fn new(floor: Arc<Floor>, seed: u64) -> Self {
        let mut random = Pcg32::seed_from_u64(seed);
        let ids = |n: usize| 0..n;
        let vehicles: Vec<Vehicle> = ids(floor.vehicles.len())
            .map(|i| {
                let charge = 700 + random.next_u32() % 301;
                Vehicle::new(&floor, VehicleId::from_index(i), charge as u16)
            })
            .collect();
        let mut stations: Vec<_> = floor
            .stations
            .iter()
            .enumerate()
            .map(|(i, s)| (s.node, StationId::from_index(i)))
            .collect();
        stations.sort_unstable();
        let mut sim = Self {
            plcs: ids(floor.devices.len())
                .map(|i| Plc::new(&floor, DeviceId::from_index(i)))
                .collect(),
            stock: Stock::new(&floor),
            cargo: vec![Cargo::default(); vehicles.len()],
            stations,
            loads: 0,
            unloads: 0,
            handovers: VecDeque::new(),
            lines: ids(floor.lines.len())
                .map(|i| Line::new(LineId::from_index(i)))
                .collect(),
            doors: floor
                .doors
                .iter()
                .map(|d| d.device.map(|(id, _)| id))
                .collect(),
            judge: Judge::new(&floor),
            incidents: Incidents {
                seed,
                ..Incidents::default()
            },
            seen: vec![Seen::default(); vehicles.len()],
            silent_vehicles: vec![None; vehicles.len()],
            silent_devices: vec![None; floor.devices.len()],
            plug_changes: 0,
            now_ms: 0,
            steps: 0,
            vehicles,
            floor,
        };
        sim.write_inputs();
        sim.look();
        sim
    }

    /// The floor that it simulates.
    pub fn floor(&self) -> &Arc<Floor> {
        &self.floor
    }

    /// Simulated time since the start, ms.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Advances everything by `dt_ms`, in steps of [`STEP_MS`] and a shorter last one.
    pub fn step(&mut self, dt_ms: u32) {
        let mut left_ms = dt_ms;
        while left_ms > 0 {
            let step_ms = left_ms.min(STEP_MS);
            left_ms -= step_ms;
            self.now_ms += u64::from(step_ms);
            self.steps += 1;
            if self.incidents.any() {
                self.step_surroundings();
            }
            for vehicle in &mut self.vehicles {
                vehicle.step(self.now_ms, step_ms);
            }
            self.step_plcs(step_ms);
            self.step_actions(step_ms);
            for line in &mut self.lines {
                line.step(&self.floor, &mut self.stock, step_ms);
            }
            self.write_inputs();
            self.look();
        }
    }

    fn step_plcs(&mut self, dt_ms: u32) {
        let vehicles = &self.vehicles;
        let stands = |node: NodeId| vehicles.iter().any(|v| v.stands_at() == Some(node));
        for plc in &mut self.plcs {
            let (works, fire) = match plc.has_trouble() {
                false => (true, None),
                true => (plc.runs() && !plc.sticks(), plc.fire()),
            };
            if !works {
                continue;
            }
            let outputs = &plc.outputs;
            match &mut plc.model {
                Model::Transfer(station, transfer) => {
                    let node = self.floor.stations[station.index()].node;
                    transfer.step(outputs, || stands(node), dt_ms);
                }
                Model::Door(_, door) => match fire {
                    None => door.step(outputs, dt_ms),
                    Some(Way::Clear) => door.close(dt_ms),
                    Some(Way::Occupied) => {}
                },
                Model::Charger(id, charger) => {
                    let node = self.floor.chargers[id.index()].node;
                    charger.step(outputs, || stands(node), dt_ms);
                }
                Model::Unused => {}
            }
        }
    }

    pub(crate) fn write_inputs(&mut self) {
        for plc in &mut self.plcs {
            if plc.has_trouble() && !plc.runs() {
                if plc.is_down() {
                    plc.inputs = Image::default();
                }
                continue;
            }
            match &plc.model {
                Model::Transfer(_, transfer) => {
                    transfer.write(&mut plc.inputs, |b| self.stock.level(b));
                }
                Model::Door(_, door) => door.write(&mut plc.inputs),
                Model::Charger(_, charger) => charger.write(&mut plc.inputs),
                Model::Unused => {}
            }
        }
    }

    /// Lets the judge look at everything.
    fn look(&mut self) {
        for (seen, vehicle) in self.seen.iter_mut().zip(&self.vehicles) {
            *seen = Seen {
                at: vehicle.true_position(),
                facing: vehicle.motion().facing(),
                level: vehicle.level(),
                loaded: vehicle.loaded(),
            };
        }
        let (plcs, doors) = (&self.plcs, &self.doors);
        let open = |door: DoorId| {
            doors[door.index()].is_none_or(|device| match &plcs[device.index()].model {
                Model::Door(_, model) => model.is_open(),
                _ => true,
            })
        };
        let off_mm = f64::from(self.floor.control.clearance_mm) / 2.0;
        let off = |id: VehicleId| self.vehicles[id.index()].is_off_by(off_mm);
        self.judge.step(self.now_ms, &self.seen, open, off);
    }

    /// What a vehicle says; the last that it said, when it is unplugged or switched off.
    pub fn vehicle_report(&self, id: VehicleId) -> VehicleReport {
        self.silent_vehicles[id.index()].unwrap_or_else(|| self.vehicles[id.index()].report())
    }

    /// A vehicle as it truly is.
    pub fn vehicle(&self, id: VehicleId) -> &Vehicle {
        &self.vehicles[id.index()]
    }

    /// Loads that changed hands since the last call.
    pub fn take_handovers(&mut self) -> impl Iterator<Item = Handover> + '_ {
        self.handovers.drain(..)
    }

    /// Gives a vehicle a command; nothing happens when it is unplugged or switched off.
    pub fn vehicle_command(&mut self, id: VehicleId, command: &VehicleCommand) {
        if self.is_plugged(Endpoint::Vehicle(id)) {
            self.vehicles[id.index()].command(&self.floor, command, self.now_ms);
        }
    }

    /// What a device says; the last that it said, when it is unplugged.
    pub fn device_inputs(&self, id: DeviceId) -> [u16; IMAGE_WORDS] {
        self.silent_devices[id.index()].unwrap_or(self.plcs[id.index()].inputs)
    }

    /// What a device was last told.
    pub fn device_told(&self, id: DeviceId) -> [u16; IMAGE_WORDS] {
        self.plcs[id.index()].outputs
    }

    /// Tells a device its outputs; nothing happens when it is unplugged.
    pub fn device_outputs(&mut self, id: DeviceId, outputs: [u16; IMAGE_WORDS]) {
        if self.silent_devices[id.index()].is_none() {
            self.plcs[id.index()].tell(outputs);
        }
    }

    /// Pulls the plug of an interface: it hears nothing and says nothing new; its vehicle or device goes on with what
    /// it knows.
    pub fn unplug(&mut self, endpoint: Endpoint) {
        self.plug_changes += 1;
        match endpoint {
            Endpoint::Vehicle(id) => {
                self.silent_vehicles[id.index()] = Some(self.vehicle_report(id));
            }
            Endpoint::Device(id) => self.silent_devices[id.index()] = Some(self.device_inputs(id)),
        }
    }

    /// Puts the plug back.
    pub fn plug(&mut self, endpoint: Endpoint) {
        self.plug_changes += 1;
        match endpoint {
            Endpoint::Vehicle(id) => self.silent_vehicles[id.index()] = None,
            Endpoint::Device(id) => self.silent_devices[id.index()] = None,
        }
    }

    /// How often plugs may have been pulled or put back: while it stays the same, so do they.
    pub fn plug_changes(&self) -> u64 {
        self.plug_changes
    }

    /// Is it plugged in, and switched on?
    pub fn is_plugged(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Vehicle(id) => {
                self.silent_vehicles[id.index()].is_none() && !self.vehicles[id.index()].is_off()
            }
            Endpoint::Device(id) => self.silent_devices[id.index()].is_none(),
        }
    }

    /// Switches a vehicle between automatic, manual and emergency stop.
    pub fn set_mode(&mut self, id: VehicleId, mode: OperatingMode) {
        self.vehicles[id.index()].set_mode(mode);
    }

    /// Pieces that are truly in a buffer.
    pub fn level(&self, id: BufferId) -> u64 {
        self.stock.level(id)
    }

    /// The pieces in all buffers, and their books.
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// The first contacts, with their circumstances and their cause.
    pub fn contacts(&self) -> &[Contact] {
        self.judge.contacts()
    }

    /// The judge.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// What the run has come to so far.
    pub fn statistics(&self) -> Statistics {
        let faults = self.plcs.iter().map(|plc| match &plc.model {
            Model::Transfer(_, transfer) => u64::from(transfer.faults()),
            _ => 0,
        });
        Statistics {
            simulated_ms: self.now_ms,
            steps: self.steps,
            contacts: self.judge.count(Cause::Control),
            contacts_by_slip: self.judge.count(Cause::Slip),
            contacts_with_obstacles: self.judge.count(Cause::Obstacle),
            loads: self.loads,
            unloads: self.unloads,
            transfer_faults: faults.sum(),
            overflows: self.stock.overflows(),
            misplaced: self.stock.misplaced(),
            lost_by_fault: self.stock.lost_by_fault(),
            stock_conserved: self.stock.conserved(self.cargo.iter().copied()),
            vehicles: self.vehicles.iter().map(of_vehicle).collect(),
            lines: self.lines.iter().map(of_line).collect(),
        }
    }
}

fn of_vehicle(vehicle: &Vehicle) -> VehicleStatistics {
    let times = vehicle.times();
    VehicleStatistics {
        distance_mm: vehicle.motion().distance_mm() as u64,
        driving_ms: times.driving_ms,
        acting_ms: times.acting_ms,
        charging_ms: times.charging_ms,
    }
}

fn of_line(line: &Line) -> LineStatistics {
    LineStatistics {
        takts: line.takts(),
        starvation_ms: line.starvation_ms(),
        blocked_ms: line.blocked_ms(),
        consumed: line.consumed(),
        produced: line.produced(),
    }
}

#[cfg(test)]
mod tests;
