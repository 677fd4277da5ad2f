//! The kinds of faults: one table that parser, profiles, documentation and error messages share.

use super::Target;
use takt_maps::{DeviceId, EdgeId, Floor, NodeId, VehicleId};

/// What a kind of fault can be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetClass {
    /// Controller, disk, workers, operators, clock: there is one.
    Whole,
    /// Vehicles.
    Vehicle,
    /// The PLCs of stations.
    Station,
    /// The PLCs of doors.
    Door,
    /// The PLCs of chargers.
    Charger,
    /// All PLCs.
    Device,
    /// Links: to every vehicle and device.
    Link,
    /// Edges of the roadmap.
    Edge,
    /// Surroundings of a node.
    Area,
}

/// The size of a fault: what it counts, and from where to where it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// Unit, for people.
    pub unit: &'static str,
    /// The least that is drawn.
    pub min: u32,
    /// The most that is drawn.
    pub max: u32,
}

/// What is known of a kind.
struct Info {
    name: &'static str,
    class: TargetClass,
    what: &'static str,
    /// Shortest and longest that is drawn, ms; both 0: it happens at once.
    lasts_ms: (u32, u32),
    amount: Option<Amount>,
    /// A probability for each message, rather than something that begins and ends.
    per_message: bool,
    /// Events an hour and target (or probability a message) in the profiles calm, rough, hostile.
    rates: [f64; 3],
}

macro_rules! kinds {
    ($( $kind:ident $name:literal $class:ident $lasts:expr, $amount:expr, $per_message:literal, $rates:expr, $what:literal; )*) => {
        /// What goes wrong.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum FaultKind {
            $( #[doc = $what] $kind, )*
        }

        impl FaultKind {
            /// All kinds, in the order in which they are listed.
            pub const ALL: &[FaultKind] = &[ $( FaultKind::$kind, )* ];

            fn info(self) -> Info {
                match self {
                    $( FaultKind::$kind => Info {
                        name: $name, class: TargetClass::$class, what: $what, lasts_ms: $lasts, amount: $amount,
                        per_message: $per_message, rates: $rates,
                    }, )*
                }
            }
        }
    };
}

const fn amount(unit: &'static str, min: u32, max: u32) -> Option<Amount> {
    Some(Amount { unit, min, max })
}

const S: u32 = 1_000;

