//! What differs between models of links to vehicles and to devices: the rules of `port`, on values instead of
//! registers.

use super::outbox::{Pending, Settled, Slot, Stamped};
use super::port::{Heard, Heartbeat, is_current};
use crate::image::Image;
use crate::messages::FromField;
use takt_maps::words::{VehicleCommand, VehicleReport};
use takt_maps::{Device, DeviceId, VehicleId};
use tokio::time::Instant;

/// What there is to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nothing.
    Nothing,
    /// Nothing, and a command was dropped since its deadline had passed.
    Dropped,
    /// What [`Side::command`] says.
    Write,
}

/// One kind of endpoint. The methods are those of a port of the live link.
pub trait Side {
    /// What is read.
    type Said: Copy;
    /// What is written.
    type Command: Copy + PartialEq;

    /// Is there something to read?
    fn reads(&self) -> bool;
    /// A new connection.
    fn connected(&mut self);
    /// Looks at what was read.
    fn received(&mut self, said: Self::Said, now: Instant) -> Heard;
    /// Puts a command into the outbox; true if the link is to wake for it.
    fn put(&mut self, command: Self::Command, deadline_ms: u64) -> bool;
    /// Is there another command than when somebody last looked? Said once.
    fn woken(&mut self) -> bool;
    /// What is to be written.
    fn due(&mut self, now: Instant, now_ms: u64) -> Turn;
    /// The command that is to be written, after [`Turn::Write`].
    fn command(&self) -> Self::Command;
    /// The last write was confirmed.
    fn written(&mut self, now: Instant);
}

/// A vehicle's: the command is the heartbeat of Takt, written every transfer interval.
#[derive(Debug)]
pub struct VehicleSide {
    vehicle: VehicleId,
    slot: Slot<VehicleCommand>,
    settled: Settled,
    heartbeat: Heartbeat,
    writing: Option<Stamped<()>>,
}

impl VehicleSide {
    /// Of this vehicle.
    pub fn new(vehicle: VehicleId) -> Self {
        Self {
            vehicle,
            slot: Slot::default(),
            settled: Settled::default(),
            heartbeat: Heartbeat::default(),
            writing: None,
        }
    }
}

impl Side for VehicleSide {
    type Said = VehicleReport;
    type Command = VehicleCommand;

    fn reads(&self) -> bool {
        true
    }

    fn connected(&mut self) {}

    fn received(&mut self, report: VehicleReport, _: Instant) -> Heard {
        if !self.heartbeat.beats(&report) {
            return Heard::Repeated;
        }
        let vehicle = self.vehicle;
        Heard::News(Some(FromField::Vehicle { vehicle, report }))
    }

    fn put(&mut self, command: VehicleCommand, deadline_ms: u64) -> bool {
        self.slot.replace(command, deadline_ms);
        false
    }

    fn woken(&mut self) -> bool {
        false
    }

    fn due(&mut self, _: Instant, now_ms: u64) -> Turn {
        match self.settled.take(&self.slot.stamp(), now_ms) {
            Pending::Nothing => Turn::Nothing,
            Pending::Dropped => Turn::Dropped,
            Pending::Ready { command, .. } => {
                self.writing = Some(command);
                Turn::Write
            }
        }
    }

    fn command(&self) -> VehicleCommand {
        self.slot.value().copied().unwrap_or_default()
    }

    fn written(&mut self, _: Instant) {
        if let Some(command) = self.writing.take() {
            self.settled.written(&command);
        }
    }
}

/// A device's: images in both directions, on change and once a second.
#[derive(Debug)]
pub struct DeviceSide {
    device: DeviceId,
    read_words: usize,
    write_words: usize,
    slot: Slot<Image>,
    settled: Settled,
    woken: bool,
    told: Option<(Image, Instant)>,
    written: Option<(Image, Instant)>,
    writing: Option<Stamped<Image>>,
}

impl DeviceSide {
    /// Of this device.
    pub fn new(id: DeviceId, device: &Device) -> Self {
        Self {
            device: id,
            read_words: device.read_words.into(),
            write_words: device.write_words.into(),
            slot: Slot::default(),
            settled: Settled::default(),
            woken: false,
            told: None,
            written: None,
            writing: None,
        }
    }
}

impl Side for DeviceSide {
    type Said = Image;
    type Command = Image;

    fn reads(&self) -> bool {
        self.read_words > 0
    }

    fn connected(&mut self) {
        self.told = None;
        self.written = None;
    }

    /// Registers that the device does not have are not read.
    fn received(&mut self, said: Image, now: Instant) -> Heard {
        let image = said.first(self.read_words);
        if is_current(&self.told, &image, now) {
            return Heard::News(None);
        }
        self.told = Some((image, now));
        let device = self.device;
        Heard::News(Some(FromField::Device { device, image }))
    }

    fn put(&mut self, command: Image, deadline_ms: u64) -> bool {
        self.woken |= self.slot.put(command, deadline_ms);
        self.woken
    }

    fn woken(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }

    fn due(&mut self, now: Instant, now_ms: u64) -> Turn {
        if self.write_words == 0 {
            return Turn::Nothing;
        }
        self.woken = false;
        match self.settled.take(&self.slot, now_ms) {
            Pending::Nothing => Turn::Nothing,
            Pending::Dropped => Turn::Dropped,
            Pending::Ready { command, .. } if is_current(&self.written, &command.value, now) => {
                self.settled.written(&command);
                Turn::Nothing
            }
            Pending::Ready { command, .. } => {
                self.writing = Some(command);
                Turn::Write
            }
        }
    }

    /// Registers that the device does not have are not written.
    fn command(&self) -> Image {
        let writing = self.writing.map_or(Image::ZERO, |command| command.value);
        writing.first(self.write_words)
    }

    fn written(&mut self, now: Instant) {
        if let Some(command) = self.writing.take() {
            self.settled.written(&command);
            self.written = Some((command.value, now));
        }
    }
}
