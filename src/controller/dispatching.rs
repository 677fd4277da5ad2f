//! Questions to the dispatcher; its answers are taken over in `assignments.rs`.
//!
//! The dispatcher is asked about a bounded number of orders; a vehicle that is on its way for another one keeps it. Orders
//! and vehicles are gone through over some cycles.

use std::collections::BinaryHeap;

use takt_maps::words::LoadId;
use takt_maps::{ChargerId, Floor, NodeId, OrderId, VehicleId};
use takt_scheduler::dispatch::{DispatchSnapshot, OpenOrder, Task, VehicleState};

use super::assignments::Answering;
use super::fleet::{DockPhase, Location, Mission, flags};
use super::looks::share;
use super::tracked::{Digest, Mixer};
use super::{Controller, Outputs};

/// A dispatcher that has not answered for so long is asked again.
const DISPATCHER_PATIENCE_MS: u64 = 5_000;
/// The dispatcher is asked at least so often, since batteries and waiting times change by themselves.
const DISPATCHER_IDLE_MS: u64 = 5_000;
/// Most orders that the dispatcher is asked about at once.
const ORDERS_MAX: usize = 512;
/// In a period of so many microseconds an order can be looked at without being noticed.
const US_PER_ORDER: u64 = 8;

/// What is on its way between the controller and the dispatcher.
#[derive(Debug)]
pub(super) struct Dispatching {
    pub asked: Option<u64>,
    last_ms: u64,
    /// It has not answered yet, however long ago it was asked: its snapshot is still with it.
    pub unanswered: bool,
    filling: Option<Filling>,
    pub answering: Option<Answering>,
    /// The best orders found while a snapshot is filled, the least of them on top.
    best: BinaryHeap<Ranked>,
    /// For each vehicle: was it offered to the dispatcher in the last question?
    pub offered: Vec<bool>,
    /// Nodes of parking places and which they are, sorted.
    pub parking: Vec<(NodeId, u32)>,
}

/// A snapshot that is being filled: orders first, then vehicles.
#[derive(Debug)]
struct Filling {
    snapshot: Box<DispatchSnapshot>,
    orders_done: bool,
    /// The first vehicle that is not in it.
    next: usize,
    /// Everything that is in it.
    digest: Mixer,
}

/// An order and how much it matters that the dispatcher sees it: those without a vehicle first, then the urgent, then
/// the old. The least is the one that matters most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ranked {
    rank: (bool, u8, OrderId),
    order: OpenOrder,
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl Dispatching {
    /// Nothing asked yet.
    pub fn new(floor: &Floor) -> Self {
        let parking = floor.parking.iter().enumerate();
        let mut parking: Vec<_> = parking.map(|(i, &node)| (node, i as u32)).collect();
        parking.sort_unstable();
        Self {
            asked: None,
            last_ms: 0,
            unanswered: false,
            filling: None,
            answering: None,
            best: BinaryHeap::with_capacity(ORDERS_MAX),
            offered: vec![false; floor.vehicles.len()],
            parking,
        }
    }
}

impl Digest for Dispatching {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add_option(self.asked);
        mixer.add(self.last_ms);
        mixer.add(flags([self.unanswered]));
        // Who was offered, and which orders were found, follows from the digest of the last snapshot.
        mixer.add_option(self.filling.as_ref().map(|f| f.digest.end()));
        let answering = self.answering.as_ref();
        mixer.add_option(answering.map(|a| (a.released as u64) << 32 | a.next as u64));
    }
}

impl Controller {
    /// Asks for assignments when something changed, not more often than the floor allows.
    pub(super) fn ask_dispatcher<O: Outputs>(&mut self, out: &mut O) {
        if self.dispatcher.filling.is_none() && !self.begin_dispatch(out) {
            return;
        }
        let Some(mut filling) = self.dispatcher.filling.take() else {
            return;
        };
        if !filling.orders_done {
            filling.orders_done = self.gather_orders(&mut filling);
        }
        if filling.orders_done {
            self.gather_vehicles(&mut filling);
        }
        if filling.next < self.fleet.len() || !filling.orders_done {
            self.dispatcher.filling = Some(filling);
            return;
        }
        self.dispatcher.unanswered = true;
        out.ask_dispatcher(filling.snapshot);
    }

    /// Is it time to ask, and is there a snapshot to fill?
    fn begin_dispatch<O: Outputs>(&mut self, out: &mut O) -> bool {
        let waited = self.now_ms - self.dispatcher.last_ms.min(self.now_ms);
        let due = self.dispatch_due && waited >= u64::from(self.floor.control.dispatcher_ms);
        let late = self.dispatcher.asked.is_some() && waited < DISPATCHER_PATIENCE_MS;
        let busy = late || self.dispatcher.unanswered || self.dispatcher.answering.is_some();
        if !self.all_located || self.stopping || busy || !(due || waited >= DISPATCHER_IDLE_MS) {
            return false;
        }
        let Some(mut snapshot) = out.dispatch_snapshot() else {
            return false;
        };
        snapshot.stamp = self.cycle;
        snapshot.now_ms = self.now_ms;
        snapshot.orders.clear();
        snapshot.vehicles.clear();
        snapshot.chargers.clear();
        let works = |i| {
            let program = self.programs.charger(ChargerId::from_index(i));
            program.is_none_or(|program| self.devices[self.programs.device(program).index()].linked)
        };
        let chargers = 0..self.floor.chargers.len();
        snapshot.chargers.extend(chargers.map(works));
        snapshot.parking_blocked.clear();
        snapshot
            .parking_blocked
            .resize(self.floor.parking.len(), false);
        self.orders.scan_begin();
        self.dispatch_due = false;
        self.dispatcher.best.clear();
        self.dispatcher.asked = Some(self.cycle);
        self.dispatcher.last_ms = self.now_ms;
        self.dispatcher.filling = Some(Filling {
            snapshot,
            orders_done: false,
            next: 0,
            digest: Mixer::new(self.cycle),
        });
        true
    }

