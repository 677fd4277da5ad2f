//! Distance fields: what it costs to get from every state to a goal, shared by all who have that goal.

use super::arcs::Backward;
use super::space::{NONE, Place, Space, State};

/// What a step without congestion costs.
pub const STEP: u16 = 8;

/// Most that an arc may cost.
pub const ARC_MAX: u16 = 127;

/// The cost from states that don't lead to the goal.
pub const UNREACHABLE: u16 = u16::MAX;

/// Buckets of the search: costs on the way differ by [`ARC_MAX`] at most.
const BUCKETS: usize = ARC_MAX as usize + 1;

/// A field in the cache.
#[derive(Clone, Debug)]
struct Field {
    goal: Place,
    /// Version of the costs that it knows.
    version: u32,
    /// The step in which it was needed last.
    used: u32,
    cost: Vec<u16>,
}

/// A bounded cache of fields. A field that isn't needed makes room for a new one; the one that was needed longest ago first.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    /// Field of each place, [`NONE`] if there is none.
    of_place: Vec<u32>,
    capacity: usize,
    buckets: Vec<Vec<State>>,
    /// Where the search for old fields goes on.
    hand: usize,
    /// States settled by all searches.
    pub work: u64,
}

impl Fields {
    /// A cache of at most so many bytes, but at least of one field.
    pub fn new<S: Space>(space: &S, bytes_max: usize) -> Self {
        Self {
            fields: Vec::new(),
            of_place: vec![NONE; space.places()],
            capacity: (bytes_max / (2 * space.states()).max(1)).max(1),
            buckets: vec![Vec::new(); BUCKETS],
            hand: 0,
            work: 0,
        }
    }

    /// The field of a goal, if it is there; notes that it is needed in this step.
    pub fn find(&mut self, goal: Place, step: u32) -> u32 {
        let slot = self.of_place[goal as usize];
        if slot != NONE {
            self.fields[slot as usize].used = step;
        }
        slot
    }

    /// The field of a goal, if it is there.
    pub fn known(&self, goal: Place) -> u32 {
        self.of_place[goal as usize]
    }

    /// The cost from a state, by a field.
    #[inline]
    pub fn cost(&self, slot: u32, state: State) -> u16 {
        self.fields[slot as usize].cost[state as usize]
    }

    /// Makes the field of a goal that has none; [`NONE`] if all that there is room for are needed in this step.
    pub fn make<S: Space>(
        &mut self,
        space: &S,
        backward: &Backward,
        costs: &[u16],
        goal: Place,
        (step, version): (u32, u32),
    ) -> u32 {
        let slot = if self.fields.len() < self.capacity {
            self.fields.push(Field {
                goal,
                version,
                used: step,
                cost: vec![UNREACHABLE; space.states()],
            });
            self.fields.len() - 1
        } else {
            let Some(slot) = self.oldest(step) else {
                return NONE;
            };
            self.of_place[self.fields[slot].goal as usize] = NONE;
            slot
        };
        self.of_place[goal as usize] = slot as u32;
        let field = &mut self.fields[slot];
        (field.goal, field.version, field.used) = (goal, version, step);
        self.search(space, backward, costs, slot);
        slot as u32
    }

    /// Among a few fields, in turn, the one that was needed longest ago; `None` if all are needed in this step.
    fn oldest(&mut self, step: u32) -> Option<usize> {
        const LOOKS: usize = 64;
        let mut best: Option<usize> = None;
        for look in 0..self.fields.len() {
            self.hand = (self.hand + 1) % self.fields.len();
            let used = self.fields[self.hand].used;
            if used < step && best.is_none_or(|b| used < self.fields[b].used) {
                best = Some(self.hand);
            }
            if look >= LOOKS && best.is_some() {
                break;
            }
        }
        best
    }

    /// Makes the next field anew, in turn, that knows old costs and is needed (or of `all`); `false` if there is none.
    pub fn refresh<S: Space>(
        &mut self,
        space: &S,
        backward: &Backward,
        costs: &[u16],
        (step, version): (u32, u32),
        all: bool,
    ) -> bool {
        for _ in 0..self.fields.len() {
            self.hand = (self.hand + 1) % self.fields.len();
            let field = &mut self.fields[self.hand];
            if field.version != version && (all || field.used == step) {
                field.version = version;
                self.search(space, backward, costs, self.hand);
                return true;
            }
        }
        false
    }

    /// Dijkstra's algorithm from the goal, with a ring of buckets instead of a heap (Dial, 1969).
    fn search<S: Space>(&mut self, space: &S, backward: &Backward, costs: &[u16], slot: usize) {
        let Field { goal, cost, .. } = &mut self.fields[slot];
        cost.fill(UNREACHABLE);
        let mut open = 0;
        for at in 0..S::STATES_PER_PLACE {
            let state = space.state(*goal, at);
            cost[state as usize] = 0;
            self.buckets[0].push(state);
            open += 1;
        }
        let mut now = 0u16;
        while open > 0 && now < UNREACHABLE - ARC_MAX {
            let ring = usize::from(now) % BUCKETS;
            while let Some(state) = self.buckets[ring].pop() {
                open -= 1;
                if cost[state as usize] != now {
                    continue; // found again at a lower cost
                }
                self.work += 1;
                for arriving in backward.to(state) {
                    let reached = now + costs[arriving.arc as usize];
                    let known = &mut cost[arriving.from as usize];
                    if reached < *known {
                        *known = reached;
                        self.buckets[usize::from(reached) % BUCKETS].push(arriving.from);
                        open += 1;
                    }
                }
            }
            now += 1;
        }
        for bucket in &mut self.buckets {
            bucket.clear();
        }
    }
}
