//! Distances in steps between any two places, estimated at once from those to a few landmarks.
//!
//! The way from one place to another is at least as long as the difference between their ways to a third; with landmarks far
//! from each other the largest of these differences is nearly the way itself (Goldberg, Harrelson: "Computing the Shortest
//! Path: A* Search Meets Graph Theory", SODA 2005).

use super::arcs::Backward;
use super::space::{Place, Space, State};

/// Landmarks.
const COUNT: usize = 64;

/// The distance to what can't be reached.
const FAR: i16 = i16::MAX;

/// Distances between places and landmarks, turns included, in an empty space in which moves can be made both ways.
#[derive(Clone, Debug)]
pub(super) struct Landmarks {
    /// Of each place the steps to each landmark.
    steps: Vec<[i16; COUNT]>,
}

impl Landmarks {
    /// Landmarks of a space: each is as far from those before it as a place can be. Pockets from which hardly anything can be
    /// reached get none.
    pub fn new<S: Space>(space: &S, backward: &Backward) -> Self {
        let places = space.places();
        let mut steps = vec![[FAR; COUNT]; places];
        // From each place to the nearest landmark; those in pockets count as landmarks.
        let mut nearest = vec![FAR; places];
        let mut search = Search::default();
        let mut number = 0;
        while number < COUNT {
            let far = |&place: &usize| (nearest[place], std::cmp::Reverse(place));
            let farthest = (0..places).max_by_key(far);
            let Some(landmark) = farthest.filter(|&place| nearest[place] > 0) else {
                break;
            };
            search.run(space, backward, landmark as Place);
            let is_pocket = search.reached.len() * COUNT < space.states();
            for &(state, reached) in &search.reached {
                let place = space.place(state) as usize;
                if is_pocket {
                    nearest[place] = 0;
                } else {
                    nearest[place] = nearest[place].min(reached);
                    steps[place][number] = steps[place][number].min(reached);
                }
            }
            number += usize::from(!is_pocket);
        }
        Self { steps }
    }

    /// Steps from one place to another: hardly ever more than it takes, and mostly little less.
    #[inline]
    pub fn estimate(&self, from: Place, to: Place) -> u32 {
        let (from, to) = (&self.steps[from as usize], &self.steps[to as usize]);
        // Eight numbers at a time fit a register of any machine.
        let (from, _) = from.as_chunks::<8>();
        let (to, _) = to.as_chunks::<8>();
        let mut most = [0; 8];
        for (from, to) in from.iter().zip(to) {
            for at in 0..8 {
                most[at] = most[at].max(from[at] - to[at]).max(to[at] - from[at]);
            }
        }
        most.into_iter().fold(0, i16::max) as u32
    }
}

/// Breadth-first search from all states of a place, against the arcs.
#[derive(Default)]
struct Search {
    /// States in the order in which they are reached, and the steps from them.
    reached: Vec<(State, i16)>,
    seen: Vec<bool>,
}

impl Search {
    fn run<S: Space>(&mut self, space: &S, backward: &Backward, goal: Place) {
        self.reached.clear();
        self.seen.clear();
        self.seen.resize(space.states(), false);
        for at in 0..S::STATES_PER_PLACE {
            let state = space.state(goal, at);
            self.seen[state as usize] = true;
            self.reached.push((state, 0));
        }
        let mut at = 0;
        while let Some(&(state, steps)) = self.reached.get(at) {
            for arriving in backward.to(state) {
                if !std::mem::replace(&mut self.seen[arriving.from as usize], true) {
                    self.reached.push((arriving.from, (steps + 1).min(FAR - 1)));
                }
            }
            at += 1;
        }
    }
}
