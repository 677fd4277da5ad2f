//! Admission: a plan becomes what is planned, if it can be carried out to its end.

#[cfg(test)]
use super::Check;
use super::hash::mix;
use super::rehearsal::Stage;
use super::{Refusal, Traffic, Work};
use crate::{MotionProposal, Move};
use takt_maps::{Floor, VehicleId};
use takt_rt::mutant::{Mutant, is_on};

/// How many moves early memory is read: enough to cover a wait for it.
const AHEAD: usize = 6;

/// How far an admission is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Admission {
    /// Of the proposal: to notice when another one is handed in.
    stamp: u64,
    moves: usize,
    /// Vehicles whose base end has been compared.
    compared: usize,
    /// Moves that have been followed or rehearsed.
    done: usize,
}

impl Admission {
    /// Its share of the state hash. What has been rehearsed is in that of the draft; the proposal is an input.
    pub fn hash(&self) -> u64 {
        let numbers = [self.stamp, self.moves as u64, self.compared as u64];
        numbers.into_iter().fold(mix(3, self.done as u64), mix)
    }
}

impl Traffic {
    /// Checks a proposal against the state as it is now. If it holds, it replaces all moves that are not granted yet.
    ///
    /// A vehicle may have been granted moves since the snapshot that the proposal answers. As far as they are the ones
    /// that it proposes too, they are taken as done, and the rest is checked from where the vehicle will now rest.
    ///
    /// All at once; in a cycle, [`begin_admission`](Self::begin_admission) and [`admit_some`](Self::admit_some).
    ///
    /// # Errors
    /// If it does not hold, with the first reason found; what was pending stays.
    pub fn admit(&mut self, floor: &Floor, proposal: &MotionProposal) -> Result<(), Refusal> {
        self.begin_admission(proposal)?;
        let result = self.admit_some(floor, proposal, usize::MAX);
        result.unwrap_or(Err(Refusal::Rehearsing))
    }

    /// Begins to check a proposal; [`admit_some`](Self::admit_some) goes on with it. Until it has come to its end,
    /// nothing is granted.
    ///
    /// # Errors
    /// If the proposal cannot be for this floor, or something is being rehearsed already.
    pub fn begin_admission(&mut self, proposal: &MotionProposal) -> Result<(), Refusal> {
        if proposal.base_end.len() != self.agents.len() {
            let vehicles = proposal.base_end.len();
            return Err(Refusal::WrongFleet { vehicles });
        }
        let moves = proposal.moves.len();
        if moves > self.order.moves_max() {
            return Err(Refusal::TooLong { moves });
        }
        if self.work != Work::Nothing {
            return Err(Refusal::Rehearsing);
        }
        self.work = Work::Admission(Admission {
            stamp: proposal.stamp,
            moves,
            compared: 0,
            done: 0,
        });
        self.rehearsal.begin();
        Ok(())
    }

    /// Goes on with the admission of the proposal that it was begun with: looks at `steps` vehicles and moves at most.
    ///
    /// `None`: there is more to look at. `Some`: it has been admitted or refused, and the next call needs a new
    /// beginning. A refusal changes nothing.
    pub fn admit_some(
        &mut self,
        floor: &Floor,
        proposal: &MotionProposal,
        steps: usize,
    ) -> Option<Result<(), Refusal>> {
        let Work::Admission(mut at) = self.work else {
            return Some(Err(Refusal::Overtaken));
        };
        let same = (at.stamp, at.moves) == (proposal.stamp, proposal.moves.len());
        if !same || proposal.base_end.len() != self.agents.len() {
            self.abandon_admission();
            return Some(Err(Refusal::Overtaken));
        }
        #[cfg(test)]
        {
            self.rehearsal.without_conflicts = !self.checks(Check::Rehearsal);
            self.rehearsal.without_zones = !self.checks(Check::RehearsalZone);
        }
        for _ in 0..steps {
            self.approach(proposal, at.done);
            let refused = if at.compared < self.agents.len() {
                let vehicle = VehicleId::from_index(at.compared);
                at.compared += 1;
                self.compare(vehicle, proposal).err()
            } else if let Some(m) = proposal.moves.get(at.done) {
                at.done += 1;
                self.follow(floor, proposal, m).err()
            } else {
                // From here on the new moves are what is planned; the old ones are gone.
                std::mem::swap(&mut self.order, &mut self.draft);
                self.abandon_admission();
                return Some(Ok(()));
            };
            if let Some(refusal) = refused {
                self.abandon_admission();
                return Some(Err(refusal));
            }
        }
        self.work = Work::Admission(at);
        None
    }

