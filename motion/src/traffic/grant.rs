//! Grants and releases.

use super::agent::Step;
use super::{Check, Traffic};
use takt_maps::words::{BASE_WINDOW, Waypoint};
use takt_maps::{EdgeId, Floor, VehicleId};
use takt_rt::mutant::{Mutant, is_on};

/// Why a vehicle is not granted its next move now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Nothing is planned for it, or it is not under control.
    NoMove,
    /// A plan is being looked at, or what is left of one: see [`Traffic::is_rehearsing`].
    Rehearsal,
    /// Another vehicle holds ground in conflict.
    Held {
        /// The other vehicle.
        by: VehicleId,
    },
    /// Another vehicle's move that is planned earlier has to be granted first.
    Order {
        /// The other vehicle.
        behind: VehicleId,
    },
    /// A zone on the way is full.
    Zone,
    /// All is free but the gate: the door on this edge is not open, or nobody may enter.
    Gate(EdgeId),
    /// Its base is as long as a command can carry.
    BaseFull,
    /// Its sequence numbers are used up; remove it and place it again with a lower one.
    Exhausted,
}

/// Why a vehicle's report of what it has reached cannot be true; then nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReportFault {
    /// It is not under control.
    #[error("the vehicle is not under control")]
    NotPlaced,
    /// It says that it has reached what it was never granted.
    #[error("waypoint {reached} is reported, but only {granted} and before were granted")]
    NeverGranted {
        /// What it says.
        reached: u32,
        /// The last waypoint granted.
        granted: u32,
    },
    /// It says less than it said before.
    #[error("waypoint {reached} is reported after {before}")]
    Backward {
        /// What it says.
        reached: u32,
        /// What it said before.
        before: u32,
    },
}

