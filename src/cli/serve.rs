//! `takt serve`: the controller against a floor that is there; and what it shares with `takt run`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use takt_maps::Floor;
use takt_plc_bridge::Addresses;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::args::duration;
use super::status_line::StatusLine;
use super::{Failure, FloorArgs, ListenArgs, RealTimeArgs};
use crate::host::floor_process::{FloorClient, FloorStatus};
use crate::host::live::{FieldChoice, Live, LiveError, LiveOptions, RealTimeOptions, Summary};
use crate::{api, dashboard};

/// Arguments of `takt serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
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
    /// Take addresses from this file, as `takt floor serve` writes it, instead of from the floor file
    #[arg(long, value_name = "FILE")]
    floor_ports: Option<PathBuf>,
}

/// Runs the controller against the addresses of the floor file, or of a ports file.
pub fn run(args: ServeArgs) -> Result<(), Failure> {
    check_listeners(&args.listen)?;
    let floor = args.floor.load()?;
    let (addresses, judge) = match &args.floor_ports {
        Some(path) => {
            let bad = |e: &dyn std::fmt::Display| {
                Failure::BadInput(format!("ports file {}: {e}", path.display()))
            };
            let text = std::fs::read_to_string(path).map_err(|e| bad(&e))?;
            let addresses = Addresses::from_ports_file(&text, &floor).map_err(|e| bad(&e))?;
            (addresses, FloorClient::from_ports_file(&text).ok())
        }
        None => (addresses_of(&floor)?, None),
    };
    let real_time = args.real_time.options(period(&floor))?;
    let site = Site {
        floor,
        addresses,
        judge,
        seed: args.floor.seed,
        listen: args.listen,
        duration: args.duration,
        json: args.json,
        workload: false,
        real_time,
    };
    tokio_runtime()?.block_on(run_site(site))
}

/// The addresses in the floor file. Without one for each vehicle nothing would ever move: all have to say where they
/// are first.
fn addresses_of(floor: &Floor) -> Result<Addresses, Failure> {
    let addresses = Addresses::from_floor(floor).map_err(Failure::bad_input)?;
    let without = |known: &[Option<_>], names: Vec<&str>| -> Vec<String> {
        let missing = names.iter().zip(known).filter(|(_, known)| known.is_none());
        missing.map(|(name, _)| (*name).to_owned()).collect()
    };
    let vehicles = floor.vehicles.iter().map(|v| &v.name[..]).collect();
    let devices = floor.devices.iter().map(|d| &d.name[..]).collect();
    let missing = without(&addresses.vehicles, vehicles);
    if !missing.is_empty() {
        return Err(Failure::BadInput(format!(
            "no address for {}: give each [[vehicle]] of the floor file an `address`, or name a ports file with --floor-ports; `takt run` brings a simulated floor of its own",
            shortened(&missing)
        )));
    }
    let missing = without(&addresses.devices, devices);
    if !missing.is_empty() {
        tracing::warn!(
            "no address for {}: nothing is read from it and nothing written",
            shortened(&missing)
        );
    }
    Ok(addresses)
}

/// Some names, and how many more there are.
fn shortened(names: &[String]) -> String {
    match names.len() {
        0..=5 => names.join(", "),
        n => format!("{} and {} more", names[..5].join(", "), n - 5),
    }
}

/// The control cycle's.
pub(super) fn period(floor: &Floor) -> Duration {
    Duration::from_micros(floor.control.cycle_us.into())
}

/// Refuses addresses that others than this machine can reach.
pub(super) fn check_listeners(listen: &ListenArgs) -> Result<(), Failure> {
    [listen.api, listen.dashboard]
        .into_iter()
        .try_for_each(|address| api::check_listener(address).map_err(Failure::BadInput))
}

/// A runtime for sockets.
pub(super) fn tokio_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::failed)
}

/// A floor to run, and everything around it.
pub(super) struct Site {
    pub floor: Arc<Floor>,
    pub addresses: Addresses,
    pub judge: Option<FloorClient>,
    pub seed: u64,
    pub listen: ListenArgs,
    pub duration: Option<Duration>,
    pub json: bool,
    pub workload: bool,
    pub real_time: RealTimeOptions,
}

