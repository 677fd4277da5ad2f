//! The audit: the two invariants and all bookkeeping, computed anew from the bases and the pending moves.

use super::Traffic;
use super::order::Order;
use takt_maps::{ClassId, DoorId, Floor, NodeId, PlaceId, VehicleId, ZoneId};

/// What an audit found wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Violation {
    /// Two vehicles hold places in conflict.
    #[error("vehicles {} and {} hold places {} and {} in conflict", vehicles[0].0, vehicles[1].0, places[0].0, places[1].0)]
    Conflict {
        /// The vehicles.
        vehicles: [VehicleId; 2],
        /// What they hold.
        places: [PlaceId; 2],
    },
    /// A zone has more vehicles than its capacity.
    #[error("zone {} has {inside} vehicles inside", zone.0)]
    Zone {
        /// The zone.
        zone: ZoneId,
        /// Vehicles that hold a place in it.
        inside: u16,
    },
    /// The pending move of this rank cannot be carried out in its turn.
    #[error("pending move {rank} cannot be carried out in its turn")]
    Sequence {
        /// The move.
        rank: u32,
    },
    /// The record of who holds a place is not what the bases say.
    #[error("the record of place {} is wrong", .0.0)]
    Record(PlaceId),
    /// The record of whose base passes a door is not what the bases say.
    #[error("the record of door {} is wrong", .0.0)]
    Door(DoorId),
    /// The state hash is not that of the state.
    #[error("the state hash is wrong")]
    Hash,
}

impl Traffic {
    /// Checks that no two vehicles hold places in conflict, that zones are not overfull, that the pending moves can be
    /// carried out one at a time by rank, and that all records agree.
    ///
    /// It allocates and takes time in proportion to everything held: for tests, the simulated floor and debug builds,
    /// not for the control cycle.
    ///
    /// # Errors
    /// The first violation found.
    pub fn audit(&self, floor: &Floor) -> Result<(), Violation> {
        let held: Vec<(VehicleId, ClassId, PlaceId)> = self
            .placed()
            .flat_map(|v| self.held(v).map(move |p| (v, p)))
            .map(|(v, p)| (v, self.kind_class(floor, v), p))
            .collect();
        self.audit_records(floor, &held)?;
        audit_conflicts(floor, &held)?;
        self.audit_zones(floor, &held)?;
        // While it is not settled yet, S has been looked at for no more than a part of the order.
        if !self.is_unsettled() {
            self.audit_sequence(floor, &self.order)?;
        }
        self.audit_sequence(floor, &self.draft)?;
        self.audit_doors(floor)?;
        self.audit_hash()
    }

    /// The vehicles under control.
    fn placed(&self) -> impl Iterator<Item = VehicleId> {
        (0..self.agents.len())
            .map(VehicleId::from_index)
            .filter(|&v| self.is_placed(v))
    }

    /// The class that a vehicle's kind and load state give.
    fn kind_class(&self, floor: &Floor, vehicle: VehicleId) -> ClassId {
        floor.kind_of(vehicle).class(self.is_loaded(vehicle))
    }

    fn audit_records(
        &self,
        floor: &Floor,
        held: &[(VehicleId, ClassId, PlaceId)],
    ) -> Result<(), Violation> {
        let mut times = vec![0u8; floor.roadmap.places()];
        for &(v, class, place) in held {
            times[place.index()] += 1;
            if self.ground.holder(place) != Some(v) || self.class_of(v) != class {
                return Err(Violation::Record(place));
            }
        }
        for (i, &times) in times.iter().enumerate() {
            let place = PlaceId::from_index(i);
            let free = self.ground.holder(place).is_none();
            if self.ground.times(place) != times || free != (times == 0) {
                return Err(Violation::Record(place));
            }
        }
        Ok(())
    }

