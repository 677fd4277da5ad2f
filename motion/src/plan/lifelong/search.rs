//! Dijkstra's algorithm from a goal to all states.

use super::fields::{ARC_MAX, UNREACHABLE, Ways};
use super::packed::pack;
use super::space::{Place, Space, State};
use crate::plan::epibt::STEP;

/// Buckets: the costs of states that are open differ by [`ARC_MAX`] at most.
const BUCKETS: usize = ARC_MAX as usize + 1;

/// What a search goes beyond the place from which it is to find the way, and an eighth of that way.
const BEYOND: u16 = 16 * STEP;

/// A search, with the memory that it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    costs: Vec<u16>,
    buckets: Vec<Vec<State>>,
    goal: Place,
    from: Place,
    field: Vec<u16>,
    reach: u16,
    work: u64,
}

impl Search {
    /// States that the last search settled.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Takes a goal, a place from which the way is to be known ([`NONE`](super::space::NONE): from all), and the room for its field.
    pub fn begin(&mut self, goal: Place, from: Place, field: Vec<u16>) {
        (self.goal, self.from, self.field) = (goal, from, field);
    }

    /// Gives the field back, and the cost up to which all states are in it.
    pub fn end(&mut self) -> (Vec<u16>, u16) {
        (std::mem::take(&mut self.field), self.reach)
    }

    /// Makes the field: the cost of each state, or, `packed`, those of each place.
    pub fn run<S: Space>(&mut self, ways: Ways<'_, S>, packed: bool) {
        self.search(ways);
        if packed {
            let (places, _) = self.costs.as_chunks::<4>();
            for (packed, &costs) in self.field.iter_mut().zip(places) {
                *packed = pack(costs);
            }
        } else {
            self.field.copy_from_slice(&self.costs);
        }
    }

    /// The cost from each state to the goal, in any of its states; with a ring of buckets instead of a heap (Dial, 1969).
    ///
    /// Ends somewhat beyond the place from which the way is to be known: who is on it may be pushed aside.
    fn search<S: Space>(&mut self, ways: Ways<'_, S>) {
        let (goal, from) = (self.goal, self.from);
        let mut reach = UNREACHABLE - ARC_MAX;
        let Self { costs, buckets, .. } = self;
        costs.clear();
        costs.resize(ways.space.states(), UNREACHABLE);
        buckets.resize(BUCKETS, Vec::new());
        let (mut open, mut settled) = (0, 0);
        for at in 0..S::STATES_PER_PLACE {
            let state = ways.space.state(goal, at);
            costs[state as usize] = 0;
            buckets[0].push(state);
            open += 1;
        }
        let mut now = 0u16;
        while open > 0 && now < reach {
            let ring = usize::from(now) % BUCKETS;
            while let Some(state) = buckets[ring].pop() {
                open -= 1;
                if costs[state as usize] != now {
                    continue; // found again at a lower cost
                }
                settled += 1;
                if ways.space.place(state) == from {
                    reach = reach.min(now.saturating_add(now / 8 + BEYOND));
                }
                for arriving in ways.backward.to(state) {
                    let reached = now + ways.costs[arriving.arc as usize];
                    let known = &mut costs[arriving.from as usize];
                    if reached < *known {
                        *known = reached;
                        buckets[usize::from(reached) % BUCKETS].push(arriving.from);
                        open += 1;
                    }
                }
            }
            now += 1;
        }
        for bucket in buckets {
            bucket.clear();
        }
        let ended_early = open > 0 && now < UNREACHABLE - ARC_MAX;
        self.reach = if ended_early { now } else { UNREACHABLE };
        self.work = settled;
    }
}
