//! What the lifelong planner knows of the world: states, actions between them, and places that conflict.

use crate::plan::epibt::Ground;
pub use crate::plan::epibt::{NONE, Place};

/// A state of an agent: where it is and how it stands there; `0..Space::states()`.
pub type State = u32;

/// Where agents can be, and what they can do there in one step.
///
/// The states of a place are numbered one after the other, so that tables by place and by state need no index:
/// `state / STATES_PER_PLACE` is its place. The planner is compiled for each space.
pub trait Space: Ground {
    /// States of each place, at least 1.
    const STATES_PER_PLACE: usize;
    /// Actions that there are in any state, at least 1. Action 0 is to wait: it leads from each state to itself.
    const ACTIONS: usize;

    /// Number of places; each is a piece of ground.
    fn places(&self) -> usize;

    /// The state that an action leads to; [`NONE`] where it isn't possible.
    fn next(&self, state: State, action: usize) -> State;

    /// Steps from a state to a place, at least; a guess that is good enough while there is no distance field.
    fn estimate(&self, state: State, place: Place) -> u32;

    /// The sequences of `length` actions that are worth looking at. By default all of them; a space leaves out those that
    /// take up the same places at the same times as another one and end in the same state.
    fn operations(&self, length: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        for _ in 0..length {
            let longer = all.iter().flat_map(|head: &Vec<u8>| {
                (0..Self::ACTIONS).map(move |action| {
                    let mut sequence = head.clone();
                    sequence.push(action as u8);
                    sequence
                })
            });
            all = longer.collect();
        }
        all
    }

    /// Do two of these sequences take up the same places at the same times, from whatever state? Then they are one route, of
    /// which an agent takes the operation that is best for it. By default each is a route of its own.
    fn same_route(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }

    /// Number of states.
    #[inline]
    fn states(&self) -> usize {
        self.places() * Self::STATES_PER_PLACE
    }

    /// The place of a state.
    #[inline]
    fn place(&self, state: State) -> Place {
        state / Self::STATES_PER_PLACE as u32
    }

    /// A state of a place.
    #[inline]
    fn state(&self, place: Place, at: usize) -> State {
        place * Self::STATES_PER_PLACE as u32 + at as u32
    }
}
