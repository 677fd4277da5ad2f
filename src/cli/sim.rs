//! `takt sim`: controller and simulated floor in virtual time.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use takt_maps::Floor;
use takt_rt::host::LiveDisk;
use takt_sim::faults::{Mix, SpecError};

use super::args::{DATA_MAX, data_max, duration};
use super::kept_run::KeptRun;
use super::report::Recording;
use super::sweep::{self, SweepArgs};
use super::{Failure, FloorArgs, swarm};
use crate::host::virtual_time::links::Depth;
use crate::host::virtual_time::{Disks, Options, Outcome, Rehearsal};
use crate::report::FaultLine;
use crate::scenario::Scenario;
use crate::scenario::floors::FloorChoice;
use crate::scenario::run::{self, RunOptions};

/// Arguments of `takt sim`.
#[derive(Debug, Args)]
pub struct SimArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Simulated time
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "1h")]
    duration: Duration,
    /// Journal everything there, for `takt replay` and `takt journal`; open orders and stock in it are gone on from (with
    /// --faults or --scenario it has to be new or empty)
    #[arg(long, value_name = "DIR", conflicts_with = "shrink")]
    data: Option<PathBuf>,
    /// How large that may grow; then the oldest recordings go (open orders and stock never do)
    #[arg(long, value_name = "SIZE", value_parser = data_max, default_value = DATA_MAX, conflicts_with_all = ["faults", "scenario"])]
    data_max: u64,
    /// What goes wrong: none, calm, rough or hostile, and NAME[@TARGET]=RATE, separated by commas; takt fault list names all
    #[arg(long, value_name = "MIX")]
    faults: Option<MixText>,
    /// How deep links to vehicles and devices are simulated: as values, or as Modbus frames between the code that runs
    /// live and simulated servers (slower); without faults the outcome is the same [default: image]
    #[arg(long, value_name = "DEPTH", value_enum)]
    depth: Option<Depth>,
    /// Run so many scenarios made up from seeds, before all judges
    #[arg(long, value_name = "N", conflicts_with_all = ["data", "floor", "scenario"], value_parser = clap::value_parser!(u64).range(1..))]
    swarm: Option<u64>,
    /// Floors of the swarm: all, or names and files separated by commas, grid-COLUMNSxROWS-VEHICLES-SEED among them
    #[arg(long, value_name = "FLOORS", default_value = "all", requires = "swarm")]
    floors: String,
    /// Run a scenario file, before all judges
    #[arg(long, value_name = "FILE", conflicts_with_all = ["floor", "faults"])]
    scenario: Option<PathBuf>,
    /// Cut what fails (a scenario, or the first of the swarm) down to the least that still does, and write it to this file
    #[arg(long, value_name = "FILE")]
    shrink: Option<PathBuf>,
    /// Write a report of the run there: report.html, and its figures as report.json
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    sweep: SweepArgs,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// A mix as it was given, and read.
#[derive(Clone, Debug)]
struct MixText(String, Mix);

impl FromStr for MixText {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        Ok(Self(text.to_owned(), text.parse()?))
    }
}

impl SimArgs {
    fn as_swarm(&self, seeds: u64) -> swarm::SwarmArgs {
        let minutes = self.duration.as_secs_f64() / 60.0;
        let mut repeat = format!(" --for {minutes}m");
        if self.floors != "all" {
            repeat += &format!(" --floors {}", self.floors);
        }
        if let Some(depth) = self.depth {
            repeat += &format!(" --depth {}", depth.name());
        }
        if let Some(text) = &self.faults {
            repeat += &format!(" --faults {}", text.0);
        }
        swarm::SwarmArgs {
            seeds,
            first_seed: self.floor.seed,
            floors: self.floors.clone(),
            duration: self.duration,
            depth: self.depth,
            mix: self.faults.as_ref().map(|f| f.1.clone()),
            jobs: usize::from(self.sweep.jobs),
            shrink: self.shrink.clone(),
            json: self.json,
            repeat,
        }
    }
}

