//! `takt run`: controller and simulated floor, the floor as a process of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use takt_maps::Floor;
use takt_plc_bridge::Addresses;
use tokio::process::{Child, Command};

use super::args::duration;
use super::serve::{Site, check_listeners, run_site};
use super::{Failure, FloorArgs, ListenArgs, RealTimeArgs};
use crate::host::floor_process::FloorClient;

/// The floor's process has so long to say where its ports are.
const FLOOR_START: Duration = Duration::from_secs(20);
/// And so long to end when it is asked to.
const FLOOR_STOP: Duration = Duration::from_secs(3);
/// Time between two looks at its ports file.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Arguments of `takt run`.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    #[command(flatten)]
    floor: FloorArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    real_time: RealTimeArgs,
    /// End by itself after this time (otherwise: Ctrl-C)
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// One JSON object with the key figures on stdout at the end
    #[arg(long)]
    json: bool,
    /// Use the floor that `takt floor serve` serves, with the ports in this file, instead of starting one
    #[arg(long, value_name = "FILE")]
    floor_ports: Option<PathBuf>,
}

/// Starts the floor's process, unless there is one, and runs the controller against it.
pub fn run(args: RunArgs) -> Result<(), Failure> {
    // Before anything is begun that would have to be ended again.
    check_listeners(&args.listen)?;
    let floor = args.floor.load()?;
    let real_time = args.real_time.options(super::serve::period(&floor))?;
    let tokio = super::serve::tokio_runtime()?;
    tokio.block_on(async {
        let (ports_file, own) = match &args.floor_ports {
            Some(path) => (path.clone(), None),
            None => {
                let own = OwnFloor::find_or_start(&args.floor, args.listen.data.as_deref(), &floor)
                    .await?;
                (own.ports_file.clone(), Some(own))
            }
        };
        let (addresses, judge) = read_ports(&ports_file, &floor)?;
        tracing::info!(
            "the floor's control channel, for takt fault inject: --control {}",
            judge.address()
        );
        let site = Site {
            floor: Arc::clone(&floor),
            addresses,
            judge: Some(judge),
            seed: args.floor.seed,
            listen: args.listen,
            duration: args.duration,
            json: args.json,
            workload: true,
            real_time,
        };
        let done = run_site(site).await;
        if let Some(own) = own {
            // A floor that was found may be another controller's: then the store is in use, and nothing ran here.
            let ran = matches!(done, Ok(()) | Err(Failure::Found));
            if own.child.is_some() || ran {
                own.stop(&judge).await;
            }
        }
        done
    })
}

/// Addresses of vehicles and devices, and where the floor's judge answers.
fn read_ports(path: &Path, floor: &Floor) -> Result<(Addresses, FloorClient), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::BadInput(format!("ports file {}: {e}", path.display())))?;
    let addresses = Addresses::from_ports_file(&text, floor)
        .map_err(|e| Failure::BadInput(format!("ports file {}: {e}", path.display())))?;
    let judge = FloorClient::from_ports_file(&text)
        .map_err(|e| Failure::BadInput(format!("ports file {}: {e}", path.display())))?;
    Ok((addresses, judge))
}

/// The floor's process, and where it said its ports are.
///
/// With a data directory it outlives a controller that is killed, and the next start finds it again by its ports file.
struct OwnFloor {
    /// `None` for one that an earlier start left behind.
    child: Option<Child>,
    ports_file: PathBuf,
    /// Removed at the end.
    scratch: Option<PathBuf>,
}

impl OwnFloor {
    async fn find_or_start(
        args: &FloorArgs,
        data: Option<&Path>,
        floor: &Floor,
    ) -> Result<Self, Failure> {
        let Some(data) = data else {
            let scratch = std::env::temp_dir().join(format!("takt-floor-{}", std::process::id()));
            std::fs::create_dir_all(&scratch).map_err(Failure::failed)?;
            let ports_file = scratch.join("floor-ports.json");
            let child = Self::start(args, &ports_file, true).await?;
            return Ok(Self {
                child: Some(child),
                ports_file,
                scratch: Some(scratch),
            });
        };
        std::fs::create_dir_all(data)
            .map_err(|e| Failure::Failed(format!("{}: {e}", data.display())))?;
        let ports_file = data.join("floor-ports.json");
        if let Ok(text) = std::fs::read_to_string(&ports_file)
            && let Ok(judge) = FloorClient::from_ports_file(&text)
            && judge.status().await.is_ok()
        {
            if let Err(problem) = Addresses::from_ports_file(&text, floor) {
                return Err(Failure::BadInput(format!(
                    "another floor still runs for {}: {problem}; run it with the floor file that it was started with \
                     and stop it with Ctrl-C, or name another data directory",
                    data.display()
                )));
            }
            tracing::info!("the floor of an earlier start still runs: going on with it");
            return Ok(Self {
                child: None,
                ports_file,
                scratch: None,
            });
        }
        // What a killed floor left behind would be taken for the new one's.
        match std::fs::remove_file(&ports_file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::Failed(format!("{}: {e}", ports_file.display())));
            }
            _ => {}
        }
        let child = Self::start(args, &ports_file, false).await?;
        Ok(Self {
            child: Some(child),
            ports_file,
            scratch: None,
        })
    }

    async fn start(
        args: &FloorArgs,
        ports_file: &Path,
        with_parent: bool,
    ) -> Result<Child, Failure> {
        let program = std::env::current_exe().map_err(Failure::failed)?;
        let mut command = Command::new(program);
        command.args(["floor", "serve"]);
        if let Some(floor) = &args.floor {
            command.arg(floor);
        }
        if let Some(cell) = args.cell {
            command.args(["--cell", &format!("{cell}m")]);
        }
        if let Some(vehicles) = args.vehicles {
            command.args(["--vehicles", &vehicles.to_string()]);
        }
        command
            .args(["--seed", &args.seed.to_string(), "--ports-file"])
            .arg(ports_file);
        if with_parent {
            command.arg("--with-parent");
        }
        // Its own process group: Ctrl-C stops the controller, and the controller the floor. Its standard input ends
        // when this process does, however it does.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0);
        let mut child = command
            .spawn()
            .map_err(|e| Failure::failed(format!("the floor's process: {e}")))?;
        let begun = Instant::now();
        while !ports_file.exists() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(Failure::Failed(format!(
                    "the floor's process ended at once, with {status}"
                )));
            }
            if begun.elapsed() > FLOOR_START {
                // It may end at this very moment.
                let _ = child.kill().await;
                return Err(Failure::Failed(format!(
                    "the floor's process said nothing for {FLOOR_START:?}"
                )));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(child)
    }

    async fn stop(self, judge: &FloorClient) {
        if let Err(problem) = judge.stop().await {
            tracing::warn!("{problem}");
        }
        match self.child {
            Some(mut child) => {
                drop(child.stdin.take());
                if tokio::time::timeout(FLOOR_STOP, child.wait())
                    .await
                    .is_err()
                {
                    tracing::warn!("the floor's process did not stop by itself and was ended");
                    // It may end at this very moment.
                    let _ = child.kill().await;
                }
            }
            None => {
                // It removes its ports file last: until then the next start would take it for one that still runs.
                let begun = Instant::now();
                while self.ports_file.exists() && begun.elapsed() < FLOOR_STOP {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
        if let Some(scratch) = self.scratch {
            // Only a ports file was in it.
            let _ = std::fs::remove_dir_all(scratch);
        }
    }
}
