//! What the 3D panel shows: the floor once, vehicles as boxes of their footprint, and where they are.
//!
//! A box is fixed to its vehicle's frame and moves with the transforms, so that it is written again only when the load
//! or the state changes. All vehicles are in one message, since a player that jumps into the middle takes the last
//! message of each topic and no more.

use serde::Serialize;
use serde_json::{Value, json};
use takt_maps::words::{OperatingMode, Pose};
use takt_maps::{Floor, VehicleId};

use super::messages::metres;
use crate::controller::VehicleStatus;

/// The frame that everything is in.
const FRAME: &str = "floor";
/// Height of the box of an empty and of a loaded vehicle; floors have no heights of their own.
const HEIGHT_M: [f64; 2] = [0.3, 0.9];
/// Boxes are written again at most so often.
const SHOW_EVERY_NS: u64 = 1_000_000_000;

#[derive(Serialize)]
struct Time {
    sec: u64,
    nsec: u64,
}

impl Time {
    fn of(ns: u64) -> Self {
        Self {
            sec: ns / 1_000_000_000,
            nsec: ns % 1_000_000_000,
        }
    }
}

#[derive(Serialize)]
struct Vector3 {
    x: f64,
    y: f64,
    z: f64,
}

#[derive(Serialize)]
struct Quaternion {
    x: f64,
    y: f64,
    z: f64,
    w: f64,
}

/// Foxglove's `FrameTransform`.
#[derive(Serialize)]
pub(super) struct Transform<'a> {
    timestamp: Time,
    parent_frame_id: &'static str,
    child_frame_id: &'a str,
    translation: Vector3,
    rotation: Quaternion,
}

/// Where a vehicle is.
pub(super) fn transform(vehicle: &str, pose: Pose, at_ns: u64) -> Transform<'_> {
    let half = f64::from(pose.heading_mrad) / 2_000.0;
    // More digits than a heading in mrad has would only take room.
    let rounded = |value: f64| (value * 1e6).round() / 1e6;
    Transform {
        timestamp: Time::of(at_ns),
        parent_frame_id: FRAME,
        child_frame_id: vehicle,
        translation: Vector3 {
            x: metres(pose.x_mm),
            y: metres(pose.y_mm),
            z: 0.0,
        },
        rotation: Quaternion {
            x: 0.0,
            y: 0.0,
            z: rounded(libm::sin(half)),
            w: rounded(libm::cos(half)),
        },
    }
}

/// What a vehicle looks like.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Look {
    loaded: bool,
    /// A person should look at it.
    trouble: bool,
}

/// What vehicles look like, and whether that was shown.
pub(super) struct Looks {
    looks: Vec<Look>,
    changed: bool,
    shown_ns: u64,
}

impl Looks {
    pub(super) fn new(floor: &Floor) -> Self {
        Self {
            looks: vec![Look::default(); floor.vehicles.len()],
            changed: false,
            shown_ns: 0,
        }
    }

    pub(super) fn note(&mut self, status: &VehicleStatus) {
        let trouble =
            status.fault != 0 || !status.linked || status.mode != OperatingMode::Automatic;
        let look = Look {
            loaded: status.loaded,
            trouble,
        };
        let shown = &mut self.looks[status.vehicle.index()];
        self.changed |= *shown != look;
        *shown = look;
    }

    /// Has something changed, and is it time?
    pub(super) fn due(&self, now_ns: u64) -> bool {
        self.changed && now_ns >= self.shown_ns.saturating_add(SHOW_EVERY_NS)
    }

    /// Foxglove's `SceneUpdate` with all vehicles.
    pub(super) fn show(&mut self, floor: &Floor, now_ns: u64) -> Value {
        (self.changed, self.shown_ns) = (false, now_ns);
        let boxes = self
            .looks
            .iter()
            .enumerate()
            .map(|(i, look)| vehicle(floor, VehicleId::from_index(i), *look, now_ns));
        json!({ "deletions": [], "entities": boxes.collect::<Vec<_>>() })
    }
}

