//! MovingAI scenario files (`.scen`): where agents start and where they go, on the grid of a `.map` file.
//!
//! The format: `version 1`, then a line an agent of nine columns, separated by tabs (or blanks): bucket, map, width,
//! height of the map, column and row of the start, column and row of the goal, length (Sturtevant, "Benchmarks for
//! Grid-Based Pathfinding", 2012; Stern and others, "Multi-agent pathfinding: definitions, variants, and benchmarks",
//! 2019). Columns and rows count from 0 at the top left. An instance of N agents is the first N lines.

use super::movingai::{Line, lines, read_cells};
use super::{FILE_BYTES_MAX, read_text};
use crate::problem::{Problem, Problems};
use std::collections::HashMap;
use std::path::Path;

/// Columns of a line.
const COLUMNS: usize = 9;
/// After so many problems the rest of the file is not worth reading.
const PROBLEMS_MAX: usize = 20;
/// How a line begins that is for another map.
const OTHER_MAP: &str = "it is for a map";
/// What a line looks like.
const SHAPE: &str = "nine columns: bucket, map, width, height, start column, start row, goal column, goal row, length";

/// The cells of a grid, row by row from the top.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cells {
    /// Cells in a row.
    pub width: usize,
    /// Is each cell free?
    pub free: Vec<bool>,
}

impl Cells {
    /// Rows.
    pub fn height(&self) -> usize {
        self.free.len() / self.width
    }

    /// Column and row of a cell.
    pub fn column_row(&self, cell: usize) -> (usize, usize) {
        (cell % self.width, cell / self.width)
    }
}

/// From a cell to a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trip {
    /// `row * width + column` of the start.
    pub start: usize,
    /// The same of the goal.
    pub goal: usize,
}

/// Reads the cells of a `.map` file.
///
/// # Errors
/// All that is wrong with the file.
pub fn load_cells(path: &Path) -> Result<Cells, Problems> {
    let name = path.display().to_string();
    let text = read_text(path, &name, FILE_BYTES_MAX)?;
    let (width, free) = read_cells(&text, super::movingai::is_free)
        .map_err(|list| Problems::new(&*name, &*text, list))?;
    Ok(Cells { width, free })
}

/// Reads the first `agents` trips of a `.scen` file.
///
/// # Errors
/// All that is wrong with the file, up to 20 problems: also starts or goals that are not free cells of the map, or that
/// two agents share.
pub fn load(path: &Path, cells: &Cells, agents: usize) -> Result<Vec<Trip>, Problems> {
    let name = path.display().to_string();
    let text = read_text(path, &name, FILE_BYTES_MAX)?;
    parse(&text, cells, agents).map_err(|list| Problems::new(&*name, &*text, list))
}

/// Reads trips from a text.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, cells: &Cells, agents: usize) -> Result<Vec<Trip>, Vec<Problem>> {
    let mut lines = lines(text).filter(|line| !line.text.trim().is_empty());
    let mut problems = Vec::new();
    let Some(first) = lines.next() else {
        return Err(vec![
            Problem::error("the file is empty", None).hint("it begins with \"version 1\""),
        ]);
    };
    if !["version 1", "version 1.0"].contains(&first.text.trim()) {
        let problem = Problem::error("this is not the beginning of a scenario file", first.span());
        problems.push(problem.hint("it begins with \"version 1\""));
    }
    let mut trips = Vec::with_capacity(agents.min(1 << 16));
    // The lines on which a start or goal was read first.
    let mut starts = HashMap::new();
    let mut goals = HashMap::new();
    let mut count = 0;
    for (number, line) in lines.take(agents).enumerate() {
        count += 1;
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
        let trip = match trip(&line, cells) {
            Ok(trip) => trip,
            Err(more) => {
                let other_map = more
                    .iter()
                    .any(|problem| problem.message.starts_with(OTHER_MAP));
                problems.extend(more);
                if other_map {
                    return Err(problems); // as all others will be
                }
                continue;
            }
        };
        for (what, cell, seen) in [
            ("starts", trip.start, &mut starts),
            ("goals", trip.goal, &mut goals),
        ] {
            if let Some(other) = seen.insert(cell, number) {
                let (column, row) = cells.column_row(cell);
                let message =
                    format!("agents {other} and {number} have the same {what}: {column},{row}");
                problems.push(Problem::error(message, line.span()));
            }
        }
        trips.push(trip);
    }
    if count < agents && problems.len() < PROBLEMS_MAX {
        let message = format!("{agents} agents are asked for, and the file has {count}");
        problems.push(Problem::error(message, None).hint("ask for fewer with --agents"));
    }
    if problems.is_empty() {
        Ok(trips)
    } else {
        Err(problems)
    }
}

