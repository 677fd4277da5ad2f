//! Shapes against door lines: a door must not close on a vehicle that rests, nor be passed by a path that does not name
//! it.

use super::Subject;
use crate::compile::Log;
use crate::floor::Door;
use crate::geometry::convex::Shape;
use crate::ids::{ClassId, DoorId, EdgeId, LevelId, PlaceId};
use crate::problem::Problem;

/// Reports nodes whose vehicles stand in a door, and paths through a door that they do not name.
pub(crate) fn doors(subject: &Subject, log: &mut Log) {
    for (d, door) in subject.floor.doors.iter().enumerate() {
        let id = DoorId::from_index(d);
        if let Some(level) = level_of(subject, id) {
            nodes(subject, door, level, log);
            paths(subject, door, id, level, log);
        }
    }
}

/// The level of the paths that name a door; of one that nobody names, the only level.
fn level_of(subject: &Subject, door: DoorId) -> Option<LevelId> {
    let roadmap = &subject.floor.roadmap;
    let named = roadmap.edges().iter().find(|e| e.door == Some(door));
    match named {
        Some(edge) => Some(roadmap.node(edge.from).level),
        None => (subject.floor.levels.len() == 1).then_some(LevelId(0)),
    }
}

/// Does a vehicle of any class in this place come nearer to the door's line than the clearance?
fn reaches(subject: &Subject, place: PlaceId, door: &Door) -> bool {
    let exact = |p: (i32, i32)| (f64::from(p.0), f64::from(p.1));
    let line = Shape::around(door.ends.map(exact));
    let limit = f64::from(subject.floor.control.clearance_mm.max(1));
    (0..subject.floor.classes)
        .filter_map(|c| subject.shapes.get(ClassId::from_index(c), place))
        .any(|placed| {
            let (x, y) = (f64::from(placed.at.0), f64::from(placed.at.1));
            let shape = subject.shapes.form(placed);
            shape.closer_than(&line, (-x, -y), limit)
        })
}

fn nodes(subject: &Subject, door: &Door, level: LevelId, log: &mut Log) {
    let roadmap = &subject.floor.roadmap;
    for (n, node) in roadmap.nodes().iter().enumerate() {
        if node.level != level || !reaches(subject, PlaceId::from_index(n), door) {
            continue;
        }
        let span = subject.spec.nodes[n].at.span;
        let problem = Problem::error(
            format!(
                "the door \"{}\" closes on a vehicle that rests at \"{}\"",
                door.name, node.name
            ),
            span,
        );
        log.push(problem.hint("move the node further from the door, or the door from the node"));
    }
}

fn paths(subject: &Subject, door: &Door, id: DoorId, level: LevelId, log: &mut Log) {
    let roadmap = &subject.floor.roadmap;
    for (e, edge) in roadmap.edges().iter().enumerate() {
        let ends = [edge.from, edge.to].map(|n| roadmap.place_of(n));
        let twin_told = edge.twin.is_some_and(|twin| twin.index() < e);
        if edge.door == Some(id) || twin_told || roadmap.node(edge.from).level != level {
            continue;
        }
        // What begins or ends in the door is reported as a node.
        if !reaches(subject, edge.place, door) || ends.iter().any(|&p| reaches(subject, p, door)) {
            continue;
        }
        let (from, to) = (subject.name(edge.from), subject.name(edge.to));
        let problem = Problem::error(
            format!(
                "the path between \"{from}\" and \"{to}\" passes the door \"{}\" without naming it",
                door.name
            ),
            subject.edge_span(EdgeId::from_index(e)),
        );
        let hint = format!("write door = \"{}\" on a path of its own", door.name);
        log.push(problem.hint(hint));
    }
}
