//! Reports: what vehicles, devices and links say, and whether they still say anything.

use takt_maps::words::{Action, ActionState, LoadId, OperatingMode, VehicleReport};
use takt_maps::{DeviceId, VehicleId};
use takt_plc_bridge::{Endpoint, FromField, LinkState};
use takt_rt::mutant::{Mutant, is_on};

use super::fleet::{Location, distance_mm, near_segment};
use super::{Controller, Delta, Input, Outputs};
use crate::follower::model::{AlarmKind, AlarmPriority};

/// A missed deadline is shown for so long.
const DEADLINE_SHOWN_MS: u64 = 10_000;
/// A vehicle that counts its base otherwise has to say so for so long.
const MISCOUNT_MS: u64 = 5_000;
/// A report may have been under way for so much less time than the one before it.
const REPORT_JITTER_MS: u64 = 300;

impl Controller {
    /// Takes one input in.
    pub(super) fn take<O: Outputs>(&mut self, input: Input, out: &mut O) {
        match input {
            Input::Field(FromField::Vehicle { vehicle, report }) => {
                self.take_report(vehicle, report, out)
            }
            Input::Field(FromField::Device { device, image }) => {
                self.devices[device.index()].inputs = image;
                self.take_levels(device, out);
            }
            Input::Field(FromField::Link { endpoint, state }) => match endpoint {
                Endpoint::Vehicle(vehicle) => {
                    self.fleet[vehicle.index()].link_up = state == LinkState::Up
                }
                Endpoint::Device(device) => {
                    let up = state == LinkState::Up;
                    let control = &mut self.devices[device.index()];
                    control.outputs_due |=
                        up && !control.link_up && !is_on(Mutant::ForgetResetAfterReconnect);
                    control.link_up = up;
                }
            },
            Input::Ask { token, request } => self.take_ask(token, request, out),
            Input::Motion(proposal) => self.take_motion(proposal, out),
            Input::Dispatch(proposal) => self.take_dispatch(proposal, out),
            Input::Durable { cycle } => self.durable_cycle = self.durable_cycle.max(cycle),
            Input::Missed { beats } => {
                self.counts.beats_missed += beats;
                self.missed_ms = Some(self.now_ms);
                out.delta(alarm(
                    true,
                    AlarmKind::Deadline,
                    AlarmPriority::Low,
                    self.now_ms,
                ));
            }
            Input::Stop => self.stop(),
            Input::Overrun { phase } => self.take_overrun(phase, out),
        }
    }

    /// A vehicle's report: releases the ground behind it, and checks that it is where it may be.
    fn take_report<O: Outputs>(&mut self, vehicle: VehicleId, report: VehicleReport, out: &mut O) {
        let rebooted = {
            let v = &mut self.fleet[vehicle.index()];
            let before = v.boot.replace(report.boot);
            if before != v.boot {
                let boot = report.boot;
                out.delta(Delta::VehicleBooted { vehicle, boot });
            }
            let rebooted = before.is_some() && before != v.boot && !is_on(Mutant::ForgetReboot);
            v.report = report;
            v.heard_ms = Some(self.now_ms);
            v.link_up = true;
            v.count_distance();
            v.note_progress(self.now_ms);
            rebooted
        };
        if self.missing as usize == self.fleet.len() {
            self.newest_epoch = self.newest_epoch.max(report.epoch);
        }
        if rebooted {
            self.rejoin(vehicle);
        }
        let v = &mut self.fleet[vehicle.index()];
        if (report.mode != OperatingMode::Automatic || rebooted)
            && !v.paused
            && !is_on(Mutant::ResumeByItself)
        {
            // After an emergency stop, manual mode or power loss nothing is released before a person resumes it
            // (ISO 3691-4).
            v.paused = true;
            out.delta(Delta::VehiclePaused {
                vehicle,
                paused: true,
            });
        }
        if self.fleet[vehicle.index()].location == Location::Unknown {
            return;
        }
        if report.epoch != self.epoch {
            // It does not follow this controller (any more): nothing that it says of its base counts.
            self.lose(vehicle, out);
            return;
        }
        if report.base_end_seq < self.traffic.last_reached(vehicle).1 {
            // It has forgotten what it was given.
            self.lose(vehicle, out);
            self.count_anew(vehicle, out);
            return;
        }
        // One that said too much before, and is where it was then thought to be, has merely not got there yet.
        let reached_seq = report.reached_seq.max(self.traffic.last_reached(vehicle).1);
        // Ground is released on its word only where its pose bears it out: one that has passed a waypoint is not before it.
        let borne_out =
            self.is_beyond(vehicle, reached_seq) && self.can_have_come(vehicle, reached_seq);
        if !borne_out && !is_on(Mutant::BelieveAnyReport) {
            self.lose(vehicle, out);
            return;
        }
        if self.traffic.reached(vehicle, reached_seq).is_err() {
            // It claims ground that it was never given: nothing is released on its word.
            self.counts.reports_refused += 1;
            self.lose(vehicle, out);
            self.count_anew(vehicle, out);
            return;
        }
        let v = &mut self.fleet[vehicle.index()];
        v.believed_ms = self.now_ms;
        v.believed_at = report.pose.map(|pose| (pose.x_mm, pose.y_mm));
        v.miscounts = None;
        if v.location == Location::Lost {
            v.command_due = true;
            self.set_known(vehicle);
            out.delta(Delta::Cleared {
                kind: AlarmKind::VehiclePosition(vehicle),
                at_ms: self.now_ms,
            });
        }
    }

