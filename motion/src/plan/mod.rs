//! Planning: from a snapshot to a proposal.
//!
//! A lifelong planner after PIBT (priority inheritance with backtracking), rolled forward for a window of steps. What
//! it needs beyond the paper, because roadmaps of factories have dead ends, one-way lanes and narrow aisles, and
//! vehicles that stand for minutes:
//!
//! - *conflict sets* instead of cells: a vehicle pushes everyone who stands in conflict with its way ([`pibt`]);
//! - *precedence*: one that can't push another aside lets it go first, and remembers that until the two are clear of
//!   each other, so that the other can push back and get out ([`routes`]);
//! - *refuges*: one that has nowhere to go and is in the way is given a place to go to, with precedence;
//! - *gates*: a dead end is kept for one visitor at a time, and the others wait away from its mouth ([`gates`]);
//! - *detours*: who has long been stopped by one that can't move goes round, if there is a way round ([`distance`]).

mod distance;
mod gates;
mod graph;
mod memory;
mod pibt;
mod rank;
mod routes;
mod spurs;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod world;

use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot};
use distance::{Fields, UNREACHABLE};
use gates::Gates;
use graph::{Graph, NONE};
use memory::{Memory, Refuge};
use pibt::{Stacks, Step};
use routes::{RefugeFinder, RefugeFor};
use takt_maps::{Floor, PlaceId};
use world::{Agent, Blocker, Phase, World};

/// How a [`Planner`] works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannerOptions {
    /// Steps to look ahead, at least 1; in one step each vehicle takes one edge at most.
    pub window: u32,
    /// Seed of tie-breaks.
    pub seed: u64,
    /// Effort after which no further step is begun, in edges and nodes looked at.
    pub work_max: u64,
}

impl Default for PlannerOptions {
    fn default() -> Self {
        Self {
            window: 16,
            seed: 0,
            work_max: 1_000_000,
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

/// Plans in a row in which a vehicle is stopped by one that can't move, before it looks for a way round.
const DETOUR_AFTER: u32 = 8;
/// ... and before it looks again.
const DETOUR_AGAIN: u32 = 64;
/// What a vehicle that can't move costs on a detour, at first.
const DETOUR_MS: u32 = 20_000;
/// Detours made in one plan at most.
const DETOURS_MAX: u32 = 4;
/// Refuges looked for in one plan at most.
const SEARCHES_MAX: u32 = 8;
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
        debug_assert_eq!(floor.roadmap.nodes().len(), self.graph.nodes, "the floor it was made for");
        self.begin(snapshot);

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
                if self.world.agents[agent as usize].phase == Phase::Open {
                    Step {
                        graph: &self.graph,
                        fields: &self.fields,
                        world: &mut self.world,
                        stacks: &mut self.stacks,
                    }
                    .settle(agent, None);
                }
            }

            // What does it mean for the next step, and for the next plan?
            self.arrive(before);
            self.learn(step == 0);
            still = if self.world.moves.len() == before { still + 1 } else { 0 };
            if still == STILL_MAX || self.work() > self.options.work_max {
                break;
            }
        }

