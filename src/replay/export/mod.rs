//! Lives as an MCAP file, which Foxglove opens: replayed, and everything that the controller put out written down.
//!
//! Times are the controller's, turned into UTC by the store's zero, so that the same recording always gives the same
//! bytes. All messages are JSON with a JSON schema (`schemas`): plain ones for plots and tables, and Foxglove's own
//! `FrameTransform` and `SceneUpdate` for its 3D panel.

mod channels;
mod messages;
mod scene;
mod schemas;

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use mcap::McapError;
use mcap::records::Metadata;
use serde::Serialize;
use takt_maps::{BufferId, Floor, VehicleId};
use takt_rt::host::Disk;

use super::watch::{Beginning, Seen, Watch};
use super::{ReplayError, ReplayOptions, Report, replay_watched};
use crate::controller::{Delta, VehicleStatus};
use crate::follower::model::{AlarmKind, AlarmPriority};
use channels::{Channels, Topic};

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Exported {
    /// Messages, by topic.
    pub topics: BTreeMap<String, u64>,
    /// Messages in all.
    pub messages: u64,
    /// Time of the first message, in nanoseconds since 1970.
    pub first_utc_ns: u64,
    /// Time of the last message, in nanoseconds since 1970.
    pub last_utc_ns: u64,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The file cannot be written.
    #[error("it cannot be written: {0}")]
    Write(#[from] McapError),
}

/// Replays lives and writes what they put out to `to`; `progress` is told how far it is, from 0 to 1.
///
/// A difference from what was recorded, or a recording that ends early, is told in the report: what was replayed until
/// then is written.
///
/// # Errors
/// See [`ExportError`].
pub fn export<W: Write + Seek>(
    floor: &Arc<Floor>,
    disk: &impl Disk,
    options: &ReplayOptions,
    to: W,
    progress: impl FnMut(f64),
) -> Result<(Report, Exported), ExportError> {
    let mut exporter = Exporter::new(floor.clone(), to)?;
    let report = replay_watched(floor, disk, options, &mut exporter, progress)?;
    Ok((report, exporter.finish()?))
}

/// A vehicle's status is written again after so long, even if nothing has changed.
const STATUS_EVERY_NS: u64 = 1_000_000_000;

/// What a vehicle was last written with.
#[derive(Clone, Default)]
struct Last {
    status: Option<VehicleStatus>,
    at_ns: u64,
}

struct Exporter<W: Write + Seek> {
    floor: Arc<Floor>,
    channels: Channels<W>,
    vehicles: Vec<Last>,
    looks: scene::Looks,
    /// Alarms that are active.
    alarms: Vec<AlarmKind>,
    failed: Option<McapError>,
}

impl<W: Write + Seek> Exporter<W> {
    fn new(floor: Arc<Floor>, to: W) -> Result<Self, McapError> {
        Ok(Self {
            channels: Channels::new(&floor, to)?,
            vehicles: vec![Last::default(); floor.vehicles.len()],
            looks: scene::Looks::new(&floor),
            alarms: Vec::new(),
            failed: None,
            floor,
        })
    }

    fn finish(mut self) -> Result<Exported, McapError> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.channels.finish(),
        }
    }

    /// Goes on until something cannot be written.
    fn noted(&mut self, outcome: Result<(), McapError>) -> ControlFlow<()> {
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                // What follows from the first failure explains nothing.
                self.failed.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }

    fn life(&mut self, life: &Beginning<'_>) -> Result<(), McapError> {
        self.channels.at(life.utc_ns);
        let about = [
            ("floor", self.floor.name.clone()),
            ("floor_digest", format!("{:016x}", self.floor.digest)),
            ("epoch", life.epoch.to_string()),
            ("build", life.build.to_owned()),
            ("seed", life.seed.to_string()),
            ("begun_utc_ns", life.utc_ns.to_string()),
        ];
        self.channels.metadata(&Metadata {
            name: format!("takt.life.{}", life.epoch),
            metadata: about.map(|(key, value)| (key.to_owned(), value)).into(),
        })?;
        let model = &life.follower.model;
        self.channels
            .write(Topic::Life, &messages::life(&self.floor, life))?;
        self.channels.write(
            Topic::SceneFloor,
            &scene::floor(&self.floor, self.channels.now_ns()),
        )?;
        for (i, &pieces) in model.stock.iter().enumerate() {
            let stock = messages::stock(&self.floor, BufferId::from_index(i), pieces);
            self.channels.write(Topic::Stock, &stock)?;
        }
        for order in model.orders.values().filter(|o| !o.state.is_final()) {
            let restored = messages::restored(&self.floor, order);
            self.channels.write(Topic::Orders, &restored)?;
        }
        self.looks = scene::Looks::new(&self.floor);
        self.vehicles.fill(Last::default());
        self.alarms.clear();
        self.show_vehicles()
    }

    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), McapError> {
        self.channels.at(seen.utc_ns);
        for (person, request) in seen.asked {
            let request = messages::request(&self.floor, person, request);
            self.channels.write(Topic::Requests, &request)?;
        }
        for delta in seen.deltas {
            self.delta(delta, seen)?;
        }
        if self.looks.due(self.channels.now_ns()) {
            self.show_vehicles()?;
        }
        Ok(())
    }

    fn show_vehicles(&mut self) -> Result<(), McapError> {
        let now_ns = self.channels.now_ns();
        let scene = self.looks.show(&self.floor, now_ns);
        self.channels.write(Topic::SceneVehicles, &scene)
    }

    fn delta(&mut self, delta: &Delta, seen: &Seen<'_>) -> Result<(), McapError> {
        let floor = &self.floor;
        match delta {
            Delta::Submitted { id, spec, .. } => {
                let client = seen.clients.iter().find(|(order, _)| order == id);
                let state = seen.deltas.iter().find_map(|delta| match delta {
                    Delta::Moved(t) if t.order == *id && t.from.is_none() => Some(t.to),
                    _ => None,
                });
                let state = state.unwrap_or_default();
                let accepted = messages::accepted(floor, *id, spec, state, client.map(|(_, c)| c));
                self.channels.write(Topic::Orders, &accepted)
            }
            // It has just been accepted, which is told above.
            Delta::Moved(t) if t.from.is_none() => Ok(()),
            Delta::Moved(t) => self
                .channels
                .write(Topic::Orders, &messages::moved(floor, t)),
            Delta::Stock { buffer, pieces } => {
                let stock = messages::stock(floor, *buffer, *pieces);
                self.channels.write(Topic::Stock, &stock)
            }
            Delta::VehiclePaused { vehicle, paused } => {
                let paused = messages::paused(floor, Some(*vehicle), *paused);
                self.channels.write(Topic::Pauses, &paused)
            }
            Delta::FloorPaused { paused } => {
                let paused = messages::paused(floor, None, *paused);
                self.channels.write(Topic::Pauses, &paused)
            }
            Delta::Vehicle(status) => self.vehicle(status),
            Delta::Door { door, state } => {
                let door = messages::door(floor, *door, *state);
                self.channels.write(Topic::Doors, &door)
            }
            Delta::DeviceLink { device, up } => {
                let device = messages::device(floor, *device, *up);
                self.channels.write(Topic::Devices, &device)
            }
            Delta::Raised { kind, priority, .. } => self.alarm(*kind, Some(*priority)),
            Delta::Cleared { kind, .. } => self.alarm(*kind, None),
            Delta::Locating { missing } => {
                let missing = messages::locating(*missing);
                self.channels.write(Topic::Locating, &missing)
            }
            Delta::Tick {
                cycle, state_hash, ..
            } => {
                let hash = messages::state_hash(*cycle, state_hash);
                self.channels.write(Topic::StateHash, &hash)
            }
            // What it brought about is told by other changes, or by the request itself.
            Delta::Answer { .. }
            | Delta::Prioritised { .. }
            | Delta::EdgeBlocked { .. }
            | Delta::VehicleBooted { .. } => Ok(()),
        }
    }

    /// An alarm that comes with this priority, or goes. Only changes are written: a cause is told again and again, and
    /// so is that there is none.
    fn alarm(&mut self, kind: AlarmKind, priority: Option<AlarmPriority>) -> Result<(), McapError> {
        let active = self.alarms.iter().position(|other| *other == kind);
        match (active, priority) {
            (Some(_), Some(_)) | (None, None) => return Ok(()),
            (None, Some(_)) => self.alarms.push(kind),
            (Some(at), None) => drop(self.alarms.remove(at)),
        }
        let alarm = messages::alarm(&self.floor, kind, priority);
        self.channels.write(Topic::Alarms, &alarm)
    }

    fn vehicle(&mut self, status: &VehicleStatus) -> Result<(), McapError> {
        let now_ns = self.channels.now_ns();
        let vehicle = status.vehicle;
        let last = &mut self.vehicles[vehicle.index()];
        let same = last.status.is_some_and(|before| {
            // A report that says nothing new is only newer.
            before
                == VehicleStatus {
                    seen_ms: before.seen_ms,
                    ..*status
                }
        });
        if same && now_ns < last.at_ns.saturating_add(STATUS_EVERY_NS) {
            return Ok(());
        }
        *last = Last {
            status: Some(*status),
            at_ns: now_ns,
        };
        self.looks.note(status);
        self.channels.write(
            Topic::Vehicle(vehicle),
            &messages::vehicle(&self.floor, status),
        )?;
        match status.pose {
            Some(pose) => {
                let name = &self.floor.vehicles[vehicle.index()].name;
                let transform = scene::transform(name, pose, now_ns);
                self.channels.write(Topic::Transforms, &transform)
            }
            None => Ok(()),
        }
    }
}

impl<W: Write + Seek> Watch for Exporter<W> {
    fn begin(&mut self, life: &Beginning<'_>) -> ControlFlow<()> {
        let outcome = self.life(life);
        self.noted(outcome)
    }

    fn cycle(&mut self, seen: &Seen<'_>) -> ControlFlow<()> {
        let outcome = self.seen(seen);
        self.noted(outcome)
    }
}

/// Topic of a vehicle's status.
pub fn vehicle_topic(floor: &Floor, vehicle: VehicleId) -> String {
    format!("/vehicles/{}", floor.vehicles[vehicle.index()].name)
}
