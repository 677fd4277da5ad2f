//! What each agent can do in the next steps, best first.

use super::fields::{Fields, STEP, UNREACHABLE};
use super::operations::{LENGTH, Operations};
use super::reservations::Path;
use super::space::{NONE, Place, Space, State};

/// Where an agent is and where it wants to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agent {
    /// Its state.
    pub state: State,
    /// Its goal; [`NONE`]: it idles, and may be pushed anywhere.
    pub goal: Place,
    /// Its goal after that; [`NONE`] if that isn't known.
    pub then: Place,
    /// What the way costs that remains after `goal`, in the units of the fields: agents with little left to do go first.
    pub rest: u32,
}

/// What costs are before: values of operations are relative to those of waiting.
const BIAS: i32 = 1 << 14;

/// Values of operations have so many bits.
const VALUE_MAX: u32 = (1 << 18) - 1;

/// A choice: value, then a tie-break, then the operation, packed so that numbers sort as choices do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Choice(u32);

impl Choice {
    fn new(value: i32, lateness: u8, operation: u16) -> Self {
        let value = (value + BIAS).clamp(0, VALUE_MAX as i32) as u32;
        Self(value << 12 | u32::from(lateness.min(15)) << 8 | u32::from(operation))
    }

    /// What it costs, relative to other choices of the same agent.
    #[inline]
    pub fn value(self) -> i64 {
        i64::from(self.0 >> 8)
    }

    #[inline]
    pub fn operation(self) -> u16 {
        (self.0 & 255) as u16
    }
}

/// A step, in units of [`Choice::value`]: the tie-break takes the lowest four bits.
pub(super) const VALUE_UNIT: i64 = 16 * STEP as i64;

/// The choices of all agents.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    operations: usize,
    /// For each agent its choices, best first.
    sorted: Vec<Choice>,
    count: Vec<u16>,
    /// For each agent its choices when it is pushed, best first: those count more that lead to where there is room.
    pushed: Vec<Choice>,
    /// Have they been sorted in this step?
    ready: Vec<bool>,
    /// For each agent and operation its path, where it is possible.
    paths: Vec<Path>,
    /// For each agent and operation its value.
    values: Vec<u32>,
}

impl Choices {
    pub fn new(operations: usize, agents: usize) -> Self {
        Self {
            operations,
            sorted: vec![Choice::default(); operations * agents],
            count: vec![0; agents],
            pushed: vec![Choice::default(); operations * agents],
            ready: vec![false; agents],
            paths: vec![[NONE; LENGTH + 1]; operations * agents],
            values: vec![0; operations * agents],
        }
    }

    /// An agent's choices, best first.
    #[inline]
    pub fn of(&self, agent: u32) -> &[Choice] {
        let base = agent as usize * self.operations;
        &self.sorted[base..base + usize::from(self.count[agent as usize])]
    }

    /// One of them.
    #[inline]
    pub fn nth(&self, agent: u32, at: usize) -> Choice {
        self.sorted[agent as usize * self.operations + at]
    }

    /// Sorts what an agent can do when it is pushed; `room` is the number of steps from each place to one that is free.
    pub fn prepare(&mut self, agent: u32, room: &[u16], weight: i64) {
        if std::mem::replace(&mut self.ready[agent as usize], true) {
            return;
        }
        let base = agent as usize * self.operations;
        let end = base + usize::from(self.count[agent as usize]);
        for at in base..end {
            let choice = self.sorted[at];
            let path = &self.paths[base + usize::from(choice.operation())];
            let steps = i64::from(room[path[LENGTH] as usize].min(100));
            let key = (choice.value() + weight * steps).clamp(0, (1 << 22) - 1) as u32;
            self.pushed[at] = Choice(key << 8 | u32::from(choice.operation()));
        }
        self.pushed[base..end].sort_unstable();
    }

    /// One of an agent's choices when it is pushed.
    #[inline]
    pub fn nth_pushed(&self, agent: u32, at: usize) -> u16 {
        self.pushed[agent as usize * self.operations + at].operation()
    }

    #[inline]
    pub fn path(&self, agent: u32, operation: u16) -> &Path {
        &self.paths[agent as usize * self.operations + usize::from(operation)]
    }

    #[inline]
    pub fn value(&self, agent: u32, operation: u16) -> i64 {
        i64::from(self.values[agent as usize * self.operations + usize::from(operation)])
    }

    /// Finds out what an agent can do.
    ///
    /// The value of an operation is what it costs from now to the end of what is known: the way to the goal, or, if it comes
    /// by there, from its last state to the goal after that. Gives the best operation along the path `wanted`.
    pub fn look<S: Space>(
        &mut self,
        space: &S,
        operations: &Operations,
        fields: &Fields,
        index: u32,
        agent: &Agent,
        wanted: &Path,
    ) -> Option<u16> {
        let mut found = None;
        let mut found_value = u32::MAX;
        let field = |goal: Place| {
            if goal == NONE {
                NONE
            } else {
                fields.known(goal)
            }
        };
        let (goal, then) = (field(agent.goal), field(agent.then));
        let cost = |slot: u32, place: Place, state: State| match slot {
            NONE => space.estimate(state, place) as i32 * i32::from(STEP),
            slot => match fields.cost(slot, state) {
                UNREACHABLE => 1 << 16,
                cost => i32::from(cost),
            },
        };
        let base = index as usize * self.operations;
        let here = space.place(agent.state);
        let mut count = 0;
        let mut note = |operation: u16, choice: Choice, path: Path| {
            self.sorted[base + count] = choice;
            self.paths[base + usize::from(operation)] = path;
            self.values[base + usize::from(operation)] = choice.value() as u32;
            count += 1;
            if path == *wanted && (choice.value() as u32) < found_value {
                (found, found_value) = (Some(operation), choice.value() as u32);
            }
        };
        if agent.goal == NONE {
            operations.from(space, agent.state, |operation, states| {
                let path = places(space, here, states);
                let moves = path.windows(2).filter(|w| w[0] != w[1]).count() as i32;
                let lateness = operations.lateness(operation);
                let choice = Choice::new(moves, 10 - lateness, operation);
                note(operation, choice, path);
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
                let choice = Choice::new(value, operations.lateness(operation), operation);
                note(operation, choice, path);
            });
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
