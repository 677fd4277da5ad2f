//! Admission: what is planned, and what stays planned when the floor changes.

use super::{Check, Refusal, Traffic};
use crate::{MotionProposal, Move};
use takt_maps::{Floor, VehicleId};

impl Traffic {
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
    pub(super) fn salvage(&mut self, floor: &Floor) {
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
