//! Where vehicles' actions meet stations and chargers: loads change hands, and energy flows.
//!
//! At a station with a PLC a load moves while the vehicle's action runs *and* the PLC is busy, whichever began first;
//! at a station without one the vehicle does it alone.

use crate::floor::SimFloor;
use crate::plc::Model;
use crate::plc::transfer::Direction;
use crate::stock::{self, Cargo};
use crate::vehicle::fault;
use takt_maps::words::{Action, LoadId};
use takt_maps::{BufferId, DeviceId, NodeId, StationId, VehicleId};

/// Handovers that are remembered for whoever asks.
const REMEMBERED: usize = 1_024;

/// A load that went from a station to a vehicle, or back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handover {
    /// Who.
    pub vehicle: VehicleId,
    /// Where.
    pub station: StationId,
    /// What the vehicle was told that the load is called.
    pub load: LoadId,
    /// The vehicle took it (or gave it).
    pub taking: bool,
    /// The buffer that it went out of or into; `None`: none.
    pub buffer: Option<BufferId>,
    /// What it truly was.
    pub cargo: Cargo,
}

/// Out of or into which buffer, and what.
type Moved = (Option<BufferId>, Cargo);

/// Who hands a load over with a vehicle.
#[derive(Clone, Copy)]
enum Partner {
    /// The station's PLC works with it.
    Plc(StationId, DeviceId),
    /// The station has no PLC.
    Alone(StationId),
    /// The station's PLC is not busy with this.
    NotYet,
    /// No station is here.
    Nobody,
}

impl SimFloor {
    /// Advances all actions that run, and charges what is connected.
    pub(crate) fn step_actions(&mut self, dt_ms: u32) {
        for v in 0..self.vehicles.len() {
            let Some(node) = self.vehicles[v].stands_at() else {
                // Switched off and on between two nodes, or pushed away: nobody is there to take part.
                if self.vehicles[v].running().is_some() {
                    self.vehicles[v].wait(dt_ms);
                }
                continue;
            };
            match self.vehicles[v].running() {
                Some((Action::Load, _)) => self.transfer(v, node, Direction::Load, dt_ms),
                Some((Action::Unload, _)) => self.transfer(v, node, Direction::Unload, dt_ms),
                Some((Action::StartCharging, _)) => {
                    if !self.floor.chargers.iter().any(|c| c.node == node) {
                        self.vehicles[v].fail(fault::NO_CHARGER);
                    } else if self.vehicles[v].progress(dt_ms) {
                        self.vehicles[v].succeed();
                    }
                }
                Some((Action::StopCharging, _)) => {
                    if self.vehicles[v].progress(dt_ms) {
                        self.vehicles[v].succeed();
                    }
                }
                Some((Action::None, _)) | None => {}
            }
            if self.vehicles[v].connected() && self.current_at(node) {
                self.vehicles[v].charge(dt_ms);
            }
        }
    }

    /// Does a charger at this node give current? One without a PLC does so always.
    fn current_at(&self, node: NodeId) -> bool {
        let mut here = self.floor.chargers.iter().filter(|c| c.node == node);
        here.any(|charger| match charger.device {
            None => true,
            Some((device, _)) => match &self.plcs[device.index()].model {
                Model::Charger(_, model) => model.is_charging(),
                _ => false,
            },
        })
    }

    fn transfer(&mut self, v: usize, node: NodeId, direction: Direction, dt_ms: u32) {
        match self.partner(node, direction) {
            Partner::Nobody => self.vehicles[v].fail(fault::NO_STATION),
            Partner::NotYet => self.vehicles[v].wait(dt_ms),
            Partner::Alone(station) => {
                if self.vehicles[v].progress(dt_ms) {
                    self.finish(v, station, None, direction);
                }
            }
            Partner::Plc(station, device) => {
                if self.vehicles[v].progress(dt_ms) {
                    self.finish(v, station, Some(device), direction);
                }
            }
        }
    }

    /// Who takes part at a node; a PLC that is busy with it goes before a station without one.
    fn partner(&self, node: NodeId, direction: Direction) -> Partner {
        let first = self.stations.partition_point(|&(n, _)| n < node);
        let here = self.stations[first..].iter();
        let mut found = Partner::Nobody;
        for &(_, station) in here.take_while(|&&(n, _)| n == node) {
            match self.floor.stations[station.index()].device {
                None => found = Partner::Alone(station),
                Some((device, _)) => match &self.plcs[device.index()].model {
                    Model::Transfer(_, plc)
                        if plc.engaged(direction) && self.plcs[device.index()].runs() =>
                    {
                        return Partner::Plc(station, device);
                    }
                    _ if matches!(found, Partner::Nobody) => found = Partner::NotYet,
                    _ => {}
                },
            }
        }
        found
    }

    /// The load goes over, if there is one.
    fn finish(
        &mut self,
        v: usize,
        station: StationId,
        device: Option<DeviceId>,
        direction: Direction,
    ) {
        let told = device.and_then(|d| match &self.plcs[d.index()].model {
            Model::Transfer(_, plc) => plc.buffer(),
            _ => None,
        });
        let moved = match direction {
            Direction::Load => self.take(v, station, told),
            Direction::Unload => self.give(v, station, told),
        };
        if let Some((buffer, cargo)) = moved {
            let load = self.vehicles[v]
                .running()
                .map_or(LoadId::NONE, |(_, load)| load);
            if self.handovers.len() == REMEMBERED {
                self.handovers.pop_front();
            }
            self.handovers.push_back(Handover {
                vehicle: VehicleId::from_index(v),
                station,
                load,
                taking: direction == Direction::Load,
                buffer,
                cargo,
            });
            self.vehicles[v].succeed();
        } else {
            self.vehicles[v].fail(fault::NOTHING_TO_TAKE);
        }
        if let Some(Model::Transfer(_, plc)) = device.map(|d| &mut self.plcs[d.index()].model) {
            if moved.is_some() {
                plc.succeed();
            } else {
                plc.fail();
            }
        }
    }

    /// The vehicle takes a lot; `None` if there is none. A load from no buffer is just a load.
    fn take(&mut self, v: usize, station: StationId, told: Option<u16>) -> Option<Moved> {
        let buffer: Option<BufferId> = match told {
            Some(number) => stock::numbered(&self.floor, station, number),
            None => stock::only_giver(&self.floor, station),
        };
        let cargo = match buffer {
            Some(buffer) => self.stock.pick(&self.floor, buffer),
            None => Some(Cargo::default()),
        };
        let cargo = cargo?;
        self.cargo[v] = cargo;
        self.loads += 1;
        Some((buffer, cargo))
    }

    /// The vehicle gives what it carries.
    fn give(&mut self, v: usize, station: StationId, told: Option<u16>) -> Option<Moved> {
        let cargo = std::mem::take(&mut self.cargo[v]);
        let buffer = match told {
            Some(number) => stock::numbered(&self.floor, station, number),
            None => stock::taker(&self.floor, station, cargo.material),
        };
        match buffer {
            Some(buffer) => self.stock.deliver(&self.floor, buffer, cargo),
            None => self.stock.misplace(cargo),
        }
        self.unloads += 1;
        Some((buffer, cargo))
    }
}
