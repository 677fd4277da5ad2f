//! The read model: what API, dashboard and status line show, built from the controller's deltas alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use takt_maps::words::{OperatingMode, Pose, VehicleActivity};
use takt_maps::{EdgeId, Floor, OrderId, StationId, VehicleId};
use takt_scheduler::orders::{OrderSpec, OrderState, Reason};

/// Everything that can be seen of a running floor.
#[derive(Clone, Debug)]
pub struct ReadModel {
    /// The floor that it is about.
    pub floor: Arc<Floor>,
    /// Grows with every change of an order; a watcher resumes from it.
    pub revision: u64,
    /// Milliseconds since the controller's start, by its cycle count.
    pub now_ms: u64,
    /// UTC of the controller's start, in milliseconds since 1970.
    pub started_utc_ms: u64,
    /// The floor as a whole.
    pub paused: bool,
    /// Why nothing moves although nobody paused it (waiting for vehicles to say where they are); empty if it runs.
    pub notice: String,
    /// One for each vehicle of the floor.
    pub vehicles: Vec<VehicleView>,
    /// Open orders, and those that ended of late, by id.
    pub orders: BTreeMap<OrderId, OrderView>,
    /// Pieces in each buffer of the floor.
    pub stock: Vec<u32>,
    /// Edges that a person has blocked.
    pub blocked: std::collections::BTreeSet<EdgeId>,
    /// How often each vehicle had been switched on when it was last heard.
    pub boots: std::collections::BTreeMap<VehicleId, u16>,
    /// Is each door open?
    pub doors: Vec<DoorView>,
    /// Links to devices.
    pub devices: Vec<LinkView>,
    /// Alarms that are active or ended of late, newest first; at most [`ALARMS_MAX`].
    pub alarms: VecDeque<AlarmView>,
    /// Key figures now.
    pub kpis: Kpis,
    /// Key figures over time, oldest first; at most [`SAMPLES_MAX`].
    pub samples: VecDeque<Sample>,
}

/// Most alarms kept.
pub const ALARMS_MAX: usize = 200;
/// Most samples kept; one every [`SAMPLE_MS`].
pub const SAMPLES_MAX: usize = 720;
/// Time between samples.
pub const SAMPLE_MS: u64 = 5_000;
/// Ended orders kept in the read model.
pub const ENDED_MAX: usize = 1_000;

/// What a vehicle is doing for whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionView {
    /// Nothing.
    #[default]
    Idle,
    /// On the way to the pickup of an order.
    ToPickup(OrderId),
    /// Taking the load.
    Loading(OrderId),
    /// On the way to the drop.
    ToDrop(OrderId),
    /// Handing the load over.
    Unloading(OrderId),
    /// On the way to a charger.
    ToCharger,
    /// At a charger.
    Charging,
    /// On the way to a parking place.
    Parking,
}

/// Why a vehicle stands although it has somewhere to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitView {
    /// It does not wait.
    #[default]
    None,
    /// For a plan.
    Plan,
    /// For this vehicle to clear the ground.
    Vehicle(VehicleId),
    /// For a zone.
    Zone,
    /// For a door.
    Door,
    /// For a device handshake.
    Device,
    /// It was paused.
    Paused,
    /// Its link is dead.
    Link,
    /// It does not know where it is, or is not where it should be.
    Position,
    /// It has a fault, or is not in automatic mode.
    Fault,
    /// For a way that a person has blocked.
    Blocked,
}

/// A vehicle as shown.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct VehicleView {
    /// Is it known where it is?
    pub pose: Option<Pose>,
    /// Speed over ground.
    pub speed_mm_s: u16,
    /// State of charge.
    pub battery_permille: u16,
    /// Has it a load on board?
    pub loaded: bool,
    /// Who drives.
    pub mode: OperatingMode,
    /// What it says it does.
    pub activity: VehicleActivity,
    /// Its own fault code; 0 is none.
    pub fault: u16,
    /// What it is for just now.
    pub mission: MissionView,
    /// Why it waits.
    pub wait: WaitView,
    /// Did a person pause it?
    pub paused: bool,
    /// Is its link alive?
    pub linked: bool,
    /// Granted ground still ahead: points on the level, in mm, from where it is.
    pub base: Vec<(i32, i32)>,
    /// Planned, not granted.
    pub route: Vec<(i32, i32)>,
    /// When this was last heard, in controller milliseconds.
    pub seen_ms: u64,
    /// Way driven since the controller's start.
    pub distance_mm: u64,
}

