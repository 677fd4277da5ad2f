//! The links of a rehearsal, at two depths that give the same outcome while nothing is wrong with them.
//!
//! - [`Depth::Image`]: reports, commands and images travel as values, by the rules of links without their connections.
//!   Fast.
//! - [`Depth::Protocol`]: the very tasks that run live, over wires in memory, with Modbus frames from end to end: the
//!   codecs, time-outs and reconnections of both sides are under test, too.
//!
//! In each cycle the floor moves first; then links do what is due in the milliseconds since the cycle before, and find
//! the floor as it is now; then the controller makes its step on what they heard, and its commands go to their
//! outboxes. A vehicle's is written with its next poll, a device's at the beginning of the next cycle.

mod conditions;
mod image;
mod protocol;
mod stream;
mod wire;

use std::sync::Arc;

use takt_maps::Floor;
use takt_plc_bridge::{Endpoint, FromField, LinkStats, ToField};
use takt_sim::SimFloor;
use takt_sim::floor::Endpoint as Plug;
pub use takt_sim::serve::unit::Answering;

pub use conditions::Conditions;
use image::ImageLinks;
use protocol::ProtocolLinks;
use wire::WireCounts;

/// How deep links are simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Depth {
    /// Values, message by message.
    #[default]
    Image,
    /// Modbus frames, byte by byte.
    Protocol,
}

impl Depth {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Depth::Image => "image",
            Depth::Protocol => "protocol",
        }
    }

    /// The depth of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Depth::Image, Depth::Protocol]
            .into_iter()
            .find(|depth| depth.name() == name)
    }
}

/// What happened on one link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkCounts {
    /// What the link itself counted, since the controller began to live.
    pub link: LinkStats,
    /// Frames that did not arrive, since the rehearsal began.
    pub frames_lost: u64,
    /// Frames that were doubled.
    pub frames_copied: u64,
    /// Frames that were held back, and perhaps overtaken.
    pub frames_held_back: u64,
}

/// What the host has set on one link.
#[derive(Clone, Copy, Debug, Default)]
struct Setting {
    conditions: Conditions,
    answering: Answering,
    /// Existing connections break with the next cycle.
    reset: bool,
    plugged: bool,
    /// It is other than the links know.
    changed: bool,
}

/// Something that a link said.
#[derive(Clone, Copy, Debug)]
struct Said {
    /// When.
    at_ms: u64,
    /// Which link.
    link: usize,
    what: FromField,
}

/// All links of a rehearsal.
pub struct Links {
    /// By index: vehicles, then devices.
    settings: Vec<Setting>,
    /// One of them is other than the links know.
    changed: bool,
    /// Plugs are known as they were then.
    plug_changes: u64,
    vehicles: usize,
    said: Vec<Said>,
    /// End of the last cycle, in milliseconds of the rehearsal.
    now_ms: u64,
    depth: AtDepth,
}

enum AtDepth {
    Image(ImageLinks),
    Protocol(Box<ProtocolLinks>),
}

impl Links {
    /// Links to everything on the floor, none of them connected, at the beginning of a rehearsal.
    ///
    /// # Errors
    /// If there is no runtime to be had for them.
    pub(super) fn new(floor: &Arc<Floor>, depth: Depth, seed: u64) -> std::io::Result<Self> {
        let vehicles = floor.vehicles.len();
        let plugged = Setting {
            plugged: true,
            ..Setting::default()
        };
        Ok(Self {
            settings: vec![plugged; vehicles + floor.devices.len()],
            changed: false,
            plug_changes: 0,
            vehicles,
            said: Vec::new(),
            now_ms: 0,
            depth: match depth {
                Depth::Image => AtDepth::Image(ImageLinks::new(floor.clone(), seed)),
                Depth::Protocol => {
                    AtDepth::Protocol(Box::new(ProtocolLinks::new(floor.clone(), seed)?))
                }
            },
        })
    }

    /// The controller has died: its connections are closed, and new links begin. What is on its way to the field still
    /// arrives.
    ///
    /// # Errors
    /// If there is no runtime to be had for them.
    pub(super) fn restart(&mut self) -> std::io::Result<()> {
        match &mut self.depth {
            AtDepth::Image(links) => links.restart(self.now_ms),
            AtDepth::Protocol(links) => links.restart(self.now_ms)?,
        }
        Ok(())
    }

