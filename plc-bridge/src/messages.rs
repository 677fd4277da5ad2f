//! What passes between the bridge and the control cycle: plain, fixed-size values for lock-free queues.

use crate::image::Image;
use serde::{Deserialize, Serialize};
use takt_maps::words::{VehicleCommand, VehicleReport};
use takt_maps::{DeviceId, VehicleId};

/// Who is at the other end of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Endpoint {
    /// A vehicle.
    Vehicle(VehicleId),
    /// A PLC interface.
    Device(DeviceId),
}

/// Is a link alive? Only on [`LinkState::Up`] may anything be granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum LinkState {
    /// There is no connection; the last report, if there was one, is younger than `control.link_timeout_ms`.
    #[default]
    Connecting = 0,
    /// Connected, and reports keep coming.
    Up = 1,
    /// No report for `control.link_timeout_ms`: dead. Takt goes on trying.
    Down = 2,
}

/// What the field says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FromField {
    /// A vehicle made a new report (one with a new heartbeat; repeated ones are not passed on).
    Vehicle {
        /// Who.
        vehicle: VehicleId,
        /// What it says.
        report: VehicleReport,
    },
    /// A device's inputs: sent when they change, after each connection, and once a second.
    Device {
        /// Which.
        device: DeviceId,
        /// Its input registers.
        image: Image,
    },
    /// A link came up, was lost, or died.
    Link {
        /// Whose.
        endpoint: Endpoint,
        /// What it is now.
        state: LinkState,
    },
}

/// What the field is told. Times are milliseconds of the clock that was given to [`Bridge::start`](crate::Bridge::start).
#[allow(
    clippy::large_enum_variant,
    reason = "a fixed-size value for lock-free queues, made without allocation"
)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ToField {
    /// A vehicle's command; it is repeated every transfer interval until the next one, or until
    /// `at_ms + command.validity_ms`.
    Vehicle {
        /// Who.
        vehicle: VehicleId,
        /// What it is told.
        command: VehicleCommand,
        /// When the command was made.
        at_ms: u64,
    },
    /// A device's outputs; they are written when they change and once a second, until the next ones, or until
    /// `at_ms + control.link_timeout_ms`: a controller that stands still does not keep machines going.
    Device {
        /// Which.
        device: DeviceId,
        /// Its output registers.
        image: Image,
        /// When the image was made.
        at_ms: u64,
    },
}
