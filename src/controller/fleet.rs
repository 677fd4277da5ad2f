//! What the controller knows of each vehicle, and what it makes of their reports.

use takt_maps::words::*;
use takt_maps::{ChargerId, Floor, NodeId, OrderId, StationId, VehicleId};
use takt_plc_bridge::handshake::Instance;

use crate::follower::model::{MissionView, WaitView};

/// What a vehicle is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mission {
    /// Nothing; it may be pushed aside.
    #[default]
    Idle,
    /// A transport order: first to its pickup, then, with the load on board, to its drop.
    Order {
        /// Which.
        id: OrderId,
        /// The load is on board.
        loaded: bool,
    },
    /// To this charger, and charge there.
    Charge(ChargerId),
    /// To this node, and wait there.
    Park(NodeId),
}

/// Whether the controller may rely on where a vehicle is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Location {
    /// It has not said yet where it stands, or it has not taken over this controller's epoch.
    #[default]
    Unknown,
    /// On its granted ground.
    Known,
    /// Off its granted ground, or it does not know where it is: it gets nothing, and what it holds stays held.
    Lost,
}

/// A load being handed over at a station.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Where.
    pub station: StationId,
    /// The vehicle takes the load (or gives it).
    pub taking: bool,
    /// The dialogue with the station's PLC, if it has one.
    pub dialogue: Option<Instance>,
    /// The vehicle has been told to act.
    pub acting: bool,
    /// The dialogue has failed and waits for the device to be clear.
    pub failed: bool,
    /// Not before this time (after a failure).
    pub not_before_ms: u64,
    /// Failures so far.
    pub failures: u8,
}

/// How far a vehicle at a charger is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DockPhase {
    /// The charger is being switched on.
    Connecting,
    /// Charging.
    On,
    /// The charger is being switched off.
    Disconnecting,
}

/// A vehicle's connection to a charger; it cannot move before it is gone.
#[derive(Clone, Copy, Debug)]
pub struct Dock {
    /// Which charger.
    pub charger: ChargerId,
    /// How far.
    pub phase: DockPhase,
    /// The dialogue with the charger's PLC, if it has one.
    pub dialogue: Option<Instance>,
}

/// One vehicle in the controller.
#[derive(Clone, Copy, Debug, Default)]
pub struct VehicleControl {
    /// The last report; its default before the first.
    pub report: VehicleReport,
    /// When it came; `None` before the first.
    pub heard_ms: Option<u64>,
    /// The bridge says that the link is up.
    pub link_up: bool,
    /// Reports come in time.
    pub linked: bool,
    /// A person paused it.
    pub paused: bool,
    /// May its position be relied on?
    pub location: Location,
    /// What it is for.
    pub mission: Mission,
    /// Since when, in cycles; loads are handed over only when this is durable.
    pub mission_cycle: u64,
    /// Load being handed over.
    pub transfer: Option<Transfer>,
    /// Charger that it is connected to.
    pub dock: Option<Dock>,
    /// Why it waits.
    pub wait: WaitView,
    /// The action that it was last told, its number and its load.
    pub action: Action,
    /// Number of that action.
    pub action_sequence: u16,
    /// Load of that action.
    pub action_load: LoadId,
    /// Number of the last command.
    pub command_sequence: u16,
    /// When that was sent.
    pub commanded_ms: u64,
    /// It has a fault, or is not in automatic mode, as last alarmed.
    pub faulty: bool,
    /// Something changed since: send at once.
    pub command_due: bool,
    /// Way driven since the start, and where it was when this was last counted.
    pub distance_mm: u64,
    /// Pose at which `distance_mm` was counted.
    pub counted_at: Option<(i32, i32)>,
}

impl VehicleControl {
    /// Tells the vehicle to do something at the end of its base.
    pub fn act(&mut self, action: Action, load: LoadId) {
        self.action = action;
        self.action_load = load;
        self.action_sequence = self.action_sequence.wrapping_add(1);
        self.command_due = true;
    }

    /// Has it finished what it was last told, as told?
    pub fn action_done(&self) -> bool {
        self.report.action_sequence == self.action_sequence
            && self.report.action_state == ActionState::Done
    }

    /// Has it given up what it was last told?
    pub fn action_failed(&self) -> bool {
        self.report.action_sequence == self.action_sequence
            && self.report.action_state == ActionState::Failed
    }

    /// In automatic mode, without fault, and heard of?
    pub fn fit(&self) -> bool {
        self.linked
            && self.report.mode == OperatingMode::Automatic
            && self.report.activity != VehicleActivity::Fault
            && self.report.fault == 0
    }

    /// Stands, with nothing left of its base, by its own word?
    pub fn stands(&self) -> bool {
        self.report.reached_seq == self.report.base_end_seq
            && self.report.speed_mm_s == 0
            && self.report.activity != VehicleActivity::Driving
    }

