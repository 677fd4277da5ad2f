//! The simulated floor over real sockets, in real time: every vehicle and device is a Modbus TCP server of its own.
//!
//! All listen on loopback, on ports that the system chooses; a ports file tells which. A control channel of JSON lines
//! pulls plugs and answers questions, for tests and demonstrations.
//!
//! The servers themselves are in [`mod@unit`]. In virtual time they answer over wires in memory, frame by frame ([`frames`]).

mod control;
mod endpoint;
pub mod frames;
mod injected;
mod pace;
pub mod registers;
pub mod unit;

use crate::floor::{Endpoint, SimFloor};
use crate::statistics::Statistics;
use endpoint::{Plug, UnitServer};
use injected::Injected;
pub use injected::{KnownFault, known as known_faults};
use pace::Pacer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use takt_maps::{DeviceId, Floor, VehicleId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use unit::Unit;

/// Where everything listens.
const LOOPBACK: &str = "127.0.0.1:0";

/// How to serve a floor.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Where to write which ports were chosen; written whole, and removed at the end. `None`: nowhere.
    pub ports_file: Option<PathBuf>,
    /// Seed of the simulation.
    pub seed: u64,
}

/// The ports file: `host:port` of every server, by the name of what it serves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ports {
    /// The control channel.
    pub control: String,
    /// Modbus TCP servers of vehicles.
    pub vehicles: BTreeMap<String, String>,
    /// Modbus TCP servers of devices.
    pub devices: BTreeMap<String, String>,
}

/// How well simulated time kept up with real time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Lag {
    /// The furthest that the simulation was behind, ms.
    pub lag_ms_max: u64,
    /// Time left out because it was too far behind, ms.
    pub dropped_ms: u64,
}

/// What a served floor has come to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// What happened on the floor.
    pub statistics: Statistics,
    /// How well it kept up.
    pub lag: Lag,
}

/// Why a floor could not be served, or not any longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No port could be had.
    #[error("cannot listen on {LOOPBACK} for {name}: {source}")]
    Listen {
        /// For whom.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The ports file could not be written.
    #[error("cannot write the ports file {}: {source}", path.display())]
    PortsFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The thread of the simulation could not be started.
    #[error("cannot start the simulation's thread: {0}")]
    Thread(std::io::Error),
    /// The simulation ended by itself: a defect of the simulator.
    #[error("the simulation stopped unexpectedly; its messages say why")]
    Stopped,
}

/// What the servers, the control channel and the simulation's thread share.
#[derive(Debug)]
struct Shared {
    sim: Mutex<SimFloor>,
    lag: Mutex<Lag>,
    injected: Mutex<Injected>,
}

impl Shared {
    fn sim(&self) -> MutexGuard<'_, SimFloor> {
        // A poisoned lock means that the simulation has panicked, which ends the service by itself.
        self.sim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lag(&self) -> MutexGuard<'_, Lag> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never taken by somebody who holds the simulation, but for its own thread.
    fn injected(&self) -> MutexGuard<'_, Injected> {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> Report {
        Report {
            statistics: self.sim().statistics(),
            lag: *self.lag(),
        }
    }
}

/// Serves a floor until `shutdown` completes, or the control channel says stop.
///
/// # Errors
/// If a port cannot be had, the ports file cannot be written, or the simulation stops by itself.
pub async fn serve(
    floor: Arc<Floor>,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<Report, ServeError> {
    let shared = Arc::new(Shared {
        sim: Mutex::new(SimFloor::new(floor.clone(), options.seed)),
        lag: Mutex::new(Lag::default()),
        injected: Mutex::default(),
    });
    // Dropping the set, on any way out of here, closes all sockets.
    let mut tasks = JoinSet::new();
    let mut plugs = Vec::new();
    let mut ports = Ports::default();
    for (index, vehicle) in floor.vehicles.iter().enumerate() {
        let (listener, address) = listen(&vehicle.name).await?;
        let id = VehicleId::from_index(index);
        let server = UnitServer {
            shared: shared.clone(),
            unit: Arc::new(Mutex::new(Unit::vehicle(id))),
        };
        let (plug, pulled) = Plug::new(Endpoint::Vehicle(id));
        plugs.push(plug);
        tasks.spawn(endpoint::run(listener, address, server, pulled));
        ports
            .vehicles
            .insert(vehicle.name.clone(), address.to_string());
    }
    for (index, device) in floor.devices.iter().enumerate() {
        let (listener, address) = listen(&device.name).await?;
        let id = DeviceId::from_index(index);
        let server = UnitServer {
            shared: shared.clone(),
            unit: Arc::new(Mutex::new(Unit::device(id, device))),
        };
        let (plug, pulled) = Plug::new(Endpoint::Device(id));
        plugs.push(plug);
        tasks.spawn(endpoint::run(listener, address, server, pulled));
        ports
            .devices
            .insert(device.name.clone(), address.to_string());
    }
    let (listener, address) = listen("the control channel").await?;
    let (stop, mut stopped) = mpsc::channel(1);
    tasks.spawn(control::run(listener, shared.clone(), plugs, stop));
    ports.control = address.to_string();

    let mut pacer = Pacer::start(shared.clone()).map_err(ServeError::Thread)?;
    if let Some(path) = &options.ports_file {
        write_ports(path, &ports)?;
    }
    tracing::info!(
        vehicles = ports.vehicles.len(),
        devices = ports.devices.len(),
        control = ports.control,
        "the simulated floor is served"
    );
    let ended_well = tokio::select! {
        biased;
        () = shutdown => true,
        _ = stopped.recv() => true,
        () = pacer.ended() => false,
    };
    drop(tasks);
    let stepped = pacer.stop();
    if let Some(path) = &options.ports_file
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::debug!(%error, path = %path.display(), "the ports file was not removed");
    }
    if ended_well && stepped {
        Ok(shared.report())
    } else {
        Err(ServeError::Stopped)
    }
}

async fn listen(name: &str) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen {
        name: name.into(),
        source,
    };
    let listener = TcpListener::bind(LOOPBACK).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Writes the ports file beside its place and renames it, so that a reader finds all of it or nothing.
fn write_ports(path: &Path, ports: &Ports) -> Result<(), ServeError> {
    let failed = |source| ServeError::PortsFile {
        path: path.into(),
        source,
    };
    let text = serde_json::to_vec_pretty(ports).map_err(|e| failed(e.into()))?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(name);
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

#[cfg(test)]
mod tests;
