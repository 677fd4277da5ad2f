//! Transfers: a load is handed over between a vehicle and a station, with the station's PLC if it has one.

use takt_maps::words::{Action, LoadId};
use takt_maps::{StationId, VehicleId};
use takt_plc_bridge::handshake::{Context, Direction, Instance, Phase, ProgramId, Status};
use takt_rt::mutant::{Mutant, is_on};
use takt_scheduler::orders::Reason;

use super::fleet::{Mission, Transfer};
use super::reports::alarm;
use super::{Controller, DeviceControl, Outputs, moves, set_outputs};
use crate::follower::model::{AlarmKind, AlarmPriority};

/// After a failed transfer the station gets so long before it is tried again.
const RETRY_MS: u64 = 5_000;
/// So many failures end a pickup: the order fails.
const FAILURES_MAX: u8 = 5;

/// So many failures to hand over a load that is not on board end the order.
const MISSING_MAX: u8 = 2;

/// How a transfer is.
enum Progress {
    Running,
    Done,
    Failed,
}

impl Controller {
    /// Advances every transfer by one cycle.
    pub(super) fn advance_transfers<O: Outputs>(&mut self, out: &mut O) {
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            let Some(transfer) = self.fleet[vehicle.index()].transfer else {
                continue;
            };
            let Mission::Order { id, .. } = self.fleet[vehicle.index()].mission else {
                continue;
            };
            match self.advance_transfer(vehicle, transfer, LoadId::of(id)) {
                Progress::Running => {}
                Progress::Done => self.finish_transfer(vehicle, transfer, out),
                Progress::Failed => self.fail_transfer(vehicle, out),
            }
        }
    }

    fn advance_transfer(
        &mut self,
        vehicle: VehicleId,
        mut transfer: Transfer,
        load: LoadId,
    ) -> Progress {
        // What is not heard of is waited for: its time and its failures do not count.
        if !self.fleet[vehicle.index()].linked {
            return Progress::Running;
        }
        // The ground for the larger footprint is taken before the load is; if others are in it, this waits for them.
        if transfer.taking
            && !self.traffic.is_loaded(vehicle)
            && self.traffic.set_loaded(&self.floor, vehicle, true).is_err()
        {
            return Progress::Running;
        }
        let progress = match self.programs.station(transfer.station) {
            Some(program) => self.advance_dialogue(vehicle, &mut transfer, program, load),
            None if self.now_ms < transfer.not_before_ms => Progress::Running,
            None if transfer.failures > 0 && is_on(Mutant::NeverRetry) => Progress::Running,
            None => {
                self.act_once(vehicle, &mut transfer, load);
                let v = &self.fleet[vehicle.index()];
                if v.action_failed() {
                    Progress::Failed
                } else if v.action_done() {
                    Progress::Done
                } else {
                    Progress::Running
                }
            }
        };
        if self.fleet[vehicle.index()].transfer != Some(transfer) {
            self.fleet[vehicle.index()].transfer = Some(transfer);
        }
        progress
    }

    fn advance_dialogue(
        &mut self,
        vehicle: VehicleId,
        transfer: &mut Transfer,
        program: ProgramId,
        load: LoadId,
    ) -> Progress {
        let device = self.programs.device(program);
        if !self.devices[device.index()].linked {
            return Progress::Running;
        }
        let context = Context {
            direction: if transfer.taking {
                Direction::Load
            } else {
                Direction::Unload
            },
            load: load.0 as u16,
            buffer: self.buffer_ordinal(vehicle, transfer.station, transfer.taking),
        };
        let dialogue = transfer
            .dialogue
            .get_or_insert_with(|| Instance::start(program, Phase::Begin, context));
        let v = &self.fleet[vehicle.index()];
        let done = transfer.acting && v.action_done();
        let failed = transfer.acting && v.action_failed();
        let DeviceControl {
            inputs,
            mut outputs,
            ..
        } = self.devices[device.index()];
        let status = dialogue.step(&self.programs, &inputs, &mut outputs, self.now_ms, done);
        let progress = match status {
            Status::Running {
                vehicle_may_act, ..
            } => {
                if vehicle_may_act {
                    self.act_once(vehicle, transfer, load);
                }
                if failed {
                    Progress::Failed
                } else if transfer.acting && !transfer.taking && is_on(Mutant::CompleteEarly) {
                    Progress::Done
                } else {
                    Progress::Running
                }
            }
            Status::Done => Progress::Done,
            // Seen for the first time: acknowledged, and tried again when the device is clear and some time has passed.
            Status::Failed { .. } if !transfer.failed => {
                transfer.failed = true;
                dialogue.acknowledge();
                dialogue.withdraw(&self.programs, &mut outputs);
                Progress::Failed
            }
            Status::Failed { clear, .. } => {
                if clear && self.now_ms >= transfer.not_before_ms && !is_on(Mutant::NeverRetry) {
                    transfer.dialogue = None;
                    transfer.acting = false;
                    transfer.failed = false;
                }
                Progress::Running
            }
        };
        set_outputs(&mut self.devices, device, outputs);
        progress
    }

    /// Tells the vehicle to take or give the load, the first time that this is called for a transfer.
    fn act_once(&mut self, vehicle: VehicleId, transfer: &mut Transfer, load: LoadId) {
        if !transfer.acting {
            transfer.acting = true;
            let action = if transfer.taking {
                Action::Load
            } else {
                Action::Unload
            };
            self.fleet[vehicle.index()].act(action, load);
        }
    }

    fn finish_transfer<O: Outputs>(&mut self, vehicle: VehicleId, transfer: Transfer, out: &mut O) {
        let Mission::Order { id, .. } = self.fleet[vehicle.index()].mission else {
            return;
        };
        let mut emit = moves(&mut self.stock, out);
        let v = &mut self.fleet[vehicle.index()];
        v.transfer = None;
        v.mission_cycle = self.cycle;
        if transfer.taking {
            let loaded = self.orders.loaded(id, self.now_ms, &mut emit);
            debug_assert!(
                loaded.is_ok(),
                "a transfer that takes begins with `loading`"
            );
            v.mission = Mission::Order { id, loaded: true };
        } else {
            let completed = self.orders.completed(id, self.now_ms, &mut emit);
            debug_assert!(
                completed.is_ok(),
                "a transfer that gives begins with `unloading`"
            );
            v.mission = Mission::Idle;
            self.dispatch_due = true;
        }
        drop(emit);
        if !transfer.taking {
            self.give_load_up(vehicle);
        }
        if transfer.failures > 0 {
            out.delta(alarm(
                false,
                AlarmKind::Transfer(transfer.station),
                AlarmPriority::Medium,
                self.now_ms,
            ));
        }
    }

    /// The PLC or the vehicle gave up. What has not been moved is tried again; a pickup only so many times.
    fn fail_transfer<O: Outputs>(&mut self, vehicle: VehicleId, out: &mut O) {
        let v = &mut self.fleet[vehicle.index()];
        let action_done = v.action_done();
        let (Some(transfer), Mission::Order { id, .. }) = (&mut v.transfer, v.mission) else {
            return;
        };
        self.counts.transfers_failed += 1;
        transfer.failures = transfer.failures.saturating_add(1);
        let kind = AlarmKind::Transfer(transfer.station);
        if transfer.failures == 1 {
            out.delta(alarm(true, kind, AlarmPriority::Medium, self.now_ms));
        }
        let on_board = v.report.load == LoadId::of(id);
        // The load may be over although the dialogue broke: then the vehicle's word counts.
        if transfer.acting && on_board == transfer.taking && action_done {
            let transfer = *transfer;
            self.finish_transfer(vehicle, transfer, out);
        } else if (transfer.taking && transfer.failures >= FAILURES_MAX)
            || (!transfer.taking && !on_board && transfer.failures >= MISSING_MAX)
        {
            let reason = if transfer.taking {
                Reason::TransferFailed
            } else {
                Reason::LoadLost
            };
            let transfer = *transfer;
            v.transfer = None;
            v.mission = Mission::Idle;
            self.withdraw(&transfer);
            let failed =
                self.orders
                    .failed(id, reason, self.now_ms, &mut moves(&mut self.stock, out));
            debug_assert!(failed.is_ok(), "an order under way may fail");
            self.give_load_up(vehicle);
            // A new action, if an empty one, ends the fault that the failed one left.
            self.fleet[vehicle.index()].act(Action::None, LoadId::NONE);
            out.delta(alarm(false, kind, AlarmPriority::Medium, self.now_ms));
            self.dispatch_due = true;
        } else {
            transfer.not_before_ms = self.now_ms + RETRY_MS;
            if !transfer.failed {
                let given_up = *transfer;
                transfer.dialogue = None;
                transfer.acting = false;
                self.withdraw(&given_up);
            }
        }
    }

    /// Takes back what a station has been told for a transfer that is given up.
    fn withdraw(&mut self, transfer: &Transfer) {
        let program = self.programs.station(transfer.station);
        if let (Some(program), Some(dialogue)) = (program, &transfer.dialogue) {
            let device = self.programs.device(program);
            let mut outputs = self.devices[device.index()].outputs;
            dialogue.withdraw(&self.programs, &mut outputs);
            set_outputs(&mut self.devices, device, outputs);
        }
    }

    /// The vehicle has no load (any more): its footprint is the smaller one, unless it says otherwise.
    ///
    /// Refused while a plan is rehearsed that counts on the larger one, and under way; so it is asked for again at each
    /// look at a vehicle that stands without load.
    pub(super) fn give_load_up(&mut self, vehicle: VehicleId) {
        let v = &self.fleet[vehicle.index()];
        let none = v.report.load == LoadId::NONE && v.transfer.is_none();
        let to_come = matches!(v.mission, Mission::Order { loaded: true, .. });
        if none && !to_come && self.traffic.is_loaded(vehicle) {
            let _asked_again_later = self.traffic.set_loaded(&self.floor, vehicle, false);
        }
    }

    /// Which of the station's buffers an order is about: 1 for the first in the floor file, 0 for none.
    fn buffer_ordinal(&self, vehicle: VehicleId, station: StationId, taking: bool) -> u16 {
        let Mission::Order { id, .. } = self.fleet[vehicle.index()].mission else {
            return 0;
        };
        let Some(order) = self.orders.get(id) else {
            return 0;
        };
        let stop = if taking {
            order.spec.pickup
        } else {
            order.spec.drop
        };
        let Some(buffer) = stop.buffer else { return 0 };
        let before = self.floor.buffers[..buffer.index()]
            .iter()
            .filter(|b| b.station == station)
            .count();
        if !taking && is_on(Mutant::WrongBuffer) {
            return before as u16 + 2;
        }
        before as u16 + 1
    }
}
