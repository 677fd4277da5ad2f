//! `takt sim`: controller and simulated floor in virtual time.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use takt_maps::Floor;
use takt_motion::plan::Discipline;
use takt_rt::host::LiveDisk;
use takt_sim::faults::{Mix, SpecError, stoppages};

use super::args::{DATA_MAX, data_max, discipline, duration, spelled};
use super::execution::Execution;
use super::report::{Recording, fault_lines, violation_lines};
use super::sweep::{self, SweepArgs};
use super::{Failure, FloorArgs, judged, swarm};
use crate::host::virtual_time::links::Depth;
use crate::host::virtual_time::{Options, Outcome, Rehearsal};
use crate::scenario::Scenario;
use crate::scenario::floors::FloorChoice;
use crate::shell::quoted;

/// Arguments of `takt sim`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("judged").args(["swarm", "scenario", "faults"]).multiple(true)))]
#[command(group(ArgGroup::new("many").args(["swarm", "sweep"])))]
pub struct SimArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Simulated time
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "1h")]
    duration: Duration,
    /// Journal everything there, for `takt replay` and `takt journal`; open orders and stock in it are gone on from (with
    /// --faults or --scenario it has to be new or empty)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How large that may grow; then the oldest recordings go (open orders and stock never do)
    #[arg(long, value_name = "SIZE", value_parser = data_max, default_value = DATA_MAX, requires = "data", conflicts_with_all = ["faults", "scenario"])]
    data_max: u64,
    /// What goes wrong: none, calm, rough or hostile, and NAME[@TARGET]=RATE, separated by commas; takt fault list names all
    #[arg(long, value_name = "MIX")]
    faults: Option<MixText>,
    /// Who goes first where ways meet: as plans say that look some moves ahead, grow by what is needed next and bend for
    /// late vehicles (operations), that grow by two edges at a time (kept), as each new plan says (graph), as the first plan
    /// says (fixed), or who asks first for exclusive blocks, as openTCS does (blocks)
    #[arg(long, value_name = "HOW", value_parser = discipline(), default_value = Discipline::default().name(), conflicts_with_all = ["data", "swarm", "sweep", "shrink"])]
    traffic: Discipline,
    /// Every ten minutes one vehicle in twenty stands still for a minute
    #[arg(long, conflicts_with_all = ["data", "swarm", "sweep", "scenario", "shrink", "faults"])]
    stoppages: bool,
    /// How deep links to vehicles and devices are simulated: as values, or as Modbus frames between the code that runs
    /// live and simulated servers (slower); without faults the outcome is the same [default: image]
    #[arg(long, value_name = "DEPTH", value_enum)]
    depth: Option<Depth>,
    /// Run so many scenarios made up from seeds, before all judges
    #[arg(long, value_name = "N", conflicts_with_all = ["data", "floor", "vehicles", "cell", "scenario", "report"], value_parser = clap::value_parser!(u64).range(1..))]
    swarm: Option<u64>,
    /// Floors of the swarm: all, or names and files separated by commas, grid-COLUMNSxROWS-VEHICLES-SEED among them
    #[arg(long, value_name = "FLOORS", default_value = "all", requires = "swarm")]
    floors: String,
    /// Run a scenario file, before all judges
    #[arg(long, value_name = "FILE", conflicts_with_all = ["floor", "vehicles", "cell", "seed", "faults", "duration", "depth"])]
    scenario: Option<PathBuf>,
    /// Cut what fails (a scenario, a run with faults, or the first of the swarm) down to the least that still does, and write
    /// it to this file
    #[arg(long, value_name = "FILE", requires = "judged")]
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
    /// The options of a command line that say how long, how deep, and what goes wrong.
    fn repeat(&self) -> String {
        let mut words = format!(" --for {}", spelled(self.duration));
        if let Some(depth) = self.depth {
            words += &format!(" --depth {}", depth.name());
        }
        words += &self.who_goes_first();
        if let Some(text) = &self.faults {
            words += &format!(" --faults {}", quoted(&text.0));
        }
        words
    }

    /// The option that says who goes first, if it is not the usual one.
    fn who_goes_first(&self) -> String {
        match self.traffic {
            usual if usual == Discipline::default() => String::new(),
            other => format!(" --traffic {}", other.name()),
        }
    }

    fn as_swarm(&self, seeds: u64) -> swarm::SwarmArgs {
        let floors = match self.floors.as_str() {
            "all" => String::new(),
            some => format!(" --floors {}", quoted(some)),
        };
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
            repeat: floors + &self.repeat(),
        }
    }
}

