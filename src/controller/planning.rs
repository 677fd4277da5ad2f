//! Questions to the planner, and what becomes of its answers: it proposes, the cycle disposes.
//!
//! A snapshot of the whole fleet is filled over some cycles, and a plan for the whole fleet is admitted over some cycles:
//! each takes a bounded part of one. From the first vehicle in the snapshot to the end of the admission nothing is
//! granted, so that the answer fits; but a planner that is late is waited for no longer than most of its period.

use takt_maps::{EdgeId, VehicleId};
use takt_motion::traffic::Refusal;
use takt_motion::{AgentSnapshot, MotionProposal, MotionSnapshot};

use super::fleet::{Location, Mission, distance_mm, flags};
use super::looks::share;
use super::tracked::{Digest, Mixer};
use super::{Controller, Outputs};

/// A plan is rehearsed in so many microseconds of cycles.
const ADMISSION_US: u64 = 200_000;
/// In a period of so many microseconds a move can be rehearsed without being noticed.
const US_PER_MOVE: u64 = 10;

/// What is on its way between the controller and the planner.
#[derive(Debug, Default)]
pub(super) struct Planning {
    /// Since when nothing is granted, for an answer that is being asked for or is on its way.
    frozen_ms: Option<u64>,
    /// When it was last asked.
    last_ms: u64,
    /// It has not answered yet, however long ago it was asked: its snapshot is still with it.
    unanswered: bool,
    filling: Option<Filling>,
    admitting: Option<Admitting>,
}

/// A snapshot that is being filled.
#[derive(Debug)]
struct Filling {
    snapshot: Box<MotionSnapshot>,
    /// The first vehicle that is not in it.
    next: usize,
    /// Everything that is in it.
    digest: Mixer,
}

/// A proposal that is being admitted.
#[derive(Debug)]
struct Admitting {
    proposal: Box<MotionProposal>,
    begun: bool,
}

impl Digest for Planning {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add_option(self.frozen_ms);
        mixer.add(self.last_ms);
        mixer.add(flags([self.unanswered]));
        mixer.add_option(self.filling.as_ref().map(|f| f.digest.end()));
        // How far it has been rehearsed is in the hash of traffic.
        let admitting = self.admitting.as_ref();
        mixer.add_option(admitting.map(|a| a.proposal.stamp << 1 | u64::from(a.begun)));
    }
}

impl Controller {
    /// Asks for motion, once a planner period, if anybody has somewhere to go.
    pub(super) fn ask_planner<O: Outputs>(&mut self, out: &mut O) {
        if self.planner.filling.is_none() && !self.begin_question(out) {
            return;
        }
        let Some(mut filling) = self.planner.filling.take() else {
            return;
        };
        let fleet = self.fleet.len();
        let until = fleet.min(filling.next + share(fleet, self.floor.control.cycle_us));
        while filling.next < until {
            let vehicle = VehicleId::from_index(filling.next);
            self.describe(vehicle, &mut filling);
            filling.next += 1;
        }
        if filling.next < fleet {
            self.planner.filling = Some(filling);
            return;
        }
        for (i, _) in self.blocked.iter().enumerate().filter(|(_, b)| **b) {
            let edge = self.floor.roadmap.edge(EdgeId::from_index(i));
            filling.snapshot.blocked.push(edge.place);
        }
        filling.snapshot.blocked.sort_unstable();
        self.planner.last_ms = self.now_ms;
        self.planner.unanswered = true;
        out.ask_planner(filling.snapshot);
    }

    /// Is it time to ask, and is there a snapshot to fill? Then grants wait from now on.
    fn begin_question<O: Outputs>(&mut self, out: &mut O) -> bool {
        let period = u64::from(self.floor.control.planner_ms);
        if !self.all_located
            || self.stopping
            || self.is_frozen()
            || self.planner.unanswered
            || self.planner.admitting.is_some()
            || self.now_ms < self.planner.last_ms + period
            || !self.plan_wanted
        {
            return false;
        }
        let Some(mut snapshot) = out.motion_snapshot() else {
            return false;
        };
        self.plan_wanted = false;
        snapshot.stamp = self.cycle;
        snapshot.agents.clear();
        snapshot.blocked.clear();
        self.planner.frozen_ms = Some(self.now_ms);
        self.planner.filling = Some(Filling {
            snapshot,
            next: 0,
            digest: Mixer::new(self.cycle),
        });
        true
    }

    /// Adds a vehicle to a snapshot.
    fn describe(&self, vehicle: VehicleId, filling: &mut Filling) {
        let v = &self.fleet[vehicle.index()];
        let held_up = v.is_held_up(self.now_ms);
        let (node, seq) = self.traffic.base_end(vehicle);
        let kind = self.floor.vehicles[vehicle.index()].kind;
        let loaded = self.traffic.is_loaded(vehicle);
        let agent = AgentSnapshot {
            present: self.traffic.is_placed(vehicle),
            movable: self.may_move(vehicle) && !held_up,
            node,
            seq,
            ready_ms: self.ready_ms(vehicle),
            kind,
            class: self.floor.kinds[kind.index()].class(loaded),
            goal: v.goal(&self.floor, |id| self.stops(id)),
            dwell: matches!(v.mission, Mission::Order { .. } | Mission::Charge(_)),
            priority: self.priority(vehicle),
        };
        let digest = &mut filling.digest;
        digest.add(u64::from(node.0) << 32 | u64::from(seq));
        digest.add(u64::from(agent.ready_ms));
        digest
            .add(u64::from(agent.priority) << 32 | u64::from(agent.goal.map_or(u32::MAX, |g| g.0)));
        digest.add(
            flags([agent.present, agent.movable, agent.dwell]) << 8 | u64::from(agent.class.0),
        );
        filling.snapshot.agents.push(agent);
        // Ground under a vehicle that is lost, cut off or held up on its way is not to be planned over.
        if v.location == Location::Lost || !v.linked || held_up {
            let rest = self.floor.roadmap.place_of(node);
            for place in self.traffic.held(vehicle).filter(|&p| p != rest) {
                filling.digest.add(u64::from(place.0));
                filling.snapshot.blocked.push(place);
            }
        }
    }