    /// Gives an admission up, if there is one: what was planned before stays planned, and grants go on.
    pub fn abandon_admission(&mut self) {
        if matches!(self.work, Work::Admission(_)) {
            self.work = Work::Nothing;
            self.draft.clear();
        }
    }

    /// Reads, a few moves early, what moves soon to be rehearsed are looked up in: all of it lies scattered in memory, and
    /// so the waits overlap. Nothing depends on what is read.
    #[inline]
    fn approach(&self, proposal: &MotionProposal, at: usize) {
        if let Some(m) = proposal.moves.get(at + 2 * AHEAD) {
            std::hint::black_box(self.ways.get(m.edge).map(|way| way.to));
        }
        if let Some(m) = proposal.moves.get(at + AHEAD)
            && let Some(agent) = self.agents.get(m.vehicle.index())
            && let Some(way) = self.ways.get(m.edge)
        {
            std::hint::black_box(self.ways.in_the_way(agent.class, m.edge).first());
            std::hint::black_box(self.rehearsal.glance(m.vehicle, way.to));
            std::hint::black_box(self.draft.glance(way));
        }
    }

    /// Does the vehicle stand, or come to stand, where the proposal may begin?
    fn compare(&self, vehicle: VehicleId, proposal: &MotionProposal) -> Result<(), Refusal> {
        let agent = &self.agents[vehicle.index()];
        let base_end = proposal.base_end[vehicle.index()];
        let known = agent.placed_at..=agent.granted;
        if agent.placed && !known.contains(&base_end) && !is_on(Mutant::IgnoreStaleStamp) {
            return Err(Refusal::Stale { vehicle });
        }
        Ok(())
    }

    /// Takes a proposed move for done if it has been granted since the snapshot; else rehearses it, and notes it down.
    fn follow(
        &mut self,
        floor: &Floor,
        proposal: &MotionProposal,
        m: &Move,
    ) -> Result<(), Refusal> {
        let vehicle = m.vehicle;
        let Some(agent) = self.agents.get(vehicle.index()) else {
            return Err(Refusal::UnknownVehicle(vehicle));
        };
        if m.edge.index() >= floor.roadmap.edges().len() {
            return Err(Refusal::UnknownEdge(m.edge));
        }
        if !agent.placed {
            return Err(Refusal::NotPlaced(vehicle));
        }
        let first = proposal.base_end[vehicle.index()];
        let followed = self.rehearsal.followed(vehicle, first);
        if followed < agent.granted {
            // Granted since the snapshot: it must have been this move.
            if agent.step(followed + 1).map(|s| s.edge) != Some(m.edge)
                && !is_on(Mutant::IgnoreStaleStamp)
            {
                return Err(Refusal::Stale { vehicle });
            }
            self.rehearsal.follow(vehicle, followed + 1);
            return Ok(());
        }
        let rank = self.draft.ranks();
        let stage = Stage {
            agents: &self.agents,
            ground: &self.ground,
            zones: &self.zones,
            ways: &self.ways,
        };
        self.rehearsal.carry_out(&stage, rank, m)?;
        self.draft.add(&self.ways, &self.zones, m);
        Ok(())
    }
}
