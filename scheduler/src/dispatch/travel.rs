//! How long a vehicle of a kind needs from anywhere to a goal.

use takt_maps::travel::UNREACHABLE;
use takt_maps::{Floor, KindId, NodeId, TravelTimes};

/// Most memory that travel times may take, in entries of 4 bytes.
const ENTRIES_MAX: usize = 16_000_000;

/// Travel times of a floor, kept for as many goals as it has, if memory allows.
#[derive(Debug)]
pub(super) struct Travel {
    times: TravelTimes,
}

impl Travel {
    /// Nothing computed yet.
    pub fn new(floor: &Floor) -> Self {
        let goals = floor.stations.len() + floor.chargers.len() + floor.parking.len();
        let rows = goals * floor.kinds.len();
        let rows_max = ENTRIES_MAX / floor.roadmap.nodes().len().max(1);
        Self {
            times: TravelTimes::new(rows.max(64).min(rows_max.max(1))),
        }
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
