//! What the controller knows of each vehicle, and what it makes of their reports.

use std::hash::Hash;

use takt_maps::words::*;
use takt_maps::{ChargerId, Floor, NodeId, OrderId, StationId, VehicleId};
use takt_plc_bridge::handshake::Instance;

use super::tracked::{Digest, Mixer};
use crate::follower::model::MissionView;

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
#[derive(Clone, Copy, PartialEq, Debug)]
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dock {
    /// Which charger.
    pub charger: ChargerId,
    /// How far.
    pub phase: DockPhase,
    /// The dialogue with the charger's PLC, if it has one.
    pub dialogue: Option<Instance>,
}

/// A vehicle that has stood on its way for so long is held up: longer than it takes to set off, ms.
const HELD_UP_MS: u64 = 3_000;
/// What a position may change while a vehicle stands, mm and mrad: no localization is free of noise.
const NOISE: u32 = 20;

/// One vehicle in the controller.
#[derive(Clone, Copy, Debug, Default)]
pub struct VehicleControl {
    /// The last report; its default before the first.
    pub report: VehicleReport,
    /// When it came; `None` before the first.
    pub heard_ms: Option<u64>,
    /// How often it had been switched on when it was last heard, by this controller or one before.
    pub boot: Option<u16>,
    /// When it last was where it may be, by its own word and beyond doubt.
    pub believed_ms: u64,
    /// Where it was then; `None`: it has not been believed since it was located.
    pub believed_at: Option<(i32, i32)>,
    /// To where it counts its base, and since when, if that is not how it is counted here.
    pub miscounts: Option<(u32, u64)>,
    /// Since when it has stood on its way, by its own word, and where: with some of its base ahead of it.
    pub stands_since: Option<(u64, Pose)>,
    /// The bridge says that the link is up.
    pub link_up: bool,
    /// Reports come in time.
    pub linked: bool,
    /// A person paused it.
    pub paused: bool,
    /// May its position be relied on?
    pub location: Location,
    /// It was not where it should be, and has not been located again since.
    pub astray: bool,
    /// One that is not where it should be, and says that it is on ground that was granted to this one.
    pub held_for: Option<VehicleId>,
    /// What it is for.
    pub mission: Mission,
    /// Since when, in cycles; loads are handed over only when this is durable.
    pub mission_cycle: u64,
    /// Load being handed over.
    pub transfer: Option<Transfer>,
    /// Charger that it is connected to.
    pub dock: Option<Dock>,
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
    /// What a failed action has left is not acknowledged, and a failed charging not tried again, before this time.
    pub acknowledge_ms: u64,
    /// It carries something that belongs to no order of its own, as last alarmed.
    pub stray_load: bool,
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

    /// Is there something on board that its order does not account for?
    pub fn has_stray_load(&self) -> bool {
        let own = match self.mission {
            Mission::Order { id, .. } => self.report.load == LoadId::of(id),
            _ => false,
        };
        self.linked
            && self.location != Location::Unknown
            && self.report.load != LoadId::NONE
            && !own
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

    /// Notes since when it has stood on its way.
    pub fn note_progress(&mut self, now_ms: u64) {
        let under_way = self.report.reached_seq < self.report.base_end_seq;
        let pose = self.report.pose.filter(|_| under_way);
        self.stands_since = pose.map(|pose| match self.stands_since {
            Some((since_ms, there)) if is_same(there, pose) => (since_ms, there),
            _ => (now_ms, pose),
        });
    }

    /// Is it not getting on, so that others had better find ways around it?
    pub fn is_held_up(&self, now_ms: u64) -> bool {
        self.stands_since
            .is_some_and(|(since_ms, _)| now_ms >= since_ms + HELD_UP_MS)
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
            self.distance_mm += distance_mm(here, there);
        }
        self.counted_at = Some(here);
    }
}

impl Mission {
    /// Tells missions apart.
    fn digest(self, mixer: &mut Mixer) {
        let (which, what) = match self {
            Mission::Idle => (0, 0),
            Mission::Order { id, loaded } => (1 + u64::from(loaded), id.0),
            Mission::Charge(charger) => (3, u64::from(charger.0)),
            Mission::Park(node) => (4, u64::from(node.0)),
        };
        mixer.add(which);
        mixer.add(what);
    }
}

impl Digest for Transfer {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add(
            u64::from(self.station.0) << 32
                | u64::from(self.failures) << 8
                | flags([self.taking, self.acting, self.failed]),
        );
        mixer.add(self.not_before_ms);
        self.dialogue.hash(mixer);
    }
}

impl Digest for Dock {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add(u64::from(self.charger.0) << 8 | self.phase as u64);
        self.dialogue.hash(mixer);
    }
}

