//! Is a neighbour nearer to the goal? A look around, where going on with the search would settle a whole plateau.
//!
//! On a grid, and wherever one comes back after an even number of steps only, the distances of two neighbours differ by
//! one. So who is at a vertex whose distance is known needs to know of one beside only whether a way from there reaches
//! something that is as near as that way would have to be: a depth-first search towards the goal, cut off by lower bounds
//! (iterative deepening A*, Korf 1985, at one depth). It meets the known shortest way, or walls, within a few steps; where
//! it does not, the answer is a guess.

use super::fields::{Fields, UNKNOWN, UNREACHABLE};
use super::network::{NONE, Network};

/// When it has seen so many vertices, it guesses.
const SEEN_MAX: usize = 128;

/// Reused from one look to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    seen: Vec<Seen>,
    open: Vec<u32>,
}

/// A vertex on a way to the goal.
#[derive(Clone, Copy, Debug)]
struct Seen {
    vertex: u32,
    /// The distance that it must have, for the way to be short enough.
    distance: u32,
    /// From which one it was seen, or [`NONE`].
    before: u32,
}

impl Fields {
    /// The distance of `to`, which is one step from a vertex whose distance is `from`, if it is less than that; otherwise
    /// `from` at least. On large floors it may say that `to` is not nearer though it is.
    #[inline]
    pub fn one_step_off(&mut self, network: &Network, field: u32, to: u32, from: u32) -> u32 {
        match self.get(field, to) {
            UNKNOWN if network.is_even() && !self.is_exhausted(field) => {
                self.look_aside(network, field, to, from)
            }
            UNKNOWN => self.distance_below(network, field, to, from),
            known => u32::from(known),
        }
    }

    #[inline(never)]
    fn look_aside(&mut self, network: &Network, field: u32, to: u32, from: u32) -> u32 {
        let goal = self.goal(field);
        let mut scratch = std::mem::take(&mut self.scratch);
        let Scratch { seen, open } = &mut scratch;
        seen.clear();
        open.clear();
        if network.apart(to, goal) < from {
            open.push(0);
            seen.push(Seen {
                vertex: to,
                distance: from - 1,
                before: NONE,
            });
        }
        let mut is_nearer = false;
        'looking: while let Some(at) = open.pop() {
            let Seen {
                vertex, distance, ..
            } = seen[at as usize];
            self.work += 1;
            for &next in network.successors(vertex) {
                let known = self.get(field, next);
                if u32::from(known) + 1 == distance {
                    self.note_way(field, seen, at);
                    is_nearer = true;
                    break 'looking;
                }
                // Seen before, with as much way left?
                let was_seen = |seen: &Seen| seen.vertex == next && seen.distance + 1 >= distance;
                if known == UNKNOWN
                    && network.apart(next, goal) < distance
                    && !seen.iter().any(was_seen)
                {
                    open.push(seen.len() as u32);
                    seen.push(Seen {
                        vertex: next,
                        distance: distance - 1,
                        before: at,
                    });
                }
            }
            if seen.len() > SEEN_MAX {
                break;
            }
        }
        let is_guess = seen.len() > SEEN_MAX;
        self.scratch = scratch;
        if is_nearer {
            return from - 1;
        }
        if !is_guess && from + 1 < UNREACHABLE {
            self.note(field, to, from + 1);
        }
        from + 1
    }

    /// Takes note of the distances on a way that was found, from its end back.
    fn note_way(&mut self, field: u32, seen: &[Seen], mut at: u32) {
        while at != NONE {
            let it = seen[at as usize];
            self.note(field, it.vertex, it.distance);
            at = it.before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Where there is no need to guess, whatever is asked for in whatever order, all distances are right.
        #[test]
        fn distances_one_step_off_are_right(
            passable in prop::collection::vec(prop::bool::weighted(0.75), 70),
            ends: (prop::sample::Index, prop::sample::Index),
            asked in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 1..60),
        ) {
            let (network, _) = Network::grid(&passable, 10, 7);
            prop_assume!(!network.is_empty());
            let vertex = |index: prop::sample::Index| index.index(network.len()) as u32;
            let (start, goal) = (vertex(ends.0), vertex(ends.1));
            let mut fields = Fields::new(&network, &[goal], &[start], 1);
            let steps = |from: u32| network.distance(from, goal);
            for (from, way, by_search) in asked {
                let ways = network.successors(vertex(from));
                let Some(distance) = steps(vertex(from)) else { continue };
                if by_search {
                    prop_assert_eq!(fields.distance(&network, 0, vertex(from)), distance);
                } else if !ways.is_empty() {
                    let to = ways[way.index(ways.len())];
                    let found = fields.one_step_off(&network, 0, to, distance);
                    prop_assert_eq!(Some(found), steps(to), "from {} to {}", vertex(from), to);
                }
            }
            for at in 0..network.len() as u32 {
                if let Some(distance) = steps(at) {
                    prop_assert_eq!(fields.distance(&network, 0, at), distance);
                }
            }
        }
    }
}