/// Runs until the time is up or Ctrl-C, stops the floor in order, and says what was done.
pub(super) async fn run_site(site: Site) -> Result<(), Failure> {
    let api_listener = listen("API", "--api", site.listen.api).await?;
    let dashboard_listener = listen("dashboard", "--dashboard", site.listen.dashboard).await?;
    let api_at = api_listener.local_addr().map_err(Failure::failed)?;
    let dashboard_at = dashboard_listener.local_addr().map_err(Failure::failed)?;

    let options = LiveOptions {
        seed: site.seed,
        data: site.listen.data.clone(),
        data_bytes_max: site.listen.data_max,
        witness: site.listen.witness.clone(),
        field: FieldChoice::Modbus(site.addresses),
        workload: site.workload,
        real_time: site.real_time,
    };
    let handle = tokio::runtime::Handle::current();
    let stop_signals = StopSignals::new();
    let live = Live::start(site.floor.clone(), options, &handle)?;
    let (shutdown, stopped) = watch::channel(false);
    let down = |mut stopped: watch::Receiver<bool>| async move {
        // The sender is gone only at the end.
        let _ = stopped.wait_for(|&stopped| stopped).await;
    };
    let api = tokio::spawn(api::serve(
        live.front.clone(),
        api_listener,
        down(stopped.clone()),
    ));
    let dashboard = tokio::spawn(dashboard::serve(
        live.front.clone(),
        dashboard_listener,
        down(stopped.clone()),
    ));
    if let Some(path) = &site.listen.ports_file {
        let ports = json!({ "api": api_at.to_string(), "dashboard": dashboard_at.to_string() });
        write_ports(path, &ports)
            .map_err(|e| Failure::Failed(format!("ports file {}: {e}", path.display())))?;
    }
    eprintln!(
        "takt: {} on http://{dashboard_at} (dashboard) and {api_at} (gRPC API)",
        site.floor.name
    );

    let begun = Instant::now();
    let status = StatusLine::new(&live.front, site.judge);
    let why = wait(&live, site.duration, &status, stop_signals).await;
    status.finish();
    match why {
        End::Time => {}
        End::Asked => eprintln!("takt: stopping: vehicles are held where they are"),
        End::Died => eprintln!("takt: the controller ended by itself; see the log above"),
    }
    let front = live.front.clone();
    let summary = live.stop().await;
    // The servers end after the controller, so that watchers see its last changes.
    let _ = shutdown.send(true);
    let wall_s = begun.elapsed().as_secs_f64();
    let (floor_status, unjudged) = match site.judge {
        Some(judge) => match judge.status().await {
            Ok(status) => (Some(status), None),
            Err(problem) => (None, Some(problem)),
        },
        None => (None, None),
    };
    for server in [
        tokio::time::timeout(Duration::from_secs(2), api)
            .await
            .map(drop),
        tokio::time::timeout(Duration::from_secs(2), dashboard)
            .await
            .map(drop),
    ] {
        if server.is_err() {
            tracing::warn!("a server was still busy and was ended");
        }
    }
    let report = Report {
        site: &site.floor,
        seed: site.seed,
        front: &front,
        summary,
        floor_status,
        wall_s,
    };
    if site.json {
        say!("{}", report.json())
    } else {
        report.print()
    }
    if let Some(problem) = unjudged {
        eprintln!("takt: {problem}; contacts were not judged");
        return Err(Failure::Found);
    }
    let contacts = floor_status.map_or(0, |s| s.contacts);
    if contacts + report.summary.deadlocks + report.summary.orders_lost > 0
        || matches!(why, End::Died)
    {
        return Err(Failure::Found);
    }
    Ok(())
}

/// Listens for pages or clients; `option` is what chooses another address.
pub(super) async fn listen(
    what: &str,
    option: &str,
    address: std::net::SocketAddr,
) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| {
        Failure::Failed(format!(
            "the {what} cannot listen on {address}: {e}; choose another with {option}, or port 0"
        ))
    })
}

/// Writes a ports file, which is there as a whole or not at all.
pub(super) fn write_ports(
    path: &std::path::Path,
    ports: &serde_json::Value,
) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, format!("{ports}\n"))?;
    std::fs::rename(new, path)
}

#[derive(Clone, Copy)]
enum End {
    Time,
    Asked,
    Died,
}

/// Ctrl-C and SIGTERM, listened to from the beginning: none is lost while something else is being waited for.
pub(super) struct StopSignals([Option<Signal>; 2]);

impl StopSignals {
    /// Listens from now on.
    pub(super) fn new() -> Self {
        // Without signal handling the process ends by the signal itself.
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    /// Waits for the first of them.
    pub(super) async fn asked(&mut self) {
        async fn one(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            () = one(interrupt) => {}
            () = one(terminate) => {}
        }
    }
}

async fn wait(
    live: &Live,
    duration: Option<Duration>,
    status: &StatusLine,
    mut stop: StopSignals,
) -> End {
    let until = duration.map(|d| tokio::time::Instant::now() + d);
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            biased;
            () = stop.asked() => return End::Asked,
            () = async { match until { Some(at) => tokio::time::sleep_until(at).await, None => std::future::pending().await } } => return End::Time,
            _ = tick.tick() => {
                if live.is_dead() {
                    return End::Died;
                }
                status.show().await;
            }
        }
    }
}

