//! `takt bench lifelong`: a lifelong instance of the League of Robot Runners, planned step by step under its rules of 2024.

mod chains;
mod choice;
mod figures;
mod meter;
mod record;
mod run;
mod work_log;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use takt_maps::formats::lorr;

use super::super::Failure;
use super::super::args::duration;
use super::super::exit::writable;
use run::{Limit, Run};

/// Arguments of `takt bench lifelong`.
#[derive(Debug, Args)]
pub struct LifelongArgs {
    /// The instance: a JSON file of the League of Robot Runners, 2024
    #[arg(long, value_name = "FILE")]
    instance: PathBuf,
    /// Steps to run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    /// CPU time that planning may take in a step; when it takes longer, all robots wait
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s", conflicts_with_all = ["work", "replay_work"])]
    step_limit: Duration,
    /// Work that planning may take in a step instead of time: the same plan on every machine
    #[arg(long, value_name = "N", conflicts_with = "replay_work", value_parser = clap::value_parser!(u64).range(1..))]
    work: Option<u64>,
    /// Seed of the planner
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Threads that plan
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
    /// Write what happened there, in the League's output format
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the work of each step there
    #[arg(long, value_name = "FILE")]
    work_log: Option<PathBuf>,
    /// Cut each step off after the work that this file tells, and so repeat the run that wrote it
    #[arg(long, value_name = "FILE")]
    replay_work: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs an instance, and says how many tasks were finished.
pub fn run(args: LifelongArgs) -> Result<(), Failure> {
    for (option, file) in [("--output", &args.output), ("--work-log", &args.work_log)] {
        if let Some(file) = file {
            writable(option, file)?;
        }
    }
    if args.output.is_some() && args.output == args.work_log {
        let why = "--output and --work-log name the same file: each needs its own";
        return Err(Failure::BadInput(why.to_owned()));
    }
    let instance = lorr::load(&args.instance).map_err(Failure::Files)?;
    let limit = match (&args.replay_work, args.work) {
        (Some(path), _) => Limit::Replay(read_log(path, args.steps)?),
        (None, Some(work)) => Limit::Work(work),
        (None, None) => Limit::Time(args.step_limit),
    };
    let mut run = Run::new(&instance, args.seed, args.threads, limit);
    let bar = super::progress(u64::from(args.steps), "steps");
    for _ in 0..args.steps {
        run.step();
        bar.inc(1);
    }
    bar.finish_and_clear();
    let written = |path: &Path, result: std::io::Result<()>| {
        result.map_err(|e| Failure::Failed(format!("{} can't be written: {e}", path.display())))
    };
    if let Some(path) = &args.output {
        written(path, run.write(path))?;
    }
    if let Some(path) = &args.work_log {
        written(path, std::fs::write(path, work_log::write(&run.log)))?;
    }
    let figures = run.figures();
    if args.json {
        say!("{}", figures.json());
    } else {
        figures.print();
    }
    Ok(())
}

/// Reads the log of a run that was at least as long.
fn read_log(path: &Path, steps: u32) -> Result<Vec<work_log::StepWork>, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::BadInput(format!("{name} can't be read: {e}")))?;
    let log = work_log::read(&text).map_err(|e| Failure::BadInput(format!("{name}: {e}")))?;
    if log.len() < steps as usize {
        return Err(Failure::BadInput(format!(
            "{name} tells the work of {} steps, --steps asks for {steps}",
            log.len()
        )));
    }
    Ok(log)
}
