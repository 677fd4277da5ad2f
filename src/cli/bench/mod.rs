//! `takt bench`: what this machine can do, to be known before a floor depends on it.

mod cycle;
mod mapf;
mod queue;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;

const EXAMPLES: &str = "Examples:
  takt bench cycle                               1,000 vehicles, a cycle of 1 ms, for a minute
  takt bench cycle --witness --for 10s --json    beside a bare loop on another CPU in the same seconds
  takt bench cycle --spin 150us --data /tmp/b    without the latency of waking, with a journal
  takt bench queue --json                        round trips and rates of the lock-free queues
  takt bench mapf --map M.map --scen S.scen --agents 400 --time-limit 3s --json
                                                 everybody from a start to a goal: first plan and best plan";

/// Arguments of `takt bench`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchCommand {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The control cycle on a synthetic floor: wake-up latency, CPU time, misses and their causes
    Cycle(cycle::CycleArgs),
    /// The queues between the control cycle and everything else, beside rtrb and crossbeam's ArrayQueue
    Queue(queue::QueueArgs),
    /// Path planning: a MovingAI grid and scenario, how fast and how well everybody gets to the goal
    Mapf(mapf::MapfArgs),
}

/// Runs a benchmark.
pub fn run(command: BenchCommand) -> Result<(), Failure> {
    match command.bench {
        Bench::Cycle(args) => cycle::run(args),
        Bench::Queue(args) => queue::run(args),
        Bench::Mapf(args) => mapf::run(args),
    }
}

/// A bar on a terminal.
fn progress(length: u64, unit: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {percent}% of {len} {msg}, {eta} left")
    {
        bar.set_style(style);
    }
    bar.set_message(unit);
    bar
}
