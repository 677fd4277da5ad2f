//! Docks: a vehicle at a charger is connected, charges, and is let go before it moves.

use takt_maps::VehicleId;
use takt_maps::words::{Action, LoadId};
use takt_plc_bridge::handshake::{Context, Instance, Phase, Status};

use super::fleet::{Dock, DockPhase, Mission};
use super::missions::FULL_PERMILLE;
use super::{Controller, DeviceControl, Outputs, handshake_alarm, set_outputs};

/// After a failure the vehicle gets so long before it is told again.
const RETRY_MS: u64 = 5_000;

impl Controller {
    /// Advances every vehicle that is at a charger by one cycle.
    pub(super) fn advance_docks<O: Outputs>(&mut self, out: &mut O) {
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            let Some(mut dock) = self.fleet[vehicle.index()].dock else {
                continue;
            };
            let dialogue_done = self.advance_charger(&mut dock, out);
            let v = &self.fleet[vehicle.index()];
            let before = v.dock;
            if v.mission == Mission::Charge(dock.charger)
                && v.report.battery_permille >= FULL_PERMILLE
            {
                self.fleet[vehicle.index()].mission = Mission::Idle;
                self.dispatch_due = true;
            }
            let v = &self.fleet[vehicle.index()];
            let stays = v.mission == Mission::Charge(dock.charger);
            let mut after = Some(dock);
            match dock.phase {
                DockPhase::Connecting if dialogue_done => {
                    self.fleet[vehicle.index()].act(Action::StartCharging, LoadId::NONE);
                    dock.phase = DockPhase::On;
                    after = Some(dock);
                }
                // What the vehicle has given up is told again after a while.
                DockPhase::On if v.action_failed() => {
                    let action = if stays {
                        Action::StartCharging
                    } else {
                        Action::StopCharging
                    };
                    self.act_again(vehicle, action);
                    after = Some(dock);
                }
                DockPhase::On if !stays => {
                    if v.action != Action::StopCharging {
                        self.fleet[vehicle.index()].act(Action::StopCharging, LoadId::NONE);
                    }
                    if self.fleet[vehicle.index()].action_done() {
                        dock.phase = DockPhase::Disconnecting;
                        dock.dialogue = None;
                    }
                    after = Some(dock);
                }
                DockPhase::Disconnecting if dialogue_done => after = None,
                _ => {}
            }
            if after != before {
                self.fleet[vehicle.index()].dock = after;
            }
        }
    }

    /// Tells a vehicle to do something again, some seconds after it has failed.
    fn act_again(&mut self, vehicle: VehicleId, action: Action) {
        let now_ms = self.now_ms;
        let v = &mut self.fleet[vehicle.index()];
        if v.acknowledge_ms == 0 {
            v.acknowledge_ms = now_ms + RETRY_MS;
        } else if now_ms >= v.acknowledge_ms {
            v.acknowledge_ms = 0;
            v.act(action, LoadId::NONE);
        }
    }

    /// Advances the dialogue with the charger; true when the phase that needs it is through.
    fn advance_charger<O: Outputs>(&mut self, dock: &mut Dock, out: &mut O) -> bool {
        let phase = match dock.phase {
            DockPhase::Connecting => Phase::Begin,
            DockPhase::Disconnecting => Phase::End,
            DockPhase::On => return false,
        };
        let Some(program) = self.programs.charger(dock.charger) else {
            return true;
        };
        let device = self.programs.device(program);
        if !self.devices[device.index()].linked {
            return false;
        }
        let dialogue = dock
            .dialogue
            .get_or_insert_with(|| Instance::start(program, phase, Context::default()));
        let DeviceControl {
            inputs,
            mut outputs,
            ..
        } = self.devices[device.index()];
        let now_ms = self.now_ms;
        let status = dialogue.step(&self.programs, &inputs, &mut outputs, now_ms, true);
        set_outputs(&mut self.devices, device, outputs);
        match status {
            Status::Running { .. } => false,
            Status::Done => {
                dock.dialogue = None;
                handshake_alarm(&mut self.devices, device, false, now_ms, out);
                true
            }
            Status::Failed { clear, .. } => {
                // Tried again from its first step once the charger is clear; the vehicle stays until then.
                dialogue.acknowledge();
                if clear {
                    dialogue.withdraw(&self.programs, &mut outputs);
                    set_outputs(&mut self.devices, device, outputs);
                    dock.dialogue = None;
                }
                handshake_alarm(&mut self.devices, device, true, now_ms, out);
                false
            }
        }
    }
}

/// Is this charger taken by a vehicle other than `except`, or promised to one?
pub(super) fn charger_taken(
    controller: &Controller,
    charger: takt_maps::ChargerId,
    except: Option<VehicleId>,
) -> bool {
    controller
        .vehicles()
        .filter(|&v| Some(v) != except)
        .any(|vehicle| {
            let v = &controller.fleet[vehicle.index()];
            v.mission == Mission::Charge(charger) || v.dock.is_some_and(|d| d.charger == charger)
        })
}
