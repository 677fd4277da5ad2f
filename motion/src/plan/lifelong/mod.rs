//! Lifelong planning: agents that get a new goal whenever they have reached one, at a step at a time.
//!
//! A plan is an *operation* for each agent, its next few actions (`operations`); together they are free of collisions, and
//! at their end everyone may wait, so that what is left of a plan is a valid plan for the next step. Each step
//!
//! 1. makes missing distance fields (`fields`), by costs that follow the traffic (`guidance`); where there was no time for
//!    one, estimates stand in for it (`landmarks`);
//! 2. ranks the agents, and has the last of them idle where the floor is nearly full (`ranking`);
//! 3. carries the operations on (`Lifelong::carry_on`);
//! 4. lets each agent in turn choose its best operation, pushing those with less priority ([`super::epibt`]);
//! 5. improves the plan until the budget ends: agents, chosen at random, try to get something better, and keep it if the
//!    weighted sum over all who were pushed for it is better, too.
//!
//! Where there is room, and nobody is stuck (`jams`), 3 to 5 are done with ways that reach further (`windows`).
//!
//! Sources: Yukhnevich, Andreychuk: "Enhancing PIBT via Multi-Action Operations" (arXiv 2511.09193); Chen, Harabor, Li,
//! Stuckey: "Traffic Flow Optimisation for Lifelong Multi-Agent Path Finding" (AAAI 2024); Li, Chen, Harabor, Stuckey,
//! Koenig: "Anytime Multi-Agent Path Finding via Large Neighborhood Search" (IJCAI 2021).

mod agent;
mod arcs;
mod budget;
mod distances;
mod fields;
mod guidance;
mod hops;
mod jams;
mod landmarks;
mod looking;
mod neighbours;
mod operations;
mod packed;
mod ranking;
mod search;
mod space;
#[cfg(test)]
mod tests;
mod turning_grid;
mod window_search;
#[cfg(test)]
mod window_tests;
mod windows;

pub use super::epibt::STEP;
pub use agent::Agent;
pub use budget::{Budget, Phase, WorkBudget};
pub use hops::{FAR, Hops};
use neighbours::Neighbours;
pub use operations::LENGTH;
pub use space::{NONE, Place, Space, State};
pub use turning_grid::{CLOCKWISE, COUNTER, FORWARD, TurningGrid, WAIT};

use arcs::Backward;
use distances::Distances;
use fields::{Fields, Need, Ways};
use guidance::Guidance;
use jams::Jams;
use landmarks::Landmarks;
use operations::{MOMENTS, Operations, acting};
use ranking::Ranking;
use window_search::View;
use windows::Windows;

use super::chance::Chance;
use super::epibt::{Attempt, Choices, Effort, Log, Path, Reservations, Rings, VALUE_UNIT, Visits};

/// How a [`Lifelong`] planner works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LifelongOptions {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Threads that make distance fields, the calling one included; the plan is the same with any number.
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
/// An agent's turn; what is looked at for those whom it pushes counts, too.
const TURN: Effort = Effort {
    looks: 300,
    looks_each: u32::MAX,
    visits: 1,
    skip: 0,
};
/// The same where improvement has time: what is not found in turns it finds, and sooner for those for whom it counts.
const SHORT_TURN: Effort = Effort { looks: 16, ..TURN };
/// How many times the work of turns improvement has to have for that.
const SHORT_TURN_SHARE: u64 = 8;
/// An improvement.
const IMPROVE: Effort = Effort {
    looks: 5_000,
    looks_each: u32::MAX,
    visits: 1,
    skip: 8,
};
/// Work between two questions whether the budget is spent, and that of one attempt more at most.
const WORK_UNASKED: u64 = 1_000;
/// What a pushed agent counts a step further from free room, in parts of [`VALUE_UNIT`]: as much as two steps
/// further from its goal.
const ROOM_WEIGHT: i64 = 2 * VALUE_UNIT;

