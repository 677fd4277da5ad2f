//! Levels, nodes, paths and walls.

use super::Log;
use super::names::Tables;
use super::numbers::{COORDINATE_MAX, Sort, point};
use crate::floor::{Floor, Level, Point, Wall};
use crate::ids::*;
use crate::problem::Problem;
use crate::roadmap::{Edge, Node, Roadmap};
use crate::spec::{FloorSpec, LevelSpec, Name, NodeSpec, PathSpec};
use std::collections::HashMap;

/// How far the level that nobody described reaches beyond what is on it, in millimetres.
const DEFAULT_MARGIN_MM: i32 = 2_000;

/// Fills in levels, walls and the roadmap; gives for each directed edge the index of its path.
///
/// What can't be resolved is reported and left out. Kinds must be there already.
pub(crate) fn roadmap(
    spec: &FloorSpec,
    tables: &Tables,
    floor: &mut Floor,
    log: &mut Log,
) -> Vec<u32> {
    let nodes = nodes(spec, tables, log);
    for wall in &spec.walls {
        let level = level(tables, wall.level.as_ref(), log);
        let points: Vec<Point> = wall.points.iter().map(|p| point(p, log)).collect();
        if points.len() < 2 {
            if !log.unreadable(wall.span) {
                log.push(Problem::error("a wall needs two points or more", wall.span));
            }
            continue;
        }
        floor.walls.push(Wall { level, points });
    }
    floor.levels = levels(spec, &nodes, &floor.walls, log);
    for (node, written) in nodes.iter().zip(&spec.nodes) {
        // Levels that could not be resolved have been reported.
        if let Some(level) = floor.levels.get(node.level.index()) {
            check_inside(node, level, written, log);
        }
    }
    let mut paths = Paths {
        nodes: &nodes,
        edges: Vec::new(),
        origin: Vec::new(),
        places: nodes.len(),
        known: HashMap::new(),
    };
    let fastest = floor.kinds.iter().flat_map(|k| k.speed_mm_s).max();
    for (i, path) in spec.paths.iter().enumerate() {
        paths.add(i as u32, path, tables, fastest.unwrap_or(1), log);
    }
    let Paths { edges, origin, .. } = paths;
    if edges.is_empty() && log.errors() == 0 {
        log.push(
            Problem::error("the floor has no path that vehicles could take", None)
                .hint("add [nodes] and a [[path]] through them"),
        );
    }
    floor.roadmap = Roadmap::new(nodes, edges);
    origin
}

/// The level that is named, or the first.
pub(crate) fn level(tables: &Tables, name: Option<&Name>, log: &mut Log) -> LevelId {
    LevelId::from_index(tables.levels.find_some(name, log).unwrap_or(0))
}

fn nodes(spec: &FloorSpec, tables: &Tables, log: &mut Log) -> Vec<Node> {
    let node = |node: &NodeSpec, log: &mut Log| {
        let (x_mm, y_mm) = point(&node.at, log);
        Node {
            name: node.name.value.clone(),
            level: level(tables, node.level.as_ref(), log),
            x_mm,
            y_mm,
        }
    };
    spec.nodes.iter().map(|n| node(n, log)).collect()
}

/// The levels as written, or the one that is meant when none is.
fn levels(spec: &FloorSpec, nodes: &[Node], walls: &[Wall], log: &mut Log) -> Vec<Level> {
    if !spec.levels.is_empty() {
        return spec.levels.iter().map(|l| written(l, log)).collect();
    }
    let points = nodes.iter().map(|n| (n.x_mm, n.y_mm));
    let points = points.chain(walls.iter().flat_map(|w| w.points.iter().copied()));
    let bounds = points.fold(None, |bounds: Option<(Point, Point)>, p| {
        let (min, max) = bounds.unwrap_or((p, p));
        Some((
            (min.0.min(p.0), min.1.min(p.1)),
            (max.0.max(p.0), max.1.max(p.1)),
        ))
    });
    let (min, max) = bounds.unwrap_or_default();
    vec![Level {
        name: "ground".to_owned(),
        min: (min.0 - DEFAULT_MARGIN_MM, min.1 - DEFAULT_MARGIN_MM),
        max: (max.0 + DEFAULT_MARGIN_MM, max.1 + DEFAULT_MARGIN_MM),
    }]
}

fn written(spec: &LevelSpec, log: &mut Log) -> Level {
    let level = Level {
        name: spec.name.value.clone(),
        min: point(&spec.min, log),
        max: point(&spec.max, log),
    };
    let readable = !log.unreadable(spec.min.span) && !log.unreadable(spec.max.span);
    if readable && (level.min.0 >= level.max.0 || level.min.1 >= level.max.1) {
        log.push(
            Problem::error(
                format!("the level \"{}\" has no area", level.name),
                spec.max.span,
            )
            .hint("min is its south-west corner, max its north-east corner, in metres"),
        );
    }
    level
}