kinds! {
    LinkDelay "link-delay" Link (2 * S, 30 * S), amount("ms", 5, 200), false, [0.5, 2.0, 6.0],
        "Messages arrive later by so much, both ways.";
    LinkJitter "link-jitter" Link (5 * S, 60 * S), amount("ms", 1, 80), false, [1.0, 2.0, 6.0],
        "Each message arrives later by up to so much.";
    LinkOutage "link-outage" Link (200, 20 * S), None, false, [0.0, 0.2, 1.0],
        "Nothing passes, and nobody can connect.";
    LinkReset "link-reset" Link (0, 0), None, false, [0.0, 0.3, 1.5],
        "The connection breaks; a new one is possible at once.";
    LinkHalfOpen "link-half-open" Link (S, 15 * S), None, false, [0.0, 0.1, 0.6],
        "The connection that there is swallows everything without a word; a new one works.";
    MessageLoss "message-loss" Link (0, 0), amount("permille", 0, 1_000), true, [0.0, 0.001, 0.01],
        "A message is lost.";
    MessageDuplication "message-duplication" Vehicle (0, 0), amount("permille", 0, 1_000), true, [0.0, 0.001, 0.01],
        "A message arrives twice.";
    MessageReordering "message-reordering" Vehicle (0, 0), amount("permille", 0, 1_000), true, [0.0, 0.001, 0.01],
        "A message arrives after the one that follows it (not to devices: their images carry no number, so that nobody could tell).";

    VehicleStops "vehicle-stops" Vehicle (2 * S, 60 * S), None, false, [0.2, 1.0, 3.0],
        "It stands still for a while, as for a person in its way, and goes on by itself.";
    VehicleSlips "vehicle-slips" Vehicle (5 * S, 60 * S), amount("mm", 2, 20), false, [0.0, 0.3, 1.0],
        "Its wheels slip: it is beside where it believes to be, by so much, until it finds its position again.";
    VehicleOvershoots "vehicle-overshoots" Vehicle (5 * S, 30 * S), amount("mm", 2, 20), false, [0.0, 0.3, 1.0],
        "It comes to rest beyond the end of its base by so much, and says so.";
    VehicleLosesPosition "vehicle-loses-position" Vehicle (S, 30 * S), None, false, [0.0, 0.2, 1.0],
        "It says that it does not know where it is, and stands.";
    VehicleJumps "vehicle-jumps" Vehicle (500, 10 * S), amount("mm", 100, 5_000), false, [0.0, 0.1, 0.6],
        "The position that it reports is off by so much, while it drives on where it should.";
    VehicleStaleReports "vehicle-stale-reports" Vehicle (500, 8 * S), None, false, [0.0, 0.1, 0.6],
        "It repeats an old report with a new heartbeat.";
    VehicleFalseReports "vehicle-false-reports" Vehicle (200, 3 * S), None, false, [0.0, 0.1, 0.6],
        "It reports nonsense: waypoints that it has not reached or never got, actions that it was never told.";
    VehiclePushed "vehicle-pushed" Vehicle (10 * S, 60 * S), amount("mm", 200, 1_500), false, [0.0, 0.05, 0.3],
        "A person switches it to manual, pushes it aside by so much, pushes it back, and switches it to automatic.";
    VehicleDropsLoad "vehicle-drops-load" Vehicle (0, 0), None, false, [0.0, 0.05, 0.3],
        "Its load falls off and is carried away by hand.";
    VehicleWrongLoad "vehicle-wrong-load" Vehicle (0, 0), None, false, [0.0, 0.05, 0.3],
        "It finds another load on board than the one that it was told to take.";
    VehicleRunsFlat "vehicle-runs-flat" Vehicle (20 * S, 120 * S), None, false, [0.0, 0.05, 0.3],
        "Its battery is empty at once; after a while it is given a full one.";
    VehicleRefuses "vehicle-refuses" Vehicle (5 * S, 60 * S), None, false, [0.0, 0.2, 1.0],
        "Every action that it is told fails at once.";
    VehicleRepeats "vehicle-repeats" Vehicle (5 * S, 60 * S), None, false, [0.0, 0.2, 1.0],
        "It takes every command twice, and carries the last action out once more.";
    VehicleReboots "vehicle-reboots" Vehicle (3 * S, 20 * S), None, false, [0.0, 0.05, 0.3],
        "It is switched off, and on again later: it has forgotten its base and its action.";
    VehicleEmergencyStop "vehicle-emergency-stop" Vehicle (2 * S, 60 * S), None, false, [0.0, 0.1, 0.6],
        "Somebody presses its emergency stop, and releases it later.";
    AreaEmergencyStop "area-emergency-stop" Area (5 * S, 60 * S), amount("mm", 3_000, 10_000), false, [0.0, 0.002, 0.01],
        "An emergency stop of everything within so much of a node.";
    FireAlarm "fire-alarm" Area (10 * S, 90 * S), amount("mm", 3_000, 15_000), false, [0.0, 0.001, 0.005],
        "Within so much of a node fire doors close once they are clear, and vehicles stop once they are out of them.";

    PlcRestart "plc-restart" Device (S, 15 * S), None, false, [0.0, 0.1, 0.5],
        "It restarts: all its registers are 0 for a while, and it has forgotten what it did.";
    PlcFreezes "plc-freezes" Device (S, 20 * S), None, false, [0.0, 0.1, 0.5],
        "It stands still while its socket lives: it repeats what it said and ignores what it is told.";
    PlcExceptions "plc-exceptions" Device (500, 10 * S), None, false, [0.0, 0.1, 0.5],
        "It answers every request with an exception.";
    PlcWrongUnit "plc-wrong-unit" Device (500, 10 * S), None, false, [0.0, 0.05, 0.3],
        "Its answers carry another unit's number.";
    DoorSticks "door-sticks" Door (5 * S, 60 * S), None, false, [0.0, 0.3, 2.0],
        "It stops half-way, whatever it is told.";
    ChargerSticks "charger-sticks" Charger (5 * S, 60 * S), None, false, [0.0, 0.2, 1.0],
        "Its contact neither opens nor closes.";
    Pallet "pallet" Edge (20 * S, 180 * S), None, false, [0.0, 0.002, 0.01],
        "Something lies on the way: vehicles stop before it until it is taken away.";
    PalletReported "pallet-reported" Edge (20 * S, 180 * S), None, false, [0.0, 0.002, 0.01],
        "The same, and an operator blocks the way until it is clear.";

    ControllerCrash "controller-crash" Whole (500, 10 * S), amount("point", 0, 7), false, [0.0, 1.0, 6.0],
        "The controller dies, at one of several points of its cycle, and is started again after a while.";
    PowerCut "power-cut" Whole (S, 15 * S), amount("point", 0, 7), false, [0.0, 0.5, 3.0],
        "The controller's machine loses power: what was not synced is lost, or torn.";
    DiskFails "disk-fails" Whole (0, 0), None, false, [0.0, 0.2, 1.0],
        "The next sync fails, and what it should have made durable is dropped.";
    DiskFull "disk-full" Whole (S, 30 * S), None, false, [0.0, 0.2, 1.0],
        "Nothing more fits on the disk.";
    DiskLies "disk-lies" Whole (S, 10 * S), None, false, [0.0, 0.0, 0.5],
        "The disk says that it has synced, and has not; then the machine loses power.";
    PlannerStalls "planner-stalls" Whole (S, 20 * S), None, false, [0.0, 1.0, 4.0],
        "The planner answers nothing for a while, then everything.";
    PlannerLate "planner-late" Whole (S, 30 * S), amount("ms", 50, 2_000), false, [0.5, 1.0, 4.0],
        "Each plan comes later by so much.";
    PlannerStale "planner-stale" Whole (S, 15 * S), None, false, [0.0, 1.0, 4.0],
        "The planner answers with the plan before the one that was asked for.";
    PlannerNonsense "planner-nonsense" Whole (S, 15 * S), None, false, [0.0, 1.0, 4.0],
        "Plans are mutilated: moves are missing, swapped, repeated or invented.";
    DispatcherStalls "dispatcher-stalls" Whole (S, 30 * S), None, false, [0.0, 1.0, 4.0],
        "The dispatcher answers nothing for a while, then everything.";
    DispatcherLate "dispatcher-late" Whole (S, 30 * S), amount("ms", 50, 4_000), false, [0.5, 1.0, 4.0],
        "Each assignment comes later by so much.";
    DispatcherStale "dispatcher-stale" Whole (S, 15 * S), None, false, [0.0, 1.0, 4.0],
        "The dispatcher answers with the assignment before the one that was asked for.";
    DispatcherNonsense "dispatcher-nonsense" Whole (S, 15 * S), None, false, [0.0, 1.0, 4.0],
        "Assignments are mutilated: unknown orders, wrong vehicles, chargers twice.";
    OperatorPauses "operator-pauses" Vehicle (5 * S, 120 * S), None, false, [0.1, 0.2, 1.0],
        "An operator pauses a vehicle, and resumes it later.";
    OperatorPausesFloor "operator-pauses-floor" Whole (2 * S, 30 * S), None, false, [0.2, 0.5, 2.0],
        "An operator pauses the floor, and resumes it later.";
    OperatorCancels "operator-cancels" Whole (0, 0), None, false, [1.0, 4.0, 20.0],
        "An operator cancels an order that is open.";
    OperatorPrioritises "operator-prioritises" Whole (0, 0), amount("priority", 0, 9), false, [1.0, 4.0, 20.0],
        "An operator gives an open order another priority.";
    OperatorRushes "operator-rushes" Whole (0, 0), None, false, [2.0, 6.0, 20.0],
        "An operator raises a rush order.";
    ClockJump "clock-jump" Whole (0, 0), amount("ms", 10, 3_000), false, [0.2, 1.0, 4.0],
        "The control cycle misses so much time: its number jumps.";
}

