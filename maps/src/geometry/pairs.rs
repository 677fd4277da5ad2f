//! The conflict table: every two places whose shapes are less than the clearance apart.

use super::grid::{Bounds, SpatialHash};
use super::shapes::{Placed, Shapes};
use crate::conflict::{ClassMask, Conflict};
use crate::floor::Point;
use crate::ids::{ClassId, PlaceId};
use std::collections::HashMap;

/// A row's key and an entry of it.
pub type Entry = ((ClassId, PlaceId), Conflict);

/// Neighbours that a place has on a floor that people can build, on average; many more mean that nodes lie on top of
/// each other.
const NEIGHBOURS_MEAN_MAX: usize = 250;

/// All conflicts between different places, in both directions.
///
/// `limit_mm` is the clearance; shapes closer than that conflict.
///
/// # Errors
/// If places lie so densely that the table would not be of use, nor fit memory: a place where they do.
pub fn conflicts(
    shapes: &Shapes,
    classes: usize,
    places: usize,
    limit_mm: f64,
) -> Result<Vec<Entry>, PlaceId> {
    let boxes: Vec<Option<Bounds>> = (0..places)
        .map(|p| place_bounds(shapes, classes, PlaceId::from_index(p)))
        .collect();
    let hash = SpatialHash::new(boxes.clone());
    let mut near = Near {
        shapes,
        limit_mm,
        known: HashMap::new(),
    };
    let mut entries = Vec::new();
    let mut found = Vec::new();
    let mut neighbours_left = NEIGHBOURS_MEAN_MAX * (places + 1_000);
    for (p, b) in boxes.iter().enumerate() {
        let Some(b) = b else { continue };
        hash.query(&b.grown(limit_mm), &mut found);
        let p = PlaceId::from_index(p);
        match neighbours_left.checked_sub(found.len()) {
            Some(left) => neighbours_left = left,
            None => return Err(p),
        }
        for q in found.iter().map(|&q| PlaceId(q)).filter(|&q| q > p) {
            near.add_pair(p, q, classes, &mut entries);
        }
    }
    Ok(entries)
}

/// The box around all classes in a place.
fn place_bounds(shapes: &Shapes, classes: usize, place: PlaceId) -> Option<Bounds> {
    (0..classes)
        .filter_map(|c| shapes.get(ClassId::from_index(c), place))
        .map(|placed| bounds(shapes, placed))
        .reduce(Bounds::with)
}

/// The box around a placed shape.
pub fn bounds(shapes: &Shapes, placed: Placed) -> Bounds {
    let (min, max) = shapes.form(placed).bounds();
    let (x, y) = (f64::from(placed.at.0), f64::from(placed.at.1));
    Bounds {
        level: placed.level,
        min: (min.0 + x, min.1 + y),
        max: (max.0 + x, max.1 + y),
    }
}

/// Comparison of placed shapes. A regular floor repeats the same few constellations; each is computed once.
struct Near<'a> {
    shapes: &'a Shapes,
    limit_mm: f64,
    known: HashMap<(u32, u32, Point), bool>,
}

impl Near<'_> {
    /// Adds the entries of two places, for all their classes.
    fn add_pair(&mut self, p: PlaceId, q: PlaceId, classes: usize, entries: &mut Vec<Entry>) {
        let mut back = [0 as ClassMask; 32];
        for a in (0..classes).map(ClassId::from_index) {
            let Some(at_p) = self.shapes.get(a, p) else {
                continue;
            };
            let mut mask: ClassMask = 0;
            for b in (0..classes).map(ClassId::from_index) {
                let Some(at_q) = self.shapes.get(b, q) else {
                    continue;
                };
                if self.near(at_p, at_q) {
                    mask |= 1 << b.0;
                    back[b.index()] |= 1 << a.0;
                }
            }
            push(entries, a, p, q, mask);
        }
        for (b, &mask) in back.iter().enumerate().take(classes) {
            push(entries, ClassId::from_index(b), q, p, mask);
        }
    }

    /// Are the shapes closer than the limit?
    fn near(&mut self, a: Placed, b: Placed) -> bool {
        if a.level != b.level {
            return false;
        }
        let offset = (
            i64::from(b.at.0) - i64::from(a.at.0),
            i64::from(b.at.1) - i64::from(a.at.1),
        );
        let (shapes, limit_mm) = (self.shapes, self.limit_mm);
        let compute = || {
            let offset = (offset.0 as f64, offset.1 as f64);
            shapes.form(a).closer_than(shapes.form(b), offset, limit_mm)
        };
        // Coordinates are within ±10^9, so their differences fit.
        let key = (a.form, b.form, (offset.0 as i32, offset.1 as i32));
        *self.known.entry(key).or_insert_with(compute)
    }
}

fn push(entries: &mut Vec<Entry>, class: ClassId, p: PlaceId, q: PlaceId, classes: ClassMask) {
    if classes != 0 {
        entries.push(((class, p), Conflict { place: q, classes }));
    }
}
