//! Faults of a vehicle: how each kind begins and ends, and what it does to motion, actions and reports.

use super::actions::{Doing, Told};
use super::push::Push;
use super::trouble::Trouble;
use super::{Vehicle, fault, untrue};
use crate::faults::{Fault, FaultKind, dice};
use rand_core::Rng;
use rand_pcg::Pcg32;
use takt_maps::words::{Action, ActionState, LoadId, OperatingMode, VehicleReport};

impl Vehicle {
    /// A fault begins. What it does to the cargo on board is its floor's business.
    pub(crate) fn begin_fault(&mut self, fault: &Fault, mut random: Pcg32) {
        let amount = f64::from(fault.amount);
        let report = self.report();
        let kind = fault.kind;
        let trouble = self.trouble.get_or_insert_default();
        if kind.lasts_ms() != (0, 0) {
            trouble.active.push(kind);
            trouble.active.sort_unstable();
        }
        let (x, y) = match kind {
            FaultKind::VehicleSlips | FaultKind::VehicleJumps => dice::direction(&mut random),
            _ => (0.0, 0.0),
        };
        match kind {
            FaultKind::VehicleSlips => trouble.slip.begin((x * amount, y * amount)),
            FaultKind::VehicleJumps => trouble.jump = (x * amount, y * amount),
            FaultKind::VehicleStaleReports => trouble.stale = Some(report),
            FaultKind::VehicleFalseReports => trouble.untrue = Some(random.next_u64()),
            FaultKind::VehiclePushed => {
                // Sideways, since its wheels keep it from being pushed along.
                let (cos, sin) = self.drive.facing();
                let aside = if random.next_u32() & 1 == 0 {
                    (-sin, cos)
                } else {
                    (sin, -cos)
                };
                trouble.push = Some(Push::new(aside, amount, fault.for_ms));
            }
            FaultKind::VehicleReboots => self.switch_off(report),
            FaultKind::VehicleOvershoots => {
                self.drive.set_overshoot(amount);
                self.drive.plan(self.loaded());
            }
            FaultKind::VehicleRunsFlat => self.battery.drain(),
            FaultKind::VehicleDropsLoad => self.drop_load(),
            FaultKind::VehicleWrongLoad => self.mistake_load(&mut random),
            _ => {}
        }
        self.tidy();
    }

    /// A fault is over.
    pub(crate) fn end_fault(&mut self, kind: FaultKind) {
        let Some(trouble) = &mut self.trouble else {
            return;
        };
        if !trouble.has(kind) || !trouble.ended(kind) {
            return;
        }
        match kind {
            FaultKind::VehicleJumps => trouble.jump = (0.0, 0.0),
            FaultKind::VehicleStaleReports => trouble.stale = None,
            FaultKind::VehicleFalseReports => trouble.untrue = None,
            FaultKind::VehicleRepeats => trouble.again.end(),
            FaultKind::VehiclePushed => {
                if let Some(push) = &mut trouble.push {
                    push.end();
                }
            }
            // What it already brakes for stays as it is until it is told more.
            FaultKind::VehicleOvershoots => self.drive.set_overshoot(0.0),
            FaultKind::VehicleReboots => self.switch_on(),
            FaultKind::VehicleRunsFlat => {
                self.battery.fill();
                self.clear(fault::BATTERY_EMPTY);
            }
            FaultKind::VehicleRefuses => self.clear(fault::REFUSED),
            _ => {}
        }
        self.tidy();
    }

    /// Goes on with what is wrong for `dt_ms`.
    pub(super) fn step_trouble(&mut self, dt_ms: u32) {
        self.step_repetition(dt_ms);
        let moves = self.drive.moves();
        if let Some(trouble) = &mut self.trouble {
            let slips = trouble.has(FaultKind::VehicleSlips);
            trouble.slip.step(slips, moves, dt_ms);
            if trouble.push.as_mut().is_some_and(|push| push.step(dt_ms)) {
                trouble.push = None;
            }
        }
        self.tidy();
    }

    /// Nothing is kept for a vehicle that has no trouble.
    fn tidy(&mut self) {
        if self.trouble.as_ref().is_some_and(|t| t.is_over()) {
            self.trouble = None;
        }
    }

    fn clear(&mut self, code: u16) {
        if self.fault == code {
            self.fault = 0;
        }
    }

    /// Power goes: it brakes, and what it was doing stops.
    fn switch_off(&mut self, last: VehicleReport) {
        self.told = Told::default();
        self.doing = Doing::default();
        self.action_sequence = 0;
        self.action_state = ActionState::None;
        self.connected = false;
        if let Some(trouble) = &mut self.trouble {
            trouble.off.get_or_insert(last);
        }
    }

