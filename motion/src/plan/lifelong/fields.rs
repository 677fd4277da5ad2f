//! Distance fields: what it costs to get from every state to a goal, shared by all who have that goal.

use super::arcs::Backward;
use super::packed::unpack;
use super::search::Search;
use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::STEP;

/// Most that an arc may cost.
pub const ARC_MAX: u16 = 127;

/// The cost from states that don't lead to the goal, or are too far from it to be known.
pub const UNREACHABLE: u16 = u16::MAX;

/// How much farther than to an agent a field has to reach, so that it knows all ways that the agent may take.
const MARGIN: u16 = 8 * STEP;

/// Fields that are made together, however many threads make them: so the plan doesn't depend on their number.
const BATCH: usize = 4;

/// Costs and what they are of.
pub(super) struct Ways<'a, S> {
    pub space: &'a S,
    pub backward: &'a Backward,
    /// Of each arc.
    pub costs: &'a [u16],
    /// Version of the costs.
    pub version: u32,
}

impl<S> Clone for Ways<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Ways<'_, S> {}

/// What a field is needed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Need {
    pub goal: Place,
    /// The place from which it has to know the way; [`NONE`]: from all.
    pub from: Place,
    /// Steps of that way, about.
    pub steps: u32,
}

/// A field in the cache.
#[derive(Clone, Debug)]
struct Field {
    goal: Place,
    /// Version of the costs that it knows.
    version: u32,
    /// The step in which it was needed last, and for what: for the longest way.
    used: u32,
    need: Need,
    /// All states of lower cost are in it.
    reach: u16,
    /// Of each state; or of each place, packed.
    cost: Vec<u16>,
}

/// A bounded cache of fields. A field that isn't needed makes room for a new one; of a few the one that was needed longest ago.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    /// Field of each place, [`NONE`] if there is none.
    of_place: Vec<u32>,
    capacity: usize,
    /// Four states a place, packed into one number.
    packed: bool,
    threads: usize,
    /// A search for each field of a batch.
    searches: Vec<Search>,
    /// Fields to be made together, at most [`BATCH`].
    batch: Vec<u32>,
    /// Where the search for old fields goes on.
    hand: usize,
    /// States settled by all searches.
    pub work: u64,
}

impl Fields {
    /// A cache of at most so many bytes, but at least of a batch.
    pub fn new<S: Space>(space: &S, bytes_max: usize, threads: usize) -> Self {
        // Whole costs only where there is room for the fields of all places.
        let packed = S::STATES_PER_PLACE == 4 && 2 * space.states() * space.places() > bytes_max;
        let numbers = if packed {
            space.places()
        } else {
            space.states()
        };
        Self {
            fields: Vec::new(),
            of_place: vec![NONE; space.places()],
            capacity: (bytes_max / (2 * numbers).max(1)).max(BATCH),
            packed,
            threads: threads.max(1),
            searches: vec![Search::default(); BATCH],
            batch: Vec::with_capacity(BATCH),
            hand: 0,
            work: 0,
        }
    }

    /// Is there room for the fields of all places?
    pub fn has_room_for_all(&self) -> bool {
        self.capacity >= self.of_place.len()
    }

    /// Is there a field of a goal that knows the way from a place, some steps away? Notes that it is needed in this step.
    pub fn find<S: Space>(&mut self, space: &S, need: Need, step: u32) -> bool {
        let slot = self.of_place[need.goal as usize];
        if slot == NONE {
            return false;
        }
        let field = &mut self.fields[slot as usize];
        if field.used != step || field.need.steps < need.steps {
            field.need = need;
        }
        field.used = step;
        let reach = field.reach;
        reach == UNREACHABLE
            || need.from != NONE
                && self
                    .cost(slot, space.state(need.from, 0))
                    .saturating_add(MARGIN)
                    < reach
    }

    /// The field of a goal, if it is there.
    #[inline]
    pub fn known(&self, goal: Place) -> u32 {
        self.of_place[goal as usize]
    }

    /// The cost from a state, by a field.
    #[inline]
    pub fn cost(&self, slot: u32, state: State) -> u16 {
        let cost = &self.fields[slot as usize].cost;
        if self.packed {
            unpack(cost[state as usize / 4], state as usize % 4)
        } else {
            cost[state as usize]
        }
    }

    /// Takes up a goal whose field isn't there, or doesn't reach far enough, to be made with the next batch; `false` if all
    /// that there is room for are needed in this step.
    pub fn want<S: Space>(&mut self, ways: Ways<'_, S>, need: Need, step: u32) -> bool {
        let mut slot = self.of_place[need.goal as usize] as usize;
        if slot == NONE as usize {
            if self.fields.len() < self.capacity {
                let numbers = if self.packed {
                    ways.space.places()
                } else {
                    ways.space.states()
                };
                slot = self.fields.len();
                self.fields.push(Field {
                    goal: need.goal,
                    version: ways.version,
                    used: step,
                    need,
                    reach: 0,
                    cost: vec![UNREACHABLE; numbers],
                });
            } else {
                let Some(oldest) = self.oldest(step) else {
                    return false;
                };
                self.of_place[self.fields[oldest].goal as usize] = NONE;
                slot = oldest;
            }
            self.of_place[need.goal as usize] = slot as u32;
        } else if self.batch.contains(&(slot as u32)) {
            return true;
        }
        let field = &mut self.fields[slot];
        (field.goal, field.version) = (need.goal, ways.version);
        (field.used, field.need) = (step, need);
        self.batch.push(slot as u32);
        true
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

    /// Takes up the next field, in turn, that knows old costs and is needed (or is any of `all`); `false` if there is none.
    pub fn want_refresh(&mut self, version: u32, step: u32, all: bool) -> bool {
        for _ in 0..self.fields.len() {
            self.hand = (self.hand + 1) % self.fields.len();
            let field = &mut self.fields[self.hand];
            if field.version != version && (all || field.used == step) {
                field.version = version;
                self.batch.push(self.hand as u32);
                return true;
            }
        }
        false
    }

    /// Is the next batch complete?
    pub fn batch_is_full(&self) -> bool {
        self.batch.len() == BATCH
    }

    /// Is nothing taken up?
    pub fn batch_is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Makes the fields that were taken up, dealt out to the threads.
    pub fn make_batch<S: Space + Sync>(&mut self, ways: Ways<'_, S>) {
        let (packed, count) = (self.packed, self.batch.len());
        for (search, &slot) in self.searches.iter_mut().zip(&self.batch) {
            let field = &mut self.fields[slot as usize];
            search.begin(field.goal, field.need.from, std::mem::take(&mut field.cost));
        }
        let run = move |searches: &mut [Search]| {
            for search in searches {
                search.run(ways, packed);
            }
        };
        // The first part, the largest, is this thread's.
        let part = count.div_ceil(self.threads).max(1);
        let (first, others) = self.searches[..count].split_at_mut(part.min(count));
        if others.is_empty() {
            run(first);
        } else {
            std::thread::scope(|scope| {
                for searches in others.chunks_mut(part) {
                    scope.spawn(move || run(searches));
                }
                run(first);
            });
        }
        for (search, &slot) in self.searches.iter_mut().zip(&self.batch) {
            let field = &mut self.fields[slot as usize];
            (field.cost, field.reach) = search.end();
            self.work += search.work();
        }
        self.batch.clear();
    }
}
