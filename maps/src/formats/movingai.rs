//! MovingAI grid maps (`.map`) as floors: a node a free cell, two-way paths between neighbours, and a fleet with random
//! transports placed on it by seed.
//!
//! The format: `type octile`, `height H`, `width W`, `map`, then `H` rows of `W` characters (Sturtevant, "Benchmarks for
//! Grid-Based Pathfinding", 2012). `@ O T W` are blocked; `. G S` are free, and so is `E` of the League of Robot Runners.
//! Vehicles move between the four neighbours only, whatever the type says.

mod grid;

use super::LoadOptions;
use crate::problem::{Problem, Problems};
use crate::spec::{
    ControlSpec, FloorSpec, KindSpec, NodeSpec, PathSpec, Span, StationSpec, VehicleSpec,
    WorkloadSpec, rectangle,
};
use grid::Grid;
use rand_core::Rng;
use rand_pcg::Pcg32;

/// Most cells that a grid may have, blocked ones included.
pub const CELLS_MAX: usize = 4_000_000;

/// Vehicles on a grid when nobody says how many.
pub const VEHICLES_DEFAULT: usize = 10;

/// Most stations that are chosen.
const STATIONS_MAX: usize = 200;

/// After so many problems the rest of the file is not worth reading.
const PROBLEMS_MAX: usize = 20;

/// Sides of the smallest and largest cell in metres.
const CELL_M: std::ops::RangeInclusive<f64> = 0.1..=100.0;

/// Reads a grid and makes a floor of it; `name` is the file's name as the user knows it.
///
/// The cell in the last row and first column has its south-west corner at the origin. Node `"3,5"` is the cell in column
/// 3 and row 5, both from 0 at the top left, as in scenario files. Vehicles (kind `agv`, 0.6 of a cell square, 1 cell a
/// second) start on distinct cells of the largest connected part, stations are chosen where a standing vehicle cuts
/// nothing off; the same seed always chooses the same.
///
/// # Errors
/// All that is wrong with the text, up to 20 problems; also when there are more vehicles than cells, or the size of a
/// cell in `options` is not within 0.1 to 100 m.
pub fn parse(text: &str, options: &LoadOptions, name: &str) -> Result<FloorSpec, Problems> {
    let grid = read(text).map_err(|list| Problems::new(name, text, list))?;
    floor(&grid, options, name).map_err(|problem| Problems::one(name, problem))
}

/// A line of the text, without its end, and where it begins.
pub(super) struct Line<'a> {
    pub text: &'a str,
    start: usize,
}

impl Line<'_> {
    pub fn span(&self) -> Option<Span> {
        span(self.start, self.start + self.text.len())
    }
}

fn span(start: usize, end: usize) -> Option<Span> {
    let start = u32::try_from(start).ok()?;
    let end = u32::try_from(end).ok()?;
    Some(Span { start, end })
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let begin = start;
        start += line.len();
        Line {
            text: line.trim_end_matches(['\n', '\r']),
            start: begin,
        }
    })
}

fn read(text: &str) -> Result<Grid, Vec<Problem>> {
    let (width, free) = read_cells(text, |c| match c {
        '.' | 'G' | 'S' | 'E' => Some(true),
        '@' | 'O' | 'T' | 'W' => Some(false),
        _ => None,
    })?;
    Ok(Grid::new(width, free))
}

/// Header, then rows; `is_free` says what a character stands for, `None`: for nothing. Gives the width and the cells in rows.
pub(super) fn read_cells(
    text: &str,
    is_free: impl Fn(char) -> Option<bool>,
) -> Result<(usize, Vec<bool>), Vec<Problem>> {
    let mut lines = lines(text);
    let (width, height) = header(&mut lines, text.len()).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let mut free = Vec::with_capacity(width * height);
    let mut rows = 0;
    for line in lines {
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
        if rows == height {
            if !line.text.trim().is_empty() {
                let message =
                    format!("there are more than the {height} rows that the header tells");
                problems.push(Problem::error(message, line.span()));
                break;
            }
            continue;
        }
        row(&line, rows, width, &is_free, &mut free, &mut problems);
        rows += 1;
    }
    if rows < height && problems.len() < PROBLEMS_MAX {
        let message = format!("the map ends after {rows} of {height} rows");
        problems.push(Problem::error(message, span(text.len(), text.len())));
    }
    if problems.is_empty() {
        Ok((width, free))
    } else {
        Err(problems)
    }
}