    /// Does what is due up to `now_ms`, and says what links heard: in the order in which they heard it, by index within
    /// a millisecond.
    pub(super) fn advance(
        &mut self,
        now_ms: u64,
        sim: &mut SimFloor,
        mut say: impl FnMut(FromField),
    ) {
        if self.changed || sim.plug_changes() != self.plug_changes {
            self.settle(sim);
        }
        let before_ms = std::mem::replace(&mut self.now_ms, now_ms);
        match &mut self.depth {
            AtDepth::Image(links) => links.advance(before_ms, now_ms, sim, &mut self.said),
            AtDepth::Protocol(links) => links.advance(before_ms, now_ms, sim, &mut self.said),
        }
        self.said.sort_by_key(|said| (said.at_ms, said.link));
        self.said.drain(..).for_each(|said| say(said.what));
    }

    /// Makes known what was set since the cycle before.
    fn settle(&mut self, sim: &SimFloor) {
        self.changed = false;
        self.plug_changes = sim.plug_changes();
        for (i, setting) in self.settings.iter_mut().enumerate() {
            let plugged = sim.is_plugged(plug(i, self.vehicles));
            if setting.changed || plugged != setting.plugged {
                setting.plugged = plugged;
                match &mut self.depth {
                    AtDepth::Image(links) => links.set(i, setting, self.now_ms, &mut self.said),
                    AtDepth::Protocol(links) => links.set(i, setting),
                }
                (setting.changed, setting.reset) = (false, false);
            }
        }
    }

    /// Hands over what an endpoint is told.
    pub(super) fn send(&mut self, message: ToField) {
        // A controller that went on from a store has a clock of its own: what it says now is of now.
        let now_ms = self.now_ms;
        let message = match message {
            ToField::Vehicle {
                vehicle, command, ..
            } => ToField::Vehicle {
                vehicle,
                command,
                at_ms: now_ms,
            },
            ToField::Device { device, image, .. } => ToField::Device {
                device,
                image,
                at_ms: now_ms,
            },
        };
        match &mut self.depth {
            AtDepth::Image(links) => links.send(message),
            AtDepth::Protocol(links) => links.send(message),
        }
    }

    /// How the way to an endpoint is; what is set here holds from the next cycle on.
    pub fn conditions_mut(&mut self, endpoint: Endpoint) -> &mut Conditions {
        &mut self.setting(endpoint).conditions
    }

    /// Breaks the connection to an endpoint, at the beginning of the next cycle; the link will make a new one.
    pub fn reset(&mut self, endpoint: Endpoint) {
        self.setting(endpoint).reset = true;
    }

    /// How the server of an endpoint answers from the next cycle on.
    pub fn set_answering(&mut self, endpoint: Endpoint, answering: Answering) {
        self.setting(endpoint).answering = answering;
    }

    /// What happened on a link.
    pub fn stats(&self, endpoint: Endpoint) -> LinkCounts {
        let index = self.index(endpoint);
        let (link, wire): (LinkStats, WireCounts) = match &self.depth {
            AtDepth::Image(links) => links.stats(index),
            AtDepth::Protocol(links) => links.stats(index),
        };
        LinkCounts {
            link,
            frames_lost: wire.lost,
            frames_copied: wire.copied,
            frames_held_back: wire.held_back,
        }
    }

    /// The setting of a link, to be changed.
    fn setting(&mut self, endpoint: Endpoint) -> &mut Setting {
        let index = self.index(endpoint);
        self.changed = true;
        let setting = &mut self.settings[index];
        setting.changed = true;
        setting
    }

    fn index(&self, endpoint: Endpoint) -> usize {
        index(endpoint, self.vehicles)
    }
}

/// The index of an endpoint's link.
fn index(endpoint: Endpoint, vehicles: usize) -> usize {
    match endpoint {
        Endpoint::Vehicle(vehicle) => vehicle.index(),
        Endpoint::Device(device) => vehicles + device.index(),
    }
}

/// The endpoint of a link, in the words of the simulated floor.
fn plug(index: usize, vehicles: usize) -> Plug {
    match index.checked_sub(vehicles) {
        None => Plug::Vehicle(takt_maps::VehicleId::from_index(index)),
        Some(device) => Plug::Device(takt_maps::DeviceId::from_index(device)),
    }
}

#[cfg(test)]
mod tests;
