//! The floor as everything else sees it: names resolved to ids, metres to millimetres, geometry to conflict sets.

use crate::conflict::ConflictSets;
use crate::ids::*;
use crate::roadmap::Roadmap;

/// A point in millimetres.
pub type Point = (i32, i32);

/// A floor, checked and compiled; it never changes while a controller runs.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    /// Its name, as in the file.
    pub name: String,
    /// Hash of everything that matters to the controller: a store belongs to one floor.
    pub digest: u64,
    /// Storeys.
    pub levels: Vec<Level>,
    /// Where vehicles can go.
    pub roadmap: Roadmap,
    /// Which places cannot be held at the same time.
    pub conflicts: ConflictSets,
    /// Walls and other fixed obstacles.
    pub walls: Vec<Wall>,
    /// Vehicle kinds, at most 16.
    pub kinds: Vec<VehicleKind>,
    /// Number of footprint classes, `1 ..= 32`.
    pub classes: usize,
    /// Vehicles.
    pub vehicles: Vec<Vehicle>,
    /// Where loads are handed over.
    pub stations: Vec<Station>,
    /// Chargers.
    pub chargers: Vec<Charger>,
    /// Nodes where idle vehicles are sent.
    pub parking: Vec<NodeId>,
    /// Doors.
    pub doors: Vec<Door>,
    /// Zones of capacity 2 and more (those of capacity 1 are in the conflict sets as well).
    pub zones: Vec<Zone>,
    /// PLC interfaces.
    pub devices: Vec<Device>,
    /// Handshake descriptions.
    pub handshakes: Vec<Handshake>,
    /// Materials.
    pub materials: Vec<Material>,
    /// Buffers.
    pub buffers: Vec<Buffer>,
    /// Production lines.
    pub lines: Vec<Line>,
    /// Periods and limits.
    pub control: Control,
    /// Orders that arise by themselves in demonstrations and simulations.
    pub workload: Workload,
}

/// A storey, with its outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Unique.
    pub name: String,
    /// Smallest x and y.
    pub min: Point,
    /// Greatest x and y.
    pub max: Point,
}

/// A fixed obstacle: a line of straight segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    /// Its level.
    pub level: LevelId,
    /// Two points or more.
    pub points: Vec<Point>,
}

/// What vehicles of one kind can do.
#[derive(Clone, Debug, PartialEq)]
pub struct VehicleKind {
    /// Unique.
    pub name: String,
    /// Convex outline around the reference point (the origin), x ahead, counter-clockwise.
    pub footprint: Vec<Point>,
    /// The same with a load on board.
    pub footprint_loaded: Vec<Point>,
    /// Footprint class without and with load.
    pub classes: [ClassId; 2],
    /// Greatest speed without and with load.
    pub speed_mm_s: [u32; 2],
    /// Acceleration.
    pub acceleration_mm_s2: u32,
    /// Deceleration in normal braking.
    pub deceleration_mm_s2: u32,
    /// Turning on the spot.
    pub turn_mrad_s: u32,
    /// Can it drive with its rear ahead?
    pub reverse: bool,
    /// Time for taking or handing over a load, by the vehicle alone.
    pub transfer_ms: u32,
    /// Battery.
    pub battery: Battery,
}

impl VehicleKind {
    /// The footprint class in a load state.
    #[inline]
    pub fn class(&self, loaded: bool) -> ClassId {
        self.classes[usize::from(loaded)]
    }
}

/// What a battery holds, takes and gives.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Battery {
    /// Capacity in watt-hours; 0 means that energy is not modelled.
    pub capacity_wh: u32,
    /// Standing by.
    pub idle_w: u32,
    /// Driving.
    pub drive_w: u32,
    /// Charging.
    pub charge_w: u32,
    /// Below this a vehicle is sent to charge.
    pub low_permille: u16,
    /// From this on a charging vehicle may be taken for an order.
    pub enough_permille: u16,
}

/// A vehicle of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Vehicle {
    /// Unique.
    pub name: String,
    /// Its kind.
    pub kind: KindId,
    /// Where the simulated floor puts it at the start.
    pub start: NodeId,
    /// Where its Modbus TCP server is.
    pub address: Option<Address>,
}

/// Where a Modbus TCP server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `host:port`.
    pub socket: String,
    /// Unit id.
    pub unit: u8,
}