/// The planner.
#[derive(Clone, Debug)]
pub struct Lifelong<S> {
    space: S,
    operations: Operations,
    backward: Backward,
    guidance: Guidance,
    fields: Fields,
    landmarks: Landmarks,
    choices: Choices<MOMENTS>,
    reservations: Reservations<MOMENTS>,
    /// The route of each agent, and its places.
    route: Vec<u8>,
    paths: Vec<Path<MOMENTS>>,
    /// The state in which each agent will be if it does what was planned.
    expected: Vec<State>,
    actions: Vec<u8>,
    /// The agents of this step; those who are to wait for others idle.
    agents: Vec<Agent>,
    ranking: Ranking,
    jams: Jams,
    /// On floors with room only.
    windows: Option<Windows>,
    pushing: Vec<bool>,
    visits: Visits<MOMENTS>,
    log: Log,
    rings: Rings,
    neighbours: Neighbours,
    /// Steps from each place to one that is free in the end.
    room: Vec<u16>,
    queue: Vec<Place>,
    random: Chance,
    step: u32,
    work: u64,
    /// Does improvement have so much time that turns may be short?
    turns_short: bool,
    /// Are there fields of all places?
    all: bool,
}

impl<S: Space + Sync> Lifelong<S> {
    /// A planner for a space and a number of agents.
    ///
    /// # Panics
    /// If the space offers more than 256 routes.
    pub fn new(space: S, agents: usize, options: LifelongOptions) -> Self {
        let operations = Operations::new(&space, acting(space.places(), agents));
        let neighbours = Neighbours::new(&space);
        let backward = Backward::new(&space);
        let jams = Jams::new(space.places(), agents);
        Self {
            windows: jams.is_roomy().then(|| Windows::new(&space, agents)),
            jams,
            landmarks: Landmarks::new(&space, &backward),
            backward,
            guidance: Guidance::new(&space, &neighbours, agents),
            fields: Fields::new(&space, options.field_bytes_max, options.threads),
            choices: Choices::new(operations.routes, agents),
            reservations: Reservations::new(&space, agents),
            route: vec![operations.stay; agents],
            paths: vec![[NONE; MOMENTS]; agents],
            expected: vec![NONE; agents],
            actions: vec![0; agents],
            agents: Vec::with_capacity(agents),
            ranking: Ranking::new(space.places(), agents),
            pushing: vec![false; agents],
            visits: Visits::new(agents),
            log: Log::default(),
            rings: Rings::new(agents),
            neighbours,
            room: vec![FAR; space.places()],
            queue: Vec::with_capacity(space.places()),
            random: Chance::new(options.seed),
            step: 0,
            work: 0,
            turns_short: false,
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

    /// How many agents should have begun something at a time: as many as may be under way, and at least three of four, so
    /// that there are some to choose from; the others idle.
    pub fn engaged_max(&self) -> usize {
        self.ranking.under_way_max.max(self.actions.len() * 3 / 4)
    }

    /// The cost from a state to a place, in units of [`STEP`] a step; an estimate where no field knows it.
    pub fn cost(&self, state: State, place: Place) -> u32 {
        self.distances().cost(state, place)
    }

    /// Steps from a place to another one, turns included and traffic not: an estimate, at once for any pair of places.
    pub fn estimate(&self, from: Place, to: Place) -> u32 {
        self.landmarks.estimate(from, to)
    }

    fn distances(&self) -> Distances<'_, S> {
        Distances {
            space: &self.space,
            fields: &self.fields,
            landmarks: &self.landmarks,
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
            let need = Need {
                goal: place,
                from: NONE,
                steps: FAR.into(),
            };
            self.fields.want(ways, need, self.step);
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
        self.rank(agents);
        let is_there = |agent: &Agent| self.space.place(agent.state) == agent.goal;
        let (stuck, for_sure) = self.ranking.stuck(agents, self.step, is_there);
        if self.jams.windows(agents.len(), stuck, for_sure) {
            self.plan_windows(budget);
        } else {
            self.plan_operations(budget);
            if self.jams.break_ends() {
                self.ranking.forget_progress();
            }
        }
        &self.actions
    }

    fn plan_operations(&mut self, budget: &mut impl Budget) {
        self.carry_on();
        self.find_room();
        let before = self.work;
        self.take_turns(budget);
        let turned = self.work - before;
        self.improve(budget);
        let improved = self.work - before - turned;
        self.turns_short = improved >= SHORT_TURN_SHARE * turned;
        self.act();
    }

    fn plan_windows(&mut self, budget: &mut impl Budget) {
        let work = self.fields.work;
        let Some(windows) = &mut self.windows else {
            return self.plan_operations(budget);
        };
        let view = View {
            space: &self.space,
            distances: Distances {
                space: &self.space,
                fields: &self.fields,
                landmarks: &self.landmarks,
            },
            costs: &self.guidance.costs,
            agents: &self.agents,
            weight: &self.ranking.weight,
        };
        windows.carry_on(&view);
        if !windows.take_turns(&view, self.ranking.order(), budget, work) {
            // Operations do more with little.
            self.jams.begin_break();
        }
        windows.improve(&view, &mut self.random, budget, work);
        self.work = windows.work();
        for (index, agent) in self.agents.iter().enumerate() {
            let way = windows.way(index);
            let action = window_search::action(&self.space, way[0], way[1]) as u8;
            if agent.goal != NONE {
                self.guidance.see::<S>(agent.state, action);
            }
            self.actions[index] = action;
            // No operation goes on from here.
            self.expected[index] = NONE;
        }
        self.guidance.end_step(true);
    }

    /// Makes the fields that agents need, of goals first, for those before others who went first in the last step; then makes
    /// those anew that know old costs.
    fn make_fields(&mut self, agents: &[Agent], budget: &mut impl Budget) {
        let (space, landmarks, all) = (&self.space, &self.landmarks, self.all);
        let need = |from: Place, goal: Place| {
            (from != NONE && goal != NONE).then(|| Need {
                goal,
                from: if all { NONE } else { from },
                steps: landmarks.estimate(from, goal),
            })
        };
        let to_goal = |agent: &Agent| need(space.place(agent.state), agent.goal);
        let to_next = |agent: &Agent| need(agent.goal, agent.then);
        let needs = agents
            .iter()
            .flat_map(|agent| [to_goal(agent), to_next(agent)]);
        for need in needs.flatten() {
            self.fields.find(space, need, self.step);
        }
        let ways = Ways {
            space,
            backward: &self.backward,
            costs: &self.guidance.costs,
            version: self.guidance.version,
        };
        let order = || self.ranking.order().map(|index| &agents[index]);
        let needs = order().map(to_goal).chain(order().map(to_next));
        for need in needs.flatten() {
            if self.fields.find(space, need, self.step) {
                continue;
            }
            if self.fields.batch_is_full() {
                self.fields.make_batch(ways);
            }
            if budget.spent(Phase::Fields, self.fields.work)
                || !self.fields.want(ways, need, self.step)
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
    fn carry_on(&mut self) {
        let agents = &self.agents;
        let distances = Distances {
            space: &self.space,
            fields: &self.fields,
            landmarks: &self.landmarks,
        };
        let mut whole = (0..agents.len()).all(|i| agents[i].state == self.expected[i]);
        for (index, agent) in agents.iter().enumerate() {
            let here = self.space.place(agent.state);
            let path = &mut self.paths[index];
            if whole {
                path.copy_within(1.., 0);
            } else {
                *path = [here; MOMENTS];
            }
            let found = self.choices.look(
                &self.space,
                &self.operations,
                &distances,
                index as u32,
                agent,
                path,
            );
            debug_assert!(found.is_some() || !whole, "the rest of a path is a path");
            match found {
                Some(route) => self.route[index] = route,
                None => whole = false,
            }
            self.work += self.choices.of(index as u32).len() as u64 / 4;
        }
        if !whole {
            self.route.fill(self.operations.stay);
        }
        self.reservations.clear();
        for (index, agent) in agents.iter().enumerate() {
            let here = self.space.place(agent.state);
            self.reservations.stand(&self.space, index as u32, 0, here);
            let path = *self.choices.path(index as u32, self.route[index]);
            self.reservations.add(&self.space, index as u32, &path);
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

    /// Who goes first, and who idles.
    fn rank(&mut self, agents: &[Agent]) {
        let distances = Distances {
            space: &self.space,
            fields: &self.fields,
            landmarks: &self.landmarks,
        };
        let cost = |state, place| distances.cost(state, place);
        self.ranking.rank(agents, self.step, cost);
        self.agents.clear();
        self.agents.extend_from_slice(agents);
        for index in self.ranking.idle() {
            let agent = &mut self.agents[index as usize];
            (agent.goal, agent.then) = (NONE, NONE);
        }
    }

    fn attempt(&mut self, effort: Effort, turn: u32) -> Attempt<'_, S, MOMENTS> {
        self.visits.begin();
        Attempt {
            visits: &mut self.visits,
            log: &mut self.log,
            rings: &mut self.rings,
            ground: &self.space,
            choices: &mut self.choices,
            room: &self.room,
            room_weight: ROOM_WEIGHT,
            reservations: &mut self.reservations,
            route: &mut self.route,
            weight: &self.ranking.weight,
            turns: &self.ranking.turns,
            turn,
            pushing: &mut self.pushing,
            effort,
            looks_left: effort.looks_each,
            looked: 0,
            random: &mut self.random,
        }
    }

    /// Each agent in turn gets the best that those before it leave.
    fn take_turns(&mut self, budget: &mut impl Budget) {
        let effort = if self.turns_short { SHORT_TURN } else { TURN };
        let mut asked = self.work;
        for turn in 0..self.agents.len() {
            if self.work - asked >= WORK_UNASKED {
                asked = self.work;
                if budget.spent(Phase::Turns, self.work()) {
                    break;
                }
            }
            let agent = self.ranking.nth(turn);
            let mut attempt = self.attempt(effort, turn as u32 + 1);
            attempt.improve(agent, i64::MAX, DEPTH);
            self.work += attempt.looked + 1;
        }
    }

    /// Agents at random try to get something better, at the expense of others as long as it is worth it. Those who idle
    /// don't: all that they could win is to stay where they are.
    fn improve(&mut self, budget: &mut impl Budget) {
        let agents = self.agents.len();
        while agents > 0 && !budget.spent(Phase::Improve, self.work()) {
            let asked = self.work;
            while self.work - asked < WORK_UNASKED {
                let agent = self.random.below(agents) as u32;
                let own = self.choices.value(agent, self.route[agent as usize]);
                let idles = self.agents[agent as usize].goal == NONE;
                if !idles && own > self.choices.nth(agent, 0).value() {
                    let mut attempt = self.attempt(IMPROVE, 0);
                    attempt.improve(agent, 0, DEPTH);
                    self.work += attempt.looked;
                }
                self.work += 1;
            }
        }
    }

    /// The first action of each operation.
    fn act(&mut self) {
        for (index, agent) in self.agents.iter().enumerate() {
            let route = self.route[index];
            let operation = self.choices.operation(index as u32, route);
            let action = self.operations.actions(operation)[0];
            if agent.goal != NONE {
                self.guidance.see::<S>(agent.state, action);
            }
            self.actions[index] = action;
            self.expected[index] = self.space.next(agent.state, usize::from(action));
            self.paths[index] = *self.choices.path(index as u32, route);
        }
        self.guidance.end_step(false);
        if let Some(windows) = &mut self.windows {
            windows.forget();
        }
    }
}