/// An order as shown.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// The client's own id, if it gave one.
    pub client_id: String,
    /// Who submitted it.
    pub person: String,
    /// What is to be done.
    pub spec: OrderSpec,
    /// How far it is.
    pub state: OrderState,
    /// Why it ended so, if it was cancelled or failed.
    pub reason: Option<Reason>,
    /// Controller milliseconds at which it was submitted.
    pub submitted_ms: u64,
    /// Controller milliseconds at which a vehicle was assigned.
    pub assigned_ms: Option<u64>,
    /// Controller milliseconds at which the load was on board.
    pub loaded_ms: Option<u64>,
    /// Controller milliseconds at which it ended.
    pub ended_ms: Option<u64>,
    /// [`ReadModel::revision`] of its last change.
    pub revision: u64,
}

impl OrderView {
    /// Is, or was, it later than its deadline at `now_ms`?
    pub fn late(&self, now_ms: u64) -> bool {
        self.spec
            .deadline_ms
            .is_some_and(|deadline| self.ended_ms.unwrap_or(now_ms) > deadline)
    }
}

/// The word for a state, the same in API, command line and dashboard.
pub fn state_word(state: OrderState) -> &'static str {
    match state {
        OrderState::Waiting => "waiting",
        OrderState::Open => "open",
        OrderState::Assigned { .. } => "assigned",
        OrderState::Loading { .. } => "loading",
        OrderState::Carrying { .. } => "carrying",
        OrderState::Unloading { .. } => "unloading",
        OrderState::Completed => "completed",
        OrderState::Cancelled => "cancelled",
        OrderState::Failed => "failed",
    }
}

/// A door as shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorView {
    /// Closed.
    #[default]
    Closed,
    /// On its way.
    Moving,
    /// Open.
    Open,
    /// It has a fault.
    Fault,
}

/// A link as shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
pub struct LinkView {
    /// Is it alive?
    pub up: bool,
}

/// How much an alarm matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmPriority {
    /// To know.
    Low,
    /// To act on soon.
    Medium,
    /// To act on now.
    High,
}

/// What an alarm is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A vehicle's link is dead.
    VehicleLink(VehicleId),
    /// A vehicle is not where it should be, or does not know where it is.
    VehiclePosition(VehicleId),
    /// A vehicle has a fault or is in emergency stop.
    VehicleFault(VehicleId),
    /// A vehicle carries something that belongs to no order of its own: a person has to take it off.
    VehicleLoad(VehicleId),
    /// A device's link is dead.
    DeviceLink(takt_maps::DeviceId),
    /// A handshake failed.
    Handshake(takt_maps::DeviceId),
    /// A transfer at a station failed; the order was given back.
    Transfer(StationId),
    /// An invariant was found broken: controlled stop.
    Invariant,
    /// The cycle missed its deadline.
    Deadline,
    /// Cycles compute for longer than their budget: what may be left out is left out.
    Overrun,
    /// They go on doing so: nothing is granted.
    GrantsHeld,
    /// They did so up to the floor's limit: controlled stop.
    OverrunStop,
    /// The store has lost something that it had said to keep, orders perhaps: a person has to compare.
    StoreLoss,
}

/// An alarm as shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize)]
pub struct AlarmView {
    /// What it is about.
    pub kind: AlarmKind,
    /// How much it matters.
    pub priority: AlarmPriority,
    /// Since when, in controller milliseconds.
    pub since_ms: u64,
    /// Until when; `None` while it is active.
    pub until_ms: Option<u64>,
}

/// Key figures since the controller's start.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, serde::Deserialize)]
pub struct Kpis {
    /// Orders that ended completed.
    pub orders_done: u64,
    /// Orders that have not ended.
    pub orders_open: u64,
    /// Orders that were completed late, or are open and late now.
    pub orders_late: u64,
    /// Orders that ended cancelled or failed.
    pub orders_ended_otherwise: u64,
    /// Time that lines stood for want of parts, summed over buffers that were empty, in milliseconds.
    pub starvation_ms: u64,
    /// Share of vehicle time spent on orders, `0 ..= 1000`.
    pub utilisation_permille: u16,
    /// Way driven by all vehicles.
    pub distance_mm: u64,
    /// Cycles done.
    pub cycles: u64,
    /// Cycles that missed their deadline.
    pub misses: u64,
    /// Execution time of the cycle, in microseconds: median, 99th percentile, greatest.
    pub execution_us: [u32; 3],
}

/// Key figures at one time.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, serde::Deserialize)]
pub struct Sample {
    /// Controller milliseconds.
    pub at_ms: u64,
    /// Orders completed an hour, over the last ten minutes.
    pub throughput_per_h: u32,
    /// Starvation in this interval, in milliseconds.
    pub starvation_ms: u32,
    /// Share of vehicles that work on orders now, `0 ..= 1000`.
    pub utilisation_permille: u16,
    /// 99th percentile of the cycle's execution time.
    pub execution_p99_us: u32,
    /// Orders open.
    pub open: u32,
    /// Orders open and late.
    pub late: u32,
}
