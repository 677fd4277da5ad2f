//! `takt fault`: what can go wrong on a simulated floor, and letting it go wrong on one that runs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use takt_sim::faults::FaultKind;

use super::Failure;
use super::args::duration;
use super::client::{Align, block_on, print, print_json, table};
use crate::host::floor_process::FloorClient;

const EXAMPLES: &str = "Examples:
  takt fault list
  takt run --data day1                                          in another terminal
  takt fault inject vehicle-stops T01 --for 20s --data day1
  takt fault inject vehicle-slips T01 --amount 15 --control 127.0.0.1:41234
  takt fault active --data day1

`takt run` says at its start where its floor's control channel is.";

/// Arguments of `takt fault`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FaultCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all kinds of faults
    List {
        /// One JSON object on stdout
        #[arg(long)]
        json: bool,
    },
    /// Let something go wrong on a simulated floor that runs
    Inject(InjectArgs),
    /// List the faults that are active on a simulated floor that runs
    Active(ActiveArgs),
}

#[derive(Debug, Args)]
struct InjectArgs {
    /// What; `takt fault list` has all
    kind: String,
    /// Whom or what it is about: the name of a vehicle or device, an edge as FROM->TO, or a node
    target: String,
    /// How long it lasts [default: 10s, for what does not happen at once]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// How large it is, in the unit of its kind [default: the middle of what its kind allows]
    #[arg(long, value_name = "N")]
    amount: Option<u32>,
    #[command(flatten)]
    floor: RunningFloor,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ActiveArgs {
    #[command(flatten)]
    floor: RunningFloor,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Where the simulated floor is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct RunningFloor {
    /// Its control channel
    #[arg(long, value_name = "ADDR:PORT")]
    control: Option<SocketAddr>,
    /// The ports file of `takt floor serve`
    #[arg(long, value_name = "FILE")]
    ports_file: Option<PathBuf>,
    /// The data directory of `takt run`
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl RunningFloor {
    fn client(&self) -> Result<FloorClient, Failure> {
        if let Some(address) = self.control {
            return Ok(FloorClient::at(address));
        }
        let in_data = self.data.as_ref().map(|dir| dir.join("floor-ports.json"));
        let Some(path) = self.ports_file.clone().or(in_data) else {
            return Err(Failure::BadInput("which floor? Name --control".to_owned()));
        };
        let wrong = |e: String| {
            Failure::BadInput(format!(
                "ports file {}: {e}; it is there while the floor runs",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
        FloorClient::from_ports_file(&text).map_err(wrong)
    }
}

/// Carries out `takt fault`.
///
/// # Errors
/// If there is no such floor, or it refuses.
pub fn run(command: FaultCommand) -> Result<(), Failure> {
    match command.command {
        Command::List { json: true } => {
            print_json(&json!({ "kinds": takt_sim::serve::known_faults() }))
        }
        Command::List { json: false } => list(),
        Command::Inject(args) => block_on(async move { inject(&args).await }),
        Command::Active(args) => block_on(async move { active(&args).await }),
    }
}

fn list() -> Result<(), Failure> {
    let heading = [
        ("FAULT", Align::Left),
        ("OF", Align::Left),
        ("AMOUNT", Align::Left),
        ("LIVE", Align::Left),
        ("WHAT", Align::Left),
    ];
    let rows: Vec<_> = FaultKind::ALL.iter().map(|&kind| row(kind)).collect();
    print(&table(heading, &rows))
}

fn row(kind: FaultKind) -> [String; 5] {
    let amount = kind.amount().map_or("-".to_owned(), |a| {
        format!("{} to {} {}", a.min, a.max, a.unit)
    });
    let live = if kind.is_live() { "yes" } else { "-" };
    [
        kind.name().to_owned(),
        kind.class().word().to_owned(),
        amount,
        live.to_owned(),
        kind.what().to_owned(),
    ]
}

async fn inject(args: &InjectArgs) -> Result<(), Failure> {
    let client = args.floor.client()?;
    let request = json!({
        "cmd": "fault",
        "kind": args.kind,
        "target": args.target,
        "for_s": args.duration.map(|time| time.as_secs_f64()),
        "amount": args.amount,
    });
    ask(&client, request).await?;
    if args.json {
        return print_json(&json!({ "kind": args.kind, "target": args.target, "begun": true }));
    }
    print(&format!("{} of {}: begun\n", args.kind, args.target))
}

async fn active(args: &ActiveArgs) -> Result<(), Failure> {
    let answer = ask(&args.floor.client()?, json!({ "cmd": "faults" })).await?;
    if args.json {
        return print_json(&json!({ "active": answer["active"] }));
    }
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let faults = answer["active"].as_array().map_or(&[][..], Vec::as_slice);
    let cells = ["kind", "target", "amount", "left_s"];
    let rows: Vec<_> = faults
        .iter()
        .map(|fault| cells.map(|key| word(&fault[key])))
        .collect();
    let heading = [
        ("FAULT", Align::Left),
        ("OF", Align::Left),
        ("AMOUNT", Align::Right),
        ("LEFT (s)", Align::Right),
    ];
    print(&table(heading, &rows))
}

/// Asks the floor; what it refuses is bad input.
async fn ask(client: &FloorClient, request: Value) -> Result<Value, Failure> {
    let answer = client.request(&request).await.map_err(Failure::Failed)?;
    match answer["ok"].as_bool() {
        Some(true) => Ok(answer),
        _ => Err(Failure::BadInput(
            answer["error"].as_str().unwrap_or("refused").to_owned(),
        )),
    }
}
