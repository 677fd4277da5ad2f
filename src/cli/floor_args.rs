//! Which floor: arguments that many commands share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use takt_maps::formats::{self, LoadOptions, Loaded};
use takt_maps::{Floor, Problem, Problems};

use super::Failure;
use super::args::metres;
use crate::host::synthetic;
use crate::scenario::floors::FloorChoice;
use crate::shell::quoted;

/// The built-in floor.
pub const DEFAULT_FLOOR: &str = "electronics-line";

/// Which floor.
#[derive(Clone, Debug, Default, Args)]
pub struct FloorArgs {
    /// Floor file (.toml), MovingAI grid (.map), openTCS plant model (.xml), or the name of a built-in floor
    #[arg(value_name = "FLOOR")]
    pub floor: Option<PathBuf>,
    /// Size of a grid's cells (grids only) [default: 1m]
    #[arg(long, value_name = "LENGTH", value_parser = metres)]
    pub cell: Option<f64>,
    /// Vehicles to put on a grid (grids only)
    #[arg(long, value_name = "N")]
    pub vehicles: Option<usize>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl FloorArgs {
    /// Loads it; warnings and what is not used go to stderr.
    ///
    /// # Errors
    /// All problems of the file; options that say what this floor decides itself.
    pub fn load(&self) -> Result<Arc<Floor>, Failure> {
        self.load_fleet(self.vehicles)
    }

    /// Loads it with so many vehicles, if that is for the user to decide, and otherwise with its own.
    pub(super) fn load_fleet(&self, vehicles: Option<usize>) -> Result<Arc<Floor>, Failure> {
        let loaded = self.read(vehicles)?;
        if !loaded.warnings.is_empty() {
            eprint!("{}", loaded.warnings.plain());
        }
        if !loaded.unused.is_empty() {
            tracing::info!("not used yet: {}", loaded.unused.join(", "));
        }
        Ok(Arc::new(loaded.floor))
    }

    /// Loads it and says nothing.
    pub(super) fn read(&self, vehicles: Option<usize>) -> Result<Loaded, Problems> {
        let options = LoadOptions {
            cell_m: self.cell.unwrap_or(1.0),
            vehicles,
            seed: self.seed,
        };
        let path = self.path();
        let name = path.to_str().filter(|_| !path.exists());
        // The floors of `takt bench cycle`, so that its recordings can be replayed.
        let synthetic = name.and_then(synthetic::Options::named);
        let loaded = match (synthetic, name.and_then(formats::builtin)) {
            (Some(options), _) => synthetic::floor(&options)?.into(),
            (None, Some(loaded)) => loaded?,
            (None, None) => formats::load(path, &options)?,
        };
        if loaded.is_grid {
            return Ok(loaded);
        }
        let given = [
            (
                self.cell.is_some(),
                "--cell",
                "leave it out: the floor itself says how large it is",
            ),
            (
                self.vehicles.is_some(),
                "--vehicles",
                "leave it out: the floor itself says which vehicles it has; `takt sim --sweep vehicles=N` and \
                 `takt bench traffic --fleet N` take the first N of them",
            ),
        ];
        let problem = |(given, option, hint): (bool, &str, &str)| {
            let what = format!("{option} is for MovingAI grids, and this floor is none");
            given.then(|| Problem::error(what, None).hint(hint))
        };
        let problems: Vec<Problem> = given.into_iter().filter_map(problem).collect();
        if problems.is_empty() {
            return Ok(loaded);
        }
        Err(Problems::new(path.display().to_string(), "", problems))
    }

    /// What was named, or what is taken if nothing was.
    pub(super) fn path(&self) -> &Path {
        self.floor.as_deref().unwrap_or(Path::new(DEFAULT_FLOOR))
    }

    /// What a scenario file calls this floor; `None`: it has no name for it, as for a grid with cells of another size.
    pub fn choice(&self, floor: &Floor) -> Option<FloorChoice> {
        let path = self.path().to_str()?;
        let with_fleet = self.vehicles.map(|n| format!("{path}:{n}"));
        let names = with_fleet.into_iter().chain([path.to_owned()]);
        let mut choices = names.filter_map(|name| name.parse::<FloorChoice>().ok());
        choices.find(|choice| choice.load().is_ok_and(|same| same.digest == floor.digest))
    }

    /// The options of a command line that name it, and the seed.
    pub(super) fn words(&self) -> String {
        let mut words = String::new();
        if let Some(floor) = &self.floor {
            words += &format!(" {}", quoted(&floor.to_string_lossy()));
        }
        if let Some(cell) = self.cell.filter(|&cell| cell != 1.0) {
            words += &format!(" --cell {cell}m");
        }
        if let Some(vehicles) = self.vehicles {
            words += &format!(" --vehicles {vehicles}");
        }
        format!("{words} --seed {}", self.seed)
    }
}
