//! Makes a floor of a plant model.

mod fleet;

use super::model::{Block, Location, Model, Path, Unused};
use crate::problem::Problem;
use crate::spec::{
    At, ChargerSpec, FloorSpec, Name, NodeSpec, PathSpec, StationSpec, WorkloadSpec, ZoneSpec,
};
use std::collections::BTreeMap;

/// Makes the floor; what is not used is counted, and names of things that are not there become problems.
pub(super) fn floor(
    model: &Model,
    seed: u64,
    problems: &mut Vec<Problem>,
) -> (FloorSpec, Vec<String>) {
    let mut build = Build {
        points: index(model.points.iter().map(|p| &p.name)),
        model,
        unused: model.unused.clone(),
        problems,
    };
    build.check_outgoing();
    let (paths, edges) = build.paths();
    let (stations, chargers) = build.locations();
    let (kinds, kind_of) = build.kinds(!chargers.is_empty());
    let vehicles = build.vehicles(&kind_of, &edges, seed);
    let zones = build.zones();
    let spec = FloorSpec {
        name: model.name.clone(),
        nodes: build.nodes(),
        paths,
        kinds,
        workload: WorkloadSpec {
            random_open: Some((vehicles.len() as i64).into()),
            ..WorkloadSpec::default()
        },
        vehicles,
        stations,
        chargers,
        parking: model
            .points
            .iter()
            .filter(|p| p.park)
            .map(|p| p.name.clone())
            .collect(),
        zones,
        ..FloorSpec::default()
    };
    (spec, build.unused.lines())
}

/// Where each name is first; compiling the floor reports names that are there twice.
fn index<'a>(names: impl Iterator<Item = &'a Name>) -> BTreeMap<&'a str, usize> {
    let mut index = BTreeMap::new();
    for (i, name) in names.enumerate() {
        index.entry(name.value.as_str()).or_insert(i);
    }
    index
}

/// A number of millimetres in metres.
fn metres(mm: At<i64>) -> At<f64> {
    At {
        value: mm.value as f64 / 1_000.0,
        span: mm.span,
    }
}

/// What two points have between them, and in which directions.
struct Way<'a> {
    path: &'a Path,
    from: usize,
    to: usize,
    two_way: bool,
    speed_mm_s: At<i64>,
}

