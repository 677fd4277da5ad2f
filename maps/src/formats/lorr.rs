//! Instances of the League of Robot Runners (2024): a JSON file that names a MovingAI grid, where the robots start, and
//! the tasks that are revealed to them.
//!
//! The JSON file has `mapFile`, `agentFile` and `taskFile`, relative to it, `teamSize` and `numTasksReveal`. Agents: the
//! count, then one cell a line. Tasks: the count, then one line a task, the cells that it visits, with commas. A cell is
//! `row * width + column`; lines that begin with `#` are skipped. On the map only `@` and `T` are blocked.

mod header;
mod numbers;
#[cfg(test)]
mod tests;

use super::movingai;
use crate::problem::{Problem, Problems};
use header::Header;
use numbers::NumberFile;
use std::path::{Path, PathBuf};

/// An instance, checked: all cells are free cells of the map, robots start on different ones.
#[derive(Clone, PartialEq, Debug)]
pub struct LorrInstance {
    /// Columns of the map.
    pub width: u32,
    /// The cells of the map in rows from the top, `true` where free.
    pub free: Vec<bool>,
    /// Where each robot starts, facing east.
    pub starts: Vec<u32>,
    /// The cells of each task, in the order of the visits; task `i` begins at `task_begin[i]` and ends at
    /// `task_begin[i + 1]`.
    pub task_cells: Vec<u32>,
    /// One more than there are tasks.
    pub task_begin: Vec<u32>,
    /// Tasks that are open at any time, at least 1.
    pub pool: usize,
}

impl LorrInstance {
    /// Number of tasks in the file.
    pub fn tasks(&self) -> usize {
        self.task_begin.len() - 1
    }

    /// The cells of a task, at least one.
    pub fn task(&self, index: usize) -> &[u32] {
        &self.task_cells[self.task_begin[index] as usize..self.task_begin[index + 1] as usize]
    }
}

/// Reads an instance and the files that it names.
///
/// # Errors
/// All that is wrong, file by file; the files that an instance names are looked at even if another one is broken.
pub fn load(path: &Path) -> Result<LorrInstance, Vec<Problems>> {
    let name = path.display().to_string();
    let text = super::read_text(path, &name, super::FILE_BYTES_MAX).map_err(|p| vec![p])?;
    let mut found = Vec::new();
    let (header, problems) = header::parse(&text);
    if !problems.is_empty() {
        found.push(Problems::new(name.clone(), &*text, problems));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut open = |file: &Option<String>| {
        let path: PathBuf = folder.join(file.as_ref()?);
        let name = path.display().to_string();
        match super::read_text(&path, &name, super::FILE_BYTES_MAX) {
            Ok(text) => Some((name, text)),
            Err(problems) => {
                found.push(problems);
                None
            }
        }
    };
    let map = open(&header.map_file);
    let agents = open(&header.agent_file);
    let tasks = open(&header.task_file);

    let mut grid = None;
    if let Some((name, text)) = map {
        match movingai::read_cells(&text, |c| Some(!matches!(c, '@' | 'T'))) {
            Ok(read) => grid = Some(read),
            Err(list) => found.push(Problems::new(name, text, list)),
        }
    }
    let (width, free) = grid.clone().unwrap_or_default();
    let cells = grid.is_some().then_some((width, &free[..]));
    let mut starts = Vec::new();
    if let Some((name, text)) = agents {
        let mut file = NumberFile::new(&text, cells);
        starts = starts_of(&mut file, header.team_size);
        file.finish(name, &mut found);
    }
    let (mut task_cells, mut task_begin) = (Vec::new(), vec![0]);
    if let Some((name, text)) = tasks {
        let mut file = NumberFile::new(&text, cells);
        file.rows(|file, line, _| {
            file.cells(line, &mut task_cells);
            task_begin.push(task_cells.len() as u32);
        });
        if task_begin.len() == 1 {
            file.problem(Problem::error("there is no task", None));
        }
        file.finish(name, &mut found);
    }
    let pool = header.pool().unwrap_or(0);
    if !found.is_empty() {
        return Err(found);
    }
    Ok(LorrInstance {
        width: width as u32,
        free,
        starts,
        task_cells,
        task_begin,
        pool,
    })
}

/// The first cells of the file, one for each robot of the team.
fn starts_of(file: &mut NumberFile<'_>, team: Option<usize>) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut taken = std::collections::BTreeMap::new();
    let wanted = team.unwrap_or(usize::MAX);
    let count = file.rows(|file, line, number| {
        let mut cells = Vec::new();
        file.cells(line, &mut cells);
        if cells.len() > 1 {
            let message = format!("{} cells where a robot has one start", cells.len());
            file.problem(Problem::error(message, line.span()));
        }
        let Some(&cell) = cells.first().filter(|_| starts.len() < wanted) else {
            return;
        };
        if let Some(first) = taken.insert(cell, number) {
            let message = format!("cell {cell} is the start of two robots");
            let hint = format!("the other one is in line {first}");
            file.problem(Problem::error(message, line.span()).hint(hint));
        }
        starts.push(cell);
    });
    if let (Some(team), Some(count)) = (team, count)
        && count < team
    {
        let message = format!("{count} starts for a team of {team} robots");
        file.problem(
            Problem::error(message, None).hint("teamSize in the instance file says how many"),
        );
    }
    starts
}

impl Header {
    /// Tasks that are open at any time.
    fn pool(&self) -> Option<usize> {
        Some((self.reveal? * self.team_size? as f64) as usize)
    }
}