/// A place where loads are handed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Unique.
    pub name: String,
    /// Where the vehicle stands.
    pub node: NodeId,
    /// Its PLC and the handshake spoken with it; `None`: the vehicle handles the load alone.
    pub device: Option<(DeviceId, HandshakeId)>,
}

/// A charger.
#[derive(Clone, Debug, PartialEq)]
pub struct Charger {
    /// Unique.
    pub name: String,
    /// Where the vehicle stands.
    pub node: NodeId,
    /// Its PLC and the handshake spoken with it.
    pub device: Option<(DeviceId, HandshakeId)>,
}

/// A roller door; the edges that pass it name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Door {
    /// Unique.
    pub name: String,
    /// Its ends, for drawing.
    pub ends: [Point; 2],
    /// Its PLC and the handshake spoken with it; `None`: always open.
    pub device: Option<(DeviceId, HandshakeId)>,
}

/// Places that only so many vehicles may hold at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Unique.
    pub name: String,
    /// How many vehicles, at least 1.
    pub capacity: u16,
    /// Nodes inside and the grounds of edges that touch them, sorted.
    pub places: Vec<PlaceId>,
    /// Outline for drawing; may be empty.
    pub outline: Vec<Point>,
}

/// Where a point's bit or word is in a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointAddress {
    /// Bit `1` of 16 in word `0` of the device's process image.
    Bit(u8, u8),
    /// A whole word of the device's process image.
    Word(u8),
}

/// One named value of a device's process image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePoint {
    /// Unique in the device, for each direction.
    pub name: String,
    /// Where it is.
    pub address: PointAddress,
}

/// Most words that a device's process image has in each direction.
pub const IMAGE_WORDS: usize = 8;

/// A PLC interface: a block of input registers that Takt reads and a block of holding registers that it writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Unique.
    pub name: String,
    /// Where its Modbus TCP server is.
    pub address: Option<Address>,
    /// First input register (function code 4) of the block that Takt reads.
    pub read_at: u16,
    /// Registers in it, `0 ..= IMAGE_WORDS`.
    pub read_words: u8,
    /// First holding register (function code 16) of the block that Takt writes.
    pub write_at: u16,
    /// Registers in it, `0 ..= IMAGE_WORDS`.
    pub write_words: u8,
    /// Values in the block that is read.
    pub inputs: Vec<DevicePoint>,
    /// Values in the block that is written.
    pub outputs: Vec<DevicePoint>,
}

impl Device {
    /// Where an input is.
    pub fn input(&self, name: &str) -> Option<PointAddress> {
        self.inputs
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.address)
    }

    /// Where an output is.
    pub fn output(&self, name: &str) -> Option<PointAddress> {
        self.outputs
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.address)
    }
}

/// What kind of device a handshake is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandshakeKind {
    /// Load and unload at a station.
    Transfer,
    /// Opening and closing a door.
    Door,
    /// Charging.
    Charge,
}

/// A dialogue with a device as a small state machine: steps are taken in order.
///
/// Entered by a request (load, unload, open, charge), it ends after its last step, or fails when a step's time is up
/// or the fault signal is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Handshake {
    /// Unique.
    pub name: String,
    /// What it is for.
    pub kind: HandshakeKind,
    /// Steps that begin it: for a transfer the whole dialogue, for a door opening, for a charger switching on.
    pub begin: Vec<HandshakeStep>,
    /// Steps that end it: door closing, charger switching off; empty for a transfer.
    pub end: Vec<HandshakeStep>,
    /// Input that says that the device has a fault.
    pub fault: Option<String>,
    /// Output that acknowledges a fault.
    pub acknowledge: Option<String>,
}

/// One step of a handshake: set outputs, then wait until all inputs are as told.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HandshakeStep {
    /// Name shown to operators and used in reports ("ready", "start").
    pub name: String,
    /// Outputs set to a value on entry.
    pub set: Vec<(String, Value)>,
    /// Inputs that must have a value before the next step.
    pub wait: Vec<(String, Value)>,
    /// The vehicle's own load or unload action runs from this step on, and this step waits for its end.
    pub vehicle_acts: bool,
    /// Longest time in this step; 0: no limit.
    pub timeout_ms: u32,
}

/// A value that a handshake sets or waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A constant.
    Constant(u16),
    /// 1 for load (the vehicle takes), 2 for unload (the vehicle gives).
    Direction,
    /// The low word of the load's id.
    Load,
    /// Which of the station's buffers the transfer is about: 1 for the first in the floor file, 0 for none.
    Buffer,
}

