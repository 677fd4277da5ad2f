//! All vehicles of a synthetic floor in virtual time: whoever is due says how it is.

use takt_maps::{Floor, VehicleId};
use takt_plc_bridge::{Endpoint, FromField, LinkState, ToField};

use super::vehicle::Vehicle;

/// The vehicles of a floor.
///
/// Work is done for those that are told something or report, so that a poll costs what it says.
#[derive(Clone, Debug)]
pub struct Fleet {
    vehicles: Vec<Vehicle>,
    /// Time between two reports of a vehicle, at least 1.
    interval_ms: u64,
    /// Reports given so far, by all.
    said: u64,
}

impl Fleet {
    /// Everyone at the start, with nothing to do.
    pub fn new(floor: &Floor) -> Self {
        let vehicles = floor.vehicles.iter().map(|vehicle| {
            let node = floor.roadmap.node(vehicle.start);
            let kind = &floor.kinds[vehicle.kind.index()];
            Vehicle::new(node.x_mm, node.y_mm, kind.transfer_ms)
        });
        Self {
            vehicles: vehicles.collect(),
            interval_ms: u64::from(floor.control.transfer_ms.max(1)),
            said: 0,
        }
    }

    /// An endpoint is told something. There are no devices; what is said to one is lost.
    pub fn command(&mut self, message: &ToField, now_ms: u64) {
        if let ToField::Vehicle {
            vehicle, command, ..
        } = message
            && let Some(vehicle) = self.vehicles.get_mut(vehicle.index())
        {
            vehicle.command(command, now_ms);
        }
    }

    /// Hands over what has been said up to a time, which never goes back: each vehicle once an interval, evenly spread,
    /// and before its first report that its link is up.
    ///
    /// After a long silence everyone says how it is once, not once for each interval missed.
    pub fn poll(&mut self, now_ms: u64, mut say: impl FnMut(FromField)) {
        let vehicles = self.vehicles.len() as u64;
        let due = now_ms * vehicles / self.interval_ms;
        for number in self.said.max(due.saturating_sub(vehicles))..due {
            let index = (number % vehicles) as usize;
            let vehicle = VehicleId::from_index(index);
            if number < vehicles {
                say(FromField::Link {
                    endpoint: Endpoint::Vehicle(vehicle),
                    state: LinkState::Up,
                });
            }
            let report = self.vehicles[index].report(now_ms);
            say(FromField::Vehicle { vehicle, report });
        }
        self.said = self.said.max(due);
    }
}
