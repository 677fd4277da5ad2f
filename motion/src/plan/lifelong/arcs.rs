//! Arcs between states, and who leads to a state: for searches that begin at the goal.

use super::space::{NONE, Space, State};

/// An arc that leads to some state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arriving {
    pub from: State,
    /// `from * ACTIONS + action`.
    pub arc: u32,
}

/// For each state the arcs that lead to it from others.
#[derive(Clone, Debug)]
pub(super) struct Backward {
    begin: Vec<u32>,
    arriving: Vec<Arriving>,
}

impl Backward {
    pub fn new<S: Space>(space: &S) -> Self {
        let states = space.states();
        let arcs = || {
            (0..states as u32).flat_map(|from| {
                (1..S::ACTIONS).filter_map(move |action| match space.next(from, action) {
                    NONE => None,
                    to => Some((to, from, from * S::ACTIONS as u32 + action as u32)),
                })
            })
        };
        let mut begin = vec![0u32; states + 1];
        for (to, _, _) in arcs() {
            begin[to as usize + 1] += 1;
        }
        for at in 0..states {
            begin[at + 1] += begin[at];
        }
        let mut free = begin.clone();
        let mut arriving = vec![Arriving { from: 0, arc: 0 }; begin[states] as usize];
        for (to, from, arc) in arcs() {
            arriving[free[to as usize] as usize] = Arriving { from, arc };
            free[to as usize] += 1;
        }
        Self { begin, arriving }
    }

    /// Arcs that lead to a state.
    #[inline]
    pub fn to(&self, state: State) -> &[Arriving] {
        let state = state as usize;
        &self.arriving[self.begin[state] as usize..self.begin[state + 1] as usize]
    }
}