/// Rehearses a floor.
pub fn run(args: SimArgs) -> Result<(), Failure> {
    if let Some(seeds) = args.swarm {
        return swarm::swarm(&args.as_swarm(seeds));
    }
    if let Some(file) = &args.scenario {
        return from_file(&args, file);
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
    if let Some(mix) = &args.faults {
        return troubled(&args, floor, mix);
    }
    let for_ms = args.duration.as_millis() as u64;
    let stops = || stoppages(&floor, args.floor.seed, for_ms);
    let options = Options {
        for_ms,
        faults: args.stoppages.then(stops).unwrap_or_default(),
        traffic: args.traffic,
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
        let violations = violation_lines(rehearsal.violations());
        let faults = fault_lines(&rehearsal.fault_lines());
        recording.end(&floor, &outcome, wall, faults, violations)?;
    }
    if args.json {
        let mut object = serde_json::to_value(&outcome).map_err(Failure::failed)?;
        object["violations"] = json!(rehearsal.violations());
        object["host"] = json!({
            "wall_s": wall.as_secs_f64(),
            "speedup": outcome.simulated_s / wall.as_secs_f64(),
            "execution_us": execution.summary(),
            "misses": 0,
        });
        say!("{object}");
    } else {
        print(&outcome, wall);
        for violation in rehearsal.violations() {
            say!("{}", judged::words(violation));
        }
    }
    if outcome.contacts + outcome.orders_lost + outcome.deadlocks + outcome.violations > 0 {
        Err(Failure::Found)
    } else {
        Ok(())
    }
}

/// A floor on which things go wrong, before all judges.
fn troubled(args: &SimArgs, floor: Arc<Floor>, mix: &MixText) -> Result<(), Failure> {
    let unknown = mix.1.unknown_targets(&[&*floor]);
    if !unknown.is_empty() {
        return Err(Failure::bad_input(unknown.join("\n")));
    }
    let (seed, for_ms) = (args.floor.seed, args.duration.as_millis() as u64);
    let choice = args.floor.choice(&floor);
    let scenario = Scenario {
        seed,
        for_ms,
        depth: args.depth.unwrap_or_default(),
        faults: mix.1.draw(&floor, seed, for_ms),
        ..Scenario::on(
            choice
                .clone()
                .unwrap_or(FloorChoice::BuiltIn(floor.name.clone())),
        )
    };
    let command = format!("takt sim{}{}", args.floor.words(), args.repeat());
    let text = choice.map(|_| scenario.to_text(&command)).transpose();
    judged::run(judged::Task {
        scenario,
        floor,
        text: text.map_err(Failure::failed)?,
        traffic: args.traffic,
        stop_at_first: false,
        report: args.report.as_deref(),
        data: args.data.as_deref(),
        shrink: args.shrink.as_deref(),
        json: args.json,
        command,
    })
}

/// A scenario from a file, before all judges.
fn from_file(args: &SimArgs, file: &Path) -> Result<(), Failure> {
    let name = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|e| Failure::bad_input(format!("{name}: {e}")))?;
    let scenario = Scenario::from_text(&name, &text).map_err(Failure::bad_input)?;
    judged::run(judged::Task {
        floor: scenario.floor().map_err(Failure::bad_input)?,
        scenario,
        text: Some(text),
        traffic: args.traffic,
        stop_at_first: true,
        report: args.report.as_deref(),
        data: args.data.as_deref(),
        shrink: args.shrink.as_deref(),
        json: args.json,
        command: format!(
            "takt sim --scenario {}{}",
            quoted(&name),
            args.who_goes_first()
        ),
    })
}

/// A bar for simulated time.
pub(super) fn bar(for_ms: u64) -> ProgressBar {
    let bar = ProgressBar::new(for_ms / 1_000);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% of {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(format!("{} simulated seconds", for_ms / 1_000));
    bar
}

/// A run in four lines.
pub(super) fn print(o: &Outcome, wall: Duration) {
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
