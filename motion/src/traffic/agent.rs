//! What the traffic manager knows of one vehicle: where it rests, where its base ends, and what lies between.

use super::hash::mix;
use takt_maps::words::{BASE_WINDOW, Drive, Waypoint};
use takt_maps::{ClassId, DoorId, EdgeId, KindId, NodeId, PlaceId, VehicleId};

/// Steps remembered for each vehicle, a power of two: the base, and a few before it against which an older proposal is
/// compared.
pub(super) const HISTORY: usize = 16;
const _: () = assert!(HISTORY > BASE_WINDOW && HISTORY.is_power_of_two());

/// A granted waypoint and the way to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// What the vehicle is told.
    pub waypoint: Waypoint,
    /// The edge that leads to it.
    pub edge: EdgeId,
    /// That edge's ground.
    pub place: PlaceId,
    /// The door that it passes.
    pub door: Option<DoorId>,
    /// That edge's length.
    pub length_mm: u32,
}

/// One vehicle. What is looked at most often lies in one cache line, before the steps.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Agent {
    /// The last node reached.
    pub rest: NodeId,
    /// The last node granted; `rest` when nothing is granted.
    pub end: NodeId,
    /// Sequence number of `rest`, `placed_at ..= granted`.
    pub reached: u32,
    /// Sequence number of `end`.
    pub granted: u32,
    /// Sequence number with which it was placed.
    pub placed_at: u32,
    /// Length of the base, from `rest` to `end`.
    pub length_mm: u32,
    /// Is it under control?
    pub placed: bool,
    /// Its load state; chooses the footprint class and the speed.
    pub loaded: bool,
    /// Its kind; never changes.
    pub kind: KindId,
    /// Its footprint class; `kind`'s class for `loaded`.
    pub class: ClassId,
    /// Folds everything granted since it was placed.
    pub trail: u64,
    /// The direction of its front at the end of its base; `(0, 0)`: not known.
    pub heading: (i64, i64),
    /// Step `seq` is in `seq % HISTORY`, for the last `HISTORY` that were granted since it was placed.
    steps: [Step; HISTORY],
}

impl Agent {
    /// A vehicle that is not under control.
    pub fn new(kind: KindId, class: ClassId) -> Self {
        Self {
            kind,
            class,
            ..Self::default()
        }
    }

    /// Puts it at rest at a node.
    pub fn place(&mut self, node: NodeId, heading: (i64, i64), seq: u32) {
        self.placed = true;
        self.heading = heading;
        self.rest = node;
        self.end = node;
        self.reached = seq;
        self.granted = seq;
        self.placed_at = seq;
        self.length_mm = 0;
        self.trail = [
            node.0 as u64,
            heading.0 as u64,
            heading.1 as u64,
            seq as u64,
        ]
        .into_iter()
        .fold(0, mix);
    }

    /// Numbers the base anew: its first waypoint is `seq + 1`.
    pub fn renumber(&mut self, seq: u32) {
        let (old, base) = (self.steps, self.base_len() as u32);
        for i in 1..=base {
            let mut step = old[(self.reached + i) as usize % HISTORY];
            step.waypoint.seq = seq + i;
            self.steps[(seq + i) as usize % HISTORY] = step;
        }
        self.reached = seq;
        self.granted = seq + base;
        // What lies behind is forgotten: its steps have other numbers now.
        self.placed_at = seq;
        self.trail = mix(self.trail, u64::from(seq));
    }

    /// Number of waypoints granted and not reached, `0 ..= BASE_WINDOW`.
    pub fn base_len(&self) -> usize {
        (self.granted - self.reached) as usize
    }

    /// The step to waypoint `seq`, if it is still remembered.
    pub fn step(&self, seq: u32) -> Option<&Step> {
        let remembered =
            seq > self.placed_at && seq <= self.granted && self.granted - seq < HISTORY as u32;
        remembered.then(|| &self.steps[seq as usize % HISTORY])
    }

    /// The steps granted and not reached, in order.
    pub fn base(&self) -> impl Iterator<Item = &Step> {
        (self.reached..self.granted).map(|seq| &self.steps[(seq as usize + 1) % HISTORY])
    }

