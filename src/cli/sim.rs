//! `takt sim`: controller and simulated floor in virtual time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use takt_rt::host::LiveDisk;

use super::args::{DATA_MAX, data_max, duration};
use super::report::Recording;
use super::sweep::{self, SweepArgs};
use super::{Failure, FloorArgs};
use crate::host::virtual_time::{Options, Outcome, Rehearsal};

/// Arguments of `takt sim`.
#[derive(Debug, Args)]
pub struct SimArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Simulated time
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "1h")]
    duration: Duration,
    /// Journal everything there, for `takt replay` and `takt journal`; open orders and stock in it are gone on from
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How large that may grow; then the oldest recordings go (open orders and stock never do)
    #[arg(long, value_name = "SIZE", value_parser = data_max, default_value = DATA_MAX)]
    data_max: u64,
    /// Write a report of the run there: report.html, and its figures as report.json
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    sweep: SweepArgs,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Rehearses a floor.
pub fn run(args: SimArgs) -> Result<(), Failure> {
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
    let options = Options {
        seed: args.floor.seed,
        for_ms: args.duration.as_millis() as u64,
        data_bytes_max: args.data_max,
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
    let bar = ProgressBar::new(options.for_ms / 1_000);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% of {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(format!("{} simulated seconds", options.for_ms / 1_000));
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
    if outcome.contacts + outcome.orders_lost + outcome.deadlocks > 0 {
        Err(Failure::Found)
    } else {
        Ok(())
    }
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
