//! The floors that scenarios are about: built in, from files, or grids made up from a few numbers.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::Floor;
use takt_maps::formats::{self, LoadOptions};

/// Which floor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FloorChoice {
    /// One of those in the binary.
    BuiltIn(String),
    /// A floor file; for a grid, cells of a metre and so many vehicles.
    File {
        /// Where it is.
        path: String,
        /// Vehicles on a grid; `None`: what the format suggests.
        vehicles: Option<usize>,
    },
    /// A grid of shelves and aisles.
    Grid(Grid),
}

/// A grid of shelves with aisles between them, some of the shelves missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    /// Shelves from left to right.
    pub columns: u32,
    /// Shelves from top to bottom.
    pub rows: u32,
    /// Vehicles on it.
    pub vehicles: usize,
    /// Which shelves are missing, and where vehicles and stations are.
    pub seed: u64,
}

/// A shelf is so many cells wide and high.
const SHELF: (u32, u32) = (4, 1);

impl FloorChoice {
    /// Loads it.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn load(&self) -> Result<Floor, String> {
        let loaded = match self {
            FloorChoice::BuiltIn(name) => match formats::builtin(name) {
                Some(loaded) => loaded,
                None => return Err(format!("there is no built-in floor \"{name}\"")),
            },
            FloorChoice::File { path, vehicles } => {
                let options = LoadOptions {
                    vehicles: *vehicles,
                    ..LoadOptions::default()
                };
                formats::load(Path::new(path), &options)
            }
            FloorChoice::Grid(grid) => {
                let options = LoadOptions {
                    vehicles: Some(grid.vehicles),
                    seed: grid.seed,
                    ..LoadOptions::default()
                };
                formats::load_text(&format!("{self}.map"), &grid.map(), &options)
            }
        };
        loaded.map(|l| l.floor).map_err(|problems| problems.plain())
    }
}

impl Grid {
    /// The grid as MovingAI text.
    fn map(&self) -> String {
        let mut random = Pcg32::seed_from_u64(self.seed);
        let (width, height) = (
            self.columns * (SHELF.0 + 1) + 1,
            self.rows * (SHELF.1 + 1) + 1,
        );
        let mut cells = vec![b'.'; (width * height) as usize];
        for column in 0..self.columns {
            for row in 0..self.rows {
                // One in eight is missing.
                if random.next_u32() % 8 == 0 {
                    continue;
                }
                for x in 0..SHELF.0 {
                    for y in 0..SHELF.1 {
                        let (x, y) = (column * (SHELF.0 + 1) + 1 + x, row * (SHELF.1 + 1) + 1 + y);
                        cells[(y * width + x) as usize] = b'@';
                    }
                }
            }
        }
        let mut text = format!("type octile\nheight {height}\nwidth {width}\nmap\n");
        for row in cells.chunks(width as usize) {
            text.push_str(&String::from_utf8_lossy(row));
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for FloorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FloorChoice::BuiltIn(name) => f.write_str(name),
            FloorChoice::File {
                path,
                vehicles: None,
            } => f.write_str(path),
            FloorChoice::File {
                path,
                vehicles: Some(n),
            } => write!(f, "{path}:{n}"),
            FloorChoice::Grid(g) => {
                write!(f, "grid-{}x{}-{}-{}", g.columns, g.rows, g.vehicles, g.seed)
            }
        }
    }
}

impl FromStr for FloorChoice {
    type Err = String;

    /// `electronics-line`, `grid-8x6-20-3` (columns, rows, vehicles, seed), `path/to/file.toml`, `path/to/grid.map:100`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(numbers) = text.strip_prefix("grid-") {
            let grid = Grid::named(numbers);
            return grid.map(FloorChoice::Grid).ok_or_else(|| {
                format!("{text}: a grid is grid-COLUMNSxROWS-VEHICLES-SEED, as grid-8x6-20-3, with at most 100 shelves each way and at most 4 vehicles for each shelf")
            });
        }
        if formats::BUILTIN.contains(&text) {
            return Ok(FloorChoice::BuiltIn(text.to_owned()));
        }
        let (path, vehicles) = match text.rsplit_once(':') {
            Some((path, n)) if n.parse::<usize>().is_ok() => (path, n.parse().ok()),
            _ => (text, None),
        };
        if Path::new(path).exists() {
            return Ok(FloorChoice::File {
                path: path.to_owned(),
                vehicles,
            });
        }
        let near = takt_maps::suggest::did_you_mean(text, formats::BUILTIN.iter().copied());
        let hint = near.unwrap_or_else(|| format!("built in are {}", formats::BUILTIN.join(", ")));
        Err(format!(
            "{text}: no such file, and no floor of this name; {hint}"
        ))
    }
}

impl Grid {
    fn named(numbers: &str) -> Option<Self> {
        let mut parts = numbers.split('-');
        let (columns, rows) = parts.next()?.split_once('x')?;
        let grid = Self {
            columns: columns.parse().ok()?,
            rows: rows.parse().ok()?,
            vehicles: parts.next()?.parse().ok()?,
            seed: parts.next()?.parse().ok()?,
        };
        let shelves = 1..=100;
        let fits = shelves.contains(&grid.columns)
            && shelves.contains(&grid.rows)
            && (1..=(4 * grid.columns * grid.rows) as usize).contains(&grid.vehicles);
        (fits && parts.next().is_none()).then_some(grid)
    }
}
