//! Who is on the floor: vehicles come under control, are taken off, and change their footprint.

use super::{Refusal, Traffic};
use takt_maps::{Floor, NodeId, VehicleId, ZoneId};

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
        Ok(())
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
}
