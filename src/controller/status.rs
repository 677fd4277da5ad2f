//! Outputs at the end of a cycle: commands to the floor, and how everything is.

use takt_maps::words::{BASE_WINDOW, LoadId, VehicleCommand, Waypoint};
use takt_maps::{DeviceId, NodeId, VehicleId};
use takt_plc_bridge::ToField;
use takt_rt::mutant::{Mutant, is_on};

use super::fleet::Location;
use super::looks::share;
use super::{Controller, Delta, Outputs, ROUTE_MAX, TICK_CYCLES, VehicleStatus};

/// Time between two status deltas of one vehicle.
pub(super) const STATUS_MS: u64 = 100;
/// Devices are written at least so often.
const DEVICE_REFRESH_MS: u64 = 1_000;

impl Controller {
    /// Sends what changed at once, and everything once a transfer interval.
    pub(super) fn send_commands<O: Outputs>(&mut self, out: &mut O) {
        // Those who were given ground, or told something else, in this cycle have been touched. When that is everyone, at
        // a stop, most of them are told in their turn.
        let looked_at = self.looks.len();
        let most = 64 + 2 * share(self.fleet.len(), self.floor.control.cycle_us);
        for place in 0..looked_at + self.fleet.touched().len().min(most) {
            let index = match place.checked_sub(looked_at) {
                None => self.looks.at(place),
                Some(more) => self.fleet.touched()[more] as usize,
            };
            let vehicle = VehicleId::from_index(index);
            let v = &self.fleet[index];
            let is_due = |since_ms| self.refreshes.is_due(index, since_ms, self.now_ms);
            if v.link_up && (v.command_due || is_due(v.commanded_ms)) {
                let command = self.vehicle_command(vehicle);
                out.command(ToField::Vehicle {
                    vehicle,
                    command,
                    at_ms: self.now_ms,
                });
            }
        }
        // Those whose outputs have changed in this cycle have been touched, too.
        let looked_at = self.device_looks.len();
        for place in 0..looked_at + self.devices.touched().len() {
            let index = match place.checked_sub(looked_at) {
                None => self.device_looks.at(place),
                Some(more) => self.devices.touched()[more] as usize,
            };
            let device = DeviceId::from_index(index);
            // A vehicle may still be driving through a door on the base of the controller before: doors keep what they
            // were told until everyone stands.
            if !self.all_located && self.is_door[index] {
                continue;
            }
            let d = &self.devices[index];
            let refresh_due = self.now_ms >= d.commanded_ms + DEVICE_REFRESH_MS
                && !is_on(Mutant::ForgetResetAfterReconnect);
            if d.link_up && (d.outputs_due || refresh_due) {
                let d = &mut self.devices[index];
                d.outputs_due = false;
                d.commanded_ms = self.now_ms;
                out.command(ToField::Device {
                    device,
                    image: d.outputs,
                    at_ms: self.now_ms,
                });
            }
        }
    }

    /// The command that a vehicle should hold now.
    fn vehicle_command(&mut self, vehicle: VehicleId) -> VehicleCommand {
        let mut base = [Waypoint::default(); BASE_WINDOW];
        let mut base_len = 0;
        // One that is not where it should be keeps what it was told, and is told no more.
        if self.fleet[vehicle.index()].location == Location::Known {
            for waypoint in self.traffic.base(vehicle).take(BASE_WINDOW) {
                base[usize::from(base_len)] = *waypoint;
                base_len += 1;
            }
        }
        let halted = self.stopping || self.floor_paused;
        let v = &mut self.fleet[vehicle.index()];
        v.command_sequence = v.command_sequence.wrapping_add(1);
        v.command_due = false;
        v.commanded_ms = self.now_ms;
        VehicleCommand {
            epoch: self.epoch,
            sequence: v.command_sequence,
            validity_ms: self.floor.control.link_timeout_ms.min(u32::from(u16::MAX)) as u16,
            base_len,
            base,
            action: v.action,
            action_sequence: v.action_sequence,
            load: v.action_load,
            // One that is still on the base of the controller before finishes it, else it would never be located.
            hold: halted
                || (v.paused && v.location != Location::Unknown)
                || v.location == Location::Lost
                || v.held_for.is_some(),
        }
    }

    /// Says how vehicles are, each some times a second, spread over the cycles.
    pub(super) fn report_status<O: Outputs>(&mut self, out: &mut O) {
        // No more than is due in a cycle: after some that were left out a backlog is of no use.
        let cycle_us = u64::from(self.floor.control.cycle_us);
        let most = (self.fleet.len() as u64 * cycle_us).div_ceil(1_000 * STATUS_MS);
        for index in self.status.advance(self.now_ms, most) {
            let vehicle = VehicleId::from_index(index);
            out.delta(Delta::Vehicle(self.vehicle_status(vehicle)));
        }
    }

    /// Ends the cycle.
    pub(super) fn end_cycle<O: Outputs>(&mut self, out: &mut O) {
        if self.cycle.is_multiple_of(TICK_CYCLES) {
            let state_hash = self.state_hash();
            out.delta(Delta::Tick {
                cycle: self.cycle,
                now_ms: self.now_ms,
                state_hash,
            });
        }
    }

    fn vehicle_status(&self, vehicle: VehicleId) -> VehicleStatus {
        let v = &self.fleet[vehicle.index()];
        let known = v.location != Location::Unknown;
        let base = self
            .traffic
            .base(vehicle)
            .filter(|_| known)
            .map(|w| w.node)
            .collect();
        let end = |edge| -> NodeId { self.floor.roadmap.edge(edge).to };
        let route = self
            .traffic
            .pending(vehicle)
            .filter(|_| known)
            .take(ROUTE_MAX)
            .map(end)
            .collect();
        VehicleStatus {
            vehicle,
            seen_ms: v.heard_ms.unwrap_or(0),
            pose: v.report.pose,
            speed_mm_s: v.report.speed_mm_s,
            battery_permille: v.report.battery_permille,
            loaded: v.report.load != LoadId::NONE,
            mode: v.report.mode,
            activity: v.report.activity,
            fault: v.report.fault,
            mission: v.mission_view(self.traffic.at_rest(vehicle)),
            wait: self.waits[vehicle.index()],
            linked: v.linked,
            distance_mm: v.distance_mm,
            base,
            route,
        }
    }
}
