//! `takt sim --swarm`, `--scenario` and `--shrink`: scenarios before all judges.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use takt_sim::faults::Mix;

use super::Failure;
use super::kept_run::KeptRun;
use crate::host::judges::Violation;
use crate::host::virtual_time::Disks;
use crate::host::virtual_time::links::Depth;
use crate::scenario::Scenario;
use crate::scenario::floors::FloorChoice;
use crate::scenario::run::{RunOptions, Verdict, run_on};
use crate::scenario::shrink::{Shrunk, shrink};
use crate::scenario::swarm::{Flown, SwarmOptions, all_floors};

/// Runs that shrinking may take.
const SHRINK_RUNS_MAX: u64 = 400;

/// What a swarm is asked for.
pub struct SwarmArgs {
    /// How many seeds.
    pub seeds: u64,
    /// The first.
    pub first_seed: u64,
    /// `all`, or floors separated by commas.
    pub floors: String,
    /// How long things go wrong in each.
    pub duration: Duration,
    /// How links are simulated.
    pub depth: Option<Depth>,
    /// What goes wrong.
    pub mix: Option<Mix>,
    /// At the same time.
    pub jobs: usize,
    /// Cut the first that fails down to this file.
    pub shrink: Option<PathBuf>,
    /// One JSON object on stdout.
    pub json: bool,
    /// The options that a command line must repeat.
    pub repeat: String,
}

/// Runs a swarm.
pub fn swarm(args: &SwarmArgs) -> Result<(), Failure> {
    let floors = floors(&args.floors)?;
    let options = SwarmOptions {
        seeds: args.seeds,
        first_seed: args.first_seed,
        floors,
        for_ms: args.duration.as_millis() as u64,
        depth: args.depth,
        mix: args.mix.clone(),
        jobs: args.jobs,
    };
    let bar = bar(
        args.seeds,
        "{bar:40} {pos} of {len} seeds, {msg}, {eta} left",
    );
    let (stop, found) = (AtomicBool::new(false), AtomicU64::new(0));
    bar.set_message("no violation");
    let begun = Instant::now();
    let flown = options.fly(&stop, |one| {
        if let Some(line) = told(one, &args.repeat) {
            let found = found.fetch_add(1, Ordering::Relaxed) + 1;
            bar.set_message(format!("{found} with violations"));
            bar.suspend(|| eprintln!("{line}"));
        }
        bar.inc(1);
    });
    let wall = begun.elapsed();
    bar.finish_and_clear();
    if let Some(failed) = flown.iter().find_map(|one| one.verdict.as_ref().err()) {
        return Err(Failure::failed(failed));
    }
    let simulated_ms: u64 = flown.iter().map(simulated_ms).sum();
    let violations: Vec<Value> = flown
        .iter()
        .filter_map(|one| as_json(one, &args.repeat))
        .collect();
    let hours = simulated_ms as f64 / 3_600_000.0;
    let speedup = simulated_ms as f64 / 1_000.0 / wall.as_secs_f64();
    if args.json {
        say!(
            "{}",
            json!({
                "seeds": flown.len(),
                "simulated_h": hours,
                "faults": flown.iter().map(|one| one.verdict.as_ref().map_or(0, |v| v.outcome.faults)).sum::<u64>(),
                "lives": flown.iter().map(|one| one.verdict.as_ref().map_or(0, |v| v.outcome.lives)).sum::<u64>(),
                "orders_done": flown.iter().map(|one| one.verdict.as_ref().map_or(0, |v| v.outcome.orders_done)).sum::<u64>(),
                "violations": violations,
                "host": { "wall_s": wall.as_secs_f64(), "speedup": speedup },
            })
        );
    } else {
        say!(
            "{} seeds, {hours:.1} simulated hours in {:.0} s ({speedup:.0} times real time): {}",
            flown.len(),
            wall.as_secs_f64(),
            match violations.len() {
                0 => "no violation".to_owned(),
                n => format!("{n} with violations"),
            }
        );
    }
    let first = flown.into_iter().find(fails);
    match (first, &args.shrink) {
        (Some(one), Some(file)) => {
            shrink_to(one.scenario, file, !args.json)?;
            Err(Failure::Found)
        }
        (Some(_), None) => Err(Failure::Found),
        (None, _) => Ok(()),
    }
}

