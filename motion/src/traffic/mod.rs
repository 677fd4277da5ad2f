//! The traffic manager: admission, the action dependency graph, grants and releases. The one place that gives ground.
//!
//! # What it keeps
//! A vehicle *holds* the last node that it has reached and, for each waypoint granted since (its *base*), the edge's
//! ground and the node. Reaching a waypoint releases what lies before it. A *pending* move is planned, not granted; its
//! *rank* is its index in the plan. Two places conflict if the floor's conflict sets say so for the classes of the two
//! vehicles. Two things hold after every call ([`Traffic::audit`] checks them the slow way):
//!
//! * **H (held)**: no two vehicles hold conflicting places; no zone has more vehicles than its capacity.
//! * **S (sequence)**: put every vehicle at its base end and carry out the pending moves one at a time by rank. Then each
//!   move starts where its vehicle stands, neither its edge nor its end conflicts with a node where another vehicle
//!   stands at that moment, and no zone gets more vehicles than its capacity.
//!
//! # What it does
//! *Admission* ([`Traffic::admit`]) is S: it rehearses the moves and refuses the plan if one fails. What vehicles hold
//! on the way to their base ends does not matter for it: they release it without needing anyone. In a control cycle it
//! is done a bounded number of moves at a time ([`Traffic::begin_admission`], [`Traffic::admit_some`]): the moves that
//! have been rehearsed wait in a draft, and replace what was pending in one step, when the last one has passed. Until
//! then the old plan stays what is planned, and nothing is granted; so base ends, which are all that the rehearsal
//! counts on, stay as they were at its beginning. Reports go on: they release ground before base ends only.
//!
//! A *grant* ([`Traffic::grant`]) gives vehicle `i` its next move `p`, along `e` to `v`, if
//! 1. no other vehicle holds a place in conflict with `e` or `v`;
//! 2. no other vehicle's pending move of lower rank has an edge or end in conflict with `e` or `v`;
//! 3. each zone that `p` enters has room, and no pending move of lower rank enters it;
//! 4. the gate is open, and the base has room.
//!
//! # Why this is safe
//! **Collision-free.** A vehicle is only where it holds ground, and by 1 and 3 every grant keeps H; a release only
//! takes away. This needs no plan to be right, and no clock.
//!
//! **Deadlock-free.** A grant keeps S. Granting `p` moves it to the front of the sequence: `i` then stands at `v` and not
//! at its old base end while the moves of lower rank run. None of those is `i`'s, since `p` is `i`'s first. By 2 none is
//! in conflict with `v`; by 3 none enters a zone that `i` now fills, and who is inside already stays counted. `p`
//! itself can go first by 1 and 3, since what others hold includes their base ends. After `p` all is as before. Now let
//! every vehicle come to the end of its base, which needs nobody else. Each holds one node. Take the pending move of
//! lowest rank: 2 and the second half of 3 are empty, and S says just what 1 and the first half of 3 ask. So it can be
//! granted, whatever the delays were, as long as gates open in the end and its vehicle can be commanded. By induction
//! the plan is finished. Releases do not touch S.
//!
//! This is the action dependency graph of Hönig, Kiesel, Tinka, Durham, Ayanian, *Persistent and Robust Execution of
//! MAPF Schedules in Warehouses* (IEEE RA-L 2019), with conflict sets in place of cells, and with the ranks as the
//! topological order that proves it acyclic. A new plan replaces all that is pending, and so may reverse dependencies
//! that are not granted yet: Berndt, van Duijkeren, Palmieri, Keviczky, *A Feedback Scheme to Reorder a Multi-Agent
//! Execution Schedule by Persistently Optimizing a Switchable Action Dependency Graph* (2020; IEEE T-RO 2023).
//!
//! # When the floor changes under a plan
//! [`Traffic::place`], [`Traffic::set_loaded`] and [`Traffic::drop_plan`] change the state that S speaks of. If a pending
//! move could be touched by that, the plan is *unsettled*: nothing is granted until [`Traffic::settle`] has rehearsed
//! what is pending, a bounded number of moves at a time, and dropped, vehicle by vehicle, what no longer holds; the rest
//! goes on. H holds all the while. During an admission the first two are refused, to be asked again some cycles later;
//! the third ends it, as does [`Traffic::renumber`]. [`Traffic::remove`] takes ground and moves away, which breaks
//! nothing but a rehearsal that is under way: it ends an admission, and begins to settle anew.
//!
//! # Bounds
//! After construction nothing is allocated; arrays are sized by the floor and by the largest plan. `admit_some` and
//! `settle` look at the two conflict sets of each move once, and at as many moves a call as they are told; beginning,
//! swapping and forgetting a plan take constant time. `grant` looks at two conflict sets and at the pending moves listed
//! for the places in them, `place` and `set_loaded` at one; `reached` does a constant amount of work for each node.

