//! Shapes against walls, and against each other where vehicles stand.

use super::Subject;
use crate::compile::Log;
use crate::floor::{Point, Wall};
use crate::geometry::convex::Shape;
use crate::geometry::grid::{Bounds, SpatialHash};
use crate::geometry::pairs::bounds;
use crate::geometry::shapes::Placed;
use crate::ids::{ClassId, NodeId, PlaceId};
use crate::problem::Problem;
use crate::spec::Span;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Reports kinds that fit nowhere or scrape walls, and vehicles that stand too near to each other.
pub(crate) fn space(subject: &Subject, log: &mut Log) {
    walls(subject, log);
    if subject.whole {
        starts(subject, log);
        standing(subject, log);
    }
}

/// A straight piece of a wall.
struct Piece {
    from: Point,
    to: Point,
    shape: Shape,
}

fn pieces(wall: &Wall) -> impl Iterator<Item = (Piece, Bounds)> + '_ {
    wall.points.windows(2).map(|w| {
        let exact = |p: Point| (f64::from(p.0), f64::from(p.1));
        let shape = Shape::around([exact(w[0]), exact(w[1])]);
        let (min, max) = shape.bounds();
        let bounds = Bounds {
            level: wall.level,
            min,
            max,
        };
        let piece = Piece {
            from: w[0],
            to: w[1],
            shape,
        };
        (piece, bounds)
    })
}

/// A class in a place that scrapes a wall.
struct Scrape {
    class: ClassId,
    piece: usize,
}

fn walls(subject: &Subject, log: &mut Log) {
    let floor = subject.floor;
    let (pieces, boxes): (Vec<_>, Vec<_>) = floor.walls.iter().flat_map(pieces).unzip();
    let hash = SpatialHash::new(boxes.into_iter().map(Some).collect());
    // Even without clearance a vehicle must not touch.
    let limit = f64::from(floor.control.clearance_mm.max(1));
    let scrape = |class: ClassId, placed: Placed, found: &mut Vec<u32>| {
        hash.query(&bounds(subject.shapes, placed).grown(limit), found);
        let origin = (f64::from(placed.at.0), f64::from(placed.at.1));
        let shape = subject.shapes.form(placed);
        let touches = |&&piece: &&u32| {
            let piece = &pieces[piece as usize];
            shape.closer_than(&piece.shape, (-origin.0, -origin.1), limit)
        };
        found.iter().find(touches).map(|&piece| Scrape {
            class,
            piece: piece as usize,
        })
    };
    let mut found = Vec::new();
    let mut fits = vec![false; floor.classes];
    let mut scraping: BTreeMap<PlaceId, Scrape> = BTreeMap::new();
    for p in (0..floor.roadmap.places()).map(PlaceId::from_index) {
        for c in (0..floor.classes).map(ClassId::from_index) {
            let Some(placed) = subject.shapes.get(c, p) else {
                continue;
            };
            match scrape(c, placed, &mut found) {
                Some(scrape) => {
                    scraping.entry(p).or_insert(scrape);
                }
                None => fits[c.index()] |= floor.roadmap.node_of(p).is_none(),
            }
        }
    }
    let lost = fits_nowhere(subject, &fits, log);
    report_scrapes(subject, &pieces, &scraping, &lost, log);
}

/// Reports kinds that no path is wide enough for, or open to; gives their classes.
fn fits_nowhere(subject: &Subject, fits: &[bool], log: &mut Log) -> HashSet<ClassId> {
    let floor = subject.floor;
    let mut lost = HashSet::new();
    if floor.roadmap.edges().is_empty() {
        return lost;
    }
    for (k, kind) in floor.kinds.iter().enumerate() {
        if kind.classes.iter().all(|c| fits[c.index()]) {
            continue;
        }
        let span = subject.spec.kinds[k].name.span;
        let open = floor.roadmap.edges().iter().any(|e| e.kinds >> k & 1 == 1);
        let (message, hint) = if open {
            lost.extend(kind.classes);
            (
                "fits no path: it scrapes a wall on each",
                "check its footprint (metres, reference point at [0, 0]) and control.clearance",
            )
        } else {
            (
                "may use no path",
                "name it in the \"kinds\" of paths, or leave these out",
            )
        };
        log.push(
            Problem::error(
                format!("the vehicle kind \"{}\" {message}", kind.name),
                span,
            )
            .hint(hint),
        );
    }
    lost
}

