//! `takt bench traffic`: throughput with and without vehicles that stop, for each way to say who goes first.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use takt_maps::Floor;
use takt_motion::plan::Discipline;
use takt_sim::faults::stoppages;

use super::super::args::{discipline, duration};
use super::super::exit::writable;
use super::super::parallel::in_parallel;
use super::super::sweep::fleets;
use super::super::{Failure, FloorArgs, report};
use crate::host::virtual_time::{Options, Rehearsal};
use crate::report::disciplines::{Contest, Run};
use crate::report::page::Host;

/// Arguments of `takt bench traffic`.
#[derive(Debug, Args)]
pub struct TrafficArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Fleet sizes [default: that of --vehicles, or of the floor]
    #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with = "vehicles", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    fleet: Vec<u32>,
    /// Ways to say who goes first
    #[arg(long, value_name = "HOW,HOW", value_delimiter = ',', value_parser = discipline(), default_values = Discipline::ALL.map(Discipline::name))]
    traffic: Vec<Discipline>,
    /// Simulated time of each run
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "1h")]
    duration: Duration,
    /// Runs at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Write table and plots there, as a page
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What a run is about.
struct Task {
    floor: Arc<Floor>,
    traffic: Discipline,
    disturbed: bool,
}

/// Runs everything and says what came of it.
pub fn run(args: TrafficArgs) -> Result<(), Failure> {
    let mut sizes: Vec<usize> = args.fleet.iter().map(|&n| n as usize).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut traffic = args.traffic.clone();
    traffic.sort_unstable();
    traffic.dedup();
    let floors = match sizes.is_empty() {
        true => vec![args.floor.load()?],
        false => fleets(&args.floor, &sizes, "--fleet")?,
    };
    if let Some(file) = &args.output {
        writable("--output", file)?;
    }
    let tasks: Vec<Task> = (floors.iter())
        .flat_map(|floor| traffic.iter().map(move |&traffic| (floor, traffic)))
        .flat_map(|(floor, traffic)| {
            [false, true].map(|disturbed| Task {
                floor: floor.clone(),
                traffic,
                disturbed,
            })
        })
        .collect();
    let for_ms = args.duration.as_millis() as u64;
    let begun = Instant::now();
    let contest = Contest {
        floor: floors[0].name.clone(),
        seed: args.floor.seed,
        simulated_s: args.duration.as_secs_f64(),
        runs: in_parallel(
            tasks.len(),
            usize::from(args.jobs),
            for_ms,
            |i, progress| one(&tasks[i], args.floor.seed, for_ms, progress),
        )?,
    };
    let host = Host::here(contest.simulated_s * tasks.len() as f64, begun.elapsed());
    if let Some(file) = &args.output {
        report::write(file, &contest.page(&host))?;
    }
    if args.json {
        let mut object = contest.json();
        object["host"] = serde_json::to_value(&host).map_err(Failure::failed)?;
        say!("{object}");
    } else {
        for line in contest.lines() {
            say!("{line}");
        }
    }
    match contest.runs.iter().map(|run| run.found).sum() {
        0_u64 => Ok(()),
        _ => Err(Failure::Found),
    }
}

/// One run.
fn one(task: &Task, seed: u64, for_ms: u64, progress: &dyn Fn(u64)) -> Result<Run, Failure> {
    const SAY_MS: u64 = 60_000;
    let stops = || stoppages(&task.floor, seed, for_ms);
    let options = Options {
        for_ms,
        faults: task.disturbed.then(stops).unwrap_or_default(),
        traffic: task.traffic,
        ..Options::seeded(seed)
    };
    let mut rehearsal = Rehearsal::new(task.floor.clone(), &options).map_err(Failure::bad_input)?;
    while rehearsal.now_ms() < for_ms {
        rehearsal.step();
        if rehearsal.now_ms().is_multiple_of(SAY_MS) {
            progress(SAY_MS);
        }
    }
    rehearsal.end().map_err(Failure::failed)?;
    Ok(Run::of(
        task.traffic,
        task.disturbed,
        &rehearsal.outcome(seed),
    ))
}
