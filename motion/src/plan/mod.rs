//! Planning: from a snapshot to a proposal.
//!
//! A lifelong planner after PIBT (priority inheritance with backtracking), rolled forward for a window of steps. What
//! it needs beyond the paper, because roadmaps of factories have dead ends, one-way lanes and narrow aisles, and
//! vehicles that stand for minutes:
//!
//! - *conflict sets* instead of cells: a vehicle pushes everyone who stands in conflict with its way (`pibt`);
//! - *precedence*: one that can't push another aside lets it go first, and remembers that until the two are clear of
//!   each other, so that the other can push back and get out (`yielding`);
//! - *refuges*: one that has nowhere to go and is in the way is given a place to go to, with precedence (`routes`);
//! - *gates*: a dead end is kept for one visitor at a time, and the others wait away from its mouth (`gates`);
//! - *detours*: who has long been stopped by one that can't move goes round, if there is a way round (`recall`);
//! - *operations*: vehicles choose what they do in the next few ticks, turns and waits included, not only the next edge
//!   (`round`, [`epibt`]), where that is asked for;
//! - *lots*: those who have long moved in vain draw new priorities, until one of them gets through;
//! - *a complete search*: for one that draws them in vain, too, LaCAM\* plans for everybody (`jam`, [`oneshot`]), where
//!   that is asked for.
//!
//! [`oneshot`] also plans on grids, for everybody from a start to a goal; [`lifelong`] for robots that turn.
//!
//! Other ways to say who goes first on floors ([`Discipline`]): an order that is kept, grows a little at a time and bends for
//! late vehicles (`kept`, `switching`), a fixed order, and exclusive blocks.

mod blocks;
mod chance;
mod discipline;
#[cfg(test)]
mod discipline_tests;
mod distance;
pub mod epibt;
mod gates;
mod graph;
mod ground;
mod jam;
mod kept;
mod layers;
pub mod lifelong;
mod memory;
pub mod oneshot;
mod outlook;
mod pibt;
mod rank;
mod recall;
mod round;
mod routes;
#[cfg(test)]
mod rules;
mod spurs;
mod stage;
mod switching;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod world;
mod yielding;

pub use blocks::Blocks;
pub use discipline::{AnyPlanner, Discipline};
pub use kept::KeptOrder;

use crate::proposal::{MotionProposal, MotionSnapshot};
use distance::Fields;
use gates::Gates;
use graph::{Graph, NONE};
use jam::Jam;
use memory::Memory;
use pibt::{Stacks, Step};
use round::Rounds;
use routes::RefugeFinder;
use takt_maps::{Floor, PlaceId};
use world::{Phase, World};

/// How a [`Planner`] works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannerOptions {
    /// Steps to look ahead, at least 1; in one step each vehicle takes one edge at most, or one operation.
    pub window: u32,
    /// Seed of tie-breaks.
    pub seed: u64,
    /// Effort after which no further step is begun, in edges and nodes looked at.
    pub work_max: u64,
    /// May a complete search get vehicles out of jams?
    pub jams: bool,
    /// Do vehicles choose operations of several moves at a time, those apart who have long moved in vain?
    pub operations: bool,
}

impl Default for PlannerOptions {
    fn default() -> Self {
        Self {
            window: 16,
            seed: 0,
            work_max: 1_000_000,
            jams: false,
            operations: false,
        }
    }
}

/// The planner: it keeps tables of its floor, distance fields, and what it remembers of each vehicle.
#[derive(Clone, Debug)]
pub struct Planner {
    options: PlannerOptions,
    graph: Graph,
    fields: Fields,
    world: World,
    memory: Vec<Memory>,
    gates: Gates,
    finder: RefugeFinder,
    stacks: Stacks,
    jam: Jam,
    rounds: Rounds,
    /// Closed places in the last snapshot.
    closed: Vec<PlaceId>,
    /// Who decides when, in the current step.
    order: Vec<u32>,
    queue: Vec<u32>,
    listed: Vec<bool>,
    evictions: Vec<(u32, u32)>,
    /// Refuges that may still be looked for in this plan.
    searches: u32,
}

/// Steps in a row without a move after which nothing more is expected.
const STILL_MAX: u32 = 4;

impl Planner {
    /// A planner for a floor.
    ///
    /// # Panics
    /// If the floor's tables contradict each other (a kind without class, a place without conflict set).
    pub fn new(floor: &Floor, options: PlannerOptions) -> Self {
        let graph = Graph::new(floor);
        let agents = floor.vehicles.len();
        Self {
            options,
            fields: Fields::new(graph.nodes, agents),
            world: World::new(&graph, floor.roadmap.places(), agents),
            memory: vec![Memory::default(); agents],
            gates: Gates::new(&graph),
            finder: RefugeFinder::new(graph.nodes),
            stacks: Stacks::default(),
            jam: Jam::new(agents),
            rounds: Rounds::new(floor, &graph, options.seed),
            closed: Vec::new(),
            order: Vec::with_capacity(agents),
            queue: Vec::with_capacity(agents),
            listed: vec![false; agents],
            evictions: Vec::new(),
            searches: 0,
            graph,
        }
    }

