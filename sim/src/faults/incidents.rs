//! What goes wrong in places rather than with somebody: areas that are stopped, and what lies on the ways.

use super::{Fault, FaultKind};
use crate::judge::shape::distance_squared;
use takt_maps::{DeviceId, DoorId, EdgeId, Floor, LevelId, NodeId};

/// Half of the edge of a pallet with what is on it, mm.
const PALLET_HALF_MM: f64 = 500.0;

/// All of them, with the seed of what they leave to chance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incidents {
    pub(crate) seed: u64,
    pub(crate) areas: Vec<Area>,
    pub(crate) pallets: Vec<Pallet>,
    /// Room for outlines.
    pub(crate) outline: Vec<(f64, f64)>,
}

impl Incidents {
    /// Is anything the matter?
    pub(crate) fn any(&self) -> bool {
        !self.areas.is_empty() || !self.pallets.is_empty()
    }
}

/// An area that is stopped: by emergency stop, or by a fire alarm.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(super) kind: FaultKind,
    pub(super) node: NodeId,
    pub(super) level: LevelId,
    pub(super) middle: (f64, f64),
    pub(super) radius_mm: f64,
    /// It is released, and waits for its doors to open.
    pub(super) over: bool,
    /// Whom it has stopped: it holds them until it is over.
    pub(super) stopped: Vec<bool>,
    /// The doors that a fire alarm closes.
    pub(super) doors: Vec<FireDoor>,
}

/// A door with its line across the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct FireDoor {
    pub(super) device: DeviceId,
    pub(super) line: [(f64, f64); 2],
}

impl Area {
    /// The surroundings of a node.
    pub(super) fn new(floor: &Floor, fault: &Fault, node: NodeId) -> Self {
        let at = floor.roadmap.node(node);
        let middle = (f64::from(at.x_mm), f64::from(at.y_mm));
        let radius_mm = f64::from(fault.amount);
        let doors = if fault.kind == FaultKind::FireAlarm {
            fire_doors(floor, at.level, middle, radius_mm)
        } else {
            Vec::new()
        };
        Self {
            kind: fault.kind,
            node,
            level: at.level,
            middle,
            radius_mm,
            over: false,
            stopped: vec![false; floor.vehicles.len()],
            doors,
        }
    }

    /// Is a position within it?
    pub(super) fn covers(&self, level: LevelId, at: (f64, f64)) -> bool {
        let (dx, dy) = (at.0 - self.middle.0, at.1 - self.middle.1);
        level == self.level && dx * dx + dy * dy <= self.radius_mm * self.radius_mm
    }
}

/// The doors with a PLC whose line comes within a circle.
fn fire_doors(floor: &Floor, level: LevelId, middle: (f64, f64), radius_mm: f64) -> Vec<FireDoor> {
    let float = |p: (i32, i32)| (f64::from(p.0), f64::from(p.1));
    let level_of = |id: DoorId| {
        let passage = floor.roadmap.edges().iter().find(|e| e.door == Some(id));
        passage.map(|e| floor.roadmap.node(e.from).level)
    };
    let doors = floor.doors.iter().enumerate();
    doors
        .filter(|&(i, _)| level_of(DoorId::from_index(i)) == Some(level))
        .filter_map(|(_, door)| {
            let line = door.ends.map(float);
            let device = door.device?.0;
            let near = distance_squared(middle, line[0], line[1]) <= radius_mm * radius_mm;
            near.then_some(FireDoor { device, line })
        })
        .collect()
}

/// Something that lies in the middle of an edge, or will as soon as nobody is there.
#[derive(Clone, Debug)]
pub(crate) struct Pallet {
    pub(super) edge: EdgeId,
    pub(super) level: LevelId,
    /// Its corners, counter-clockwise, mm.
    pub(super) corners: [(f64, f64); 4],
    pub(super) lies: bool,
}

impl Pallet {
    /// A pallet for an edge.
    pub(super) fn new(floor: &Floor, edge: EdgeId) -> Self {
        let map = &floor.roadmap;
        let (from, to) = (map.node(map.edge(edge).from), map.node(map.edge(edge).to));
        let (ax, ay) = (f64::from(from.x_mm), f64::from(from.y_mm));
        let (bx, by) = (f64::from(to.x_mm), f64::from(to.y_mm));
        let length = ((bx - ax) * (bx - ax) + (by - ay) * (by - ay)).sqrt();
        let (ux, uy) = if length > 0.0 {
            ((bx - ax) / length, (by - ay) / length)
        } else {
            (1.0, 0.0)
        };
        let (x, y) = ((ax + bx) / 2.0, (ay + by) / 2.0);
        Self {
            edge,
            level: from.level,
            corners: square((x, y), (ux, uy), PALLET_HALF_MM),
            lies: false,
        }
    }

    /// Does it lie there by now?
    #[cfg(test)]
    pub(crate) fn lies(&self) -> bool {
        self.lies
    }

    /// Its corners with so much room around it, mm.
    pub(super) fn with_room(&self, room_mm: f64) -> [(f64, f64); 4] {
        let [a, b, c, _] = self.corners;
        let side = (
            (b.0 - a.0) / (2.0 * PALLET_HALF_MM),
            (b.1 - a.1) / (2.0 * PALLET_HALF_MM),
        );
        let middle = ((a.0 + c.0) / 2.0, (a.1 + c.1) / 2.0);
        square(middle, side, PALLET_HALF_MM + room_mm)
    }
}

/// A square along a direction (a unit vector), counter-clockwise.
fn square((x, y): (f64, f64), (ux, uy): (f64, f64), half: f64) -> [(f64, f64); 4] {
    let corner = |along: f64, aside: f64| {
        (
            x + half * (along * ux - aside * uy),
            y + half * (along * uy + aside * ux),
        )
    };
    [
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ]
}
