//! The best way of one agent through the next steps, around those whose ways are fixed.

use super::agent::Agent;
use super::distances::Distances;
use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::{Path, Reservations, STEP};

/// Steps that are searched. With 10 of them agents in each other's way are seen too late; with 24 less can be tried in the
/// same time.
pub const WINDOW: usize = 16;

/// Moments of a way: now, and after each step.
pub const MOMENTS: usize = WINDOW + 1;

/// The most that a way may be delayed by, in units of [`STEP`]; a way that waits all the time is by [`WINDOW`] steps.
pub const DELAY_MAX: i32 = 64 * STEP as i32;

/// States at moments that a search settles, at most; mostly it is a few dozen.
const SETTLED_MAX: u64 = 5_000;

/// States of an agent at each moment.
pub type Way = [State; MOMENTS];

/// All that is known in a step of what ways are worth.
pub struct View<'a, S> {
    pub space: &'a S,
    pub distances: Distances<'a, S>,
    /// Of each arc.
    pub costs: &'a [u16],
    pub agents: &'a [Agent],
    /// What a unit of delay counts for each agent.
    pub weight: &'a [u32],
}

/// Has an agent been at its goal?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leg {
    ToGoal,
    Then,
}

/// What ways of an agent cost: what they cost in the window, and what is left from its end.
struct Measure<'a, S> {
    view: &'a View<'a, S>,
    agent: Agent,
    /// From the goal on.
    from_goal: i32,
    /// What is left now.
    least: i32,
}

impl<'a, S: Space> Measure<'a, S> {
    fn new(view: &'a View<'a, S>, agent: Agent) -> Self {
        let mut measure = Self {
            view,
            agent,
            from_goal: 0,
            least: 0,
        };
        if agent.goal != NONE && agent.then != NONE {
            // From the goal as it is reached; any state of it is near enough.
            measure.from_goal = (0..S::STATES_PER_PLACE)
                .map(|at| measure.left(Leg::Then, view.space.state(agent.goal, at)))
                .min()
                .unwrap_or(0);
        }
        measure.least = measure.left(Leg::ToGoal, agent.state);
        measure
    }

    /// What is left to do, from a state on.
    #[inline]
    fn left(&self, leg: Leg, state: State) -> i32 {
        let (goal, after) = match leg {
            Leg::ToGoal => (self.agent.goal, self.from_goal),
            Leg::Then => (self.agent.then, 0),
        };
        match goal {
            NONE => 0,
            goal => self.view.distances.cost(state, goal) as i32 + after,
        }
    }

    /// Who has nothing left to do should stay where it is.
    #[inline]
    fn step(&self, leg: Leg, state: State, action: usize) -> i32 {
        let goal = match leg {
            Leg::ToGoal => self.agent.goal,
            Leg::Then => self.agent.then,
        };
        match action {
            _ if goal == NONE => i32::from(action != 0),
            0 => i32::from(STEP),
            action => i32::from(self.view.costs[state as usize * S::ACTIONS + action]),
        }
    }

    fn after(&self, leg: Leg, place: Place) -> Leg {
        if place == self.agent.goal {
            Leg::Then
        } else {
            leg
        }
    }
}

/// By how much a way is longer than the best one would be if nobody else were there.
pub fn delay<S: Space>(view: &View<'_, S>, agent: usize, way: &Way) -> i32 {
    let measure = Measure::new(view, view.agents[agent]);
    let (mut cost, mut leg) = (0, Leg::ToGoal);
    for step in way.windows(2) {
        cost += measure.step(leg, step[0], action(view.space, step[0], step[1]));
        leg = measure.after(leg, view.space.place(step[1]));
    }
    // Fields that know old costs, and estimates, may say less.
    (cost + measure.left(leg, way[WINDOW]) - measure.least).max(0)
}

/// The action that leads from a state to the next one of a way.
pub fn action<S: Space>(space: &S, from: State, to: State) -> usize {
    let mut actions = 0..S::ACTIONS;
    let found = actions.find(|&action| space.next(from, action) == to);
    debug_assert!(found.is_some(), "a way is made of actions");
    found.unwrap_or(0)
}

