//! The conflict table against poses: whatever two vehicles can do in two places, one pose at a time.

use super::convex::Vec2;
use crate::compile;
use crate::floor::{Floor, Point};
use crate::ids::{ClassId, EdgeId, KindId, NodeId, PlaceId};
use crate::spec::{FloorSpec, KindSpec, NodeSpec, PathSpec, StationSpec, rectangle};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// A footprint somewhere, with its circumscribed circle.
struct Pose {
    corners: Vec<Vec2>,
    at: Vec2,
    reach: f64,
}

fn pose(footprint: &[Point], at: Vec2, heading: f64) -> Pose {
    let (sin, cos) = heading.sin_cos();
    let corners: Vec<Vec2> = footprint
        .iter()
        .map(|&(x, y)| (f64::from(x), f64::from(y)))
        .map(|(x, y)| (at.0 + x * cos - y * sin, at.1 + x * sin + y * cos))
        .collect();
    let far = |c: &Vec2| ((c.0 - at.0).powi(2) + (c.1 - at.1).powi(2)).sqrt();
    let reach = corners.iter().map(far).fold(0.0, f64::max);
    Pose { corners, at, reach }
}

/// Do two convex polygons overlap? By separating axes: other mathematics than the table's.
fn overlap(a: &Pose, b: &Pose) -> bool {
    let apart = ((a.at.0 - b.at.0).powi(2) + (a.at.1 - b.at.1).powi(2)).sqrt();
    if apart > a.reach + b.reach {
        return false;
    }
    let separated = |p: &[Vec2], q: &[Vec2]| {
        (0..p.len()).any(|i| {
            let (c, d) = (p[i], p[(i + 1) % p.len()]);
            let axis = (d.1 - c.1, c.0 - d.0);
            let height = |r: &Vec2| r.0 * axis.0 + r.1 * axis.1;
            let top = p.iter().map(height).fold(f64::MIN, f64::max);
            q.iter().map(height).fold(f64::MAX, f64::min) >= top
        })
    };
    !separated(&a.corners, &b.corners) && !separated(&b.corners, &a.corners)
}

fn at(floor: &Floor, node: NodeId) -> Vec2 {
    let n = floor.roadmap.node(node);
    (f64::from(n.x_mm), f64::from(n.y_mm))
}

fn heading(floor: &Floor, edge: EdgeId) -> f64 {
    let e = floor.roadmap.edge(edge);
    let (a, b) = (at(floor, e.from), at(floor, e.to));
    (b.1 - a.1).atan2(b.0 - a.0)
}

/// The headings that a vehicle can have along an edge.
fn headings(floor: &Floor, kind: KindId, edge: EdgeId) -> Vec<f64> {
    let ahead = heading(floor, edge);
    if floor.kinds[kind.index()].reverse {
        vec![ahead, ahead + PI]
    } else {
        vec![ahead]
    }
}

