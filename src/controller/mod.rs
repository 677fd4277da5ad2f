//! The controller: a pure step from state, cycle number and inputs to state and outputs.
//!
//! No clock, no randomness, no thread: time is the cycle number. What enters is an [`Input`], what leaves goes to
//! [`Outputs`]. After [`Controller::new`] nothing allocates; every loop is bounded by the floor's sizes. The step's
//! phases are files: reports, orders, missions, transfers, docks, doors, grants, questions to the workers.
//!
//! What a cycle costs does not grow with what stands still: of vehicles and devices those are looked at to whom something
//! happened, and of all others a share (`looks`); what is large, a plan, a snapshot, an answer, is gone through a part
//! at a time.

mod asks;
mod assignments;
mod counts;
mod delta;
mod devices;
mod dispatching;
mod docks;
mod doors;
mod fleet;
mod grants;
mod hash;
mod hungry;
mod input;
mod invariants;
mod lines;
mod locate;
mod looks;
mod missions;
mod nodes;
mod overrun;
mod planning;
mod reports;
mod status;
mod tracked;
mod transfers;

use std::sync::Arc;

use takt_maps::words::OperatingMode;
use takt_maps::{BufferId, EdgeId, Floor, OrderId, PointAddress, VehicleId};
use takt_motion::traffic::Traffic;
use takt_plc_bridge::handshake::Programs;
use takt_rt::mutant::{Mutant, is_on};
use takt_scheduler::materials::Stock;
use takt_scheduler::orders::{Order, OrderBook, OrderState, Transition};

pub use counts::Counts;
pub use delta::{Delta, Nodes, Outputs, ROUTE_MAX, Refused, VehicleStatus};
pub use hash::StateHash;
pub use input::{Ask, CycleFacts, Input, Phase};

use crate::follower::model::WaitView;
use devices::{DeviceControl, handshake_alarm, level_points, set_outputs};
use dispatching::Dispatching;
use doors::DoorControl;
use fleet::{Location, VehicleControl, vehicle_ids};
use hungry::Hungry;
use looks::{Looks, Spread};
use nodes::NodeIndex;
use planning::Planning;
use tracked::Tracked;

/// Moves of a proposal that the traffic manager has room for, per vehicle.
const MOVES_PER_VEHICLE: usize = 64;

/// Cycles between two [`Delta::Tick`]s.
pub const TICK_CYCLES: u64 = 100;

/// What a controller starts from: nothing, or what a store kept.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Orders that have not ended, by id.
    pub orders: Vec<Order>,
    /// Orders that were cancelled or failed of late, oldest first: others may depend on them.
    pub bad_ends: Vec<OrderId>,
    /// Pieces in each buffer; empty: as the floor file says.
    pub stock: Vec<u32>,
    /// Vehicles that a person paused.
    pub paused: Vec<VehicleId>,
    /// The floor was paused.
    pub floor_paused: bool,
    /// Edges that a person has blocked.
    pub blocked: Vec<EdgeId>,
    /// Vehicles that were heard, and how often they had been switched on then.
    pub boots: Vec<(VehicleId, u16)>,
    /// The id of the next order, greater than all that were ever given.
    pub next_order: u64,
    /// Controller milliseconds at which the new life begins: later than all that the store knows.
    pub now_ms: u64,
    /// The store has lost something that it had said to keep: people are told.
    pub loss: bool,
}

