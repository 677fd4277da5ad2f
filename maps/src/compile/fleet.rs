//! Vehicle kinds, their footprint classes, and vehicles.

use super::Log;
use super::names::Tables;
use super::numbers::Sort;
use crate::floor::{Address, Battery, Floor, Point, Vehicle, VehicleKind};
use crate::geometry::convex;
use crate::ids::{ClassId, KindId, NodeId};
use crate::problem::Problem;
use crate::spec::{AddressSpec, At, BatterySpec, FloorSpec, KindSpec};
use std::collections::HashMap;

/// Farthest corner of a footprint from the reference point, in millimetres.
const FOOTPRINT_MAX_MM: i64 = 50_000;

/// Fills in kinds and counts classes.
pub(crate) fn kinds(spec: &FloorSpec, floor: &mut Floor, log: &mut Log) {
    // More than 16 have been reported with the names; the rest would not fit the masks.
    floor.kinds = spec.kinds.iter().take(16).map(|k| kind(k, log)).collect();
    // Equal outlines of kinds that move alike are one class.
    let mut classes: Vec<(Vec<Point>, bool)> = Vec::new();
    for kind in &mut floor.kinds {
        for (slot, outline) in [(0, &kind.footprint), (1, &kind.footprint_loaded)] {
            let class = (outline.clone(), kind.reverse);
            let known = classes.iter().position(|c| *c == class);
            let id = known.unwrap_or(classes.len());
            if known.is_none() {
                classes.push(class);
            }
            kind.classes[slot] = ClassId::from_index(id);
        }
    }
    floor.classes = classes.len();
    if floor.kinds.is_empty() {
        log.push(
            Problem::error("the floor has no vehicle kind", None).hint("add a [[kind]] section"),
        );
    }
}

fn kind(spec: &KindSpec, log: &mut Log) -> VehicleKind {
    let speed = Sort::speed("speed").read(&spec.speed, log) as u32;
    let loaded = Sort::speed("speed_loaded").read_or(spec.speed_loaded.as_ref(), speed.into(), log);
    let rate = |what| Sort {
        unit: " m/s²",
        ..Sort::metres(what, 10, 20_000)
    };
    let acceleration = rate("acceleration").read_or(spec.acceleration.as_ref(), 500, log);
    let braking = rate("deceleration").read_or(spec.deceleration.as_ref(), acceleration, log);
    let turn = Sort {
        scale: std::f64::consts::PI / 180.0 * 1_000.0,
        ..Sort::plain("turn", " degrees/s", 10, 20_000)
    };
    let turn = turn.read_or(spec.turn.as_ref(), 1_047, log);
    let transfer = Sort::seconds("transfer", 0, 3_600_000);
    let footprint = footprint(&spec.footprint, log);
    let loaded_outline = spec.footprint_loaded.as_ref();
    VehicleKind {
        name: spec.name.value.clone(),
        footprint_loaded: loaded_outline.map_or_else(
            || footprint.clone(),
            |outline| self::footprint(outline, log),
        ),
        footprint,
        classes: [ClassId(0); 2],
        speed_mm_s: [speed, loaded as u32],
        acceleration_mm_s2: acceleration as u32,
        deceleration_mm_s2: braking as u32,
        turn_mrad_s: turn as u32,
        reverse: spec.reverse,
        transfer_ms: transfer.read_or(spec.transfer.as_ref(), 5_000, log) as u32,
        battery: spec
            .battery
            .as_ref()
            .map_or_else(Battery::default, |b| battery(b, log)),
    }
}

/// An outline as the corners of its convex hull in millimetres; reports what is no convex area around the origin.
fn footprint(spec: &At<Vec<[f64; 2]>>, log: &mut Log) -> Vec<Point> {
    /// Stands in for an outline that is unusable, so that the rest can be judged.
    const STAND_IN: [Point; 4] = [(-100, -100), (100, -100), (100, 100), (-100, 100)];
    if log.unreadable(spec.span) {
        return STAND_IN.to_vec();
    }
    let sort = Sort::metres(
        "a footprint's coordinate",
        -FOOTPRINT_MAX_MM,
        FOOTPRINT_MAX_MM,
    );
    let before = log.errors();
    let corners: Vec<Point> = spec
        .value
        .iter()
        .map(|&[x, y]| {
            let mut read = |value| {
                let span = spec.span;
                sort.read(&At { value, span }, log) as i32
            };
            (read(x), read(y))
        })
        .collect();
    if log.errors() > before {
        return STAND_IN.to_vec();
    }
    let exact = |&(x, y): &Point| (f64::from(x), f64::from(y));
    let hull = convex::hull(corners.iter().map(exact).collect());
    let trouble = if hull.len() < 3 {
        Some((
            "has no area",
            "give length and width, or three corners and more",
        ))
    } else if corners.iter().any(|c| inside(&hull, exact(c))) {
        Some((
            "is not convex",
            "give the convex outline around it: that is what vehicles must keep free",
        ))
    } else if !convex::contains(&hull, (0.0, 0.0)) {
        Some((
            "does not contain its reference point [0, 0]",
            "coordinates are relative to the point that follows the path",
        ))
    } else {
        None
    };
    if let Some((message, hint)) = trouble {
        log.push(Problem::error(format!("the footprint {message}"), spec.span).hint(hint));
        return STAND_IN.to_vec();
    }
    // The hull's corners are among the whole millimetres that went in.
    hull.iter().map(|&(x, y)| (x as i32, y as i32)).collect()
}

