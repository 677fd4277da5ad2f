//! Rows and columns matched at the lowest sum of costs.

/// No row, no column.
const NONE: u32 = u32::MAX;

/// More than any cost.
const FAR: i32 = i32::MAX;

/// A matching of rows with columns, made row by row along shortest augmenting paths (Jonker, Volgenant, 1987): after each,
/// the rows that are in have columns at the lowest sum of costs.
#[derive(Default)]
pub struct Matching {
    columns: usize,
    /// Of each row that is in, its costs.
    costs: Vec<i32>,
    /// Prices of rows and columns: no cost is less than the two together, and those that are matched cost just that.
    row_price: Vec<i32>,
    column_price: Vec<i32>,
    /// Row of each column, [`NONE`] if it is free.
    row_of: Vec<u32>,
    /// During a search: what it costs to get to each column, the column before it, and [`FAR`] once that is known for good,
    /// before that 0.
    reached: Vec<i32>,
    before: Vec<u32>,
    settled: Vec<i32>,
    /// Costs looked at.
    pub work: u64,
}

impl Matching {
    /// Begins with no rows.
    pub fn begin(&mut self, columns: usize) {
        self.columns = columns;
        self.costs.clear();
        self.row_price.clear();
        self.column_price.clear();
        self.column_price.resize(columns, 0);
        self.row_of.clear();
        self.row_of.resize(columns, NONE);
        self.before.resize(columns, NONE);
        self.work = 0;
    }

    /// The row of a column.
    pub fn row(&self, column: usize) -> Option<usize> {
        let row = self.row_of[column];
        (row != NONE).then_some(row as usize)
    }

    /// Adds a row with its costs; there are no more rows than columns.
    pub fn add(&mut self, costs: impl Iterator<Item = i32>) {
        let row = self.row_price.len();
        assert!(row < self.columns, "a column for each row");
        self.costs.extend(costs);
        self.row_price.push(0);
        self.reached.clear();
        self.reached.resize(self.columns, FAR);
        self.settled.clear();
        self.settled.resize(self.columns, 0);
        // Dijkstra's algorithm over reduced costs, to the nearest free column.
        let (mut from, mut via, mut so_far) = (row, NONE, 0);
        let end = loop {
            self.relax(from, via, so_far);
            let (column, reached) = self.nearest();
            so_far = reached;
            if self.row_of[column] == NONE {
                break column;
            }
            self.settled[column] = FAR;
            (from, via) = (self.row_of[column] as usize, column as u32);
        };
        self.row_price[row] += so_far;
        for column in (0..self.columns).filter(|&column| self.settled[column] == FAR) {
            let saved = so_far - self.reached[column];
            self.row_price[self.row_of[column] as usize] += saved;
            self.column_price[column] -= saved;
        }
        // Along the path each row takes the column after its own.
        let mut column = end;
        loop {
            let before = self.before[column];
            if before == NONE {
                self.row_of[column] = row as u32;
                break;
            }
            self.row_of[column] = self.row_of[before as usize];
            column = before as usize;
        }
    }

    /// From a row, reached at a cost by way of a column, to all columns. Those that are settled stay as they are.
    fn relax(&mut self, row: usize, via: u32, cost: i32) {
        let base = cost - self.row_price[row];
        let costs = &self.costs[row * self.columns..(row + 1) * self.columns];
        let known = self.reached.iter_mut().zip(&mut self.before);
        for ((cost, price), (reached, before)) in costs.iter().zip(&self.column_price).zip(known) {
            let here = base + cost - price;
            let is_better = here < *reached;
            *reached = if is_better { here } else { *reached };
            *before = if is_better { via } else { *before };
        }
        self.work += self.columns as u64;
    }

    /// The nearest column that isn't settled, and what it costs to get there.
    fn nearest(&self) -> (usize, i32) {
        // Costs are not negative: with all bits set a settled one is FAR.
        let open = || self.reached.iter().zip(&self.settled).map(|(a, b)| a | b);
        let least = open().fold(FAR, i32::min);
        let at = open().position(|reached| reached == least);
        (at.unwrap_or(0), least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lowest sum of costs of rows from `row` on, by trying all.
    fn lowest(costs: &[Vec<i32>], row: usize, taken: &mut [bool]) -> i32 {
        let Some(own) = costs.get(row) else {
            return 0;
        };
        let mut best = i32::MAX;
        for column in 0..own.len() {
            if !std::mem::replace(&mut taken[column], true) {
                best = best.min(own[column] + lowest(costs, row + 1, taken));
                taken[column] = false;
            }
        }
        best
    }

    #[test]
    fn no_other_matching_costs_less_after_each_row() {
        let mut matching = Matching::default();
        let mut random = 1u32;
        for columns in 1..7 {
            for rows in 1..=columns {
                let mut cost = || {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (random >> 16) as i32 % 10
                };
                let costs: Vec<Vec<i32>> = (0..rows)
                    .map(|_| (0..columns).map(|_| cost()).collect())
                    .collect();
                matching.begin(columns);
                for in_it in 1..=rows {
                    matching.add(costs[in_it - 1].iter().copied());
                    let pairs: Vec<(usize, usize)> = (0..columns)
                        .filter_map(|column| Some((matching.row(column)?, column)))
                        .collect();
                    assert_eq!(pairs.len(), in_it, "a column for each row");
                    let sum: i32 = pairs.iter().map(|&(row, column)| costs[row][column]).sum();
                    assert_eq!(sum, lowest(&costs[..in_it], 0, &mut vec![false; columns]));
                }
            }
        }
    }
}
