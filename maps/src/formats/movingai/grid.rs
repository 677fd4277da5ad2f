//! A grid of free and blocked cells, and the questions that placing a fleet asks of it.

use pathfinding::directed::bfs::bfs_reach;

/// Cells in rows from the top; a cell is known by `row * width + column`.
pub(super) struct Grid {
    width: usize,
    free: Vec<bool>,
}

impl Grid {
    /// Whole rows only; at most `u32::MAX` cells.
    pub(super) fn new(width: usize, free: Vec<bool>) -> Self {
        assert!(width > 0 && free.len().is_multiple_of(width), "whole rows");
        assert!(u32::try_from(free.len()).is_ok(), "cells have 32-bit ids");
        Self { width, free }
    }

    pub(super) fn height(&self) -> usize {
        self.free.len() / self.width
    }

    pub(super) fn column_row(&self, at: u32) -> (usize, usize) {
        (at as usize % self.width, at as usize / self.width)
    }

    /// `column,row`.
    pub(super) fn name(&self, at: u32) -> String {
        let (x, y) = self.column_row(at);
        format!("{x},{y}")
    }

    pub(super) fn free_cells(&self) -> impl Iterator<Item = u32> {
        let cells = self.free.iter().enumerate();
        cells.filter(|&(_, &free)| free).map(|(i, _)| i as u32)
    }

    /// Neighbour `direction` (east, south, west, north), if it is a free cell.
    fn neighbour(&self, at: u32, direction: u8) -> Option<u32> {
        let (x, y) = self.column_row(at);
        let (x, y) = match direction {
            0 if x + 1 < self.width => (x + 1, y),
            1 if y + 1 < self.height() => (x, y + 1),
            2 if x > 0 => (x - 1, y),
            3 if y > 0 => (x, y - 1),
            _ => return None,
        };
        let next = y * self.width + x;
        self.free[next].then_some(next as u32)
    }

    /// The free cells beside a cell.
    pub(super) fn neighbours(&self, at: u32) -> impl Iterator<Item = u32> {
        (0..4).filter_map(move |direction| self.neighbour(at, direction))
    }

    /// Longest straight runs of two free cells or more: those of rows, then those of columns.
    pub(super) fn runs(&self) -> impl Iterator<Item = Vec<u32>> {
        [0, 1].into_iter().flat_map(move |direction| {
            self.free_cells()
                .filter(move |&at| self.neighbour(at, direction + 2).is_none())
                .map(move |first| {
                    std::iter::successors(Some(first), |&at| self.neighbour(at, direction))
                        .collect::<Vec<u32>>()
                })
                .filter(|run| run.len() > 1)
        })
    }

    /// The largest set of free cells that reach each other, in the order of the grid; of equals the first.
    pub(super) fn largest_part(&self) -> Vec<u32> {
        let mut seen = vec![false; self.free.len()];
        let mut best = Vec::new();
        for start in self.free_cells() {
            if seen[start as usize] {
                continue;
            }
            let part: Vec<u32> = bfs_reach(start, |&at| self.neighbours(at)).collect();
            part.iter().for_each(|&at| seen[at as usize] = true);
            if part.len() > best.len() {
                best = part;
            }
        }
        best.sort_unstable();
        best
    }

    /// For each cell of the grid: is it a cell of this connected `part` without which the rest falls apart?
    ///
    /// Articulation points by depth-first search with low links (Hopcroft and Tarjan, 1973), without recursion.
    pub(super) fn cut_cells(&self, part: &[u32]) -> Vec<bool> {
        let mut cut = vec![false; self.free.len()];
        let Some(&root) = part.first() else {
            return cut;
        };
        // Order of discovery from 1; 0 is not yet discovered.
        let mut found = vec![0u32; self.free.len()];
        let mut low = vec![0u32; self.free.len()];
        let mut count = 1;
        let mut root_children = 0;
        found[root as usize] = count;
        low[root as usize] = count;
        let mut path: Vec<(u32, u8)> = vec![(root, 0)];
        while let Some(top) = path.last_mut() {
            let at = top.0;
            if top.1 < 4 {
                let direction = top.1;
                top.1 += 1;
                let Some(next) = self.neighbour(at, direction) else {
                    continue;
                };
                if found[next as usize] == 0 {
                    // Tree edge: go down.
                    count += 1;
                    found[next as usize] = count;
                    low[next as usize] = count;
                    path.push((next, 0));
                } else {
                    // Back edge (or the way we came, which changes no verdict).
                    low[at as usize] = low[at as usize].min(found[next as usize]);
                }
                continue;
            }
            // All neighbours done: tell the parent.
            path.pop();
            let Some(&(parent, _)) = path.last() else {
                break;
            };
            low[parent as usize] = low[parent as usize].min(low[at as usize]);
            if parent == root {
                root_children += 1;
            } else if low[at as usize] >= found[parent as usize] {
                cut[parent as usize] = true;
            }
        }
        cut[root as usize] = root_children > 1;
        cut
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part_without(grid: &Grid, removed: u32) -> usize {
        let mut free = grid.free.clone();
        free[removed as usize] = false;
        let rest = Grid::new(grid.width, free);
        let mut parts = 0;
        let mut left = rest;
        loop {
            let part = left.largest_part();
            if part.is_empty() {
                return parts;
            }
            parts += 1;
            for at in part {
                left.free[at as usize] = false;
            }
        }
    }

    proptest! {
        /// Brute force: take each cell away and count the parts.
        #[test]
        fn cut_cells_are_those_that_split_the_part(
            width in 1usize..7,
            cells in prop::collection::vec(prop::bool::weighted(0.7), 36),
        ) {
            let rows = cells.len() / width;
            let whole = Grid::new(width, cells[..rows * width].to_vec());
            let part = whole.largest_part();
            // Only this part, so that other parts do not count.
            let mut free = vec![false; rows * width];
            part.iter().for_each(|&at| free[at as usize] = true);
            let grid = Grid::new(width, free);
            let cuts = grid.cut_cells(&part);
            for &at in &part {
                prop_assert_eq!(cuts[at as usize], part_without(&grid, at) > 1, "cell {}", at);
            }
        }

        #[test]
        fn runs_join_exactly_the_neighbours(
            width in 1usize..7,
            cells in prop::collection::vec(any::<bool>(), 36),
        ) {
            let rows = cells.len() / width;
            let grid = Grid::new(width, cells[..rows * width].to_vec());
            let mut from_runs: Vec<(u32, u32)> = grid
                .runs()
                .flat_map(|run| run.windows(2).map(|w| (w[0], w[1])).collect::<Vec<_>>())
                .collect();
            from_runs.sort_unstable();
            let mut expected: Vec<(u32, u32)> = grid
                .free_cells()
                .flat_map(|a| grid.neighbours(a).filter(move |&b| a < b).map(move |b| (a, b)))
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(from_runs, expected);
        }
    }
}
