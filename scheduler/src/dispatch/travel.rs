//! How long a vehicle of a kind needs from anywhere to a goal.

use takt_maps::travel::UNREACHABLE;
use takt_maps::{Floor, KindId, NodeId, TravelTimes};

/// Most memory that travel times may take, in entries of 4 bytes.
const ENTRIES_MAX: usize = 16_000_000;

/// Where memory does not allow for all goals, so many are searched for anew in one answer; the others are estimated.
const SEARCHES_MAX: u32 = 8;

/// Travel times of a floor, kept for as many goals as it has, if memory allows.
#[derive(Debug)]
pub(super) struct Travel {
    times: TravelTimes,
    /// Do all goals that the floor has fit?
    all_fit: bool,
    /// Searches left in this answer.
    searches: u32,
}

impl Travel {
    /// Nothing computed yet.
    pub fn new(floor: &Floor) -> Self {
        let goals = floor.stations.len() + floor.chargers.len() + floor.parking.len();
        let rows = goals * floor.kinds.len();
        let rows_max = ENTRIES_MAX / floor.roadmap.nodes().len().max(1);
        Self {
            times: TravelTimes::new(rows.max(64).min(rows_max.max(1))),
            all_fit: rows <= rows_max,
            searches: SEARCHES_MAX,
        }
    }

    /// A new answer begins.
    pub fn begin(&mut self) {
        self.searches = SEARCHES_MAX;
    }

    /// Milliseconds from one node to another, if the floor has both and there is a way.
    ///
    /// With a load, the time without load is stretched by the ratio of the kind's speeds.
    pub fn between(
        &mut self,
        floor: &Floor,
        kind: KindId,
        loaded: bool,
        (from, goal): (NodeId, NodeId),
    ) -> Option<u32> {
        let nodes = floor.roadmap.nodes().len();
        let [empty_speed, loaded_speed] = floor.kinds.get(kind.index())?.speed_mm_s;
        if from.index() >= nodes || goal.index() >= nodes {
            return None;
        }
        if !self.all_fit && !self.times.is_known(kind, goal) {
            if self.searches == 0 {
                let speed = if loaded { loaded_speed } else { empty_speed };
                return Some(estimate_ms(floor, speed, from, goal));
            }
            self.searches -= 1;
        }
        let time = self.times.between(floor, kind, from, goal);
        if time == UNREACHABLE {
            return None;
        }
        if !loaded {
            return Some(time);
        }
        let stretched = u64::from(time) * u64::from(empty_speed.max(1));
        let stretched = stretched / u64::from(loaded_speed.max(1));
        Some(u32::try_from(stretched).unwrap_or(u32::MAX))
    }
}

/// Along the axes at full speed, as on a grid: near enough to tell who is near.
fn estimate_ms(floor: &Floor, speed_mm_s: u32, from: NodeId, to: NodeId) -> u32 {
    let (a, b) = (floor.roadmap.node(from), floor.roadmap.node(to));
    let way_mm = u64::from(a.x_mm.abs_diff(b.x_mm)) + u64::from(a.y_mm.abs_diff(b.y_mm));
    let time_ms = way_mm * 1_000 / u64::from(speed_mm_s.max(1));
    u32::try_from(time_ms)
        .unwrap_or(UNREACHABLE - 1)
        .min(UNREACHABLE - 1)
}
