//! Files of agents and tasks: a count, then so many lines of cells.

use super::super::movingai::{Line, lines};
use crate::problem::{Problem, Problems};

/// After so many problems the rest of a file is not worth reading.
const PROBLEMS_MAX: usize = 50;

/// A file that is being read, and what is wrong with it.
pub(super) struct NumberFile<'a> {
    text: &'a str,
    /// Width of the map, and which of its cells are free; `None` if the map can't be read.
    grid: Option<(usize, &'a [bool])>,
    problems: Vec<Problem>,
}

impl<'a> NumberFile<'a> {
    pub fn new(text: &'a str, grid: Option<(usize, &'a [bool])>) -> Self {
        Self {
            text,
            grid,
            problems: Vec::new(),
        }
    }

    /// Notes what is wrong.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Hands out each line that the count announces, with its number from 1; gives the count, if it can be read.
    pub fn rows(&mut self, mut row: impl FnMut(&mut Self, &Line<'a>, usize)) -> Option<usize> {
        let mut content = lines(self.text)
            .enumerate()
            .filter(|(_, line)| !line.text.trim().is_empty() && !line.text.starts_with('#'));
        let Some((_, first)) = content.next() else {
            self.problem(Problem::error("the count is missing", None));
            return None;
        };
        let Ok(count) = first.text.trim().parse::<usize>() else {
            let message = format!("{:?} is not a count", beginning(first.text));
            let hint = "the first line says how many lines follow";
            self.problem(Problem::error(message, first.span()).hint(hint));
            return None;
        };
        let mut rows = 0;
        for (index, line) in content {
            if rows == count {
                let message = format!("there are more than the {count} lines that the count tells");
                self.problem(Problem::error(message, line.span()));
                break;
            }
            if self.problems.len() >= PROBLEMS_MAX {
                let message = "there may be more that is wrong: the rest was not read";
                self.problem(Problem::error(message, line.span()));
                return Some(count);
            }
            rows += 1;
            row(self, &line, index + 1);
        }
        if rows < count {
            let message = format!("the count tells {count} lines, but there are {rows}");
            self.problem(Problem::error(message, first.span()));
        }
        Some(count)
    }

    /// Reads the cells of a line, at least one, each free on the map.
    pub fn cells(&mut self, line: &Line<'_>, cells: &mut Vec<u32>) {
        for word in line.text.split(',') {
            let word = word.trim();
            let message = match word.parse::<u32>() {
                Err(_) => format!("{:?} is not a cell", beginning(word)),
                Ok(cell) => {
                    cells.push(cell);
                    let Some((width, free)) = self.grid else {
                        continue;
                    };
                    match free.get(cell as usize) {
                        Some(true) => continue,
                        Some(false) => {
                            let (row, column) = (cell as usize / width, cell as usize % width);
                            format!("cell {cell} (row {row}, column {column}) is blocked")
                        }
                        None => format!(
                            "cell {cell} is outside the map: it has {} rows of {width} cells",
                            free.len() / width
                        ),
                    }
                }
            };
            let hint = "a cell is its row times the width of the map plus its column, from 0";
            self.problem(Problem::error(message, line.span()).hint(hint));
        }
    }

    /// Adds what is wrong to what was found in other files.
    pub fn finish(self, name: String, found: &mut Vec<Problems>) {
        if !self.problems.is_empty() {
            found.push(Problems::new(name, self.text, self.problems));
        }
    }
}

/// As much of a text as a message needs.
fn beginning(text: &str) -> String {
    text.chars().take(20).collect()
}
