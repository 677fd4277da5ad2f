//! What a vehicle of a footprint class covers in a place, however it got there and wherever it goes next.
//!
//! - On an **edge** it keeps the edge's heading (the opposite one if it drives backward): the hull of its footprint at
//!   both ends.
//! - At a **node** where all ways are in one line, and nobody has to turn round, it stands in that heading: the hull of
//!   the footprint in it. Anywhere else it may turn on the spot: the disc around the reference point.
//! - At a node with a **station** the load is handed over: both load states at once.

use super::convex::{Shape, Vec2, cross, dot, hull};
use crate::floor::{Point, VehicleKind};
use crate::ids::{ClassId, LevelId, NodeId, PlaceId};
use crate::roadmap::{Edge, Roadmap};
use std::collections::HashMap;

/// Sine of the greatest angle (about 1°) between ways that count as in line. Turning by so little takes a footprint of
/// 10 m less than 1 mm out of the hull of both headings.
const IN_LINE: f64 = 0.017;

/// Added to every shape, in millimetres, for what rounding and [`IN_LINE`] leave out.
const MARGIN_MM: f64 = 1.0;

/// A footprint class as geometry needs it.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Outline, counter-clockwise.
    pub footprint: Vec<Point>,
    /// Outlines of this class and of those that it becomes when a load is handed over.
    pub with_partners: Vec<Point>,
    /// Can it drive with its rear ahead?
    pub reverse: bool,
    /// Bit `k` for each kind with this class.
    pub kinds: u32,
}

/// The classes of kinds, indexed by [`ClassId`] as their `classes` say.
pub fn classes(kinds: &[VehicleKind], count: usize) -> Vec<Class> {
    let mut classes = vec![Class::default(); count];
    for (k, kind) in kinds.iter().enumerate() {
        for (id, footprint) in [
            (kind.classes[0], &kind.footprint),
            (kind.classes[1], &kind.footprint_loaded),
        ] {
            let class = &mut classes[id.index()];
            class.footprint.clone_from(footprint);
            class.reverse = kind.reverse;
            class.kinds |= 1 << k;
            class.with_partners.extend(&kind.footprint);
            class.with_partners.extend(&kind.footprint_loaded);
        }
    }
    classes
}

/// A shape at a place: one of [`Shapes::forms`], moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Index into the forms.
    pub form: u32,
    /// Where its origin is.
    pub at: Point,
    /// Its level.
    pub level: LevelId,
}

/// The shapes of all classes in all places; equal ones are stored once.
#[derive(Debug, Default)]
pub struct Shapes {
    /// Distinct shapes around their own origin.
    pub forms: Vec<Shape>,
    places: usize,
    placed: Vec<Option<Placed>>,
}

impl Shapes {
    /// Sweeps every class over every place that it can get to.
    ///
    /// `stations` are the nodes where loads are handed over.
    pub fn new(roadmap: &Roadmap, classes: &[Class], stations: &[NodeId]) -> Self {
        let mut this = Self {
            forms: Vec::new(),
            places: roadmap.places(),
            placed: vec![None; roadmap.places() * classes.len()],
        };
        let mut handover = vec![false; roadmap.nodes().len()];
        for node in stations {
            handover[node.index()] = true;
        }
        let mut known = HashMap::new();
        for (c, class) in classes.iter().enumerate() {
            let row = c * this.places;
            for (n, node) in roadmap.nodes().iter().enumerate() {
                let id = NodeId::from_index(n);
                let Some(shape) = node_shape(roadmap, class, id, handover[n]) else {
                    continue;
                };
                this.placed[row + n] = Some(Placed {
                    form: intern(&mut this.forms, &mut known, shape),
                    at: (node.x_mm, node.y_mm),
                    level: node.level,
                });
            }
            for edge in roadmap.edges() {
                // Twins share a place; the first that the class may use sweeps for both.
                let slot = row + edge.place.index();
                if edge.kinds & class.kinds == 0 || this.placed[slot].is_some() {
                    continue;
                }
                let from = roadmap.node(edge.from);
                this.placed[slot] = Some(Placed {
                    form: intern(
                        &mut this.forms,
                        &mut known,
                        edge_shape(roadmap, class, edge),
                    ),
                    at: (from.x_mm, from.y_mm),
                    level: from.level,
                });
            }
        }
        this
    }