    /// Power comes back: it remembers what is on board, and where it is.
    fn switch_on(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            trouble.off = None;
        }
        self.drive.forget();
        self.boot = self.boot.wrapping_add(1);
        (self.epoch, self.command_sequence) = (0, 0);
        (self.reached_seq, self.base_end_seq) = (0, 0);
        self.hold = false;
        self.fault = 0;
    }

    /// The load is gone; an action that was to hand it over has nothing to hand over any more.
    fn drop_load(&mut self) {
        if self.load == LoadId::NONE {
            return;
        }
        self.load = LoadId::NONE;
        if self.acts() && self.doing.action == Action::Unload {
            self.fail(fault::NOT_ON_BOARD);
        }
        self.drive.plan(false);
    }

    /// The load on board turns out to be another one; without one, the next that it takes.
    fn mistake_load(&mut self, random: &mut Pcg32) {
        let by = 1 + random.next_u32() % 1_000;
        if self.loaded() {
            self.load = other_load(self.load, by);
        } else if let Some(trouble) = &mut self.trouble {
            trouble.wrong_load = by;
        }
    }

    /// The load that it finds on board after it took this one.
    pub(super) fn found(&mut self, told: LoadId) -> LoadId {
        match self.trouble.as_mut().map(|t| &mut t.wrong_load) {
            Some(by) if *by > 0 => other_load(told, std::mem::take(by)),
            _ => told,
        }
    }

    /// Does a fault of this kind act on it?
    pub(super) fn suffers(&self, kind: FaultKind) -> bool {
        self.trouble.as_ref().is_some_and(|t| t.has(kind))
    }

    /// Is nothing wrong with it?
    #[cfg(test)]
    pub(crate) fn is_untroubled(&self) -> bool {
        self.trouble.is_none()
    }

    /// Is it switched off?
    pub(crate) fn is_off(&self) -> bool {
        self.trouble.as_ref().is_some_and(|t| t.off.is_some())
    }

    /// An emergency stop or fire alarm of its surroundings holds it, or does so no longer.
    pub(crate) fn set_area_stop(&mut self, stop: bool) {
        if stop || self.trouble.is_some() {
            self.trouble.get_or_insert_default().area_stop = stop;
            self.tidy();
        }
    }

    /// Something lies just ahead, or does so no longer.
    pub(crate) fn set_blocked(&mut self, blocked: bool) {
        if blocked || self.trouble.is_some() {
            self.trouble.get_or_insert_default().blocked = blocked;
            self.tidy();
        }
    }

    /// Has it stopped for something ahead?
    pub(crate) fn is_blocked(&self) -> bool {
        self.trouble.as_ref().is_some_and(|t| t.blocked)
    }

    /// The mode that it is in: its own, unless a fault decides it.
    pub(super) fn current_mode(&self) -> OperatingMode {
        match &self.trouble {
            None => self.mode,
            Some(t) if t.area_stop || t.has(FaultKind::VehicleEmergencyStop) => {
                OperatingMode::EmergencyStop
            }
            Some(t) if t.push.is_some() => OperatingMode::Manual,
            Some(_) => self.mode,
        }
    }

    /// Does a fault make it stand, and begin nothing?
    #[inline]
    pub(super) fn is_disabled(&self) -> bool {
        self.trouble.as_deref().is_some_and(|t| {
            t.off.is_some()
                || t.has(FaultKind::VehicleLosesPosition)
                || self.current_mode() != OperatingMode::Automatic
        })
    }

    /// Does it stop on its way for something in front of it?
    pub(super) fn gives_way(&self) -> bool {
        let stops = |t: &Trouble| t.blocked || t.has(FaultKind::VehicleStops);
        self.trouble.as_deref().is_some_and(stops)
    }

    /// Where its reference point truly is, mm.
    pub(crate) fn true_position(&self) -> (f64, f64) {
        let (x, y) = self.drive.position();
        match &self.trouble {
            None => (x, y),
            Some(trouble) => {
                let slip = trouble.slip.offset();
                let push = trouble.push.map_or((0.0, 0.0), |p| p.offset());
                (x + slip.0 + push.0, y + slip.1 + push.1)
            }
        }
    }

    /// Is it being pushed about, or off its believed position by more than so much?
    pub(crate) fn is_off_by(&self, mm: f64) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| {
            let (x, y) = trouble.slip.offset();
            self.is_pushed_away() || x * x + y * y > mm * mm
        })
    }

    /// Does it stand elsewhere than at its last node?
    pub(super) fn is_away(&self) -> bool {
        self.drive.is_astray() || self.is_pushed_away()
    }

    /// Is it pushed away from where it stood?
    fn is_pushed_away(&self) -> bool {
        let push = self.trouble.as_ref().and_then(|t| t.push);
        push.is_some_and(|push| push.is_away())
    }

    /// What it says, given what is true as far as it knows.
    pub(super) fn distort(&self, known: VehicleReport) -> VehicleReport {
        let Some(trouble) = &self.trouble else {
            return known;
        };
        if let Some(last) = trouble.off {
            return last;
        }
        let mut report = known;
        if let Some(stale) = trouble.stale {
            let heartbeat = report.heartbeat;
            report = VehicleReport { heartbeat, ..stale };
        } else {
            let push = trouble.push.map_or((0.0, 0.0), |p| p.offset());
            if let Some(pose) = &mut report.pose {
                pose.x_mm += libm::round(push.0 + trouble.jump.0) as i32;
                pose.y_mm += libm::round(push.1 + trouble.jump.1) as i32;
            }
            if trouble.has(FaultKind::VehicleLosesPosition) {
                report.pose = None;
            }
        }
        if let Some(seed) = trouble.untrue {
            untrue::twist(&mut report, seed);
        }
        report
    }
}

/// Another load than this one, and not none.
fn other_load(load: LoadId, by: u32) -> LoadId {
    LoadId(load.0.wrapping_add(by).max(1))
}
