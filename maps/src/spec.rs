//! A floor as a person writes it: names instead of ids, metres and seconds instead of millimetres and milliseconds.
//!
//! Every format reads into a [`FloorSpec`]; [`compile`](crate::compile()) checks it and makes a [`Floor`](crate::Floor).
//! Nothing in it has been checked: numbers may be out of range and names unknown. What comes from a text file carries
//! its place in the text ([`At::span`]), so that a problem can point there; importers leave that out.
//!
//! An `Option` that is `None` means the default given in `docs/floor-file.md`.

/// A range of bytes in the source text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A value and where it was written, if it was.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place in the source text.
    pub span: Option<Span>,
}

impl<T> At<T> {
    /// A value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
        }
    }
}

impl<T> From<T> for At<T> {
    fn from(value: T) -> Self {
        Self { value, span: None }
    }
}

impl From<&str> for At<String> {
    fn from(value: &str) -> Self {
        Self::from(value.to_owned())
    }
}

/// A name, of something defined here or elsewhere.
pub type Name = At<String>;

/// A point in metres, east and north of the level's origin.
pub type PointSpec = At<[f64; 2]>;

/// A whole floor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloorSpec {
    /// Name of the floor.
    pub name: Name,
    /// Storeys; none: one level `ground` around everything.
    pub levels: Vec<LevelSpec>,
    /// Nodes, in the order of their ids.
    pub nodes: Vec<NodeSpec>,
    /// Paths, in the order of their edges' ids.
    pub paths: Vec<PathSpec>,
    /// Walls.
    pub walls: Vec<WallSpec>,
    /// Vehicle kinds.
    pub kinds: Vec<KindSpec>,
    /// Vehicles.
    pub vehicles: Vec<VehicleSpec>,
    /// Stations.
    pub stations: Vec<StationSpec>,
    /// Chargers.
    pub chargers: Vec<ChargerSpec>,
    /// Nodes for idle vehicles.
    pub parking: Vec<Name>,
    /// Doors.
    pub doors: Vec<DoorSpec>,
    /// Zones.
    pub zones: Vec<ZoneSpec>,
    /// PLC interfaces.
    pub devices: Vec<DeviceSpec>,
    /// Handshake descriptions.
    pub handshakes: Vec<HandshakeSpec>,
    /// Materials.
    pub materials: Vec<Name>,
    /// Buffers.
    pub buffers: Vec<BufferSpec>,
    /// Production lines.
    pub lines: Vec<LineSpec>,
    /// Periods and limits.
    pub control: ControlSpec,
    /// Orders that arise by themselves.
    pub workload: WorkloadSpec,
}

/// A storey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelSpec {
    /// Unique.
    pub name: Name,
    /// South-west corner of its outline.
    pub min: PointSpec,
    /// North-east corner of its outline.
    pub max: PointSpec,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSpec {
    /// Unique.
    pub name: Name,
    /// Where it is.
    pub at: PointSpec,
    /// Its level; `None`: the first.
    pub level: Option<Name>,
}

/// Straight ways along a row of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathSpec {
    /// Names of nodes, two or more, in the direction of travel.
    pub through: Vec<Name>,
    /// May it be travelled in both directions?
    pub two_way: bool,
    /// Speed limit in m/s.
    pub speed: Option<At<f64>>,
    /// Names of the vehicle kinds that may use it; `None`: all.
    pub kinds: Option<Vec<Name>>,
    /// The door in the way.
    pub door: Option<Name>,
    /// The place of the whole entry, for problems with no better one.
    pub span: Option<Span>,
}

/// A wall: a line of straight segments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WallSpec {
    /// Two points or more.
    pub points: Vec<PointSpec>,
    /// Its level; `None`: the first.
    pub level: Option<Name>,
    /// The place of the whole entry.
    pub span: Option<Span>,
}

