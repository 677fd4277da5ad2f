//! Admission: what may be planned, and who comes under control.

use super::{Check, Traffic};
use crate::{MotionProposal, Move};
use takt_maps::{EdgeId, Floor, NodeId, VehicleId, ZoneId};

/// Why something was not taken on; then nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The floor has no such vehicle.
    #[error("there is no vehicle {}", .0.0)]
    UnknownVehicle(VehicleId),
    /// The floor has no such node.
    #[error("there is no node {}", .0.0)]
    UnknownNode(NodeId),
    /// The floor has no such edge.
    #[error("there is no edge {}", .0.0)]
    UnknownEdge(EdgeId),
    /// The vehicle is under control already.
    #[error("the vehicle is under control already")]
    AlreadyPlaced,
    /// The vehicle is not under control.
    #[error("vehicle {} is not under control", .0.0)]
    NotPlaced(VehicleId),
    /// The vehicle is on its way, or has a base that is not finished.
    #[error("the vehicle is not at rest")]
    NotAtRest,
    /// The ground is in conflict with what another vehicle holds.
    #[error("vehicle {} holds ground in conflict", by.0)]
    Held {
        /// The other vehicle.
        by: VehicleId,
    },
    /// The zone would have more vehicles than its capacity.
    #[error("zone {} is full", .0.0)]
    Zone(ZoneId),
    /// The sequence number leaves too few above it.
    #[error("the sequence number is not below 2^31")]
    Sequence,
    /// The proposal is not for this fleet.
    #[error("the proposal is for {vehicles} vehicles")]
    WrongFleet {
        /// Vehicles in it.
        vehicles: usize,
    },
    /// The proposal has more moves than there is room for.
    #[error("the proposal has {moves} moves, more than there is room for")]
    TooLong {
        /// Moves in it.
        moves: usize,
    },
    /// The proposal starts from a base end that the vehicle does not have, or has left another way.
    #[error("vehicle {} is no longer where the proposal starts", vehicle.0)]
    Stale {
        /// The vehicle.
        vehicle: VehicleId,
    },
    /// A move does not start where its vehicle then stands.
    #[error("move {rank} does not start where its vehicle stands")]
    WrongStart {
        /// The move.
        rank: u32,
    },
    /// A move uses an edge that its vehicle's kind may not use.
    #[error("move {rank} uses an edge that is not for the vehicle's kind")]
    WrongKind {
        /// The move.
        rank: u32,
    },
    /// A move comes in conflict with where another vehicle then stands.
    #[error("move {rank} comes in conflict with vehicle {}", other.0)]
    Conflict {
        /// The move.
        rank: u32,
        /// The other vehicle.
        other: VehicleId,
    },
    /// A move enters a zone that is then full.
    #[error("move {rank} enters zone {}, which is full", zone.0)]
    ZoneFull {
        /// The move.
        rank: u32,
        /// The zone.
        zone: ZoneId,
    },
}

impl Traffic {
    /// Puts a vehicle that stands still at a node under control: at the start, after a restart, after it was lost.
    ///
    /// `heading` is the direction that its front points in, of any length; `None` if it is not known. Its waypoints are
    /// numbered from `seq + 1`. Others' pending moves that came in conflict with it are dropped.
    ///
    /// # Errors
    /// If it is under control already, if another vehicle holds ground in conflict, if a zone is full, if `seq` is not
    /// below 2^31, or if there is no such vehicle or node.
    pub fn place(
        &mut self,
        floor: &Floor,
        vehicle: VehicleId,
        node: NodeId,
        loaded: bool,
        heading: Option<(i32, i32)>,
        seq: u32,
    ) -> Result<(), Refusal> {
        let Some(agent) = self.agents.get(vehicle.index()) else {
            return Err(Refusal::UnknownVehicle(vehicle));
        };
        if node.index() >= floor.roadmap.nodes().len() {
            return Err(Refusal::UnknownNode(node));
        }
        if agent.placed {
            return Err(Refusal::AlreadyPlaced);
        }
        if seq >= 1 << 31 {
            return Err(Refusal::Sequence);
        }
        let place = floor.roadmap.place_of(node);
        let class = floor.kind_of(vehicle).class(loaded);
        if let Some(by) = self
            .ground
            .in_conflict(floor, vehicle, class, place, |v| self.class_of(v))
        {
            return Err(Refusal::Held { by });
        }
        let full = |&&z: &&ZoneId| !self.ground.has_room(&self.zones, z, vehicle);
        if let Some(&zone) = self.zones.of(place).iter().find(full) {
            return Err(Refusal::Zone(zone));
        }
        let (x, y) = heading.unwrap_or_default();
        let agent = &mut self.agents[vehicle.index()];
        agent.place(node, (x.into(), y.into()), seq);
        agent.loaded = loaded;
        agent.class = class;
        self.ground.take(&self.zones, place, vehicle);
        self.rehash(vehicle);
        self.salvage(floor);
        Ok(())
    }

