//! `takt sim --sweep`: the same floor with fleets of several sizes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use takt_maps::Floor;
use takt_maps::fleet::first_vehicles;

use super::parallel::in_parallel;
use super::report::{self, Recording};
use super::{Failure, FloorArgs};
use crate::host::virtual_time::{Options, Rehearsal};
use crate::report::page::Host;
use crate::report::sweep::{Point, Sizes, Sweep};

/// Which fleets to try.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Run once for each fleet size, as vehicles=10..40:5 or vehicles=10,20,40, and find the one that is enough
    #[arg(long, value_name = "RANGE", conflicts_with_all = ["vehicles", "data", "faults", "swarm", "scenario", "shrink", "depth"])]
    pub sweep: Option<Sizes>,
    /// Runs of a sweep or a swarm at the same time
    #[arg(long, value_name = "N", default_value_t = 1, requires = "many", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
}

/// What every run of a sweep shares.
pub struct Task<'a> {
    /// The floor.
    pub floor: &'a FloorArgs,
    /// Fleet sizes.
    pub sizes: &'a Sizes,
    /// Simulated time.
    pub duration: Duration,
    /// Where reports go.
    pub report: Option<&'a PathBuf>,
    /// Runs at the same time.
    pub jobs: u16,
    /// One JSON object on stdout.
    pub json: bool,
}

/// Runs all fleets and says what came of it.
pub fn run(task: &Task) -> Result<(), Failure> {
    let floors = fleets(task.floor, &task.sizes.0, "--sweep")?;
    if let Some(directory) = task.report {
        report::make_directory(directory)?;
    }
    let name = floors[0].name.clone();
    let begun = Instant::now();
    let sweep = Sweep {
        floor: name,
        seed: task.floor.seed,
        simulated_s: task.duration.as_secs_f64(),
        points: points(task, &floors)?,
    };
    let simulated_s = sweep.simulated_s * sweep.points.len() as f64;
    let host = Host::here(simulated_s, begun.elapsed());
    let mut object = sweep.json();
    object["host"] = serde_json::to_value(&host).map_err(Failure::failed)?;
    if let Some(directory) = task.report {
        report::write(&directory.join("report.html"), &sweep.page(&host))?;
        report::write(&directory.join("report.json"), &format!("{object}\n"))?;
    }
    if task.json {
        say!("{object}");
    } else {
        say!(
            "{}, seed {}: {} runs of {:.1} h in {:.1} s",
            sweep.floor,
            sweep.seed,
            sweep.points.len(),
            sweep.simulated_s / 3_600.0,
            host.wall_s
        );
        for line in sweep.lines() {
            say!("{line}");
        }
    }
    match sweep.points.iter().map(|p| p.found).sum() {
        0_u64 => Ok(()),
        _ => Err(Failure::Found),
    }
}

/// The floor with each fleet: placed by the loader where the format leaves that to the user, otherwise the first
/// vehicles of the file. `option` is what asks for them.
pub(super) fn fleets(
    floor: &FloorArgs,
    sizes: &[usize],
    option: &str,
) -> Result<Vec<Arc<Floor>>, Failure> {
    let load = |n: usize| floor.load_fleet(Some(n));
    let most = sizes.iter().copied().max().unwrap_or(1);
    let largest = load(most)?;
    let has = largest.vehicles.len();
    if has < most {
        return Err(Failure::BadInput(format!(
            "{option} asks for {most} vehicles, and {} has {has}",
            largest.name
        )));
    }
    // A format that places as many as it is asked for also places one more or less.
    let asked = if most > 1 { most - 1 } else { most + 1 };
    let is_placed = has == most && load(asked)?.vehicles.len() == asked;
    sizes
        .iter()
        .map(|&n| match is_placed {
            true => load(n),
            false => Ok(Arc::new(first_vehicles(&largest, n))),
        })
        .collect()
}

/// The runs, in the order of the floors.
fn points(task: &Task, floors: &[Arc<Floor>]) -> Result<Vec<Point>, Failure> {
    let for_ms = task.duration.as_millis() as u64;
    in_parallel(
        floors.len(),
        usize::from(task.jobs),
        for_ms,
        |i, progress| one(task, &floors[i], for_ms, progress),
    )
}

/// One run. Its own report goes to a directory below that of the sweep.
fn one(
    task: &Task,
    floor: &Arc<Floor>,
    for_ms: u64,
    progress: &dyn Fn(u64),
) -> Result<Point, Failure> {
    const SAY_MS: u64 = 60_000;
    let begun = Instant::now();
    let options = Options {
        for_ms,
        ..Options::seeded(task.floor.seed)
    };
    let mut rehearsal = Rehearsal::new(floor.clone(), &options).map_err(Failure::bad_input)?;
    let vehicles = floor.vehicles.len();
    let directory = task.report.map(|d| d.join(format!("vehicles-{vehicles}")));
    let mut recording = Recording::begin(directory, &rehearsal, for_ms)?;
    while rehearsal.now_ms() < for_ms {
        rehearsal.step();
        recording.look(&rehearsal);
        if rehearsal.now_ms().is_multiple_of(SAY_MS) {
            progress(SAY_MS);
        }
    }
    rehearsal.end().map_err(Failure::failed)?;
    let outcome = rehearsal.outcome(options.seed);
    let violations = report::violation_lines(rehearsal.violations());
    let figures = recording.end(floor, &outcome, begun.elapsed(), Vec::new(), violations)?;
    Ok(Point::of(vehicles, &figures))
}
