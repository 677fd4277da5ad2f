//! Who is on the floor: vehicles come under control, are taken off, and change their footprint.

use super::{Refusal, Traffic};
use takt_maps::{Floor, NodeId, VehicleId, ZoneId};

impl Traffic {
    /// Puts a vehicle that stands still at a node under control: at the start, after a restart, after it was lost.
    ///
    /// `heading` is the direction that its front points in, of any length; `None` if it is not known. Its waypoints are
    /// numbered from `seq + 1`. Others' pending moves that came in conflict with it are dropped when
    /// [`settle`](Self::settle) comes to them.
    ///
    /// # Errors
    /// If it is under control already, if another vehicle holds ground in conflict, if a zone is full, if `seq` is not
    /// below 2^31, if there is no such vehicle or node, or while something is rehearsed.
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
        self.refuse_while_rehearsing()?;
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
        self.ground.come_to_rest(&self.zones, node);
        self.rehash(vehicle);
        if self.is_in_the_way(floor, vehicle, class, node) || self.is_in_wanted_zone(node) {
            self.unsettle();
        }
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
        if !agent.placed {
            return;
        }
        for place in agent.held() {
            self.ground.release(&self.zones, place, vehicle);
        }
        for door in agent.base().filter_map(|step| step.door) {
            self.doors[door.index()] -= 1;
        }
        self.ground.leave_rest(&self.zones, agent.end);
        agent.placed = false;
        agent.reached = agent.granted;
        if let Some((rank, _)) = self.order.next_of(vehicle) {
            self.order.drop_from(rank);
        }
        self.rehash(vehicle);
        // A rehearsal that is under way may have this vehicle standing anywhere.
        self.abandon_admission();
        if self.is_unsettled() {
            self.unsettle();
        }
    }

    /// Numbers a vehicle's base anew, so that its first waypoint is `seq + 1`: it was switched off and on, has forgotten
    /// its base, and counts from `seq`. What it holds stays held, what is planned stays planned.
    ///
    /// # Errors
    /// If it is not under control, or if `seq` is not below 2^31; then nothing has changed.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn renumber(&mut self, vehicle: VehicleId, seq: u32) -> Result<(), Refusal> {
        let agent = &mut self.agents[vehicle.index()];
        if !agent.placed {
            return Err(Refusal::NotPlaced(vehicle));
        }
        if seq >= 1 << 31 {
            return Err(Refusal::Sequence);
        }
        agent.renumber(seq);
        self.rehash(vehicle);
        // A proposal that is being followed by the old numbers cannot be followed any further.
        self.abandon_admission();
        Ok(())
    }

    /// Changes the load state, and with it the footprint, of a vehicle at rest.
    ///
    /// A larger footprint has to be taken before the load is, so that a refusal comes in time: ask again in a later
    /// cycle. Pending moves that the new footprint forbids, its own and others', are dropped when
    /// [`settle`](Self::settle) comes to them.
    ///
    /// # Errors
    /// If it is not under control or not at rest, if another vehicle holds ground in conflict with the new footprint, or
    /// while something is rehearsed that counts on the old one.
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
        let (old, node) = (agent.class, agent.rest);
        let class = floor.kind_of(vehicle).class(loaded);
        if class != old {
            self.refuse_while_rehearsing()?;
        }
        let place = floor.roadmap.place_of(node);
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
        let goes_on = self.order.next_of(vehicle).is_some();
        if class != old && (goes_on || self.is_in_the_way(floor, vehicle, class, node)) {
            self.unsettle();
        }
        Ok(())
    }
}
