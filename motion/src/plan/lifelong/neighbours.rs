//! Places next to each other, and searches that count steps between them.

use super::hops::FAR;
use super::space::{NONE, Place, Space};

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