/// Rehearses a floor.
pub fn run(args: SimArgs) -> Result<(), Failure> {
    if let Some(seeds) = args.swarm {
        return swarm::swarm(&args.as_swarm(seeds));
    }
    if let Some(file) = &args.scenario {
        return swarm::scenario(
            file,
            args.shrink.as_deref(),
            args.data.as_deref(),
            args.json,
        );
    }
    if let Some(sizes) = &args.sweep.sweep {
        return sweep::run(&sweep::Task {
            floor: &args.floor,
            sizes,
            duration: args.duration,
            report: args.report.as_ref(),
            jobs: args.sweep.jobs,
            json: args.json,
        });
    }
    let floor = args.floor.load()?;
    if let Some(MixText(_, mix)) = &args.faults {
        return troubled(&args, &floor, mix);
    }
    let options = Options {
        seed: args.floor.seed,
        for_ms: args.duration.as_millis() as u64,
        data_bytes_max: args.data_max,
        depth: args.depth.unwrap_or_default(),
        ..Options::seeded(args.floor.seed)
    };
    let mut rehearsal = match &args.data {
        None => Rehearsal::new(floor.clone(), &options),
        Some(directory) => {
            let disk = LiveDisk::open(directory).map_err(Failure::bad_input)?;
            Rehearsal::with_store(floor.clone(), &options, Box::new(disk))
        }
    }
    .map_err(Failure::bad_input)?;
    let mut recording = (args.report.clone())
        .map(|directory| Recording::begin(Some(directory), &rehearsal, options.for_ms))
        .transpose()?;
    let bar = bar(options.for_ms);
    let mut execution = Execution::new();
    let begun = Instant::now();
    while rehearsal.now_ms() < options.for_ms {
        let before = Instant::now();
        rehearsal.step();
        execution.record(before.elapsed());
        if let Some(recording) = &mut recording {
            recording.look(&rehearsal);
        }
        if let Some(problem) = rehearsal.broken() {
            bar.finish_and_clear();
            return Err(Failure::failed(problem));
        }
        if rehearsal.now_ms() % 60_000 == 0 {
            bar.set_position(rehearsal.now_ms() / 1_000);
        }
    }
    rehearsal.end().map_err(Failure::failed)?;
    let wall = begun.elapsed();
    bar.finish_and_clear();
    let outcome = rehearsal.outcome(options.seed);
    if let Some(recording) = recording {
        recording.end(&floor, &outcome, wall, Vec::new())?;
    }
    if args.json {
        let mut object = serde_json::to_value(&outcome).map_err(Failure::failed)?;
        object["host"] = json!({
            "wall_s": wall.as_secs_f64(),
            "speedup": outcome.simulated_s / wall.as_secs_f64(),
            "execution_us": execution.summary(),
            "misses": 0,
        });
        say!("{object}");
    } else {
        print(&outcome, wall);
    }
    if outcome.contacts + outcome.orders_lost + outcome.deadlocks + outcome.violations > 0 {
        Err(Failure::Found)
    } else {
        Ok(())
    }
}