    /// The shape of a class in a place; `None` where it can't be.
    pub fn get(&self, class: ClassId, place: PlaceId) -> Option<Placed> {
        self.placed[class.index() * self.places + place.index()]
    }

    /// The shape that a placed one is, before it is moved.
    pub fn form(&self, placed: Placed) -> &Shape {
        &self.forms[placed.form as usize]
    }
}

/// The index of a shape among the forms, added if it is new.
fn intern(forms: &mut Vec<Shape>, known: &mut HashMap<Vec<u64>, u32>, shape: Shape) -> u32 {
    let numbers = shape.hull.iter().flat_map(|p| [p.0, p.1]);
    let key = numbers.chain([shape.radius]).map(f64::to_bits).collect();
    *known.entry(key).or_insert_with(|| {
        forms.push(shape);
        forms.len() as u32 - 1
    })
}

/// The direction of an edge, with length 1.
fn direction(roadmap: &Roadmap, edge: &Edge) -> Vec2 {
    let (dx, dy) = span(roadmap, edge);
    let length = (dx * dx + dy * dy).sqrt();
    (dx / length, dy / length)
}

/// The vector from an edge's beginning to its end.
fn span(roadmap: &Roadmap, edge: &Edge) -> Vec2 {
    let (a, b) = (roadmap.node(edge.from), roadmap.node(edge.to));
    (
        f64::from(b.x_mm) - f64::from(a.x_mm),
        f64::from(b.y_mm) - f64::from(a.y_mm),
    )
}

/// The corners of a footprint with its reference point at `at` and heading `u` (of length 1).
pub fn posed(footprint: &[Point], at: Vec2, u: Vec2) -> impl Iterator<Item = Vec2> + '_ {
    footprint.iter().map(move |&(x, y)| {
        let (x, y) = (f64::from(x), f64::from(y));
        (at.0 + x * u.0 - y * u.1, at.1 + x * u.1 + y * u.0)
    })
}

/// What a class sweeps along an edge (and its twin), with the edge's beginning as the origin.
fn edge_shape(roadmap: &Roadmap, class: &Class, edge: &Edge) -> Shape {
    let u = direction(roadmap, edge);
    let end = span(roadmap, edge);
    let twin = edge
        .twin
        .is_some_and(|t| roadmap.edge(t).kinds & class.kinds != 0);
    let mut points = Vec::new();
    for at in [(0.0, 0.0), end] {
        points.extend(posed(&class.footprint, at, u));
        if class.reverse || twin {
            points.extend(posed(&class.footprint, at, (-u.0, -u.1)));
        }
    }
    Shape {
        hull: hull(points),
        radius: MARGIN_MM,
    }
}

/// What a class covers at a node, with the node as the origin; `None` if no way of the class touches the node.
fn node_shape(roadmap: &Roadmap, class: &Class, node: NodeId, handover: bool) -> Option<Shape> {
    let usable = |&&id: &&crate::ids::EdgeId| roadmap.edge(id).kinds & class.kinds != 0;
    let ins = roadmap.in_edges(node).iter().filter(usable);
    let outs = roadmap.out_edges(node).iter().filter(usable);
    let headings: Vec<Vec2> = ins
        .chain(outs)
        .map(|&id| direction(roadmap, roadmap.edge(id)))
        .collect();
    let first = *headings.first()?;
    let in_line = headings
        .iter()
        .all(|&u| cross(first, u).abs() < IN_LINE && (class.reverse || dot(first, u) > 0.0));
    let outline = if handover {
        &class.with_partners
    } else {
        &class.footprint
    };
    if !in_line {
        let squared = outline.iter().map(|&(x, y)| {
            let (x, y) = (f64::from(x), f64::from(y));
            x * x + y * y
        });
        let radius = squared.fold(0.0, f64::max).sqrt();
        return Some(Shape::disc((0.0, 0.0), radius + MARGIN_MM));
    }
    let mut points = Vec::new();
    for &u in &headings {
        points.extend(posed(outline, (0.0, 0.0), u));
        if class.reverse {
            points.extend(posed(outline, (0.0, 0.0), (-u.0, -u.1)));
        }
    }
    Some(Shape {
        hull: hull(points),
        radius: MARGIN_MM,
    })
}
