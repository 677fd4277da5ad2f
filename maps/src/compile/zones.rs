//! Zones: what is in them, and those of capacity 1 as conflicts.

use super::Log;
use super::names::Tables;
use super::numbers::{Sort, point};
use super::roadmap::level;
use crate::conflict::{ClassMask, Conflict};
use crate::floor::{Floor, Point, Zone};
use crate::geometry::pairs::Entry;
use crate::geometry::shapes::Class;
use crate::ids::{ClassId, LevelId, NodeId, PlaceId};
use crate::problem::Problem;
use crate::spec::{FloorSpec, ZoneSpec};
use std::collections::BTreeSet;

/// Most entries that an exclusive zone may add to the conflict table.
const ENTRIES_MAX: usize = 8_000_000;

/// Fills in zones; gives the places of those of capacity 1.
pub(crate) fn zones(
    spec: &FloorSpec,
    tables: &Tables,
    floor: &mut Floor,
    log: &mut Log,
) -> Vec<Vec<PlaceId>> {
    let mut exclusive = Vec::new();
    let mut entries = 0;
    for zone in &spec.zones {
        let capacity = Sort::plain("capacity", "", 1, 65_535).whole(&zone.capacity, log) as u16;
        let outline: Vec<Point> = zone.outline.iter().map(|p| point(p, log)).collect();
        let places = places(zone, &outline, tables, floor, log);
        if places.is_empty() && log.errors() == 0 {
            let message = format!("there is nothing in the zone \"{}\"", zone.name.value);
            let problem = Problem::warning(message, zone.name.span);
            log.push(problem.hint("give \"nodes\", or an \"outline\" around some"));
        }
        if capacity == 1 {
            entries += places.len() * places.len() * floor.classes;
            if entries > ENTRIES_MAX {
                let message = format!("the exclusive zone \"{}\" is too large", zone.name.value);
                let problem = Problem::error(message, zone.name.span);
                log.push(problem.hint("exclude from each other only what a few vehicles share"));
                continue;
            }
            exclusive.push(places.clone());
        }
        floor.zones.push(Zone {
            name: zone.name.value.clone(),
            capacity,
            places,
            outline,
        });
    }
    exclusive
}

/// The places in a zone, sorted.
fn places(
    zone: &ZoneSpec,
    outline: &[Point],
    tables: &Tables,
    floor: &Floor,
    log: &mut Log,
) -> Vec<PlaceId> {
    let roadmap = &floor.roadmap;
    let mut nodes: BTreeSet<NodeId> = zone
        .nodes
        .iter()
        .filter_map(|name| tables.nodes.find(name, log))
        .map(NodeId::from_index)
        .collect();
    let mut places = BTreeSet::new();
    if !outline.is_empty() {
        if outline.len() < 3 {
            let span = zone.outline.first().and_then(|p| p.span);
            log.push(Problem::error(
                "an outline needs three corners or more",
                span,
            ));
        }
        let on = level(tables, zone.level.as_ref(), log);
        let at = |id: NodeId| {
            let node = roadmap.node(id);
            (node.x_mm, node.y_mm)
        };
        let here = |id: NodeId, on: LevelId| roadmap.node(id).level == on;
        let ids = (0..roadmap.nodes().len()).map(NodeId::from_index);
        nodes.extend(ids.filter(|&id| here(id, on) && inside(outline, at(id))));
        for edge in roadmap.edges().iter().filter(|e| here(e.from, on)) {
            if crosses(outline, at(edge.from), at(edge.to)) {
                places.insert(edge.place);
            }
        }
    } else if zone.nodes.is_empty() && zone.edges.is_empty() && !log.skip_unplaced {
        let message = format!(
            "the zone \"{}\" has neither nodes nor outline",
            zone.name.value
        );
        log.push(Problem::error(message, zone.name.span));
    }
    for [a, b] in &zone.edges {
        let (Some(a), Some(b)) = (tables.nodes.find(a, log), tables.nodes.find(b, log)) else {
            continue;
        };
        let ends = [a, b].map(NodeId::from_index);
        let edges = roadmap.edges().iter();
        let these = edges.filter(|e| ends == [e.from, e.to] || ends == [e.to, e.from]);
        places.extend(these.map(|e| e.place));
    }
    for &node in &nodes {
        places.insert(roadmap.place_of(node));
        let touching = roadmap.out_edges(node).iter().chain(roadmap.in_edges(node));
        places.extend(touching.map(|&e| roadmap.edge(e).place));
    }
    places.into_iter().collect()
}

