//! Lifelong planning: agents that get a new goal whenever they have reached one, at a step at a time.
//!
//! A plan is an *operation* for each agent, its next few actions (`operations`); together they are free of collisions, and
//! at their end everyone may wait, so that what is left of a plan is a valid plan for the next step. Each step
//!
//! 1. carries the operations on (`Lifelong::carry_on`);
//! 2. makes missing distance fields (`fields`), by costs that follow the traffic (`guidance`);
//! 3. lets each agent in turn choose its best operation, pushing those with less priority (`inheritance`);
//! 4. improves the plan until the budget ends: agents, chosen at random, try to get something better, and keep it if the
//!    weighted sum over all who were pushed for it is better, too.
//!
//! Sources: Yukhnevich, Andreychuk: "Enhancing PIBT via Multi-Action Operations" (arXiv 2511.09193); Chen, Harabor, Li,
//! Stuckey: "Traffic Flow Optimisation for Lifelong Multi-Agent Path Finding" (AAAI 2024); Li, Chen, Harabor, Stuckey,
//! Koenig: "Anytime Multi-Agent Path Finding via Large Neighborhood Search" (IJCAI 2021).

mod arcs;
mod budget;
mod choices;
mod fields;
mod guidance;
mod hops;
mod inheritance;
mod operations;
mod packed;
mod reservations;
mod search;
mod space;
#[cfg(test)]
mod tests;
mod turning_grid;

pub use budget::{Budget, Phase, WorkBudget};
pub use choices::Agent;
pub use fields::STEP;
use hops::Neighbours;
pub use hops::{FAR, Hops};
pub use operations::LENGTH;
pub use space::{NONE, Place, Space, State};
pub use turning_grid::{CLOCKWISE, COUNTER, FORWARD, TurningGrid, WAIT};

use arcs::Backward;
use choices::Choices;
use fields::{Fields, UNREACHABLE, Ways};
use guidance::Guidance;
use inheritance::{Attempt, Visits};
use operations::Operations;
use reservations::{Path, Reservations};

use super::chance::Chance;
use super::rank::mix;

/// How a [`Lifelong`] planner works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LifelongOptions {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Threads that make distance fields, the calling one included.
    pub threads: usize,
    /// Memory for distance fields.
    pub field_bytes_max: usize,
}

impl Default for LifelongOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            threads: 1,
            field_bytes_max: 600 << 20,
        }
    }
}

/// Agents in a chain of inheritance, at most.
const DEPTH: u32 = 200;
/// Choices looked at in an agent's turn, at most, those of the agents that it pushes included.
const TURN_LOOKS: u32 = 1_000;
/// Choices looked at in an improvement, at most.
const IMPROVE_LOOKS: u32 = 5_000;
/// An improvement passes over a choice in so many, so that it finds something else than the last one.
const SKIP: u64 = 8;
/// Steps without getting nearer to its goal after which an agent draws lots, and again after as many: with every other one it
/// lets all others go first, since it may be in the way of the one that is in its way.
const PATIENCE: u32 = 10;
/// What a pushed agent counts a step further from free room, in parts of [`choices::VALUE_UNIT`]: as much as two steps
/// further from its goal.
const ROOM_WEIGHT: i64 = 2 * choices::VALUE_UNIT;

/// The planner.
#[derive(Clone, Debug)]
pub struct Lifelong<S> {
    space: S,
    operations: Operations,
    backward: Backward,
    guidance: Guidance,
    fields: Fields,
    choices: Choices,
    reservations: Reservations,
    /// The operation of each agent, and its places.
    operation: Vec<u16>,
    paths: Vec<Path>,
    /// The state in which each agent will be if it does what was planned.
    expected: Vec<State>,
    actions: Vec<u8>,
    /// What remains for each agent to do, and its number: who goes first.
    order: Vec<(u32, u32)>,
    turns: Vec<u32>,
    weight: Vec<u32>,
    pushing: Vec<bool>,
    visits: Visits,
    neighbours: Neighbours,
    /// Steps from each place to one that is free in the end.
    room: Vec<u16>,
    queue: Vec<Place>,
    /// Goal of each agent, the lowest cost to it so far, and the step in which it got there.
    progress: Vec<(Place, u32, u32)>,
    random: Chance,
    step: u32,
    work: u64,
    /// Are there fields of all places?
    all: bool,
}

