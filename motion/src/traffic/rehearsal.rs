//! The rehearsal of a plan: vehicles as points on nodes, moves one at a time.

use super::Refusal;
use super::agent::Agent;
use super::ground::NOBODY;
use super::zones::Zones;
use crate::Move;
use takt_maps::{EdgeId, Floor, NodeId, PlaceId, VehicleId};

/// Where everyone stands in the moment that is rehearsed. Between rehearsals nobody stands anywhere.
#[derive(Clone, Debug)]
pub(super) struct Rehearsal {
    /// For each node the vehicle that stands there, or [`NOBODY`].
    at: Vec<u16>,
    /// For each vehicle on the floor its node.
    node: Vec<NodeId>,
    /// For each zone the vehicles that stand in it.
    inside: Vec<u16>,
    /// For each vehicle the sequence number up to which a proposal has been followed; scratch of admission.
    pub followed: Vec<u32>,
    /// The moves of a proposal that are still ahead; scratch of admission.
    pub ahead: Vec<Move>,
    /// Leaves conflicts out, to see that tests notice.
    #[cfg(test)]
    pub without_conflicts: bool,
    /// Leaves zones out, to see that tests notice.
    #[cfg(test)]
    pub without_zones: bool,
}

impl Rehearsal {
    /// Room for a floor, and for plans of `moves_max` moves.
    pub fn new(floor: &Floor, moves_max: usize) -> Self {
        Self {
            at: vec![NOBODY; floor.roadmap.nodes().len()],
            node: vec![NodeId(0); floor.vehicles.len()],
            inside: vec![0; floor.zones.len()],
            followed: vec![0; floor.vehicles.len()],
            ahead: Vec::with_capacity(moves_max),
            #[cfg(test)]
            without_conflicts: false,
            #[cfg(test)]
            without_zones: false,
        }
    }

    /// Puts everyone at the end of their base.
    pub fn begin(&mut self, agents: &[Agent], zones: &Zones) {
        for (i, agent) in agents.iter().enumerate().filter(|(_, a)| a.placed) {
            self.node[i] = agent.end;
            self.at[agent.end.index()] = i as u16;
            for zone in zones.of_node(agent.end) {
                self.inside[zone.index()] += 1;
            }
        }
    }

    /// Takes everyone off again.
    pub fn end(&mut self, agents: &[Agent]) {
        for (i, _) in agents.iter().enumerate().filter(|(_, a)| a.placed) {
            self.at[self.node[i].index()] = NOBODY;
        }
        self.inside.fill(0);
    }

    /// Carries out one move, if it may be; otherwise changes nothing. `rank` is for the message.
    ///
    /// The vehicle is on the floor, and the edge exists.
    pub fn carry_out(
        &mut self,
        floor: &Floor,
        agents: &[Agent],
        zones: &Zones,
        rank: u32,
        m: &Move,
    ) -> Result<(), Refusal> {
        let agent = &agents[m.vehicle.index()];
        let edge = floor.roadmap.edge(m.edge);
        if edge.from != self.node[m.vehicle.index()] {
            return Err(Refusal::WrongStart { rank });
        }
        if !edge.allows(agent.kind) {
            return Err(Refusal::WrongKind { rank });
        }
        for place in [edge.place, floor.roadmap.place_of(edge.to)] {
            if let Some(other) = self.in_the_way(floor, agents, m.vehicle, place) {
                return Err(Refusal::Conflict { rank, other });
            }
        }
        self.check_zones(zones, rank, m.edge)?;
        // Leave one node, enter the other.
        for zone in zones.of_node(edge.from) {
            self.inside[zone.index()] -= 1;
        }
        for zone in zones.of_node(edge.to) {
            self.inside[zone.index()] += 1;
        }
        self.at[edge.from.index()] = NOBODY;
        self.at[edge.to.index()] = m.vehicle.0;
        self.node[m.vehicle.index()] = edge.to;
        Ok(())
    }

    /// Another vehicle that stands at a node in conflict with this one in `place`.
    fn in_the_way(
        &self,
        floor: &Floor,
        agents: &[Agent],
        vehicle: VehicleId,
        place: PlaceId,
    ) -> Option<VehicleId> {
        #[cfg(test)]
        if self.without_conflicts {
            return None;
        }
        let class = agents[vehicle.index()].class;
        floor.conflicts.of(class, place).iter().find_map(|c| {
            let other = VehicleId(*self.at.get(c.place.index())?);
            let stands = other.0 != NOBODY && other != vehicle;
            let touches = |v: VehicleId| c.classes >> agents[v.index()].class.0 & 1 == 1;
            (stands && touches(other)).then_some(other)
        })
    }

    fn check_zones(&self, zones: &Zones, rank: u32, edge: EdgeId) -> Result<(), Refusal> {
        #[cfg(test)]
        if self.without_zones {
            return Ok(());
        }
        let full = |z: takt_maps::ZoneId| self.inside[z.index()] >= zones.capacity(z);
        match zones.entered_by(edge).iter().find(|&&z| full(z)) {
            Some(&zone) => Err(Refusal::ZoneFull { rank, zone }),
            None => Ok(()),
        }
    }
}