    /// Goes through some orders more; true when all have been looked at, and the best are in the snapshot.
    fn gather_orders(&mut self, filling: &mut Filling) -> bool {
        let (floor, fleet, best) = (&self.floor, &self.fleet, &mut self.dispatcher.best);
        let budget = (u64::from(floor.control.cycle_us) / US_PER_ORDER) as usize;
        let done = self.orders.scan(budget, |order| {
            // An order of a paused vehicle stays with it.
            let paused = |v: VehicleId| fleet[v.index()].paused;
            if order.state.vehicle().is_some_and(paused) {
                return;
            }
            let Some(open) = OpenOrder::of(floor, order) else {
                return;
            };
            let ranked = Ranked {
                rank: (open.assigned.is_some(), u8::MAX - open.priority, open.id),
                order: open,
            };
            if best.len() < ORDERS_MAX {
                best.push(ranked);
            } else if let Some(mut least) = best.peek_mut()
                && ranked < *least
            {
                *least = ranked;
            }
        });
        if done {
            let orders = &mut filling.snapshot.orders;
            orders.extend(best.drain().map(|ranked| ranked.order));
            orders.sort_unstable_by_key(|order| order.id);
            for order in orders.iter() {
                let assigned = order
                    .assigned
                    .map_or(u64::from(u16::MAX), |v| u64::from(v.0));
                filling.digest.add(order.id.0 << 16 | assigned);
            }
        }
        done
    }

    /// Adds some vehicles more to the snapshot.
    fn gather_vehicles(&mut self, filling: &mut Filling) {
        let fleet = self.fleet.len();
        let until = fleet.min(filling.next + share(fleet, self.floor.control.cycle_us));
        while filling.next < until {
            let vehicle = VehicleId::from_index(filling.next);
            let mut state = self.vehicle_state(vehicle);
            if !state.available && self.traffic.is_placed(vehicle) && !self.is_under_way(vehicle) {
                // Somebody stands there who will not be told to go.
                let node = self.traffic.base_end(vehicle).0;
                let parking = &self.dispatcher.parking;
                let from = parking.partition_point(|&(n, _)| n < node);
                for &(_, i) in parking[from..].iter().take_while(|&&(n, _)| n == node) {
                    filling.snapshot.parking_blocked[i as usize] = true;
                }
            }
            if let Some(Task::Order(id)) = state.task {
                // One on its way for an order that is not asked about keeps it.
                let orders = &filling.snapshot.orders;
                state.available &= orders.binary_search_by_key(&id, |o| o.id).is_ok();
            }
            self.dispatcher.offered[filling.next] = state.available;
            let digest = &mut filling.digest;
            digest.add(u64::from(state.free_node.0) << 32 | u64::from(state.battery_permille));
            digest.add(state.free_at_ms << 2 | flags([state.present, state.available]));
            filling.snapshot.vehicles.push(state);
            filling.next += 1;
        }
    }

    /// Has it a mission that takes it elsewhere by itself?
    fn is_under_way(&self, vehicle: VehicleId) -> bool {
        let v = &self.fleet[vehicle.index()];
        matches!(v.mission, Mission::Order { .. }) && v.fit() && !v.paused
    }

    pub(super) fn vehicle_state(&self, vehicle: VehicleId) -> VehicleState {
        let v = &self.fleet[vehicle.index()];
        let present = self.traffic.is_placed(vehicle)
            && v.fit()
            && v.location == Location::Known
            && !v.paused;
        let task = match v.mission {
            Mission::Idle => None,
            Mission::Order { id, .. } => Some(Task::Order(id)),
            Mission::Charge(charger) => Some(Task::Charge(charger)),
            Mission::Park(node) => Some(Task::Park(node)),
        };
        let on_board = v.report.load != LoadId::NONE
            || matches!(v.mission, Mission::Order { loaded: true, .. });
        let mut state = VehicleState {
            present,
            available: present && !on_board && v.transfer.is_none(),
            kind: self.floor.vehicles[vehicle.index()].kind,
            free_node: self.traffic.base_end(vehicle).0,
            free_at_ms: self.now_ms,
            battery_permille: v.report.battery_permille,
            charging: v
                .dock
                .filter(|d| d.phase != DockPhase::Disconnecting)
                .map(|d| d.charger),
            task,
        };
        if let (Mission::Order { id, .. }, false) = (v.mission, state.available)
            && let Some((_, drop)) = self.stops(id)
        {
            let node = self.floor.stations[drop.index()].node;
            state.free_at_ms += self.rough_way_ms(vehicle, node);
            state.free_node = node;
        }
        state
    }

    /// As the crow flies and half as much again, and a transfer: good enough to know who is free soon.
    fn rough_way_ms(&self, vehicle: VehicleId, to: NodeId) -> u64 {
        let (a, b) = (
            self.floor.roadmap.node(self.traffic.base_end(vehicle).0),
            self.floor.roadmap.node(to),
        );
        let (dx, dy) = (i64::from(a.x_mm - b.x_mm), i64::from(a.y_mm - b.y_mm));
        let kind = self.floor.kind_of(vehicle);
        let way_mm = ((dx * dx + dy * dy) as u64).isqrt() * 3 / 2;
        way_mm * 1_000 / u64::from(kind.speed_mm_s[1].max(1)) + u64::from(kind.transfer_ms)
    }
}
