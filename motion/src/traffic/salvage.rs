//! What stays planned when the floor changes under a plan.

use super::rehearsal::Stage;
use super::{Check, Refusal, Traffic, Work};
use takt_maps::{ClassId, Floor, NodeId, VehicleId};

impl Traffic {
    /// Is something being rehearsed, so that nothing is granted before it has come to its end?
    pub fn is_rehearsing(&self) -> bool {
        self.work != Work::Nothing
    }

    /// Has the floor changed under what is planned, so that [`settle`](Self::settle) has to look what still holds?
    pub fn is_unsettled(&self) -> bool {
        matches!(self.work, Work::Salvage { .. })
    }

    /// Forgets a vehicle's pending moves, and those of others that do not hold without them: the latter when
    /// [`settle`](Self::settle) comes to them.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn drop_plan(&mut self, vehicle: VehicleId) {
        self.abandon_admission();
        if let Some((rank, _)) = self.order.next_of(vehicle) {
            self.order.drop_from(rank);
            self.unsettle();
        }
    }

    /// Forgets all pending moves: everyone comes to rest at the end of their base.
    pub fn clear_plans(&mut self) {
        self.abandon_admission();
        self.order.clear();
        self.work = Work::Nothing;
    }

    /// Goes on looking which pending moves still hold after the floor has changed: at `steps` moves at most. True when
    /// there is nothing (more) to look at; until then nothing is granted.
    ///
    /// Moves that do not hold any more are dropped, and with the first of a vehicle its later ones.
    pub fn settle(&mut self, steps: usize) -> bool {
        let Work::Salvage { mut rank } = self.work else {
            return true;
        };
        let end = self.order.ranks();
        let until = end.min(rank.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX)));
        while rank < until {
            if let Some(m) = self.order.pending(rank) {
                let stage = Stage {
                    agents: &self.agents,
                    ground: &self.ground,
                    zones: &self.zones,
                    ways: &self.ways,
                };
                if self.rehearsal.carry_out(&stage, rank, &m).is_err() {
                    self.order.drop_from(rank);
                }
            }
            rank += 1;
        }
        self.work = if rank < end {
            Work::Salvage { rank }
        } else {
            Work::Nothing
        };
        rank == end
    }

    /// What is planned has to be looked at anew, from its beginning.
    pub(super) fn unsettle(&mut self) {
        if self.checks(Check::Salvage) {
            self.abandon_admission();
            self.rehearsal.begin();
            self.work = Work::Salvage { rank: 0 };
        }
    }

    /// While something is rehearsed, base ends and classes stay as they are.
    pub(super) fn refuse_while_rehearsing(&self) -> Result<(), Refusal> {
        if self.work == Work::Nothing {
            Ok(())
        } else {
            Err(Refusal::Rehearsing)
        }
    }

    /// Could a vehicle that stands at a node in a class from now on be in the way of what is planned? It has no pending
    /// moves itself.
    pub(super) fn is_in_the_way(
        &self,
        floor: &Floor,
        vehicle: VehicleId,
        class: ClassId,
        node: NodeId,
    ) -> bool {
        let place = floor.roadmap.place_of(node);
        let mut conflicts = floor.conflicts.of(class, place).iter();
        conflicts.any(|conflict| {
            let others = |v: VehicleId| self.class_of(v);
            let in_conflict = self.order.earlier_conflict(u32::MAX, conflict, others);
            in_conflict.is_some_and(|other| other != vehicle)
        })
    }

    /// Is a zone that this node is in yet to be entered by anyone?
    pub(super) fn is_in_wanted_zone(&self, node: NodeId) -> bool {
        let mut zones = self.zones.of_node(node).iter();
        zones.any(|&zone| {
            let entry = self.order.earlier_entry(&self.zones, zone, u32::MAX);
            entry.is_some()
        })
    }
}
