//! Locating: after a start, a restart or a vehicle's power-on nothing is granted before it is known where they stand.

use takt_maps::words::{Action, ActionState, LoadId, OperatingMode, Pose};
use takt_maps::{BufferId, ClassId, EdgeId, NodeId, OrderId, PlaceId, VehicleId};
use takt_scheduler::materials::Account;
use takt_scheduler::orders::{Order, OrderState, Reason, Totals};

use super::fleet::{DockPhase, Location, Mission, distance_mm, near_segment};
use super::reports::alarm;
use crate::follower::model::{AlarmKind, AlarmPriority};

use super::looks::share;
use super::{Controller, Delta, Outputs, Refused, Restored, moves};

/// A vehicle that has not said where it is for so long after the start is named in an alarm.
const PATIENCE_MS: u64 = 10_000;

impl Controller {
    /// Takes over what a store kept. Orders whose vehicle had not begun to load go back to being open.
    pub(super) fn restore(&mut self, restored: &Restored) {
        let last = OrderId(self.next_order - 1);
        self.orders
            .restore_past(last, Totals::default(), restored.bad_ends.iter().copied());
        for (i, buffer) in self.floor.buffers.iter().enumerate() {
            let pieces = restored.stock.get(i).copied().unwrap_or(buffer.initial);
            let account = Account {
                pieces,
                known: buffer.level.is_none(),
                ..Account::default()
            };
            self.stock.restore(BufferId::from_index(i), account);
        }
        for order in &restored.orders {
            // No vehicle had begun on it: it is open again.
            let state = match order.state {
                OrderState::Assigned { .. } => OrderState::Open,
                state => state,
            };
            let order = Order { state, ..*order };
            // Refused only if the floor has less room for orders than before; then it stays in the store.
            if let Err(refusal) = self.orders.restore(order) {
                tracing::error!("order {} could not be taken over: {refusal}", order.id.0);
                continue;
            }
            if let Some(vehicle) = state.vehicle()
                && let Some(before) = self.order_before.get_mut(vehicle.index())
            {
                before.get_or_insert(order.id);
            }
            self.stock.resume(&order.spec, state.on_board());
        }
        for edge in &restored.blocked {
            if let Some(blocked) = self.blocked.get_mut(edge.index()) {
                *blocked = true;
            }
        }
        for vehicle in &restored.paused {
            if let Some(v) = self.fleet.get_mut(vehicle.index()) {
                v.paused = true;
            }
        }
        for &(vehicle, boot) in &restored.boots {
            if let Some(v) = self.fleet.get_mut(vehicle.index()) {
                v.boot = Some(boot);
            }
        }
    }

