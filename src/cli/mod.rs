//! The command line: one file per subcommand.

/// A line on stdout; a reader that has gone (`takt check … | head`) is no failure.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod args;
mod bench;
mod check;
mod client;
mod execution;
mod exit;
mod fault;
mod floor;
mod floor_args;
mod journal;
mod judged;
mod kept_run;
mod order;
mod parallel;
mod progress;
mod recorded;
mod replay;
mod report;
mod run;
mod serve;
mod shrink;
mod sim;
mod status_line;
mod swarm;
mod sweep;
mod vehicle;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};
use takt_maps::suggest::did_you_mean;

pub use args::{ClientArgs, ListenArgs, RealTimeArgs};
pub use exit::Failure;
pub use floor_args::FloorArgs;

const EXAMPLES: &str = "Examples:
  takt                                   controller, simulated floor, API and dashboard, until Ctrl-C
  takt run --for 60s --json              the same for a minute; key figures as one JSON object
  takt sim --for 8h --seed 7             a shift in virtual time
  takt sim --for 8h --report shift       the same with a report: shift/report.html
  takt sim --sweep vehicles=8..20:2      how many vehicles are enough
  takt report compare shift other-shift  two runs side by side
  takt journal verify --data plant-data  is everything in a store whole?
  takt check my-plant.toml               all problems of a floor file
  takt floor draw my-plant.toml -o plant.svg
  takt order submit --from store-1 --to smt1-1 --priority 9
  takt vehicle pause T01";

/// Deterministic real-time controller and fleet scheduler for factory floors.
#[derive(Debug, Parser)]
#[command(name = "takt", version, about, after_help = EXAMPLES, infer_long_args = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Controller and simulated floor with API and dashboard: the demonstration, and the default
    Run(run::RunArgs),
    /// Controller against a real floor, or one served by `takt floor serve`
    Serve(serve::ServeArgs),
    /// Controller and simulated floor in virtual time, faster than real time
    Sim(sim::SimArgs),
    /// Two reports of `takt sim --report` side by side
    Report(report::ReportCommand),
    /// Live a recording again, bit for bit, and compare
    Replay(replay::ReplayArgs),
    /// What a store holds, whether it is whole, and its recordings as MCAP for Foxglove
    Journal(journal::JournalCommand),
    /// All problems of a floor file, with line, column and hint
    Check(check::CheckArgs),
    /// Serve a simulated floor over Modbus TCP, or draw a floor
    Floor(floor::FloorCommand),
    /// Submit, list, watch and cancel transport orders
    Order(order::OrderCommand),
    /// List, pause and resume vehicles
    Vehicle(vehicle::VehicleCommand),
    /// What can go wrong on a simulated floor, and letting it go wrong on one that runs
    Fault(fault::FaultCommand),
    /// Measure this machine: the control cycle's timing, the queues
    Bench(bench::BenchCommand),
}

/// Adds the command that may be meant where clap knows none: to clap, letters that changed places are not alike.
fn with_hint(mut error: clap::Error) -> clap::Error {
    let mistyped = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word))
            if error.get(ContextKind::SuggestedSubcommand).is_none() =>
        {
            word
        }
        _ => return error,
    };
    let known = Cli::command();
    if let Some(hint) = did_you_mean(mistyped, known.get_subcommands().map(|c| c.get_name())) {
        let hint = ContextValue::StyledStrs(vec![hint.into()]);
        error.insert(ContextKind::Suggested, hint);
    }
    error
}

/// Runs the program: parses arguments, carries the command out, and turns failures into exit codes.
///
/// 0: done. 1: the work failed, or a judge found something. 2: bad usage or bad input.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = with_hint(error);
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // In virtual time links come and go by the thousand, and the time of day says nothing about them.
    let links = match &cli.command {
        Some(Command::Sim(_)) => "error",
        _ => "info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("TAKT_LOG").unwrap_or_else(|_| {
        let filter = format!("warn,takt::cli=info,takt::host=info,takt_plc_bridge::link={links}");
        tracing_subscriber::EnvFilter::new(filter)
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    let done = match cli
        .command
        .unwrap_or_else(|| Command::Run(run::RunArgs::default()))
    {
        Command::Run(args) => run::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Report(command) => report::run(command),
        Command::Replay(args) => replay::run(args),
        Command::Journal(command) => journal::run(command),
        Command::Check(args) => check::run(args),
        Command::Floor(command) => floor::run(command),
        Command::Order(command) => order::run(command),
        Command::Vehicle(command) => vehicle::run(command),
        Command::Fault(command) => fault::run(command),
        Command::Bench(command) => bench::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
