//! Who goes first where two hinder each other, and who has to go somewhere else.

use super::Planner;
use super::graph::NONE;
use super::memory::{Memory, Refuge};
use super::routes::{self, RefugeFor};
use super::world::Blocker;

impl Planner {
    /// Ends precedences that have served: the one that goes first is out of the way, or can't go anyway.
    pub(super) fn let_past(&mut self, now: bool) {
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

    /// Asks of each that could not go on its way what can be done about it.
    pub(super) fn learn(&mut self, now: bool) {
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
                // Standing behind one that can't move is no jam.
                memory.fret += u32::from(it.stuck.is_some() && it.active() && !stopped);
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
    pub(super) fn send_away(&mut self, agent: u32, comer: u32, zone: Option<u16>) {
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
                || memory.iter().any(refuge)
                || world.agents.iter().any(|a| a.present && a.goal == node)
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
        let field = self
            .fields
            .get(graph, it.kind, node, |e| world.edge_closed(graph, e));
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