/// One line.
fn trip(line: &Line<'_>, cells: &Cells) -> Result<Trip, Vec<Problem>> {
    let wrong = |message: String| Problem::error(message, line.span()).hint(SHAPE);
    // Tabs keep blanks in the map's name; without any, blanks separate.
    let columns: Vec<&str> = if line.text.contains('\t') {
        line.text.split('\t').map(str::trim).collect()
    } else {
        line.text.split_whitespace().collect()
    };
    if columns.len() != COLUMNS {
        return Err(vec![wrong(format!(
            "there are {} columns instead of {COLUMNS}",
            columns.len()
        ))]);
    }
    let mut problems = Vec::new();
    let mut number = |index: usize, what: &str| {
        let value = columns[index].parse::<usize>();
        if value.is_err() {
            let text: String = columns[index].chars().take(20).collect();
            problems.push(wrong(format!(
                "the {what} \"{text}\" is not a whole number"
            )));
        }
        value.ok()
    };
    let size = (number(2, "width"), number(3, "height"));
    let start = (number(4, "start's column"), number(5, "start's row"));
    let goal = (number(6, "goal's column"), number(7, "goal's row"));
    if let (Some(width), Some(height)) = size
        && (width, height) != (cells.width, cells.height())
    {
        let message = format!(
            "{OTHER_MAP} of {width} x {height} cells, and this one has {} x {}",
            cells.width,
            cells.height()
        );
        problems.push(wrong(message));
        return Err(problems);
    }
    let mut cell = |what: &str, at: (Option<usize>, Option<usize>)| {
        let (column, row) = (at.0?, at.1?);
        let problem = if column >= cells.width || row >= cells.height() {
            format!("the {what} {column},{row} is not on the map")
        } else if !cells.free[row * cells.width + column] {
            format!("the {what} {column},{row} is blocked on the map")
        } else {
            return Some(row * cells.width + column);
        };
        problems.push(wrong(problem));
        None
    };
    let (start, goal) = (cell("start", start), cell("goal", goal));
    match (start, goal) {
        (Some(start), Some(goal)) if problems.is_empty() => Ok(Trip { start, goal }),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cells() -> Cells {
        Cells {
            width: 3,
            free: vec![true, true, true, true, false, true],
        }
    }

    #[test]
    fn trips_are_read_in_order_and_only_as_many_as_asked_for() {
        let text = "version 1\n0\tm.map\t3\t2\t0\t0\t2\t1\t3.0\n0 m.map 3 2 1 0 0 1 2\r\nrubbish\n";
        let trips = parse(text, &cells(), 2).unwrap();
        assert_eq!(
            trips,
            [Trip { start: 0, goal: 5 }, Trip { start: 1, goal: 3 }]
        );
        assert!(parse(text, &cells(), 3).is_err());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let text = "version 2\n\
            0\tm\t3\t2\t0\t0\t1\t1\t1\n\
            0\tm\t3\t2\t3\t0\t-1\t0\t1\n\
            0\tm\t3\t2\t0\t0\t0\t1\t1\n\
            0\tm\t3\t2\t0\t0\t2\t0\t1\n\
            0\tm\t3\n";
        let problems = parse(text, &cells(), 9).unwrap_err();
        let said: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        for words in [
            "not the beginning",
            "goal 1,1 is blocked",
            "start 3,0 is not on the map",
            "goal's column \"-1\" is not a whole number",
            "agents 2 and 3 have the same starts: 0,0",
            "3 columns instead of 9",
            "9 agents are asked for, and the file has 5",
        ] {
            assert!(
                said.iter().any(|message| message.contains(words)),
                "{words}: {said:?}"
            );
        }
    }

    #[test]
    fn the_scenario_of_another_map_is_said_once() {
        let line = "0\tm\t4\t2\t0\t0\t0\t1\t1\n";
        let problems = parse(&format!("version 1\n{line}{line}"), &cells(), 2).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].message.contains("a map of 4 x 2 cells"),
            "{}",
            problems[0].message
        );
    }

    #[test]
    fn nothing_makes_it_panic() {
        use rand_core::Rng;
        let mut random = rand_pcg::Pcg32::new(7, 7);
        let seed = "version 1\n0\tm\t3\t2\t0\t0\t2\t1\t3\n0\tm\t3\t2\t1\t0\t0\t1\t2\n";
        let words = [
            "\t",
            "\n",
            "0",
            "-1",
            "99999999999999999999",
            "é",
            "version 1",
            " ",
            "2",
        ];
        for _ in 0..20_000 {
            let mut text = seed.to_owned();
            for _ in 0..random.next_u32() % 4 {
                let at = random.next_u32() as usize % (text.len() + 1);
                let word = words[random.next_u32() as usize % words.len()];
                if text.is_char_boundary(at) {
                    text.insert_str(at, word);
                }
            }
            let end = random.next_u32() as usize % (text.len() + 1);
            if random.next_u32().is_multiple_of(4) && text.is_char_boundary(end) {
                text.truncate(end);
            }
            if let Ok(trips) = parse(&text, &cells(), 2) {
                assert!(
                    trips
                        .iter()
                        .all(|trip| cells().free[trip.start] && cells().free[trip.goal])
                );
            }
        }
    }
}
