//! The way out of a jam: for one that has long moved in vain a search that is complete plans for everybody.
//!
//! Priority inheritance looks one step ahead, and no rule of thumb that helps it on helps everywhere. LaCAM\* finds a way
//! for one in a jam wherever there is one (`oneshot`), on this floor's conflict sets: the jammed vehicle to its goal, and
//! all others to theirs or out of the way. What it finds is carried out as it is until the vehicle is nearer
//! to its goal than it has ever been, or there if that is not far, or something comes between.

use super::Planner;
use super::layers::Layers;
use super::oneshot::{self, Options, Outcome};
use crate::proposal::{MotionSnapshot, Move};
use std::cell::Cell;
use takt_maps::Floor;

/// Lots have been drawn eight times by then.
const FRET_JAMMED: u32 = 192;
/// Plans in a row in which nobody has moved on, after which a way out is given up.
const STILL_MAX: u32 = 80;
/// A way of so many steps is gone to its end.
const STEPS_WHOLE: usize = 48;
/// Effort that goes into a better way out, at most.
const MORE_WORK: u64 = 100_000;

/// What is done about jams.
#[derive(Clone, Debug)]
pub(super) struct Jam {
    /// Moves in vain, or plans without a move, after which a vehicle is in a jam.
    pub fret_jammed: u32,
    way_out: Option<WayOut>,
    /// What each vehicle had come to at the last attempt for it.
    tried: Vec<u32>,
    /// Effort in the current plan.
    pub work: u64,
}

impl Jam {
    pub fn new(agents: usize) -> Self {
        Self {
            fret_jammed: FRET_JAMMED,
            way_out: None,
            tried: vec![0; agents],
            work: 0,
        }
    }
}

/// A plan for everybody.
#[derive(Clone, Debug)]
struct WayOut {
    /// For whom it is.
    whom: u32,
    goal: u32,
    /// One at a time, in this order.
    moves: Vec<Move>,
    /// Where each base ended when it was made, as sequence numbers.
    base_end: Vec<u32>,
    /// Moves that had been granted in the plan before, and in how many plans none has been since.
    done: usize,
    still: u32,
}

impl Planner {
    /// Plans the way out of a jam, if there is one, or goes on with it; the moves are in the world then.
    pub(super) fn get_out_of_jam(&mut self, floor: &Floor, snapshot: &MotionSnapshot) -> bool {
        self.jam.work = 0;
        if let Some(way_out) = self.jam.way_out.take() {
            let whom = &self.world.agents[way_out.whom as usize];
            if whom.present && whom.node != way_out.goal && self.go_on_with(way_out, snapshot) {
                return true;
            }
            self.world.undo(&self.graph, 0);
        }
        let Some(whom) = self.jammed() else {
            return false;
        };
        self.jam.tried[whom as usize] = self.memory[whom as usize].fret;
        if let Some(moves) = self.find_way_out(floor, whom) {
            let way_out = WayOut {
                whom,
                goal: self.world.agents[whom as usize].goal,
                moves,
                base_end: snapshot.agents.iter().map(|agent| agent.seq).collect(),
                done: 0,
                still: 0,
            };
            if self.go_on_with(way_out, snapshot) {
                return true;
            }
            self.world.undo(&self.graph, 0);
        }
        false
    }

    /// Who has moved in vain for longest, if it is long enough.
    fn jammed(&mut self) -> Option<u32> {
        for (tried, memory) in self.jam.tried.iter_mut().zip(&self.memory) {
            if memory.fret < *tried {
                *tried = 0; // a new goal
            }
        }
        let fret = |&agent: &u32| self.memory[agent as usize].fret;
        (0..self.world.agents.len() as u32)
            .filter(|agent| {
                let it = &self.world.agents[*agent as usize];
                let own = self.memory[*agent as usize].goal.map(|goal| goal.0) == Some(it.goal);
                let in_vain = fret(agent) - self.jam.tried[*agent as usize];
                it.active() && !it.fixed && own && in_vain >= self.jam.fret_jammed
            })
            .max_by_key(|agent| (fret(agent), std::cmp::Reverse(*agent)))
    }