/// Is a point more than a few millimetres inside a polygon, away from all its sides?
fn inside(hull: &[convex::Vec2], p: convex::Vec2) -> bool {
    const TOLERANCE_MM: f64 = 3.0;
    (0..hull.len()).all(|i| {
        let (a, b) = (hull[i], hull[(i + 1) % hull.len()]);
        let side = convex::sub(b, a);
        let length = convex::dot(side, side).sqrt();
        convex::cross(side, convex::sub(p, a)) > TOLERANCE_MM * length
    })
}

fn battery(spec: &BatterySpec, log: &mut Log) -> Battery {
    let watts = |what, at: &Option<At<f64>>, default, min, log: &mut Log| {
        Sort::plain(what, " W", min, 10_000_000).read_or(at.as_ref(), default, log) as u32
    };
    let share = |what| Sort {
        scale: 1_000.0,
        ..Sort::plain(what, "", 0, 1_000)
    };
    let low = share("low").read_or(spec.low.as_ref(), 250, log) as u16;
    let enough = share("enough").read_or(spec.enough.as_ref(), 600, log) as u16;
    if low >= enough {
        let at = spec.enough.as_ref().or(spec.low.as_ref());
        log.push(
            Problem::error("low must be less than enough", at.and_then(|a| a.span))
                .hint("otherwise a vehicle leaves the charger only to come back at once"),
        );
    }
    let capacity = Sort::plain("capacity_wh", " Wh", 0, 100_000_000);
    Battery {
        capacity_wh: capacity.read(&spec.capacity_wh, log) as u32,
        idle_w: watts("idle_w", &spec.idle_w, 20, 0, log),
        drive_w: watts("drive_w", &spec.drive_w, 150, 0, log),
        charge_w: watts("charge_w", &spec.charge_w, 1_000, 1, log),
        low_permille: low,
        enough_permille: enough,
    }
}

/// Fills in vehicles.
pub(crate) fn vehicles(spec: &FloorSpec, tables: &Tables, floor: &mut Floor, log: &mut Log) {
    let mut addresses = Addresses::default();
    for vehicle in &spec.vehicles {
        let kind = tables.kinds.find(&vehicle.kind, log);
        let start = tables.nodes.find(&vehicle.start, log);
        let address = addresses.read(&vehicle.address, &vehicle.name.value, log);
        let (Some(kind), Some(start)) = (kind, start) else {
            continue;
        };
        floor.vehicles.push(Vehicle {
            name: vehicle.name.value.clone(),
            kind: KindId::from_index(kind.min(15)),
            start: NodeId::from_index(start),
            address,
        });
    }
    if spec.vehicles.is_empty() {
        log.push(
            Problem::warning("the floor has no vehicle", None).hint("add a [[vehicle]] section"),
        );
    }
}

/// Addresses given out, to find those that are there twice.
#[derive(Default)]
pub(crate) struct Addresses {
    owners: HashMap<(String, u8), String>,
}

impl Addresses {
    /// The address as written; reports one that is malformed or taken.
    pub(crate) fn read(
        &mut self,
        spec: &AddressSpec,
        owner: &str,
        log: &mut Log,
    ) -> Option<Address> {
        let unit = Sort::plain("unit", "", 0, 255).whole_or(spec.unit.as_ref(), 1, log) as u8;
        let socket = spec.socket.as_ref()?;
        let well_formed = socket.value.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(char::is_whitespace) && port.parse::<u16>().is_ok()
        });
        if !well_formed {
            let problem = Problem::error(
                format!("\"{}\" is no address of a Modbus TCP server", socket.value),
                socket.span,
            );
            log.push(problem.hint("write host:port, for example \"192.168.10.21:502\""));
            return None;
        }
        let key = (socket.value.clone(), unit);
        if let Some(other) = self.owners.insert(key, owner.to_owned()) {
            let problem = Problem::error(
                format!("\"{other}\" and \"{owner}\" have the same address and unit"),
                socket.span,
            );
            log.push(problem.hint("give one of them another address or unit id"));
        }
        Some(Address {
            socket: socket.value.clone(),
            unit,
        })
    }
}
