//! Distances in steps between places, without turns and traffic: rough, but quick for all places at once.

use super::neighbours::Neighbours;
use super::space::{NONE, Place, Space};

/// The distance to what can't be reached.
pub const FAR: u16 = u16::MAX;

/// Breadth-first searches from several places at once.
#[derive(Clone, Debug)]
pub struct Hops {
    neighbours: Neighbours,
    queue: Vec<Place>,
    /// The last search.
    nearest: Vec<u32>,
    steps: Vec<u16>,
}

impl Hops {
    /// For a space in which moves can be made both ways.
    pub fn new<S: Space>(space: &S) -> Self {
        let places = space.places();
        Self {
            neighbours: Neighbours::new(space),
            queue: Vec::with_capacity(places),
            nearest: vec![NONE; places],
            steps: vec![FAR; places],
        }
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
        (&self.nearest, &self.steps)
    }
}
