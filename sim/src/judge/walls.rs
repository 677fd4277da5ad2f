//! Walls in a grid of cells, so that a vehicle is compared with those near it only.

use super::shape::distance_squared;
use takt_maps::{Floor, LevelId};

/// Most cells of all levels together; the cells of greater floors are larger.
const CELLS_MAX: f64 = 1_000_000.0;

/// Smallest edge of a cell, mm.
const CELL_MM: f64 = 1_000.0;

/// One straight piece of a wall.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Index of the wall in the floor.
    pub wall: u32,
    /// Its ends, mm.
    pub ends: [(f64, f64); 2],
}

/// Cells of one level, in rows.
#[derive(Clone, Debug)]
struct Grid {
    origin: (f64, f64),
    columns: usize,
    rows: usize,
    start: Vec<u32>,
    segments: Vec<Segment>,
}

/// The walls of a floor.
#[derive(Clone, Debug)]
pub struct Walls {
    cell_mm: f64,
    levels: Vec<Grid>,
}

impl Walls {
    /// Puts each wall in the cells from which a circle of `reach_mm` can touch it.
    pub fn new(floor: &Floor, reach_mm: f64) -> Self {
        let extents: Vec<_> = (0..floor.levels.len())
            .map(|i| extent(floor, LevelId::from_index(i)))
            .collect();
        let area: f64 = extents
            .iter()
            .map(|(min, max)| (max.0 - min.0) * (max.1 - min.1))
            .sum();
        let cell_mm = (area / CELLS_MAX).sqrt().max(CELL_MM);
        let levels = extents
            .iter()
            .enumerate()
            .map(|(i, &(min, max))| {
                Grid::new(
                    &segments(floor, LevelId::from_index(i)),
                    min,
                    max,
                    cell_mm,
                    reach_mm,
                )
            })
            .collect();
        Self { cell_mm, levels }
    }

    /// The pieces of wall that a circle around `at` on a level can touch; outside the level those of the border cell.
    pub fn near(&self, level: LevelId, at: (f64, f64)) -> &[Segment] {
        let Some(grid) = self.levels.get(level.index()) else {
            return &[];
        };
        // Saturating: a position below the origin is in the first column.
        let column = (((at.0 - grid.origin.0) / self.cell_mm) as usize).min(grid.columns - 1);
        let row = (((at.1 - grid.origin.1) / self.cell_mm) as usize).min(grid.rows - 1);
        let cell = row * grid.columns + column;
        &grid.segments[grid.start[cell] as usize..grid.start[cell + 1] as usize]
    }
}

impl Grid {
    fn new(all: &[Segment], min: (f64, f64), max: (f64, f64), cell_mm: f64, reach_mm: f64) -> Self {
        let count = |length: f64| (length / cell_mm) as usize + 1;
        let (columns, rows) = (count(max.0 - min.0), count(max.1 - min.1));
        // From the middle of a cell to its corner is less than 0.71 of its edge.
        let reach = reach_mm + 0.71 * cell_mm;
        let mut cells: Vec<(u32, u32)> = Vec::new();
        for (index, segment) in all.iter().enumerate() {
            let [a, b] = segment.ends;
            let span = |low: f64, high: f64, from: f64, cells: usize| {
                let first = ((low - reach - from) / cell_mm) as usize;
                let last = ((high + reach - from) / cell_mm) as usize;
                first..=last.min(cells - 1)
            };
            for row in span(a.1.min(b.1), a.1.max(b.1), min.1, rows) {
                for column in span(a.0.min(b.0), a.0.max(b.0), min.0, columns) {
                    let middle = (
                        min.0 + (column as f64 + 0.5) * cell_mm,
                        min.1 + (row as f64 + 0.5) * cell_mm,
                    );
                    if distance_squared(middle, a, b) <= reach * reach {
                        cells.push(((row * columns + column) as u32, index as u32));
                    }
                }
            }
        }
        cells.sort_unstable();
        let mut start = vec![0u32; columns * rows + 1];
        for (cell, _) in &cells {
            start[*cell as usize + 1] += 1;
        }
        for i in 1..start.len() {
            start[i] += start[i - 1];
        }
        Self {
            origin: min,
            columns,
            rows,
            start,
            segments: cells.iter().map(|&(_, i)| all[i as usize]).collect(),
        }
    }
}

/// The pieces of all walls of a level.
fn segments(floor: &Floor, level: LevelId) -> Vec<Segment> {
    let float = |p: (i32, i32)| (f64::from(p.0), f64::from(p.1));
    let walls = floor.walls.iter().enumerate();
    walls
        .filter(|(_, wall)| wall.level == level)
        .flat_map(|(index, wall)| {
            wall.points.windows(2).map(move |ends| Segment {
                wall: index as u32,
                ends: [float(ends[0]), float(ends[1])],
            })
        })
        .collect()
}

/// The box around a level with its walls and nodes: what moves is in it, whatever the outline says.
fn extent(floor: &Floor, level: LevelId) -> ((f64, f64), (f64, f64)) {
    let outline = &floor.levels[level.index()];
    let nodes = floor.roadmap.nodes().iter();
    let nodes = nodes.filter(|n| n.level == level).map(|n| (n.x_mm, n.y_mm));
    let walls = floor.walls.iter().filter(|w| w.level == level);
    let points = walls.flat_map(|w| w.points.iter().copied());
    let (mut min, mut max) = (outline.min, outline.max);
    for (x, y) in nodes.chain(points) {
        min = (min.0.min(x), min.1.min(y));
        max = (max.0.max(x), max.1.max(y));
    }
    (
        (f64::from(min.0), f64::from(min.1)),
        (f64::from(max.0), f64::from(max.1)),
    )
}