/// One problem for each edge, and for each node whose edges are wide enough.
fn report_scrapes(
    subject: &Subject,
    pieces: &[Piece],
    scraping: &BTreeMap<PlaceId, Scrape>,
    lost: &HashSet<ClassId>,
    log: &mut Log,
) {
    let roadmap = &subject.floor.roadmap;
    let mut told: BTreeSet<PlaceId> = BTreeSet::new();
    let mut report = |scrape: &Scrape, place: String, span: Option<Span>, way_out: &str| {
        let class = subject.class_name(scrape.class);
        let piece = &pieces[scrape.piece];
        let metres = |p: Point| format!("[{}, {}]", f64::from(p.0) / 1e3, f64::from(p.1) / 1e3);
        let clearance = f64::from(subject.floor.control.clearance_mm) / 1e3;
        let problem = Problem::error(
            format!("a vehicle of kind {class} scrapes a wall {place}"),
            span,
        );
        log.push(problem.hint(format!(
            "the wall from {} to {} is nearer than the clearance of {clearance} m: {way_out}",
            metres(piece.from),
            metres(piece.to)
        )));
    };
    for (e, edge) in roadmap.edges().iter().enumerate() {
        let Some(scrape) = scraping.get(&edge.place) else {
            continue;
        };
        if lost.contains(&scrape.class) || !told.insert(edge.place) {
            continue;
        }
        told.extend([roadmap.place_of(edge.from), roadmap.place_of(edge.to)]);
        let (from, to) = (subject.name(edge.from), subject.name(edge.to));
        let span = subject.edge_span(crate::ids::EdgeId::from_index(e));
        report(
            scrape,
            format!("between \"{from}\" and \"{to}\""),
            span,
            "move one of them, or name the kinds that may use the path",
        );
    }
    for (&place, scrape) in scraping {
        let Some(node) = roadmap.node_of(place) else {
            continue;
        };
        if lost.contains(&scrape.class) || told.contains(&place) {
            continue;
        }
        let span = subject.spec.nodes[node.index()].at.span;
        report(
            scrape,
            format!("when it turns at \"{}\"", subject.name(node)),
            span,
            "move the node, or join it in a straight line",
        );
    }
}

/// Reports vehicles that start where they can't be together, or can't be at all.
fn starts(subject: &Subject, log: &mut Log) {
    let floor = subject.floor;
    let span = |v: usize| subject.spec.vehicles[v].start.span;
    let spot = |v: usize| {
        let vehicle = &floor.vehicles[v];
        let class = floor.kinds[vehicle.kind.index()].class(false);
        (class, floor.roadmap.place_of(vehicle.start))
    };
    for (v, vehicle) in floor.vehicles.iter().enumerate() {
        if subject.shapes.get(spot(v).0, spot(v).1).is_none() {
            let message = format!(
                "the vehicle \"{}\" starts at \"{}\", where its kind has no path",
                vehicle.name,
                subject.name(vehicle.start)
            );
            log.push(Problem::error(message, span(v)).hint("start it on a path that it may use"));
        }
        for w in 0..v {
            if floor.conflicts.conflict(spot(v), spot(w)) {
                let message = format!(
                    "the vehicles \"{}\" and \"{}\" start too near to each other",
                    floor.vehicles[w].name, vehicle.name
                );
                let hint = "their footprints must not touch where they start, nor be in one exclusive zone";
                log.push(Problem::error(message, span(v)).hint(hint));
            }
        }
    }
}

/// Warns of places to stand at that can't be used at the same time.
fn standing(subject: &Subject, log: &mut Log) {
    let (floor, spec) = (subject.floor, subject.spec);
    let stations = floor.stations.iter().zip(&spec.stations);
    let stations = stations.map(|(s, spec)| (s.node, "station", &spec.name));
    let chargers = floor.chargers.iter().zip(&spec.chargers);
    let chargers = chargers.map(|(c, spec)| (c.node, "charger", &spec.name));
    let parking = floor.parking.iter().zip(&spec.parking);
    let parking = parking.map(|(&node, name)| (node, "parking place", name));
    let mut by_node: BTreeMap<NodeId, (&str, &crate::spec::Name)> = BTreeMap::new();
    for (node, what, name) in stations.chain(chargers).chain(parking) {
        by_node.entry(node).or_insert((what, name));
    }
    for (&node, (what, name)) in &by_node {
        let place = floor.roadmap.place_of(node);
        let classes = (0..floor.classes).map(ClassId::from_index);
        let near: BTreeSet<NodeId> = classes
            .flat_map(|c| floor.conflicts.of(c, place))
            .filter_map(|entry| floor.roadmap.node_of(entry.place))
            .filter(|&other| other > node)
            .collect();
        for other in near {
            let Some((other_what, other_name)) = by_node.get(&other) else {
                continue;
            };
            let message = format!(
                "vehicles can't stand at the {what} \"{}\" and the {other_what} \"{}\" at the same time",
                name.value, other_name.value
            );
            let hint = "they would touch, or wait for each other's exclusive zone: move them apart";
            log.push(Problem::warning(message, other_name.span).hint(hint));
        }
    }
}
