//! A vehicle reduced to arithmetic: it drives its base at the speed it is told, without ramps or turns, and needs a
//! fixed time for an action. Nothing happens between two looks at it.

use std::collections::VecDeque;

use takt_maps::words::*;

/// A vehicle; times are milliseconds of the floor.
#[derive(Clone, Debug)]
pub(super) struct Vehicle {
    /// Where it was at `at_ms`.
    x_mm: i32,
    y_mm: i32,
    at_ms: u64,
    /// Way since the last waypoint, or since it stood, in micrometres.
    driven_um: u64,
    /// Where the way to the next waypoint began.
    from_mm: (i32, i32),
    base: VecDeque<Waypoint>,
    hold: bool,
    told: (Action, u16, LoadId),
    /// When the action under way is over.
    until_ms: u64,
    transfer_ms: u64,
    /// What it says of itself; the rest is filled in when it is asked.
    report: VehicleReport,
}

impl Vehicle {
    /// At rest at a point.
    pub fn new(x_mm: i32, y_mm: i32, transfer_ms: u32) -> Self {
        Self {
            x_mm,
            y_mm,
            at_ms: 0,
            driven_um: 0,
            from_mm: (x_mm, y_mm),
            base: VecDeque::with_capacity(2 * BASE_WINDOW),
            hold: false,
            told: (Action::None, 0, LoadId::NONE),
            until_ms: 0,
            transfer_ms: u64::from(transfer_ms),
            report: VehicleReport {
                boot: 1,
                battery_permille: 1_000,
                ..VehicleReport::default()
            },
        }
    }

    /// Takes a command over.
    pub fn command(&mut self, command: &VehicleCommand, now_ms: u64) {
        self.advance(now_ms);
        let report = &mut self.report;
        self.hold = command.hold;
        if command.epoch > report.epoch {
            if !self.base.is_empty() {
                return;
            }
            report.epoch = command.epoch;
            (report.reached_seq, report.base_end_seq) = (0, 0);
            (report.action_sequence, report.action_state) = (0, ActionState::None);
        }
        report.command_sequence = command.sequence;
        for waypoint in command.waypoints() {
            if waypoint.seq == report.base_end_seq + 1 {
                self.base.push_back(*waypoint);
                report.base_end_seq = waypoint.seq;
            }
        }
        self.told = (command.action, command.action_sequence, command.load);
    }

    /// What it says of itself now.
    pub fn report(&mut self, now_ms: u64) -> VehicleReport {
        self.advance(now_ms);
        let report = &mut self.report;
        report.heartbeat = report.heartbeat.wrapping_add(1);
        let drives = !self.base.is_empty() && !self.hold;
        report.speed_mm_s = match self.base.front() {
            Some(next) if drives => next.speed_mm_s,
            _ => 0,
        };
        report.activity = match report.action_state {
            ActionState::Running => VehicleActivity::Acting,
            _ if drives => VehicleActivity::Driving,
            _ => VehicleActivity::Idle,
        };
        report.pose = Some(Pose {
            x_mm: self.x_mm,
            y_mm: self.y_mm,
            heading_mrad: 0,
        });
        *report
    }

    /// Brings everything up to a time.
    fn advance(&mut self, now_ms: u64) {
        let mut left_ms = now_ms.saturating_sub(self.at_ms);
        self.at_ms = now_ms;
        if self.report.action_state == ActionState::Running {
            if now_ms < self.until_ms {
                return;
            }
            left_ms = left_ms.min(now_ms - self.until_ms);
            self.report.action_state = ActionState::Done;
            match self.told.0 {
                Action::Load => self.report.load = self.told.2,
                Action::Unload => self.report.load = LoadId::NONE,
                _ => {}
            }
        }
        if self.hold {
            return;
        }
        self.drive(left_ms);
        let (action, sequence, _) = self.told;
        if self.base.is_empty() && sequence != self.report.action_sequence {
            self.report.action_sequence = sequence;
            let takes_time = matches!(action, Action::Load | Action::Unload);
            self.report.action_state = if takes_time {
                ActionState::Running
            } else {
                ActionState::Done
            };
            self.until_ms = now_ms + self.transfer_ms;
        }
    }

    fn drive(&mut self, mut left_ms: u64) {
        while let Some(&next) = self.base.front() {
            let (dx, dy) = (
                i64::from(next.x_mm - self.from_mm.0),
                i64::from(next.y_mm - self.from_mm.1),
            );
            let length_um = ((dx * dx + dy * dy) as u64).isqrt() * 1_000;
            let speed = u64::from(next.speed_mm_s.max(1));
            let driven_um = self.driven_um + left_ms * speed;
            if driven_um < length_um {
                self.driven_um = driven_um;
                let share = |d: i64| (d * driven_um as i64 / length_um as i64) as i32;
                self.x_mm = self.from_mm.0 + share(dx);
                self.y_mm = self.from_mm.1 + share(dy);
                return;
            }
            left_ms = (driven_um - length_um) / speed;
            self.driven_um = 0;
            self.from_mm = (next.x_mm, next.y_mm);
            (self.x_mm, self.y_mm) = self.from_mm;
            self.report.reached_seq = next.seq;
            self.base.pop_front();
        }
    }
}