/// What was done.
struct Report<'a> {
    site: &'a Floor,
    seed: u64,
    front: &'a crate::host::front::Front,
    summary: Summary,
    floor_status: Option<FloorStatus>,
    wall_s: f64,
}

impl Report<'_> {
    fn json(&self) -> serde_json::Value {
        let (kpis, floor) = (self.front.read(|m| m.kpis), self.floor_status);
        let us = |ns: u64| ns as f64 / 1_000.0;
        let simulated_s = self.summary.cycles as f64 * f64::from(self.site.control.cycle_us) / 1e6;
        let execution = &self.summary.timing.execution;
        let latency = &self.summary.timing.latency;
        json!({
            "floor": self.site.name,
            "seed": self.seed,
            "simulated_s": simulated_s,
            "vehicles": self.site.vehicles.len(),
            "orders_done": kpis.orders_done,
            "orders_open": kpis.orders_open,
            "orders_late": kpis.orders_late,
            "orders_ended_otherwise": kpis.orders_ended_otherwise,
            "orders_lost": self.summary.orders_lost,
            "starvation_s": floor.map_or(kpis.starvation_ms as f64 / 1_000.0, |f| f.starvation_s),
            "contacts": floor.map(|f| f.contacts),
            "deadlocks": self.summary.deadlocks,
            "distance_m": floor.map_or(kpis.distance_mm as f64 / 1_000.0, |f| f.distance_m),
            "utilisation": f64::from(kpis.utilisation_permille) / 1_000.0,
            "cycles": self.summary.cycles,
            "state_hash": format!("{:016x}", self.summary.state_hash),
            "counts": self.summary.counts,
            "host": {
                "wall_s": self.wall_s,
                "speedup": simulated_s / self.wall_s,
                "execution_us": {
                    "p50": us(execution.p50_ns), "p99": us(execution.p99_ns),
                    "p999": us(execution.p999_ns), "p9999": us(execution.p9999_ns),
                    "max": us(execution.max_ns),
                },
                "latency_us": {
                    "p50": us(latency.p50_ns), "p99": us(latency.p99_ns),
                    "p999": us(latency.p999_ns), "p9999": us(latency.p9999_ns),
                    "max": us(latency.max_ns),
                },
                "misses": self.summary.timing.missed(),
                "missed_by_overrun": self.summary.timing.missed_by_overrun,
                "missed_by_preemption": self.summary.timing.missed_by_preemption,
                "missed_by_wakeup": self.summary.timing.missed_by_wakeup,
                "over_budget": self.summary.timing.over_budget,
                "allocations": self.summary.allocations,
                "major_faults": self.summary.usage.major_faults,
                "scheduler": self.summary.scheduler,
                "witness": self.summary.witness,
            },
        })
    }

    fn print(&self) {
        let kpis = self.front.read(|m| m.kpis);
        say!(
            "{}: {:.0} s with {} vehicles. Orders: {} done, {} late, {} open, {} lost.",
            self.site.name,
            self.wall_s,
            self.site.vehicles.len(),
            kpis.orders_done,
            kpis.orders_late,
            kpis.orders_open,
            self.summary.orders_lost,
        );
        let (starvation_s, distance_m) = self.floor_status.map_or(
            (
                kpis.starvation_ms as f64 / 1e3,
                kpis.distance_mm as f64 / 1e3,
            ),
            |f| (f.starvation_s, f.distance_m),
        );
        let contacts = self
            .floor_status
            .map_or("not judged".to_owned(), |f| f.contacts.to_string());
        say!(
            "Floor: {:.2} km driven, utilisation {:.0} %, starvation {:.1} s, contacts {contacts}, deadlocks {}.",
            distance_m / 1e3,
            f64::from(kpis.utilisation_permille) / 10.0,
            starvation_s,
            self.summary.deadlocks,
        );
        let execution = &self.summary.timing.execution;
        say!(
            "Cycle: {} cycles, execution p50 {} us, p99 {} us, max {} us; {} deadline misses ({} by overrun, {} by preemption, {} by wake-up), {} more over their budget.",
            self.summary.cycles,
            execution.p50_ns / 1_000,
            execution.p99_ns / 1_000,
            execution.max_ns / 1_000,
            self.summary.timing.missed(),
            self.summary.timing.missed_by_overrun,
            self.summary.timing.missed_by_preemption,
            self.summary.timing.missed_by_wakeup,
            self.summary.timing.over_budget,
        );
    }
}

impl From<LiveError> for Failure {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::WrongStore(_) => Self::bad_input(error),
            _ => Self::failed(error),
        }
    }
}