/// The controller's state.
pub struct Controller {
    floor: Arc<Floor>,
    epoch: u16,
    cycle: u64,
    start_ms: u64,
    now_ms: u64,
    durable_cycle: u64,
    floor_paused: bool,
    /// Edges that a person has blocked.
    blocked: Vec<bool>,
    stopping: bool,
    next_order: u64,
    fleet: Tracked<VehicleControl>,
    /// Vehicles that are [`Location::Lost`](fleet::Location::Lost), in any order.
    lost: Vec<VehicleId>,
    /// Why each vehicle waits; only shown.
    waits: Vec<WaitView>,
    devices: Tracked<DeviceControl>,
    /// Who is looked at in this cycle.
    looks: Looks,
    /// Who waits for more ground.
    hungry: Hungry,
    device_looks: Looks,
    doors: Vec<DoorControl>,
    traffic: Traffic,
    orders: OrderBook,
    stock: Stock,
    programs: Programs,
    /// For each device, the buffers whose level it reports, and where.
    level_points: Vec<Vec<(BufferId, PointAddress)>>,
    planner: Planning,
    dispatcher: Dispatching,
    dispatch_due: bool,
    /// Somebody has somewhere to go and does not get there by what is granted.
    plan_wanted: bool,
    /// Nodes by where they are.
    nodes: NodeIndex,
    /// Is this the device of a door?
    is_door: Vec<bool>,
    /// For each vehicle that has not been located the order that it was on before a restart.
    order_before: Vec<Option<OrderId>>,
    /// The greatest epoch that vehicles know, while none is located.
    newest_epoch: u16,
    /// When vehicles are told again what they have been told.
    refreshes: Spread,
    /// When it is said how vehicles are.
    status: Spread,
    /// Everyone has said where they are, once; until then nothing is granted.
    all_located: bool,
    missing: u32,
    /// For each line, the takts counted and when the next one is due (0: not begun).
    takts: Vec<(u64, u64)>,
    /// When the cycle last missed a beat; `None`: long ago.
    missed_ms: Option<u64>,
    /// The store has lost something, and nobody has been told yet.
    loss_untold: bool,
    overruns: overrun::Overruns,
    counts: Counts,
}

impl Controller {
    /// A controller at rest on a floor, with a new epoch (greater than any before it on this store).
    ///
    /// # Errors
    /// If a handshake of the floor does not fit its device.
    pub fn new(
        floor: Arc<Floor>,
        epoch: u16,
        restored: Restored,
    ) -> Result<Self, takt_plc_bridge::handshake::HandshakeError> {
        let programs = Programs::new(&floor)?;
        let (vehicles, devices) = (floor.vehicles.len(), floor.devices.len());
        let (control, now_ms) = (&floor.control, restored.now_ms);
        let mut is_door = vec![false; devices];
        for (device, _) in floor.doors.iter().filter_map(|door| door.device) {
            is_door[device.index()] = true;
        }
        let mut this = Self {
            epoch,
            cycle: 0,
            start_ms: restored.now_ms,
            now_ms: restored.now_ms,
            durable_cycle: 0,
            floor_paused: restored.floor_paused,
            lost: Vec::with_capacity(floor.vehicles.len()),
            blocked: vec![false; floor.roadmap.edges().len()],
            stopping: false,
            next_order: restored.next_order.max(1),
            fleet: Tracked::new(vehicles),
            waits: vec![WaitView::default(); vehicles],
            devices: Tracked::new(devices),
            looks: Looks::new(vehicles, control.cycle_us),
            hungry: Hungry::new(vehicles),
            device_looks: Looks::new(devices, control.cycle_us),
            doors: vec![DoorControl::default(); floor.doors.len()],
            traffic: Traffic::new(&floor, vehicles * MOVES_PER_VEHICLE),
            orders: OrderBook::new(floor.control.orders_max),
            stock: Stock::new(&floor),
            programs,
            level_points: level_points(&floor),
            planner: Planning::default(),
            dispatcher: Dispatching::new(&floor),
            dispatch_due: true,
            plan_wanted: false,
            nodes: NodeIndex::new(&floor.roadmap, control.position_tolerance_mm),
            is_door,
            order_before: vec![None; vehicles],
            newest_epoch: 0,
            refreshes: Spread::new(vehicles, u64::from(control.transfer_ms), now_ms),
            status: Spread::new(vehicles, status::STATUS_MS, now_ms),
            all_located: false,
            missing: vehicles as u32,
            takts: vec![(0, 0); floor.lines.len()],
            missed_ms: None,
            loss_untold: restored.loss,
            overruns: overrun::Overruns::default(),
            counts: Counts::default(),
            floor,
        };
        this.restore(&restored);
        Ok(this)
    }

