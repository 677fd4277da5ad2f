//! Operations: sequences of actions that an agent chooses between, as a tree of common beginnings.
//!
//! Yukhnevich, Andreychuk: "Enhancing PIBT via Multi-Action Operations" (arXiv 2511.09193), where an agent doesn't choose
//! its next place, as in PIBT, but its next few actions.

use super::space::{NONE, Space, State};

/// Actions of an operation.
pub const LENGTH: usize = 5;

/// Moments of a path: now, and after each action.
pub const MOMENTS: usize = LENGTH + 1;

/// The lateness of an operation that waits all the time. Choices keep it in four bits.
pub const LATENESS_MAX: u8 = (LENGTH * (LENGTH + 1) / 2) as u8;
const _: () = assert!(LATENESS_MAX < 16);

/// Places for each free one from which on operations are shorter: hardly any way is free for so long, and a look at each
/// chain of agents that would have to give way takes more time the more operations there are.
const CROWDED: usize = 4;

/// How many actions of an operation may be other than to wait, so that agents find the time for the best of it.
pub fn acting(places: usize, agents: usize) -> usize {
    if places.saturating_sub(agents) * CROWDED < places {
        LENGTH - 1
    } else {
        LENGTH
    }
}

/// Most routes that a space may have.
pub const ROUTES_MAX: usize = 256;

/// A node of the tree, in the order of a walk that goes down first.
#[derive(Clone, Copy, Debug)]
struct Node {
    action: u8,
    /// 1 to [`LENGTH`].
    depth: u8,
    /// Nodes below it: skipped when its action isn't possible.
    below: u16,
    /// The operation that ends here, if its depth is [`LENGTH`].
    operation: u16,
}

/// The tree, and the operations by number.
///
/// Operations that take up the same places at the same times are a *route*: for others it doesn't matter which of them an
/// agent takes.
#[derive(Clone, Debug)]
pub struct Operations {
    nodes: Vec<Node>,
    actions: Vec<[u8; LENGTH]>,
    /// How late each acts: a tie-break, smaller is better.
    lateness: Vec<u8>,
    /// The route of each.
    route: Vec<u8>,
    /// Number of routes.
    pub routes: usize,
    /// The route that stays where it is.
    pub stay: u8,
}

impl Operations {
    /// The operations of a space that wait after so many actions.
    ///
    /// # Panics
    /// If the space offers more than [`ROUTES_MAX`] routes, or no operation that waits all the time.
    pub fn new<S: Space>(space: &S, acting: usize) -> Self {
        let mut actions: Vec<[u8; LENGTH]> = space
            .operations(acting.min(LENGTH))
            .iter()
            .map(|sequence| {
                let mut actions = [0; LENGTH];
                actions[..sequence.len()].copy_from_slice(sequence);
                actions
            })
            .collect();
        actions.sort_unstable();
        actions.dedup();
        let mut firsts: Vec<[u8; LENGTH]> = Vec::new();
        let route: Vec<u8> = actions
            .iter()
            .map(|operation| {
                let known = firsts.iter().position(|o| space.same_route(o, operation));
                let route = known.unwrap_or_else(|| {
                    firsts.push(*operation);
                    firsts.len() - 1
                });
                assert!(route < ROUTES_MAX, "routes have 8-bit ids");
                route as u8
            })
            .collect();
        let Some(wait) = actions.iter().position(|&o| o == [0; LENGTH]) else {
            panic!("waiting is always possible");
        };
        let late = |operation: &[u8; LENGTH]| {
            let waits = operation.iter().enumerate().filter(|&(_, &a)| a == 0);
            waits.map(|(at, _)| (LENGTH - at) as u8).sum()
        };
        let mut tree = Self {
            nodes: Vec::new(),
            lateness: actions.iter().map(late).collect(),
            stay: route[wait],
            route,
            routes: firsts.len(),
            actions,
        };
        tree.grow(0, 0, tree.actions.len());
        tree
    }

    /// Adds the nodes of the operations `from..to`, which begin alike up to `depth`.
    fn grow(&mut self, depth: usize, from: usize, to: usize) {
        let mut begin = from;
        while begin < to {
            let action = self.actions[begin][depth];
            let same = |o: &&[u8; LENGTH]| o[depth] == action;
            let end = begin + self.actions[begin..to].iter().take_while(same).count();
            let node = self.nodes.len();
            self.nodes.push(Node {
                action,
                depth: depth as u8 + 1,
                below: 0,
                operation: begin as u16,
            });
            if depth + 1 < LENGTH {
                self.grow(depth + 1, begin, end);
            }
            self.nodes[node].below = (self.nodes.len() - node - 1) as u16;
            begin = end;
        }
    }

    /// The actions of an operation.
    pub fn actions(&self, operation: u16) -> [u8; LENGTH] {
        self.actions[operation as usize]
    }

    /// How late an operation acts.
    #[inline]
    pub fn lateness(&self, operation: u16) -> u8 {
        self.lateness[operation as usize]
    }

    /// The route of an operation.
    #[inline]
    pub fn route(&self, operation: u16) -> u8 {
        self.route[operation as usize]
    }

    /// Calls `each` with every operation that is possible from a state, and the states after each of its actions.
    #[inline]
    pub fn from<S: Space>(
        &self,
        space: &S,
        start: State,
        mut each: impl FnMut(u16, &[State; LENGTH]),
    ) {
        let mut path = [start; LENGTH];
        let mut at = 0;
        while at < self.nodes.len() {
            let node = self.nodes[at];
            let depth = usize::from(node.depth);
            let before = if depth == 1 { start } else { path[depth - 2] };
            let after = space.next(before, usize::from(node.action));
            at += 1;
            if after == NONE {
                at += usize::from(node.below);
                continue;
            }
            path[depth - 1] = after;
            if depth == LENGTH {
                each(node.operation, &path);
            }
        }
    }
}
