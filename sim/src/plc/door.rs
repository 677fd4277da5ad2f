//! The PLC of a roller door. Inputs: `opened`, `closed`, `fault`. Output: `open`, held while it is to be open.

use super::image::{Image, Point};
use takt_maps::Device;

/// Time from closed to open, and back.
pub const TRAVEL_MS: u32 = 3_000;

/// A roller door.
#[derive(Clone, Debug)]
pub struct Door {
    opened: Point,
    closed: Point,
    fault: Point,
    open: Point,
    /// How far it is open, in milliseconds of travel.
    travelled_ms: u32,
}

impl Door {
    /// The closed door behind a device.
    pub fn new(device: &Device) -> Self {
        Self {
            opened: Point::find(&device.inputs, "opened"),
            closed: Point::find(&device.inputs, "closed"),
            fault: Point::find(&device.inputs, "fault"),
            open: Point::find(&device.outputs, "open"),
            travelled_ms: 0,
        }
    }

    /// Advances by `dt_ms` with what it is told.
    pub fn step(&mut self, outputs: &Image, dt_ms: u32) {
        self.travelled_ms = if self.open.is_set(outputs) {
            (self.travelled_ms + dt_ms).min(TRAVEL_MS)
        } else {
            self.travelled_ms.saturating_sub(dt_ms)
        };
    }

    /// Closes for `dt_ms`, whatever it is told.
    pub fn close(&mut self, dt_ms: u32) {
        self.travelled_ms = self.travelled_ms.saturating_sub(dt_ms);
    }

    /// Writes what it says.
    pub fn write(&self, inputs: &mut Image) {
        self.opened.set(inputs, u16::from(self.is_open()));
        self.closed.set(inputs, u16::from(self.travelled_ms == 0));
        self.fault.set(inputs, 0);
    }

    /// Can a vehicle pass?
    pub fn is_open(&self) -> bool {
        self.travelled_ms == TRAVEL_MS
    }
}
