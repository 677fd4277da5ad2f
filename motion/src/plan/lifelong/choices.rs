//! What each agent can do in the next steps, best first.

use super::agent::Agent;
use super::choice::{Choice, IMPOSSIBLE};
use super::distances::Distances;
use super::fields::STEP;
use super::operations::{LATENESS_MAX, LENGTH, Operations};
use super::reservations::Path;
use super::space::{NONE, Place, Space, State};

/// The choices of all agents.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    routes: usize,
    /// For each agent its choices, best first.
    sorted: Vec<Choice>,
    count: Vec<u16>,
    /// For each agent its choices when it is pushed, best first: those count more that lead to where there is room.
    pushed: Vec<Choice>,
    /// Have they been sorted in this step?
    ready: Vec<bool>,
    /// For each agent and route its path, its value, and the operation that is best on it, where it is possible.
    paths: Vec<Path>,
    values: Vec<u32>,
    operations: Vec<u16>,
    /// While an agent's choices are looked for: the best of each route.
    best: Vec<Choice>,
}

impl Choices {
    pub fn new(routes: usize, agents: usize) -> Self {
        Self {
            routes,
            sorted: vec![Choice::default(); routes * agents],
            count: vec![0; agents],
            pushed: vec![Choice::default(); routes * agents],
            ready: vec![false; agents],
            paths: vec![[NONE; LENGTH + 1]; routes * agents],
            values: vec![0; routes * agents],
            operations: vec![0; routes * agents],
            best: vec![IMPOSSIBLE; routes],
        }
    }

    /// An agent's choices, best first.
    #[inline]
    pub fn of(&self, agent: u32) -> &[Choice] {
        let base = agent as usize * self.routes;
        &self.sorted[base..base + usize::from(self.count[agent as usize])]
    }

    /// One of them.
    #[inline]
    pub fn nth(&self, agent: u32, at: usize) -> Choice {
        self.sorted[agent as usize * self.routes + at]
    }

    /// Sorts what an agent can do when it is pushed; `room` is the number of steps from each place to one that is free.
    pub fn prepare(&mut self, agent: u32, room: &[u16], weight: i64) {
        if std::mem::replace(&mut self.ready[agent as usize], true) {
            return;
        }
        let base = agent as usize * self.routes;
        let end = base + usize::from(self.count[agent as usize]);
        for at in base..end {
            let choice = self.sorted[at];
            let path = &self.paths[base + usize::from(choice.route())];
            let steps = i64::from(room[path[LENGTH] as usize].min(100));
            self.pushed[at] = choice.dearer_by(weight * steps);
        }
        self.pushed[base..end].sort_unstable();
    }

    /// One of an agent's choices when it is pushed.
    #[inline]
    pub fn nth_pushed(&self, agent: u32, at: usize) -> u8 {
        self.pushed[agent as usize * self.routes + at].route()
    }

    #[inline]
    pub fn path(&self, agent: u32, route: u8) -> &Path {
        &self.paths[agent as usize * self.routes + usize::from(route)]
    }

    #[inline]
    pub fn value(&self, agent: u32, route: u8) -> i64 {
        i64::from(self.values[agent as usize * self.routes + usize::from(route)])
    }

    /// The operation that is best on a route.
    #[inline]
    pub fn operation(&self, agent: u32, route: u8) -> u16 {
        self.operations[agent as usize * self.routes + usize::from(route)]
    }

    /// Finds out what an agent can do.
    ///
    /// The value of an operation is what it costs from now to the end of what is known: the way to the goal, or, if it comes
    /// by there, from its last state to the goal after that. Gives the route with the path `wanted`.
    pub fn look<S: Space>(
        &mut self,
        space: &S,
        operations: &Operations,
        distances: &Distances<'_, S>,
        index: u32,
        agent: &Agent,
        wanted: &Path,
    ) -> Option<u8> {
        let field = |goal: Place| {
            if goal == NONE {
                NONE
            } else {
                distances.fields.known(goal)
            }
        };
        let (goal, then) = (field(agent.goal), field(agent.then));
        let cost =
            |slot: u32, place: Place, state: State| distances.cost_by(slot, state, place) as i32;
        let base = index as usize * self.routes;
        let here = space.place(agent.state);
        self.best.fill(IMPOSSIBLE);
        let mut note = |operation: u16, value: i32, lateness: u8, path: Path| {
            let route = operations.route(operation);
            let choice = Choice::new(value, lateness, route);
            let best = &mut self.best[usize::from(route)];
            if choice < *best {
                *best = choice;
                self.operations[base + usize::from(route)] = operation;
                self.paths[base + usize::from(route)] = path;
            }
        };
        if agent.goal == NONE {
            operations.from(space, agent.state, |operation, states| {
                let path = places(space, here, states);
                let moves = path.windows(2).filter(|w| w[0] != w[1]).count() as i32;
                let lateness = operations.lateness(operation);
                note(operation, moves, LATENESS_MAX - lateness, path);
            });
        } else {
            let begin = cost(goal, agent.goal, agent.state);
            let leg = if agent.then == NONE {
                0
            } else {
                // From the goal as it is reached; any state of it is near enough.
                (0..S::STATES_PER_PLACE)
                    .map(|at| cost(then, agent.then, space.state(agent.goal, at)))
                    .min()
                    .unwrap_or(0)
            };
            operations.from(space, agent.state, |operation, states| {
                let path = places(space, here, states);
                let last = states[LENGTH - 1];
                let value = match path.iter().skip(1).position(|&p| p == agent.goal) {
                    None => cost(goal, agent.goal, last) - begin,
                    // The sooner the better; what comes then isn't known.
                    Some(at) if agent.then == NONE => {
                        -(i32::from(STEP) * (LENGTH - 1 - at) as i32) - begin
                    }
                    Some(_) => cost(then, agent.then, last) - leg - begin,
                };
                note(operation, value, operations.lateness(operation), path);
            });
        }
        let (mut count, mut found) = (0, None);
        for &choice in self.best.iter().filter(|&&choice| choice != IMPOSSIBLE) {
            let at = base + usize::from(choice.route());
            self.values[at] = choice.value() as u32;
            if self.paths[at] == *wanted {
                found = Some(choice.route());
            }
            self.sorted[base + count] = choice;
            count += 1;
        }
        self.count[index as usize] = count as u16;
        self.ready[index as usize] = false;
        self.sorted[base..base + count].sort_unstable();
        found
    }
}

#[inline]
fn places<S: Space>(space: &S, here: Place, states: &[State; LENGTH]) -> Path {
    let mut path = [here; LENGTH + 1];
    for (place, &state) in path[1..].iter_mut().zip(states) {
        *place = space.place(state);
    }
    path
}
