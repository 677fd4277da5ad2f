//! Questions to the workers, and what becomes of their answers: workers propose, the cycle disposes.

use takt_maps::words::LoadId;
use takt_maps::{ChargerId, NodeId, OrderId, VehicleId};
use takt_motion::{AgentSnapshot, MotionProposal};
use takt_scheduler::dispatch::{DispatchProposal, OpenOrder, Task, VehicleState};
use takt_scheduler::orders::{Order, OrderState, Reason};

use super::docks::charger_taken;
use super::fleet::{DockPhase, Location, Mission};
use super::{Controller, Outputs, moves};

/// A dispatcher that has not answered for so long is asked again.
const DISPATCHER_PATIENCE_MS: u64 = 5_000;
/// The dispatcher is asked at least so often, since batteries and waiting times change by themselves.
const DISPATCHER_IDLE_MS: u64 = 5_000;

impl Controller {
    /// Asks for motion, once a planner period, if anybody has somewhere to go.
    pub(super) fn ask_planner<O: Outputs>(&mut self, out: &mut O) {
        let period = u64::from(self.floor.control.planner_ms);
        if !self.all_located
            || self.stopping
            || self.planner.asked.is_some()
            || self.planner.unanswered
            || self.now_ms < self.planner.last_ms + period
        {
            return;
        }
        if !self
            .vehicles()
            .any(|v| self.may_move(v) && self.wants_plan(v))
        {
            return;
        }
        let Some(mut snapshot) = out.motion_snapshot() else {
            return;
        };
        snapshot.stamp = self.cycle;
        snapshot.agents.clear();
        for vehicle in self.vehicles() {
            let v = &self.fleet[vehicle.index()];
            let (node, seq) = self.traffic.base_end(vehicle);
            let kind = self.floor.vehicles[vehicle.index()].kind;
            let goal = v.goal(&self.floor, |id| self.stops(id));
            snapshot.agents.push(AgentSnapshot {
                present: self.traffic.is_placed(vehicle),
                movable: self.may_move(vehicle),
                node,
                seq,
                kind,
                class: self
                    .floor
                    .kind_of(vehicle)
                    .class(self.traffic.is_loaded(vehicle)),
                goal,
                dwell: matches!(v.mission, Mission::Order { .. } | Mission::Charge(_)),
                priority: self.priority(vehicle),
            });
        }
        // Ground under a vehicle that is lost, or cut off on its way, is not to be planned over.
        snapshot.blocked.clear();
        for vehicle in self.vehicles() {
            if self.fleet[vehicle.index()].location == Location::Lost
                || !self.fleet[vehicle.index()].linked
            {
                let rest = self
                    .floor
                    .roadmap
                    .place_of(self.traffic.base_end(vehicle).0);
                snapshot
                    .blocked
                    .extend(self.traffic.held(vehicle).filter(|&p| p != rest));
            }
        }
        snapshot.blocked.sort_unstable();
        self.planner = super::Question {
            asked: Some(self.cycle),
            last_ms: self.now_ms,
            unanswered: true,
        };
        out.ask_planner(snapshot);
    }

    fn wants_plan(&self, vehicle: VehicleId) -> bool {
        let goal = self.fleet[vehicle.index()].goal(&self.floor, |id| self.stops(id));
        goal.is_some_and(|goal| self.traffic.base_end(vehicle).0 != goal)
    }

    /// Greater for orders that matter more and for those that are under way longer.
    fn priority(&self, vehicle: VehicleId) -> u32 {
        match self.fleet[vehicle.index()].mission {
            Mission::Order { id, .. } => {
                let urgency = self
                    .orders
                    .get(id)
                    .map_or(0, |o| u32::from(o.spec.priority));
                1_000 + 1_000 * urgency
            }
            Mission::Charge(_) => 500,
            Mission::Park(_) => 100,
            Mission::Idle => 0,
        }
    }

    /// The planner's answer: admitted whole, or refused.
    pub(super) fn take_motion<O: Outputs>(&mut self, proposal: Box<MotionProposal>, out: &mut O) {
        self.planner.unanswered = false;
        if self.planner.asked == Some(proposal.stamp) {
            self.planner.asked = None;
        }
        match self.traffic.admit(&self.floor, &proposal) {
            Ok(()) => self.counts.plans_admitted += 1,
            Err(_) => self.counts.plans_refused += 1,
        }
        out.recycle_motion(proposal);
    }

