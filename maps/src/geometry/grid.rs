//! A spatial hash over boxes: who might be near whom.

use super::convex::Vec2;
use crate::ids::LevelId;

/// Boxes that cover more cells than this are kept apart and compared with everything.
const CELLS_MAX: i64 = 64;

/// A box on a level: smallest and greatest coordinates in millimetres.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// Its level.
    pub level: LevelId,
    /// South-west corner.
    pub min: Vec2,
    /// North-east corner.
    pub max: Vec2,
}

impl Bounds {
    /// The same, grown on each side.
    pub fn grown(self, by: f64) -> Self {
        Self {
            min: (self.min.0 - by, self.min.1 - by),
            max: (self.max.0 + by, self.max.1 + by),
            ..self
        }
    }

    /// The smallest box around both, which are on one level.
    pub fn with(self, other: Self) -> Self {
        Self {
            level: self.level,
            min: (self.min.0.min(other.min.0), self.min.1.min(other.min.1)),
            max: (self.max.0.max(other.max.0), self.max.1.max(other.max.1)),
        }
    }

    /// Do the boxes share a point?
    pub fn meets(&self, other: &Self) -> bool {
        self.level == other.level
            && self.min.0 <= other.max.0
            && other.min.0 <= self.max.0
            && self.min.1 <= other.max.1
            && other.min.1 <= self.max.1
    }
}

/// Boxes, found by place.
#[derive(Debug)]
pub struct SpatialHash {
    boxes: Vec<Option<Bounds>>,
    cell: f64,
    /// `(level, cell column, cell row)` and the box's index, sorted.
    cells: Vec<((u8, i32, i32), u32)>,
    large: Vec<u32>,
}

impl SpatialHash {
    /// Files boxes under their index; `None` is never found.
    pub fn new(boxes: Vec<Option<Bounds>>) -> Self {
        let mut extent = 0.0;
        let mut count = 0.0;
        for b in boxes.iter().flatten() {
            extent += (b.max.0 - b.min.0) + (b.max.1 - b.min.1);
            count += 2.0;
        }
        // Cells as large as the mean box, but not below a metre, keep both cells a box and boxes a cell few.
        let cell = if count > 0.0 {
            f64::max(extent / count, 1_000.0)
        } else {
            1_000.0
        };
        let mut this = Self {
            cells: Vec::with_capacity(boxes.len() * 4),
            boxes: Vec::new(),
            cell,
            large: Vec::new(),
        };
        for (i, b) in boxes.iter().enumerate() {
            let Some(b) = b else { continue };
            match this.cover(b) {
                Some(cover) => this.cells.extend(cover.map(|key| (key, i as u32))),
                None => this.large.push(i as u32),
            }
        }
        this.cells.sort_unstable();
        this.boxes = boxes;
        this
    }

    /// The cells that a box covers, unless they are too many.
    fn cover(&self, b: &Bounds) -> Option<impl Iterator<Item = (u8, i32, i32)> + use<>> {
        let at = |v: f64| (v / self.cell).floor() as i32;
        let (x0, x1, y0, y1) = (at(b.min.0), at(b.max.0), at(b.min.1), at(b.max.1));
        let count = (i64::from(x1) - i64::from(x0) + 1) * (i64::from(y1) - i64::from(y0) + 1);
        let level = b.level.0;
        (count <= CELLS_MAX)
            .then(|| (x0..=x1).flat_map(move |x| (y0..=y1).map(move |y| (level, x, y))))
    }

    /// Indices of the boxes that meet `query`, in ascending order, put into `found` (which is cleared first).
    pub fn query(&self, query: &Bounds, found: &mut Vec<u32>) {
        found.clear();
        match self.cover(query) {
            Some(cover) => {
                for key in cover {
                    let from = self.cells.partition_point(|c| c.0 < key);
                    let here = self.cells[from..].iter().take_while(|c| c.0 == key);
                    found.extend(here.map(|c| c.1));
                }
                found.extend(&self.large);
            }
            None => found.extend(0..self.boxes.len() as u32),
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|&i| self.boxes[i as usize].is_some_and(|b| b.meets(query)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxes() -> impl Strategy<Value = Vec<Option<Bounds>>> {
        let one = (0u8..2, -20i32..20, -20i32..20, 0i32..60, 0i32..6, 0u8..5).prop_map(
            |(level, x, y, w, h, some)| {
                let min = (f64::from(x) * 700.0, f64::from(y) * 700.0);
                (some > 0).then_some(Bounds {
                    level: LevelId(level),
                    min,
                    max: (
                        min.0 + f64::from(w * w) * 30.0,
                        min.1 + f64::from(h) * 400.0,
                    ),
                })
            },
        );
        prop::collection::vec(one, 0..60)
    }

    proptest! {
        #[test]
        fn finds_what_a_comparison_with_all_finds(boxes in boxes()) {
            let hash = SpatialHash::new(boxes.clone());
            let mut found = Vec::new();
            for query in boxes.iter().flatten() {
                hash.query(query, &mut found);
                let all: Vec<u32> = (0..boxes.len() as u32)
                    .filter(|&i| boxes[i as usize].is_some_and(|b| b.meets(query)))
                    .collect();
                prop_assert_eq!(&found, &all);
            }
        }
    }
}