/// The places of a way.
pub fn places<S: Space>(space: &S, way: &Way) -> Path<MOMENTS> {
    way.map(|state| space.place(state))
}

#[derive(Clone, Copy, Debug)]
struct Node {
    state: State,
    /// [`NONE`]: the first.
    before: u32,
    cost: i32,
    /// Of the best way by this node, at least.
    delay: i32,
    moment: u8,
    leg: Leg,
}

/// A\* over states and moments, with the memory that it needs.
#[derive(Clone, Debug)]
pub struct WindowSearch {
    nodes: Vec<Node>,
    /// Open nodes by delay.
    open: Vec<Vec<u32>>,
    /// By moment, leg and state the search in which it was settled.
    settled: Vec<u32>,
    search: u32,
    /// Nodes settled.
    pub work: u64,
}

impl WindowSearch {
    /// Memory for searches in a space.
    pub fn new<S: Space>(space: &S) -> Self {
        Self {
            nodes: Vec::new(),
            open: vec![Vec::new(); DELAY_MAX as usize],
            settled: vec![0; MOMENTS * 2 * space.states()],
            search: 0,
            work: 0,
        }
    }

    /// The way that is delayed least, and by how much: by less than `below`; among equals one that gets far soon.
    /// `None`: there is no such way, or none was found with bounded effort. `reservations` of others are kept, if given.
    pub fn run<S: Space>(
        &mut self,
        view: &View<'_, S>,
        agent: usize,
        reservations: Option<&Reservations<MOMENTS>>,
        below: i32,
    ) -> Option<(Way, i32)> {
        let space = view.space;
        let measure = Measure::new(view, view.agents[agent]);
        let below = below.min(DELAY_MAX);
        self.begin(view.agents[agent].state);
        let begun = self.work;
        let mut delay = 0;
        while delay < below {
            let Some(id) = self.open[delay as usize].pop() else {
                delay += 1;
                continue;
            };
            let node = self.nodes[id as usize];
            if !self.settle(node, space.states()) {
                continue;
            }
            self.work += 1;
            if self.work - begun >= SETTLED_MAX {
                return None;
            }
            if usize::from(node.moment) == WINDOW {
                return Some((self.way(id), node.delay));
            }
            let from = space.place(node.state);
            let moment = usize::from(node.moment) + 1;
            for action in 0..S::ACTIONS {
                let state = space.next(node.state, action);
                if state == NONE {
                    continue;
                }
                let to = space.place(state);
                let is_free =
                    |r: &Reservations<MOMENTS>| r.is_free(space, agent as u32, moment, (from, to));
                if !reservations.is_none_or(is_free) {
                    continue;
                }
                let leg = measure.after(node.leg, to);
                let cost = node.cost + measure.step(node.leg, node.state, action);
                // Fields may know other costs than the arcs have by now: the delay never shrinks.
                let delay = (cost + measure.left(leg, state) - measure.least).max(node.delay);
                if delay < below {
                    self.open[delay as usize].push(self.nodes.len() as u32);
                    self.nodes.push(Node {
                        state,
                        before: id,
                        cost,
                        delay,
                        moment: moment as u8,
                        leg,
                    });
                }
            }
        }
        None
    }

    fn begin(&mut self, state: State) {
        if self.search == u32::MAX {
            self.settled.fill(0);
            self.search = 0;
        }
        self.search += 1;
        for node in self.nodes.drain(..) {
            self.open[node.delay as usize].clear();
        }
        self.nodes.push(Node {
            state,
            before: NONE,
            cost: 0,
            delay: 0,
            moment: 0,
            leg: Leg::ToGoal,
        });
        self.open[0].push(0);
    }

    /// `false`: it was settled before.
    fn settle(&mut self, node: Node, states: usize) -> bool {
        let row = usize::from(node.moment) * 2 + usize::from(node.leg == Leg::Then);
        let settled = &mut self.settled[row * states + node.state as usize];
        std::mem::replace(settled, self.search) != self.search
    }

    fn way(&self, last: u32) -> Way {
        let mut way = [NONE; MOMENTS];
        let mut id = last;
        while id != NONE {
            let node = self.nodes[id as usize];
            way[usize::from(node.moment)] = node.state;
            id = node.before;
        }
        way
    }
}
