//! `takt replay`: a recorded life lived again, and compared.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use takt_rt::host::LiveDisk;

use super::kept_run::floor_of;
use super::recorded::Stage;
use super::{Failure, FloorArgs};
use crate::replay::{LifeReport, ReplayError, ReplayOptions, Report, replay, replay_watched};

const EXAMPLES: &str = "Examples:
  takt sim --for 1h --data day1          record an hour
  takt replay --data day1                live it again and compare
  takt replay --data day1 --until 90000  the state at the end of cycle 90000 of each life
  takt replay --data day1 --verify --rerun-planner --json
  takt replay --data day1 --dashboard    look at it in the dashboard, with a slider for its time";

/// Arguments of `takt replay`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// The directory that was given to `takt run`, `serve` or `sim` as --data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Stop at the end of this cycle of each life; they count from 1
    #[arg(long, value_name = "CYCLE", value_parser = clap::value_parser!(u64).range(1..))]
    until: Option<u64>,
    /// Replay only the life of this epoch (each start of a controller is a life)
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<u32>,
    /// Fail also if a life, or a part of one, could not be replayed
    #[arg(long)]
    verify: bool,
    /// Compute plans and assignments again, too, and compare them with those recorded
    #[arg(long, visible_alias = "rerun-workers")]
    rerun_planner: bool,
    /// Then show it in the dashboard, with a slider for its time, until Ctrl-C; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:7421")]
    dashboard: Option<SocketAddr>,
    /// Write the port that was chosen to this file, as JSON, once the dashboard can be opened
    #[arg(long, value_name = "FILE", requires = "dashboard")]
    ports_file: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Replays a store.
pub fn run(args: ReplayArgs) -> Result<(), Failure> {
    let floor = floor_of(&args.data, &args.floor)?;
    let disk = LiveDisk::open_read_only(&args.data)
        .map_err(|e| Failure::BadInput(format!("--data {e}")))?;
    let options = ReplayOptions {
        epoch: args.epoch,
        until: args.until,
        rerun_workers: args.rerun_planner,
    };
    let stage = match args.dashboard {
        Some(at) => Some(Stage::set_up(at, &floor)?),
        None => None,
    };
    let (stage, mut recorder) = stage.unzip();
    let bar = ProgressBar::new(1_000);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% replayed, {eta} left") {
        bar.set_style(style);
    }
    let begun = Instant::now();
    let told = |done: f64| bar.set_position((done * 1_000.0) as u64);
    let report = match &mut recorder {
        Some(recorder) => replay_watched(&floor, &disk, &options, recorder, told),
        None => replay(&floor, &disk, &options, told),
    };
    bar.finish_and_clear();
    let wall_s = begun.elapsed().as_secs_f64();
    let report = report.map_err(|error| match error {
        ReplayError::Journal(e) => Failure::BadInput(format!("{}: {e}", args.data.display())),
        other => Failure::BadInput(format!("{}: {other}", args.data.display())),
    })?;
    if args.json {
        say!("{}", as_json(&report, wall_s));
    } else {
        print(&report, args.until, wall_s);
    }
    judge(&report, args.verify)?;
    match (stage, recorder) {
        (Some(stage), Some(recorder)) => stage.show(&floor, recorder, &report, args.ports_file),
        _ => Ok(()),
    }
}

fn as_json(report: &Report, wall_s: f64) -> serde_json::Value {
    let covered_ms = report.sum(|life| life.covered_ms);
    json!({
        "cycles": report.sum(|life| life.cycles),
        "covered_s": covered_ms as f64 / 1_000.0,
        "inputs": report.sum(|life| life.inputs),
        "checkpoints": report.sum(|life| life.checkpoints),
        "changes": report.sum(|life| life.changes),
        "plans": report.sum(|life| life.plans),
        "assignments": report.sum(|life| life.assignments),
        "equal": report.difference().is_none() && report.proves_something(),
        "complete": report.is_complete(),
        "difference": report.difference().map(|(epoch, d)| json!({
            "epoch": epoch, "cycle": d.cycle, "field": d.field, "recorded": d.recorded, "replayed": d.replayed,
        })),
        "missing": report.missing,
        "lives": report.lives,
        "host": { "wall_s": wall_s, "speedup": covered_ms as f64 / 1_000.0 / wall_s },
    })
}

fn print(report: &Report, until: Option<u64>, wall_s: f64) {
    for life in &report.lives {
        print_life(life, until);
    }
    for missing in &report.missing {
        say!("MISSING: {missing}");
    }
    let covered_s = report.sum(|life| life.covered_ms) as f64 / 1_000.0;
    say!(
        "{:.1} s of {} cycles replayed in {wall_s:.2} s ({:.0} times real time)",
        covered_s,
        report.sum(|life| life.cycles),
        covered_s / wall_s
    );
}

fn print_life(life: &LifeReport, until: Option<u64>) {
    let end = match until {
        _ if life.ended => "ended in order",
        Some(until) if until == life.last_cycle => "stopped here, as asked",
        _ => "did not end in order: the controller was killed",
    };
    say!(
        "epoch {}: {} cycles with {} inputs; {} state hashes and {} changes compared{}; {end}; {} orders open, state hash {}",
        life.epoch,
        life.cycles,
        life.inputs,
        life.checkpoints,
        life.changes,
        match (life.plans, life.assignments) {
            (0, 0) => String::new(),
            (plans, others) => format!("; {plans} plans and {others} assignments computed again"),
        },
        life.orders_open,
        life.state_hash,
    );
    if !life.stopped.is_empty() {
        say!("  not replayed to its end: {}", life.stopped);
    }
    if let Some(d) = &life.difference {
        say!("  DIFFERENT in cycle {}: {}", d.cycle, d.field);
        say!("    recorded: {}", d.recorded);
        say!("    replayed: {}", d.replayed);
    }
}

fn judge(report: &Report, verify: bool) -> Result<(), Failure> {
    if report.difference().is_some() {
        return Err(Failure::Found);
    }
    if report.lives.iter().all(|life| life.cycles == 0) {
        let why = report.lives.iter().find(|life| !life.stopped.is_empty());
        let why = why.map_or("nothing was recorded", |life| &life.stopped);
        return Err(Failure::BadInput(format!("no life can be replayed: {why}")));
    }
    if !report.proves_something() {
        return Err(Failure::Failed(
            "no state hash was compared: the recording is too short to prove anything".to_owned(),
        ));
    }
    if verify && !report.is_complete() {
        return Err(Failure::Failed(
            "not everything in the store could be replayed, see above".to_owned(),
        ));
    }
    Ok(())
}
