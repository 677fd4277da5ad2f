//! Distances in steps between places, without turns and traffic: rough, but quick for any pair of places.

use super::space::{NONE, Place, Space};

/// The distance to what can't be reached.
pub const FAR: u16 = u16::MAX;

/// Places next to each other.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    begin: Vec<u32>,
    next: Vec<Place>,
}

impl Neighbours {
    pub fn new<S: Space>(space: &S) -> Self {
        let mut begin = vec![0];
        let mut next = Vec::new();
        for place in 0..space.places() as u32 {
            let first = next.len();
            for at in 0..S::STATES_PER_PLACE {
                for action in 1..S::ACTIONS {
                    let to = space.next(space.state(place, at), action);
                    if to == NONE {
                        continue;
                    }
                    let to = space.place(to);
                    if to != place && !next[first..].contains(&to) {
                        next.push(to);
                    }
                }
            }
            begin.push(next.len() as u32);
        }
        Self { begin, next }
    }

    /// Number of edges between neighbours, each way counted.
    pub fn edges(&self) -> usize {
        self.next.len()
    }

    /// The edges from a place, and where they lead.
    pub fn of(&self, place: Place) -> impl Iterator<Item = (u32, Place)> + '_ {
        let (from, to) = (self.begin[place as usize], self.begin[place as usize + 1]);
        (from..to).map(|edge| (edge, self.next[edge as usize]))
    }

    /// The edge between two places; [`NONE`] if they aren't neighbours.
    pub fn edge(&self, from: Place, to: Place) -> u32 {
        let mut edges = self.of(from);
        edges
            .find(|&(_, end)| end == to)
            .map_or(NONE, |(edge, _)| edge)
    }

    /// Breadth-first search from the places in `queue`, where `steps` is 0 already; elsewhere it is [`FAR`].
    pub fn spread(&self, queue: &mut Vec<Place>, steps: &mut [u16]) {
        let mut at = 0;
        while at < queue.len() {
            let place = queue[at] as usize;
            let further = steps[place].saturating_add(1);
            for &next in &self.next[self.begin[place] as usize..self.begin[place + 1] as usize] {
                if steps[next as usize] == FAR && further < FAR {
                    steps[next as usize] = further;
                    queue.push(next);
                }
            }
            at += 1;
        }
    }
}

/// Places next to each other, and a bounded cache of breadth-first searches.
#[derive(Clone, Debug)]
pub struct Hops {
    neighbours: Neighbours,
    /// Cached search of each place, [`NONE`] if there is none.
    of_place: Vec<u32>,
    /// The place that each search begins at, and distances from there.
    searches: Vec<(Place, Vec<u16>)>,
    capacity: usize,
    hand: usize,
    queue: Vec<Place>,
    /// Places visited by all searches.
    pub work: u64,
}

impl Hops {
    /// For a space in which moves can be made both ways; the cache takes at most so many bytes, but holds one search.
    pub fn new<S: Space>(space: &S, bytes_max: usize) -> Self {
        let places = space.places();
        Self {
            neighbours: Neighbours::new(space),
            of_place: vec![NONE; places],
            searches: Vec::new(),
            capacity: (bytes_max / (2 * places).max(1)).max(1),
            hand: 0,
            queue: Vec::with_capacity(places),
            work: 0,
        }
    }

    /// Is the search from a place in the cache?
    pub fn knows(&self, place: Place) -> bool {
        self.of_place[place as usize] != NONE
    }

    /// Steps from a place to every place, [`FAR`] where that can't be reached.
    pub fn from(&mut self, place: Place) -> &[u16] {
        let slot = match self.of_place[place as usize] {
            NONE => self.search(place),
            slot => slot,
        };
        &self.searches[slot as usize].1
    }

    fn search(&mut self, start: Place) -> u32 {
        let slot = if self.searches.len() < self.capacity {
            self.searches.push((start, vec![FAR; self.of_place.len()]));
            self.searches.len() - 1
        } else {
            // Round and round: the oldest goes.
            self.hand = (self.hand + 1) % self.searches.len();
            self.of_place[self.searches[self.hand].0 as usize] = NONE;
            self.hand
        };
        self.of_place[start as usize] = slot as u32;
        let (from, steps) = &mut self.searches[slot];
        *from = start;
        steps.fill(FAR);
        steps[start as usize] = 0;
        self.queue.clear();
        self.queue.push(start);
        self.neighbours.spread(&mut self.queue, steps);
        self.work += self.queue.len() as u64;
        slot as u32
    }
}