    /// Puts vehicles under control that have taken over this epoch and stand at a node.
    pub(super) fn locate_vehicles<O: Outputs>(&mut self, out: &mut O) {
        if self.missing == 0 {
            return;
        }
        let before = self.missing;
        self.follow_newest_epoch();
        // A vehicle is named again once a hundred cycles.
        let round = self
            .fleet
            .len()
            .div_ceil(share(self.fleet.len(), self.floor.control.cycle_us).max(1))
            as u64;
        let names_silent =
            self.cycle % super::TICK_CYCLES < round && self.now_ms >= self.start_ms + PATIENCE_MS;
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            self.locate(vehicle, out);
            if names_silent && self.fleet[vehicle.index()].location == Location::Unknown {
                let kind = AlarmKind::VehiclePosition(vehicle);
                out.delta(alarm(true, kind, AlarmPriority::High, self.now_ms));
            }
        }
        if self.missing != before || self.cycle % super::TICK_CYCLES == 1 {
            out.delta(Delta::Locating {
                missing: self.missing,
            });
        }
        self.all_located |= self.missing == 0;
    }

    /// Vehicles follow the greatest epoch that they know. Where that is not this controller's (its store was lost), it
    /// takes a greater one, before the first vehicle is located.
    fn follow_newest_epoch(&mut self) {
        if self.missing as usize == self.fleet.len() && self.newest_epoch > self.epoch {
            self.epoch = self.newest_epoch.saturating_add(1);
            self.fleet.iter_mut().for_each(|v| v.command_due = true);
        }
    }

    fn locate<O: Outputs>(&mut self, vehicle: VehicleId, out: &mut O) {
        let v = &self.fleet[vehicle.index()];
        let report = v.report;
        // One that a person drives or pushes is not where it will be.
        let by_hand = report.mode == OperatingMode::Manual;
        if v.location != Location::Unknown
            || !v.linked
            || by_hand
            || report.epoch != self.epoch
            || !v.stands()
        {
            return;
        }
        let Some(pose) = report.pose else { return };
        let Some(node) = self.node_at(pose) else {
            return;
        };
        let heading = heading_vector(pose.heading_mrad);
        let loaded = report.load != LoadId::NONE;
        if self
            .traffic
            .place(
                &self.floor,
                vehicle,
                node,
                loaded,
                Some(heading),
                report.base_end_seq,
            )
            .is_err()
        {
            return;
        }
        let v = &mut self.fleet[vehicle.index()];
        v.believed_at = None;
        self.set_known(vehicle);
        let v = &mut self.fleet[vehicle.index()];
        self.missing -= 1;
        v.action_sequence = report.action_sequence;
        v.action = Action::None;
        self.dispatch_due = true;
        let kind = AlarmKind::VehiclePosition(vehicle);
        out.delta(alarm(false, kind, AlarmPriority::High, self.now_ms));
        self.resume_order(vehicle, out);
    }

    /// After a restart: what became of the order that the vehicle was on?
    fn resume_order<O: Outputs>(&mut self, vehicle: VehicleId, out: &mut O) {
        let load = self.fleet[vehicle.index()].report.load;
        let before = self.order_before[vehicle.index()].take();
        let Some(order) = before.and_then(|id| self.orders.get(id)).copied() else {
            return;
        };
        let (id, on_board, now_ms) = (order.id, load == LoadId::of(order.id), self.now_ms);
        let mut emit = moves(&mut self.stock, out);
        let done = match order.state {
            OrderState::Loading { .. } if on_board => self.orders.loaded(id, now_ms, &mut emit),
            OrderState::Assigned { .. } | OrderState::Loading { .. } if !on_board => self
                .orders
                .unassign(id, Reason::VehicleUnavailable, now_ms, &mut emit),
            OrderState::Carrying { .. } if !on_board => self
                .orders
                .failed(id, Reason::LoadLost, now_ms, &mut emit)
                .map(drop),
            OrderState::Unloading { .. } if !on_board => {
                self.orders.completed(id, now_ms, &mut emit).map(drop)
            }
            _ => Ok(()),
        };
        debug_assert!(
            done.is_ok(),
            "the arms above are the transitions that the book allows"
        );
        if on_board {
            let v = &mut self.fleet[vehicle.index()];
            v.mission = Mission::Order { id, loaded: true };
            v.mission_cycle = self.cycle;
        }
    }

    /// The vehicle was switched off and on: it has forgotten its base, and stands somewhere on it.
    ///
    /// Its ground stays held. If it stands at a node of it, it is located again there; elsewhere it is lost until a
    /// person has moved it.
    pub(super) fn rejoin(&mut self, vehicle: VehicleId) {
        let v = &mut self.fleet[vehicle.index()];
        if v.location == Location::Unknown {
            return;
        }
        if v.action != Action::None && v.report.action_state == ActionState::None {
            v.action = Action::None;
        }
        v.command_due = true;
        // What it was doing it has forgotten, too: it is told again.
        if let Some(transfer) = &mut v.transfer {
            (transfer.acting, transfer.failed, transfer.dialogue) = (false, false, None);
        }
        if let Some(dock) = &mut v.dock {
            (dock.phase, dock.dialogue) = (DockPhase::Connecting, None);
        }
        if self
            .traffic
            .renumber(vehicle, v.report.base_end_seq)
            .is_err()
        {
            // It counts where nothing can be counted on: a person has to look.
            self.set_lost(vehicle);
        }
    }

    /// A person has looked at a vehicle that is not where it should be: what it holds is freed, and it is located where it
    /// says that it stands.
    ///
    /// # Errors
    /// If there is no such vehicle, or if it does not stand at another node with nothing ahead of it and nothing begun.
    pub(super) fn locate_anew(&mut self, vehicle: VehicleId) -> Result<(), Refused> {
        if vehicle.index() >= self.fleet.len() {
            return Err(Refused::UnknownVehicle);
        }
        let v = &self.fleet[vehicle.index()];
        let node = v.report.pose.and_then(|pose| self.node_at(pose));
        let settled = v.location == Location::Lost
            && v.linked
            && v.stands()
            && v.report.epoch == self.epoch
            && v.report.mode == OperatingMode::Automatic
            && v.transfer.is_none()
            && v.dock.is_none();
        if !settled || node.is_none() || node == self.traffic.at_rest(vehicle) {
            return Err(Refused::NotToBeLocated);
        }
        let v = &mut self.fleet[vehicle.index()];
        v.location = Location::Unknown;
        v.miscounts = None;
        self.missing += 1;
        self.traffic.remove(vehicle);
        Ok(())
    }

    /// The node that a pose is at.
    fn node_at(&self, pose: Pose) -> Option<NodeId> {
        let at = (pose.x_mm, pose.y_mm);
        self.nodes.nearest(&self.floor.roadmap, at)
    }

    /// From now on it is where it may be.
    pub(super) fn set_known(&mut self, vehicle: VehicleId) {
        let v = &mut self.fleet[vehicle.index()];
        v.location = Location::Known;
        if std::mem::take(&mut v.astray) {
            self.lost.retain(|&lost| lost != vehicle);
        }
    }

    /// From now on it is not where it may be.
    pub(super) fn set_lost(&mut self, vehicle: VehicleId) {
        let v = &mut self.fleet[vehicle.index()];
        v.location = Location::Lost;
        if !std::mem::replace(&mut v.astray, true) {
            let place = self.lost.partition_point(|&lost| lost < vehicle);
            self.lost.insert(place, vehicle);
        }
    }

    /// Holds those who were granted ground on which one that is not where it should be says that it is, and lets them go
    /// again once it is not there.
    ///
    /// It may say so too late: it was located when it reported another position than it had, and since then the ground
    /// under it was free for others.
    pub(super) fn hold_for_the_lost(&mut self) {
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            if let Some(lost) = self.fleet[vehicle.index()].held_for
                && !self.is_held_for(vehicle, lost)
            {
                self.set_held_for(vehicle, None);
            }
            if self.fleet[vehicle.index()].astray {
                self.hold_others(vehicle);
            }
        }
    }

    /// Holds those on whose granted ground a vehicle is that is not where it should be.
    fn hold_others(&mut self, lost: VehicleId) {
        let pose = self.fleet[lost.index()].report.pose;
        let Some(node) = pose.and_then(|pose| self.node_at(pose)) else {
            return;
        };
        let class = self.class(lost);
        let place = self.floor.roadmap.place_of(node);
        for i in 0..self.floor.conflicts.of(class, place).len() {
            let conflict = self.floor.conflicts.of(class, place)[i];
            let holder = self.traffic.holder(conflict.place);
            let others = holder.filter(|&v| self.fleet[v.index()].held_for.is_none());
            if let Some(other) = others.filter(|&other| self.is_held_for(other, lost)) {
                self.set_held_for(other, Some(lost));
            }
        }
    }

    fn set_held_for(&mut self, vehicle: VehicleId, lost: Option<VehicleId>) {
        let v = &mut self.fleet[vehicle.index()];
        v.held_for = lost;
        v.command_due = true;
    }

    /// Has a vehicle been granted ground that one that is not where it should be is on, by the word of that one? As long as
    /// it says nothing it may still be where it was.
    fn is_held_for(&self, vehicle: VehicleId, lost: VehicleId) -> bool {
        let mut ahead = self.traffic.base_edges(vehicle).peekable();
        if self.fleet[vehicle.index()].location != Location::Known
            || !self.fleet[lost.index()].astray
            || ahead.peek().is_none()
        {
            return false;
        }
        let Some(pose) = self.fleet[lost.index()].report.pose else {
            return true;
        };
        match self.node_at(pose) {
            Some(node) => ahead.any(|edge| self.would_meet(vehicle, edge, lost, node)),
            None => self.is_about(vehicle, (pose.x_mm, pose.y_mm), lost),
        }
    }

    /// Is a point, where another one is between two nodes, so near to a vehicle's base that the two might touch?
    fn is_about(&self, vehicle: VehicleId, point: (i32, i32), other: VehicleId) -> bool {
        let radius = |v: VehicleId| {
            let kind = self.floor.kind_of(v);
            let corners = kind.footprint.iter().chain(&kind.footprint_loaded);
            corners.map(|&corner| distance_mm(corner, (0, 0))).max()
        };
        let touch = radius(vehicle).unwrap_or(0) + radius(other).unwrap_or(0);
        let within = u32::try_from(touch).unwrap_or(u32::MAX);
        let start = self
            .floor
            .roadmap
            .node(self.traffic.last_reached(vehicle).0);
        let mut from = (start.x_mm, start.y_mm);
        self.traffic.base(vehicle).any(|waypoint| {
            let to = (waypoint.x_mm, waypoint.y_mm);
            let near = near_segment(point, from, to, within);
            from = to;
            near
        })
    }

    /// A vehicle that is not where it may be, says that it is at a node, and would be in the way of `vehicle` there.
    ///
    /// It may be right: located when it reported another position than it had, say, it holds ground that it is not on.
    pub(super) fn in_the_way_by_its_word(
        &self,
        vehicle: VehicleId,
        edge: EdgeId,
    ) -> Option<VehicleId> {
        self.lost.iter().copied().find(|&lost| {
            let pose = self.fleet[lost.index()].report.pose;
            let node = pose.and_then(|pose| self.node_at(pose));
            node.is_some_and(|node| self.would_meet(vehicle, edge, lost, node))
        })
    }

    /// Would a vehicle on an edge, or at its end, be in the way of another one that is at a node?
    fn would_meet(&self, vehicle: VehicleId, edge: EdgeId, other: VehicleId, node: NodeId) -> bool {
        let edge = self.floor.roadmap.edge(edge);
        let wanted = [edge.place, self.floor.roadmap.place_of(edge.to)];
        let there = (self.class(other), self.floor.roadmap.place_of(node));
        let class = self.class(vehicle);
        let conflict = |&place: &PlaceId| self.floor.conflicts.conflict((class, place), there);
        other != vehicle && wanted.iter().any(conflict)
    }

    /// Its class, with a load if it has one by what is known or by its own word.
    fn class(&self, vehicle: VehicleId) -> ClassId {
        let report = &self.fleet[vehicle.index()].report;
        let loaded = self.traffic.is_loaded(vehicle) || report.load != LoadId::NONE;
        self.floor.kind_of(vehicle).class(loaded)
    }
}

/// The direction of a heading, as a vector of some length.
fn heading_vector(heading_mrad: i16) -> (i32, i32) {
    let angle = f64::from(heading_mrad) / 1_000.0;
    (
        (libm::cos(angle) * 10_000.0) as i32,
        (libm::sin(angle) * 10_000.0) as i32,
    )
}