fn check_inside(node: &Node, level: &Level, written: &NodeSpec, log: &mut Log) {
    let inside = (level.min.0..=level.max.0).contains(&node.x_mm)
        && (level.min.1..=level.max.1).contains(&node.y_mm);
    let sane = written
        .at
        .value
        .iter()
        .all(|v| v.is_finite() && v.abs() * 1_000.0 <= COORDINATE_MAX as f64);
    // Numbers that are none have been reported.
    if !inside && sane && !log.unreadable(written.at.span) && level.min < level.max {
        let metres = |p: Point| format!("[{}, {}]", f64::from(p.0) / 1e3, f64::from(p.1) / 1e3);
        log.push(
            Problem::error(
                format!(
                    "the node \"{}\" is outside its level \"{}\"",
                    node.name, level.name
                ),
                written.at.span,
            )
            .hint(format!(
                "the level reaches from {} to {}",
                metres(level.min),
                metres(level.max)
            )),
        );
    }
}

/// Paths on their way to edges.
struct Paths<'a> {
    nodes: &'a [Node],
    edges: Vec<Edge>,
    /// For each edge its path.
    origin: Vec<u32>,
    /// Places given out so far.
    places: usize,
    /// The kinds that have a way between two nodes already.
    known: HashMap<(NodeId, NodeId), u32>,
}

impl Paths<'_> {
    /// Adds the edges of a path.
    fn add(&mut self, index: u32, path: &PathSpec, tables: &Tables, fastest: u32, log: &mut Log) {
        let speed = Sort::speed("speed").read_or(path.speed.as_ref(), fastest.into(), log) as u32;
        let kinds = match &path.kinds {
            None => (1 << tables.kinds.len().min(31)) - 1,
            Some(names) => names.iter().fold(0, |mask, name| {
                tables
                    .kinds
                    .find(name, log)
                    .map_or(mask, |k| mask | 1 << k.min(31))
            }),
        };
        if path.kinds.as_ref().is_some_and(Vec::is_empty) {
            log.push(
                Problem::error("a path that no kind may use", path.span)
                    .hint("leave out \"kinds\" to allow all"),
            );
        }
        let door = tables
            .doors
            .find_some(path.door.as_ref(), log)
            .map(DoorId::from_index);
        if path.through.len() < 2 && !log.unreadable(path.span) {
            let problem = Problem::error("a path goes through two nodes or more", path.span);
            log.push(problem.hint("through = [\"from\", \"to\"]"));
        }
        for pair in path.through.windows(2) {
            // Every name is looked up once: the last of a pair is the first of the next.
            let first = std::ptr::eq(&pair[0], &path.through[0]);
            let from = if first {
                tables.nodes.find(&pair[0], log)
            } else {
                tables.nodes.find(&pair[0], &mut Log::silent())
            };
            let to = tables.nodes.find(&pair[1], log);
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
            let Some(length_mm) = self.length(from, to, pair, log) else {
                continue;
            };
            self.check_single(from, to, kinds, path.two_way, pair, log);
            let id = self.edges.len();
            let edge = Edge {
                from,
                to,
                place: PlaceId::from_index(self.places),
                length_mm,
                speed_mm_s: speed,
                kinds,
                twin: path.two_way.then(|| EdgeId::from_index(id + 1)),
                door,
            };
            self.places += 1;
            if path.two_way {
                let back = Edge {
                    from: to,
                    to: from,
                    twin: Some(EdgeId::from_index(id)),
                    ..edge.clone()
                };
                self.push(index, edge);
                self.push(index, back);
            } else {
                self.push(index, edge);
            }
        }
    }

    /// Warns of a way that a kind has already: the second would be a place of its own on the same ground.
    fn check_single(
        &mut self,
        from: NodeId,
        to: NodeId,
        kinds: u32,
        two_way: bool,
        pair: &[Name],
        log: &mut Log,
    ) {
        let ways = [(from, to), (to, from)];
        for way in &ways[..1 + usize::from(two_way)] {
            let known = self.known.entry(*way).or_default();
            if *known & kinds != 0 {
                let (from, to) = (&pair[0].value, &pair[1].value);
                let message = format!("there are two paths between \"{from}\" and \"{to}\"");
                let problem = Problem::warning(message, pair[1].span);
                log.push(problem.hint("leave one out, or give them different kinds"));
            }
            *known |= kinds;
        }
    }

    fn push(&mut self, path: u32, edge: Edge) {
        self.edges.push(edge);
        self.origin.push(path);
    }

    /// The distance between two nodes; reports those that no straight way can join.
    fn length(&self, from: NodeId, to: NodeId, pair: &[Name], log: &mut Log) -> Option<u32> {
        let (a, b) = (&self.nodes[from.index()], &self.nodes[to.index()]);
        if a.level != b.level {
            log.push(
                Problem::error(
                    format!(
                        "the path from \"{}\" to \"{}\" leaves its level",
                        a.name, b.name
                    ),
                    pair[1].span,
                )
                .hint("paths join nodes of one level; lifts are not supported"),
            );
            return None;
        }
        let dx = f64::from(b.x_mm) - f64::from(a.x_mm);
        let dy = f64::from(b.y_mm) - f64::from(a.y_mm);
        let length = (dx * dx + dy * dy).sqrt().round() as u32;
        if length == 0 {
            log.push(
                Problem::error(
                    format!(
                        "the path from \"{}\" to \"{}\" has no length",
                        a.name, b.name
                    ),
                    pair[1].span,
                )
                .hint("nodes that are joined must be at different points"),
            );
            return None;
        }
        Some(length)
    }
}
