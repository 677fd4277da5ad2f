//! `takt check`: all problems of a floor file.

use clap::Args;
use serde_json::json;

use super::{Failure, FloorArgs};

/// Arguments of `takt check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Checks a floor and says what is on it.
pub fn run(args: CheckArgs) -> Result<(), Failure> {
    let path = args.floor.path();
    match args.floor.read(args.floor.vehicles) {
        Ok(loaded) => {
            let f = &loaded.floor;
            if args.json {
                let object = json!({
                    "floor": f.name, "ok": true, "problems": loaded.warnings, "unused": loaded.unused,
                    "nodes": f.roadmap.nodes().len(), "edges": f.roadmap.edges().len(),
                    "vehicles": f.vehicles.len(), "stations": f.stations.len(), "chargers": f.chargers.len(),
                    "doors": f.doors.len(), "devices": f.devices.len(), "conflict_set_max": f.conflicts.largest(),
                });
                say!("{object}");
            } else {
                eprint!("{}", loaded.warnings.plain());
                if !loaded.unused.is_empty() {
                    say!("not used yet: {}", loaded.unused.join(", "));
                }
                say!(
                    "{}: no errors. {} nodes, {} edges, {} vehicles, {} stations, {} chargers, {} doors, {} devices; \
                     largest conflict set {}",
                    f.name,
                    f.roadmap.nodes().len(),
                    f.roadmap.edges().len(),
                    f.vehicles.len(),
                    f.stations.len(),
                    f.chargers.len(),
                    f.doors.len(),
                    f.devices.len(),
                    f.conflicts.largest(),
                );
            }
            Ok(())
        }
        Err(problems) if args.json => {
            say!(
                "{}",
                json!({ "floor": path, "ok": false, "problems": problems })
            );
            Err(Failure::BadInput(problems.to_string()))
        }
        Err(problems) => Err(problems.into()),
    }
}