    /// Puts the moves that are left into the world; `false` if they don't fit what is the case now.
    fn go_on_with(&mut self, mut way_out: WayOut, snapshot: &MotionSnapshot) -> bool {
        let mut granted = Vec::with_capacity(snapshot.agents.len());
        for (now, &then) in snapshot.agents.iter().zip(&way_out.base_end) {
            let Some(count) = now.seq.checked_sub(then) else {
                return false;
            };
            granted.push(count);
        }
        let mut planned = vec![0; granted.len()];
        way_out
            .moves
            .iter()
            .for_each(|moved| planned[moved.vehicle.index()] += 1);
        if planned
            .iter()
            .zip(&granted)
            .any(|(planned, granted)| planned < granted)
        {
            return false; // somebody has gone another way
        }
        let done = granted.iter().map(|&count| count as usize).sum();
        way_out.still = if done > way_out.done {
            0
        } else {
            way_out.still + 1
        };
        way_out.done = done;
        if granted.len() != self.world.agents.len() || way_out.still > STILL_MAX {
            return false;
        }
        let longest = self.options.window as usize * granted.len();
        for moved in &way_out.moves {
            let (agent, edge) = (u32::from(moved.vehicle.0), moved.edge.0);
            let left = &mut granted[agent as usize];
            if *left > 0 {
                *left -= 1;
                continue;
            }
            if self.world.moves.len() == longest {
                break;
            }
            if self.world.agents[agent as usize].fixed {
                break; // it hands a load over: what comes after that waits
            }
            if !self.world.may_go(&self.graph, agent, edge) {
                return false;
            }
            self.world.go(&self.graph, agent, edge);
            let it = &mut self.world.agents[agent as usize];
            it.fixed |= it.node == it.dwells_at;
        }
        let goes_on = !self.world.moves.is_empty();
        self.jam.way_out = goes_on.then_some(way_out);
        goes_on
    }

    /// Moves, one at a time, that bring a vehicle to its goal.
    fn find_way_out(&mut self, floor: &Floor, whom: u32) -> Option<Vec<Move>> {
        let layers = Layers::new(floor, self);
        let (agents, instance) = layers.instance(floor, self, whom)?;
        // After the first plan as much again for a better one, but not so much that the one-shot planner begins to refine:
        // that needs a table of the floor over time.
        let (spent, limit) = (Cell::new(0), Cell::new(self.options.work_max));
        let options = Options {
            rotation: false,
            seed: self.options.seed,
            threads: 1,
        };
        let (outcome, work) = oneshot::plan(
            &layers.network,
            &instance,
            &options,
            &mut |work| {
                spent.set(work);
                work < limit.get()
            },
            &mut |_| limit.set(spent.get() + spent.get().min(MORE_WORK)),
        );
        self.jam.work += work;
        let Outcome::Solved { best, .. } = outcome else {
            return None;
        };
        // Nearer to the goal than it has ever been it is out of the jam; a short way is gone to its end.
        let at = agents.iter().position(|&agent| agent == whom)?;
        let (field, best_ms) = (
            self.world.agents[whom as usize].field,
            self.memory[whom as usize].best_ms,
        );
        let nearer = |vertex: &u32| self.fields.ms(field, layers.node(*vertex)) < best_ms;
        let path = &best.paths[at];
        let steps = match path.len() - 1 {
            all if all <= STEPS_WHOLE => all,
            all => path.iter().position(nearer).unwrap_or(all),
        };
        let moves = self.in_order(&layers, &agents, &best, steps);
        self.world.undo(&self.graph, 0);
        moves
    }

    /// The moves of so many steps one at a time: in a step each goes when its way is clear.
    fn in_order(
        &mut self,
        layers: &Layers,
        agents: &[u32],
        solution: &oneshot::Solution,
        steps: usize,
    ) -> Option<Vec<Move>> {
        for step in 1..=steps {
            let mut waiting: Vec<(u32, u32)> = Vec::new();
            for (at, &agent) in agents.iter().enumerate() {
                let (from, to) = (solution.at(at, step - 1), solution.at(at, step));
                if from != to {
                    waiting.push((agent, layers.edge(self, from, to)?));
                }
            }
            while !waiting.is_empty() {
                let before = waiting.len();
                waiting.retain(|&(agent, edge)| {
                    let goes = self.world.may_go(&self.graph, agent, edge);
                    if goes {
                        self.world.go(&self.graph, agent, edge);
                    }
                    !goes
                });
                if waiting.len() == before {
                    return None; // a zone is full: the search knows nothing of zones
                }
            }
        }
        Some(self.world.moves.clone())
    }
}