    /// It is not where it should be: it gets nothing, and keeps what it holds.
    fn lose<O: Outputs>(&mut self, vehicle: VehicleId, out: &mut O) {
        let v = &mut self.fleet[vehicle.index()];
        if v.location != Location::Lost {
            v.command_due = true;
            self.set_lost(vehicle);
            if is_on(Mutant::FreeLostVehicle) {
                self.traffic.remove(vehicle);
            }
            out.delta(Delta::Raised {
                kind: AlarmKind::VehiclePosition(vehicle),
                priority: AlarmPriority::High,
                at_ms: self.now_ms,
            });
        }
    }

    /// It counts its base otherwise than it is counted here: it was located by a false report, or has forgotten its base
    /// without having been switched off. When it stands, has nothing ahead of it and keeps saying so, it is taken for one
    /// that was switched off and on.
    fn count_anew<O: Outputs>(&mut self, vehicle: VehicleId, out: &mut O) {
        let now_ms = self.now_ms;
        let v = &mut self.fleet[vehicle.index()];
        let end = v.report.base_end_seq;
        if !v.stands() {
            v.miscounts = None;
            return;
        }
        let since_ms = match v.miscounts {
            Some((seq, since_ms)) if seq == end => since_ms,
            _ => now_ms,
        };
        v.miscounts = Some((end, since_ms));
        if now_ms < since_ms + MISCOUNT_MS {
            return;
        }
        v.miscounts = None;
        if !v.paused {
            v.paused = true;
            out.delta(Delta::VehiclePaused {
                vehicle,
                paused: true,
            });
        }
        self.rejoin(vehicle);
    }

    /// Can it have come past this waypoint to where it is since it was last believed, no faster than its kind can? On a way
    /// that leads there and back its pose alone does not tell.
    fn can_have_come(&self, vehicle: VehicleId, waypoint: u32) -> bool {
        let v = &self.fleet[vehicle.index()];
        let base = self.traffic.base(vehicle);
        let mut passed = base.take_while(|w| w.seq <= waypoint).peekable();
        let Some(first) = passed.peek() else {
            return true;
        };
        // Where it was then is not known of one that has just been located: just before the first that it passed.
        let mut from = v.believed_at.unwrap_or((first.x_mm, first.y_mm));
        let here = v.report.pose.map(|pose| (pose.x_mm, pose.y_mm));
        let mut way_mm = 0;
        for to in passed.map(|w| (w.x_mm, w.y_mm)).chain(here) {
            way_mm += distance_mm(from, to);
            from = to;
        }
        let [empty, loaded] = self.floor.kind_of(vehicle).speed_mm_s;
        let since_ms = self.now_ms - v.believed_ms + REPORT_JITTER_MS;
        let reach_mm = u64::from(empty.max(loaded)) * since_ms / 1_000;
        way_mm <= reach_mm + u64::from(self.floor.control.position_tolerance_mm)
    }

    /// Is its pose on the way from this waypoint to the end of its base, within the tolerance? The whole of its base counts
    /// for a waypoint that it has not ahead of it.
    fn is_beyond(&self, vehicle: VehicleId, waypoint: u32) -> bool {
        let Some(pose) = self.fleet[vehicle.index()].report.pose else {
            return false;
        };
        let tolerance = self.floor.control.position_tolerance_mm;
        let here = (pose.x_mm, pose.y_mm);
        let reached = self.traffic.base(vehicle).find(|w| w.seq == waypoint);
        let mut from = reached.map_or_else(
            || {
                let at = self.traffic.last_reached(vehicle).0;
                let node = self.floor.roadmap.node(at);
                (node.x_mm, node.y_mm)
            },
            |w| (w.x_mm, w.y_mm),
        );
        if near_segment(here, from, from, tolerance) {
            return true;
        }
        let passed = reached.map_or(0, |w| w.seq);
        let mut ahead = self.traffic.base(vehicle).filter(|w| w.seq > passed);
        ahead.any(|waypoint| {
            let to = (waypoint.x_mm, waypoint.y_mm);
            let near = near_segment(here, from, to, tolerance);
            from = to;
            near
        })
    }

