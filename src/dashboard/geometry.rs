//! What never changes while the controller runs: the floor's geometry and names, sent once. Lengths are millimetres.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use takt_maps::{Buffer, BufferRole, Floor, LevelId, Line, NodeId, Zone};

use super::Desk;

/// `GET /api/floor`.
pub(super) async fn floor(State(desk): State<Desk>) -> Json<Value> {
    let (floor, started) = desk
        .front
        .read(|model| (model.floor.clone(), model.started_utc_ms));
    Json(describe(&floor, started))
}

/// The floor as the page gets it; things are known by their position in the arrays.
pub(super) fn describe(floor: &Floor, started_utc_ms: u64) -> Value {
    let each = |n: usize, of: &dyn Fn(usize) -> Value| (0..n).map(of).collect::<Vec<_>>();
    json!({
        "name": floor.name,
        "digest": format!("{:016x}", floor.digest),
        "started_utc_ms": started_utc_ms,
        "cycle_us": floor.control.cycle_us,
        "levels": each(floor.levels.len(), &|i| {
            let level = &floor.levels[i];
            json!({ "name": level.name, "min": level.min, "max": level.max })
        }),
        "nodes": each(floor.roadmap.nodes().len(), &|i| {
            let node = &floor.roadmap.nodes()[i];
            json!([node.x_mm, node.y_mm, node.level])
        }),
        "edges": edges(floor),
        "walls": each(floor.walls.len(), &|i| {
            json!({ "level": floor.walls[i].level, "points": floor.walls[i].points })
        }),
        "kinds": each(floor.kinds.len(), &|i| {
            let kind = &floor.kinds[i];
            json!({ "name": kind.name, "footprint": kind.footprint, "footprint_loaded": kind.footprint_loaded,
                    "low_permille": kind.battery.low_permille })
        }),
        "vehicles": each(floor.vehicles.len(), &|i| {
            json!({ "name": floor.vehicles[i].name, "kind": floor.vehicles[i].kind })
        }),
        "stations": each(floor.stations.len(), &|i| {
            json!({ "name": floor.stations[i].name, "node": floor.stations[i].node,
                    "device": floor.stations[i].device.map(|d| d.0) })
        }),
        "chargers": each(floor.chargers.len(), &|i| {
            json!({ "name": floor.chargers[i].name, "node": floor.chargers[i].node })
        }),
        "parking": floor.parking,
        "doors": each(floor.doors.len(), &|i| {
            json!({ "name": floor.doors[i].name, "ends": floor.doors[i].ends, "level": door_level(floor, i) })
        }),
        "zones": each(floor.zones.len(), &|i| {
            let zone = &floor.zones[i];
            json!({ "name": zone.name, "capacity": zone.capacity, "outline": zone.outline,
                    "level": zone_level(floor, zone) })
        }),
        "devices": each(floor.devices.len(), &|i| json!(floor.devices[i].name)),
        "materials": each(floor.materials.len(), &|i| json!(floor.materials[i].name)),
        "buffers": each(floor.buffers.len(), &|i| buffer(&floor.buffers[i])),
        "lines": each(floor.lines.len(), &|i| line(&floor.lines[i])),
    })
}

/// `[from, to, two-way]`, with the two directions of a two-way edge as one.
fn edges(floor: &Floor) -> Vec<Value> {
    let all = floor.roadmap.edges().iter().enumerate();
    all.filter(|(i, e)| e.twin.is_none_or(|twin| *i < twin.index()))
        .map(|(_, e)| json!([e.from, e.to, u8::from(e.twin.is_some())]))
        .collect()
}

fn buffer(buffer: &Buffer) -> Value {
    let (role, threshold, other) = match buffer.role {
        BufferRole::Source { .. } => ("source", None, None),
        BufferRole::Consume { reorder_at, from } => ("consume", Some(reorder_at), Some(from)),
        BufferRole::Produce { collect_at, to } => ("produce", Some(collect_at), Some(to)),
        BufferRole::Sink => ("sink", None, None),
    };
    json!({ "name": buffer.name, "station": buffer.station, "material": buffer.material,
            "capacity": buffer.capacity, "lot": buffer.lot, "role": role,
            "threshold": threshold, "other": other })
}

fn line(line: &Line) -> Value {
    let consumes: Vec<_> = line.consumes.iter().map(|(buffer, _)| buffer).collect();
    json!({ "name": line.name, "takt_ms": line.takt_ms, "consumes": consumes })
}

/// A door is where the edges that pass it are.
fn door_level(floor: &Floor, door: usize) -> LevelId {
    let mut edges = floor.roadmap.edges().iter();
    let passes = edges.find(|e| e.door.is_some_and(|d| d.index() == door));
    passes.map_or(LevelId(0), |e| floor.roadmap.node(e.from).level)
}

/// A zone is where its first node is.
fn zone_level(floor: &Floor, zone: &Zone) -> LevelId {
    let mut nodes = zone
        .places
        .iter()
        .filter_map(|&place| floor.roadmap.node_of(place));
    let first: Option<NodeId> = nodes.next();
    first.map_or(LevelId(0), |node| floor.roadmap.node(node).level)
}