/// Everything that vehicles of a kind do, as poses for each class and place.
fn poses(floor: &Floor, kind: KindId) -> BTreeMap<(ClassId, PlaceId), Vec<Pose>> {
    let mut out: BTreeMap<_, Vec<Pose>> = BTreeMap::new();
    let k = &floor.kinds[kind.index()];
    let outlines = [&k.footprint, &k.footprint_loaded];
    let usable = |e: &&EdgeId| floor.roadmap.edge(**e).allows(kind);
    for (e, edge) in floor.roadmap.edges().iter().enumerate() {
        let e = EdgeId::from_index(e);
        if !edge.allows(kind) {
            continue;
        }
        let (a, b) = (at(floor, edge.from), at(floor, edge.to));
        for (class, outline) in k.classes.into_iter().zip(outlines) {
            let list = out.entry((class, edge.place)).or_default();
            for h in headings(floor, kind, e) {
                for step in 0..=12 {
                    let t = f64::from(step) / 12.0;
                    let here = (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
                    list.push(pose(outline, here, h));
                }
            }
        }
    }
    for n in (0..floor.roadmap.nodes().len()).map(NodeId::from_index) {
        let ins: Vec<f64> = floor
            .roadmap
            .in_edges(n)
            .iter()
            .filter(usable)
            .flat_map(|&e| headings(floor, kind, e))
            .collect();
        let outs: Vec<f64> = floor
            .roadmap
            .out_edges(n)
            .iter()
            .filter(usable)
            .flat_map(|&e| headings(floor, kind, e))
            .collect();
        let mut turned: Vec<f64> = ins.iter().chain(&outs).copied().collect();
        for &from in &ins {
            for &to in &outs {
                // The shorter way round; at 180 degrees both.
                let turn = (to - from + PI).rem_euclid(2.0 * PI) - PI;
                let most = if k.reverse { PI / 2.0 } else { PI };
                for turn in [turn, -turn] {
                    let right_way = (turn.abs() - PI).abs() < 1e-6
                        || ((from + turn - to).cos() - 1.0).abs() < 1e-9;
                    if turn.abs() <= most + 1e-9 && right_way {
                        turned.extend((0..=9).map(|s| from + turn * f64::from(s) / 9.0));
                    }
                }
            }
        }
        let handover = floor.stations.iter().any(|s| s.node == n);
        for (i, class) in k.classes.into_iter().enumerate() {
            let list = out.entry((class, floor.roadmap.place_of(n))).or_default();
            for &h in &turned {
                list.push(pose(outlines[i], at(floor, n), h));
                if handover {
                    list.push(pose(outlines[1 - i], at(floor, n), h));
                }
            }
        }
    }
    out
}

/// A kind with a footprint that need not be symmetric.
fn kind_spec(i: usize, size: (u8, u8, u8), reverse: bool) -> KindSpec {
    let (length, width, ahead) = (
        f64::from(size.0) / 10.0,
        f64::from(size.1) / 10.0,
        f64::from(size.2) / 10.0,
    );
    let outline = vec![
        [-length, -width],
        [length, -width],
        [length + ahead, 0.0],
        [length, width],
        [-length, width],
    ];
    KindSpec {
        name: format!("k{i}").as_str().into(),
        footprint: outline.into(),
        footprint_loaded: Some(rectangle(2.0 * length + 0.4, 2.0 * width + 0.3).into()),
        speed: 1.0.into(),
        reverse,
        ..KindSpec::default()
    }
}

prop_compose! {
    /// Up to seven nodes on a plane of 5 m, joined at random; two kinds.
    fn floors()(
        points in prop::collection::btree_set((0u8..11, 0u8..11), 3..8),
        ways in prop::collection::vec((0usize..8, 0usize..8, any::<bool>(), 0u8..4), 2..10),
        sizes in prop::collection::vec(((2u8..8, 2u8..6, 0u8..5), any::<bool>()), 2),
        clearance in 0u8..3,
        station in 0usize..8,
    ) -> FloorSpec {
        let name = |i: usize| format!("n{}", i % points.len());
        let node = |(i, &(x, y)): (usize, &(u8, u8))| NodeSpec {
            name: name(i).as_str().into(),
            at: [f64::from(x) / 2.0, f64::from(y) / 2.0].into(),
            level: None,
        };
        let path = |&(a, b, two_way, kinds): &(usize, usize, bool, u8)| PathSpec {
            through: vec![name(a).as_str().into(), name(b).as_str().into()],
            two_way,
            kinds: (kinds < 2).then(|| vec![format!("k{kinds}").as_str().into()]),
            ..PathSpec::default()
        };
        let mut spec = FloorSpec {
            name: "random".into(),
            nodes: points.iter().enumerate().map(node).collect(),
            paths: ways.iter().filter(|w| w.0 % points.len() != w.1 % points.len()).map(path).collect(),
            kinds: sizes.iter().enumerate().map(|(i, &(size, reverse))| kind_spec(i, size, reverse)).collect(),
            stations: vec![StationSpec { name: "s".into(), node: name(station).as_str().into(), ..StationSpec::default() }],
            ..FloorSpec::default()
        };
        spec.control.clearance = Some((f64::from(clearance) / 20.0).into());
        spec
    }
}

/// Compiles without the checks of what can be reached: these floors are about space only.
fn compiled(spec: &FloorSpec) -> Floor {
    compile::without_checks(spec)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_touching_pair_is_missing_from_the_table(spec in floors()) {
        let floor = compiled(&spec);
        let mut all: Vec<((ClassId, PlaceId), Vec<Pose>)> = Vec::new();
        for kind in (0..floor.kinds.len()).map(KindId::from_index) {
            all.extend(poses(&floor, kind));
        }
        for (a, in_a) in &all {
            for (b, in_b) in &all {
                if a.1 >= b.1 || floor.conflicts.conflict(*a, *b) {
                    continue;
                }
                let touch = in_a.iter().any(|p| in_b.iter().any(|q| overlap(p, q)));
                prop_assert!(!touch, "{a:?} and {b:?} touch");
            }
        }
    }

    #[test]
    fn the_table_is_symmetric_and_holds_nothing_far_apart(spec in floors()) {
        let floor = compiled(&spec);
        let reach = |c: ClassId| {
            let kinds = floor.kinds.iter().filter(|k| k.classes.contains(&c));
            let corners = kinds.flat_map(|k| k.footprint.iter().chain(&k.footprint_loaded));
            corners.map(|&(x, y)| f64::from(x).hypot(f64::from(y))).fold(0.0, f64::max)
        };
        let middles = |p: PlaceId| match floor.roadmap.node_of(p) {
            Some(n) => vec![at(&floor, n)],
            None => floor.roadmap.edges().iter().filter(|e| e.place == p)
                .flat_map(|e| {
                    let (a, b) = (at(&floor, e.from), at(&floor, e.to));
                    (0..=64).map(move |s| (a.0 + (b.0 - a.0) * f64::from(s) / 64.0, a.1 + (b.1 - a.1) * f64::from(s) / 64.0))
                })
                .collect(),
        };
        for a in (0..floor.classes).map(ClassId::from_index) {
            for p in (0..floor.roadmap.places()).map(PlaceId::from_index) {
                for entry in floor.conflicts.of(a, p) {
                    for b in (0..floor.classes).map(ClassId::from_index) {
                        if entry.classes >> b.0 & 1 == 0 || entry.place == p {
                            continue;
                        }
                        prop_assert!(floor.conflicts.conflict((b, entry.place), (a, p)));
                        let least = middles(p).iter()
                            .flat_map(|u| middles(entry.place).into_iter().map(|v| (u.0 - v.0).hypot(u.1 - v.1)))
                            .fold(f64::MAX, f64::min);
                        // Samples of the middle lines are at most 7.1 m / 64 apart.
                        let most = reach(a) + reach(b) + f64::from(floor.control.clearance_mm) + 4.0 + 2.0 * 111.0;
                        prop_assert!(least <= most, "{least} > {most}");
                    }
                }
            }
        }
    }
}