/// A vehicle kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindSpec {
    /// Unique.
    pub name: Name,
    /// Convex outline around the reference point, x ahead, y to the left.
    pub footprint: At<Vec<[f64; 2]>>,
    /// The same with a load; `None`: as without.
    pub footprint_loaded: Option<At<Vec<[f64; 2]>>>,
    /// Greatest speed in m/s.
    pub speed: At<f64>,
    /// The same with a load; `None`: as without.
    pub speed_loaded: Option<At<f64>>,
    /// In m/s².
    pub acceleration: Option<At<f64>>,
    /// In m/s²; `None`: as acceleration.
    pub deceleration: Option<At<f64>>,
    /// Turning on the spot, in degrees per second.
    pub turn: Option<At<f64>>,
    /// Can it drive with its rear ahead?
    pub reverse: bool,
    /// Time to take or hand over a load by itself, in seconds.
    pub transfer: Option<At<f64>>,
    /// Battery; `None`: energy is not modelled.
    pub battery: Option<BatterySpec>,
}

/// A rectangle around the reference point, as an outline: `length` along x, `width` along y.
pub fn rectangle(length: f64, width: f64) -> Vec<[f64; 2]> {
    let (x, y) = (length / 2.0, width / 2.0);
    vec![[-x, -y], [x, -y], [x, y], [-x, y]]
}

/// A battery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatterySpec {
    /// Watt-hours.
    pub capacity_wh: At<f64>,
    /// Watts, standing by.
    pub idle_w: Option<At<f64>>,
    /// Watts, driving.
    pub drive_w: Option<At<f64>>,
    /// Watts, charging.
    pub charge_w: Option<At<f64>>,
    /// Share of the capacity, `0 ..= 1`.
    pub low: Option<At<f64>>,
    /// Share of the capacity, `0 ..= 1`.
    pub enough: Option<At<f64>>,
}

/// A vehicle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VehicleSpec {
    /// Unique.
    pub name: Name,
    /// Name of its kind.
    pub kind: Name,
    /// Name of the node where it starts.
    pub start: Name,
    /// Where its Modbus TCP server is.
    pub address: AddressSpec,
}

/// Where a Modbus TCP server is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddressSpec {
    /// `host:port`; `None`: not known, the simulated floor chooses.
    pub socket: Option<Name>,
    /// Unit id.
    pub unit: Option<At<i64>>,
}

/// The device behind a station, charger or door; both or neither.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlcSpec {
    /// Name of the device.
    pub device: Option<Name>,
    /// Name of the handshake spoken with it.
    pub handshake: Option<Name>,
}

/// A station.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StationSpec {
    /// Unique.
    pub name: Name,
    /// Name of the node where the vehicle stands.
    pub node: Name,
    /// Its device, if any.
    pub plc: PlcSpec,
}

/// A charger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChargerSpec {
    /// Unique.
    pub name: Name,
    /// Name of the node where the vehicle stands.
    pub node: Name,
    /// Its device, if any.
    pub plc: PlcSpec,
}

/// A roller door.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DoorSpec {
    /// Unique.
    pub name: Name,
    /// Its ends, for drawing.
    pub ends: [PointSpec; 2],
    /// Its device, if any.
    pub plc: PlcSpec,
}

/// A zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoneSpec {
    /// Unique.
    pub name: Name,
    /// How many vehicles may be in it; 1 is mutual exclusion.
    pub capacity: At<i64>,
    /// Names of nodes in it.
    pub nodes: Vec<Name>,
    /// Ends of edges in it, whichever way they go; importers use it, floor files name nodes.
    pub edges: Vec<[Name; 2]>,
    /// Or a polygon around them.
    pub outline: Vec<PointSpec>,
    /// Level of the polygon; `None`: the first.
    pub level: Option<Name>,
}

/// A PLC interface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceSpec {
    /// Unique.
    pub name: Name,
    /// Where its Modbus TCP server is.
    pub address: AddressSpec,
    /// Input registers that Takt reads.
    pub read: BlockSpec,
    /// Holding registers that Takt writes.
    pub write: BlockSpec,
    /// Values in `read`.
    pub inputs: Vec<DevicePointSpec>,
    /// Values in `write`.
    pub outputs: Vec<DevicePointSpec>,
}

/// A block of registers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockSpec {
    /// Address of the first, from 0.
    pub at: At<i64>,
    /// How many.
    pub words: At<i64>,
}

/// A named value of a device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DevicePointSpec {
    /// Unique in the device, for each direction.
    pub name: Name,
    /// Word in the block, and bit in the word unless the point is the whole word.
    pub address: At<(i64, Option<i64>)>,
}