    /// How long it takes a vehicle to get to the end of its base, at its speed and if nothing stops it, ms.
    fn ready_ms(&self, vehicle: VehicleId) -> u32 {
        let kind = self.floor.kind_of(vehicle);
        let own = kind.speed_mm_s[usize::from(self.traffic.is_loaded(vehicle))];
        let start = self
            .floor
            .roadmap
            .node(self.traffic.last_reached(vehicle).0);
        let pose = self.fleet[vehicle.index()].report.pose;
        let mut from = pose.map_or((start.x_mm, start.y_mm), |p| (p.x_mm, p.y_mm));
        let mut ms = 0;
        for waypoint in self.traffic.base(vehicle) {
            let to = (waypoint.x_mm, waypoint.y_mm);
            let speed = u64::from(waypoint.speed_mm_s).min(u64::from(own)).max(1);
            ms += distance_mm(from, to) * 1_000 / speed;
            from = to;
        }
        ms.min(u64::from(u32::MAX)) as u32
    }

    /// Is the vehicle to be elsewhere than where its base ends?
    pub(super) fn wants_plan(&self, vehicle: VehicleId) -> bool {
        let goal = self.fleet[vehicle.index()].goal(&self.floor, |id| self.stops(id));
        goal.is_some_and(|goal| self.traffic.base_end(vehicle).0 != goal)
    }

    /// Greater for orders that matter more and for those that are under way longer.
    fn priority(&self, vehicle: VehicleId) -> u32 {
        match self.fleet[vehicle.index()].mission {
            Mission::Order { id, .. } => {
                let urgency = self
                    .orders
                    .get(id)
                    .map_or(0, |o| u32::from(o.spec.priority));
                1_000 + 1_000 * urgency
            }
            Mission::Charge(_) => 500,
            Mission::Park(_) => 100,
            Mission::Idle => 0,
        }
    }

    /// For so long grants wait for a planner's answer: four fifths of its period.
    pub(super) fn freeze_ms(&self) -> u32 {
        self.floor.control.planner_ms / 5 * 4
    }

    /// Do grants wait for the planner? A late one is not waited for any longer.
    pub(super) fn is_frozen(&mut self) -> bool {
        let Some(since_ms) = self.planner.frozen_ms else {
            return false;
        };
        if self.planner.admitting.is_none() && self.now_ms > since_ms + u64::from(self.freeze_ms())
        {
            self.planner.frozen_ms = None;
            // What is in a snapshot that has not been sent may be overtaken from now on: it begins anew.
            if let Some(filling) = &mut self.planner.filling {
                filling.next = 0;
                filling.snapshot.agents.clear();
                filling.snapshot.blocked.clear();
                filling.digest = Mixer::new(self.cycle);
            }
        }
        self.planner.frozen_ms.is_some()
    }

    /// The planner's answer: from now on it is rehearsed, to be admitted whole or refused.
    pub(super) fn take_motion<O: Outputs>(&mut self, proposal: Box<MotionProposal>, out: &mut O) {
        self.planner.unanswered = false;
        if self.planner.admitting.is_some() {
            // Nobody asked for this one.
            self.counts.plans_refused += 1;
            out.recycle_motion(proposal);
            return;
        }
        self.planner.admitting = Some(Admitting {
            proposal,
            begun: false,
        });
    }

    /// Goes on with what is rehearsed: what is left of a plan after the floor has changed under it, or a new one.
    pub(super) fn rehearse<O: Outputs>(&mut self, out: &mut O) {
        let steps = self.rehearsal_steps();
        if !self.traffic.settle(steps) {
            return;
        }
        let Some(mut admitting) = self.planner.admitting.take() else {
            return;
        };
        let begun = if admitting.begun {
            Ok(())
        } else {
            self.traffic.begin_admission(&admitting.proposal)
        };
        admitting.begun = true;
        let proposal = &admitting.proposal;
        let progress: Option<Result<(), Refusal>> = match begun {
            Ok(()) => self.traffic.admit_some(&self.floor, proposal, steps),
            Err(refusal) => Some(Err(refusal)),
        };
        match progress {
            None => {
                self.planner.admitting = Some(admitting);
                return;
            }
            Some(Ok(())) => self.counts.plans_admitted += 1,
            Some(Err(_)) => self.counts.plans_refused += 1,
        }
        self.planner.frozen_ms = None;
        out.recycle_motion(admitting.proposal);
    }

    /// Vehicles and moves that are rehearsed in a cycle.
    fn rehearsal_steps(&self) -> usize {
        let admitting = self.planner.admitting.as_ref();
        let moves = admitting.map_or(self.traffic.ranks(), |a| a.proposal.moves.len());
        let all = (moves + self.fleet.len()) as u64;
        let cycle_us = u64::from(self.floor.control.cycle_us);
        (all * cycle_us)
            .div_ceil(ADMISSION_US)
            .max(cycle_us / US_PER_MOVE) as usize
    }
}