    /// The places that it holds: where it rests, then ground and node of each step of its base. A place that the base
    /// passes twice comes twice.
    pub fn held(&self) -> impl Iterator<Item = PlaceId> {
        let standing = self.placed.then_some(PlaceId(self.rest.0));
        let ahead = self
            .base()
            .flat_map(|s| [s.place, PlaceId(s.waypoint.node.0)]);
        standing.into_iter().chain(ahead)
    }

    /// Adds a step to the base. The caller has checked that there is room, and has filled in the sequence number.
    pub fn push(&mut self, step: Step) {
        assert!(
            self.base_len() < BASE_WINDOW,
            "a base never grows over its window"
        );
        assert!(
            step.waypoint.seq == self.granted + 1,
            "waypoints are numbered without gap"
        );
        self.granted = step.waypoint.seq;
        self.end = step.waypoint.node;
        self.length_mm += step.length_mm;
        let w = step.waypoint;
        let told = u64::from(w.speed_mm_s) << 1 | w.drive as u64;
        self.trail = mix(mix(self.trail, u64::from(step.edge.0)), told);
        self.steps[w.seq as usize % HISTORY] = step;
    }

    /// Marks the next step of the base as reached and returns it, with the node that was left.
    pub fn pop(&mut self) -> (Step, NodeId) {
        assert!(self.base_len() > 0, "only what was granted is reached");
        self.reached += 1;
        let step = self.steps[self.reached as usize % HISTORY];
        let left = std::mem::replace(&mut self.rest, step.waypoint.node);
        self.length_mm -= step.length_mm;
        (step, left)
    }

    /// Which end leads along a direction, and where the front points then.
    ///
    /// A kind that can reverse turns by 90 degrees at most; on an exact tie, or while the heading is not known, it goes
    /// forward. A way without extent in the plane (a lift) turns nothing.
    pub fn drive(&self, direction: (i64, i64), reverse: bool) -> (Drive, (i64, i64)) {
        if direction == (0, 0) {
            return (Drive::Forward, self.heading);
        }
        let (h, d) = (self.heading, direction);
        let dot = i128::from(h.0) * i128::from(d.0) + i128::from(h.1) * i128::from(d.1);
        if reverse && dot < 0 {
            (Drive::Backward, (-d.0, -d.1))
        } else {
            (Drive::Forward, d)
        }
    }

    /// Its share of the state hash.
    pub fn hash(&self, vehicle: VehicleId) -> u64 {
        if !self.placed {
            return 0;
        }
        let numbers = u64::from(self.reached) << 32 | u64::from(self.granted);
        let who = u64::from(vehicle.0) << 1 | u64::from(self.loaded);
        [who, numbers, self.trail].into_iter().fold(1, mix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversing_kind_takes_the_smaller_turn_and_goes_forward_on_a_tie() {
        let east = Agent {
            heading: (10, 0),
            ..Agent::default()
        };
        assert_eq!(east.drive((-5, 1), true), (Drive::Backward, (5, -1)));
        assert_eq!(east.drive((-5, 1), false), (Drive::Forward, (-5, 1)));
        assert_eq!(east.drive((0, 7), true), (Drive::Forward, (0, 7)));
        assert_eq!(east.drive((3, -9), true), (Drive::Forward, (3, -9)));
        assert_eq!(east.drive((0, 0), true), (Drive::Forward, (10, 0)));
        let unknown = Agent::default();
        assert_eq!(unknown.drive((-1, 0), true), (Drive::Forward, (-1, 0)));
    }

    #[test]
    fn steps_are_remembered_for_a_while_after_they_were_reached() {
        let mut agent = Agent::default();
        agent.place(NodeId(0), (0, 0), 7);
        for seq in 8..48 {
            let mut step = Step {
                edge: EdgeId(seq),
                length_mm: 5,
                ..Step::default()
            };
            step.waypoint.seq = seq;
            agent.push(step);
            assert_eq!(agent.pop().0.edge, EdgeId(seq));
        }
        assert_eq!(agent.step(47).map(|s| s.edge), Some(EdgeId(47)));
        assert_eq!(agent.step(32).map(|s| s.edge), Some(EdgeId(32)));
        assert!(agent.step(31).is_none() && agent.step(48).is_none());
        assert_eq!(agent.length_mm, 0);
    }
}