/// Is a point in a polygon (even-odd rule)? In exact whole numbers; the border may count either way.
fn inside(outline: &[Point], p: Point) -> bool {
    let mut inside = false;
    for i in 0..outline.len() {
        let (a, b) = (outline[i], outline[(i + 1) % outline.len()]);
        if (a.1 > p.1) == (b.1 > p.1) {
            continue;
        }
        // Is p left of the side at its height?
        let side = turn(a, b, p);
        if (side > 0) == (b.1 > a.1) {
            inside = !inside;
        }
    }
    inside
}

/// Does a segment cross or touch a side of the polygon?
fn crosses(outline: &[Point], p: Point, q: Point) -> bool {
    (0..outline.len()).any(|i| {
        let (a, b) = (outline[i], outline[(i + 1) % outline.len()]);
        let apart = |u: (i128, i128)| u.0 > 0 && u.1 > 0 || u.0 < 0 && u.1 < 0;
        let boxes_apart = p.0.max(q.0) < a.0.min(b.0)
            || a.0.max(b.0) < p.0.min(q.0)
            || p.1.max(q.1) < a.1.min(b.1)
            || a.1.max(b.1) < p.1.min(q.1);
        !boxes_apart
            && !apart((turn(p, q, a), turn(p, q, b)))
            && !apart((turn(a, b, p), turn(a, b, q)))
    })
}

/// Positive if `p` is to the left of the line from `a` to `b`.
fn turn(a: Point, b: Point, p: Point) -> i128 {
    let d = |u: i32, v: i32| i128::from(u) - i128::from(v);
    d(b.0, a.0) * d(p.1, a.1) - d(b.1, a.1) * d(p.0, a.0)
}

/// Makes all pairs of places of each exclusive zone conflict, for all classes that can be there.
pub(crate) fn exclude(
    exclusive: &[Vec<PlaceId>],
    classes: &[Class],
    floor: &Floor,
    entries: &mut Vec<Entry>,
) {
    let usable: Vec<ClassMask> = {
        let mut usable = vec![0; floor.roadmap.places()];
        for edge in floor.roadmap.edges() {
            let mask = (classes.iter().enumerate())
                .filter(|(_, class)| class.kinds & edge.kinds != 0)
                .fold(0, |mask: ClassMask, (c, _)| mask | 1 << c);
            for place in [edge.place, PlaceId(edge.from.0), PlaceId(edge.to.0)] {
                usable[place.index()] |= mask;
            }
        }
        usable
    };
    for places in exclusive {
        for &p in places {
            for &q in places.iter().filter(|&&q| q != p && usable[q.index()] != 0) {
                for c in (0..classes.len()).filter(|c| usable[p.index()] >> c & 1 == 1) {
                    entries.push((
                        (ClassId::from_index(c), p),
                        Conflict {
                            place: q,
                            classes: usable[q.index()],
                        },
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_segments_against_an_l_shape() {
        let l = [(0, 0), (10, 0), (10, 4), (4, 4), (4, 10), (0, 10)];
        assert!(
            inside(&l, (2, 8)) && inside(&l, (8, 2)) && !inside(&l, (8, 8)) && !inside(&l, (-1, 2))
        );
        // Through the notch without an end inside, and past it.
        assert!(crosses(&l, (-5, 2), (15, 2)) && crosses(&l, (2, 11), (11, 2)));
        assert!(!crosses(&l, (6, 15), (15, 6)) && !crosses(&l, (1, 1), (2, 2)));
    }
}