    /// A loss that the start has found is shown as long as this controller lives.
    pub(super) fn tell_of_loss<O: Outputs>(&mut self, out: &mut O) {
        if std::mem::take(&mut self.loss_untold) {
            out.delta(alarm(
                true,
                AlarmKind::StoreLoss,
                AlarmPriority::High,
                self.now_ms,
            ));
        }
    }

    /// A missed deadline is shown for a while.
    pub(super) fn watch_deadline<O: Outputs>(&mut self, out: &mut O) {
        if self
            .missed_ms
            .is_some_and(|at| self.now_ms >= at + DEADLINE_SHOWN_MS)
        {
            self.missed_ms = None;
            out.delta(alarm(
                false,
                AlarmKind::Deadline,
                AlarmPriority::Low,
                self.now_ms,
            ));
        }
    }

    /// Links that fell silent or came back, and faults that came or went.
    pub(super) fn supervise_links<O: Outputs>(&mut self, out: &mut O) {
        let (now_ms, timeout) = (self.now_ms, u64::from(self.floor.control.link_timeout_ms));
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            let v = &self.fleet[vehicle.index()];
            let linked = v.link_up && v.heard_ms.is_some_and(|heard| now_ms - heard <= timeout);
            if linked != v.linked {
                let v = &mut self.fleet[vehicle.index()];
                v.linked = linked;
                v.command_due = true;
                self.dispatch_due = true;
                out.delta(alarm(
                    !linked,
                    AlarmKind::VehicleLink(vehicle),
                    AlarmPriority::High,
                    now_ms,
                ));
            }
            let v = &self.fleet[vehicle.index()];
            let faulty = v.linked && !v.fit();
            if faulty != v.faulty {
                self.fleet[vehicle.index()].faulty = faulty;
                self.dispatch_due = true;
                out.delta(alarm(
                    faulty,
                    AlarmKind::VehicleFault(vehicle),
                    AlarmPriority::High,
                    now_ms,
                ));
            }
        }
        self.supervise_loads(out);
        for place in 0..self.device_looks.len() {
            let device = DeviceId::from_index(self.device_looks.at(place));
            let d = self.devices[device.index()];
            if d.link_up != d.linked {
                self.devices[device.index()].linked = d.link_up;
                out.delta(Delta::DeviceLink {
                    device,
                    up: d.link_up,
                });
                out.delta(alarm(
                    !d.link_up,
                    AlarmKind::DeviceLink(device),
                    AlarmPriority::Medium,
                    now_ms,
                ));
            }
        }
    }
}

/// A vehicle's failed action is acknowledged, by telling it to do nothing, after this time, and again after it.
const ACKNOWLEDGE_MS: u64 = 5_000;

impl Controller {
    /// Faults that failed actions have left behind, and loads that nobody has ordered.
    fn supervise_loads<O: Outputs>(&mut self, out: &mut O) {
        let now_ms = self.now_ms;
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            let v = &self.fleet[vehicle.index()];
            let stray = v.has_stray_load();
            if stray != v.stray_load {
                self.fleet[vehicle.index()].stray_load = stray;
                let kind = AlarmKind::VehicleLoad(vehicle);
                out.delta(alarm(stray, kind, AlarmPriority::Medium, now_ms));
            }
            // Who is written to is looked at again in the next cycle: most are only read.
            let v = &self.fleet[vehicle.index()];
            let left_over = v.linked
                && v.location != Location::Unknown
                && v.transfer.is_none()
                && v.dock.is_none()
                && v.report.fault != 0
                && v.report.action_state == ActionState::Failed;
            let due_ms = v.acknowledge_ms;
            let is_idle = v.transfer.is_none() && v.dock.is_none();
            if !left_over {
                if is_idle && due_ms != 0 {
                    self.fleet[vehicle.index()].acknowledge_ms = 0;
                }
            } else if due_ms == 0 || now_ms >= due_ms {
                let v = &mut self.fleet[vehicle.index()];
                v.acknowledge_ms = now_ms + ACKNOWLEDGE_MS;
                if due_ms != 0 {
                    v.act(Action::None, LoadId::NONE);
                }
            }
        }
    }
}

/// The delta for an alarm that comes or goes.
pub(super) fn alarm(active: bool, kind: AlarmKind, priority: AlarmPriority, at_ms: u64) -> Delta {
    if active {
        Delta::Raised {
            kind,
            priority,
            at_ms,
        }
    } else {
        Delta::Cleared { kind, at_ms }
    }
}