impl FaultKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// What it does, in a sentence.
    pub fn what(self) -> &'static str {
        self.info().what
    }

    /// What it can be about.
    pub fn class(self) -> TargetClass {
        self.info().class
    }

    /// Shortest and longest time that is drawn for it, ms; `(0, 0)`: it happens at once.
    pub fn lasts_ms(self) -> (u32, u32) {
        self.info().lasts_ms
    }

    /// Its size, if it has one.
    pub fn amount(self) -> Option<Amount> {
        self.info().amount
    }

    /// Its rate is a probability for each message, rather than events an hour.
    pub fn is_per_message(self) -> bool {
        self.info().per_message
    }

    /// Its rates in the profiles calm, rough and hostile: events an hour and target, or a probability a message.
    pub(super) fn rates(self) -> [f64; 3] {
        self.info().rates
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl TargetClass {
    /// All targets of this class on a floor.
    pub fn targets(self, floor: &Floor) -> Box<dyn Iterator<Item = Target> + '_> {
        let vehicles = (0..floor.vehicles.len()).map(|i| Target::Vehicle(VehicleId::from_index(i)));
        let device = |id: DeviceId| Target::Device(id);
        let devices = (0..floor.devices.len()).map(move |i| device(DeviceId::from_index(i)));
        match self {
            TargetClass::Whole => Box::new(std::iter::once(Target::Whole)),
            TargetClass::Vehicle => Box::new(vehicles),
            TargetClass::Device => Box::new(devices),
            TargetClass::Link => Box::new(vehicles.chain(devices)),
            TargetClass::Station => {
                let all = floor.stations.iter();
                Box::new(all.filter_map(move |s| s.device.map(|(id, _)| device(id))))
            }
            TargetClass::Door => {
                let all = floor.doors.iter();
                Box::new(all.filter_map(move |d| d.device.map(|(id, _)| device(id))))
            }
            TargetClass::Charger => {
                let all = floor.chargers.iter();
                Box::new(all.filter_map(move |c| c.device.map(|(id, _)| device(id))))
            }
            TargetClass::Edge => {
                let all = 0..floor.roadmap.edges().len();
                Box::new(all.map(|i| Target::Edge(EdgeId::from_index(i))))
            }
            TargetClass::Area => {
                let all = 0..floor.roadmap.nodes().len();
                Box::new(all.map(|i| Target::Area(NodeId::from_index(i))))
            }
        }
    }

    /// The word for one of them.
    pub fn word(self) -> &'static str {
        match self {
            TargetClass::Whole => "the floor as a whole",
            TargetClass::Vehicle => "a vehicle",
            TargetClass::Station => "a station's device",
            TargetClass::Door => "a door's device",
            TargetClass::Charger => "a charger's device",
            TargetClass::Device => "a device",
            TargetClass::Link => "a vehicle or a device",
            TargetClass::Edge => "an edge, as from->to",
            TargetClass::Area => "a node",
        }
    }
}