mod accessors;
mod admission;
mod agent;
mod audit;
mod fleet;
mod grant;
mod ground;
mod hash;
mod order;
mod refusal;
mod rehearsal;
mod salvage;
#[cfg(test)]
mod tests;
mod ways;
mod zones;

pub use audit::Violation;
pub use grant::{ReportFault, Wait};
pub use refusal::Refusal;

use admission::Admission;
use agent::Agent;
use ground::{Ground, NOBODY};
use hash::mix;
use order::Order;
use rehearsal::Rehearsal;
use takt_maps::{ClassId, Floor, VehicleId};
use ways::Ways;
use zones::Zones;

/// The state of traffic on one floor.
///
/// Calls that need the floor are given the same one each time.
#[derive(Clone, Debug)]
pub struct Traffic {
    agents: Vec<Agent>,
    ground: Ground,
    order: Order,
    /// What becomes the order when an admission comes to its end; else empty.
    draft: Order,
    zones: Zones,
    ways: Ways,
    rehearsal: Rehearsal,
    work: Work,
    /// For each door, how many edges of bases pass it.
    doors: Vec<u16>,
    /// Each vehicle's term of the state hash, and their sum.
    terms: Vec<u64>,
    terms_sum: u64,
    /// A check that is left out, to see that its absence is noticed.
    #[cfg(test)]
    without: Option<Check>,
}

/// What is being rehearsed, a bounded number of moves at a time. Until it is through, nothing is granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Work {
    Nothing,
    /// A proposal, into `draft`.
    Admission(Admission),
    /// What is pending, after the floor changed under it: S holds for ranks below this one.
    Salvage {
        rank: u32,
    },
}

impl Work {
    /// Its share of the state hash.
    fn hash(&self) -> u64 {
        match self {
            Work::Nothing => 0,
            Work::Admission(admission) => admission.hash(),
            Work::Salvage { rank } => mix(4, u64::from(*rank)),
        }
    }
}

/// The checks that make traffic safe and live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Check {
    #[cfg(test)]
    /// Admission: a move's edge and end against where others stand.
    Rehearsal,
    #[cfg(test)]
    /// Admission: zone capacity.
    RehearsalZone,
    /// Grant, 1: what others hold.
    Held,
    /// Grant, 2: pending moves of lower rank.
    Order,
    /// Grant, 3: room in the zone.
    Room,
    /// Grant, 3: entries in order.
    Entry,
    /// Rehearsal of what is pending after the floor changed.
    Salvage,
}

impl Traffic {
    /// A floor without vehicles under control, with room for plans of `moves_max` moves.
    ///
    /// # Panics
    /// If the floor has more than 65,534 vehicles, or the plan 2^32 - 1 moves.
    pub fn new(floor: &Floor, moves_max: usize) -> Self {
        let vehicles = floor.vehicles.len();
        assert!(
            vehicles < usize::from(NOBODY),
            "vehicle numbers are 16 bits wide"
        );
        let zones = Zones::new(floor);
        let agents = floor.vehicles.iter().map(|v| {
            let class = floor.kinds[v.kind.index()].class(false);
            Agent::new(v.kind, class)
        });
        Self {
            agents: agents.collect(),
            ground: Ground::new(floor.roadmap.places(), zones.len(), vehicles),
            order: Order::new(floor, &zones, moves_max),
            draft: Order::new(floor, &zones, moves_max),
            ways: Ways::new(floor),
            rehearsal: Rehearsal::new(floor),
            zones,
            work: Work::Nothing,
            doors: vec![0; floor.doors.len()],
            terms: vec![0; vehicles],
            terms_sum: 0,
            #[cfg(test)]
            without: None,
        }
    }

    /// A hash of everything that decides what happens next, kept up to date with each change.
    pub fn state_hash(&self) -> u64 {
        self.terms_sum
            .wrapping_add(self.order.hash())
            .wrapping_add(self.draft.hash().rotate_left(32))
            .wrapping_add(self.work.hash())
    }

    /// Brings a vehicle's term of the hash up to date.
    fn rehash(&mut self, vehicle: VehicleId) {
        let term = self.agents[vehicle.index()].hash(vehicle);
        let old = std::mem::replace(&mut self.terms[vehicle.index()], term);
        self.terms_sum = self.terms_sum.wrapping_sub(old).wrapping_add(term);
    }

    /// The vehicle's footprint class.
    fn class_of(&self, vehicle: VehicleId) -> ClassId {
        self.agents[vehicle.index()].class
    }

    /// Is a check in force? Always, outside of tests.
    #[cfg(not(test))]
    const fn checks(&self, _: Check) -> bool {
        true
    }

    /// Is a check in force?
    #[cfg(test)]
    fn checks(&self, check: Check) -> bool {
        self.without != Some(check)
    }
}
