//! What differs in a vehicle: where it is nearly always, what it does rarely.

use serde::{Deserialize, Serialize};
use takt_maps::words::{OperatingMode, Pose, VehicleActivity};

use crate::follower::model::{MissionView, VehicleView, WaitView};

/// From one view of a vehicle to a later one. Numbers that only grow are told by how much.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct VehicleChange {
    /// Milliseconds since it was heard before.
    seen_ms: i64,
    /// Millimetres.
    driven_mm: i64,
    speed_mm_s: u16,
    battery_permille: u16,
    pose: Option<Option<Pose>>,
    doing: Option<Doing>,
    base: Option<Vec<(i32, i32)>>,
    route: Option<Vec<(i32, i32)>>,
}

/// All that is not a place or a figure.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Doing {
    loaded: bool,
    mode: OperatingMode,
    activity: VehicleActivity,
    fault: u16,
    mission: MissionView,
    wait: WaitView,
    paused: bool,
    linked: bool,
}

impl Doing {
    fn of(view: &VehicleView) -> Self {
        Self {
            loaded: view.loaded,
            mode: view.mode,
            activity: view.activity,
            fault: view.fault,
            mission: view.mission,
            wait: view.wait,
            paused: view.paused,
            linked: view.linked,
        }
    }
}

impl VehicleChange {
    /// What makes `is` of `was`; `None` if nothing is otherwise.
    pub(super) fn between(was: &VehicleView, is: &VehicleView) -> Option<Self> {
        if was == is {
            return None;
        }
        let points = |was: &Vec<_>, is: &Vec<_>| (was != is).then(|| is.clone());
        let doing = Doing::of(is);
        Some(Self {
            seen_ms: is.seen_ms.wrapping_sub(was.seen_ms) as i64,
            driven_mm: is.distance_mm.wrapping_sub(was.distance_mm) as i64,
            speed_mm_s: is.speed_mm_s,
            battery_permille: is.battery_permille,
            pose: (was.pose != is.pose).then_some(is.pose),
            doing: (Doing::of(was) != doing).then_some(doing),
            base: points(&was.base, &is.base),
            route: points(&was.route, &is.route),
        })
    }

    /// Makes the new view of the old one.
    pub(super) fn apply(self, view: &mut VehicleView) {
        let doing = self.doing.unwrap_or_else(|| Doing::of(view));
        *view = VehicleView {
            pose: self.pose.unwrap_or(view.pose),
            speed_mm_s: self.speed_mm_s,
            battery_permille: self.battery_permille,
            loaded: doing.loaded,
            mode: doing.mode,
            activity: doing.activity,
            fault: doing.fault,
            mission: doing.mission,
            wait: doing.wait,
            paused: doing.paused,
            linked: doing.linked,
            base: self.base.unwrap_or_else(|| std::mem::take(&mut view.base)),
            route: self
                .route
                .unwrap_or_else(|| std::mem::take(&mut view.route)),
            seen_ms: view.seen_ms.wrapping_add_signed(self.seen_ms),
            distance_mm: view.distance_mm.wrapping_add_signed(self.driven_mm),
        };
    }
}