/// Runs one scenario from a file, and keeps its recording in `data`, or cuts it down to another file, if asked to.
pub fn scenario(
    file: &Path,
    shrink: Option<&Path>,
    data: Option<&Path>,
    json: bool,
) -> Result<(), Failure> {
    let name = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|e| Failure::bad_input(format!("{name}: {e}")))?;
    let scenario = Scenario::from_text(&name, &text).map_err(Failure::bad_input)?;
    if let Some(to) = shrink {
        return shrink_to(scenario, to, !json);
    }
    let floor = scenario.floor().map_err(Failure::bad_input)?;
    let kept = data.map(KeptRun::begin).transpose()?;
    let disks = Disks::default();
    let begun = Instant::now();
    let verdict = run_on(&scenario, &floor, &RunOptions::default(), &disks, |_| ())
        .map_err(Failure::failed)?;
    let wall = begun.elapsed();
    if let Some(kept) = kept {
        kept.write(&disks, Some(&text))?;
    }
    if json {
        say!("{}", verdict_json(&verdict, wall));
    } else {
        for violation in &verdict.violations {
            say!("{}", words(violation));
        }
        say!(
            "{:.1} simulated minutes, {} faults, {} orders done: {}",
            verdict.simulated_ms as f64 / 60_000.0,
            verdict.outcome.faults,
            verdict.outcome.orders_done,
            if verdict.violations.is_empty() {
                "no violation"
            } else {
                "FAILED"
            }
        );
    }
    if verdict.violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Found)
    }
}

/// A verdict as one object.
pub fn verdict_json(verdict: &Verdict, wall: Duration) -> Value {
    let mut object = serde_json::to_value(&verdict.outcome).unwrap_or_default();
    object["simulated_s"] = json!(verdict.simulated_ms as f64 / 1_000.0);
    object["violations"] = json!(verdict.violations);
    object["settled_s"] = json!(verdict.settled_ms.map(|ms| ms as f64 / 1_000.0));
    object["host"] = json!({
        "wall_s": wall.as_secs_f64(),
        "speedup": verdict.simulated_ms as f64 / 1_000.0 / wall.as_secs_f64(),
    });
    object
}

/// A violation in a line.
pub fn words(violation: &Violation) -> String {
    format!(
        "{:.2} s: {}: {}",
        violation.at_ms as f64 / 1_000.0,
        violation.judge,
        violation.what
    )
}

fn shrink_to(scenario: Scenario, file: &Path, talk: bool) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    let told = |s: &Scenario, runs: u64| {
        // What is there so far stays there if somebody loses patience.
        if let Ok(text) = s.to_text("not yet as small as it could be") {
            let _better_than_nothing = std::fs::write(file, text);
        }
        if talk {
            eprintln!(
                "after {runs} runs: {} faults, {:.1} s, {} vehicles",
                s.faults.len(),
                s.for_ms as f64 / 1_000.0,
                s.vehicles.map_or("all".to_owned(), |n| n.to_string()),
            );
        }
    };
    let shrunk = shrink(scenario, SHRINK_RUNS_MAX, &stop, &told).map_err(Failure::bad_input)?;
    let Some(Shrunk {
        scenario,
        verdict,
        runs,
    }) = shrunk
    else {
        say!("nothing to shrink: no judge objects");
        return Ok(());
    };
    let first = verdict.violations.first().map(words).unwrap_or_default();
    let text = scenario.to_text(&first).map_err(Failure::failed)?;
    std::fs::write(file, text).map_err(|e| Failure::failed(format!("{}: {e}", file.display())))?;
    eprintln!("{} after {runs} runs: {first}", file.display());
    Err(Failure::Found)
}

fn floors(text: &str) -> Result<Vec<FloorChoice>, Failure> {
    if text == "all" {
        return Ok(all_floors());
    }
    let (mut floors, mut problems) = (Vec::new(), Vec::new());
    for name in text.split(',').filter(|name| !name.is_empty()) {
        match name.trim().parse() {
            Ok(floor) => floors.push(floor),
            Err(why) => problems.push(why),
        }
    }
    if problems.is_empty() {
        Ok(floors)
    } else {
        Err(Failure::bad_input(problems.join("\n")))
    }
}

fn simulated_ms(one: &Flown) -> u64 {
    one.verdict.as_ref().map_or(0, |v| v.simulated_ms)
}

fn fails(one: &Flown) -> bool {
    one.verdict.as_ref().is_ok_and(|v| !v.violations.is_empty())
}

fn command(one: &Flown, repeat: &str) -> String {
    format!("takt sim --swarm 1 --seed {}{repeat}", one.seed)
}

fn as_json(one: &Flown, repeat: &str) -> Option<Value> {
    let first = one.verdict.as_ref().ok()?.violations.first()?;
    Some(json!({
        "seed": one.seed,
        "judge": first.judge,
        "at_s": first.at_ms as f64 / 1_000.0,
        "what": first.what,
        "command": command(one, repeat),
    }))
}

fn told(one: &Flown, repeat: &str) -> Option<String> {
    match &one.verdict {
        Err(why) => Some(format!("seed {}: {why}", one.seed)),
        Ok(verdict) => verdict.violations.first().map(|first| {
            format!(
                "seed {}: {}: {}\n  {}",
                one.seed,
                one.scenario.floor,
                words(first),
                command(one, repeat)
            )
        }),
    }
}

fn bar(len: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(len);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
