//! Levels, nodes, paths, walls, zones, vehicle kinds and vehicles.

use super::reader::{Fields, Item, Log, Read, read_table, span};
use crate::problem::Problem;
use crate::spec::*;

pub(super) fn level(f: &mut Fields) -> LevelSpec {
    LevelSpec {
        name: f.required("name"),
        min: f.required("min"),
        max: f.required("max"),
    }
}

/// The table `[nodes]`: a name and a point each, or a table with more.
pub(super) fn nodes(f: &mut Fields) -> Vec<NodeSpec> {
    let Some(item) = f.item("nodes") else {
        f.missing("nodes");
        return Vec::new();
    };
    let Some(table) = item.get_ref().as_table() else {
        f.log.expected(item, "a table, [nodes]");
        return Vec::new();
    };
    let entries = Fields::new(table, span(item.span()), "[nodes]", f.log).entries();
    let node = |(name, item): (Name, &Item)| {
        if item.get_ref().is_table() {
            let node = read_table(item, "a node", f.log, |f| {
                (f.required("at"), f.optional("level"))
            });
            let (at, level) = node.unwrap_or_default();
            return NodeSpec { name, at, level };
        }
        // A node at an unreadable point is kept, so that its name is known.
        let at = PointSpec::read(item, f.log).unwrap_or_default();
        NodeSpec {
            name,
            at,
            level: None,
        }
    };
    entries.into_iter().map(node).collect()
}

pub(super) fn path(f: &mut Fields) -> PathSpec {
    PathSpec {
        through: f.required("through"),
        two_way: f.optional("two_way").unwrap_or_default(),
        speed: f.optional("speed"),
        kinds: f.optional("kinds"),
        door: f.optional("door"),
        span: Some(f.span),
    }
}

pub(super) fn wall(f: &mut Fields) -> WallSpec {
    WallSpec {
        points: f.required("points"),
        level: f.optional("level"),
        span: Some(f.span),
    }
}

pub(super) fn zone(f: &mut Fields) -> ZoneSpec {
    let capacity: Option<At<i64>> = f.optional("capacity");
    let exclusive_at = f.item("exclusive");
    let exclusive = exclusive_at.and_then(|item| bool::read(item, f.log));
    let one = exclusive_at.map_or_else(At::default, |item| At::new(1, span(item.span())));
    let capacity = match (capacity, exclusive) {
        (Some(capacity), Some(true)) if capacity.value != 1 => {
            let problem = Problem::error("an exclusive zone has capacity 1", capacity.span);
            f.log
                .push(problem.hint("leave out \"capacity\" or \"exclusive\""));
            capacity
        }
        (Some(capacity), _) => capacity,
        (None, Some(true)) => one,
        (None, _) => {
            f.missing("capacity");
            At::default()
        }
    };
    ZoneSpec {
        name: f.required("name"),
        capacity,
        nodes: f.optional("nodes").unwrap_or_default(),
        edges: Vec::new(),
        outline: f.optional("outline").unwrap_or_default(),
        level: f.optional("level"),
    }
}

/// An outline: a list of points, or length and width of a rectangle around the origin.
impl Read for At<Vec<[f64; 2]>> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let at = span(item.span());
        if !item.get_ref().is_table() {
            let points: Vec<PointSpec> = Read::read(item, log)?;
            let all = item.get_ref().as_array().map_or(0, |list| list.len());
            let outline = points.iter().map(|p| p.value).collect();
            // Without one of its corners it would be another outline.
            return (points.len() == all).then(|| At::new(outline, at));
        }
        let sides = read_table(item, "a footprint", log, |f| {
            let (length, width): (At<f64>, At<f64>) = (f.required("length"), f.required("width"));
            (length, width)
        });
        let (length, width) = sides?;
        length.span.and(width.span)?;
        for side in [length, width] {
            // Mirrored corners would make an area of a negative length.
            if side.value.is_nan() || side.value <= 0.0 {
                let message = format!("a side must be longer than 0 m, not {}", side.value);
                log.push(Problem::error(message, side.span).hint("give it in metres"));
                return None;
            }
        }
        Some(At::new(rectangle(length.value, width.value), at))
    }
}

pub(super) fn kind(f: &mut Fields) -> KindSpec {
    KindSpec {
        name: f.required("name"),
        footprint: f.required("footprint"),
        footprint_loaded: f.optional("footprint_loaded"),
        speed: f.required("speed"),
        speed_loaded: f.optional("speed_loaded"),
        acceleration: f.optional("acceleration"),
        deceleration: f.optional("deceleration"),
        turn: f.optional("turn"),
        reverse: f.optional("reverse").unwrap_or_default(),
        transfer: f.optional("transfer"),
        battery: f.table("battery", "a battery", |f| BatterySpec {
            capacity_wh: f.required("capacity_wh"),
            idle_w: f.optional("idle_w"),
            drive_w: f.optional("drive_w"),
            charge_w: f.optional("charge_w"),
            low: f.optional("low"),
            enough: f.optional("enough"),
        }),
    }
}

pub(super) fn vehicle(f: &mut Fields) -> VehicleSpec {
    VehicleSpec {
        name: f.required("name"),
        kind: f.required("kind"),
        start: f.required("start"),
        address: address(f),
    }
}

/// `address` and `unit` of whatever is reached over Modbus TCP.
pub(super) fn address(f: &mut Fields) -> AddressSpec {
    AddressSpec {
        socket: f.optional("address"),
        unit: f.optional("unit"),
    }
}
