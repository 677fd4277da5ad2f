//! Distances in steps between places, without turns and traffic: rough, but quick for any pair of places.

use super::neighbours::Neighbours;
use super::space::{NONE, Place, Space};

/// The distance to what can't be reached.
pub const FAR: u16 = u16::MAX;

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
    /// The last search from several places.
    nearest: Vec<u32>,
    steps: Vec<u16>,
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
            nearest: vec![NONE; places],
            steps: vec![FAR; places],
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

    /// For each place the nearest of some places, by its number among them ([`NONE`]: none can be reached), and the steps
    /// to it.
    pub fn nearest(&mut self, among: &[Place]) -> (&[u32], &[u16]) {
        self.nearest.fill(NONE);
        self.steps.fill(FAR);
        self.queue.clear();
        for (number, &place) in among.iter().enumerate() {
            (self.nearest[place as usize], self.steps[place as usize]) = (number as u32, 0);
            self.queue.push(place);
        }
        let mut at = 0;
        while at < self.queue.len() {
            let place = self.queue[at] as usize;
            for (_, next) in self.neighbours.of(place as Place) {
                if self.nearest[next as usize] == NONE {
                    self.nearest[next as usize] = self.nearest[place];
                    self.steps[next as usize] = self.steps[place].saturating_add(1);
                    self.queue.push(next);
                }
            }
            at += 1;
        }
        self.work += at as u64;
        (&self.nearest, &self.steps)
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