    /// One cycle: takes `inputs` in, advances everything by the time since the last cycle, puts out what follows.
    ///
    /// `cycle` counts whole periods since the start; it may jump, never go back.
    pub fn step<O: Outputs>(
        &mut self,
        cycle: u64,
        inputs: impl Iterator<Item = Input>,
        out: &mut O,
    ) {
        assert!(cycle >= self.cycle, "time does not go back");
        self.cycle = cycle;
        self.now_ms = self.start_ms + cycle * u64::from(self.floor.control.cycle_us) / 1_000;

        if is_on(Mutant::LeakMemory) {
            std::mem::forget(std::hint::black_box(Box::new([0_u64; 8])));
        }
        out.begin(Phase::Inputs);
        for input in inputs {
            self.take(input, out);
        }
        out.begin(Phase::State);
        // To whom something has happened, and whose turn it is: only they are looked at in what follows.
        self.looks.choose(self.fleet.touched());
        self.device_looks.choose(self.devices.touched());
        self.supervise_links(out);
        self.locate_vehicles(out);
        self.hold_for_the_lost();
        self.take_assignments(out);
        self.count_takts(out);
        self.release_orders(out);
        self.call_off(out);
        out.begin(Phase::Devices);
        self.advance_missions(out);
        self.advance_transfers(out);
        self.advance_docks(out);
        self.advance_doors(out);
        out.begin(Phase::Traffic);
        self.rehearse(out);
        if !self.overruns.hold() {
            self.grant(out);
        }
        self.check_invariants(out);
        out.begin(Phase::Questions);
        if !self.overruns.shed() {
            self.ask_planner(out);
            self.ask_dispatcher(out);
        }
        out.begin(Phase::Commands);
        self.tell_of_loss(out);
        self.watch_deadline(out);
        self.send_commands(out);
        out.begin(Phase::Status);
        if !self.overruns.shed() {
            self.report_status(out);
        }
        self.forgive_overruns(out);
        self.fleet.settle();
        self.devices.settle();
        self.end_cycle(out);
    }

    /// The vehicle at a place of the list of those that are looked at in this cycle.
    fn looked_at(&self, place: usize) -> VehicleId {
        VehicleId::from_index(self.looks.at(place))
    }

    /// Holds every vehicle where it is, and grants nothing more: the first part of a controlled stop.
    fn stop(&mut self) {
        self.stopping = true;
        for vehicle in self.fleet.iter_mut() {
            vehicle.command_due = true;
        }
    }

    /// Do all vehicles that can be heard stand?
    pub fn stands(&self) -> bool {
        self.fleet
            .iter()
            .all(|v| !v.linked || v.report.speed_mm_s == 0)
    }

    /// Have all vehicles said where they are?
    pub fn located(&self) -> bool {
        self.all_located
    }

    /// What it counted about itself.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Orders that have not ended.
    pub fn orders_open(&self) -> usize {
        self.orders.len()
    }

    /// Controller milliseconds now.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The stock as it is counted and reported, to look at.
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// The traffic manager, to look at.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// May this vehicle be given ground?
    fn may_move(&self, vehicle: VehicleId) -> bool {
        let v = &self.fleet[vehicle.index()];
        self.all_located
            && !self.stopping
            && !self.floor_paused
            && (!v.paused || is_on(Mutant::GrantToPaused))
            && v.fit()
            && v.report.mode == OperatingMode::Automatic
            && v.location == Location::Known
            && v.held_for.is_none()
            && v.transfer.is_none()
            && v.dock.is_none()
    }

    /// The stations of an open order: where it is picked up, where it is dropped.
    fn stops(&self, id: OrderId) -> Option<(takt_maps::StationId, takt_maps::StationId)> {
        self.orders
            .get(id)
            .map(|o| (o.spec.pickup.station, o.spec.drop.station))
    }

    fn vehicles(&self) -> impl Iterator<Item = VehicleId> + use<> {
        vehicle_ids(&self.floor)
    }
}

/// Where transitions of orders go: the stock counts them, followers see them, and what is in the buffer then.
fn moves<'a, O: Outputs>(
    stock: &'a mut Stock,
    out: &'a mut O,
) -> impl FnMut(Transition) + use<'a, O> {
    |transition| {
        let buffer = Stock::changed_by(&transition);
        let pieces = |stock: &Stock| Some(stock.accounts().get(buffer?.index())?.pieces);
        let before = pieces(stock);
        stock.follow(&transition);
        if transition.to == OrderState::Completed && is_on(Mutant::CountDeliveryTwice) {
            stock.follow(&transition);
        }
        out.delta(Delta::Moved(transition));
        if let (Some(buffer), Some(pieces)) = (buffer, pieces(stock))
            && before != Some(pieces)
        {
            out.delta(Delta::Stock { buffer, pieces });
        }
    }
}

/// FNV-1a over 64-bit words: small, and the same on every machine.
pub(crate) struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(crate) fn add(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