impl<S: Space + Sync> Lifelong<S> {
    /// A planner for a space and a number of agents.
    ///
    /// # Panics
    /// If the space offers more than 256 operations.
    pub fn new(space: S, agents: usize, options: LifelongOptions) -> Self {
        let operations = Operations::new(&space);
        let neighbours = Neighbours::new(&space);
        Self {
            backward: Backward::new(&space),
            guidance: Guidance::new(&space, &neighbours),
            fields: Fields::new(&space, options.field_bytes_max, options.threads),
            choices: Choices::new(operations.len(), agents),
            reservations: Reservations::new(space.places()),
            operation: vec![operations.wait; agents],
            paths: vec![[NONE; LENGTH + 1]; agents],
            expected: vec![NONE; agents],
            actions: vec![0; agents],
            order: Vec::with_capacity(agents),
            turns: vec![0; agents],
            weight: vec![1; agents],
            pushing: vec![false; agents],
            visits: Visits::new(agents),
            neighbours,
            room: vec![FAR; space.places()],
            queue: Vec::with_capacity(space.places()),
            progress: vec![(NONE, 0, 0); agents],
            random: Chance::new(options.seed),
            step: 0,
            work: 0,
            all: false,
            operations,
            space,
        }
    }

    /// The space.
    pub fn space(&self) -> &S {
        &self.space
    }

    /// The actions of the last plan.
    pub fn actions(&self) -> &[u8] {
        &self.actions
    }

    /// Operations and states looked at in the last plan.
    pub fn work(&self) -> u64 {
        self.work + self.fields.work
    }

    /// The cost from a state to a place, in units of [`STEP`] a step; a guess where no field is known.
    pub fn cost(&self, state: State, place: Place) -> u32 {
        match self.fields.known(place) {
            NONE => self.space.estimate(state, place) * u32::from(STEP),
            slot => u32::from(self.fields.cost(slot, state)),
        }
    }

    /// Makes the fields of all places, if there is memory for them; then [`Self::cost`] is right for any.
    pub fn prepare(&mut self) -> bool {
        if !self.fields.has_room_for_all() {
            return false;
        }
        let ways = Ways {
            space: &self.space,
            backward: &self.backward,
            costs: &self.guidance.costs,
            version: self.guidance.version,
        };
        for place in 0..self.space.places() as u32 {
            self.fields.want(ways, place, self.step);
            if self.fields.batch_is_full() {
                self.fields.make_batch(ways);
            }
        }
        self.fields.make_batch(ways);
        self.all = true;
        true
    }

    /// Plans a step: gives the action of each agent.
    ///
    /// Deterministic in the seed, the agents of all steps, and the answers of the budgets. Whatever the budget, the actions
    /// are valid: no two agents are in conflicting places after the step, none changed places.
    ///
    /// # Panics
    /// If there are more or fewer agents than there should be.
    pub fn plan(&mut self, agents: &[Agent], budget: &mut impl Budget) -> &[u8] {
        assert_eq!(
            agents.len(),
            self.actions.len(),
            "the agents it was made for"
        );
        self.step += 1;
        (self.work, self.fields.work) = (0, 0);
        self.make_fields(agents, budget);
        self.carry_on(agents);
        self.find_room();
        self.sort(agents);
        self.take_turns(budget);
        self.improve(budget);
        self.act(agents);
        &self.actions
    }

    /// Makes the fields that agents need, of goals first; then makes those anew that know old costs.
    fn make_fields(&mut self, agents: &[Agent], budget: &mut impl Budget) {
        for agent in agents {
            for place in [agent.goal, agent.then] {
                if place != NONE {
                    self.fields.find(place, self.step);
                }
            }
        }
        let ways = Ways {
            space: &self.space,
            backward: &self.backward,
            costs: &self.guidance.costs,
            version: self.guidance.version,
        };
        let goals = agents.iter().map(|agent| agent.goal);
        for place in goals.chain(agents.iter().map(|agent| agent.then)) {
            if place == NONE || self.fields.find(place, self.step) != NONE {
                continue;
            }
            if self.fields.batch_is_full() {
                self.fields.make_batch(ways);
            }
            if budget.spent(Phase::Fields, self.fields.work)
                || !self.fields.want(ways, place, self.step)
            {
                break;
            }
        }
        self.fields.make_batch(ways);
        while !budget.spent(Phase::Refresh, self.fields.work) {
            let (version, step) = (self.guidance.version, self.step);
            while !self.fields.batch_is_full() && self.fields.want_refresh(version, step, self.all)
            {
            }
            if self.fields.batch_is_empty() {
                break;
            }
            self.fields.make_batch(ways);
        }
    }

