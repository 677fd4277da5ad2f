//! `takt vehicle`: the fleet, through the API.

use std::io::IsTerminal;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::duration;
use super::client::{Align, block_on, connect, explain, print, print_json, span, table};
use super::{ClientArgs, Failure};
use crate::api::client::Client;
use crate::api::v1::*;

const EXAMPLES: &str = "Examples:
  takt vehicle list
  takt vehicle watch --every 2s
  takt vehicle pause T01
  takt vehicle resume --all";

/// Arguments of `takt vehicle`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct VehicleCommand {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all vehicles
    List,
    /// Show all vehicles again and again, until Ctrl-C
    Watch {
        /// Time between two looks, 50ms to 60s
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
        every: Duration,
    },
    /// Hold a vehicle, or all of them, where they are; their orders stay with them
    Pause(Which),
    /// Let a paused vehicle, or the floor, go on
    Resume(Which),
    /// Locate a vehicle that is not where it should be where it says that it stands, once you have looked at it; the
    /// ground that it held elsewhere is freed
    Locate {
        /// Its name
        #[arg(value_name = "VEHICLE")]
        name: String,
    },
}

/// One vehicle or all.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Its name
    #[arg(value_name = "VEHICLE")]
    name: Option<String>,
    /// The floor as a whole; vehicles that were paused one by one stay paused when it resumes
    #[arg(long)]
    all: bool,
}

/// Carries out `takt vehicle`.
///
/// # Errors
/// If the API is not there, or refuses.
pub fn run(command: VehicleCommand) -> Result<(), Failure> {
    let VehicleCommand {
        client: args,
        command,
    } = command;
    block_on(async move {
        let client = connect(&args).await?;
        match command {
            Command::List => {
                let vehicles = client
                    .vehicles()
                    .list_vehicles(ListVehiclesRequest {})
                    .await;
                show(
                    &args,
                    &vehicles.map_err(explain(&client))?.into_inner().vehicles,
                    "",
                )
            }
            Command::Watch { every } => watch(&client, &args, every).await,
            Command::Pause(which) => pause(&client, &args, which, true).await,
            Command::Resume(which) => pause(&client, &args, which, false).await,
            Command::Locate { name } => {
                let request = LocateVehicleRequest { name };
                let located = client.vehicles().locate_vehicle(request).await;
                let vehicle = located.map_err(explain(&client))?.into_inner();
                match args.json {
                    true => print_json(&vehicle_json(&vehicle)),
                    false => print(&format!("{}: located\n", vehicle.name)),
                }
            }
        }
    })
}

async fn watch(client: &Client, args: &ClientArgs, every: Duration) -> Result<(), Failure> {
    let interval_ms = u32::try_from(every.as_millis()).unwrap_or(u32::MAX).max(1);
    let watched = client
        .vehicles()
        .watch_vehicles(WatchVehiclesRequest { interval_ms })
        .await;
    let mut looks = watched
        .map_err(|status| client.explain(&status, |_| "--every (in ms)".to_owned()))?
        .into_inner();
    let stdout = std::io::stdout();
    // On a terminal in place of the last one, elsewhere one below the other.
    let before = if stdout.is_terminal() {
        "\x1b[H\x1b[J"
    } else {
        "\n"
    };
    while let Some(look) = looks.message().await.map_err(explain(client))? {
        show(args, &look.vehicles, before)?;
    }
    Err(Failure::Failed("the API ended the watch".to_owned()))
}

