//! `takt bench mapf`: multi-agent path finding on a MovingAI grid: how soon there is a plan, and how good it gets.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{ArgAction, Args};
use serde_json::{Value, json};
use takt_maps::formats::scen::{self, Cells};
use takt_motion::plan::oneshot::{
    self, AGENTS_MAX, DISTANCE_MAX, Instance, Network, Options, Outcome, Solution,
};

use super::super::Failure;
use super::super::args::duration;
use super::super::exit::writable;
use super::{peak_memory_mb, progress};

/// How long a plan is worked on when nobody says how long or how much.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Arguments of `takt bench mapf`.
#[derive(Debug, Args)]
pub struct MapfArgs {
    /// The grid, a MovingAI `.map` file
    #[arg(long, value_name = "FILE")]
    map: PathBuf,
    /// Starts and goals, a MovingAI `.scen` file
    #[arg(long, value_name = "FILE")]
    scen: PathBuf,
    /// So many agents: the first of the scenario
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=AGENTS_MAX as i64))]
    agents: u32,
    /// Make the plan better for so long [default: 10s, unless --work is given]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time_limit: Option<Duration>,
    /// Make the plan better with so much effort: the same plan on every machine
    #[arg(long, value_name = "N")]
    work: Option<u64>,
    /// Of all that is left to chance
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// May closed rings of agents turn? On floors they may not
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    allow_rotation: bool,
    /// Threads that search for distances; the plan does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// Plan as on a roadmap with conflict sets, without what is known of grids
    #[arg(long)]
    as_roadmap: bool,
    /// On the roadmap nobody may be within so many cells of another one, centre to centre; who would be so at the start or
    /// the goal is left out
    #[arg(long, value_name = "CELLS", default_value_t = 0.0, value_parser = reach, requires = "as_roadmap", allow_negative_numbers = true)]
    reach: f64,
    /// Write the paths to this file, as {"paths": [[[x, y], ...], ...]}
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

fn reach(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(cells) if (0.0..=8.0).contains(&cells) => Ok(cells),
        _ => Err("a number of cells from 0 to 8 is expected, such as 1.5".to_owned()),
    }
}

/// Plans, and says what came of it.
pub fn run(args: MapfArgs) -> Result<(), Failure> {
    if let Some(file) = &args.output {
        writable("--output", file)?;
    }
    let cells = scen::load_cells(&args.map)?;
    let trips = scen::load(&args.scen, &cells, args.agents as usize)?;

    let begun = Instant::now();
    let (mut network, vertex_of) = Network::grid(&cells.free, cells.width, cells.height());
    let mut instance = Instance {
        starts: trips.iter().map(|trip| vertex_of[trip.start]).collect(),
        goals: trips.iter().map(|trip| vertex_of[trip.goal]).collect(),
    };
    if args.as_roadmap {
        network = network.as_roadmap(args.reach);
        instance = instance.with_room(&network);
    }
    let options = Options {
        rotation: args.allow_rotation,
        seed: args.seed,
        threads: args.threads as usize,
    };
    let time_limit = match (args.time_limit, args.work) {
        (None, None) => TIME_LIMIT,
        (limit, _) => limit.unwrap_or(Duration::MAX),
    };
    let work_max = args.work.unwrap_or(u64::MAX);
    let bar = progress(
        time_limit.min(Duration::from_secs(86_400)).as_millis() as u64,
        "ms",
    );
    let mut shown = begun;
    let mut go_on = |work: u64| {
        let now = Instant::now();
        if args.work.is_none() && now - shown > Duration::from_millis(200) {
            shown = now;
            bar.set_position((now - begun).as_millis() as u64);
        }
        work < work_max && now - begun < time_limit
    };
    let mut first_ms = None;
    let mut first = |_: &Solution| first_ms = Some(begun.elapsed().as_secs_f64() * 1e3);
    let (outcome, work) = oneshot::plan(&network, &instance, &options, &mut go_on, &mut first);
    let elapsed_ms = begun.elapsed().as_secs_f64() * 1e3;
    bar.finish_and_clear();

    if !matches!(outcome, Outcome::Solved { .. }) {
        refuse_far(&network, &instance)?;
    }
    let figures = figures(&network, &instance, &options, &outcome)?;
    if let (Some(path), Outcome::Solved { best, .. }) = (&args.output, &outcome) {
        write_paths(path, best, &cells, &vertex_of)?;
    }
    let host = json!({
        "first_solution_ms": first_ms,
        "elapsed_ms": elapsed_ms,
        "peak_memory_mb": peak_memory_mb(),
    });
    if args.json {
        let mut result = json!({ "agents": instance.starts.len(), "work": work, "host": host });
        if args.as_roadmap {
            result["conflict_set_mean"] = json!(network.conflict_set_mean());
        }
        merge(&mut result, figures);
        say!("{result}");
    } else {
        tell(&outcome, &figures, &host);
    }
    match outcome {
        Outcome::Solved { .. } => Ok(()),
        Outcome::Unsolvable | Outcome::NotFound => Err(Failure::Found),
    }
}