fn vehicle(floor: &Floor, vehicle: VehicleId, look: Look, now_ns: u64) -> Value {
    let name = &floor.vehicles[vehicle.index()].name;
    let kind = floor.kind_of(vehicle);
    let outline = match look.loaded {
        true => &kind.footprint_loaded,
        false => &kind.footprint,
    };
    let bounds = |axis: fn(&(i32, i32)) -> i32| {
        let values = outline.iter().map(axis);
        let (min, max) = (values.clone().min(), values.max());
        (metres(min.unwrap_or(0)), metres(max.unwrap_or(0)))
    };
    let ((x0, x1), (y0, y1)) = (bounds(|p| p.0), bounds(|p| p.1));
    let height = HEIGHT_M[usize::from(look.loaded)];
    // Colour means "look here".
    let colour = match (look.trouble, look.loaded) {
        (true, _) => json!({ "r": 0.85, "g": 0.15, "b": 0.15, "a": 1.0 }),
        (false, true) => json!({ "r": 0.25, "g": 0.45, "b": 0.7, "a": 1.0 }),
        (false, false) => json!({ "r": 0.6, "g": 0.6, "b": 0.6, "a": 1.0 }),
    };
    let mut entity = entity(name, name, now_ns);
    entity["frame_locked"] = true.into();
    entity["cubes"] = json!([{
        "pose": pose((x0 + x1) / 2.0, (y0 + y1) / 2.0, height / 2.0),
        "size": { "x": x1 - x0, "y": y1 - y0, "z": height },
        "color": colour,
    }]);
    entity["texts"] = json!([{
        "pose": pose(0.0, 0.0, height + 0.3),
        "billboard": true,
        "font_size": 12.0,
        "scale_invariant": true,
        "color": { "r": 0.2, "g": 0.2, "b": 0.2, "a": 1.0 },
        "text": name,
    }]);
    entity
}

/// Foxglove's `SceneUpdate` with what does not move: outlines, walls, roadmap, stations.
pub(super) fn floor(floor: &Floor, now_ns: u64) -> Value {
    let grey = |shade: f64| json!({ "r": shade, "g": shade, "b": shade, "a": 1.0 });
    let point = |&(x, y): &(i32, i32)| json!({ "x": metres(x), "y": metres(y), "z": 0.0 });
    let lines = |kind: u8, thickness: f64, shade: f64, points: Vec<Value>| {
        json!({
            "type": kind,
            "pose": pose(0.0, 0.0, 0.0),
            "thickness": thickness,
            "scale_invariant": false,
            "points": points,
            "color": grey(shade),
            "colors": [],
            "indices": [],
        })
    };
    const STRIP: u8 = 0;
    const LOOP: u8 = 1;
    const LIST: u8 = 2;
    let mut drawn = Vec::new();
    for level in &floor.levels {
        let ((x0, y0), (x1, y1)) = (level.min, level.max);
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        drawn.push(lines(LOOP, 0.05, 0.5, corners.iter().map(point).collect()));
    }
    for wall in &floor.walls {
        let points = wall.points.iter().map(point).collect();
        drawn.push(lines(STRIP, 0.15, 0.3, points));
    }
    let at = |id| {
        let node = floor.roadmap.node(id);
        point(&(node.x_mm, node.y_mm))
    };
    let edges = floor.roadmap.edges();
    let ways = edges.iter().flat_map(|e| [at(e.from), at(e.to)]).collect();
    drawn.push(lines(LIST, 0.03, 0.75, ways));
    let mut ground = entity(FRAME, FRAME, now_ns);
    ground["lines"] = drawn.into();
    let names = floor.stations.iter().map(|station| {
        let node = floor.roadmap.node(station.node);
        json!({
            "pose": pose(metres(node.x_mm), metres(node.y_mm), 0.05),
            "billboard": true,
            "font_size": 10.0,
            "scale_invariant": true,
            "color": grey(0.4),
            "text": station.name,
        })
    });
    ground["texts"] = names.collect::<Vec<_>>().into();
    json!({ "deletions": [], "entities": [ground] })
}

fn pose(x: f64, y: f64, z: f64) -> Value {
    json!({ "position": { "x": x, "y": y, "z": z }, "orientation": { "x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0 } })
}

/// A `SceneEntity` without anything in it, which stays until it is replaced.
fn entity(id: &str, frame: &str, now_ns: u64) -> Value {
    json!({
        "timestamp": Time::of(now_ns),
        "frame_id": frame,
        "id": id,
        "lifetime": { "sec": 0, "nsec": 0 },
        "frame_locked": false,
        "metadata": [],
        "arrows": [], "cubes": [], "spheres": [], "cylinders": [],
        "lines": [], "triangles": [], "texts": [], "models": [],
    })
}
