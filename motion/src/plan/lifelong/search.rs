//! Dijkstra's algorithm from a goal to all states.

use super::fields::{ARC_MAX, UNREACHABLE, Ways};
use super::packed::pack;
use super::space::{Place, Space, State};

/// Buckets: the costs of states that are open differ by [`ARC_MAX`] at most.
const BUCKETS: usize = ARC_MAX as usize + 1;

/// A search, with the memory that it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    costs: Vec<u16>,
    buckets: Vec<Vec<State>>,
    goal: Place,
    field: Vec<u16>,
    work: u64,
}

impl Search {
    /// States that the last search settled.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Takes a goal and the room for its field.
    pub fn begin(&mut self, goal: Place, field: Vec<u16>) {
        (self.goal, self.field) = (goal, field);
    }

    /// Gives the field back.
    pub fn end(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.field)
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
    fn search<S: Space>(&mut self, ways: Ways<'_, S>) {
        let goal = self.goal;
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
        while open > 0 && now < UNREACHABLE - ARC_MAX {
            let ring = usize::from(now) % BUCKETS;
            while let Some(state) = buckets[ring].pop() {
                open -= 1;
                if costs[state as usize] != now {
                    continue; // found again at a lower cost
                }
                settled += 1;
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
        self.work = settled;
    }
}