        out.stamp = snapshot.stamp;
        out.base_end.clear();
        out.base_end.extend(snapshot.agents.iter().map(|a| a.seq));
        out.moves.clear();
        out.moves.extend_from_slice(&self.world.moves);
        out.work = self.work();
    }

    fn work(&self) -> u64 {
        self.world.work + self.fields.work + self.finder.work
    }

    /// Sets the world up as the snapshot has it, and brings the memory up to date.
    fn begin(&mut self, snapshot: &MotionSnapshot) {
        self.fields.work = 0;
        self.finder.work = 0;
        self.world.work = 0;
        self.searches = SEARCHES_MAX;
        self.world.moves.clear();
        self.world.occupant.fill(NONE);
        self.world.in_zone.fill(0);
        let changed = self.closed != snapshot.blocked;
        if changed {
            self.closed.clone_from(&snapshot.blocked);
            self.world.closed.fill(false);
            for place in &self.closed {
                if let Some(closed) = self.world.closed.get_mut(place.index()) {
                    *closed = true;
                }
            }
        }
        self.fields.begin(changed);

        for i in 0..self.world.agents.len() {
            self.world.agents[i] = self.recall(snapshot, i);
        }
        for i in 0..self.world.agents.len() {
            if self.world.agents[i].present {
                self.world.place(&self.graph, i as u32);
            }
        }
        self.find_ways();
    }

    /// One vehicle as the snapshot and the memory have it, without its distance field.
    fn recall(&mut self, snapshot: &MotionSnapshot, i: usize) -> Agent {
        let absent = Agent {
            field: NONE,
            goal: NONE,
            after: NONE,
            dwells_at: NONE,
            shut_out: NONE,
            ..Agent::default()
        };
        let known = |a: &&AgentSnapshot| {
            a.present && a.node.index() < self.graph.nodes && a.kind.index() < self.graph.kinds.len()
        };
        let Some(now) = snapshot.agents.get(i).filter(known) else {
            self.memory[i] = Memory::default();
            return absent;
        };
        let goal = now.goal.filter(|g| g.index() < self.graph.nodes);

        // A new goal is a new beginning.
        let memory = &mut self.memory[i];
        memory.age = memory.age.saturating_add(1);
        if memory.goal != goal {
            (memory.goal, memory.age) = (goal, 0);
            (memory.blocked, memory.detour) = (0, false);
            memory.refuge = None;
        }
        if memory.node != now.node.0 && memory.node != NONE {
            memory.heading = self.graph.direction(memory.node, now.node.0);
        }
        memory.node = now.node.0;

        // A refuge is needed as long as the one that it was found for is still on its way.
        memory.refuge = memory.refuge.filter(|r| {
            let taken = |(j, a): (usize, &AgentSnapshot)| j != i && a.present && a.node.0 == r.node;
            !snapshot.agents.iter().enumerate().any(taken)
                && snapshot.agents.get(r.comer as usize).is_some_and(|c| {
                c.present && c.node.0 != r.comer_goal && c.goal.is_some_and(|g| g.0 == r.comer_goal)
            })
        });
        let memory = &self.memory[i];
        let to = memory.refuge.map(|r| r.node).or(goal.map(|g| g.0));
        let dwells_at = goal.filter(|_| now.dwell).map_or(NONE, |g| g.0);
        let fixed = !now.movable || dwells_at == now.node.0;
        Agent {
            present: true,
            fixed,
            dwells_at,
            phase: if fixed { Phase::Decided } else { Phase::Open },
            kind: now.kind.0,
            class: now.class.0,
            node: now.node.0,
            goal: to.unwrap_or(NONE),
            heading: memory.heading,
            priority: u64::from(now.priority) + u64::from(memory.age),
            after: memory.after,
            seed: rank::mix(
                self.options.seed ^ ((i as u64) << 32) ^ u64::from(memory.age / 16),
            ),
            ..absent
        }
    }

    /// Gives everyone its distance field: the shared one of its goal, or its own way round.
    fn find_ways(&mut self) {
        let mut detours = 0;
        for i in 0..self.world.agents.len() {
            let it = self.world.agents[i];
            if !it.present || it.goal == NONE {
                continue;
            }
            let (graph, world) = (&self.graph, &self.world);
            let closed = |edge: u32| world.edge_closed(graph, edge);
            let memory = &mut self.memory[i];
            let due = memory.blocked % DETOUR_AGAIN == DETOUR_AFTER && memory.refuge.is_none();
            if due && detours < DETOURS_MAX && !it.fixed {
                detours += 1;
                memory.detour = true;
                let penalty = DETOUR_MS << (memory.blocked / DETOUR_AGAIN).min(4);
                let extra = |edge: u32| {
                    let stands = |s: &graph::Swept| {
                        let other = world.occupant[s.node as usize];
                        other != NONE
                            && other != i as u32
                            && world.agents[other as usize].fixed
                            && s.classes >> world.agents[other as usize].class & 1 == 1
                    };
                    if closed(edge) {
                        distance::CLOSED_MS
                    } else if graph.swept(it.class, edge).iter().any(stands) {
                        penalty
                    } else {
                        0
                    }
                };
                self.fields
                    .make_detour(graph, it.kind, it.goal, i as u32, extra);
            }
            let own = (memory.detour && memory.refuge.is_none())
                .then(|| self.fields.detour(it.kind, it.goal, i as u32))
                .flatten();
            let field = own.unwrap_or_else(|| self.fields.get(graph, it.kind, it.goal, closed));
            if self.fields.ms(field, it.node) != UNREACHABLE {
                self.world.agents[i].field = field;
            }
        }
    }

    /// Ends precedences that have served: the one that goes first is out of the way, or can't go anyway.
    fn let_past(&mut self, now: bool) {
        for i in 0..self.world.agents.len() {
            let after = self.world.agents[i].after;
            if after == NONE {
                continue;
            }
            let (it, first) = (&self.world.agents[i], &self.world.agents[after as usize]);
            let ahead = |a, b| routes::ahead(&self.graph, &self.fields, a, b);
            let holds = it.active()
                && first.active()
                && !first.fixed
                && (ahead(it, first) || ahead(first, it));
            if holds {
                continue;
            }
            self.world.agents[i].after = NONE;
            if now {
                // Not only in the planned future but on the floor.
                self.memory[i].after = NONE;
                let refuge = &mut self.memory[after as usize].refuge;
                *refuge = refuge.filter(|r| r.idle || r.comer != i as u32);
            }
        }
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
            it.phase = if it.fixed { Phase::Decided } else { Phase::Open };
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

    /// Asks of each that could not go on its way what can be done about it.
    fn learn(&mut self, now: bool) {
        for at in 0..self.order.len() {
            let agent = self.order[at];
            let it = self.world.agents[agent as usize];
            let mut stopped = false;
            match it.stuck.filter(|_| it.active()) {
                None => {}
                Some(Blocker::Closed) => {
                    self.world.agents[agent as usize].waiting = true;
                    self.memory[agent as usize].refuge = None; // it can't be reached
                }
                Some(Blocker::Zone(zone)) => {
                    self.world.agents[agent as usize].waiting = true;
                    self.clear_zone(zone, agent);
                }
                Some(Blocker::Agent(other)) if self.world.agents[other as usize].fixed => {
                    self.world.agents[agent as usize].waiting = true;
                    stopped = true;
                }
                Some(Blocker::Agent(other)) => self.go_after(agent, other),
            }
            if now {
                let memory = &mut self.memory[agent as usize];
                memory.blocked = match (stopped, it.nearer) {
                    (true, _) => memory.blocked + 1,
                    (false, true) => 0,
                    (false, false) => memory.blocked,
                };
            }
        }
    }

    /// Lets the one that `agent` couldn't push aside go first, until the two are clear of each other.
    fn go_after(&mut self, agent: u32, other: u32) {
        let first = self.world.agents[other as usize];
        if first.nearer || (first.yields && first.after == agent) {
            return; // it is on its way, or has just let this one go first
        }
        if first.tier() < 2 {
            self.send_away(other, agent, None);
        }
        if !self.world.agents[other as usize].active() {
            return;
        }
        // If that one goes after this one, neither can push the other: now it is its turn to try.
        let it = &mut self.world.agents[agent as usize];
        (it.after, it.yields) = (other, true);
        self.break_ring(agent);
        // What the plan foresees and what was remembered may differ: both must be free of rings.
        self.memory[agent as usize].after = other;
        let mut at = other;
        for _ in 0..self.memory.len() {
            let next = self.memory[at as usize].after;
            if next == agent {
                self.memory[at as usize].after = NONE;
            }
            if next == agent || next == NONE {
                break;
            }
            at = next;
        }
    }

    /// Sees to it that precedences make no ring through `agent`: the one before it in the ring is freed.
    fn break_ring(&mut self, agent: u32) {
        let mut at = self.world.agents[agent as usize].after;
        // Rings elsewhere were broken when they were made, so the walk ends; the bound is for the reader.
        for _ in 0..self.world.agents.len() {
            if at == NONE {
                return;
            }
            let next = self.world.agents[at as usize].after;
            if next == agent {
                self.world.agents[at as usize].after = NONE;
                return;
            }
            at = next;
        }
    }

    /// Sends those who idle in a zone out of it, for one that wants in.
    fn clear_zone(&mut self, zone: u16, comer: u32) {
        for i in 0..self.world.agents.len() {
            let it = self.world.agents[i];
            let inside = it.present && self.graph.node_zones.row(it.node as usize).contains(&zone);
            if inside && !it.fixed && !it.active() {
                self.send_away(i as u32, comer, Some(zone));
            }
        }
    }

    /// Gives `agent`, which is in the way of `comer`, a place to go to.
    fn send_away(&mut self, agent: u32, comer: u32, zone: Option<u16>) {
        let it = self.world.agents[agent as usize];
        let goes = self.memory[agent as usize].refuge.is_some() && it.active();
        if goes || self.searches == 0 {
            return;
        }
        self.searches -= 1;
        let (memory, world) = (&self.memory, &self.world);
        let taken = |node: u32| {
            let refuge = |m: &Memory| m.refuge.is_some_and(|r| r.node == node);
            let spur = self.graph.spurs.of(node);
            (spur != NONE && !self.gates.untouched(spur))
                || memory.iter().any(refuge) || world.agents.iter().any(|a| a.present && a.goal == node)
        };
        let found = self.finder.find(
            &self.graph,
            &self.fields,
            world,
            RefugeFor { agent, comer, zone },
            taken,
        );
        let Some(node) = found else { return };
        let (graph, world) = (&self.graph, &self.world);
        let field = self.fields.get(graph, it.kind, node, |e| world.edge_closed(graph, e));
        self.memory[agent as usize].refuge = Some(Refuge {
            node,
            comer,
            comer_goal: self.world.agents[comer as usize].goal,
            idle: !it.active(),
        });
        let it = &mut self.world.agents[agent as usize];
        (it.goal, it.field, it.waiting) = (node, field, false);
    }
}