/// Rehearses a floor on which things go wrong, until it has settled, before all judges.
fn troubled(args: &SimArgs, floor: &Arc<Floor>, mix: &Mix) -> Result<(), Failure> {
    let (seed, for_ms) = (args.floor.seed, args.duration.as_millis() as u64);
    let scenario = Scenario {
        seed,
        for_ms,
        depth: args.depth.unwrap_or_default(),
        faults: mix.draw(floor, seed, for_ms),
        ..Scenario::on(FloorChoice::BuiltIn(floor.name.clone()))
    };
    let kept = (args.data.as_deref()).map(KeptRun::begin).transpose()?;
    let disks = Disks::default();
    let bar = bar(for_ms);
    let begun = Instant::now();
    let mut recording = None;
    let mut failed = None;
    let verdict = run::run_on(
        &scenario,
        floor,
        &RunOptions {
            stop_at_first: false,
            ..RunOptions::default()
        },
        &disks,
        |r| {
            if let Some(directory) = args.report.as_ref().filter(|_| failed.is_none()) {
                match &mut recording {
                    Some(recording) => Recording::look(recording, r),
                    None => match Recording::begin(Some(directory.clone()), r, for_ms) {
                        Ok(begun) => recording = Some(begun),
                        Err(problem) => failed = Some(problem),
                    },
                }
            }
            if r.now_ms() % 60_000 == 0 {
                bar.set_position(r.now_ms() / 1_000);
            }
        },
    );
    let verdict = verdict.map_err(Failure::bad_input)?;
    let wall = begun.elapsed();
    bar.finish_and_clear();
    if let Some(kept) = kept {
        kept.write(&disks, None)?;
    }
    if let Some(problem) = failed {
        return Err(problem);
    }
    if let Some(recording) = recording {
        let line = |f: &crate::host::virtual_time::FaultLine| FaultLine {
            name: f.name.to_owned(),
            target: f.target.clone(),
            from_ms: f.from_ms,
            until_ms: f.until_ms,
            ended: f.ended.clone(),
        };
        let lines = verdict.faults.iter().map(line).collect();
        recording.end(floor, &verdict.outcome, wall, lines)?;
    }
    if args.json {
        say!("{}", swarm::verdict_json(&verdict, wall));
    } else {
        print(&verdict.outcome, wall);
        say!(
            "faults: {}; controller lives: {}; {}",
            verdict.outcome.faults,
            verdict.outcome.lives,
            match verdict.settled_ms {
                Some(ms) => format!(
                    "all orders ended and everyone was in service {:.0} s after the last of them",
                    ms as f64 / 1_000.0
                ),
                None => "the floor did not settle".to_owned(),
            }
        );
        for violation in &verdict.violations {
            say!("{}", swarm::words(violation));
        }
    }
    if verdict.violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Found)
    }
}

fn bar(for_ms: u64) -> ProgressBar {
    let bar = ProgressBar::new(for_ms / 1_000);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% of {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(format!("{} simulated seconds", for_ms / 1_000));
    bar
}

fn print(o: &Outcome, wall: Duration) {
    say!(
        "{}, seed {}: {:.1} h with {} vehicles in {:.1} s ({:.0} times real time)",
        o.floor,
        o.seed,
        o.simulated_s / 3_600.0,
        o.vehicles,
        wall.as_secs_f64(),
        o.simulated_s / wall.as_secs_f64(),
    );
    say!(
        "orders: {} done, {} late, {} open, {} cancelled or failed, {} lost",
        o.orders_done,
        o.orders_late,
        o.orders_open,
        o.orders_ended_otherwise,
        o.orders_lost
    );
    say!(
        "floor: {:.1} km driven, utilisation {:.0} %, starvation {:.1} s, contacts {}, deadlocks {}, longest wait {:.0} s",
        o.distance_m / 1_000.0,
        o.utilisation * 100.0,
        o.starvation_s,
        o.contacts,
        o.deadlocks,
        o.longest_wait_s,
    );
    say!("state hash {}", o.state_hash);
}

/// Execution times of steps: controller, workers and floor together.
struct Execution(hdrhistogram::Histogram<u32>);

impl Execution {
    fn new() -> Self {
        // The bounds are constants that the library accepts; a histogram that failed would record nothing.
        Self(
            hdrhistogram::Histogram::new_with_bounds(1, 10_000_000_000, 2)
                .unwrap_or_else(|_| unreachable!("bounds are valid")),
        )
    }

    fn record(&mut self, time: Duration) {
        self.0.saturating_record(time.as_nanos() as u64);
    }

    fn summary(&self) -> serde_json::Value {
        let us = |ns: u64| ns as f64 / 1_000.0;
        json!({
            "p50": us(self.0.value_at_quantile(0.5)), "p99": us(self.0.value_at_quantile(0.99)),
            "p999": us(self.0.value_at_quantile(0.999)), "max": us(self.0.max()),
        })
    }
}