/// Everything but what is only shown: the way driven.
impl Digest for VehicleControl {
    fn digest(&self, mixer: &mut Mixer) {
        digest_report(&self.report, mixer);
        mixer.add_option(self.heard_ms);
        mixer.add_option(self.boot.map(u64::from));
        mixer.add(
            flags([
                self.link_up,
                self.linked,
                self.paused,
                self.faulty,
                self.command_due,
                self.transfer.is_some(),
                self.dock.is_some(),
                self.stray_load,
            ]) | (self.location as u64) << 8
                | (self.action as u64) << 16
                | u64::from(self.action_sequence) << 32
                | u64::from(self.command_sequence) << 48,
        );
        self.mission.digest(mixer);
        mixer.add(self.mission_cycle);
        mixer.add(self.commanded_ms);
        mixer.add(self.acknowledge_ms);
        mixer.add(self.believed_ms);
        mixer.add_option(self.stands_since.map(|(ms, _)| ms));
        if let Some((_, pose)) = self.stands_since {
            digest_pose(pose, mixer);
        }
        let place = |(x, y): (i32, i32)| u64::from(x as u32) << 32 | u64::from(y as u32);
        mixer.add_option(self.believed_at.map(place));
        mixer.add(flags([self.astray]));
        mixer.add_option(self.held_for.map(|v| u64::from(v.0)));
        mixer.add_option(self.miscounts.map(|(seq, ms)| u64::from(seq) << 40 ^ ms));
        mixer.add(u64::from(self.action_load.0));
        if let Some(transfer) = &self.transfer {
            transfer.digest(mixer);
        }
        if let Some(dock) = &self.dock {
            dock.digest(mixer);
        }
    }
}

/// Does whoever says so stand where it said before?
fn is_same(before: Pose, now: Pose) -> bool {
    let turned = before.heading_mrad.abs_diff(now.heading_mrad);
    // Headings are the same again after a full turn of 2 pi.
    u32::from(turned.min(6_283_u16.abs_diff(turned))) <= NOISE
        && before.x_mm.abs_diff(now.x_mm) <= NOISE
        && before.y_mm.abs_diff(now.y_mm) <= NOISE
}

fn digest_pose(pose: Pose, mixer: &mut Mixer) {
    mixer.add(u64::from(pose.x_mm as u32) << 32 | u64::from(pose.y_mm as u32));
    mixer.add(u64::from(pose.heading_mrad as u16));
}

fn digest_report(report: &VehicleReport, mixer: &mut Mixer) {
    mixer.add(
        u64::from(report.heartbeat)
            | u64::from(report.boot) << 16
            | u64::from(report.speed_mm_s) << 32
            | u64::from(report.epoch) << 48,
    );
    mixer.add(
        u64::from(report.command_sequence)
            | u64::from(report.battery_permille) << 16
            | u64::from(report.fault) << 32
            | u64::from(report.action_sequence) << 48,
    );
    mixer.add(u64::from(report.reached_seq) << 32 | u64::from(report.base_end_seq));
    digest_pose(report.pose.unwrap_or_default(), mixer);
    mixer.add(
        u64::from(report.load.0) << 32
            | u64::from(report.pose.is_some()) << 12
            | (report.action_state as u64) << 8
            | (report.activity as u64) << 4
            | report.mode as u64,
    );
}

/// Bit `i` for flag `i`.
pub(super) fn flags<const N: usize>(flags: [bool; N]) -> u64 {
    let bits = flags.iter().enumerate();
    bits.fold(0, |word, (i, &flag)| word | u64::from(flag) << i)
}

/// Is a point within `tolerance` of the straight line from `a` to `b`? All in millimetres.
pub fn near_segment(p: (i32, i32), a: (i32, i32), b: (i32, i32), tolerance: u32) -> bool {
    // Poses come from outside and may be anything: 64 bits are too few for their products.
    let wide = |v: (i32, i32)| (i128::from(v.0), i128::from(v.1));
    let ((px, py), (ax, ay), (bx, by)) = (wide(p), wide(a), wide(b));
    let (dx, dy, ex, ey) = (bx - ax, by - ay, px - ax, py - ay);
    let length2 = dx * dx + dy * dy;
    let along = ex * dx + ey * dy;
    let limit2 = i128::from(tolerance) * i128::from(tolerance);
    if along <= 0 || length2 == 0 {
        return ex * ex + ey * ey <= limit2;
    }
    if along >= length2 {
        let (fx, fy) = (px - bx, py - by);
        return fx * fx + fy * fy <= limit2;
    }
    let across = ex * dy - ey * dx;
    // What has no square is far away.
    let square = across.checked_mul(across);
    square.is_some_and(|square| square <= limit2.saturating_mul(length2))
}

/// How far two points are from each other, mm; of points that no floor has, at least the greatest that can be told.
pub fn distance_mm(a: (i32, i32), b: (i32, i32)) -> u64 {
    let square = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0).saturating_add(square(a.1, b.1)).isqrt()
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
        let (low, high) = ((i32::MIN, i32::MIN), (i32::MAX, i32::MAX));
        assert!(!near_segment(low, (1_000, 1_000), high, 150));
        assert!(!near_segment(high, low, (0, i32::MAX), 150));
        assert!(near_segment((7, 7), low, high, 1));
    }

    #[test]
    fn distances_are_those_of_the_plane_as_far_as_they_go() {
        assert_eq!(distance_mm((3, -4), (0, 0)), 5);
        let far = distance_mm((i32::MIN, i32::MIN), (i32::MAX, i32::MAX));
        assert_eq!(far, u64::from(u32::MAX));
    }
}