    /// Finds out what agents can do, and carries on with what is left of their operations. If an agent isn't where it should
    /// be, nothing is left of any.
    fn carry_on(&mut self, agents: &[Agent]) {
        let mut whole = (0..agents.len()).all(|i| agents[i].state == self.expected[i]);
        for (index, agent) in agents.iter().enumerate() {
            let here = self.space.place(agent.state);
            let path = &mut self.paths[index];
            if whole {
                path.copy_within(1.., 0);
            } else {
                *path = [here; LENGTH + 1];
            }
            let found = self.choices.look(
                &self.space,
                &self.operations,
                &self.fields,
                index as u32,
                agent,
                path,
            );
            debug_assert!(found.is_some() || !whole, "the rest of a path is a path");
            match found {
                Some(operation) => self.operation[index] = operation,
                None => whole = false,
            }
            self.work += self.choices.of(index as u32).len() as u64 / 4;
        }
        if !whole {
            self.operation.fill(self.operations.wait);
        }
        self.reservations.clear();
        for (index, agent) in agents.iter().enumerate() {
            let here = self.space.place(agent.state);
            self.reservations.stand(index as u32, here);
            let path = *self.choices.path(index as u32, self.operation[index]);
            self.reservations.add(index as u32, &path);
        }
    }

    /// How far is it from each place to one that is free when all operations have ended?
    fn find_room(&mut self) {
        self.queue.clear();
        self.room.fill(FAR);
        for place in 0..self.room.len() as u32 {
            if self.reservations.at(place, LENGTH) == NONE {
                self.room[place as usize] = 0;
                self.queue.push(place);
            }
        }
        self.neighbours.spread(&mut self.queue, &mut self.room);
    }

    /// Who has least left to do goes first, and counts most; idle agents come last.
    fn sort(&mut self, agents: &[Agent]) {
        self.order.clear();
        for (index, agent) in agents.iter().enumerate() {
            let left = if agent.goal == NONE {
                u32::MAX
            } else {
                let cost = self
                    .cost(agent.state, agent.goal)
                    .min(u32::from(UNREACHABLE));
                let progress = &mut self.progress[index];
                if progress.0 != agent.goal || cost < progress.1 {
                    *progress = (agent.goal, cost, self.step);
                }
                let stuck = self.step - progress.2;
                let round = u64::from(stuck / PATIENCE);
                let demoted = round > 0 && mix(round << 32 | index as u64) & 1 == 1;
                cost.saturating_add(agent.rest) + if demoted { 1 << 20 } else { 0 }
            };
            self.order.push((left, index as u32));
            let steps = u64::from(left) / u64::from(STEP);
            self.weight[index] = if agent.goal == NONE {
                1
            } else {
                (100_000 / (steps + 30) + 1) as u32
            };
        }
        self.order.sort_unstable();
        for (turn, &(_, index)) in self.order.iter().enumerate() {
            self.turns[index as usize] = turn as u32 + 1;
        }
    }

    fn attempt(&mut self, looks: u32, turn: u32, skip: u64) -> Attempt<'_, S> {
        self.visits.begin();
        Attempt {
            visits: &mut self.visits,
            space: &self.space,
            choices: &mut self.choices,
            room: &self.room,
            room_weight: ROOM_WEIGHT,
            reservations: &mut self.reservations,
            operation: &mut self.operation,
            weight: &self.weight,
            turns: &self.turns,
            turn,
            pushing: &mut self.pushing,
            looks,
            looked: 0,
            random: &mut self.random,
            skip,
        }
    }

    /// Each agent in turn gets the best that those before it leave.
    fn take_turns(&mut self, budget: &mut impl Budget) {
        for at in 0..self.order.len() {
            if at % 16 == 15 && budget.spent(Phase::Turns, self.work + self.fields.work) {
                break;
            }
            let agent = self.order[at].1;
            let mut attempt = self.attempt(TURN_LOOKS, at as u32 + 1, 0);
            attempt.improve(agent, i64::MAX, DEPTH);
            self.work += attempt.looked;
        }
    }

    /// Agents at random try to get something better, at the expense of others as long as it is worth it.
    fn improve(&mut self, budget: &mut impl Budget) {
        let agents = self.operation.len();
        const BATCH: u32 = 16;
        while !budget.spent(Phase::Improve, self.work + self.fields.work) {
            for _ in 0..BATCH {
                let mut attempt = self.attempt(IMPROVE_LOOKS, 0, SKIP);
                let agent = attempt.random.below(agents) as u32;
                let best = attempt.choices.nth(agent, 0).value();
                if attempt
                    .choices
                    .value(agent, attempt.operation[agent as usize])
                    > best
                {
                    attempt.improve(agent, 0, DEPTH);
                }
                let looked = attempt.looked;
                self.work += looked + 1;
            }
        }
    }

    /// The first action of each operation.
    fn act(&mut self, agents: &[Agent]) {
        for (index, agent) in agents.iter().enumerate() {
            let operation = self.operation[index];
            let action = self.operations.actions(operation)[0];
            if agent.goal != NONE {
                self.guidance.see::<S>(agent.state, action);
            }
            self.actions[index] = action;
            self.expected[index] = self.space.next(agent.state, usize::from(action));
            self.paths[index] = *self.choices.path(index as u32, operation);
        }
        self.guidance.end_step();
    }
}