struct Build<'a> {
    model: &'a Model,
    points: BTreeMap<&'a str, usize>,
    unused: Unused,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Build<'a> {
    /// The point of that name; reports it if there is none.
    fn point(&mut self, name: &Name, who: &str) -> Option<usize> {
        let found = self.points.get(name.value.as_str()).copied();
        if found.is_none() {
            let message = format!(
                "{who} names the point \"{}\", which is not there",
                name.value
            );
            self.problems.push(Problem::error(message, name.span));
        }
        found
    }

    /// A point tells its outgoing paths, and so do the paths: both must agree.
    fn check_outgoing(&mut self) {
        let paths = index(self.model.paths.iter().map(|p| &p.name));
        for point in &self.model.points {
            for name in &point.outgoing {
                let path = paths
                    .get(name.value.as_str())
                    .map(|&i| &self.model.paths[i]);
                let wrong = match path {
                    None => "which is not there",
                    Some(path) if path.source.value != point.name.value => "which begins elsewhere",
                    Some(_) => continue,
                };
                let message = format!(
                    "the point \"{}\" names the outgoing path \"{}\", {wrong}",
                    point.name.value, name.value
                );
                self.problems.push(Problem::error(message, name.span));
            }
        }
    }

    fn nodes(&self) -> Vec<NodeSpec> {
        let points = self.model.points.iter();
        points
            .map(|point| NodeSpec {
                name: point.name.clone(),
                at: At {
                    value: [metres(point.x_mm).value, metres(point.y_mm).value],
                    span: point.x_mm.span,
                },
                level: None,
            })
            .collect()
    }

    /// Paths of the floor, and all pairs of points that can be driven.
    fn paths(&mut self) -> (Vec<PathSpec>, Vec<(usize, usize)>) {
        let model = self.model;
        let mut ways: Vec<Way<'a>> = Vec::new();
        let mut between: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for path in &model.paths {
            let who = format!("the path \"{}\"", path.name.value);
            let from = self.point(&path.source, &who);
            let to = self.point(&path.destination, &who);
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if from == to {
                let message = format!("{who} begins and ends at the same point");
                self.problems.push(Problem::error(message, path.name.span));
            } else if path.locked {
                self.unused.add("locked path (left out)");
            } else if let Some(&parallel) = between.get(&(from, to)) {
                // The same two points once more, in the same or the other direction.
                let forward = ways[parallel].from == from;
                if forward || ways[parallel].two_way {
                    self.unused
                        .add("further path between the same points (the first counts)");
                } else {
                    let way = &mut ways[parallel];
                    way.two_way = true;
                    way.speed_mm_s.value = way.speed_mm_s.value.min(path.speed_mm_s.value);
                }
            } else if let Some(way) = way(path, from, to) {
                between.insert((from, to), ways.len());
                between.insert((to, from), ways.len());
                ways.push(way);
            } else {
                self.unused.add("path without any velocity (left out)");
            }
        }
        let edges = ways
            .iter()
            .flat_map(|w| [Some((w.from, w.to)), w.two_way.then_some((w.to, w.from))])
            .flatten()
            .collect();
        let name = |point: usize| &model.points[point].name;
        let specs = ways
            .iter()
            .map(|way| PathSpec {
                through: vec![name(way.from).clone(), name(way.to).clone()],
                two_way: way.two_way,
                speed: Some(metres(way.speed_mm_s)),
                span: way.path.span,
                ..PathSpec::default()
            })
            .collect();
        (specs, edges)
    }

    fn locations(&mut self) -> (Vec<StationSpec>, Vec<ChargerSpec>) {
        let model = self.model;
        let types = index(model.types.iter().map(|t| &t.name));
        let (mut stations, mut chargers) = (Vec::new(), Vec::new());
        for location in &model.locations {
            let Some(&kind) = types.get(location.kind.value.as_str()) else {
                let message = format!(
                    "the location \"{}\" names the type \"{}\", which is not there",
                    location.name.value, location.kind.value
                );
                self.problems
                    .push(Problem::error(message, location.kind.span));
                continue;
            };
            let Some(node) = self.linked_point(location) else {
                continue;
            };
            let name = location.name.clone();
            if model.types[kind].charges || location.links.iter().any(|l| l.charges) {
                chargers.push(ChargerSpec {
                    name,
                    node,
                    ..ChargerSpec::default()
                });
            } else {
                stations.push(StationSpec {
                    name,
                    node,
                    ..StationSpec::default()
                });
            }
        }
        (stations, chargers)
    }

    /// The point of a location's first link, if the location is in use.
    fn linked_point(&mut self, location: &Location) -> Option<Name> {
        let who = format!("the location \"{}\"", location.name.value);
        let links = location.links.iter();
        let unknown = links
            .filter(|l| self.point(&l.point, &who).is_none())
            .count();
        if location.locked {
            self.unused.add("locked location (left out)");
            return None;
        }
        let Some(first) = location.links.first() else {
            self.unused
                .add("location without a link to a point (left out)");
            return None;
        };
        for _ in &location.links[1..] {
            self.unused
                .add("further link of a location (the first counts)");
        }
        (unknown == 0).then(|| first.point.clone())
    }

    fn zones(&mut self) -> Vec<ZoneSpec> {
        let model = self.model;
        let blocks = model.blocks.iter();
        blocks.filter_map(|block| self.zone(block)).collect()
    }

    /// The points of a block with the paths that touch them, and the paths that are members by themselves.
    fn zone(&mut self, block: &Block) -> Option<ZoneSpec> {
        let paths = index(self.model.paths.iter().map(|p| &p.name));
        let locations = index(self.model.locations.iter().map(|l| &l.name));
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        for member in &block.members {
            let name = member.value.as_str();
            if self.points.contains_key(name) {
                nodes.push(member.clone());
            } else if let Some(&path) = paths.get(name) {
                let path = &self.model.paths[path];
                if !path.locked {
                    edges.push([path.source.clone(), path.destination.clone()]);
                }
            } else if locations.contains_key(name) {
                self.unused.add("location in a block");
            } else {
                let message = format!(
                    "the block \"{}\" names \"{name}\", which is not there",
                    block.name.value
                );
                self.problems.push(Problem::error(message, member.span));
            }
        }
        if !block.single_vehicle {
            self.unused.add("block of type SAME_DIRECTION_ONLY");
            return None;
        }
        let empty = nodes.is_empty() && edges.is_empty();
        (!empty).then(|| ZoneSpec {
            name: block.name.clone(),
            capacity: 1.into(),
            nodes,
            edges,
            ..ZoneSpec::default()
        })
    }
}

/// The way that a path is by itself: none if it can't be driven at all.
fn way(path: &Path, from: usize, to: usize) -> Option<Way<'_>> {
    let (ahead, back) = (path.speed_mm_s, path.reverse_speed_mm_s);
    let (from, to, two_way, speed_mm_s) = match (ahead.value, back.value) {
        (0, 0) => return None,
        (0, _) => (to, from, false, back),
        (_, 0) => (from, to, false, ahead),
        (a, b) => (from, to, true, if a <= b { ahead } else { back }),
    };
    Some(Way {
        path,
        from,
        to,
        two_way,
        speed_mm_s,
    })
}
