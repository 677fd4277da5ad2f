//! The rehearsal of a plan: vehicles as points on nodes, moves one at a time.
//!
//! It begins with everyone at the end of their base, and notes only what moves change: values carry the number of the
//! rehearsal that they belong to, and what carries an older one is looked up in the state of traffic. So a rehearsal
//! begins and ends in constant time, and may be spread over many cycles as long as nobody's base end changes meanwhile.

use super::Refusal;
use super::agent::Agent;
use super::ground::{Ground, NOBODY};
use super::ways::Ways;
use super::zones::Zones;
use crate::Move;
use takt_maps::{EdgeId, Floor, NodeId, PlaceId, VehicleId, ZoneId};
use takt_rt::mutant::{Mutant, is_on};

/// A value of one rehearsal.
#[derive(Clone, Copy, Debug, Default)]
struct Noted<T> {
    number: u32,
    value: T,
}

/// Where everyone stands in the moment that is rehearsed.
#[derive(Clone, Debug)]
pub(super) struct Rehearsal {
    /// Number of the rehearsal, `1 ..`.
    number: u32,
    /// For each node the vehicle that stands there, or [`NOBODY`].
    at: Vec<Noted<u16>>,
    /// For each vehicle on the floor its node.
    node: Vec<Noted<NodeId>>,
    /// For each zone the vehicles that stand in it.
    inside: Vec<Noted<u16>>,
    /// For each vehicle the sequence number up to which a proposal has been followed.
    followed: Vec<Noted<u32>>,
    /// Leaves conflicts out, to see that tests notice.
    #[cfg(test)]
    pub without_conflicts: bool,
    /// Leaves zones out, to see that tests notice.
    #[cfg(test)]
    pub without_zones: bool,
}

/// The state that a rehearsal begins with, and what never changes.
pub(super) struct Stage<'a> {
    pub agents: &'a [Agent],
    pub ground: &'a Ground,
    pub zones: &'a Zones,
    pub ways: &'a Ways,
}

impl Rehearsal {
    /// Room for a floor.
    pub fn new(floor: &Floor) -> Self {
        Self {
            number: 1,
            at: vec![Noted::default(); floor.roadmap.nodes().len()],
            node: vec![Noted::default(); floor.vehicles.len()],
            inside: vec![Noted::default(); floor.zones.len()],
            followed: vec![Noted::default(); floor.vehicles.len()],
            #[cfg(test)]
            without_conflicts: false,
            #[cfg(test)]
            without_zones: false,
        }
    }

    /// Puts everyone at the end of their base.
    pub fn begin(&mut self) {
        self.number = self.number.checked_add(1).unwrap_or_else(|| {
            // After 2^32 rehearsals old numbers come again.
            self.at.fill(Noted::default());
            self.node.fill(Noted::default());
            self.inside.fill(Noted::default());
            self.followed.fill(Noted::default());
            1
        });
    }

    /// The sequence number up to which a proposal has been followed for a vehicle; `first` before its first move.
    pub fn followed(&self, vehicle: VehicleId, first: u32) -> u32 {
        self.noted(&self.followed[vehicle.index()]).unwrap_or(first)
    }

    /// Notes how far a proposal has been followed.
    pub fn follow(&mut self, vehicle: VehicleId, value: u32) {
        let number = self.number;
        self.followed[vehicle.index()] = Noted { number, value };
    }

    /// Reads what a move of this vehicle to this node will look up.
    #[inline]
    pub fn glance(&self, vehicle: VehicleId, to: NodeId) -> (u32, u32, u32) {
        (
            self.at[to.index()].number,
            self.node[vehicle.index()].number,
            self.followed[vehicle.index()].number,
        )
    }

    /// Carries out one move, if it may be; otherwise changes nothing. `rank` is for the message.
    ///
    /// The vehicle is on the floor, and the edge exists.
    pub fn carry_out(&mut self, stage: &Stage, rank: u32, m: &Move) -> Result<(), Refusal> {
        let agent = &stage.agents[m.vehicle.index()];
        let way = stage.ways.way(m.edge);
        let stands = self.noted(&self.node[m.vehicle.index()]);
        if way.from != stands.unwrap_or(agent.end) {
            return Err(Refusal::WrongStart { rank });
        }
        if !way.allows(agent.kind) {
            return Err(Refusal::WrongKind { rank });
        }
        if let Some(other) = self.in_the_way(stage, m)
            && !is_on(Mutant::SkipRehearsal)
        {
            return Err(Refusal::Conflict { rank, other });
        }
        self.check_zones(stage, rank, m.edge)?;
        // Leave one node, enter the other.
        let number = self.number;
        if stage.zones.len() > 0 {
            for &zone in stage.zones.of_node(way.from) {
                let value = self.inside(stage, zone) - 1;
                self.inside[zone.index()] = Noted { number, value };
            }
            for &zone in stage.zones.of_node(way.to) {
                let value = self.inside(stage, zone) + 1;
                self.inside[zone.index()] = Noted { number, value };
            }
        }
        let value = NOBODY;
        self.at[way.from.index()] = Noted { number, value };
        let value = m.vehicle.0;
        self.at[way.to.index()] = Noted { number, value };
        let value = way.to;
        self.node[m.vehicle.index()] = Noted { number, value };
        Ok(())
    }

    /// Another vehicle that stands at a node in conflict with this move.
    fn in_the_way(&self, stage: &Stage, m: &Move) -> Option<VehicleId> {
        #[cfg(test)]
        if self.without_conflicts {
            return None;
        }
        let class = stage.agents[m.vehicle.index()].class;
        stage.ways.in_the_way(class, m.edge).iter().find_map(|c| {
            let other = self.stands_at(stage, c.place)?;
            let touches = c.classes >> stage.agents[other.index()].class.0 & 1 == 1;
            (other != m.vehicle && touches).then_some(other)
        })
    }

    /// Who stands at a place, if it is a node.
    fn stands_at(&self, stage: &Stage, place: PlaceId) -> Option<VehicleId> {
        let at = self.at.get(place.index())?;
        match self.noted(at) {
            Some(NOBODY) => None,
            Some(vehicle) => Some(VehicleId(vehicle)),
            // Untouched so far: whoever holds it stands there if its base ends there, and else passes it before.
            None => stage
                .ground
                .holder(place)
                .filter(|v| stage.agents[v.index()].end == NodeId(place.0)),
        }
    }

    fn inside(&self, stage: &Stage, zone: ZoneId) -> u16 {
        self.noted(&self.inside[zone.index()])
            .unwrap_or_else(|| stage.ground.resting(zone))
    }

    fn noted<T: Copy>(&self, noted: &Noted<T>) -> Option<T> {
        (noted.number == self.number).then_some(noted.value)
    }

    fn check_zones(&self, stage: &Stage, rank: u32, edge: EdgeId) -> Result<(), Refusal> {
        #[cfg(test)]
        if self.without_zones {
            return Ok(());
        }
        if stage.zones.len() == 0 {
            return Ok(());
        }
        let full = |z: ZoneId| self.inside(stage, z) >= stage.zones.capacity(z);
        let entered = stage.zones.entered_by(edge);
        match entered.iter().find(|&&z| full(z)) {
            Some(&zone) => Err(Refusal::ZoneFull { rank, zone }),
            None => Ok(()),
        }
    }
}