    /// Takes a vehicle off the floor and frees all that it holds. Only when a person says that it is gone.
    ///
    /// Nothing happens if it is not under control. Others' plans stay: they lose an obstacle.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn remove(&mut self, vehicle: VehicleId) {
        let agent = &mut self.agents[vehicle.index()];
        for place in agent.held() {
            self.ground.release(&self.zones, place, vehicle);
        }
        agent.placed = false;
        agent.reached = agent.granted;
        if let Some((rank, _)) = self.order.next_of(vehicle) {
            self.order.drop_from(rank);
        }
        self.rehash(vehicle);
    }

    /// Changes the load state, and with it the footprint, of a vehicle at rest.
    ///
    /// A larger footprint has to be taken before the load is, so that a refusal comes in time: ask again in a later
    /// cycle. Pending moves that the new footprint forbids, its own and others', are dropped.
    ///
    /// # Errors
    /// If it is not under control or not at rest, or if another vehicle holds ground in conflict with the new footprint.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn set_loaded(
        &mut self,
        floor: &Floor,
        vehicle: VehicleId,
        loaded: bool,
    ) -> Result<(), Refusal> {
        let agent = &self.agents[vehicle.index()];
        if !agent.placed {
            return Err(Refusal::NotPlaced(vehicle));
        }
        if agent.base_len() > 0 {
            return Err(Refusal::NotAtRest);
        }
        let old = agent.class;
        let class = floor.kind_of(vehicle).class(loaded);
        let place = floor.roadmap.place_of(agent.rest);
        if let Some(by) = self
            .ground
            .in_conflict(floor, vehicle, class, place, |v| self.class_of(v))
        {
            return Err(Refusal::Held { by });
        }
        let agent = &mut self.agents[vehicle.index()];
        agent.loaded = loaded;
        agent.class = class;
        self.rehash(vehicle);
        if class != old {
            self.salvage(floor);
        }
        Ok(())
    }

    /// Checks a proposal against the state as it is now. If it holds, it replaces all moves that are not granted yet.
    ///
    /// A vehicle may have been granted moves since the snapshot that the proposal answers. As far as they are the ones
    /// that it proposes too, they are taken as done, and the rest is checked from where the vehicle will now rest.
    ///
    /// # Errors
    /// If it does not hold, with the first reason found; what was pending stays.
    pub fn admit(&mut self, floor: &Floor, proposal: &MotionProposal) -> Result<(), Refusal> {
        if proposal.base_end.len() != self.agents.len() {
            let vehicles = proposal.base_end.len();
            return Err(Refusal::WrongFleet { vehicles });
        }
        if proposal.moves.len() > self.order.moves_max() {
            let moves = proposal.moves.len();
            return Err(Refusal::TooLong { moves });
        }
        self.catch_up(floor, proposal)?;
        self.rehearsal.begin(&self.agents, &self.zones);
        let result = self.rehearse_ahead(floor);
        self.rehearsal.end(&self.agents);
        result?;
        self.order
            .replace(floor, &self.zones, &self.rehearsal.ahead);
        Ok(())
    }

    /// Fills `rehearsal.ahead` with the moves that are not granted yet.
    fn catch_up(&mut self, floor: &Floor, proposal: &MotionProposal) -> Result<(), Refusal> {
        let Self {
            rehearsal, agents, ..
        } = self;
        rehearsal.followed.copy_from_slice(&proposal.base_end);
        for (i, agent) in agents.iter().enumerate().filter(|(_, a)| a.placed) {
            let base_end = proposal.base_end[i];
            if base_end < agent.placed_at || base_end > agent.granted {
                let vehicle = VehicleId::from_index(i);
                return Err(Refusal::Stale { vehicle });
            }
        }
        rehearsal.ahead.clear();
        for m in &proposal.moves {
            let Some(agent) = agents.get(m.vehicle.index()) else {
                return Err(Refusal::UnknownVehicle(m.vehicle));
            };
            if m.edge.index() >= floor.roadmap.edges().len() {
                return Err(Refusal::UnknownEdge(m.edge));
            }
            if !agent.placed {
                return Err(Refusal::NotPlaced(m.vehicle));
            }
            let followed = &mut rehearsal.followed[m.vehicle.index()];
            if *followed == agent.granted {
                rehearsal.ahead.push(*m);
                continue;
            }
            // Granted since the snapshot: it must have been this move.
            *followed += 1;
            if agent.step(*followed).map(|s| s.edge) != Some(m.edge) {
                let vehicle = m.vehicle;
                return Err(Refusal::Stale { vehicle });
            }
        }
        Ok(())
    }

    fn rehearse_ahead(&mut self, floor: &Floor) -> Result<(), Refusal> {
        #[cfg(test)]
        {
            self.rehearsal.without_conflicts = !self.checks(Check::Rehearsal);
            self.rehearsal.without_zones = !self.checks(Check::RehearsalZone);
        }
        for rank in 0..self.rehearsal.ahead.len() {
            let m = self.rehearsal.ahead[rank];
            self.rehearsal
                .carry_out(floor, &self.agents, &self.zones, rank as u32, &m)?;
        }
        Ok(())
    }

    /// Forgets a vehicle's pending moves, and those of others that do not hold without them.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn drop_plan(&mut self, floor: &Floor, vehicle: VehicleId) {
        if let Some((rank, _)) = self.order.next_of(vehicle) {
            self.order.drop_from(rank);
            self.salvage(floor);
        }
    }

    /// Forgets all pending moves: everyone comes to rest at the end of their base.
    pub fn clear_plans(&mut self, floor: &Floor) {
        self.order.clear(floor, &self.zones);
    }

    /// Rehearses what is pending and drops what does not hold any more. A vehicle's later moves fall with the first
    /// that does not.
    fn salvage(&mut self, floor: &Floor) {
        if !self.checks(Check::Salvage) {
            return;
        }
        self.rehearsal.begin(&self.agents, &self.zones);
        for rank in 0..self.order.ranks() {
            let Some(m): Option<Move> = self.order.pending(rank) else {
                continue;
            };
            let carried = self
                .rehearsal
                .carry_out(floor, &self.agents, &self.zones, rank, &m);
            if carried.is_err() {
                self.order.drop_from(rank);
            }
        }
        self.rehearsal.end(&self.agents);
    }
}
