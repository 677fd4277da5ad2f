//! PLCs of stations, doors and chargers: what they do with the outputs that the controller writes, and what they say.
//!
//! Each works on process images through the point table of its [`Device`](takt_maps::Device), by well-known names.

pub mod charger;
pub mod door;
pub mod image;
pub mod transfer;
pub mod trouble;

use charger::Charger;
use door::Door;
use image::Image;
use takt_maps::{ChargerId, DeviceId, DoorId, Floor, StationId};
use transfer::Transfer;
use trouble::Trouble;

/// What a device is for, with its model.
#[derive(Clone, Debug)]
pub enum Model {
    /// Hands loads over at a station.
    Transfer(StationId, Transfer),
    /// A roller door.
    Door(DoorId, Door),
    /// A charger.
    Charger(ChargerId, Charger),
    /// Named by no station, door or charger: says nothing.
    Unused,
}

/// A PLC with its process images.
#[derive(Clone, Debug)]
pub struct Plc {
    /// What it does.
    pub model: Model,
    /// What it says.
    pub inputs: Image,
    /// What it is told.
    pub outputs: Image,
    /// What is wrong with it; `None` while nothing is.
    trouble: Option<Box<Trouble>>,
}

impl Plc {
    /// The PLC behind a device of the floor.
    pub fn new(floor: &Floor, id: DeviceId) -> Self {
        let device = &floor.devices[id.index()];
        let names = |used: &Option<(DeviceId, _)>| used.as_ref().is_some_and(|(d, _)| *d == id);
        let station = floor.stations.iter().position(|s| names(&s.device));
        let door = floor.doors.iter().position(|d| names(&d.device));
        let charger = floor.chargers.iter().position(|c| names(&c.device));
        let model = match (station, door, charger) {
            (Some(station), _, _) => {
                let station = StationId::from_index(station);
                Model::Transfer(station, Transfer::new(device, levels(floor, id)))
            }
            (_, Some(door), _) => Model::Door(DoorId::from_index(door), Door::new(device)),
            (_, _, Some(charger)) => {
                Model::Charger(ChargerId::from_index(charger), Charger::new(device))
            }
            (None, None, None) => Model::Unused,
        };
        Self {
            model,
            inputs: Image::default(),
            outputs: Image::default(),
            trouble: None,
        }
    }
}

/// The level words of all buffers at stations of a device.
fn levels(floor: &Floor, id: DeviceId) -> impl Iterator<Item = (&str, takt_maps::BufferId)> + '_ {
    floor
        .buffers
        .iter()
        .enumerate()
        .filter(move |(_, buffer)| {
            floor.stations[buffer.station.index()]
                .device
                .is_some_and(|(d, _)| d == id)
        })
        .filter_map(|(i, buffer)| {
            let level = buffer.level.as_deref()?;
            Some((level, takt_maps::BufferId::from_index(i)))
        })
}

#[cfg(test)]
mod tests;