/// A handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandshakeSpec {
    /// Unique.
    pub name: Name,
    /// `transfer`, `door` or `charge`.
    pub kind: Name,
    /// Steps that begin it.
    pub begin: Vec<StepSpec>,
    /// Steps that end it.
    pub end: Vec<StepSpec>,
    /// Input that says that the device has a fault.
    pub fault: Option<Name>,
    /// Output that acknowledges a fault.
    pub acknowledge: Option<Name>,
}

/// A step of a handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepSpec {
    /// Shown to operators.
    pub name: Name,
    /// Output and value.
    pub set: Vec<(Name, At<ValueSpec>)>,
    /// Input and value.
    pub wait: Vec<(Name, At<ValueSpec>)>,
    /// The vehicle's own action runs in this step.
    pub vehicle_acts: bool,
    /// Longest time in seconds; `None`: no limit.
    pub timeout: Option<At<f64>>,
}

/// A value that a handshake sets or waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSpec {
    /// A number.
    Constant(i64),
    /// `direction`, `load` or `buffer`.
    Word(String),
}

impl Default for ValueSpec {
    fn default() -> Self {
        Self::Constant(0)
    }
}

/// A buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BufferSpec {
    /// Unique.
    pub name: Name,
    /// Name of its station.
    pub station: Name,
    /// Name of what it holds.
    pub material: Name,
    /// `source`, `consume`, `produce` or `sink`.
    pub role: Name,
    /// Does a source run out?
    pub finite: bool,
    /// Most pieces.
    pub capacity: At<i64>,
    /// Pieces at the start; `None`: full for `source` and `consume`, else empty.
    pub initial: Option<At<i64>>,
    /// Pieces in one load.
    pub lot: At<i64>,
    /// Input of the station's device with the number of pieces.
    pub level: Option<Name>,
    /// `consume`: ask for a lot at so many pieces or fewer.
    pub reorder_at: Option<At<i64>>,
    /// `consume`: the buffer that it is filled from.
    pub from: Option<Name>,
    /// `produce`: take a lot away at so many pieces or more.
    pub collect_at: Option<At<i64>>,
    /// `produce`: the buffer that lots go to.
    pub to: Option<Name>,
}

/// A production line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineSpec {
    /// Unique.
    pub name: Name,
    /// Seconds between products.
    pub takt: At<f64>,
    /// What each takt takes: buffer and pieces.
    pub consumes: Vec<(Name, At<i64>)>,
    /// What it leaves.
    pub produces: Vec<ProduceSpec>,
}

/// What a line leaves behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceSpec {
    /// Name of the buffer.
    pub buffer: Name,
    /// Pieces each time.
    pub pieces: At<i64>,
    /// Every so many takts; `None`: every one.
    pub every: Option<At<i64>>,
}

/// Periods and limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlSpec {
    /// Control cycle in milliseconds.
    pub cycle_ms: Option<At<f64>>,
    /// Share of the cycle that may be spent computing.
    pub budget: Option<At<f64>>,
    /// Overruns of the budget after which the floor is stopped.
    pub overruns_max: Option<At<i64>>,
    /// Time between motion proposals.
    pub planner_ms: Option<At<f64>>,
    /// Least time between assignment proposals.
    pub dispatcher_ms: Option<At<f64>>,
    /// Transfer interval of links.
    pub transfer_ms: Option<At<f64>>,
    /// A link silent for so long is dead.
    pub link_timeout_ms: Option<At<f64>>,
    /// Open orders that there is room for.
    pub orders_max: Option<At<i64>>,
    /// Clearance in metres.
    pub clearance: Option<At<f64>>,
    /// Distance in metres from its base at which a vehicle is lost.
    pub position_tolerance: Option<At<f64>>,
}

/// Orders that arise by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkloadSpec {
    /// Random transports kept open.
    pub random_open: Option<At<i64>>,
    /// Mean seconds between rush orders; 0: none.
    pub rush_every_s: Option<At<f64>>,
    /// Seconds from release to deadline.
    pub deadline_s: Option<At<f64>>,
}
