//! A vehicle: its on-board controller around [`drive::Drive`] and [`battery::Battery`].
//!
//! It keeps the rules of the vehicle register profile (`docs/vehicle-modbus.md`): waypoints are appended without gaps,
//! a newer epoch waits until the base is finished, an action begins at rest at the end of the base, and silence lets
//! it finish its base and stand.

mod actions;
pub mod battery;
pub mod drive;
mod faults;
mod push;
mod repeat;
mod slip;
mod trouble;
mod untrue;

use crate::faults::FaultKind;
pub use actions::{CONNECT_MS, PATIENCE_MS, fault};
use actions::{Doing, Told};
use battery::{Battery, Use};
use drive::Drive;
use takt_maps::words::{
    ActionState, LoadId, OperatingMode, Pose, VehicleActivity, VehicleCommand, VehicleReport,
};
use takt_maps::{Floor, LevelId, NodeId, VehicleId, VehicleKind};
use trouble::Trouble;

/// Time spent, by what it was spent on, ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Times {
    /// Driving and turning.
    pub driving_ms: u64,
    /// Taking and handing over loads, waiting for the station included.
    pub acting_ms: u64,
    /// Taking in energy.
    pub charging_ms: u64,
}

/// One simulated vehicle.
#[derive(Clone, Debug)]
pub struct Vehicle {
    drive: Drive,
    battery: Battery,
    /// Time to take or hand over a load, ms.
    transfer_ms: u32,
    heartbeat: u16,
    boot: u16,
    mode: OperatingMode,
    epoch: u16,
    command_sequence: u16,
    reached_seq: u32,
    base_end_seq: u32,
    hold: bool,
    load: LoadId,
    fault: u16,
    action_sequence: u16,
    action_state: ActionState,
    told: Told,
    doing: Doing,
    connected: bool,
    times: Times,
    /// What is wrong with it; `None` while nothing is.
    trouble: Option<Box<Trouble>>,
}

impl Vehicle {
    /// The vehicle `id` of the floor at its start, facing as though it had come there, with its battery filled to
    /// `battery_permille`.
    pub fn new(floor: &Floor, id: VehicleId, battery_permille: u16) -> Self {
        let kind: &VehicleKind = floor.kind_of(id);
        let start = floor.vehicles[id.index()].start;
        let node = floor.roadmap.node(start);
        Self {
            drive: Drive::new(
                kind,
                start,
                node.level,
                (node.x_mm, node.y_mm),
                start_heading(floor, id),
            ),
            battery: Battery::new(&kind.battery, battery_permille),
            transfer_ms: kind.transfer_ms,
            heartbeat: 0,
            boot: 1,
            mode: OperatingMode::Automatic,
            epoch: 0,
            command_sequence: 0,
            reached_seq: 0,
            base_end_seq: 0,
            hold: false,
            load: LoadId::NONE,
            fault: 0,
            action_sequence: 0,
            action_state: ActionState::None,
            told: Told::default(),
            doing: Doing::default(),
            connected: false,
            times: Times::default(),
            trouble: None,
        }
    }

    /// Takes a command over, as far as the rules allow.
    pub fn command(&mut self, floor: &Floor, command: &VehicleCommand, now_ms: u64) {
        self.command_once(floor, command, now_ms);
        if self.suffers(FaultKind::VehicleRepeats) {
            self.command_once(floor, command, now_ms);
        }
    }

    fn command_once(&mut self, floor: &Floor, command: &VehicleCommand, now_ms: u64) {
        // What was sent before and has been overtaken is of no use any more.
        let overtaken = command.epoch == self.epoch
            && (command.sequence.wrapping_sub(self.command_sequence) as i16) < 0;
        if command.epoch < self.epoch || overtaken {
            return;
        }
        // The newest controller's word on holding counts at once: a base that a dead controller held must be
        // finished before the new epoch can begin.
        self.hold = command.hold;
        if command.epoch > self.epoch {
            self.give_up_idle_action();
            self.give_up_abandoned_action();
            if !self.finished() {
                return;
            }
            self.epoch = command.epoch;
            self.reached_seq = 0;
            self.base_end_seq = 0;
            // The new controller counts its actions from 1 again: the old ones must not pass for them.
            self.action_sequence = 0;
            self.action_state = ActionState::None;
            // Its faults were about the old actions; only an empty battery stays empty.
            if self.fault != fault::BATTERY_EMPTY {
                self.fault = 0;
            }
        }
        self.command_sequence = command.sequence;
        self.append(floor, command);
        self.told = Told {
            action: command.action,
            sequence: command.action_sequence,
            load: command.load,
            valid_until_ms: now_ms + u64::from(command.validity_ms),
        };
    }

    /// Appends the waypoints that follow the last one known without a gap.
    fn append(&mut self, floor: &Floor, command: &VehicleCommand) {
        let before = self.base_end_seq;
        for waypoint in command.waypoints() {
            if waypoint.seq <= self.base_end_seq {
                continue;
            }
            let node = floor.roadmap.nodes().get(waypoint.node.index());
            let next = waypoint.seq == self.base_end_seq.wrapping_add(1);
            let Some(node) = node.filter(|_| next && waypoint.speed_mm_s > 0) else {
                break;
            };
            if !self.drive.has_room() {
                break;
            }
            self.drive.append(waypoint, node.level);
            self.base_end_seq = waypoint.seq;
        }
        if self.base_end_seq != before {
            self.drive.plan(self.loaded());
        }
    }

