//! `takt sim --swarm`: many scenarios, made up from seeds, before all judges.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use takt_maps::formats::BUILTIN;
use takt_sim::faults::Mix;

use super::judged::words;
use super::{Failure, shrink};
use crate::host::judges::Violation;
use crate::host::virtual_time::Outcome;
use crate::host::virtual_time::links::Depth;
use crate::scenario::floors::FloorChoice;
use crate::scenario::swarm::{Flown, SwarmOptions, all_floors};

/// Time between two lines that say how far it is, where no terminal shows a bar.
const SAY_EVERY: Duration = Duration::from_secs(10);

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
    check_floors(&floors, args.mix.as_ref())?;
    shrink::check(args.shrink.as_deref())?;
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
    let stop = AtomicBool::new(false);
    bar.set_message("no violation");
    let begun = Instant::now();
    let progress = Mutex::new(Progress::new(args.seeds));
    let flown = options.fly(&stop, |one| {
        let line = told(one, &args.repeat);
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = &line {
            bar.suspend(|| eprintln!("{line}"));
        }
        progress.one_more(line.is_some());
        bar.set_message(progress.found());
        bar.inc(1);
    });
    let progress = progress
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let wall = begun.elapsed();
    bar.finish_and_clear();
    let verdicts = || flown.iter().filter_map(|one| one.verdict.as_ref().ok());
    let count = |what: fn(&Outcome) -> u64| verdicts().map(|v| what(&v.outcome)).sum::<u64>();
    let simulated_ms: u64 = verdicts().map(|v| v.simulated_ms).sum();
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
                "faults": count(|o| o.faults),
                "lives": count(|o| o.lives),
                "orders_done": count(|o| o.orders_done),
                "violations": violations,
                "host": { "wall_s": wall.as_secs_f64(), "speedup": speedup },
            })
        );
    } else {
        say!(
            "{} seeds, {hours:.1} simulated hours in {:.0} s ({speedup:.0} times real time): {}",
            flown.len(),
            wall.as_secs_f64(),
            progress.found()
        );
    }
    if violations.is_empty() {
        return Ok(());
    }
    let first = flown.into_iter().find(fails);
    if let (Some(one), Some(file)) = (first, &args.shrink) {
        shrink::shrink_to(one.scenario, file, !args.json)?;
    }
    Err(Failure::Found)
}

fn floors(text: &str) -> Result<Vec<FloorChoice>, Failure> {
    if text == "all" {
        return Ok(all_floors());
    }
    let (mut floors, mut problems) = (Vec::new(), Vec::new());
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        match name.parse() {
            Ok(floor) => floors.push(floor),
            Err(why) => problems.push(why),
        }
    }
    if floors.is_empty() && problems.is_empty() {
        problems.push(format!(
            "--floors names none; it is all, or some of {}, files, and grid-COLUMNSxROWS-VEHICLES-SEED, separated by commas",
            BUILTIN.join(", ")
        ));
    }
    if problems.is_empty() {
        Ok(floors)
    } else {
        Err(Failure::bad_input(problems.join("\n")))
    }
}

/// Every floor can be loaded, and what goes wrong can go wrong on one of them.
fn check_floors(floors: &[FloorChoice], mix: Option<&Mix>) -> Result<(), Failure> {
    let (mut there, mut problems) = (Vec::new(), Vec::new());
    for choice in floors {
        match choice.load() {
            Ok(floor) => there.push(floor),
            Err(why) => problems.push(format!("{choice}: {why}")),
        }
    }
    if let Some(mix) = mix {
        problems.extend(mix.unknown_targets(&there.iter().collect::<Vec<_>>()));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::bad_input(problems.join("\n"))),
    }
}

/// How far a swarm is; said now and then where no terminal shows it.
struct Progress {
    begun: Instant,
    said: Instant,
    all: u64,
    done: u64,
    bad: u64,
    aloud: bool,
}

impl Progress {
    fn new(all: u64) -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            said: now,
            all,
            done: 0,
            bad: 0,
            aloud: !std::io::stderr().is_terminal(),
        }
    }

    fn one_more(&mut self, is_bad: bool) {
        self.done += 1;
        self.bad += u64::from(is_bad);
        if self.aloud && self.said.elapsed() >= SAY_EVERY && self.done < self.all {
            self.said = Instant::now();
            eprintln!("{}", self.line(self.begun.elapsed()));
        }
    }

    fn found(&self) -> String {
        match self.bad {
            0 => "no violation".to_owned(),
            n => format!("{n} with violations"),
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let left = elapsed.as_secs_f64() * (self.all - self.done) as f64 / self.done.max(1) as f64;
        let (done, all, found) = (self.done, self.all, self.found());
        format!("{done} of {all} seeds, {found}, about {left:.0} s left")
    }
}

fn fails(one: &Flown) -> bool {
    one.verdict.as_ref().is_ok_and(|v| !v.violations.is_empty())
}

fn command(one: &Flown, repeat: &str) -> String {
    format!("takt sim --swarm 1 --seed {}{repeat}", one.seed)
}

/// The first that is to be said against a scenario; one that cannot be run is bad, too.
fn first(one: &Flown) -> Option<Violation> {
    match &one.verdict {
        Ok(verdict) => verdict.violations.first().cloned(),
        Err(why) => Some(Violation {
            judge: "scenario",
            at_ms: 0,
            what: format!("it cannot be run: {why}"),
        }),
    }
}

fn as_json(one: &Flown, repeat: &str) -> Option<Value> {
    let mut object = json!(first(one)?);
    object["seed"] = json!(one.seed);
    object["command"] = json!(command(one, repeat));
    Some(object)
}

fn told(one: &Flown, repeat: &str) -> Option<String> {
    let first = first(one)?;
    Some(format!(
        "seed {}: {}: {}\n  {}",
        one.seed,
        one.scenario.floor,
        words(&first),
        command(one, repeat)
    ))
}

fn bar(len: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(len);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_scenario_that_cannot_be_run_is_told_among_the_others() {
        let one = Flown {
            seed: 7,
            scenario: Scenario::on("grid-1x1-1-0".parse().unwrap()),
            verdict: Err("no room".to_owned()),
        };
        let object = as_json(&one, " --for 1m").unwrap();
        assert_eq!(
            (&object["judge"], &object["at_s"], &object["seed"]),
            (&"scenario".into(), &0.0.into(), &7.into())
        );
        assert_eq!(object["command"], "takt sim --swarm 1 --seed 7 --for 1m");
        assert!(told(&one, "").unwrap().contains("cannot be run: no room"));
        assert!(!fails(&one), "there is nothing to cut down");
    }

    #[test]
    fn how_far_it_is_takes_a_line() {
        let mut progress = Progress::new(40);
        progress.aloud = false;
        for nth in 0..10 {
            progress.one_more(nth == 3);
        }
        let line = progress.line(Duration::from_secs(20));
        assert_eq!(line, "10 of 40 seeds, 1 with violations, about 60 s left");
    }
}
