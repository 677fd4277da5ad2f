//! An order that is kept: what is planned stays planned, and planning goes on from its end when somebody has run out of
//! moves.
//!
//! A plan that is thrown away before it has been carried out costs more than it is worth: who was given way is stopped
//! again. A plan that reaches far costs, too: it counts steps, not seconds, and whoever is late holds up all who come after
//! it. So an order that is kept had better grow by few steps at a time and bend: a vehicle that can't be moved loses what it
//! has not been granted yet, and with [`Switching`] others go before one that is late.

use super::stage::Stage;
use super::switching::Switching;
use super::{Planner, PlannerOptions};
use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot, Move};
use takt_maps::{Floor, NodeId};

/// How an order is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Keeping {
    /// Steps, or operations of each vehicle, by which it grows at a time.
    pub steps: u32,
    /// Whoever has so few moves left gets further ones. A plan knows steps, not times: where some were planned further
    /// ahead than others, those who are there soon would wait for those who come late.
    pub few: u32,
    /// Does it grow by operations of several moves?
    pub operations: bool,
    /// May dependencies be reversed that are not granted yet, and moves be taken from those who can't be moved now?
    pub bends: bool,
}

/// Steps by which an order grows at a time that bends and doesn't grow by operations: with more of them whoever is late holds
/// up more of the others.
pub(super) const STEPS: u32 = 2;

/// A planner that does not take back what it has proposed.
#[derive(Clone, Debug)]
pub struct KeptOrder {
    planner: Planner,
    keeping: Keeping,
    switching: Switching,
    /// What was proposed last; from [`KeptOrder::keep`] on, what is left of it.
    order: Vec<Move>,
    /// The sequence number of each vehicle's base end when that was proposed.
    base_end: Vec<u32>,
    stage: Stage,
    /// Moves that each vehicle has left.
    left: Vec<u32>,
    /// Moves of each vehicle that have been granted since, and not been met in the order yet.
    granted: Vec<u32>,
    /// The fleet at the end of the order.
    ahead: MotionSnapshot,
    further: MotionProposal,
}

impl KeptOrder {
    /// A planner for a floor. Where edges are so short that operations would not reach far enough, it goes by [`STEPS`] at
    /// a time instead.
    pub(super) fn new(floor: &Floor, options: PlannerOptions, mut keeping: Keeping) -> Self {
        let options = PlannerOptions {
            window: keeping.steps,
            jams: keeping.bends,
            operations: keeping.operations,
            ..options
        };
        let mut planner = Planner::new(floor, options);
        if keeping.operations && !planner.rounds.reach_far(&planner.graph) {
            keeping.operations = false;
            keeping.steps = STEPS;
            planner.options.operations = false;
            planner.options.window = STEPS;
        }
        let vehicles = floor.vehicles.len();
        Self {
            stage: Stage::new(&planner.graph, floor.roadmap.places(), vehicles),
            switching: Switching::new(vehicles),
            keeping,
            planner,
            order: Vec::new(),
            base_end: vec![0; vehicles],
            left: vec![0; vehicles],
            granted: vec![0; vehicles],
            ahead: MotionSnapshot::default(),
            further: MotionProposal::default(),
        }
    }

    /// Proposes what is left of the last proposal, in its order, and further moves after it.
    ///
    /// Deterministic in the seed and the snapshots so far. A vehicle's moves are taken out of the order where they can't be
    /// carried out any more: its way is closed, it is not where they begin, or, in an order that bends, it can't be moved.
    pub fn plan(&mut self, floor: &Floor, snapshot: &MotionSnapshot, out: &mut MotionProposal) {
        self.keep(snapshot);
        if self.keeping.bends {
            self.stage.undo(&self.planner.graph, 0);
            let graph = &self.planner.graph;
            self.switching
                .improve(floor, graph, snapshot, &mut self.stage, &mut self.order);
            for m in &self.order {
                self.stage.go(graph, m);
            }
        }
        out.work = self.stage.work();
        if self.wants_more(snapshot) {
            self.look_ahead(snapshot);
            self.planner.plan(floor, &self.ahead, &mut self.further);
            self.order.extend_from_slice(&self.further.moves);
            out.work += self.further.work;
        }
        out.stamp = snapshot.stamp;
        out.base_end.clear();
        out.base_end.extend(snapshot.agents.iter().map(|a| a.seq));
        out.moves.clone_from(&self.order);
        self.base_end.clone_from(&out.base_end);
    }

    /// Takes out of the order what has been granted, and what can't be carried out any more; the stage is at its end then.
    fn keep(&mut self, snapshot: &MotionSnapshot) {
        self.base_end.resize(self.left.len(), 0);
        for (i, granted) in self.granted.iter_mut().enumerate() {
            let seq = snapshot.agents.get(i).map_or(0, |a| a.seq);
            *granted = seq.wrapping_sub(self.base_end[i]);
        }
        let (graph, bends) = (&self.planner.graph, self.keeping.bends);
        self.stage.begin(graph, snapshot);
        self.left.fill(0);
        let (stage, left, granted) = (&mut self.stage, &mut self.left, &mut self.granted);
        self.order.retain(|m| {
            let i = m.vehicle.index();
            if granted[i] > 0 {
                granted[i] -= 1;
                return false;
            }
            // After one that is left out its vehicle is not where the next one begins.
            let stopped = bends && snapshot.agents.get(i).is_some_and(|a| !a.movable);
            let holds = !stopped && stage.may(graph, m);
            if holds {
                stage.go(graph, m);
                left[i] += 1;
            }
            holds
        });
    }

    /// Is somebody about to run out of moves who is not to be where they end?
    fn wants_more(&self, snapshot: &MotionSnapshot) -> bool {
        let needs_ground = |a: &AgentSnapshot| {
            let kind = self.planner.graph.kinds.get(a.kind.index());
            !self.keeping.operations || kind.is_some_and(|kind| kind.needs_ground(a.ready_ms))
        };
        let wants = |(i, a): (usize, &AgentSnapshot)| {
            let end = NodeId(self.stage.node(i));
            a.present
                && a.movable
                && needs_ground(a)
                && self.left[i] <= self.keeping.few
                && a.goal.is_some_and(|g| g != end)
        };
        let agents = snapshot.agents.iter().take(self.left.len());
        agents.enumerate().any(wants)
    }

    /// The fleet as it will be at the end of the order.
    fn look_ahead(&mut self, snapshot: &MotionSnapshot) {
        self.ahead.clone_from(snapshot);
        for (i, it) in self
            .ahead
            .agents
            .iter_mut()
            .take(self.left.len())
            .enumerate()
        {
            if it.present && it.node.index() < self.planner.graph.nodes {
                it.node = NodeId(self.stage.node(i));
                it.seq += self.left[i];
                it.movable &= self.left[i] <= self.keeping.few;
            }
        }
    }
}
