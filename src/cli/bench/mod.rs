//! `takt bench`: what this machine can do, to be known before a floor depends on it.

mod cycle;
mod lifelong;
mod mapf;
mod queue;
mod traffic;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;

const EXAMPLES: &str = "Examples:
  takt bench cycle                               1,000 vehicles, a cycle of 1 ms, for a minute
  takt bench cycle --witness --for 10s --json    beside a bare loop on another CPU in the same seconds
  takt bench cycle --spin 150us --data /tmp/b    without the latency of waking, with a journal
  takt bench queue --json                        round trips and rates of the lock-free queues
  takt bench mapf --map M.map --scen S.scen --agents 400 --time-limit 3s --json
                                                 everybody from a start to a goal: first plan and best plan
  takt bench lifelong --instance RANDOM-01.json --steps 600 --step-limit 50ms --output out.json
                                                 tasks that a fleet finishes under the rules of a competition
  takt bench traffic --fleet 5,10,20 --for 2h --output traffic.html
                                                 throughput with vehicles that stop, beside a fixed order and exclusive blocks";

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
    /// Lifelong planning: an instance of the League of Robot Runners under its rules
    Lifelong(lifelong::LifelongArgs),
    /// Traffic in virtual time: throughput with and without vehicles that stop, for each way to say who goes first
    Traffic(traffic::TrafficArgs),
}

/// Runs a benchmark.
pub fn run(command: BenchCommand) -> Result<(), Failure> {
    match command.bench {
        Bench::Cycle(args) => cycle::run(args),
        Bench::Queue(args) => queue::run(args),
        Bench::Mapf(args) => mapf::run(args),
        Bench::Lifelong(args) => lifelong::run(args),
        Bench::Traffic(args) => traffic::run(args),
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

/// Most memory that the process has had, in MB; `None` where the system does not say.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024.0 / 1e6)
}