    /// Advances by `dt_ms`.
    pub fn step(&mut self, now_ms: u64, dt_ms: u32) {
        self.heartbeat = self.heartbeat.wrapping_add(1);
        if self.trouble.is_some() {
            self.step_trouble(dt_ms);
        }
        if self.battery.empty() && !self.connected {
            self.fault = fault::BATTERY_EMPTY;
        }
        let stop = self.hold
            || self.mode != OperatingMode::Automatic
            || self.stranded()
            || self.is_disabled();
        if !self.acts() && !self.drive.finished() {
            if !stop {
                self.connected = false;
            }
            let halt = stop || self.gives_way();
            let reached = self.drive.step(f64::from(dt_ms) / 1000.0, halt);
            self.reached_seq = reached.unwrap_or(self.reached_seq);
        }
        if !stop {
            self.begin_action(now_ms);
        }
        let used = if self.drive.moves() || self.acts() {
            Use::Drive
        } else {
            Use::Idle
        };
        self.battery.step(used, dt_ms);
        self.times.driving_ms += u64::from(dt_ms) * u64::from(self.drive.moves());
        self.times.acting_ms += u64::from(dt_ms) * u64::from(self.acts());
    }

    /// A charger gives energy for `dt_ms`.
    pub fn charge(&mut self, dt_ms: u32) {
        self.battery.step(Use::Charge, dt_ms);
        self.times.charging_ms += u64::from(dt_ms);
        if self.fault == fault::BATTERY_EMPTY {
            self.fault = 0;
        }
    }

    /// Is it connected to a charger?
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// The node at which it stands, at the end of its base; `None` while it drives, or stands elsewhere.
    pub fn stands_at(&self) -> Option<NodeId> {
        // A base that is told during an action is driven after it.
        let stands = self.drive.finished() || self.acts();
        (stands && !self.is_away()).then(|| self.drive.node())
    }

    /// Is a load on board?
    pub fn loaded(&self) -> bool {
        self.load != LoadId::NONE
    }

    /// Is put at a node by hand, if it has no base to finish; says whether it was elsewhere.
    pub fn drive_to(&mut self, node: NodeId, level: LevelId, at_mm: (f64, f64)) -> bool {
        self.drive.finished() && self.drive.put_at(node, level, at_mm)
    }

    /// Nothing is on board any more.
    pub fn take_load_off(&mut self) {
        self.load = LoadId::NONE;
    }

    /// Position, heading and speed.
    pub fn motion(&self) -> &Drive {
        &self.drive
    }

    /// The level that it is on.
    pub fn level(&self) -> LevelId {
        self.drive.level()
    }

    /// Epoch of the base that it follows, and the last waypoint of it.
    pub fn knows(&self) -> (u16, u32) {
        (self.epoch, self.base_end_seq)
    }

    /// How its time was spent.
    pub fn times(&self) -> Times {
        self.times
    }

    /// Switches between automatic, manual and emergency stop; anything but automatic stops it where it is.
    pub fn set_mode(&mut self, mode: OperatingMode) {
        self.mode = mode;
    }

    /// Position and heading as reported: rounded to millimetres and milliradians.
    pub fn pose(&self) -> Pose {
        let (x, y) = self.drive.position();
        Pose {
            x_mm: libm::round(x) as i32,
            y_mm: libm::round(y) as i32,
            heading_mrad: libm::round(self.drive.heading() * 1000.0) as i16,
        }
    }

    /// What it says of itself now.
    pub fn report(&self) -> VehicleReport {
        self.distort(VehicleReport {
            heartbeat: self.heartbeat,
            boot: self.boot,
            mode: self.current_mode(),
            activity: self.activity(),
            pose: Some(self.pose()),
            speed_mm_s: libm::round(self.drive.speed()) as u16,
            epoch: self.epoch,
            command_sequence: self.command_sequence,
            reached_seq: self.reached_seq,
            base_end_seq: self.base_end_seq,
            load: self.load,
            battery_permille: self.battery.permille(),
            fault: self.fault,
            action_sequence: self.action_sequence,
            action_state: self.action_state,
        })
    }

    fn activity(&self) -> VehicleActivity {
        if self.stranded() {
            VehicleActivity::Fault
        } else if self.acts() {
            VehicleActivity::Acting
        } else if self.drive.moves() || (self.gives_way() && !self.drive.finished()) {
            VehicleActivity::Driving
        } else if self.connected {
            VehicleActivity::Charging
        } else {
            VehicleActivity::Idle
        }
    }

    /// Does an action run?
    fn acts(&self) -> bool {
        self.action_state == ActionState::Running
    }

    /// At rest at the end of its base, with nothing under way?
    fn finished(&self) -> bool {
        self.drive.finished() && !self.acts()
    }

    /// Does it stand because its battery is empty?
    fn stranded(&self) -> bool {
        self.fault == fault::BATTERY_EMPTY
    }
}

/// The heading of a vehicle that came to its start node along the first edge that leads there; east if none does.
fn start_heading(floor: &Floor, id: VehicleId) -> f64 {
    let vehicle = &floor.vehicles[id.index()];
    let map = &floor.roadmap;
    let mut usable = map
        .in_edges(vehicle.start)
        .iter()
        .chain(map.out_edges(vehicle.start))
        .map(|&e| map.edge(e))
        .filter(|e| e.allows(vehicle.kind));
    usable.next().map_or(0.0, |edge| {
        let (from, to) = (map.node(edge.from), map.node(edge.to));
        libm::atan2(
            f64::from(to.y_mm) - f64::from(from.y_mm),
            f64::from(to.x_mm) - f64::from(from.x_mm),
        )
    })
}

#[cfg(test)]
mod tests;