/// Reads up to the line `map`; gives width and height.
fn header<'a>(
    lines: &mut impl Iterator<Item = Line<'a>>,
    end: usize,
) -> Result<(usize, usize), Problem> {
    const SHAPE: &str =
        "a .map file begins with the lines \"type octile\", \"height H\", \"width W\" and \"map\"";
    let (mut width, mut height) = (None, None);
    for (index, line) in lines.enumerate() {
        let mut words = line.text.split_whitespace();
        let (key, value) = (words.next(), words.next());
        let fail = |message: String| Err(Problem::error(message, line.span()).hint(SHAPE));
        if words.next().is_some() || (index == 0) != (key == Some("type")) {
            return fail("this is not a line of a MovingAI map's header".to_owned());
        }
        match (key, value) {
            (Some("type"), Some("octile")) => {}
            (Some("type"), _) => return fail("the map's type is not \"octile\"".to_owned()),
            (Some("height"), Some(value)) => height = Some(size(value, &line)?),
            (Some("width"), Some(value)) => width = Some(size(value, &line)?),
            (Some("map"), None) => {
                let (Some(width), Some(height)) = (width, height) else {
                    return fail("the header lacks \"height\" or \"width\"".to_owned());
                };
                if width.saturating_mul(height) > CELLS_MAX {
                    let message =
                        format!("{width} x {height} cells are too many: at most {CELLS_MAX}");
                    return Err(Problem::error(message, line.span()));
                }
                return Ok((width, height));
            }
            _ => return fail("this is not a line of a MovingAI map's header".to_owned()),
        }
    }
    let message = "the file ends before its line \"map\"";
    Err(Problem::error(message, span(end, end)).hint(SHAPE))
}

/// A number of cells, at least 1.
fn size(value: &str, line: &Line<'_>) -> Result<usize, Problem> {
    let wrong = || {
        Problem::error(
            format!(
                "\"{}\" is not a number of cells",
                value.chars().take(20).collect::<String>()
            ),
            line.span(),
        )
        .hint(format!(
            "a whole number, at least 1; at most {CELLS_MAX} cells in all"
        ))
    };
    match value.parse::<usize>() {
        Ok(cells) if cells > 0 => Ok(cells),
        _ => Err(wrong()),
    }
}

/// One row of cells; what is wrong with it goes to `problems`.
fn row(
    line: &Line<'_>,
    index: usize,
    width: usize,
    is_free: &impl Fn(char) -> Option<bool>,
    free: &mut Vec<bool>,
    problems: &mut Vec<Problem>,
) {
    let length = line.text.chars().count();
    if length != width {
        let message = format!("row {index} has {length} cells instead of {width}");
        problems.push(Problem::error(message, line.span()));
        return;
    }
    for (at, c) in line.text.char_indices() {
        match is_free(c) {
            Some(cell) => free.push(cell),
            None => {
                let begin = line.start + at;
                let place = span(begin, begin + c.len_utf8());
                let message = format!("{c:?} does not stand for a cell");
                problems
                    .push(Problem::error(message, place).hint("free: . G S E, blocked: @ O T W"));
                return;
            }
        }
    }
}