    /// Asks for assignments when something changed, not more often than the floor allows.
    pub(super) fn ask_dispatcher<O: Outputs>(&mut self, out: &mut O) {
        let waited = self.now_ms - self.dispatcher.last_ms.min(self.now_ms);
        let due = self.dispatch_due && waited >= u64::from(self.floor.control.dispatcher_ms);
        let late = self.dispatcher.asked.is_some() && waited < DISPATCHER_PATIENCE_MS;
        let busy = late || self.dispatcher.unanswered;
        if !self.all_located || self.stopping || busy || !(due || waited >= DISPATCHER_IDLE_MS) {
            return;
        }
        let Some(mut snapshot) = out.dispatch_snapshot() else {
            return;
        };
        snapshot.stamp = self.cycle;
        snapshot.now_ms = self.now_ms;
        snapshot.orders.clear();
        // An order of a paused vehicle stays with it.
        let offered = |order: &&Order| {
            order
                .state
                .vehicle()
                .is_none_or(|v| !self.fleet[v.index()].paused)
        };
        let orders = self.orders.iter().filter(offered);
        snapshot
            .orders
            .extend(orders.filter_map(|order| OpenOrder::of(&self.floor, order)));
        snapshot.vehicles.clear();
        snapshot
            .vehicles
            .extend(self.vehicles().map(|vehicle| self.vehicle_state(vehicle)));
        snapshot.chargers.clear();
        snapshot
            .chargers
            .extend((0..self.floor.chargers.len()).map(|i| {
                let program = self.programs.charger(ChargerId::from_index(i));
                program.is_none_or(|program| {
                    self.devices[self.programs.device(program).index()].linked
                })
            }));
        snapshot.parking_blocked.clear();
        snapshot
            .parking_blocked
            .extend(self.floor.parking.iter().map(|&node| {
                // Somebody stands there who will not be told to go.
                self.vehicles().any(|v| {
                    self.traffic.is_placed(v)
                        && self.traffic.base_end(v).0 == node
                        && !self.vehicle_state(v).available
                        && !self.is_under_way(v)
                })
            }));
        self.dispatch_due = false;
        self.dispatcher = super::Question {
            asked: Some(self.cycle),
            last_ms: self.now_ms,
            unanswered: true,
        };
        out.ask_dispatcher(snapshot);
    }

    /// Has it a mission that takes it elsewhere by itself?
    fn is_under_way(&self, vehicle: VehicleId) -> bool {
        let v = &self.fleet[vehicle.index()];
        matches!(v.mission, Mission::Order { .. }) && v.fit() && !v.paused
    }

    fn vehicle_state(&self, vehicle: VehicleId) -> VehicleState {
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

    /// An order whose vehicle is out of touch, faulty or lost, and has not begun to load, may go to another.
    fn take_from_absent<O: Outputs>(&mut self, id: OrderId, out: &mut O) {
        let Some(OrderState::Assigned { vehicle }) = self.orders.get(id).map(|o| o.state) else {
            return;
        };
        if self.vehicle_state(vehicle).present || self.fleet[vehicle.index()].paused {
            return;
        }
        let mut emit = moves(&mut self.stock, out);
        if self
            .orders
            .unassign(id, Reason::VehicleUnavailable, self.now_ms, &mut emit)
            .is_ok()
        {
            let v = &mut self.fleet[vehicle.index()];
            v.mission = Mission::Idle;
            v.mission_cycle = self.cycle;
        }
    }

    /// The dispatcher's answer: each assignment is taken over if it still fits.
    pub(super) fn take_dispatch<O: Outputs>(
        &mut self,
        proposal: Box<DispatchProposal>,
        out: &mut O,
    ) {
        self.dispatcher.unanswered = false;
        if self.dispatcher.asked == Some(proposal.stamp) {
            self.dispatcher.asked = None;
        }
        // First whoever is told something else lets go of its order, so that another may have it.
        for vehicle in self.vehicles() {
            let told = proposal
                .assignments
                .iter()
                .find(|(v, _)| *v == vehicle)
                .map(|(_, task)| *task);
            let state = self.vehicle_state(vehicle);
            if !state.available || told == state.task {
                continue;
            }
            if let Some(Task::Order(id)) = state.task {
                let mut emit = moves(&mut self.stock, out);
                if self
                    .orders
                    .unassign(id, Reason::Reassigned, self.now_ms, &mut emit)
                    .is_err()
                {
                    continue;
                }
            }
            let v = &mut self.fleet[vehicle.index()];
            v.mission = Mission::Idle;
            v.mission_cycle = self.cycle;
        }
        for &(vehicle, task) in &proposal.assignments {
            if vehicle.index() >= self.fleet.len() {
                self.counts.assignments_refused += 1;
                continue;
            }
            let state = self.vehicle_state(vehicle);
            if state.task == Some(task) {
                continue;
            }
            let mission = match task {
                _ if !state.available || state.task.is_some() => None,
                Task::Order(id) => {
                    self.take_from_absent(id, out);
                    let mut emit = moves(&mut self.stock, out);
                    let assigned = self.orders.assign(id, vehicle, self.now_ms, &mut emit);
                    assigned
                        .is_ok()
                        .then_some(Mission::Order { id, loaded: false })
                }
                Task::Charge(charger) => {
                    let known = charger.index() < self.floor.chargers.len();
                    (known && !charger_taken(self, charger, Some(vehicle)))
                        .then_some(Mission::Charge(charger))
                }
                Task::Park(node) => self
                    .floor
                    .parking
                    .contains(&node)
                    .then_some(Mission::Park(node)),
            };
            let Some(mission) = mission else {
                self.counts.assignments_refused += 1;
                continue;
            };
            self.counts.assignments += 1;
            let v = &mut self.fleet[vehicle.index()];
            v.mission = mission;
            v.mission_cycle = self.cycle;
        }
        out.recycle_dispatch(proposal);
    }
}
