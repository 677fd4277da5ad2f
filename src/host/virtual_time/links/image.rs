//! Links at the depth of images: the rules of links and of the ways to their servers, on values.

mod link;
mod server;

use std::sync::Arc;

use takt_maps::{DeviceId, Floor, VehicleId};
use takt_plc_bridge::link::model::Model;
use takt_plc_bridge::link::{DeviceSide, Timing, VehicleSide};
use takt_plc_bridge::{Endpoint, FromField, LinkStats, ToField};
use takt_sim::SimFloor;
use tokio::time::Instant;

use super::wire::WireCounts;
use super::{Said, Setting};
use link::{Link, Scale};

/// All links.
pub(super) struct ImageLinks {
    floor: Arc<Floor>,
    scale: Scale,
    /// When each link is to be looked at next.
    due_ms: Vec<u64>,
    vehicles: Vec<Link<VehicleSide>>,
    devices: Vec<Link<DeviceSide>>,
}

impl ImageLinks {
    /// Links to everything on the floor, at time 0.
    pub(super) fn new(floor: Arc<Floor>, seed: u64) -> Self {
        let origin = Instant::now();
        let scale = Scale { origin };
        let count = floor.vehicles.len() + floor.devices.len();
        let control = &floor.control;
        let vehicles = (0..floor.vehicles.len()).map(|index| {
            let id = VehicleId::from_index(index);
            let timing = Timing::new(control, index, count);
            let side = VehicleSide::new(id);
            let model = Model::new(Endpoint::Vehicle(id), side, timing, origin);
            Link::new(model, seed, index, index)
        });
        let devices = floor.devices.iter().enumerate().map(|(index, device)| {
            let id = DeviceId::from_index(index);
            let link = floor.vehicles.len() + index;
            let timing = Timing::new(control, link, count);
            let side = DeviceSide::new(id, device);
            let model = Model::new(Endpoint::Device(id), side, timing, origin);
            Link::new(model, seed, link, index)
        });
        Self {
            scale,
            due_ms: vec![0; count],
            vehicles: vehicles.collect(),
            devices: devices.collect(),
            floor,
        }
    }

    /// New links begin; ways and servers stay as they are.
    pub(super) fn restart(&mut self, now_ms: u64) {
        let Self { floor, scale, .. } = self;
        let now = scale.at(now_ms);
        let count = self.due_ms.len();
        let timing = |link| Timing::new(&floor.control, link, count);
        for (i, link) in self.vehicles.iter_mut().enumerate() {
            let id = VehicleId::from_index(i);
            let side = VehicleSide::new(id);
            link.begin(Model::new(Endpoint::Vehicle(id), side, timing(i), now));
        }
        for (i, link) in self.devices.iter_mut().enumerate() {
            let id = DeviceId::from_index(i);
            let side = DeviceSide::new(id, &floor.devices[i]);
            let timing = timing(floor.vehicles.len() + i);
            link.begin(Model::new(Endpoint::Device(id), side, timing, now));
        }
        self.due_ms.fill(now_ms);
    }

    /// A link's setting is another one.
    pub(super) fn set(
        &mut self,
        index: usize,
        setting: &Setting,
        now_ms: u64,
        said: &mut Vec<Said>,
    ) {
        let (scale, due_ms) = (self.scale, &mut self.due_ms[index]);
        let mut say = sayer(index, said);
        match index.checked_sub(self.vehicles.len()) {
            None => self.vehicles[index].set(setting, scale, now_ms, due_ms, &mut say),
            Some(device) => self.devices[device].set(setting, scale, now_ms, due_ms, &mut say),
        }
    }

    /// Does what is due after `from_ms` and up to `now_ms`.
    pub(super) fn advance(
        &mut self,
        from_ms: u64,
        now_ms: u64,
        sim: &mut SimFloor,
        said: &mut Vec<Said>,
    ) {
        let vehicles = self.vehicles.len();
        for (index, due_ms) in self.due_ms.iter_mut().enumerate() {
            if *due_ms > now_ms {
                continue;
            }
            let at_ms = (*due_ms).max(from_ms);
            let mut say = sayer(index, said);
            *due_ms = match index.checked_sub(vehicles) {
                None => self.vehicles[index].run(self.scale, at_ms, now_ms, sim, &mut say),
                Some(device) => self.devices[device].run(self.scale, at_ms, now_ms, sim, &mut say),
            };
        }
    }

    /// Puts a command into its outbox.
    pub(super) fn send(&mut self, message: ToField) {
        match message {
            ToField::Vehicle {
                vehicle,
                command,
                at_ms,
            } => {
                let until_ms = at_ms.saturating_add(u64::from(command.validity_ms));
                self.vehicles[vehicle.index()].model.put(command, until_ms);
            }
            ToField::Device {
                device,
                image,
                at_ms,
            } => {
                let validity_ms = u64::from(self.floor.control.link_timeout_ms);
                let until_ms = at_ms.saturating_add(validity_ms);
                if self.devices[device.index()].model.put(image, until_ms) {
                    self.due_ms[self.vehicles.len() + device.index()] = 0;
                }
            }
        }
    }

    /// What happened on a link.
    pub(super) fn stats(&self, index: usize) -> (LinkStats, WireCounts) {
        match index.checked_sub(self.vehicles.len()) {
            None => self.vehicles[index].stats(),
            Some(device) => self.devices[device].stats(),
        }
    }
}

fn sayer(link: usize, said: &mut Vec<Said>) -> impl FnMut(u64, FromField) {
    move |at_ms, what| said.push(Said { at_ms, link, what })
}