async fn pause(
    client: &Client,
    args: &ClientArgs,
    which: Which,
    paused: bool,
) -> Result<(), Failure> {
    let word = if paused { "paused" } else { "resumed" };
    let Some(name) = which.name else {
        let floor = match paused {
            true => client.floor().pause_floor(PauseFloorRequest {}).await,
            false => client.floor().resume_floor(ResumeFloorRequest {}).await,
        };
        let floor = floor.map_err(explain(client))?.into_inner();
        return match args.json {
            true => print_json(&json!({ "paused": floor.paused })),
            false => print(&format!("floor: {word}\n")),
        };
    };
    let vehicle = match paused {
        true => {
            client
                .vehicles()
                .pause_vehicle(PauseVehicleRequest { name })
                .await
        }
        false => {
            client
                .vehicles()
                .resume_vehicle(ResumeVehicleRequest { name })
                .await
        }
    };
    let vehicle = vehicle.map_err(explain(client))?.into_inner();
    if args.json {
        print_json(&vehicle_json(&vehicle))
    } else {
        print(&format!("{}: {word}\n", vehicle.name))
    }
}

/// Vehicles as JSON, or as a table with something before it.
fn show(args: &ClientArgs, vehicles: &[Vehicle], before: &str) -> Result<(), Failure> {
    if args.json {
        return print_json(
            &json!({ "vehicles": vehicles.iter().map(vehicle_json).collect::<Vec<_>>() }),
        );
    }
    let heading = [
        ("VEHICLE", Align::Left),
        ("KIND", Align::Left),
        ("X (m)", Align::Right),
        ("Y (m)", Align::Right),
        ("SPEED (m/s)", Align::Right),
        ("BATTERY (%)", Align::Right),
        ("MISSION", Align::Left),
        ("ORDER", Align::Right),
        ("WAITS FOR", Align::Left),
        ("STATE", Align::Left),
        ("REPORT", Align::Right),
    ];
    let rows: Vec<_> = vehicles.iter().map(row).collect();
    print(&format!("{before}{}", table(heading, &rows)))
}

fn row(vehicle: &Vehicle) -> [String; 11] {
    let metres = |m: f64| {
        if vehicle.located {
            format!("{m:.2}")
        } else {
            "?".to_owned()
        }
    };
    let or_dash = |word: &str| {
        if word.is_empty() {
            "-".to_owned()
        } else {
            word.to_owned()
        }
    };
    let mut state: Vec<String> = Vec::new();
    if !vehicle.linked {
        state.push("link lost".to_owned());
    }
    if vehicle.paused {
        state.push("paused".to_owned());
    }
    if vehicle.mode != "automatic" {
        state.push(vehicle.mode.replace('_', " "));
    }
    if vehicle.fault != 0 {
        state.push(format!("fault {}", vehicle.fault));
    }
    [
        vehicle.name.clone(),
        vehicle.kind.clone(),
        metres(vehicle.x_m),
        metres(vehicle.y_m),
        format!("{:.2}", vehicle.speed_m_s),
        format!("{:.0}", vehicle.battery * 100.0),
        vehicle.mission.replace('_', " "),
        if vehicle.order == 0 {
            "-".to_owned()
        } else {
            vehicle.order.to_string()
        },
        or_dash(&vehicle.wait),
        if state.is_empty() {
            "ok".to_owned()
        } else {
            state.join(", ")
        },
        span(i64::try_from(vehicle.report_age_ms).unwrap_or(i64::MAX)),
    ]
}

/// A vehicle with the `.proto`'s names.
fn vehicle_json(vehicle: &Vehicle) -> Value {
    json!({
        "name": vehicle.name,
        "kind": vehicle.kind,
        "located": vehicle.located,
        "x_m": vehicle.x_m,
        "y_m": vehicle.y_m,
        "heading_rad": vehicle.heading_rad,
        "speed_m_s": vehicle.speed_m_s,
        "battery": vehicle.battery,
        "loaded": vehicle.loaded,
        "mission": vehicle.mission,
        "order": vehicle.order,
        "wait": vehicle.wait,
        "paused": vehicle.paused,
        "linked": vehicle.linked,
        "mode": vehicle.mode,
        "fault": vehicle.fault,
        "distance_m": vehicle.distance_m,
        "report_age_ms": vehicle.report_age_ms,
    })
}