    /// Plans motion from a snapshot; the answer replaces what is in `out`.
    ///
    /// Deterministic in the snapshot, the seed, and the snapshots planned before. Agents beyond the floor's vehicles
    /// are ignored. The moves keep the order that [`MotionProposal`] asks for: carried out one at a time, no vehicle
    /// is on an edge or node that conflicts with where another one stands, nor in a zone that is full.
    pub fn plan(&mut self, floor: &Floor, snapshot: &MotionSnapshot, out: &mut MotionProposal) {
        debug_assert_eq!(
            floor.roadmap.nodes().len(),
            self.graph.nodes,
            "the floor it was made for"
        );
        self.begin(snapshot);
        if !(self.options.jams && self.get_out_of_jam(floor, snapshot)) {
            self.roll_forward();
        }

        out.stamp = snapshot.stamp;
        out.base_end.clear();
        out.base_end.extend(snapshot.agents.iter().map(|a| a.seq));
        out.moves.clear();
        out.moves.extend_from_slice(&self.world.moves);
        out.work = self.work();
    }

    /// Plans step by step, as far as the window goes.
    fn roll_forward(&mut self) {
        let mut still = 0;
        for step in 0..self.options.window.max(1) {
            // Who goes first?
            self.let_past(step == 0);
            self.open_gates();
            self.sort();

            // Each decides in turn, if it hasn't been pushed by then.
            let before = self.world.moves.len();
            for at in 0..self.order.len() {
                let agent = self.order[at];
                if self.goes_by_steps(agent as usize)
                    && self.world.agents[agent as usize].phase == Phase::Open
                {
                    Step {
                        graph: &self.graph,
                        fields: &self.fields,
                        world: &mut self.world,
                        stacks: &mut self.stacks,
                    }
                    .settle(agent, None);
                }
            }
            if self.options.operations {
                self.operate();
            }

            // What does it mean for the next step, and for the next plan?
            self.arrive(before);
            self.learn(step == 0);
            still = if self.world.moves.len() == before {
                still + 1
            } else {
                0
            };
            if still == STILL_MAX || self.work() > self.options.work_max {
                break;
            }
        }
    }

    /// Does a vehicle take single edges instead of operations? Those who have long moved in vain, once they are there.
    fn goes_by_steps(&self, agent: usize) -> bool {
        let it = &self.world.agents[agent];
        let is_there = self.graph.kinds[usize::from(it.kind)].needs_ground(it.ready_ms);
        !self.options.operations || (is_there && self.draws_lots(agent))
    }

    fn work(&self) -> u64 {
        self.world.work + self.fields.work + self.finder.work + self.jam.work + self.rounds.work
    }

    /// Shuts and opens dead ends, and sends those away who idle in one that is wanted.
    fn open_gates(&mut self) {
        self.evictions.clear();
        self.gates.update(
            &self.graph,
            &self.fields,
            &mut self.world,
            &mut self.evictions,
        );
        for at in 0..self.evictions.len() {
            let (idler, comer) = self.evictions[at];
            if !self.world.agents[idler as usize].fixed {
                self.send_away(idler, comer, None);
            }
        }
    }

    /// Sorts those who decide: by tier, priority and number, but nobody before the one that it lets past.
    fn sort(&mut self) {
        self.queue.clear();
        for (i, it) in self.world.agents.iter_mut().enumerate() {
            (it.refused, it.nearer, it.yields, it.stuck) = (false, false, false, None);
            it.phase = if it.fixed {
                Phase::Decided
            } else {
                Phase::Open
            };
            self.listed[i] = !it.present || it.fixed;
            if !self.listed[i] {
                self.queue.push(i as u32);
            }
        }
        let agents = &self.world.agents;
        self.queue.sort_unstable_by_key(|&i| {
            let it = &agents[i as usize];
            std::cmp::Reverse((it.tier(), it.priority, std::cmp::Reverse(i)))
        });
        self.order.clear();
        for &agent in &self.queue {
            // Those to be let past come just before; precedences make no rings.
            let begin = self.order.len();
            let mut at = agent;
            while at != NONE && !self.listed[at as usize] {
                self.listed[at as usize] = true;
                self.order.push(at);
                at = self.world.agents[at as usize].after;
            }
            self.order[begin..].reverse();
        }
    }

    /// Takes note of the moves of a step.
    fn arrive(&mut self, before: usize) {
        for at in before..self.world.moves.len() {
            let moved = self.world.moves[at];
            let (from, to, direction) = self.graph.edges[moved.edge.index()];
            let it = &mut self.world.agents[moved.vehicle.index()];
            it.heading = direction;
            it.nearer =
                it.field != NONE && self.fields.ms(it.field, to) < self.fields.ms(it.field, from);
            it.waiting &= !it.nearer;
            // From now on it hands a load over.
            it.fixed |= it.node == it.dwells_at;
        }
    }
}