    /// Where its mission takes it.
    pub fn goal(
        &self,
        floor: &Floor,
        spec: impl FnOnce(OrderId) -> Option<(StationId, StationId)>,
    ) -> Option<NodeId> {
        match self.mission {
            Mission::Idle => None,
            Mission::Order { id, loaded } => spec(id).map(|(pickup, drop)| {
                floor.stations[if loaded { drop } else { pickup }.index()].node
            }),
            Mission::Charge(charger) => Some(floor.chargers[charger.index()].node),
            Mission::Park(node) => Some(node),
        }
    }

    /// The mission as shown, of a vehicle that rests at a node or is under way.
    pub fn mission_view(&self, at_rest: Option<NodeId>) -> MissionView {
        match (self.mission, self.transfer.is_some()) {
            (Mission::Idle, _) => MissionView::Idle,
            (Mission::Order { id, loaded: false }, false) => MissionView::ToPickup(id),
            (Mission::Order { id, loaded: false }, true) => MissionView::Loading(id),
            (Mission::Order { id, loaded: true }, false) => MissionView::ToDrop(id),
            (Mission::Order { id, loaded: true }, true) => MissionView::Unloading(id),
            (Mission::Charge(_), _) if self.dock.is_some() => MissionView::Charging,
            (Mission::Charge(_), _) => MissionView::ToCharger,
            (Mission::Park(node), _) if at_rest == Some(node) => MissionView::Idle,
            (Mission::Park(_), _) => MissionView::Parking,
        }
    }

    /// Counts the way driven since the last report.
    pub fn count_distance(&mut self) {
        let Some(pose) = self.report.pose else { return };
        let here = (pose.x_mm, pose.y_mm);
        if let Some(there) = self.counted_at {
            let (dx, dy) = (
                i64::from(here.0) - i64::from(there.0),
                i64::from(here.1) - i64::from(there.1),
            );
            self.distance_mm += ((dx * dx + dy * dy) as u64).isqrt();
        }
        self.counted_at = Some(here);
    }
}

/// Is a point within `tolerance` of the straight line from `a` to `b`? All in millimetres.
pub fn near_segment(p: (i32, i32), a: (i32, i32), b: (i32, i32), tolerance: u32) -> bool {
    let wide = |v: (i32, i32)| (i64::from(v.0), i64::from(v.1));
    let ((px, py), (ax, ay), (bx, by)) = (wide(p), wide(a), wide(b));
    let (dx, dy, ex, ey) = (bx - ax, by - ay, px - ax, py - ay);
    let length2 = dx * dx + dy * dy;
    let along = ex * dx + ey * dy;
    let limit2 = i64::from(tolerance) * i64::from(tolerance);
    if along <= 0 || length2 == 0 {
        return ex * ex + ey * ey <= limit2;
    }
    if along >= length2 {
        let (fx, fy) = (px - bx, py - by);
        return fx * fx + fy * fy <= limit2;
    }
    let across = i128::from(ex) * i128::from(dy) - i128::from(ey) * i128::from(dx);
    across * across <= i128::from(limit2) * i128::from(length2)
}

/// The node nearest to a point, if it is within `tolerance` millimetres; ties go to the lower id.
///
/// Scans all nodes: only for locating vehicles, a bounded number a cycle.
pub fn nearest_node(floor: &Floor, p: (i32, i32), tolerance: u32) -> Option<NodeId> {
    let distance2 = |i: usize| {
        let n = &floor.roadmap.nodes()[i];
        let (dx, dy) = (
            i64::from(n.x_mm) - i64::from(p.0),
            i64::from(n.y_mm) - i64::from(p.1),
        );
        dx * dx + dy * dy
    };
    let best = (0..floor.roadmap.nodes().len()).min_by_key(|&i| distance2(i))?;
    (distance2(best) <= i64::from(tolerance) * i64::from(tolerance))
        .then(|| NodeId::from_index(best))
}

/// All vehicle ids of a floor.
pub fn vehicle_ids(floor: &Floor) -> impl Iterator<Item = VehicleId> + use<> {
    (0..floor.vehicles.len()).map(VehicleId::from_index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_segment_measures_to_the_line_and_to_its_ends() {
        let (a, b) = ((0, 0), (10_000, 0));
        assert!(near_segment((5_000, 100), a, b, 100));
        assert!(!near_segment((5_000, 101), a, b, 100));
        assert!(near_segment((10_060, 80), a, b, 100));
        assert!(!near_segment((10_061, 81), a, b, 100));
        assert!(near_segment((-100, 0), a, b, 100));
        assert!(near_segment((3, 4), a, a, 5));
    }
}
