//! How it is decided who goes first where ways meet: the planner in use, and baselines to compare it with.

use super::blocks::Blocks;
use super::kept::{self, Keeping, KeptOrder};
use super::{Planner, PlannerOptions};
use crate::proposal::{MotionProposal, MotionSnapshot};
use takt_maps::Floor;

/// How it is decided who goes first. Grants and their safety are the same for all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Discipline {
    /// A dependency graph that grows at its end by what is needed next of operations of several moves, which begin when
    /// their vehicle is there; dependencies on late vehicles are reversed.
    #[default]
    Operations,
    /// The same, growing by two edges of each vehicle at a time.
    Kept,
    /// A dependency graph that each plan makes anew from what is not granted yet.
    Graph,
    /// A dependency graph that grows far ahead, and whose dependencies are never reversed.
    Fixed,
    /// No plan: exclusive blocks, given to who asks first.
    Blocks,
}

impl Discipline {
    /// All, the one in use first.
    pub const ALL: [Self; 5] = [
        Self::Operations,
        Self::Kept,
        Self::Graph,
        Self::Fixed,
        Self::Blocks,
    ];

    /// Its name on command lines and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Kept => "kept",
            Self::Graph => "graph",
            Self::Fixed => "fixed",
            Self::Blocks => "blocks",
        }
    }
}

/// The planner of a discipline.
#[derive(Clone, Debug)]
pub enum AnyPlanner {
    /// See [`Discipline::Graph`].
    Graph(Box<Planner>),
    /// See [`Discipline::Kept`], [`Discipline::Operations`] and [`Discipline::Fixed`].
    Kept(Box<KeptOrder>),
    /// See [`Discipline::Blocks`].
    Blocks(Box<Blocks>),
}

impl AnyPlanner {
    /// A planner for a floor.
    ///
    /// # Panics
    /// If the floor's tables contradict each other (a kind without class, a place without conflict set).
    pub fn new(floor: &Floor, options: PlannerOptions, discipline: Discipline) -> Self {
        let kept = |steps, few, bends, operations| {
            let keeping = Keeping {
                steps,
                few,
                bends,
                operations,
            };
            Self::Kept(Box::new(KeptOrder::new(floor, options, keeping)))
        };
        match discipline {
            Discipline::Graph => Self::Graph(Box::new(Planner::new(floor, options))),
            Discipline::Kept => kept(kept::STEPS, 0, true, false),
            Discipline::Operations => kept(1, 0, true, true),
            Discipline::Fixed => kept(8, 1, false, false),
            Discipline::Blocks => Self::Blocks(Box::new(Blocks::new(floor, options))),
        }
    }

    /// Plans motion from a snapshot; the answer replaces what is in `out`. See [`Planner::plan`].
    pub fn plan(&mut self, floor: &Floor, snapshot: &MotionSnapshot, out: &mut MotionProposal) {
        match self {
            Self::Graph(planner) => planner.plan(floor, snapshot, out),
            Self::Kept(planner) => planner.plan(floor, snapshot, out),
            Self::Blocks(planner) => planner.plan(snapshot, out),
        }
    }
}
