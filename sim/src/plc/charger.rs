//! The PLC of a charger. Inputs: `ready` (no fault), `charging` (contact made, current flows), `fault`. Output:
//! `enable`.

use super::image::{Image, Point};
use takt_maps::Device;

/// Time from enabling to a current, with a vehicle in place.
pub const CONTACT_MS: u32 = 1_000;

/// A charger.
#[derive(Clone, Debug)]
pub struct Charger {
    ready: Point,
    charging: Point,
    fault: Point,
    enable: Point,
    contact_ms: u32,
}

impl Charger {
    /// The charger behind a device, switched off.
    pub fn new(device: &Device) -> Self {
        Self {
            ready: Point::find(&device.inputs, "ready"),
            charging: Point::find(&device.inputs, "charging"),
            fault: Point::find(&device.inputs, "fault"),
            enable: Point::find(&device.outputs, "enable"),
            contact_ms: 0,
        }
    }

    /// Advances by `dt_ms` with what it is told; `vehicle_here`: a vehicle stands at it.
    pub fn step(&mut self, outputs: &Image, vehicle_here: impl FnOnce() -> bool, dt_ms: u32) {
        self.contact_ms = if self.enable.is_set(outputs) && vehicle_here() {
            (self.contact_ms + dt_ms).min(CONTACT_MS)
        } else {
            0
        };
    }

    /// Its contact is broken, as after power-on.
    pub fn restart(&mut self) {
        self.contact_ms = 0;
    }

    /// Writes what it says.
    pub fn write(&self, inputs: &mut Image) {
        self.ready.set(inputs, 1);
        self.charging.set(inputs, u16::from(self.is_charging()));
        self.fault.set(inputs, 0);
    }

    /// Does current flow?
    pub fn is_charging(&self) -> bool {
        self.contact_ms == CONTACT_MS
    }
}
