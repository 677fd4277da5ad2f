//! What an agent can do in a space, and what that is worth to it.

use super::agent::Agent;
use super::distances::Distances;
use super::operations::{LATENESS_MAX, LENGTH, MOMENTS, Operations};
use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::{Choice, Choices, Path, STEP};

impl Choices<MOMENTS> {
    /// Finds out what an agent can do.
    ///
    /// The value of an operation is what it costs from now to the end of what is known: the way to the goal, or, if it comes
    /// by there, from its last state to the goal after that. Gives the route with the path `wanted`.
    pub(super) fn look<S: Space>(
        &mut self,
        space: &S,
        operations: &Operations,
        distances: &Distances<'_, S>,
        index: u32,
        agent: &Agent,
        wanted: &Path<MOMENTS>,
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
        let here = space.place(agent.state);
        self.begin();
        let mut note = |operation: u16, value: i32, lateness: u8, path: &Path<MOMENTS>| {
            let choice = Choice::new(value, lateness, operations.route(operation));
            self.note(index, operation, choice, path);
        };
        if agent.goal == NONE {
            operations.from(space, agent.state, |operation, states| {
                let path = places(space, here, states);
                let moves = path.windows(2).filter(|w| w[0] != w[1]).count() as i32;
                let lateness = operations.lateness(operation);
                note(operation, moves, LATENESS_MAX - lateness, &path);
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
                note(operation, value, operations.lateness(operation), &path);
            });
        }
        self.end(index, wanted)
    }
}

#[inline]
fn places<S: Space>(space: &S, here: Place, states: &[State; LENGTH]) -> Path<MOMENTS> {
    let mut path = [here; MOMENTS];
    for (place, &state) in path[1..].iter_mut().zip(states) {
        *place = space.place(state);
    }
    path
}
