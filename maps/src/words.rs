//! The words that rooms share: what is granted to a vehicle, what it is told, and what it says.
//!
//! They are plain, fixed-size values, so that they travel through lock-free queues and process images without
//! allocation. The vocabulary is VDA 5050's (base, sequence id, operating mode) where it has a word.

use crate::ids::{NodeId, OrderId};
use serde::{Deserialize, Serialize};

/// Most waypoints that one command carries; a longer base is sent as a moving window.
pub const BASE_WINDOW: usize = 11;

/// A position on a level with a heading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Pose {
    /// Millimetres east of the level's origin.
    pub x_mm: i32,
    /// Millimetres north of the level's origin.
    pub y_mm: i32,
    /// Counter-clockwise from east, in `-3142 ..= 3142`.
    pub heading_mrad: i16,
}

/// Which end of the vehicle leads on the way to a waypoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Drive {
    /// The front leads.
    #[default]
    Forward = 0,
    /// The rear leads; only kinds that can reverse get this.
    Backward = 1,
}

/// One step of the base: go straight to this node (turning on the spot first, where the direction changes).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Waypoint {
    /// Running number within a vehicle's life under one controller epoch; the first waypoint granted is 1.
    pub seq: u32,
    /// The node to reach.
    pub node: NodeId,
    /// Where the node is.
    pub x_mm: i32,
    /// Where the node is.
    pub y_mm: i32,
    /// Speed limit on the way to the node; greater than 0.
    pub speed_mm_s: u16,
    /// Which end leads.
    pub drive: Drive,
}

/// What a vehicle does at the end of its base, while it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Action {
    /// Nothing.
    #[default]
    None = 0,
    /// Take a load over from the station.
    Load = 1,
    /// Hand the load over to the station.
    Unload = 2,
    /// Connect to the charger and charge until told otherwise.
    StartCharging = 3,
    /// Disconnect from the charger.
    StopCharging = 4,
}

/// How far the vehicle is with the action that it was last told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum ActionState {
    /// No action since power-on.
    #[default]
    None = 0,
    /// Being carried out.
    Running = 1,
    /// Finished as told.
    Done = 2,
    /// Given up; the fault code says why.
    Failed = 3,
}

/// What carries a load through the whole chain: the transport order that moves it, in the vehicle's registers.
///
/// Vehicles remember it across a restart of the controller.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LoadId(pub u32);

impl LoadId {
    /// No load.
    pub const NONE: LoadId = LoadId(0);

    /// The load of an order: the low 32 bits of its id (never 0, since open orders are far fewer than 2^32 apart).
    pub const fn of(order: OrderId) -> LoadId {
        LoadId(order.0 as u32)
    }
}

/// The command that a vehicle holds: everything it may do, re-sent every transfer interval.
///
/// Repeating a command changes nothing; a vehicle takes over waypoints with a `seq` greater than the last it knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VehicleCommand {
    /// The controller's epoch; a greater one voids what the vehicle knew of an older base once that is finished.
    pub epoch: u16,
    /// Counts commands, wrapping.
    pub sequence: u16,
    /// How long after its receipt the command may be begun.
    pub validity_ms: u16,
    /// Number of waypoints in `base` that count, `0 ..= BASE_WINDOW`.
    pub base_len: u8,
    /// The granted waypoints not yet reached, in order.
    pub base: [Waypoint; BASE_WINDOW],
    /// What to do at the end of the base.
    pub action: Action,
    /// Number of the action, counted from 1, wrapping past 0; a new number is a new action.
    pub action_sequence: u16,
    /// The load that the action is about.
    pub load: LoadId,
    /// Hold: come to rest as fast as comfort allows, wherever this is, and wait (pause, controlled stop).
    pub hold: bool,
}

impl VehicleCommand {
    /// The waypoints that count.
    pub fn waypoints(&self) -> &[Waypoint] {
        &self.base[..usize::from(self.base_len).min(BASE_WINDOW)]
    }
}

/// Who drives the vehicle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum OperatingMode {
    /// The controller.
    #[default]
    Automatic = 0,
    /// A person at the vehicle.
    Manual = 1,
    /// Nobody: its safety function has stopped it.
    EmergencyStop = 2,
}

/// What the vehicle does just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum VehicleActivity {
    /// Stands and waits.
    #[default]
    Idle = 0,
    /// Drives or turns along its base.
    Driving = 1,
    /// Carries out an action.
    Acting = 2,
    /// Charges.
    Charging = 3,
    /// Stands with a fault.
    Fault = 4,
}

/// What a vehicle says of itself, once a transfer interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VehicleReport {
    /// Changes with every report.
    pub heartbeat: u16,
    /// Counts the vehicle's own power-ons.
    pub boot: u16,
    /// Who drives.
    pub mode: OperatingMode,
    /// What it does.
    pub activity: VehicleActivity,
    /// Where it is; `None` when it does not know.
    pub pose: Option<Pose>,
    /// Speed over ground, not negative.
    pub speed_mm_s: u16,
    /// The controller epoch that its base came from.
    pub epoch: u16,
    /// Sequence number of the last command taken over.
    pub command_sequence: u16,
    /// The last waypoint reached (stopped at, or passed with the whole footprint's reference point).
    pub reached_seq: u32,
    /// The last waypoint that it knows: where it will come to rest.
    pub base_end_seq: u32,
    /// The load on board, [`LoadId::NONE`] if none.
    pub load: LoadId,
    /// State of charge, `0 ..= 1000`.
    pub battery_permille: u16,
    /// 0 is none; codes are the vehicle maker's.
    pub fault: u16,
    /// Number of the action that `action_state` is about.
    pub action_sequence: u16,
    /// How far that action is.
    pub action_state: ActionState,
}