/// A material.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Unique.
    pub name: String,
}

/// Stock of one material at one station.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// Unique.
    pub name: String,
    /// Where it is.
    pub station: StationId,
    /// What it holds.
    pub material: MaterialId,
    /// Most pieces that fit.
    pub capacity: u32,
    /// Pieces at the start.
    pub initial: u32,
    /// Pieces in one load.
    pub lot: u32,
    /// Device input with the number of pieces; `None`: Takt counts by itself.
    pub level: Option<String>,
    /// What happens as it fills or empties.
    pub role: BufferRole,
}

/// What a buffer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BufferRole {
    /// Gives loads to others; never empty unless `finite`.
    Source {
        /// Does it run out?
        finite: bool,
    },
    /// Used up by a line: at `reorder_at` pieces or fewer (with what is on the way) a call-off asks `from` for a lot.
    Consume {
        /// Pieces.
        reorder_at: u32,
        /// The buffer that it is filled from.
        from: BufferId,
    },
    /// Filled by a line (empty bins, products): at `collect_at` pieces or more a lot is taken to `to`.
    Produce {
        /// Pieces.
        collect_at: u32,
        /// The buffer that they go to.
        to: BufferId,
    },
    /// Takes loads from others, without limit.
    Sink,
}

/// A production line: every takt it uses up and makes pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Unique.
    pub name: String,
    /// Time between products.
    pub takt_ms: u32,
    /// What each takt takes: buffer and pieces.
    pub consumes: Vec<(BufferId, u32)>,
    /// What each takt leaves: buffer and pieces, for one piece every `n` takts.
    pub produces: Vec<Produce>,
}

/// What a line leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Produce {
    /// Where.
    pub buffer: BufferId,
    /// Pieces each time.
    pub pieces: u32,
    /// Every so many takts, at least 1.
    pub every: u32,
}

/// Periods and limits of the controller on this floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Control cycle period.
    pub cycle_us: u32,
    /// Share of the period that a cycle may compute, in `100 ..= 1000`.
    pub budget_permille: u32,
    /// Cycles over their budget, close together, after which the controller stops the floor; at least 1.
    pub overruns_max: u32,
    /// Time between motion proposals.
    pub planner_ms: u32,
    /// Least time between assignment proposals.
    pub dispatcher_ms: u32,
    /// Transfer interval of vehicle and device links.
    pub transfer_ms: u32,
    /// A link without a report for so long is dead.
    pub link_timeout_ms: u32,
    /// Open orders that the controller has room for.
    pub orders_max: u32,
    /// Clearance kept between footprints, and from walls.
    pub clearance_mm: u32,
    /// Distance from its base at which a vehicle counts as lost.
    pub position_tolerance_mm: u32,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            cycle_us: 10_000,
            budget_permille: 800,
            overruns_max: 100,
            planner_ms: 250,
            dispatcher_ms: 500,
            transfer_ms: 50,
            link_timeout_ms: 1_000,
            orders_max: 4_096,
            clearance_mm: 50,
            position_tolerance_mm: 150,
        }
    }
}

/// Orders that arise by themselves.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Workload {
    /// Keep so many random transports between stations open; 0: none.
    pub random_open: u32,
    /// Mean time between rush orders (a call-off with the highest priority); 0: none.
    pub rush_every_s: u32,
    /// Time from release to deadline of random and rush orders.
    pub deadline_s: u32,
}

impl Floor {
    /// The kind of a vehicle.
    #[inline]
    pub fn kind_of(&self, vehicle: VehicleId) -> &VehicleKind {
        &self.kinds[self.vehicles[vehicle.index()].kind.index()]
    }

    /// The node of a name; looks at all of them, so ask once.
    pub fn node_named(&self, name: &str) -> Option<NodeId> {
        let nodes = self.roadmap.nodes();
        nodes
            .iter()
            .position(|n| n.name == name)
            .map(NodeId::from_index)
    }

    /// Time that a vehicle of a kind needs along an edge at the greatest speed allowed, rounded up.
    pub fn edge_time_ms(&self, kind: KindId, loaded: bool, edge: EdgeId) -> u32 {
        let e = self.roadmap.edge(edge);
        let speed = e
            .speed_mm_s
            .min(self.kinds[kind.index()].speed_mm_s[usize::from(loaded)])
            .max(1);
        (u64::from(e.length_mm) * 1_000).div_ceil(u64::from(speed)) as u32
    }
}