/// Puts fleet, stations and workload on the grid.
fn floor(grid: &Grid, options: &LoadOptions, name: &str) -> Result<FloorSpec, Problem> {
    let cell = options.cell_m;
    if !CELL_M.contains(&cell) {
        let hint = format!("from {} to {} m", CELL_M.start(), CELL_M.end());
        return Err(Problem::error(format!("a cell of {cell} m is not possible"), None).hint(hint));
    }
    let part = grid.largest_part();
    let vehicles = options.vehicles.unwrap_or(VEHICLES_DEFAULT.min(part.len()));
    if part.is_empty() {
        return Err(Problem::error("the map has no free cell", None));
    }
    if vehicles > part.len() {
        let message = format!(
            "{vehicles} vehicles do not fit: the largest connected part of the map has {} cells",
            part.len()
        );
        return Err(Problem::error(message, None).hint("ask for fewer with --vehicles"));
    }
    // Two streams, so that more vehicles leave the stations where they are.
    let starts = choose(part.clone(), vehicles, &mut Pcg32::new(options.seed, 1));
    let stations = stations(grid, &part, &mut Pcg32::new(options.seed, 2));
    let digits = vehicles.to_string().len().max(2);
    Ok(FloorSpec {
        name: base_name(name).into(),
        nodes: nodes(grid, cell),
        paths: paths(grid),
        kinds: vec![kind(cell)],
        vehicles: starts
            .iter()
            .enumerate()
            .map(|(i, &start)| VehicleSpec {
                name: format!("agv-{:0digits$}", i + 1).into(),
                kind: "agv".into(),
                start: grid.name(start).into(),
                ..VehicleSpec::default()
            })
            .collect(),
        stations: stations
            .iter()
            .map(|&cell| StationSpec {
                name: format!("station-{}", grid.name(cell)).into(),
                node: grid.name(cell).into(),
                ..StationSpec::default()
            })
            .collect(),
        control: ControlSpec {
            // Small cells leave less room; the footprint's corners turn within 0.43 of a cell.
            clearance: Some((0.05 * cell.min(1.0)).into()),
            ..ControlSpec::default()
        },
        workload: WorkloadSpec {
            random_open: Some((vehicles as i64).into()),
            ..WorkloadSpec::default()
        },
        ..FloorSpec::default()
    })
}

/// The file's name without folder and extension.
fn base_name(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".map").unwrap_or(file)
}

fn kind(cell: f64) -> KindSpec {
    KindSpec {
        name: "agv".into(),
        footprint: rectangle(0.6 * cell, 0.6 * cell).into(),
        speed: cell.into(),
        acceleration: Some(cell.into()),
        turn: Some(90.0.into()),
        reverse: true,
        transfer: Some(5.0.into()),
        ..KindSpec::default()
    }
}

fn nodes(grid: &Grid, cell: f64) -> Vec<NodeSpec> {
    let height = grid.height();
    grid.free_cells()
        .map(|at| {
            let (x, y) = grid.column_row(at);
            NodeSpec {
                name: grid.name(at).into(),
                at: [
                    (x as f64 + 0.5) * cell,
                    ((height - 1 - y) as f64 + 0.5) * cell,
                ]
                .into(),
                level: None,
            }
        })
        .collect()
}

/// A two-way path for each longest straight run of free cells, rows before columns.
fn paths(grid: &Grid) -> Vec<PathSpec> {
    grid.runs()
        .map(|run| PathSpec {
            through: run.into_iter().map(|at| grid.name(at).into()).collect(),
            two_way: true,
            ..PathSpec::default()
        })
        .collect()
}

/// Cells where loads are handed over, in the order of the grid.
///
/// Beside an obstacle (a shelf, a wall) rather than in the open, and only where a standing vehicle does not cut the
/// part in two, as long as there are such cells.
fn stations(grid: &Grid, part: &[u32], random: &mut Pcg32) -> Vec<u32> {
    if part.len() < 2 {
        return Vec::new();
    }
    let wanted = (part.len() / 20).clamp(2, STATIONS_MAX);
    let cuts = grid.cut_cells(part);
    let mut tiers: [Vec<u32>; 3] = Default::default();
    for &at in part {
        let tier = match (cuts[at as usize], grid.neighbours(at).count() < 4) {
            (false, true) => 0,
            (false, false) => 1,
            (true, _) => 2,
        };
        tiers[tier].push(at);
    }
    let mut chosen = Vec::with_capacity(wanted);
    for tier in tiers {
        let more = (wanted - chosen.len()).min(tier.len());
        chosen.extend(choose(tier, more, random));
    }
    chosen.sort_unstable();
    chosen
}

/// A seeded choice of `count` distinct elements (the first steps of a Fisher-Yates shuffle).
fn choose(mut from: Vec<u32>, count: usize, random: &mut Pcg32) -> Vec<u32> {
    assert!(count <= from.len(), "callers ask for what there is");
    for i in 0..count {
        let rest = (from.len() - i) as u64;
        let j = i + ((u64::from(random.next_u32()) * rest) >> 32) as usize;
        from.swap(i, j);
    }
    from.truncate(count);
    from
}

#[cfg(test)]
mod tests;
