//! The beginning of a plan: the snapshot, and what is remembered of each vehicle, become the world to plan in.

use super::distance::{self, UNREACHABLE};
use super::graph::{self, NONE};
use super::memory::Memory;
use super::world::{Agent, Phase};
use super::{Planner, rank};
use crate::proposal::{AgentSnapshot, MotionSnapshot};

/// Plans in a row in which a vehicle is stopped by one that can't move, before it looks for a way round.
const DETOUR_AFTER: u32 = 8;
/// ... and before it looks again.
const DETOUR_AGAIN: u32 = 64;
/// What a vehicle that can't move costs on a detour, at first.
const DETOUR_MS: u32 = 20_000;
/// Detours made in one plan at most.
const DETOURS_MAX: u32 = 4;
/// Moves in vain, or plans without a move, after which a vehicle tries something else.
const FRET_MAX: u32 = 24;
/// After so many plans in a row without a move it lets go of whatever it waits for: 20 s at the usual four plans a
/// second, several times as long as a load is handed over.
const RESTS_MAX: u32 = 80;
/// Refuges looked for in one plan at most.
const SEARCHES_MAX: u32 = 8;

impl Planner {
    /// Sets the world up as the snapshot has it, and brings the memory up to date.
    pub(super) fn begin(&mut self, snapshot: &MotionSnapshot) {
        self.fields.work = 0;
        self.finder.work = 0;
        self.rounds.work = 0;
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
            a.present
                && a.node.index() < self.graph.nodes
                && a.kind.index() < self.graph.kinds.len()
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
            (memory.best_ms, memory.fret) = (u32::MAX, 0);
            memory.rests = 0;
            memory.refuge = None;
        }
        if memory.node != now.node.0 && memory.node != NONE {
            memory.fret = memory.fret.saturating_add(1);
            memory.heading = self.graph.direction(memory.node, now.node.0);
        }
        // One that is still on its way to where its base ends does not wait.
        let kind = &self.graph.kinds[now.kind.index()];
        let is_there = kind.needs_ground(now.ready_ms);
        let could_move = now.movable && is_there && goal.is_some_and(|g| g != now.node);
        memory.rests = match could_move && memory.node == now.node.0 {
            true => memory.rests.saturating_add(1),
            false => 0,
        };
        if memory.rests > 0 && memory.rests.is_multiple_of(RESTS_MAX) {
            // It has waited for somebody who does not come: it waits for nobody any more, and draws a lot.
            memory.fret = (memory.fret / FRET_MAX + 1) * FRET_MAX;
        }
        memory.node = now.node.0;

        // A refuge is needed as long as the one that it was found for is still on its way.
        memory.refuge = memory.refuge.filter(|r| {
            let taken = |(j, a): (usize, &AgentSnapshot)| j != i && a.present && a.node.0 == r.node;
            !snapshot.agents.iter().enumerate().any(taken)
                && snapshot.agents.get(r.comer as usize).is_some_and(|c| {
                    c.present
                        && c.node.0 != r.comer_goal
                        && c.goal.is_some_and(|g| g.0 == r.comer_goal)
                })
        });
        self.let_go(i);
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
            ready_ms: now.ready_ms,
            goal: to.unwrap_or(NONE),
            heading: memory.heading,
            priority: u64::from(now.priority) + u64::from(memory.age) + self.urge(i),
            after: memory.after,
            seed: rank::mix(self.options.seed ^ ((i as u64) << 32) ^ u64::from(memory.age / 16)),
            ..absent
        }
    }

    /// One that has long moved in vain tries something else: it forgets whom it let past and where it went aside.
    fn let_go(&mut self, i: usize) {
        let memory = &mut self.memory[i];
        if memory.fret >= FRET_MAX && memory.fret.is_multiple_of(FRET_MAX) {
            memory.fret += 1;
            memory.after = NONE;
            memory.refuge = None;
        }
    }

    /// Has a vehicle moved in vain for so long that it draws lots?
    pub(super) fn draws_lots(&self, i: usize) -> bool {
        self.memory[i].fret >= FRET_MAX
    }

    /// What one that has long moved in vain adds to its priority: a new lot every so often, so that each of those who
    /// hinder each other is once the first, and the others clear its way.
    fn urge(&self, i: usize) -> u64 {
        let round = u64::from(self.memory[i].fret / FRET_MAX);
        if round == 0 {
            return 0;
        }
        (1 << 40) + (rank::mix(self.options.seed ^ ((i as u64) << 32) ^ round) >> 32)
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
            let ms = self.fields.ms(field, it.node);
            if ms != UNREACHABLE {
                self.world.agents[i].field = field;
            }
            if memory.refuge.is_none() && ms < memory.best_ms {
                memory.best_ms = ms;
                // The lot that it has drawn stays its own until it is there: else it would soon be pushed back again.
                let round = memory.fret / FRET_MAX;
                memory.fret = round * FRET_MAX + u32::from(round > 0);
            }
        }
    }
}
