//! What the planner remembers of a vehicle between plans.

use super::graph::NONE;
use takt_maps::NodeId;

/// A place to which a vehicle goes out of another's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refuge {
    /// Where.
    pub node: u32,
    /// For whom.
    pub comer: u32,
    /// The goal that the other had then; when it has a new one, or has got there, the refuge isn't needed any more.
    pub comer_goal: u32,
    /// Had it nothing else to do? (Otherwise it takes up its own way as soon as the other is past.)
    pub idle: bool,
}

/// What is remembered of one vehicle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// The goal that it had in the last snapshot.
    pub goal: Option<NodeId>,
    /// Where it was in the last snapshot.
    pub node: u32,
    /// The direction in which it came there.
    pub heading: [i32; 2],
    /// Plans since it was given its goal.
    pub age: u32,
    /// It goes after this vehicle, or [`NONE`].
    pub after: u32,
    /// Where it goes out of the way.
    pub refuge: Option<Refuge>,
    /// Plans in a row in which one that can't move was in its way.
    pub blocked: u32,
    /// The shortest time to its goal that it has had since it was given it.
    pub best_ms: u32,
    /// Moves made in vain, and plans without a move, since it was nearest to its goal.
    pub fret: u32,
    /// Plans in a row in which it might have moved towards its goal and has not.
    pub rests: u32,
    /// Does it go by its own distance field, round those that can't move?
    pub detour: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            goal: None,
            node: NONE,
            heading: [0, 0],
            age: 0,
            after: NONE,
            refuge: None,
            blocked: 0,
            best_ms: u32::MAX,
            fret: 0,
            rests: 0,
            detour: false,
        }
    }
}