    fn audit_zones(
        &self,
        floor: &Floor,
        held: &[(VehicleId, ClassId, PlaceId)],
    ) -> Result<(), Violation> {
        for (i, description) in floor.zones.iter().enumerate() {
            let zone = ZoneId::from_index(i);
            let mut inside: Vec<VehicleId> = held
                .iter()
                .filter(|h| description.places.contains(&h.2))
                .map(|h| h.0)
                .collect();
            inside.sort_unstable();
            inside.dedup();
            let count = inside.len() as u16;
            let rests = |v: &VehicleId| {
                let end = floor.roadmap.place_of(self.base_end(*v).0);
                description.places.contains(&end)
            };
            let resting = self.placed().filter(rests).count() as u16;
            if count > description.capacity
                || count != self.ground.inside(zone)
                || resting != self.ground.resting(zone)
            {
                return Err(Violation::Zone {
                    zone,
                    inside: count,
                });
            }
        }
        Ok(())
    }

    /// Invariant S, pair by pair.
    fn audit_sequence(&self, floor: &Floor, order: &Order) -> Result<(), Violation> {
        let mut stands: Vec<(VehicleId, ClassId, NodeId)> = self
            .placed()
            .map(|v| (v, self.kind_class(floor, v), self.base_end(v).0))
            .collect();
        for rank in 0..order.ranks() {
            let Some(m) = order.pending(rank) else {
                continue;
            };
            let edge = floor.roadmap.edge(m.edge);
            let Some(i) = stands.iter().position(|s| s.0 == m.vehicle) else {
                return Err(Violation::Sequence { rank });
            };
            let (vehicle, class, from) = stands[i];
            let uses = [edge.place, floor.roadmap.place_of(edge.to)];
            let others = || stands.iter().filter(|s| s.0 != vehicle);
            let clear = others().all(|&(_, other, node)| {
                let there = (other, floor.roadmap.place_of(node));
                uses.iter()
                    .all(|&p| !floor.conflicts.conflict((class, p), there))
            });
            let room = floor.zones.iter().all(|zone| {
                let inside = |node| zone.places.contains(&floor.roadmap.place_of(node));
                let before = others().filter(|s| inside(s.2)).count();
                let enters = uses.iter().any(|p| zone.places.contains(p));
                !enters || before < usize::from(zone.capacity)
            });
            let kind = floor.vehicles[vehicle.index()].kind;
            if from != edge.from || !edge.allows(kind) || !clear || !room {
                return Err(Violation::Sequence { rank });
            }
            stands[i].2 = edge.to;
        }
        Ok(())
    }

    fn audit_doors(&self, floor: &Floor) -> Result<(), Violation> {
        let wrong = (0..floor.doors.len())
            .map(DoorId::from_index)
            .find(|&door| {
                let held = self.placed().any(|v| self.holds_door(floor, v, door));
                held != self.is_door_held(door)
            });
        wrong.map_or(Ok(()), |door| Err(Violation::Door(door)))
    }

    fn audit_hash(&self) -> Result<(), Violation> {
        let agents = self.agents.iter().enumerate();
        let sum = agents
            .map(|(i, a)| a.hash(VehicleId::from_index(i)))
            .fold(self.order.hash_anew(), u64::wrapping_add)
            .wrapping_add(self.draft.hash_anew().rotate_left(32))
            .wrapping_add(self.work.hash());
        if sum == self.state_hash() {
            Ok(())
        } else {
            Err(Violation::Hash)
        }
    }
}

/// Invariant H, from the table of conflicts and an own record of who holds what.
fn audit_conflicts(floor: &Floor, held: &[(VehicleId, ClassId, PlaceId)]) -> Result<(), Violation> {
    let mut holders: Vec<Option<(VehicleId, ClassId)>> = vec![None; floor.roadmap.places()];
    let conflict = |a: VehicleId, pa, b: VehicleId, pb| {
        (a != b).then_some(Violation::Conflict {
            vehicles: [a, b],
            places: [pa, pb],
        })
    };
    for &(vehicle, class, place) in held {
        if let Some((other, _)) = holders[place.index()].replace((vehicle, class))
            && let Some(violation) = conflict(vehicle, place, other, place)
        {
            return Err(violation);
        }
    }
    for &(vehicle, class, place) in held {
        for c in floor.conflicts.of(class, place) {
            if let Some((other, other_class)) = holders[c.place.index()]
                && c.classes >> other_class.0 & 1 == 1
                && let Some(violation) = conflict(vehicle, place, other, c.place)
            {
                return Err(violation);
            }
        }
    }
    Ok(())
}
