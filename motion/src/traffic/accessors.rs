//! Questions about the state.

use super::Traffic;
use takt_maps::words::Waypoint;
use takt_maps::{DoorId, EdgeId, Floor, NodeId, PlaceId, VehicleId};

/// All of these panic if the floor has no such vehicle or place.
impl Traffic {
    /// Is the vehicle under control?
    pub fn is_placed(&self, vehicle: VehicleId) -> bool {
        self.agents[vehicle.index()].placed
    }

    /// Is it loaded, as far as traffic was told?
    pub fn is_loaded(&self, vehicle: VehicleId) -> bool {
        self.agents[vehicle.index()].loaded
    }

    /// Where the vehicle will rest, and that waypoint's sequence number. For one that is not under control: where it
    /// was last to rest.
    pub fn base_end(&self, vehicle: VehicleId) -> (NodeId, u32) {
        let agent = &self.agents[vehicle.index()];
        (agent.end, agent.granted)
    }

    /// The last node that it has reached, and that waypoint's sequence number.
    pub fn last_reached(&self, vehicle: VehicleId) -> (NodeId, u32) {
        let agent = &self.agents[vehicle.index()];
        (agent.rest, agent.reached)
    }

    /// The node where it stands, if it is under control and its base is finished.
    pub fn at_rest(&self, vehicle: VehicleId) -> Option<NodeId> {
        let agent = &self.agents[vehicle.index()];
        (agent.placed && agent.base_len() == 0).then_some(agent.rest)
    }

    /// The waypoints granted and not reached, in order; at most
    /// [`BASE_WINDOW`](takt_maps::words::BASE_WINDOW).
    pub fn base(&self, vehicle: VehicleId) -> impl Iterator<Item = &Waypoint> {
        self.agents[vehicle.index()].base().map(|s| &s.waypoint)
    }

    /// The edges of its base, in order.
    pub fn base_edges(&self, vehicle: VehicleId) -> impl Iterator<Item = EdgeId> {
        self.agents[vehicle.index()].base().map(|s| s.edge)
    }

    /// Length of its base, from the last node reached.
    pub fn base_length_mm(&self, vehicle: VehicleId) -> u32 {
        self.agents[vehicle.index()].length_mm
    }

    /// Length of its base beyond the next waypoint: what is surely still ahead, wherever it is on its way there.
    ///
    /// A vehicle that is granted more while this is below
    /// [`lookahead_mm`](crate::kinematics::lookahead_mm) need not brake in between.
    pub fn base_beyond_next_mm(&self, vehicle: VehicleId) -> u32 {
        let agent = &self.agents[vehicle.index()];
        let next = agent.base().next().map_or(0, |s| s.length_mm);
        agent.length_mm - next
    }

    /// The moves that are planned for it and not granted.
    pub fn pending(&self, vehicle: VehicleId) -> impl Iterator<Item = EdgeId> {
        self.order.of_vehicle(vehicle)
    }

    /// Moves in the plan that is carried out, those granted or dropped among them.
    pub fn ranks(&self) -> usize {
        self.order.ranks() as usize
    }

    /// Who holds a place.
    pub fn holder(&self, place: PlaceId) -> Option<VehicleId> {
        self.ground.holder(place)
    }

    /// Does its base lead through a door: does the door have to stay open for it?
    pub fn holds_door(&self, floor: &Floor, vehicle: VehicleId, door: DoorId) -> bool {
        self.base_edges(vehicle)
            .any(|e| floor.roadmap.edge(e).door == Some(door))
    }

    /// Does anybody's base lead through a door?
    pub fn is_door_held(&self, door: DoorId) -> bool {
        self.doors[door.index()] > 0
    }

    /// The places that it holds; one that its base passes twice comes twice.
    pub fn held(&self, vehicle: VehicleId) -> impl Iterator<Item = PlaceId> {
        self.agents[vehicle.index()].held()
    }

    /// The direction of its front at the end of its base, of any length; `None`: not known.
    pub fn heading(&self, vehicle: VehicleId) -> Option<(i64, i64)> {
        let heading = self.agents[vehicle.index()].heading;
        (heading != (0, 0)).then_some(heading)
    }
}
