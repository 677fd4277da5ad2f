//! What the controller knows of each device.

use takt_maps::{BufferId, DeviceId, Floor, PointAddress};
use takt_plc_bridge::Image;

use super::Outputs;
use super::reports::alarm;
use super::tracked::Tracked;
use crate::follower::model::{AlarmKind, AlarmPriority};

/// A device in the controller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeviceControl {
    /// What it says.
    pub inputs: Image,
    /// What it is told.
    pub outputs: Image,
    /// The bridge says that the link is up.
    pub link_up: bool,
    /// When its outputs were last sent.
    pub commanded_ms: u64,
    /// They have changed since it was told.
    pub outputs_due: bool,
    /// Its link was alive when last looked at.
    pub linked: bool,
    /// Its last handshake failed, as alarmed.
    pub failed: bool,
}

/// For each device, the buffers whose level it reports, and where.
pub(super) fn level_points(floor: &Floor) -> Vec<Vec<(BufferId, PointAddress)>> {
    let mut points = vec![Vec::new(); floor.devices.len()];
    for (i, buffer) in floor.buffers.iter().enumerate() {
        let Some((device, _)) = floor.stations[buffer.station.index()].device else {
            continue;
        };
        let level = buffer
            .level
            .as_deref()
            .and_then(|name| floor.devices[device.index()].input(name));
        if let Some(address) = level {
            points[device.index()].push((BufferId::from_index(i), address));
        }
    }
    points
}

/// Sets a device's outputs; if that changes them, it is told in this cycle.
pub(super) fn set_outputs(devices: &mut Tracked<DeviceControl>, device: DeviceId, outputs: Image) {
    if devices[device.index()].outputs != outputs {
        let device = &mut devices[device.index()];
        device.outputs = outputs;
        device.outputs_due = true;
    }
}

/// A handshake of a device failed, or one went well: an alarm comes or goes where that is news.
pub(super) fn handshake_alarm<O: Outputs>(
    devices: &mut Tracked<DeviceControl>,
    device: DeviceId,
    failed: bool,
    now_ms: u64,
    out: &mut O,
) {
    if devices[device.index()].failed != failed {
        devices[device.index()].failed = failed;
        let kind = AlarmKind::Handshake(device);
        out.delta(alarm(failed, kind, AlarmPriority::Medium, now_ms));
    }
}