/// Refuses those who have farther to go than distances can tell.
fn refuse_far(network: &Network, instance: &Instance) -> Result<(), Failure> {
    let trips = instance.starts.iter().zip(&instance.goals);
    for (agent, (&start, &goal)) in trips.enumerate() {
        if let Some(steps) = network.distance(start, goal)
            && steps >= DISTANCE_MAX
        {
            return Err(Failure::BadInput(format!(
                "agent {agent} (counted from 0) has {steps} steps to go at least, and fewer than {DISTANCE_MAX} can be planned: cut the map, or give it a goal that is nearer"
            )));
        }
    }
    Ok(())
}

/// What is known of the outcome; a plan that does not hold is a failure.
fn figures(
    network: &Network,
    instance: &Instance,
    options: &Options,
    outcome: &Outcome,
) -> Result<Value, Failure> {
    let lower_bound: u64 = instance
        .starts
        .iter()
        .zip(&instance.goals)
        .map(|(&start, &goal)| network.distance(start, goal).map_or(0, u64::from))
        .sum();
    Ok(match outcome {
        Outcome::Unsolvable => {
            json!({ "solved": false, "unsolvable": true, "lower_bound": lower_bound })
        }
        Outcome::NotFound => {
            json!({ "solved": false, "unsolvable": false, "lower_bound": lower_bound })
        }
        Outcome::Solved {
            best,
            first,
            optimal,
        } => {
            for solution in [first, best] {
                let checked = solution.check(network, instance, options);
                checked
                    .map_err(|wrong| Failure::failed(format!("the plan does not hold: {wrong}")))?;
            }
            json!({
                "solved": true,
                "optimal": optimal,
                "makespan": best.makespan(),
                "sum_of_costs": best.sum_of_costs(),
                "sum_of_loss": best.sum_of_loss(),
                "lower_bound": lower_bound,
                "first_sum_of_loss": first.sum_of_loss(),
                "first_sum_of_costs": first.sum_of_costs(),
            })
        }
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// The outcome for a person.
fn tell(outcome: &Outcome, figures: &Value, host: &Value) {
    match outcome {
        Outcome::Unsolvable => say!("There is no solution."),
        Outcome::NotFound => say!("No solution was found in the budget; there may be one."),
        Outcome::Solved {
            best,
            first,
            optimal,
        } => {
            let bound = figures["lower_bound"].as_f64().unwrap_or(0.0).max(1.0);
            let line = |solution: &Solution, ms: &Value| {
                format!(
                    "{:9.1} ms: sum of loss {} ({:.4} of the lower bound), sum of costs {}, makespan {}",
                    ms.as_f64().unwrap_or(0.0),
                    solution.sum_of_loss(),
                    solution.sum_of_loss() as f64 / bound,
                    solution.sum_of_costs(),
                    solution.makespan()
                )
            };
            say!("{}", line(first, &host["first_solution_ms"]));
            say!(
                "{}{}",
                line(best, &host["elapsed_ms"]),
                if *optimal {
                    ", which is the least loss"
                } else {
                    ""
                }
            );
        }
    }
}

/// `{"paths": [[[x, y], ...], ...]}`, all of equal length.
fn write_paths(
    path: &Path,
    solution: &Solution,
    cells: &Cells,
    vertex_of: &[u32],
) -> Result<(), Failure> {
    let mut cell_of = vec![0; vertex_of.len()];
    for (cell, &vertex) in vertex_of.iter().enumerate().filter(|at| *at.1 != u32::MAX) {
        cell_of[vertex as usize] = cell;
    }
    let at = |agent: usize, step: usize| {
        let (x, y) = cells.column_row(cell_of[solution.at(agent, step) as usize]);
        [x, y]
    };
    let steps = solution.makespan();
    let paths: Vec<Vec<[usize; 2]>> = (0..solution.paths.len())
        .map(|agent| (0..=steps).map(|step| at(agent, step)).collect())
        .collect();
    let write = || -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        serde_json::to_writer(&mut file, &json!({ "paths": paths }))?;
        std::io::Write::flush(&mut file)
    };
    write()
        .map_err(|error| Failure::failed(format!("{} can't be written: {error}", path.display())))
}