impl Traffic {
    /// Grants the vehicle's next move, if order and ground allow, and returns the waypoint added to its base.
    ///
    /// `speed_limit_mm_s` is a limit beside those of the edge and the vehicle; 1 is the least that is told. `gate` is
    /// asked last, when all else is free: may the edge be entered (is its door open)? Conditions 1 to 4 are those of the
    /// module's description.
    ///
    /// # Errors
    /// Why not, when not; then nothing has changed.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn grant(
        &mut self,
        floor: &Floor,
        vehicle: VehicleId,
        speed_limit_mm_s: u32,
        gate: impl FnOnce(EdgeId) -> bool,
    ) -> Result<Waypoint, Wait> {
        let agent = &self.agents[vehicle.index()];
        let (rank, edge_id) = self.order.next_of(vehicle).ok_or(Wait::NoMove)?;
        if agent.base_len() == BASE_WINDOW {
            return Err(Wait::BaseFull);
        }
        if self.is_rehearsing() {
            return Err(Wait::Rehearsal);
        }
        let seq = agent.granted.checked_add(1).ok_or(Wait::Exhausted)?;
        let edge = floor.roadmap.edge(edge_id);
        assert!(
            agent.placed && edge.from == agent.end && edge.allows(agent.kind),
            "admission let only moves in that start where the vehicle then is"
        );
        let node_place = floor.roadmap.place_of(edge.to);

        // 1 and 2: nobody holds the ground, and nobody is to have it before.
        let class_of = |v| self.class_of(v);
        let holder_of = |place| {
            self.ground
                .in_conflict(floor, vehicle, agent.class, place, class_of)
        };
        for place in [edge.place, node_place] {
            if self.checks(Check::Held)
                && !is_on(Mutant::GrantHeldPlace)
                && let Some(by) = holder_of(place)
                && !(is_on(Mutant::GrantOneNodeTooFar) && holder_of(node_place).is_some())
            {
                return Err(Wait::Held { by });
            }
            for conflict in floor.conflicts.of(agent.class, place) {
                if self.checks(Check::Order)
                    && !is_on(Mutant::SwapDependencies)
                    && let Some(behind) = self.order.earlier_conflict(rank, conflict, class_of)
                {
                    return Err(Wait::Order { behind });
                }
            }
        }
        // 3: zones have room, and are entered in order.
        for &zone in self.zones.entered_by(edge_id) {
            if self.checks(Check::Room) && !self.ground.has_room(&self.zones, zone, vehicle) {
                return Err(Wait::Zone);
            }
            if self.checks(Check::Entry)
                && let Some(behind) = self.order.earlier_entry(&self.zones, zone, rank)
            {
                return Err(Wait::Order { behind });
            }
        }
        // 4: the gate.
        if !gate(edge_id) {
            return Err(Wait::Gate(edge_id));
        }

        let kind = &floor.kinds[agent.kind.index()];
        let (from, to) = (floor.roadmap.node(edge.from), floor.roadmap.node(edge.to));
        let direction = (
            i64::from(to.x_mm) - i64::from(from.x_mm),
            i64::from(to.y_mm) - i64::from(from.y_mm),
        );
        let (drive, heading) = agent.drive(direction, kind.reverse);
        let speed_mm_s = edge
            .speed_mm_s
            .min(kind.speed_mm_s[usize::from(agent.loaded)])
            .min(speed_limit_mm_s)
            .clamp(1, u32::from(u16::MAX));
        let waypoint = Waypoint {
            seq,
            node: edge.to,
            x_mm: to.x_mm,
            y_mm: to.y_mm,
            speed_mm_s: speed_mm_s as u16,
            drive,
        };
        let agent = &mut self.agents[vehicle.index()];
        agent.push(Step {
            waypoint,
            edge: edge_id,
            place: edge.place,
            door: edge.door,
            length_mm: edge.length_mm,
        });
        agent.heading = heading;
        if let Some(door) = edge.door {
            self.doors[door.index()] += 1;
        }
        self.ground.leave_rest(&self.zones, edge.from);
        self.ground.come_to_rest(&self.zones, edge.to);
        self.ground.take(&self.zones, edge.place, vehicle);
        self.ground.take(&self.zones, node_place, vehicle);
        self.order.take(floor, &self.zones, rank);
        self.rehash(vehicle);
        Ok(waypoint)
    }

    /// The vehicle reports the last waypoint that it has reached: everything behind it is released.
    ///
    /// Returns how many nodes it has passed since its last report.
    ///
    /// # Errors
    /// If that was never granted, or is less than before; then nothing has changed.
    ///
    /// # Panics
    /// If the floor has no such vehicle.
    pub fn reached(&mut self, vehicle: VehicleId, seq: u32) -> Result<u32, ReportFault> {
        let agent = &mut self.agents[vehicle.index()];
        if !agent.placed {
            return Err(ReportFault::NotPlaced);
        }
        if seq > agent.granted && !is_on(Mutant::BelieveAnyReport) {
            return Err(ReportFault::NeverGranted {
                reached: seq,
                granted: agent.granted,
            });
        }
        if seq < agent.reached {
            return Err(ReportFault::Backward {
                reached: seq,
                before: agent.reached,
            });
        }
        let seq = if is_on(Mutant::BelieveAnyReport) {
            seq.min(agent.granted)
        } else if is_on(Mutant::ReleaseEarly) && seq > agent.reached {
            (seq + 1).min(agent.granted)
        } else {
            seq
        };
        if is_on(Mutant::NeverRelease) {
            return Ok(0);
        }
        let passed = seq - agent.reached;
        for _ in 0..passed {
            let (step, left) = agent.pop();
            let left_place = takt_maps::PlaceId(left.0);
            self.ground.release(&self.zones, left_place, vehicle);
            self.ground.release(&self.zones, step.place, vehicle);
            if let Some(door) = step.door {
                self.doors[door.index()] -= 1;
            }
        }
        if passed > 0 {
            self.rehash(vehicle);
        }
        Ok(passed)
    }
}
